/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of 1 MiB, whatever is in it, is read or refused with bounded memory,
 * and comes to an end: the limits are those of what takes quadratic time, not
 * of a slow machine.  How time grows with size is measured by the benchmark.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "specs/doc.h"
#include "tests/bench/hostile.h"

#define CPU_SECONDS 60
#define MEMORY (768UL << 20)

/* Address sanitizers reserve more than any limit. */
#if defined(__SANITIZE_ADDRESS__)
#define LIMIT_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LIMIT_MEMORY 0
#endif
#endif
#ifndef LIMIT_MEMORY
#define LIMIT_MEMORY 1
#endif

static int
run(const struct hostile *h)
{
	const struct rlimit cpu = { CPU_SECONDS, CPU_SECONDS };
	const struct rlimit memory = { MEMORY, MEMORY };
	struct spec_set set;
	size_t len, errors;
	char *text = hostile_text(h, SPEC_FILE_MAX, &len);

	if (text == NULL || setrlimit(RLIMIT_CPU, &cpu) != 0 ||
	    (LIMIT_MEMORY && setrlimit(RLIMIT_AS, &memory) != 0))
		return 2;
	hostile_check(text, len, &set);
	errors = set.errors.count;
	for (size_t i = 0; i < errors; i++) {
		if (strstr(set.errors.error[i].message, "out of memory") != NULL)
			return 3;
	}
	/* Each name stands for something, and each error can be looked at. */
	if (set.count == 0 && errors == 0)
		return 4;
	/* Those of the file, and two for each of its documents. */
	if (errors > DOC_ERRORS_MAX + 2 * SPEC_DOCUMENTS_MAX + 1)
		return 5;
	spec_set_free(&set);
	free(text);
	return 0;
}

static void
bounded(void **state)
{
	(void)state;
	assert_true(sodium_init() >= 0);
	for (size_t i = 0; i < HOSTILE_KINDS; i++) {
		const struct hostile *h = &hostile_kinds[i];
		int status = -1;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(run(h));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("%s: ended with 0x%x", h->name, status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
