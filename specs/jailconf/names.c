/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include <string.h>

/* Whether `with` is `without` and a "no" in front of one component. */
static bool
is_negative(const char *with, const char *without)
{
	size_t i = 0;

	for (;;) {
		if (strncmp(with + i, "no", 2) == 0 &&
		    strcmp(with + i + 2, without + i) == 0)
			return true;
		while (with[i] != '\0' && with[i] != '.' &&
		    with[i] == without[i])
			i++;
		if (with[i] != '.' || without[i] != '.')
			return false;
		i++;
	}
}

bool
conf_same_param(const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		return true;
	return is_negative(a, b) || is_negative(b, a);
}

size_t
conf_param_hash(const char *name)
{
	size_t hash = 5381;

	for (bool start = true; *name != '\0'; start = *name++ == '.') {
		while (start && strncmp(name, "no", 2) == 0)
			name += 2;
		if (*name == '\0')
			break;
		hash = hash * 33 + (unsigned char)*name;
	}
	return hash;
}

bool
conf_is_special(const char *name)
{
	static const char *const names[] = { "allow.chflags", "allow.dying",
		"allow.mount", "allow.raw_sockets", "allow.set_hostname",
		"allow.socket_af", "allow.sysvipc", "command", "depend",
		"devfs_ruleset", "enforce_statfs", "exec.clean",
		"exec.consolelog", "exec.created", "exec.fib",
		"exec.jail_user", "exec.poststart", "exec.poststop",
		"exec.prepare", "exec.prestart", "exec.prestop",
		"exec.release", "exec.start", "exec.stop",
		"exec.system_jail_user", "exec.system_user", "exec.timeout",
		"host.hostname", "interface", "ip4.addr", "ip6.addr",
		"ip_hostname", "jid", "mount", "mount.devfs", "mount.fdescfs",
		"mount.fstab", "mount.procfs", "name", "path", "persist",
		"securelevel", "stop.timeout", "vnet", "vnet.interface",
		"zfs.dataset" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (conf_same_param(name, names[i]))
			return true;
	}
	return false;
}
