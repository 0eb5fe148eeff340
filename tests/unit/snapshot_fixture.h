/* SPDX-License-Identifier: BSD-2-Clause */
/* A state to take snapshots of, a key pair, and a signer to write them. */
#ifndef TEST_SNAPSHOT_FIXTURE_H
#define TEST_SNAPSHOT_FIXTURE_H

#include <sys/wait.h>

#include "agent/base/channel.h"
#include "agent/sign/minisign.h"
#include "agent/sign/signer.h"
#include "agent/sign/signer_state.h"
#include "agent/sign/verify.h"
#include "temp_dir.h"

struct fixture {
	struct temp_dir top;
	char *dir, *key, *pub; /* snapshots and keys */
	char *lock;
	const char *host, *seen; /* that verify asks for */
	struct signer_options options;
	unsigned asked; /* how many snapshots */
	int fd; /* of the signer; -1: none runs */
	pid_t pid;
};

/* A parameter with up to two values; NULL ends them. */
static inline void
add_param(struct snapshot_jail *j, const char *name, const char *a,
    const char *b)
{
	struct snapshot_param *p;

	j->param = realloc(j->param, (j->count + 1) * sizeof *j->param);
	assert_non_null(j->param);
	p = &j->param[j->count++];
	memset(p, 0, sizeof *p);
	p->name = strdup(name);
	if (a != NULL)
		assert_int_equal(text_list_add(&p->value, a), 0);
	if (b != NULL)
		assert_int_equal(text_list_add(&p->value, b), 0);
}

static inline struct snapshot_jail *
add_jail(struct snapshot *s, const char *name, int jid)
{
	struct snapshot_jail *j;

	s->jail = realloc(s->jail, (s->count + 1) * sizeof *s->jail);
	assert_non_null(s->jail);
	j = &s->jail[s->count++];
	memset(j, 0, sizeof *j);
	j->name = strdup(name);
	j->state = strdup(jid > 0 ? "ready" : "stopped");
	j->set = strdup("/etc/jailagent/specs");
	j->token = strdup("t-1");
	j->spec_digest = strdup("ab12");
	j->applied_digest = strdup("ab12");
	j->error = strdup("");
	j->jid = jid;
	return j;
}

static inline void
make_state(struct snapshot *s, int64_t taken)
{
	struct snapshot_jail *j;

	memset(s, 0, sizeof *s);
	s->host = strdup("host.example.org");
	s->boot = strdup("boot-1");
	s->kernel = strdup("model");
	s->revision = strdup("0123abc");
	s->set = strdup("/etc/jailagent/specs");
	s->taken = taken;
	j = add_jail(s, "db", 1);
	add_param(j, "persist", "true", NULL);
	add_param(j, "ip4.addr", "192.0.2.1", "192.0.2.2");
	add_param(j, "exec.start", NULL, NULL);
	j = add_jail(s, "web", 0);
	add_param(j, "host.hostname", "web\n\"quoted\" \\ \x01\x7f \xc3\xa9",
	    NULL);
	free(j->error);
	j->error = strdup("bytes \xff\xfe, and \xef\xbf\xbd itself");
}

/* Of all jails that run; by name. */
static inline void
add_default(struct snapshot_params *d, const char *name, const char *value)
{
	struct snapshot_jail all = { .param = d->param, .count = d->count };

	add_param(&all, name, value, NULL);
	*d = (struct snapshot_params){ all.param, all.count };
}

static inline void
add_defaults(struct snapshot_params *d)
{
	add_default(d, "enforce_statfs", "2");
	add_default(d, "ip4.addr", "192.0.2.9");
	add_default(d, "ip6.addr", NULL);
}

static inline void
fixture_make(struct fixture *f)
{
	struct minisign_public pub;
	struct error err;

	memset(f, 0, sizeof *f);
	f->fd = -1;
	temp_dir_make(&f->top);
	f->dir = strdup(temp_file(&f->top, "snapshots"));
	f->key = strdup(temp_file(&f->top, "key"));
	f->pub = strdup(temp_file(&f->top, "key.pub"));
	f->lock = strdup(temp_file(&f->top, "signing"));
	assert_int_equal(mkdir(f->dir, 0755), 0);
	if (minisign_generate(f->key, f->pub, &pub, &err) == -1)
		fail_msg("%s", err.text);
	f->options = (struct signer_options){ .dir = f->dir,
		.key = f->key, .public_key = f->pub, .lock = f->lock };
}

