/* SPDX-License-Identifier: BSD-2-Clause */
/* The system call filter of jails, see rights.h. */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <seccomp.h>
#include <stdbool.h>

#include "rights.h"
#include "sys.h"

#define USER_NAMESPACE 0x10000000U /* CLONE_NEWUSER, without its sign */

/* The kernel looks at the low 32 bits of most arguments. */
#define INT_MASK 0xffffffffU

/* Calls that are refused whatever their arguments are. */
struct refusal {
	int call;
	int error;
};

#define NO(name) { SCMP_SYS(name), EPERM }

static const struct refusal refusals[] = {
	NO(_sysctl), NO(acct), NO(add_key), NO(clock_settime),
	NO(create_module), NO(delete_module), NO(finit_module), NO(fspick),
	NO(get_kernel_syms), NO(init_module), NO(io_uring_enter),
	NO(io_uring_register), NO(io_uring_setup), NO(ioperm), NO(iopl),
	NO(kcmp), NO(kexec_file_load), NO(kexec_load), NO(keyctl),
	NO(lookup_dcookie), NO(name_to_handle_at), NO(nfsservctl),
	NO(open_by_handle_at), NO(perf_event_open), NO(pivot_root),
	NO(process_vm_readv), NO(process_vm_writev), NO(query_module),
	NO(quotactl), NO(quotactl_fd), NO(reboot), NO(request_key),
	NO(settimeofday), NO(stime), NO(swapoff), NO(swapon), NO(syslog),
	NO(umount), NO(uselib), NO(userfaultfd), NO(vhangup),
};

/* What only the holder of the pass may do. */
static const struct refusal passed[] = {
	/* Its flags are in memory and cannot be judged; libc falls back. */
	{ SCMP_SYS(clone3), ENOSYS },
	NO(bpf),
};

/* What the spawner needs and a process that attached itself does not. */
static const struct refusal jailed_refusals[] = {
	NO(fsconfig), NO(fsmount), NO(fsopen), NO(mount), NO(mount_setattr),
	NO(move_mount), NO(open_tree), NO(setns), NO(umount2),
};

/* Calls that are refused when (argument & mask) == value. */
struct condition {
	int call;
	unsigned argument;
	uint32_t mask, value;
};

#define WITH(name, arg, bit) { SCMP_SYS(name), arg, bit, bit }

static const struct condition conditions[] = {
	WITH(clone, 0, USER_NAMESPACE),
	WITH(clone, 0, CLONE_NEWCGROUP),
	WITH(setns, 1, USER_NAMESPACE),
	{ SCMP_SYS(setns), 1, INT_MASK, 0 }, /* 0: a namespace of any kind */
	WITH(unshare, 0, USER_NAMESPACE),
	WITH(unshare, 0, CLONE_NEWNS),
	WITH(unshare, 0, CLONE_NEWPID),
	WITH(unshare, 0, CLONE_NEWUTS),
	WITH(unshare, 0, CLONE_NEWIPC),
	WITH(unshare, 0, CLONE_NEWNET),
	WITH(unshare, 0, CLONE_NEWCGROUP),
	WITH(unshare, 0, CLONE_NEWTIME),
	{ SCMP_SYS(ioctl), 1, INT_MASK, TIOCSTI },
	{ SCMP_SYS(ioctl), 1, INT_MASK, TIOCLINUX },
};

static const struct condition jailed_conditions[] = {
	WITH(clone, 0, CLONE_NEWNS),
	WITH(clone, 0, CLONE_NEWPID),
	WITH(clone, 0, CLONE_NEWUTS),
	WITH(clone, 0, CLONE_NEWIPC),
	WITH(clone, 0, CLONE_NEWNET),
};

/* personality(2): PER_LINUX32, ADDR_NO_RANDOMIZE and UNAME26 do no harm. */
#define HARMLESS_PERSONALITY 0x00060008U
#define TOP_BIT 0x80000000U

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A call that this processor's Linux does not have needs no rule. */
static int
refuse_all(scmp_filter_ctx ctx, const struct refusal *r, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		if (r[i].call >= 0)
			rc = seccomp_rule_add(ctx,
			    SCMP_ACT_ERRNO((unsigned)r[i].error), r[i].call, 0);
	return rc;
}

