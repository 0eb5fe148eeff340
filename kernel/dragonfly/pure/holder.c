/* SPDX-License-Identifier: BSD-2-Clause */
#include "holder.h"

#include <errno.h>
#include <unistd.h>

#define MAGIC 0x6a61686fu
#define RELEASE 'r'

static ssize_t
read_some(int fd, void *buf, size_t size)
{
	ssize_t n;

	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	return n;
}

static ssize_t
write_all(int fd, const void *buf, size_t size)
{
	ssize_t n;

	/* Less than PIPE_BUF bytes arrive as a whole. */
	do
		n = write(fd, buf, size);
	while (n < 0 && errno == EINTR);
	return n;
}

bool
holder_begin(int report, int release, int (*enter)(void *arg), void *arg)
{
	struct holder_report r = { .magic = MAGIC, .pid = (int32_t)getpid() };
	char byte = 0;

	r.jid = enter(arg);
	if (r.jid <= 0) {
		r.code = errno != 0 ? errno : EPROTO;
		r.jid = 0;
	}
	if (write_all(report, &r, sizeof r) != (ssize_t)sizeof r || r.jid == 0)
		return false;
	return read_some(release, &byte, 1) == 1 && byte == RELEASE;
}

int
holder_receive(int report, struct holder_report *r)
{
	size_t len = 0;

	while (len < sizeof *r) {
		ssize_t n = read_some(report, (char *)r + len,
		    sizeof *r - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (len < sizeof *r || r->magic != MAGIC || r->pid <= 0 || r->jid < 0 ||
	    (r->jid == 0) != (r->code != 0)) {
		errno = EPROTO;
		return -1;
	}
	if (r->jid == 0) {
		errno = r->code;
		return -1;
	}
	return 0;
}

int
holder_release(int release)
{
	char byte = RELEASE;

	return write_all(release, &byte, 1) == 1 ? 0 : -1;
}
