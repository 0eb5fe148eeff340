/* SPDX-License-Identifier: BSD-2-Clause */
/* Files are written whole, whatever their size. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/base/file.h"
#include "temp_dir.h"

/* On both sides of what is written past the cache, and of its steps. */
static void
test_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 1 << 20, (1 << 20) - 1,
		(1 << 20) + 1, (3 << 20) + 4096, (3 << 20) + 4095 };
	struct temp_dir top;
	struct error err;
	int dir;

	(void)state;
	temp_dir_make(&top);
	dir = open(top.path, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char *data = malloc(sizes[i] + 1), *back;
		size_t len;

		assert_non_null(data);
		for (size_t k = 0; k < sizes[i]; k++)
			data[k] = (char)(k * 31 >> 3);
		if (file_create(dir, "f", 0640, data, sizes[i], &err) != 0)
			fail_msg("%s", err.text);
		assert_int_equal(file_read(dir, "f", sizes[i], &back, &len,
		    &err), 0);
		assert_int_equal(len, sizes[i]);
		assert_memory_equal(back, data, len);
		assert_int_equal(file_create(dir, "f", 0640, data, sizes[i],
		    &err), -1);
		assert_int_equal(err.code, EEXIST);
		assert_int_equal(unlinkat(dir, "f", 0), 0);
		free(data);
		free(back);
	}
	close(dir);
	temp_dir_remove(&top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sizes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
