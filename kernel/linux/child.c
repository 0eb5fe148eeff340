/* SPDX-License-Identifier: BSD-2-Clause */
#include "child.h"

#include <sys/mman.h>

#include <signal.h>

#include "sys.h"

#include <linux/sched.h>

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

struct job {
	void (*body)(void *arg, struct error *err);
	void *arg;
	struct error *err;
};

/*
 * It ends by _exit(2): not instrumented, since AddressSanitizer cannot tell
 * what a function leaves that never returns on a stack it does not know.
 */
__attribute__((no_sanitize("address"))) static void
run(struct job *j)
{
	j->body(j->arg, j->err);
	_exit(j->err->code == 0 ? 0 : 127);
}

/*
 * clone3(2) with the words of the pass behind its arguments; the child calls
 * run(job) on the new stack, and has the pass in no register.
 */
static long
clone_call(const struct clone_args *args, const struct rights_pass *pass,
    struct job *job)
{
#if defined(__x86_64__)
	register uint64_t r10 __asm__("r10") = pass->word[0];
	register uint64_t r8 __asm__("r8") = pass->word[1];
	register uint64_t r9 __asm__("r9") = pass->word[2];
	register void *r12 __asm__("r12") = (void *)(uintptr_t)run;
	register struct job *r13 __asm__("r13") = job;
	long result;

	__asm__ volatile("syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\t"
	    "xor %%ebp, %%ebp\n\txor %%r8d, %%r8d\n\t"
	    "xor %%r9d, %%r9d\n\txor %%r10d, %%r10d\n\t"
	    "mov %%r13, %%rdi\n\tcall *%%r12\n\thlt\n1:"
	    : "=a"(result)
	    : "a"(SYS_clone3), "D"(args), "S"(sizeof *args), "r"(r10),
	    "r"(r8), "r"(r9), "r"(r12), "r"(r13)
	    : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_clone3;
	register const void *x0 __asm__("x0") = args;
	register uint64_t x1 __asm__("x1") = sizeof *args;
	register uint64_t x3 __asm__("x3") = pass->word[0];
	register uint64_t x4 __asm__("x4") = pass->word[1];
	register uint64_t x5 __asm__("x5") = pass->word[2];
	register void *x19 __asm__("x19") = (void *)(uintptr_t)run;
	register struct job *x20 __asm__("x20") = job;

	__asm__ volatile("svc 0\n\tcbnz x0, 1f\n\tmov x29, #0\n\t"
	    "mov x3, #0\n\tmov x4, #0\n\tmov x5, #0\n\t"
	    "mov x0, x20\n\tblr x19\n\tbrk #0\n1:"
	    : "+r"(x0)
	    : "r"(x8), "r"(x1), "r"(x3), "r"(x4), "r"(x5), "r"(x19),
	    "r"(x20)
	    : "memory");
	return (long)x0;
#else
#error "clone3 on a stack of its own needs a few instructions here"
#endif
}

static void
fill_args(struct clone_args *args, const struct child_start *start,
    const char *stack)
{
	*args = (struct clone_args){
		.flags = start->flags | CLONE_VM | CLONE_VFORK,
		/* With CLONE_PARENT it is the parent's own. */
		.exit_signal = (start->flags & CLONE_PARENT) != 0 ? 0 :
		    SIGCHLD,
		.stack = (uint64_t)(uintptr_t)stack,
		.stack_size = STACK_SIZE,
		.pidfd = (uint64_t)(uintptr_t)start->id,
		.parent_tid = (uint64_t)(uintptr_t)start->id,
	};
	if (start->cgroup >= 0) {
		args->flags |= CLONE_INTO_CGROUP;
		args->cgroup = (uint64_t)start->cgroup;
	}
}

pid_t
child_run(const struct child_start *start,
    void (*body)(void *arg, struct error *err), void *arg, struct error *err)
{
	static const struct rights_pass none;
	struct job job = { body, arg, err };
	struct clone_args args;
	sigset_t all, old;
	char *stack;
	long pid;

	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return error_sys(err, errno, "memory for a new process");
	forget_frames(stack);
	error_clear(err);
	fill_args(&args, start, stack);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = clone_call(&args, start->pass != NULL ? start->pass : &none,
	    &job);
	sigprocmask(SIG_SETMASK, &old, NULL);
	munmap(stack, STACK_SIZE);
	if (pid < 0)
		return error_sys(err, (int)-pid, "making a process");
	return (pid_t)pid;
}
