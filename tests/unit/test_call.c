/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameter lists and rows (kernel/call.h), on a kernel made for the test. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/call.h"

/* One jail, jid 7, "web"; it has `addresses` IPv4 addresses. */
struct fake {
	unsigned addresses;
	unsigned grows; /* after so many calls of get one more each */
	unsigned gets;
	int set_errno;
	const char *set_message;
	unsigned set_niov;
	char set_names[256];
};

static const struct jail_param_info fake_params[] = {
	/* Not in order of names: the reader sorts. */
	{ "name", PARAM_STRING, PARAM_RW, 256 },
	{ "jid", PARAM_INT, PARAM_RDTUN, 4 },
	{ "host.hostid", PARAM_ULONG, PARAM_RW, sizeof(unsigned long) },
	{ "ip4.addr", PARAM_IP4, PARAM_RW, 4 },
	{ "ip6.addr", PARAM_IP6, PARAM_RW, 16 },
	{ "meta", PARAM_KEYVALUE, PARAM_RW, 4096 },
	{ "persist", PARAM_BOOL, PARAM_RW, 4 },
};

static int
fake_list(struct jail_kernel *k,
    int (*each)(void *arg, const struct jail_param_info *info), void *arg)
{
	(void)k;
	for (size_t i = 0; i < sizeof fake_params / sizeof *fake_params; i++) {
		int rc = each(arg, &fake_params[i]);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static struct iovec *
option(struct iovec *iov, unsigned niov, const char *name)
{
	for (unsigned i = 0; i < niov; i += 2) {
		if (strcmp(iov[i].iov_base, name) == 0)
			return &iov[i + 1];
	}
	return NULL;
}

static int
refuse(struct iovec *iov, unsigned niov, int code, const char *message)
{
	struct iovec *errmsg = option(iov, niov, "errmsg");

	assert_non_null(errmsg);
	assert_int_equal(((char *)errmsg->iov_base)[0], '\0');
	if (message != NULL)
		snprintf(errmsg->iov_base, errmsg->iov_len, "%s", message);
	errno = code;
	return -1;
}

static int
fake_set(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	struct fake *f = k->data;

	(void)flags;
	f->set_niov = niov;
	f->set_names[0] = '\0';
	for (unsigned i = 0; i < niov; i += 2) {
		strcat(f->set_names, iov[i].iov_base);
		strcat(f->set_names, " ");
	}
	if (f->set_errno != 0)
		return refuse(iov, niov, f->set_errno, f->set_message);
	return 7;
}

/* jail_get(2)'s rules for one value; false: EINVAL. */
static bool
give(struct iovec *v, const void *data, size_t len, bool exact)
{
	if (v->iov_base == NULL) {
		v->iov_len = len;
		return true;
	}
	if (exact ? v->iov_len != len : v->iov_len < len)
		return false;
	memcpy(v->iov_base, data, len);
	return true;
}

static bool
give_option(struct fake *f, const char *name, struct iovec *v)
{
	static const unsigned long hostid = 5;
	unsigned char list[4096 * 4];
	int jid = 7, on = 1;

	if (strcmp(name, "jid") == 0)
		return give(v, &jid, sizeof jid, true);
	if (strcmp(name, "persist") == 0)
		return give(v, &on, sizeof on, true);
	if (strcmp(name, "host.hostid") == 0)
		return give(v, &hostid, sizeof hostid, true);
	if (strcmp(name, "name") == 0)
		return give(v, "web", 4, false);
	if (strcmp(name, "meta") == 0)
		return v->iov_base != NULL && give(v, "a=1", 4, false);
	if (strcmp(name, "meta.a") == 0)
		return v->iov_base != NULL && give(v, "1", 2, false);
	if (strcmp(name, "meta.b") == 0) {
		*v = (struct iovec){ NULL, 0 };
		return true;
	}
	if (strcmp(name, "ip4.addr") == 0) {
		memset(list, 1, sizeof list);
		if (!give(v, list, f->addresses * 4, false))
			return false;
		v->iov_len = f->addresses * 4;
		return true;
	}
	if (strcmp(name, "ip6.addr") == 0) {
		v->iov_len = 0;
		return true;
	}
	return true;
}

static int
fake_get(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	struct fake *f = k->data;
	struct iovec *key = option(iov, niov, "lastjid");
	int jid = 0;

	(void)flags;
	f->gets++;
	f->addresses += f->grows;
	if (key != NULL) {
		memcpy(&jid, key->iov_base, sizeof jid);
		if (jid >= 7)
			return refuse(iov, niov, ENOENT, "no jail after");
	} else {
		key = option(iov, niov, "jid");
		if (key != NULL && key->iov_base != NULL)
			memcpy(&jid, key->iov_base, sizeof jid);
		key = option(iov, niov, "name");
		if (jid == 0 && key != NULL && strcmp(key->iov_base, "web") == 0)
			jid = 7;
		if (jid != 7)
			return refuse(iov, niov, ENOENT, "jail not found");
	}
	for (unsigned i = 0; i < niov; i += 2) {
		if (strcmp(iov[i].iov_base, "other.bad") == 0)
			return refuse(iov, niov, EINVAL, "unknown parameter");
		if (!give_option(f, iov[i].iov_base, &iov[i + 1]))
			return refuse(iov, niov, EINVAL, NULL);
	}
	return 7;
}

static const struct jail_backend fake_backend = {
	.name = "fake", .set = fake_set, .get = fake_get, .params = fake_list,
};

static void
set_ok(void **state)
{
	struct fake f = { 0 };
	struct jail_kernel k = { &fake_backend, &f };
	struct jail_call c = { 0 };

	(void)state;
	assert_int_equal(call_add_text(&c, "name", "web"), 0);
	assert_int_equal(call_add_bool(&c, "persist", true), 0);
	assert_int_equal(call_add_bool(&c, "allow.mount.zfs", false), 0);
	assert_int_equal(call_add_int(&c, "enforce_statfs", 1), 0);
	assert_int_equal(c.iov[1].iov_len, 4);
	assert_null(c.iov[3].iov_base);
	assert_int_equal(call_set(&k, &c, JAIL_CREATE, NULL), 7);
	assert_string_equal(f.set_names,
	    "name persist allow.mount.nozfs enforce_statfs errmsg ");
	/* The list stays as it was: it can be sent again. */
	assert_int_equal(c.count, 8);
	assert_int_equal(call_set(&k, &c, JAIL_CREATE, NULL), 7);
	assert_int_equal(f.set_niov, 10);
	call_finish(&c);
	assert_int_equal(c.count, 0);
}

static void
set_fails(void **state)
{
	struct fake f = { .set_errno = EPERM };
	struct jail_kernel k = { &fake_backend, &f };
	struct jail_call c = { 0 };
	struct error err = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(call_add_int(&c, "x", i), 0);
	assert_int_equal(call_set(&k, &c, JAIL_CREATE, &err), -1);
	assert_int_equal(err.code, EPERM);
	assert_string_equal(err.text, strerror(EPERM));
	f.set_message = "jail \"web\" already exists";
	f.set_errno = EEXIST;
	assert_int_equal(call_set(&k, &c, JAIL_CREATE, &err), -1);
	assert_int_equal(err.code, EEXIST);
	assert_string_equal(err.text, f.set_message);
	call_finish(&c);
}

static void
advertised(void **state)
{
	struct jail_kernel k = { &fake_backend, NULL };
	struct jail_params p;

	(void)state;
	assert_int_equal(params_read(&k, &p, NULL), 0);
	assert_int_equal(p.count, 7);
	assert_string_equal(p.info[0].name, "host.hostid");
	assert_int_equal(params_find(&p, "meta")->size, 4096);
	assert_null(params_find(&p, "metb"));
	params_free(&p);
	assert_null(params_find(&p, "meta"));
}

static void
check_row(const struct jail_row *row, unsigned addresses)
{
	assert_int_equal(row->jid, 7);
	assert_string_equal(row_text(row, "name"), "web");
	assert_string_equal(row_text(row, "meta"), "a=1");
	assert_int_equal(row_find(row, "meta")->len, 4);
	assert_int_equal(row_int(row, "persist", 0), 1);
	assert_int_equal(row_int(row, "jid", 0), 7);
	assert_int_equal(row_int(row, "dying", 42), 42);
	assert_null(row_text(row, "dying"));
	assert_null(row_text(row, "jid"));
	assert_int_equal(row_find(row, "ip4.addr")->len, addresses * 4);
	assert_int_equal(row_find(row, "ip6.addr")->len, 0);
}

static void
rows(void **state)
{
	static const char *const extra[] = { "meta.a", "meta.b", NULL };
	struct fake f = { .addresses = 3 };
	struct jail_kernel k = { &fake_backend, &f };
	struct error err = { 0 };
	struct jail_params p;
	struct jail_row row;

	(void)state;
	assert_int_equal(params_read(&k, &p, NULL), 0);
	assert_int_equal(row_read(&k, &p, 7, NULL, NULL, 0, &row, &err), 0);
	check_row(&row, 3);
	assert_int_equal(f.gets, 1);
	row_free(&row);
	assert_int_equal(row_read(&k, &p, 0, "web", NULL, 0, &row, &err), 0);
	check_row(&row, 3);
	row_free(&row);
	assert_int_equal(row_read(&k, &p, -6, NULL, NULL, 0, &row, &err), 0);
	check_row(&row, 3);
	row_free(&row);
	assert_int_equal(row_read(&k, &p, -7, NULL, NULL, 0, &row, &err), 1);
	assert_int_equal(row_read(&k, &p, 8, NULL, NULL, 0, &row, &err), 1);
	assert_int_equal(row_read(&k, &p, 0, "x", NULL, 0, &row, &err), 1);
	assert_int_equal(row_read(&k, &p, 0, NULL, extra, 0, &row, &err), 0);
	check_row(&row, 3);
	assert_int_equal(row.count, 9);
	assert_null(row.value[7].info);
	assert_string_equal(row.value[7].data, "1");
	assert_null(row.value[8].data);
	row_free(&row);
	params_free(&p);
}

static void
row_refused(void **state)
{
	static const char *const bad[] = { "other.bad", NULL };
	struct fake f = { 0 };
	struct jail_kernel k = { &fake_backend, &f };
	struct error err = { 0 };
	struct jail_params p;
	struct jail_row row;

	(void)state;
	assert_int_equal(params_read(&k, &p, NULL), 0);
	assert_int_equal(row_read(&k, &p, 7, NULL, bad, 0, &row, &err), -1);
	assert_int_equal(err.code, EINVAL);
	assert_string_equal(err.text, "unknown parameter");
	assert_int_equal(f.gets, 1);
	params_free(&p);
}

/* More addresses than are allowed by default, and more at each look. */
static void
row_grows(void **state)
{
	struct fake f = { .addresses = 300 };
	struct jail_kernel k = { &fake_backend, &f };
	struct error err = { 0 };
	struct jail_params p;
	struct jail_row row;

	(void)state;
	assert_int_equal(params_read(&k, &p, NULL), 0);
	assert_int_equal(row_read(&k, &p, 7, NULL, NULL, 0, &row, &err), 0);
	check_row(&row, 300);
	assert_int_equal(f.gets, 3);
	row_free(&row);
	f.grows = 5;
	assert_int_equal(row_read(&k, &p, 0, "web", NULL, 0, &row, &err), 0);
	row_free(&row);
	f.grows = 6;
	f.gets = 0;
	assert_int_equal(row_read(&k, &p, 0, "web", NULL, 0, &row, &err), -1);
	assert_int_equal(err.code, EINVAL);
	assert_int_equal(f.gets, 11);
	params_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_ok),
		cmocka_unit_test(set_fails),
		cmocka_unit_test(advertised),
		cmocka_unit_test(rows),
		cmocka_unit_test(row_refused),
		cmocka_unit_test(row_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
