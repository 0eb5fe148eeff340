/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the secret key is in the signer's memory: only where it is locked and
 * left out of core dumps; and that the signer leaves none.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/resource.h>

#include <cmocka.h>
#include <sodium.h>

#include "snapshot_fixture.h"

#define SEED 32
#define SHADOW (1u << 30) /* what a sanitizer keeps is not searched */

/* The seed, which the file has after its 62 bytes of heading and number. */
static void
read_seed(const struct fixture *f, unsigned char seed[SEED])
{
	unsigned char bytes[158];
	size_t len, got;
	char *text = temp_read(f->key, &len), *line = strchr(text, '\n') + 1;

	assert_int_equal(sodium_base642bin(bytes, sizeof bytes, line,
	    strcspn(line, "\n"), NULL, &got, NULL,
	    sodium_base64_VARIANT_ORIGINAL), 0);
	memcpy(seed, bytes + 62, SEED);
	free(text);
}

/* How often the seed is in a stretch of another process's memory. */
static size_t
count_seed(int mem, uint64_t from, uint64_t to, const unsigned char *seed)
{
	const size_t step = 1 << 20;
	unsigned char *data = malloc(step + SEED);
	size_t n = 0;

	assert_non_null(data);
	for (uint64_t at = from; at < to; at += step) {
		size_t want = to - at < step + SEED ? (size_t)(to - at) :
		    step + SEED;
		ssize_t got = pread(mem, data, want, (off_t)at);

		for (ssize_t i = 0; i + SEED <= got; i++)
			if (i < (ssize_t)step && data[i] == seed[0] &&
			    memcmp(data + i, seed, SEED) == 0)
				n++;
	}
	free(data);
	return n;
}

/* Looks at all mappings: *safe in those that are locked and not dumped. */
static bool
search(pid_t pid, const unsigned char *seed, size_t *safe, size_t *unsafe)
{
	char path[64], line[512];
	uint64_t from = 0, to = 0;
	size_t n = 0;
	FILE *maps;
	int mem;

	snprintf(path, sizeof path, "/proc/%ld/mem", (long)pid);
	mem = open(path, O_RDONLY);
	snprintf(path, sizeof path, "/proc/%ld/smaps", (long)pid);
	maps = fopen(path, "r");
	if (mem == -1 || maps == NULL)
		return false;
	*safe = *unsafe = 0;
	while (fgets(line, sizeof line, maps) != NULL) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &from, &to) == 2)
			n = strstr(line, "[v") != NULL || to - from > SHADOW ?
			    0 : count_seed(mem, from, to, seed);
		else if (strncmp(line, "VmFlags:", 8) == 0)
			*(strstr(line, " lo") != NULL &&
			    strstr(line, " dd") != NULL ? safe : unsafe) += n;
	}
	fclose(maps);
	close(mem);
	return true;
}

static void
test_memory(void **state)
{
	struct fixture f;
	unsigned char seed[SEED];
	struct signer_answer a;
	struct snapshot s;
	size_t safe, unsafe;

	(void)state;
#if defined(__SANITIZE_ADDRESS__)
	print_message("skip: AddressSanitizer keeps copies of memory\n");
	skip();
#endif
	fixture_make(&f);
	signer_begin(&f);
	make_state(&s, 1700000000);
	write_state(&f, &s, &a);
	snapshot_free(&s);
	assert_int_equal(a.sequence, 1);
	read_seed(&f, seed);
	if (!search(f.pid, seed, &safe, &unsafe)) {
		fixture_free(&f);
		print_message("skip: the signer's memory cannot be read\n");
		skip();
	}
	assert_true(safe >= 1);
	assert_int_equal(unsafe, 0);
	fixture_free(&f);
}

static void
test_no_core_dump(void **state)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct fixture f;
	struct rlimit old;
	int status;

	(void)state;
	fixture_make(&f);
	assert_int_equal(getrlimit(RLIMIT_CORE, &old), 0);
	(void)setrlimit(RLIMIT_CORE, &all);
	signer_begin(&f);
	assert_int_equal(kill(f.pid, SIGQUIT), 0);
	assert_int_equal(waitpid(f.pid, &status, 0), f.pid);
	assert_true(WIFSIGNALED(status));
	assert_false(WCOREDUMP(status));
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){ old.rlim_cur,
	    old.rlim_max });
	close(f.fd);
	f.fd = -1;
	fixture_free(&f);
}

/* Files that others can reach, or that are another's, are no keys. */
static void
test_modes(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0644, 0700,
		0660 };
	struct fixture f;
	struct error err;

	(void)state;
	fixture_make(&f);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		assert_int_equal(chmod(f.key, modes[i]), 0);
		assert_null(minisign_secret_read(f.key, &err));
		assert_non_null(strstr(err.text, "chmod 600"));
	}
	assert_int_equal(chmod(f.key, 0600), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(f.key, 65534, 65534), 0);
		assert_null(minisign_secret_read(f.key, &err));
		assert_non_null(strstr(err.text, "belongs to user 65534"));
	}
	fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_no_core_dump),
		cmocka_unit_test(test_modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
