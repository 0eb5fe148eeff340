/* SPDX-License-Identifier: BSD-2-Clause */
#include "call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Makes room for `more` iovecs. */
static int
reserve(struct jail_call *c, unsigned more)
{
	struct iovec *grown;
	unsigned room = c->room == 0 ? 32 : c->room;

	while (room - c->count < more)
		room *= 2;
	if (room == c->room)
		return 0;
	grown = realloc(c->iov, room * sizeof *grown);
	if (grown == NULL)
		return -1;
	c->iov = grown;
	c->room = room;
	return 0;
}

int
call_add(struct jail_call *c, const char *name, const void *value, size_t len)
{
	char *name_copy;
	void *value_copy = NULL;

	if (value == NULL)
		len = 0;
	if (reserve(c, 2) != 0)
		return -1;
	name_copy = strdup(name);
	if (name_copy == NULL)
		return -1;
	if (len > 0) {
		value_copy = malloc(len);
		if (value_copy == NULL) {
			free(name_copy);
			return -1;
		}
		memcpy(value_copy, value, len);
	}
	c->iov[c->count++] = (struct iovec){ name_copy, strlen(name) + 1 };
	c->iov[c->count++] = (struct iovec){ value_copy, len };
	return 0;
}

int
call_add_int(struct jail_call *c, const char *name, int value)
{
	return call_add(c, name, &value, sizeof value);
}

int
call_add_text(struct jail_call *c, const char *name, const char *text)
{
	return call_add(c, name, text, strlen(text) + 1);
}

int
call_add_bool(struct jail_call *c, const char *name, bool on)
{
	char negative[JAIL_NAME_MAX];

	if (on)
		return call_add(c, name, NULL, 0);
	if (param_negative(name, negative, sizeof negative) == NULL)
		return -1;
	return call_add(c, negative, NULL, 0);
}

void
call_finish(struct jail_call *c)
{
	for (unsigned i = 0; i < c->count; i++)
		free(c->iov[i].iov_base);
	free(c->iov);
	*c = (struct jail_call){ 0 };
}

int
call_failure(char errmsg[JAIL_ERRMSG_MAX], int code, struct error *err)
{
	errmsg[JAIL_ERRMSG_MAX - 1] = '\0';
	return error_set(err, code, "%s",
	    errmsg[0] != '\0' ? errmsg : strerror(code));
}

int
call_set(struct jail_kernel *k, struct jail_call *c, int flags,
    struct error *err)
{
	static char errmsg_name[] = "errmsg";
	int jid;

	if (reserve(c, 2) != 0)
		return error_sys(err, ENOMEM, "jail_set");
	/* Many failures leave the buffer as it was sent (jail_set(2)). */
	c->errmsg[0] = '\0';
	c->iov[c->count] = (struct iovec){ errmsg_name, sizeof errmsg_name };
	c->iov[c->count + 1] = (struct iovec){ c->errmsg, sizeof c->errmsg };
	jid = k->backend->set(k, c->iov, c->count + 2, flags);
	return jid >= 0 ? jid : call_failure(c->errmsg, errno, err);
}

int
call_descriptor(struct jail_kernel *k, int jid)
{
	int fd = -1, code;
	char key[] = "jid", desc[] = "desc";
	struct iovec iov[] = { { key, sizeof key }, { &jid, sizeof jid },
		{ desc, sizeof desc }, { &fd, sizeof fd } };

	if (k->backend->get(k, iov, sizeof iov / sizeof *iov, JAIL_GET_DESC) <
	    0)
		return -1;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		return fd;
	code = errno;
	close(fd);
	errno = code;
	return -1;
}
