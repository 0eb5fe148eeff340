/* SPDX-License-Identifier: BSD-2-Clause */
/* A history whose key changes. */
#ifndef TEST_ROTATE_FIXTURE_H
#define TEST_ROTATE_FIXTURE_H

#include "agent/sign/accepted.h"
#include "snapshot_fixture.h"

struct change {
	struct fixture f;
	char *good, *state, *accepted;
	char line[4][MINISIGN_PUBLIC_LINE]; /* of each key */
};

static inline void
public_line(const struct change *c, char line[MINISIGN_PUBLIC_LINE])
{
	struct minisign_public pub;
	struct error err;

	assert_int_equal(minisign_public_read(c->f.pub, &pub, &err), 0);
	minisign_public_line(&pub, line);
}

static inline int
setup(void **state)
{
	struct change *c = calloc(1, sizeof *c);

	assert_non_null(c);
	fixture_make(&c->f);
	c->good = strdup(temp_file(&c->f.top, "good"));
	c->state = strdup(c->f.top.path);
	c->accepted = strdup(temp_file(&c->f.top, ACCEPTED_NAME));
	assert_int_equal(mkdir(c->good, 0700), 0);
	c->f.options.good = c->good;
	c->f.options.state = c->state;
	public_line(c, c->line[0]);
	*state = c;
	return 0;
}

static inline int
teardown(void **state)
{
	struct change *c = *state;

	fixture_free(&c->f);
	free(c->good);
	free(c->state);
	free(c->accepted);
	free(c);
	return 0;
}

/* Asks for another key; returns the message's type. */
static inline uint32_t
ask(struct change *c)
{
	struct message m;
	uint32_t type;

	assert_int_equal(channel_write(c->f.fd, SIGNER_ROTATE, 5, NULL, 0), 0);
	assert_int_equal(channel_read(c->f.fd, &m, NULL), 1);
	type = m.type;
	free(m.data);
	return type;
}

static inline void
change_key(struct change *c)
{
	signer_begin(&c->f);
	assert_int_equal(ask(c), SIGNER_ROTATED);
	assert_int_equal(signer_end(&c->f), 0);
}

static inline void
good_with(struct change *c, const char *line, size_t count)
{
	char *pub = c->f.pub;
	char copy[MINISIGN_PUBLIC_LINE];

	memcpy(copy, line, sizeof copy);
	c->f.pub = copy;
	assert_chain(&c->f, count);
	c->f.pub = pub;
}

static inline void
finds_with(struct change *c, const char *line, size_t count,
    const char *const *lines)
{
	char *pub = c->f.pub;
	char copy[MINISIGN_PUBLIC_LINE];

	memcpy(copy, line, sizeof copy);
	c->f.pub = copy;
	finds(&c->f, count, lines);
	c->f.pub = pub;
}

#endif
