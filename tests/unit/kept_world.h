/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of specs, its reader, and a signer that keeps its last good texts. */
#ifndef TEST_KEPT_WORLD_H
#define TEST_KEPT_WORLD_H

#include "agent/read/scan_kept.h"
#include "agent/sign/kept.h"
#include "scan_world.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* A signer in this process: what the reader tells is done at once. */
struct keeper {
	struct world *w;
	char good[512], outdated[512], applied[512], key[512], pub[512];
	struct minisign_secret *secret;
	int dir;
	bool dead; /* the signer: nothing is written any more */
	bool slow; /* ... or not before keep_up */
	struct {
		unsigned type;
		uint64_t number;
		char *data;
		size_t len;
	} queue[16];
	size_t queued;
	unsigned kept, places, forgotten;
};

static inline int
setup(void **state)
{
	static struct keeper k;
	struct minisign_public pub;
	struct error err;
	void *w;

	memset(&k, 0, sizeof k);
	if (world_setup(&w) != 0)
		return -1;
	k.w = w;
	snprintf(k.good, sizeof k.good, "%.400s/good", k.w->top.path);
	snprintf(k.outdated, sizeof k.outdated, "%.400s/outdated",
	    k.w->top.path);
	snprintf(k.applied, sizeof k.applied, "%.400s/applied",
	    k.w->top.path);
	snprintf(k.key, sizeof k.key, "%.400s/key", k.w->top.path);
	snprintf(k.pub, sizeof k.pub, "%.400s/key.pub", k.w->top.path);
	assert_int_equal(mkdir(k.good, 0700), 0);
	assert_int_equal(mkdir(k.outdated, 0700), 0);
	assert_int_equal(mkdir(k.applied, 0700), 0);
	assert_int_equal(minisign_generate(k.key, k.pub, &pub, &err), 0);
	k.secret = minisign_secret_read(k.key, &err);
	assert_non_null(k.secret);
	k.dir = open(k.good, O_RDONLY | O_DIRECTORY);
	assert_int_not_equal(k.dir, -1);
	k.w->opt.good = k.good;
	k.w->opt.outdated = k.outdated;
	k.w->opt.applied = k.applied;
	k.w->opt.public_key = k.pub;
	*state = &k;
	return 0;
}

static inline int
teardown(void **state)
{
	struct keeper *k = *state;
	void *w = k->w;

	for (size_t i = 0; i < k->queued; i++)
		free(k->queue[i].data);
	close(k->dir);
	minisign_secret_free(k->secret);
	return world_teardown(&w);
}

/* What the signer does of READER_FORGET and READER_KEEP. */
static inline int
keep_now(struct keeper *k, unsigned type, uint64_t number, const char *data,
    size_t len)
{
	struct error err;
	int rc;

	if (type == READER_KEEP)
		return k->dead ? 0 : kept_write(k->dir, k->secret, data,
		    data + strlen(data) + 1, len - strlen(data) - 1, &err);
	rc = unlinkat(k->dir, data, 0) == 0 || errno == ENOENT ? 0 : -1;
	return rc == 0 ? kept_unmark(k->outdated, data, number) : rc;
}

static inline void
keep_up(struct keeper *k)
{
	for (size_t i = 0; i < k->queued; i++) {
		assert_int_equal(keep_now(k, k->queue[i].type,
		    k->queue[i].number, k->queue[i].data, k->queue[i].len), 0);
		free(k->queue[i].data);
	}
	k->queued = 0;
}

static inline int
take(void *arg, unsigned type, const void *data, size_t len)
{
	static uint64_t number;
	struct keeper *k = arg;
	const char *path = data;

	if (type == READER_FORGET) {
		k->forgotten++;
		assert_int_equal(len, KEPT_NAME_SIZE - 1);
		assert_int_equal(kept_mark(k->outdated, path, ++number), 0);
	} else if (type == READER_FORGET_MARKED) {
		k->forgotten++;
	} else {
		assert_int_equal(type, READER_KEEP);
		if (strcmp(strrchr(path, '/'), "/.") == 0)
			k->places++;
		else
			k->kept++;
	}
	if (!k->slow)
		return keep_now(k, type, number, path, len);
	assert_true(k->queued < sizeof k->queue / sizeof *k->queue);
	k->queue[k->queued].type = type;
	k->queue[k->queued].number = number;
	k->queue[k->queued].len = len;
	k->queue[k->queued].data = calloc(1, len + 1);
	assert_non_null(k->queue[k->queued].data);
	memcpy(k->queue[k->queued++].data, data, len);
	return 0;
}

/* One scan, and what the agent is told before and behind its answer. */
static inline void
look_once(struct keeper *k)
{
	scan(k->w);
	assert_int_equal(kept_outdate(&k->w->r, take, k), 0);
	assert_int_equal(kept_tell(&k->w->r, take, k), 0);
}

/* Until all is settled; what was said is of the first scan that said it. */
static inline void
look(struct keeper *k)
{
	k->kept = k->places = k->forgotten = 0;
	look_once(k);
	while (k->w->s.state == SCAN_UNSETTLED) {
		usleep(k->w->s.again_ms * 1000);
		look_once(k);
	}
}

/* The second after which what is gone is forgotten. */
static inline void
second_passes(struct keeper *k)
{
	struct reader *r = &k->w->r;

	r->begun_ms -= PROOF_MS;
	for (size_t i = 0; i < r->away.count; i++)
		r->away.file[i].vanished_ms -= PROOF_MS;
}

/* The second of quiet after which what is written in steps is used. */
static inline void
quiet_passes(struct keeper *k)
{
	struct reader *r = &k->w->r;

	for (size_t i = 0; i < r->files.count; i++)
		r->files.file[i].since_ms -= 1000;
}

/* The agent ended, and another one starts. */
static inline void
again(struct keeper *k)
{
	struct error err;

	reader_finish(&k->w->r);
	assert_int_equal(reader_init(&k->w->r, &k->w->opt, &err), 0);
}

static inline const char *
host_of(const struct keeper *k, const char *name)
{
	for (size_t i = 0; i < k->w->s.changed_count; i++)
		if (strcmp(k->w->s.changed[i]->name, name) == 0)
			return spec_text(k->w->s.changed[i], "host.hostname");
	return "(none)";
}

#endif
