/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "jail.h"

#define BOOLEAN(name, access) { name, PARAM_BOOL, PARAM_##access, sizeof(int) }
#define JAILSYS(name, access) \
	{ name, PARAM_JAILSYS, PARAM_##access, sizeof(int) }
#define CAPABILITY(name, node, inverse) \
	{ BOOLEAN(name, RW), DRAGONFLY_CAPABILITY, node, inverse, 0 }
#define FIXED(info, value) { info, DRAGONFLY_FIXED, NULL, false, value }
#define OTHER(info, kind) { info, DRAGONFLY_##kind, NULL, false, 0 }
#define INFO(name, type, access, size) \
	{ name, PARAM_##type, PARAM_##access, size }

/* jail(8) of DragonFly says what the nodes do. */
const struct dragonfly_param dragonfly_params[] = {
	CAPABILITY("allow.chflags", "vfs_chflags", false),
	CAPABILITY("allow.mount.devfs", "vfs_mount_devfs", false),
	CAPABILITY("allow.mount.fusefs", "vfs_mount_fusefs", false),
	CAPABILITY("allow.mount.nullfs", "vfs_mount_nullfs", false),
	CAPABILITY("allow.mount.procfs", "vfs_mount_procfs", false),
	CAPABILITY("allow.mount.tmpfs", "vfs_mount_tmpfs", false),
	FIXED(BOOLEAN("allow.quotas", RW), 1),
	CAPABILITY("allow.raw_sockets", "net_raw_sockets", false),
	FIXED(BOOLEAN("allow.reserved_ports", RW), 1),
	CAPABILITY("allow.set_hostname", "sys_set_hostname", false),
	FIXED(BOOLEAN("allow.settime", RW), 1),
	CAPABILITY("allow.socket_af", "net_unixiproute", true),
	FIXED(BOOLEAN("allow.suser", RW), 1),
	CAPABILITY("allow.sysvipc", "sys_sysvipc", false),
	CAPABILITY("allow_listen_override", "allow_listen_override", false),
	FIXED(INFO("children.max", INT, RW, sizeof(int)), 0),
	OTHER(BOOLEAN("dying", RD), DYING),
	FIXED(JAILSYS("host", RDTUN), JAIL_SYS_NEW),
	OTHER(INFO("host.hostname", STRING, RDTUN, 256), HOSTNAME),
	OTHER(JAILSYS("ip4", RDTUN), MODE),
	OTHER(INFO("ip4.addr", IP4, RDTUN, sizeof(struct in_addr)), IP4),
	OTHER(JAILSYS("ip6", RDTUN), MODE),
	OTHER(INFO("ip6.addr", IP6, RDTUN, sizeof(struct in6_addr)), IP6),
	OTHER(INFO("jid", INT, RD, sizeof(int)), JID),
	OTHER(INFO("name", STRING, RW, JAIL_NAME_MAX), NAME),
	FIXED(INFO("parent", INT, RD, sizeof(int)), 0),
	OTHER(INFO("path", STRING, RDTUN, 1024), PATH),
	OTHER(BOOLEAN("persist", RW), PERSIST),
	OTHER(JAILSYS("sysvmsg", RW), SYSV),
	OTHER(JAILSYS("sysvsem", RW), SYSV),
	OTHER(JAILSYS("sysvshm", RW), SYSV),
	FIXED(JAILSYS("vnet", RDTUN), JAIL_SYS_INHERIT),
};

/* dragonfly_bit() */
_Static_assert(sizeof dragonfly_params / sizeof *dragonfly_params <= 32,
    "capabilities are bits of an unsigned int");

const size_t dragonfly_param_count =
    sizeof dragonfly_params / sizeof *dragonfly_params;

const struct dragonfly_param *
dragonfly_param(const char *name, bool *on)
{
	for (size_t i = 0; i < dragonfly_param_count; i++) {
		const struct jail_param_info *info = &dragonfly_params[i].info;
		char negative[64];

		*on = strcmp(name, info->name) == 0;
		if (*on || (info->type == PARAM_BOOL &&
		    param_negative(info->name, negative, sizeof negative) !=
		    NULL && strcmp(name, negative) == 0))
			return &dragonfly_params[i];
	}
	return NULL;
}

unsigned
dragonfly_bit(const struct dragonfly_param *p)
{
	return 1u << (p - dragonfly_params);
}

unsigned
dragonfly_sysv_bit(void)
{
	bool on;

	return dragonfly_bit(dragonfly_param("allow.sysvipc", &on));
}

int
dragonfly_node(const struct dragonfly_param *p, int jid, bool on, char *buf,
    size_t size)
{
	int n = snprintf(buf, size, "jail.%d.%s", jid, p->node);

	if (n < 0 || (size_t)n >= size)
		return -1;
	return on != p->inverse;
}
