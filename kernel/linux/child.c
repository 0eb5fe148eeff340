/* SPDX-License-Identifier: BSD-2-Clause */
#include "child.h"

#include <sys/mman.h>

#include <signal.h>

#include "sys.h"

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER
#endif
#endif
#ifdef ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

#define STACK_SIZE (128 * 1024)

/* Functions of earlier children that never returned have left marks there. */
static void
forget_frames(void *stack)
{
#ifdef ADDRESS_SANITIZER
	__asan_unpoison_memory_region(stack, STACK_SIZE);
#else
	(void)stack;
#endif
}

struct start {
	void (*body)(void *arg, struct error *err);
	void *arg;
	struct error *err;
};

/*
 * It ends by _exit(2): not instrumented, since AddressSanitizer cannot tell
 * what a function leaves that never returns on a stack it does not know.
 */
__attribute__((no_sanitize("address"))) static int
run(void *arg)
{
	struct start *s = arg;

	s->body(s->arg, s->err);
	if (s->err->code == 0)
		_exit(0);
	_exit(127);
}

pid_t
child_run(int flags, void (*body)(void *arg, struct error *err), void *arg,
    int *id, struct error *err)
{
	struct start s = { body, arg, err };
	sigset_t all, old;
	char *stack;
	pid_t pid;
	int code;

	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return error_sys(err, errno, "memory for a new process");
	forget_frames(stack);
	error_clear(err);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = clone(run, stack + STACK_SIZE,
	    flags | CLONE_VM | CLONE_VFORK | SIGCHLD, &s, id);
	code = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	munmap(stack, STACK_SIZE);
	if (pid < 0)
		error_sys(err, code, "making a process");
	return pid;
}
