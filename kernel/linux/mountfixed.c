/* SPDX-License-Identifier: BSD-2-Clause */
#include "mountfixed.h"

#include <stdlib.h>

#include "kernel/fslinux.h"
#include "mountinfo.h"
#include "process.h"
#include "request.h"
#include "sys.h"

/* All that each of them has in the jail. */
static const struct part {
	uint32_t mounts;
	const char *place;
} parts[] = {
	{ MOUNT_DEVFS, "/dev" },
	{ MOUNT_DEVFS, "/dev/pts" },
	{ MOUNT_DEVFS, "/dev/shm" },
	{ MOUNT_FDESCFS | MOUNT_PROCFS, "/proc" },
};

/* How each is made again; what is first here has the place. */
static const struct whole {
	uint32_t mounts;
	const char *place;
	uint32_t kind;
	char options[16]; /* of `options_len` bytes: mount_request's */
	uint32_t options_len;
} wholes[] = {
	{ MOUNT_DEVFS, "/dev", FSLINUX_DEV, "", 0 },
	{ MOUNT_PROCFS, "/proc", FSLINUX_PROC, "", 0 },
	{ MOUNT_FDESCFS, "/proc", FSLINUX_PROC, "subset\0pid", 11 },
};

uint32_t
mountfixed_now(const char *mountinfo, uint32_t mounts)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if ((mounts & parts[i].mounts) != 0 &&
		    mountinfo_count(mountinfo, parts[i].place) == 0)
			mounts &= ~parts[i].mounts;
	return mounts;
}

static int
ask(struct linux_kernel *lk, const struct whole *w, bool unmount, int init,
    struct error *err)
{
	struct mount_request r = {
		.type = REQUEST_MOUNT, .kind = w->kind, .unmount = unmount,
		.options_len = w->options_len,
	};

	memcpy(r.options, w->options, w->options_len);
	memcpy(r.place, w->place, strlen(w->place) + 1);
	return spawner_call(&lk->spawner, &r, sizeof r, &init, 1, err) < 0 ?
	    error_wrap(err, "%smounting %s again", unmount ? "un" : "",
	    w->place) : 0;
}

static int
make_again(struct linux_kernel *lk, const struct prison *p, uint32_t mounts,
    int init, struct error *err)
{
	char *mountinfo = mountinfo_read(p->holder.pid);
	uint32_t lost;
	int rc = 0;

	if (mountinfo == NULL)
		return error_sys(err, errno, "the mounts of jail %s", p->name);
	lost = mounts & ~mountfixed_now(mountinfo, p->extra);
	for (size_t i = 0; rc == 0 && i < sizeof wholes / sizeof *wholes; i++) {
		const struct whole *w = &wholes[i];

		/* procfs is in the place of fdescfs where a jail has both. */
		if ((lost & w->mounts) == 0 || (w->mounts == MOUNT_FDESCFS &&
		    (p->extra & MOUNT_PROCFS) != 0))
			continue;
		if (mountinfo_count(mountinfo, w->place) > 0)
			rc = ask(lk, w, true, init, err);
		if (rc == 0)
			rc = ask(lk, w, false, init, err);
	}
	free(mountinfo);
	return rc;
}

int
mountfixed_again(struct linux_kernel *lk, const struct prison *p,
    uint32_t mounts, struct error *err)
{
	int init, rc;

	if (lk->inside >= 0)
		return error_set(err, EOPNOTSUPP, "mount: file systems are "
		    "mounted in jails from the host only");
	init = process_open(&p->holder);
	if (init < 0)
		return error_sys(err, errno, "the init of jail %s", p->name);
	rc = make_again(lk, p, mounts, init, err);
	close_fd(&init);
	return rc;
}
