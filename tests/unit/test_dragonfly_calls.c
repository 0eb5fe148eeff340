/* SPDX-License-Identifier: BSD-2-Clause */
/* jail_set(2) and jail_get(2) on DragonFly's terms, and the holder's pipes. */
#include <sys/wait.h>

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/call.h"
#include "kernel/dragonfly/pure/answer.h"
#include "kernel/dragonfly/pure/holder.h"
#include "kernel/dragonfly/pure/request.h"

static char message[256];

static int
read_call(struct jail_call *c, int flags, struct dragonfly_request *r)
{
	message[0] = '\0';
	assert_int_equal(call_add(c, "errmsg", message, sizeof message), 0);
	if (request_read(c->iov, c->count, flags, r) == 0)
		return 0;
	memcpy(message, c->iov[c->count - 1].iov_base, sizeof message);
	return errno;
}

static void
test_create(void **state)
{
	struct dragonfly_request r;
	struct jail_call c = { 0 };
	unsigned char ip[8] = { 10, 0, 0, 1, 127, 0, 0, 1 };
	bool on;

	(void)state;
	call_add_text(&c, "name", "web");
	call_add_text(&c, "path", "/jails/web");
	call_add_text(&c, "host.hostname", "w");
	call_add(&c, "ip4.addr", ip, sizeof ip);
	call_add_int(&c, "ip6", JAIL_SYS_DISABLE);
	call_add_bool(&c, "persist", true);
	call_add_bool(&c, "allow.raw_sockets", true);
	call_add_bool(&c, "allow.socket_af", false);
	call_add_int(&c, "sysvshm", JAIL_SYS_INHERIT);
	call_add_int(&c, "children.max", 0);
	assert_int_equal(read_call(&c, JAIL_CREATE, &r), 0);
	assert_string_equal(r.jail.name, "web");
	assert_string_equal(r.jail.path, "/jails/web");
	assert_int_equal(r.jail.ip4_count, 2);
	assert_true(r.jail.capabilities & dragonfly_sysv_bit());
	assert_true(r.jail.capabilities &
	    dragonfly_bit(dragonfly_param("allow.raw_sockets", &on)));
	assert_true(r.capabilities &
	    dragonfly_bit(dragonfly_param("allow.socket_af", &on)));
	assert_false(r.jail.capabilities &
	    dragonfly_bit(dragonfly_param("allow.socket_af", &on)));
	call_finish(&c);
}

static void
refused(const char *name, const void *value, size_t len, const char *text)
{
	struct dragonfly_request r;
	struct jail_call c = { 0 };

	call_add_bool(&c, "persist", true);
	call_add(&c, name, value, len);
	assert_int_equal(read_call(&c, JAIL_CREATE, &r), EINVAL);
	if (strstr(message, text) == NULL)
		fail_msg("%s: \"%s\" lacks \"%s\"", name, message, text);
	call_finish(&c);
}

static void
test_refused(void **state)
{
	struct dragonfly_request r;
	struct jail_call c = { 0 };
	const int one = 1, two = 2;
	char many[4 * (DRAGONFLY_ADDRESSES + 1)] = { 0 };

	(void)state;
	refused("vnet", &one, sizeof one, "vnet");
	refused("ip4", &two, sizeof two, "ip4");
	refused("sysvmsg", &one, sizeof one, "sysvmsg");
	refused("securelevel", &one, sizeof one,
	    "unknown parameter: securelevel");
	refused("meta.owner", "x", 2, "unknown parameter");
	refused("allow.noquotas", NULL, 0, "allow.noquotas");
	refused("children.max", &one, sizeof one, "children.max");
	refused("parent", &one, sizeof one, "parent");
	refused("dying", NULL, 0, "dying");
	refused("jid", &one, sizeof one, "chooses");
	refused("name", "a.b", 4, "nested");
	refused("name", "12", 3, "numeric");
	refused("name", "ab", 2, "name");
	refused("ip4.addr", many, 5, "ip4.addr");
	refused("ip4.addr", many, sizeof many, "ip4.addr");
	refused("vnet", &one, 1, "vnet");
	call_add_text(&c, "name", "web");
	assert_int_equal(read_call(&c, JAIL_CREATE, &r), EINVAL);
	assert_string_equal(message, "new jail must persist or attach");
	call_finish(&c);
	c = (struct jail_call){ 0 };
	assert_int_equal(read_call(&c, JAIL_UPDATE, &r), ENOENT);
	call_finish(&c);
	c = (struct jail_call){ 0 };
	assert_int_equal(read_call(&c, JAIL_CREATE | JAIL_ATTACH, &r), EINVAL);
	call_finish(&c);
}

static void
test_update(void **state)
{
	struct dragonfly_jail j = { .jid = 3, .ip4_count = 1,
		.hostname = "w" };
	struct dragonfly_request r;
	struct jail_call c = { 0 };

	(void)state;
	call_add_text(&c, "name", "web");
	call_add_text(&c, "host.hostname", "w");
	call_add(&c, "ip4.addr", j.ip4, sizeof *j.ip4);
	call_add_bool(&c, "persist", false);
	assert_int_equal(read_call(&c, JAIL_UPDATE, &r), 0);
	assert_true(r.given & GIVEN_PERSIST);
	assert_false(r.jail.persist);
	assert_null(request_fixed(&r, &j));
	j.ip4_count = 0;
	assert_string_equal(request_fixed(&r, &j), "ip4.addr");
	strcpy(j.hostname, "x");
	assert_string_equal(request_fixed(&r, &j), "host.hostname");
	call_finish(&c);
}

