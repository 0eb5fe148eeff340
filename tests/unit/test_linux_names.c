/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host.hostname and host.domainname on Linux are what the jail itself sees, also
 * where somebody on the host has changed that past the table.
 *
 * needs: root
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/pidfd.h>

#include <sched.h>

#include "linux_jail.h"
#include "linux_procs.h"

/* A name that no test running at the same time has. */
static const char *
unique(const char *name)
{
	static char text[64];

	snprintf(text, sizeof text, "%s%d", name, (int)getpid());
	return text;
}

static const char *
shown(struct fixture *f, const char *name, const char *param)
{
	static char text[256];
	struct iovec iov[] = {
		{ (void *)(uintptr_t)"name", 5 },
		{ (void *)(uintptr_t)name, strlen(name) + 1 },
		{ (void *)(uintptr_t)param, strlen(param) + 1 },
		{ text, sizeof text },
	};

	assert_true(f->k->backend->get(f->k, iov, 4, 0) > 0);
	return text;
}

static int
update(struct fixture *f, const char *name, const char *hostname)
{
	struct jail_call c = { 0 };
	int jid;

	assert_int_equal(call_add_text(&c, "name", name), 0);
	assert_int_equal(call_add_text(&c, "host.hostname", hostname), 0);
	jid = call_set(f->k, &c, JAIL_UPDATE, NULL);
	call_finish(&c);
	return jid;
}

/* In the namespace of the init: sets both names, or compares them. */
static int
outside(pid_t init, const char *hostname, const char *domainname, bool set)
{
	int fd = pidfd_open(init, 0), status;
	char host[65], domain[65];
	pid_t pid = fork();

	if (pid == 0) {
		if (setns(fd, CLONE_NEWUTS) != 0)
			_exit(2);
		if (set)
			_exit(sethostname(hostname, strlen(hostname)) != 0 ||
			    setdomainname(domainname, strlen(domainname)) != 0);
		_exit(gethostname(host, sizeof host) != 0 ||
		    getdomainname(domain, sizeof domain) != 0 ||
		    strcmp(host, hostname) != 0 ||
		    strcmp(domain, domainname) != 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fd);
	return status;
}

static void
test_changed_from_outside(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("called");
	char own[65], now[65];
	pid_t init;

	NEEDS_ROOT();
	assert_int_equal(gethostname(own, sizeof own), 0);
	create(f, name, &(struct wish){ .hostname = "mine" });
	init = await_init(name);
	assert_string_equal(shown(f, name, "host.hostname"), "mine");
	assert_string_equal(shown(f, name, "host.domainname"), "");
	assert_int_equal(outside(init, "theirs", "home", true), 0);
	assert_string_equal(shown(f, name, "host.hostname"), "theirs");
	assert_string_equal(shown(f, name, "host.domainname"), "home");
	assert_int_equal(gethostname(now, sizeof now), 0);
	assert_string_equal(now, own);
	/* It is set although the table has it. */
	assert_true(update(f, name, "mine") > 0);
	assert_string_equal(shown(f, name, "host.hostname"), "mine");
	assert_string_equal(shown(f, name, "host.domainname"), "");
	assert_int_equal(outside(init, "mine", "", false), 0);
}

/* Of a name that Linux has no room for the table has the end. */
static void
test_long_name(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("wordy");
	char longer[201];

	NEEDS_ROOT();
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	create(f, name, &(struct wish){ .hostname = longer });
	assert_string_equal(shown(f, name, "host.hostname"), longer);
	longer[63] = '\0';
	assert_int_equal(outside(await_init(name), longer, "", true), 0);
	assert_string_equal(shown(f, name, "host.hostname"), longer);
}

/* One that ends meanwhile has none: nobody stays in its namespace. */
static void
test_ended(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("ended");
	char own[65], now[65], text[256];
	struct iovec iov[] = {
		{ (void *)(uintptr_t)"name", 5 },
		{ (void *)(uintptr_t)name, strlen(name) + 1 },
		{ (void *)(uintptr_t)"host.hostname", 14 },
		{ text, sizeof text },
	};

	NEEDS_ROOT();
	assert_int_equal(gethostname(own, sizeof own), 0);
	create(f, name, &(struct wish){ .hostname = "mine" });
	assert_int_equal(kill(await_init(name), SIGKILL), 0);
	for (int i = 0; i < 5000 && f->k->backend->get(f->k, iov, 4, 0) > 0;
	    i++) {
		assert_string_equal(text, "mine");
		iov[3].iov_len = sizeof text;
		sleep_ms(1);
	}
	assert_int_equal(f->k->backend->get(f->k, iov, 4, 0), -1);
	assert_int_equal(gethostname(now, sizeof now), 0);
	assert_string_equal(now, own);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_make, \
	fixture_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_changed_from_outside),
		TEST(test_long_name),
		TEST(test_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
