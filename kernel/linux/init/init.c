/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first process of a jail on Linux: it holds the jail's namespaces, waits
 * for its release, and reaps what the jail's processes leave behind.
 *
 * Freestanding and static, so that it runs in an empty root and costs a few
 * pages.  argv[0] is the title that ps(1) shows.  Descriptor 0 is the release
 * pipe: one byte lets it go on, end of file means that its creator died before
 * the jail was committed.
 *
 * Later the host tells it by real-time signals whether it is to end with the
 * last process of the jail.  They count only when sent from outside of the
 * jail, whose processes have no pid here.
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

static void
quit(int status)
{
	for (;;)
		call4(__NR_exit_group, status, 0, 0, 0);
}

/* Does not return when the creator has died. */
static void
wait_for_release(void)
{
	char byte;
	long n;

	do
		n = call4(__NR_read, 0, (long)&byte, 1, 0);
	while (n == -EINTR);
	if (n != 1)
		quit(0);
	call4(__NR_close, 0, 0, 0, 0);
}

static void
reap(void)
{
	while (call4(__NR_wait4, -1, 0, WNOHANG | __WALL, 0) > 0)
		;
}

/* What a signal says about `ends`: whether to end with the last process. */
static void
handle(long sig, const siginfo_t *info, int *ends)
{
	if (sig == SIGCHLD)
		reap();
	else if (info->si_code == SI_USER && info->si_pid == 0)
		*ends = sig == JAIL_INIT_ENDS;
}

void jail_init(long *stack);

/* `stack`: argc, then the pointers of argv. */
void
jail_init(long *stack)
{
	static const struct __kernel_timespec second = { .tv_sec = 1 };
	unsigned long mine = BIT(SIGCHLD) | BIT(JAIL_INIT_STAYS) |
	    BIT(JAIL_INIT_ENDS);
	siginfo_t info;
	int ends = 0;
	long sig;

	call4(__NR_prctl, PR_SET_NAME, stack[1], 0, 0);
	call4(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0);
	call4(__NR_setsid, 0, 0, 0, 0);
	call4(__NR_rt_sigprocmask, SIG_SETMASK, (long)&mine, 0, SIGNALS_SIZE);
	wait_for_release();
	for (;;) {
		/* No signal tells of the end of the host's children here. */
		sig = call4(__NR_rt_sigtimedwait, (long)&mine, (long)&info,
		    ends ? (long)&second : 0, SIGNALS_SIZE);
		if (sig > 0)
			handle(sig, &info, &ends);
		if (ends && call4(__NR_kill, -1, 0, 0, 0) == -ESRCH)
			quit(0);
	}
}
