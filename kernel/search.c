/* SPDX-License-Identifier: BSD-2-Clause */
#include "search.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "/sbin:/bin:/usr/sbin:/usr/bin"

static const char *
find_path(const char *const *envp)
{
	for (; *envp != NULL; envp++)
		if (strncmp(*envp, "PATH=", 5) == 0)
			return *envp + 5;
	return DEFAULT_PATH;
}

static int
try(const char *file, const char *const *argv, const char *const *envp)
{
	(void)execve(file, (char *const *)(uintptr_t)argv,
	    (char *const *)(uintptr_t)envp);
	return errno;
}

int
search_and_execute(const char *const *argv, const char *const *envp)
{
	const char *name = argv[0], *dir = find_path(envp), *end;
	char file[4096];
	int code, result = ENOENT;

	if (strchr(name, '/') != NULL)
		return try(name, argv, envp);
	for (;; dir = end + 1) {
		int len;

		end = dir + strcspn(dir, ":");
		len = snprintf(file, sizeof file, "%.*s%s%s",
		    (int)(end - dir), dir, end > dir ? "/" : "", name);
		if (len > 0 && (size_t)len < sizeof file) {
			code = try(file, argv, envp);
			if (code == EACCES)
				result = EACCES;
			else if (code != ENOENT && code != ENOTDIR)
				return code;
		}
		if (*end == '\0')
			return result;
	}
}
