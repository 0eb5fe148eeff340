/* SPDX-License-Identifier: BSD-2-Clause */
#include "rights.h"

#include <sys/prctl.h>
#include <sys/random.h>

#include <linux/capability.h>

#include "sys.h"

#define RIGHT(cap) (1ULL << (cap))

static const uint64_t jail_rights = RIGHT(CAP_CHOWN) |
    RIGHT(CAP_DAC_OVERRIDE) | RIGHT(CAP_FOWNER) | RIGHT(CAP_FSETID) |
    RIGHT(CAP_KILL) | RIGHT(CAP_SETGID) | RIGHT(CAP_SETUID) |
    RIGHT(CAP_SETPCAP) | RIGHT(CAP_NET_BIND_SERVICE) |
    RIGHT(CAP_SYS_CHROOT) | RIGHT(CAP_SETFCAP);

/* What a jail can have in addition. */
static const uint64_t raw_right = RIGHT(CAP_NET_RAW);

#define CAP_NUMBERS 64 /* a capability set has 64 bits */

/* `keep`: what stays permitted and effective; nothing stays inheritable. */
static int
reduce(uint64_t keep, struct error *err)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, data) != 0)
		return error_sys(err, errno, "reading the capabilities");
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t part = (uint32_t)(keep >> (32 * i));

		data[i].permitted &= part;
		data[i].effective &= part;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &head, data) != 0)
		return error_sys(err, errno, "giving up capabilities");
	return 0;
}

int
rights_bound(struct error *err)
{
	/* A capability that the kernel does not know ends the list. */
	for (int cap = 0; cap < CAP_NUMBERS; cap++) {
		int has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (has < 0)
			break;
		if (has == 0 || ((jail_rights | raw_right) & RIGHT(cap)) != 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			return error_sys(err, errno,
			    "limiting the capabilities of jails");
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		return error_sys(err, errno, "clearing ambient capabilities");
	return reduce(~0ULL, err);
}

int
rights_raw(bool allowed, struct error *err)
{
	if (allowed || prctl(PR_CAPBSET_DROP, CAP_NET_RAW, 0, 0, 0) == 0)
		return 0;
	return error_sys(err, errno, "limiting the capabilities of jails");
}

int
rights_drop(bool raw_sockets, struct error *err)
{
	if (rights_bound(err) != 0 || rights_raw(raw_sockets, err) != 0)
		return -1;
	return reduce(jail_rights | (raw_sockets ? raw_right : 0), err);
}

int
rights_pass_make(struct rights_pass *pass, struct error *err)
{
	if (getrandom(pass, sizeof *pass, 0) != (ssize_t)sizeof *pass)
		return error_sys(err, errno, "random numbers");
	return 0;
}