static inline void
signer_begin(struct fixture *f)
{
	struct signer_said said;
	struct error err;

	f->fd = signer_start(&f->options, &said, &f->pid, &err);
	if (f->fd == -1)
		fail_msg("%s", err.text);
}

/* Returns the signer's exit status. */
static inline int
signer_end(struct fixture *f)
{
	int status;

	close(f->fd);
	f->fd = -1;
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Has a state written, unless it says what the newest one says. */
static inline void
offer_state(struct fixture *f, const struct snapshot *s,
    struct signer_answer *a)
{
	struct message m;
	struct error err;

	if (signer_send_state(f->fd, s, &err) == -1)
		fail_msg("%s", err.text);
	assert_int_equal(channel_read(f->fd, &m, &err), 1);
	assert_int_equal(m.type, SIGNER_DONE);
	assert_int_equal(m.len, sizeof *a);
	memcpy(a, m.data, sizeof *a);
	free(m.data);
}

/* The same, of a revision of its own; the answer is checked by the caller. */
static inline void
write_state(struct fixture *f, const struct snapshot *s,
    struct signer_answer *a)
{
	struct snapshot changed = *s;
	char revision[32];

	snprintf(revision, sizeof revision, "revision-%u", ++f->asked);
	changed.revision = revision;
	offer_state(f, &changed, a);
}

/* What verifying found, one "file: problem" a line. */
struct found {
	char text[8192];
	size_t verified;
	int rc;
};

static inline void
note_finding(void *arg, const char *file, const char *problem)
{
	struct found *f = arg;
	size_t used = strlen(f->text);

	snprintf(f->text + used, sizeof f->text - used, "%s: %s\n", file,
	    problem);
}

static inline void
verify(const struct fixture *f, const char *path, struct found *found)
{
	const struct verify_options opt = { .public_key = f->pub,
		.host = f->host, .seen = f->seen, .report = note_finding,
		.arg = found };
	struct verify_result result;
	struct error err;

	memset(found, 0, sizeof *found);
	found->rc = snapshot_verify(path, &opt, &result, &err);
	found->verified = result.verified;
	if (found->rc == -1)
		snprintf(found->text, sizeof found->text, "%s", err.text);
}

/* The directory is bad: exactly these lines, a beginning of each. */
static inline void
finds(const struct fixture *f, size_t verified, const char *const *lines)
{
	struct found found;
	const char *at = found.text;

	verify(f, f->dir, &found);
	assert_int_equal(found.rc, 1);
	for (; *lines != NULL; lines++) {
		if (strncmp(at, *lines, strlen(*lines)) != 0)
			fail_msg("expected %s, found:\n%s", *lines,
			    found.text);
		at = strchr(at, '\n') + 1;
	}
	if (*at != '\0')
		fail_msg("also found: %s", at);
	assert_int_equal(found.verified, verified);
}

#define FINDS(f, verified, ...) \
	finds(f, verified, (const char *const[]){ __VA_ARGS__, NULL })

/* All of the directory is good, and there are so many. */
static inline void
assert_chain(const struct fixture *f, size_t count)
{
	struct found found;

	verify(f, f->dir, &found);
	if (found.rc != 0)
		fail_msg("the chain does not verify: %s", found.text);
	assert_int_equal(found.verified, count);
}

/* Writes `count` snapshots, each taken a second after the one before. */
static inline void
write_chain(struct fixture *f, int64_t taken, size_t count)
{
	struct signer_answer a;
	struct snapshot s;

	signer_begin(f);
	for (size_t i = 0; i < count; i++) {
		make_state(&s, taken + (int64_t)i);
		write_state(f, &s, &a);
		if (a.sequence < 1)
			fail_msg("%s", a.text);
		snapshot_free(&s);
	}
	assert_int_equal(signer_end(f), 0);
}

static inline void
fixture_free(struct fixture *f)
{
	if (f->fd != -1)
		(void)signer_end(f);
	temp_dir_remove(&f->top);
	free(f->dir);
	free(f->key);
	free(f->pub);
	free(f->lock);
}

#endif
