/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the executables that `make freebsd` makes begin.  The start files that
 * zig brings are those of FreeBSD 14: they leave what follows to libc, whose
 * __libc_start1 is there from 14 on (FBSD_1.7).  With one of its own the
 * executable also starts on FreeBSD 13, whose start files did this themselves.
 * Only for that build: FreeBSD's compiler brings the right start files.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Defined by the start files; libc reads them in the executable. */
extern char **environ;
extern const char *__progname;

void __libc_start1(int argc, char **argv, char **env, void (*cleanup)(void),
    int (*start)(int, char **, char **)) __attribute__((noreturn));

/*
 * `cleanup` runs the destructors of what is loaded; the loader of dynamic
 * executables gives it, and has run all constructors by now.
 */
void
__libc_start1(int argc, char **argv, char **env, void (*cleanup)(void),
    int (*start)(int, char **, char **))
{
	if (environ == NULL)
		environ = env;
	if (argc > 0 && argv[0] != NULL) {
		const char *slash = strrchr(argv[0], '/');

		__progname = slash != NULL ? slash + 1 : argv[0];
	}
	if (cleanup != NULL)
		(void)atexit(cleanup);
	errno = 0;
	exit(start(argc, argv, env));
}