/* Each word that differs is a reason to refuse. */
static int
refuse_without(scmp_filter_ctx ctx, const struct rights_pass *pass)
{
	int rc = 0;

	if (pass == NULL)
		return refuse_all(ctx, passed, COUNT(passed));
	for (size_t i = 0; i < COUNT(passed); i++)
		for (unsigned w = 0; w < COUNT(pass->word) && rc == 0; w++)
			rc = seccomp_rule_add(ctx,
			    SCMP_ACT_ERRNO((unsigned)passed[i].error),
			    passed[i].call, 1,
			    SCMP_CMP(w + 3, SCMP_CMP_NE, pass->word[w], 0));
	return rc;
}

static int
refuse_if(scmp_filter_ctx ctx, const struct condition *c, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), c[i].call, 1,
		    SCMP_CMP(c[i].argument, SCMP_CMP_MASKED_EQ, c[i].mask,
		    c[i].value));
	return rc;
}

/* Socket families that jails do not have. */
static int
refuse_families(scmp_filter_ctx ctx, int call)
{
	const uint32_t refused = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	int rc;

	rc = seccomp_rule_add(ctx, refused, call, 1,
	    SCMP_CMP(0, SCMP_CMP_GT, AF_NETLINK, 0));
	for (unsigned family = 0; family < AF_NETLINK && rc == 0; family++)
		if (family != AF_UNIX && family != AF_INET &&
		    family != AF_INET6)
			rc = seccomp_rule_add(ctx, refused, call, 1,
			    SCMP_CMP(0, SCMP_CMP_EQ, family, 0));
	return rc;
}

/*
 * Lets through harmless bits, and all ones, which only asks.  So it refuses
 * other bits where the top bit is clear, and any clear bit where it is set.
 */
static int
refuse_personalities(scmp_filter_ctx ctx)
{
	int rc = 0;

	for (uint32_t bit = 1; bit != TOP_BIT && rc == 0; bit <<= 1) {
		struct condition c = { SCMP_SYS(personality), 0, TOP_BIT | bit,
			TOP_BIT };

		rc = refuse_if(ctx, &c, 1);
		c.value = bit;
		if (rc == 0 && (bit & HARMLESS_PERSONALITY) == 0)
			rc = refuse_if(ctx, &c, 1);
	}
	return rc;
}

static int
build(scmp_filter_ctx ctx, enum rights_filter which,
    const struct rights_pass *pass)
{
	int rc;

	rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_ERRNO(ENOSYS));
	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = refuse_all(ctx, refusals, COUNT(refusals));
	if (rc == 0)
		rc = refuse_without(ctx, pass);
	if (rc == 0)
		rc = refuse_if(ctx, conditions, COUNT(conditions));
	if (rc == 0)
		rc = refuse_families(ctx, SCMP_SYS(socket));
	if (rc == 0)
		rc = refuse_families(ctx, SCMP_SYS(socketpair));
	if (rc == 0)
		rc = refuse_personalities(ctx);
	if (rc != 0 || which == FILTER_SPAWNER)
		return rc;
	rc = refuse_all(ctx, jailed_refusals, COUNT(jailed_refusals));
	if (rc == 0)
		rc = refuse_if(ctx, jailed_conditions,
		    COUNT(jailed_conditions));
	return rc;
}

int
rights_filter(enum rights_filter which, const struct rights_pass *pass,
    struct error *err)
{
	scmp_filter_ctx ctx;
	int rc;

	ctx = seccomp_init(SCMP_ACT_ALLOW);
	if (ctx == NULL)
		return error_sys(err, ENOMEM, "building the system call filter");
	rc = build(ctx, which, pass);
	if (rc != 0)
		error_sys(err, -rc, "building the system call filter");
	else if ((rc = seccomp_load(ctx)) != 0)
		error_sys(err, rc == -ECANCELED ? errno : -rc,
		    "installing the system call filter");
	seccomp_release(ctx);
	return rc == 0 ? 0 : -1;
}
