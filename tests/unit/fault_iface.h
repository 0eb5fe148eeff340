/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses on interfaces as files of fault_host.h, which includes this, in the
 * place of kernel/iface.h.  A file's size is the prefix.
 */
#ifndef JA_TEST_FAULT_IFACE_H
#define JA_TEST_FAULT_IFACE_H

static inline void
alias_text(const struct iface_alias *a, char *buf, size_t size)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(a->family, a->address, address, sizeof address);
	snprintf(buf, size, "%s|%s", a->interface, address);
}

/* The prefix of an address of an interface; -1: it is not there. */
static inline int
alias_prefix(const char *text)
{
	char path[4 * PATHS_MAX];
	struct stat st;

	host_file("alias", text, path, sizeof path);
	return stat(path, &st) == 0 ? (int)st.st_size : -1;
}

int
iface_has(const struct iface_alias *a, struct error *err)
{
	char text[128];

	(void)err;
	alias_text(a, text, sizeof text);
	return !host.blind && host_there("alias", text);
}

int
iface_add(const struct iface_alias *a, struct error *err)
{
	char text[128], label[160], path[4 * PATHS_MAX];

	alias_text(a, text, sizeof text);
	snprintf(label, sizeof label, "+alias %s", text);
	if (host_point(label))
		return error_set(err, EIO, "%s: broken", text);
	if (host_there("alias", text))
		return error_sys(err, EEXIST, "%s", text);
	host_put("alias", text, true);
	host_file("alias", text, path, sizeof path);
	assert_int_equal(truncate(path, a->prefix), 0);
	host_point(NULL);
	return 0;
}

int
iface_remove(const struct iface_alias *a, struct error *err)
{
	char text[128], label[160];

	alias_text(a, text, sizeof text);
	snprintf(label, sizeof label, "-alias %s", text);
	if (host_point(label))
		return error_set(err, EIO, "%s: broken", text);
	/* As Linux does, which knows an address by its prefix. */
	if (alias_prefix(text) == a->prefix)
		host_put("alias", text, false);
	host_point(NULL);
	return 0;
}

/* "alias em0|192.0.2.1" as what it means; false: it is none. */
static inline bool
alias_of_file(const char *name, struct iface_alias *a)
{
	const char *bar = strchr(name, '|');

	if (strncmp(name, "alias ", 6) != 0 || bar == NULL)
		return false;
	memset(a, 0, sizeof *a);
	a->words = "";
	a->family = strchr(bar, ':') != NULL ? AF_INET6 : AF_INET;
	snprintf(a->interface, sizeof a->interface, "%.*s",
	    (int)(bar - name - 6), name + 6);
	return inet_pton(a->family, bar + 1, a->address) == 1;
}

int
iface_list(int (*each)(void *arg, const struct iface_alias *a), void *arg,
    struct error *err)
{
	DIR *d = opendir(host.dir);
	struct dirent *e;
	struct iface_alias a;
	int rc = 0;

	(void)err;
	assert_non_null(d);
	host.lists++;
	while (rc == 0 && (e = readdir(d)) != NULL)
		if (alias_of_file(e->d_name, &a))
			rc = each(arg, &a);
	closedir(d);
	return rc;
}

#endif
