/* SPDX-License-Identifier: BSD-2-Clause */
/* Making, changing and removing jails. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dragonfly.h"
#include "pure/holder.h"
#include "pure/request.h"

/* One call: its list, and what there is while the lock is held. */
struct change {
	const struct dragonfly_kernel *dk;
	struct iovec *iov;
	unsigned niov;
	struct dragonfly_request r;
	struct dragonfly_jails all;
	int lock;
};

static int
begin(struct change *c)
{
	if (c->dk->read_only) {
		errno = EROFS;
		return -1;
	}
	c->lock = store_lock(c->dk);
	return c->lock >= 0 && state_read(c->dk, &c->all) == 0 ? 0 : -1;
}

static void
end(struct change *c)
{
	int saved = errno;

	free(c->all.jail);
	if (c->lock >= 0)
		close(c->lock);
	errno = saved;
}

static struct dragonfly_jail *
find(struct change *c, int jid, const char *name)
{
	for (size_t i = 0; i < c->all.count; i++) {
		struct dragonfly_jail *j = &c->all.jail[i];

		if (!j->dying && (jid != 0 ? j->jid == jid :
		    strcmp(j->name, name) == 0))
			return j;
	}
	return NULL;
}

/* Jails of others are in the list, not in the table. */
static int
save(struct change *c)
{
	struct dragonfly_jails ours = { NULL, 0, 0 };
	int rc = 0;

	for (size_t i = 0; i < c->all.count && rc == 0; i++) {
		const struct dragonfly_jail *j = &c->all.jail[i];
		char number[16];

		snprintf(number, sizeof number, "%d", j->jid);
		if (strcmp(j->name, number) != 0 || j->holder != 0)
			rc = jails_add(&ours, j) == NULL ? -1 : 0;
	}
	if (rc == 0)
		rc = store_write(c->dk, &ours);
	free(ours.jail);
	return rc;
}

static int
fail(struct change *c, const struct error *err)
{
	return request_fail(c->iov, c->niov, err->code, "%s", err->text);
}

static int
create(struct change *c)
{
	struct dragonfly_jail *j = &c->r.jail;
	char *real = realpath(j->path, NULL);
	struct error err;
	int release, rc = -1;

	if (real == NULL || strlen(real) >= sizeof j->path) {
		free(real);
		return -1;
	}
	snprintf(j->path, sizeof j->path, "%s", real);
	free(real);
	if (j->name[0] != '\0' && find(c, 0, j->name) != NULL)
		return request_fail(c->iov, c->niov, EEXIST,
		    "jail \"%s\" already exists", j->name);
	if (create_holder(j, &release, &err) != 0)
		return fail(c, &err);
	if (j->name[0] == '\0')
		snprintf(j->name, sizeof j->name, "%d", j->jid);
	/* What the jail may do is set before anything can run in it. */
	if (state_set_capabilities(j->jid, c->r.capabilities,
	    j->capabilities) == 0 && jails_add(&c->all, j) != NULL &&
	    save(c) == 0 && holder_release(release) == 0)
		rc = j->jid;
	close(release); /* without a release the holder ends, and the jail */
	return rc;
}

static int
set_persist(struct change *c, struct dragonfly_jail *j)
{
	struct error err;
	int release, rc;

	if (c->r.jail.persist == process_holds(j))
		return 0;
	if (!c->r.jail.persist) {
		(void)kill(j->holder, SIGKILL);
		j->holder = 0;
		return save(c);
	}
	if (create_holder(j, &release, &err) != 0)
		return fail(c, &err);
	rc = save(c) == 0 && holder_release(release) == 0 ? 0 : -1;
	close(release);
	return rc;
}

static int
update(struct change *c)
{
	const struct dragonfly_request *r = &c->r;
	int jid = (r->given & GIVEN_JID) != 0 ? r->jail.jid : 0;
	struct dragonfly_jail *j = find(c, jid, r->jail.name);
	const char *fixed;

	if (j == NULL && jid != 0)
		return request_fail(c->iov, c->niov, ENOENT,
		    "jail %d not found", jid);
	if (j == NULL)
		return request_fail(c->iov, c->niov, ENOENT,
		    "jail \"%s\" not found", r->jail.name);
	fixed = request_fixed(r, j);
	if (fixed != NULL)
		return request_fail(c->iov, c->niov, EINVAL,
		    "%s cannot be changed after creation", fixed);
	if (jid != 0 && (r->given & GIVEN_NAME) != 0 &&
	    strcmp(j->name, r->jail.name) != 0) {
		if (find(c, 0, r->jail.name) != NULL)
			return request_fail(c->iov, c->niov, EEXIST,
			    "jail \"%s\" already exists", r->jail.name);
		memcpy(j->name, r->jail.name, sizeof j->name);
		if (save(c) != 0)
			return -1;
	}
	jid = j->jid;
	if (state_set_capabilities(jid, r->capabilities,
	    r->jail.capabilities) != 0)
		return -1;
	if ((r->given & GIVEN_PERSIST) != 0 && set_persist(c, j) != 0)
		return -1;
	return jid;
}

int
dragonfly_set(struct jail_kernel *k, struct iovec *iov, unsigned niov,
    int flags)
{
	struct change c = { .dk = k->data, .iov = iov, .niov = niov,
		.lock = -1 };
	int rc = request_read(iov, niov, flags, &c.r);

	if (rc == 0)
		rc = begin(&c);
	if (rc == 0)
		rc = flags == JAIL_CREATE ? create(&c) : update(&c);
	end(&c);
	return rc;
}

/*
 * Marked first: whoever looks sees that it is on its way, whatever becomes of
 * this process.
 */
int
dragonfly_remove(struct jail_kernel *k, int jid)
{
	struct change c = { .dk = k->data, .lock = -1 };
	struct dragonfly_jail *j;
	int rc = begin(&c);

	if (rc == 0) {
		j = find(&c, jid, "");
		if (j == NULL || jid <= 0) {
			errno = EINVAL;
			rc = -1;
		} else {
			j->dying = true;
			rc = save(&c);
		}
	}
	end(&c);
	return rc == 0 ? process_kill_all(jid) : -1;
}