static void
test_answers(void **state)
{
	struct dragonfly_jail jails[] = {
		{ .jid = 9, .name = "web", .path = "/w", .persist = true },
		{ .jid = 4, .name = "web", .path = "/w", .dying = true },
		{ .jid = 6, .name = "db", .path = "/d", .ip4_count = 1 },
	};
	struct {
		const char *key;
		int number;
		const char *text;
		int flags, jid;
		const char *message;
	} cases[] = {
		{ "name", 0, "web", 0, 9, "" },
		{ "name", 0, "web", JAIL_DYING, 9, "" },
		{ "name", 0, "no", 0, 0, "jail \"no\" not found" },
		{ "jid", 4, NULL, 0, 0, "jail 4 is dying" },
		{ "jid", 4, NULL, JAIL_DYING, 4, "" },
		{ "jid", 5, NULL, 0, 0, "jail 5 not found" },
		{ "jid", 0, NULL, 0, 0, "no jail specified" },
		{ "lastjid", 0, NULL, 0, 6, "" },
		{ "lastjid", 0, NULL, JAIL_DYING, 4, "" },
		{ "lastjid", 6, NULL, 0, 9, "" },
		{ "lastjid", 9, NULL, 0, 0, "no jail after 9" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct jail_call c = { 0 };
		const struct dragonfly_jail *j;

		if (cases[i].text != NULL)
			call_add_text(&c, cases[i].key, cases[i].text);
		else
			call_add_int(&c, cases[i].key, cases[i].number);
		message[0] = '\0';
		call_add(&c, "errmsg", message, sizeof message);
		j = answer_find(c.iov, c.count, cases[i].flags, jails, 3);
		assert_int_equal(j != NULL ? j->jid : 0, cases[i].jid);
		assert_string_equal(c.iov[3].iov_base, cases[i].message);
		call_finish(&c);
	}
}

static void
test_values(void **state)
{
	struct dragonfly_jail j = { .jid = 6, .name = "db", .path = "/d",
		.ip4_count = 1, .persist = true };
	int dying = -1, host = -1, nopersist = -1;
	char name[8] = "", ip[12];
	struct iovec iov[] = {
		{ (char[]){ "name" }, 5 }, { name, sizeof name },
		{ (char[]){ "dying" }, 6 }, { &dying, sizeof dying },
		{ (char[]){ "nopersist" }, 10 }, { &nopersist, 4 },
		{ (char[]){ "host" }, 5 }, { &host, sizeof host },
		{ (char[]){ "ip4.addr" }, 9 }, { ip, sizeof ip },
		{ (char[]){ "path" }, 5 }, { NULL, 0 },
	};

	(void)state;
	assert_int_equal(answer_fill(iov, 12, &j), 6);
	assert_string_equal(name, "db");
	assert_int_equal(dying, 0);
	assert_int_equal(nopersist, 0);
	assert_int_equal(host, JAIL_SYS_NEW);
	assert_int_equal(iov[9].iov_len, 4);
	assert_int_equal(iov[11].iov_len, 3);
	/* Too small for a text, not the size of a number, unknown. */
	iov[1].iov_len = 2;
	assert_int_equal(answer_fill(iov, 2, &j), -1);
	assert_int_equal(errno, EINVAL);
	iov[3].iov_len = 2;
	assert_int_equal(answer_fill(iov + 2, 2, &j), -1);
	iov[2] = (struct iovec){ (char[]){ "meta" }, 5 };
	assert_int_equal(answer_fill(iov + 2, 2, &j), -1);
}

static int
enter(void *arg)
{
	int jid = *(int *)arg;

	if (jid < 0) {
		errno = EPERM;
		return -1;
	}
	return jid;
}

/* Runs a holder; its exit status tells whether it was released. */
static void
with_holder(int jid, bool release, bool *was_released, int *received, int *code)
{
	int report[2], go[2], status;
	struct holder_report r;
	pid_t pid;

	assert_int_equal(pipe(report), 0);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(report[0]);
		close(go[1]);
		_exit(holder_begin(report[1], go[0], enter, &jid) ? 0 : 1);
	}
	close(report[1]);
	close(go[0]);
	*code = holder_receive(report[0], &r) == 0 ? 0 : errno;
	*received = *code == 0 ? r.jid : 0;
	if (*code == 0)
		assert_int_equal(r.pid, pid);
	if (release)
		assert_int_equal(holder_release(go[1]), 0);
	close(go[1]);
	close(report[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	*was_released = WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
test_holder(void **state)
{
	bool released;
	int jid, code;

	(void)state;
	with_holder(7, true, &released, &jid, &code);
	assert_true(released);
	assert_int_equal(jid, 7);
	/* The creator failed, or died: the jail ends with its holder. */
	with_holder(7, false, &released, &jid, &code);
	assert_false(released);
	assert_int_equal(jid, 7);
	with_holder(-1, false, &released, &jid, &code);
	assert_false(released);
	assert_int_equal(code, EPERM);
}

static void
test_bad_reports(void **state)
{
	static const struct holder_report reports[] = {
		{ 0, 1, 1, 0 }, { 0x6a61686f, 0, 1, 0 },
		{ 0x6a61686f, 1, -1, 0 }, { 0x6a61686f, 1, 0, 0 },
		{ 0x6a61686f, 1, 1, EPERM },
	};
	struct holder_report r;
	int ends[2];

	(void)state;
	for (size_t i = 0; i <= sizeof reports / sizeof *reports; i++) {
		size_t len = i < sizeof reports / sizeof *reports ?
		    sizeof r : 5; /* and one that was cut */

		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], &reports[i % 5], len), len);
		close(ends[1]);
		assert_int_equal(holder_receive(ends[0], &r), -1);
		assert_int_equal(errno, EPROTO);
		close(ends[0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_holder),
		cmocka_unit_test(test_bad_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
