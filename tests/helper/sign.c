/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: sign DIR KEY PUB COUNT JAILS [KEEP [TAKEN]]
 *
 * Has the signer write COUNT snapshots of JAILS jails into DIR, one jail
 * changed in each, prints "SEQUENCE MILLISECONDS" for each, and at the end
 * "cpu MILLISECONDS" that the signer has used for one.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/channel.h"
#include "agent/sign/signer.h"
#include "agent/sign/signer_state.h"

static char *format(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

static char *
format(const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return strdup(text);
}

/* Takes over `text`. */
static void
set_param(struct snapshot_param *p, const char *name, char *text)
{
	p->name = strdup(name);
	if (text_list_add(&p->value, text) == -1)
		exit(2);
	free(text);
}

static void
make_jail(struct snapshot_jail *j, int number, int change)
{
	j->name = format("jail%05d", number);
	j->state = strdup("ready");
	j->set = strdup("/etc/jailagent/specs");
	j->token = format("token-%d", number);
	j->spec_digest = format("%064x", number);
	j->applied_digest = format("%064x", number);
	j->error = strdup(number % 5 == 4 ? "odd: \"\\\t\x01\xff \xc3\xa9" :
	    "");
	j->jid = number + 1;
	j->count = 3;
	j->param = calloc(j->count, sizeof *j->param);
	if (j->param == NULL)
		exit(2);
	set_param(&j->param[0], "path", format("/jails/%d", number));
	set_param(&j->param[1], "host.hostname",
	    format("host-%d.example.org", change));
	set_param(&j->param[2], "ip4.addr",
	    format("192.0.2.%d", number % 250 + 1));
}

/* What all jails have that do not tell it themselves; by name. */
static void
make_defaults(struct snapshot_params *d)
{
	d->count = 4;
	d->param = calloc(d->count, sizeof *d->param);
	if (d->param == NULL)
		exit(2);
	set_param(&d->param[0], "enforce_statfs", strdup("2"));
	set_param(&d->param[1], "ip4.addr", strdup("192.0.2.255"));
	d->param[2].name = strdup("ip6.addr");
	set_param(&d->param[3], "persist", strdup("true"));
}

/* All jails in the first round; later those that are not as before. */
static void
make_state(struct snapshot *s, int round, int jails, long long taken)
{
	memset(s, 0, sizeof *s);
	s->host = strdup("host.example.org");
	s->boot = strdup("boot");
	s->kernel = strdup("model");
	s->revision = format("revision-%d", round);
	s->set = strdup("/etc/jailagent/specs");
	s->taken = taken + round;
	make_defaults(&s->defaults);
	s->jail = calloc((size_t)jails + 1, sizeof *s->jail);
	if (s->jail == NULL)
		exit(2);
	for (int i = 0; i < jails; i++)
		if (round == 0 || i == round % jails ||
		    i == (round - 1) % jails)
			make_jail(&s->jail[s->count++], i,
			    i == round % jails ? round : 0);
}

static int
tell(int fd, const struct snapshot *s, int round)
{
	struct bytes_out b = { .data = NULL };
	int rc = 0;

	if (round == 0)
		return signer_send_state(fd, s, NULL);
	for (size_t i = 0; rc == 0 && i < s->count; i++) {
		b.len = 0;
		rc = signer_jail_encode(&b, &s->jail[i], &s->defaults, false,
		    COPIES_NOTHING,
		    NULL);
		if (rc == 0)
			rc = channel_write(fd, SIGNER_JAIL, 0, b.data, b.len);
	}
	b.len = 0;
	signer_heading_encode(&b, s);
	if (rc == 0)
		rc = channel_write(fd, SIGNER_WRITE, 1, b.data, b.len);
	free(b.data);
	return rc;
}

static double
milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Returns -1 after a message. */
static int
write_one(int fd, int round, int jails, long long taken)
{
	struct signer_answer a;
	struct snapshot s;
	struct message m;
	double begin;
	int rc;

	make_state(&s, round, jails, taken);
	begin = milliseconds();
	rc = tell(fd, &s, round);
	snapshot_free(&s);
	if (rc == -1 || channel_read(fd, &m, NULL) != 1 ||
	    m.len != sizeof a) {
		fprintf(stderr, "sign: the signer ended\n");
		return -1;
	}
	memcpy(&a, m.data, sizeof a);
	free(m.data);
	if (a.sequence == -1) {
		fprintf(stderr, "sign: %s\n", a.text);
		return -1;
	}
	printf("%lld %.2f\n", (long long)a.sequence, milliseconds() - begin);
	return 0;
}

static void
print_cpu(int count)
{
	struct rusage r;

	if (count == 0 || getrusage(RUSAGE_CHILDREN, &r) == -1)
		return;
	printf("cpu %.2f\n", ((double)(r.ru_utime.tv_sec +
	    r.ru_stime.tv_sec) * 1e3 + (double)(r.ru_utime.tv_usec +
	    r.ru_stime.tv_usec) / 1e3) / count);
}

int
main(int argc, char **argv)
{
	struct signer_options o;
	struct signer_said said;
	struct error err;
	int fd, rc = 0;
	pid_t pid;

	if (argc < 6) {
		fprintf(stderr,
		    "usage: sign DIR KEY PUB COUNT JAILS "
		    "[KEEP [TAKEN]]\n");
		return 64;
	}
	o = (struct signer_options){ .dir = argv[1], .key = argv[2],
		.public_key = argv[3],
		.keep = argc > 6 ? (size_t)atoi(argv[6]) : 0 };
	fd = signer_start(&o, &said, &pid, &err);
	if (fd == -1) {
		fprintf(stderr, "sign: %s\n", err.text);
		return 2;
	}
	for (int i = 0; rc == 0 && i < atoi(argv[4]); i++)
		rc = write_one(fd, i, atoi(argv[5]), argc > 7 ?
		    atoll(argv[7]) : 1700000000);
	close(fd);
	waitpid(pid, NULL, 0);
	print_cpu(atoi(argv[4]));
	return rc == 0 ? 0 : 1;
}
