/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A writer that does everything that people do to files, at random and fast,
 * against the reader: no spec is ever read half, none goes because of how it
 * was written, and in the end the specs are those of the files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/wait.h>

#include <cmocka.h>

#include "scan_world.h"

#define FILES 12
#define SECONDS 1

static unsigned
pick(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % n;
}

/* The version stands at both ends, so that a torn text shows. */
static size_t
version_text(char *text, size_t size, unsigned file, unsigned version)
{
	int n = snprintf(text, size, "name: j%u\npath: /\npersist: true\n"
	    "host.hostname: v%u\n", file, version);

	for (int i = 0; i < 40; i++)
		n += snprintf(text + n, size - (size_t)n, "# filling %d of a "
		    "text that takes more than one write(2)\n", i);
	n += snprintf(text + n, size - (size_t)n, "host.domainname: v%u\n",
	    version);
	return (size_t)n;
}

static void
write_pieces(const char *path, const char *text, size_t len, unsigned *seed)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd == -1)
		_exit(1);
	while (len > 0) {
		size_t n = 1 + pick(seed, 900);

		n = n < len ? n : len;
		if (write(fd, text, n) != (ssize_t)n)
			_exit(1);
		text += n;
		len -= n;
		if (pick(seed, 4) == 0)
			usleep(pick(seed, 2000));
	}
	close(fd);
}

static void
write_once(const struct world *w, unsigned file, unsigned version,
    unsigned *seed)
{
	char text[8192], path[PATH_MAX], other[PATH_MAX];
	size_t len = version_text(text, sizeof text, file, version);

	snprintf(path, sizeof path, "%s/f%u.yaml", w->opt.dir, file);
	snprintf(other, sizeof other, "%s/.f%u.tmp", w->opt.dir, file);
	switch (pick(seed, 4)) {
	case 0: /* in place */
		write_pieces(path, text, len, seed);
		break;
	case 1: /* beside, then over it */
		write_pieces(other, text, len, seed);
		(void)rename(other, path);
		break;
	case 2: /* aside, then anew */
		(void)rename(path, other);
		write_pieces(path, text, len, seed);
		(void)unlink(other);
		break;
	case 3: /* away, then back at once */
		(void)unlink(path);
		write_pieces(path, text, len, seed);
		break;
	}
}

static void
writer(const struct world *w, unsigned seed)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (unsigned version = 1;; version++) {
		write_once(w, pick(&seed, FILES), version, &seed);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec > SECONDS)
			_exit(0);
	}
}

/* What is wrong with the last answer, NULL if nothing is. */
static const char *
wrong(const struct world *w)
{
	if (w->s.state == SCAN_MISSING)
		return w->s.why;
	if (w->s.errors.count > 0)
		return w->s.errors.error[0].message;
	for (size_t i = 0; i < w->s.changed_count; i++)
		if (strcmp(spec_text(w->s.changed[i], "host.hostname"),
		    spec_text(w->s.changed[i], "host.domainname")) != 0)
			return "two versions in one spec";
	return NULL;
}

static void
test_random(void **state)
{
	struct world *w = *state;
	unsigned seed = (unsigned)time(NULL);
	const char *dir = w->opt.dir;
	struct spec_set set;
	unsigned char digest[SPEC_DIGEST_SIZE];
	size_t scans = 0, read = 0;
	pid_t pid;
	int status;

	print_message("seed %u\n", seed);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		writer(w, seed);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		scan(w);
		scans++;
		read += w->s.changed_count;
		if (wrong(w) != NULL) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			fail_msg("%s", wrong(w));
		}
	}
	assert_int_equal(status, 0);
	do {
		scan(w);
		assert_null(wrong(w));
		usleep(w->s.again_ms * 1000);
	} while (w->s.state == SCAN_UNSETTLED);
	assert_int_equal(w->s.state, SCAN_OK);
	print_message("%zu scans, %zu versions read\n", scans, read);
	assert_int_equal(spec_load(&dir, 1, &set), 0);
	assert_int_equal(set.count, w->s.jails);
	spec_set_digest(&set, digest);
	assert_memory_equal(digest, w->s.digest, sizeof digest);
	spec_set_free(&set);
}

static void
test_random_without_leases(void **state)
{
	struct world *w = *state;

	w->r.no_leases = true;
	test_random(state);
}

int
main(void)
{
#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_random),
		TEST(test_random_without_leases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
