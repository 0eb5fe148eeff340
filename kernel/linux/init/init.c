/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first process of a jail on Linux: it holds the jail's namespaces, waits
 * for its release, and reaps what the jail's processes leave behind.
 *
 * Freestanding and static, so that it runs in an empty root and costs a few
 * pages.  argv[0] is the title that ps(1) shows.  Descriptor 0 is the release
 * pipe: one byte lets it go on ('p': the jail is persistent, 'n': it is not),
 * end of file means that its creator died before the jail was committed.
 *
 * Later the host switches between the two by real-time signals.  They count
 * only when sent from outside of the jail, whose processes have no pid here.
 */
#include <linux/prctl.h>
#include <linux/signal.h>
#include <linux/time_types.h>
#include <linux/wait.h>

#include <asm/errno.h>
#include <asm/siginfo.h>
#include <asm/unistd.h>

#include "signals.h"

#define SIGNALS_SIZE 8 /* bytes of the kernel's sigset_t */
#define BIT(sig) (1UL << ((sig) - 1))

/* How many seconds a jail that does not persist waits for its first process. */
#define FIRST_PROCESS_SECONDS 10

#if defined(__x86_64__)
static long
call4(long nr, long a, long b, long c, long d)
{
	long result;
	register long r10 __asm__("r10") = d;

	__asm__ volatile("syscall" : "=a"(result)
	    : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
	    : "rcx", "r11", "memory");
	return result;
}

__asm__(".globl _start\n_start:\n\txor %ebp,%ebp\n\tmov %rsp,%rdi\n"
	"\tand $-16,%rsp\n\tcall jail_init\n");
#elif defined(__aarch64__)
static long
call4(long nr, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0)
	    : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}

__asm__(".globl _start\n_start:\n\tmov x29,#0\n\tmov x0,sp\n\tbl jail_init\n");
#else
#error "the jail's init needs its system call instruction for this processor"
#endif

/* What a jail that does not persist has been seen to have. */
struct watch {
	int active;  /* ends with its last process */
	int seen;    /* it had a process */
	int seconds; /* waited for the first one */
};

static void
quit(int status)
{
	for (;;)
		call4(__NR_exit_group, status, 0, 0, 0);
}

/* Reads the release byte; does not return when the creator has died. */
static char
wait_for_release(void)
{
	char byte = 0;
	long n;

	do
		n = call4(__NR_read, 0, (long)&byte, 1, 0);
	while (n == -EINTR);
	if (n != 1)
		quit(0);
	call4(__NR_close, 0, 0, 0, 0);
	return byte;
}

static void
reap(void)
{
	while (call4(__NR_wait4, -1, 0, WNOHANG | __WALL, 0) > 0)
		;
}

/* Ends the jail when it does not persist and its last process has gone. */
static void
look_around(struct watch *w, int ticked)
{
	if (!w->active)
		return;
	if (call4(__NR_kill, -1, 0, 0, 0) != -ESRCH)
		w->seen = 1;
	else if (w->seen || (ticked && ++w->seconds >= FIRST_PROCESS_SECONDS))
		quit(0);
}

static void
handle(struct watch *w, long sig, const siginfo_t *info)
{
	if (sig == SIGCHLD)
		reap();
	if (info->si_code != SI_USER || info->si_pid != 0)
		return;
	if (sig == JAIL_INIT_PERSIST)
		w->active = 0;
	if (sig == JAIL_INIT_NOPERSIST) {
		w->active = 1;
		w->seen = 1;
	}
}

void jail_init(long *stack);

/* `stack`: argc, then the pointers of argv. */
void
jail_init(long *stack)
{
	static const struct __kernel_timespec second = { .tv_sec = 1 };
	unsigned long mine = BIT(SIGCHLD) | BIT(JAIL_INIT_PERSIST) |
	    BIT(JAIL_INIT_NOPERSIST);
	struct watch w = { 0 };
	siginfo_t info;
	long sig;

	call4(__NR_prctl, PR_SET_NAME, stack[1], 0, 0);
	call4(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0);
	call4(__NR_setsid, 0, 0, 0, 0);
	call4(__NR_rt_sigprocmask, SIG_SETMASK, (long)&mine, 0, SIGNALS_SIZE);
	w.active = wait_for_release() == 'n';
	for (;;) {
		sig = call4(__NR_rt_sigtimedwait, (long)&mine, (long)&info,
		    w.active ? (long)&second : 0, SIGNALS_SIZE);
		if (sig > 0)
			handle(&w, sig, &info);
		look_around(&w, sig == -EAGAIN);
	}
}
