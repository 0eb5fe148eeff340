/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daemon/control.h"

#include <event2/event.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/base/channel.h"
#include "agent/daemon/daemon.h"
#include "kernel/compat.h"

/* A reply is the bytes of all parts and of what ends them. */
enum { CONTROL_REQUEST = 1, CONTROL_REPLY = 2, CONTROL_PART = 3 };

struct control_client {
	TAILQ_ENTRY(control_client) link;
	struct control *control;
	struct channel *channel;
	bool asked; /* its request is not answered yet */
	bool answered;
};

struct control {
	struct event_base *base;
	struct event *accept;
	struct event *again; /* accept after a pause */
	bool short_of_files; /* said already */
	int fd;
	char path[PATHS_MAX];
	control_request_fn *on_request;
	control_gone_fn *on_gone;
	void *arg;
	TAILQ_HEAD(, control_client) clients;
};

static int
address(const char *path, struct sockaddr_un *sun)
{
	memset(sun, 0, sizeof *sun);
	sun->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof sun->sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sun->sun_path, path, strlen(path) + 1);
	return 0;
}

static void
client_free(struct control_client *c)
{
	TAILQ_REMOVE(&c->control->clients, c, link);
	channel_free(c->channel);
	free(c);
}

static void
refuse(struct control_client *c, const char *why)
{
	control_reply(c, json_pack("{s:s}", "error", why));
}

static void
on_message(void *arg, struct channel *channel, const struct message *m)
{
	struct control_client *c = arg;
	json_t *request;
	int version;

	(void)channel;
	if (c->asked || c->answered)
		return;
	c->asked = true;
	request = m->type != CONTROL_REQUEST ? NULL :
	    json_loadb((const char *)m->data, m->len, 0, NULL);
	if (!json_is_object(request) ||
	    json_unpack(request, "{s:i}", "version", &version) != 0)
		refuse(c, "the request is not understood");
	else if (version != CONTROL_VERSION)
		refuse(c, "the agent is of another version; restart it after "
		    "an upgrade");
	else
		c->control->on_request(c->control->arg, c, request);
	json_decref(request);
}

static void
on_closed(void *arg, struct channel *channel)
{
	struct control_client *c = arg;

	(void)channel;
	if (c->asked && c->control->on_gone != NULL)
		c->control->on_gone(c->control->arg, c);
	client_free(c);
}

static bool
welcome(int fd)
{
	uid_t uid;

	return compat_peer_uid(fd, &uid) == 0 &&
	    (uid == 0 || uid == geteuid());
}

static void
accept_again(evutil_socket_t fd, short what, void *arg)
{
	struct control *control = arg;

	(void)fd;
	(void)what;
	event_add(control->accept, NULL);
}

/* Who waits stays in the queue; to ask at once would be to ask for ever. */
static void
pause_accept(struct control *control, int code)
{
	static const struct timeval pause = { 0, 100 * 1000 };

	if (!control->short_of_files)
		daemon_log("control socket: %s; commands wait", strerror(code));
	control->short_of_files = true;
	event_del(control->accept);
	evtimer_add(control->again, &pause);
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct control *control = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct control_client *c;

	(void)what;
	if (fd == -1) {
		if (errno == EMFILE || errno == ENFILE)
			pause_accept(control, errno);
		return;
	}
	control->short_of_files = false;
	c = welcome(fd) ? calloc(1, sizeof *c) : NULL;
	if (c == NULL) {
		close(fd);
		return;
	}
	c->control = control;
	c->channel = channel_new(control->base, fd, on_message, on_closed, c);
	if (c->channel == NULL) {
		free(c); /* fd is closed already */
		return;
	}
	TAILQ_INSERT_TAIL(&control->clients, c, link);
}

struct control *
control_new(struct event_base *base, const struct paths *paths,
    control_request_fn *on_request, control_gone_fn *on_gone, void *arg,
    struct error *err)
{
	struct control *c = calloc(1, sizeof *c);
	struct sockaddr_un sun;

	if (c == NULL) {
		error_sys(err, ENOMEM, "control socket");
		return NULL;
	}
	c->base = base;
	c->on_request = on_request;
	c->on_gone = on_gone;
	c->arg = arg;
	c->fd = -1;
	TAILQ_INIT(&c->clients);
	snprintf(c->path, sizeof c->path, "%s", paths->control);
	/* Whoever left it is dead: the lock is ours. */
	unlink(c->path);
	if (address(c->path, &sun) != 0 ||
	    (c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0)) == -1 ||
	    bind(c->fd, (struct sockaddr *)&sun, sizeof sun) != 0 ||
	    listen(c->fd, 64) != 0) {
		error_sys(err, errno, "%s", c->path);
		goto fail;
	}
	c->accept = event_new(base, c->fd, EV_READ | EV_PERSIST, on_accept, c);
	c->again = evtimer_new(base, accept_again, c);
	if (c->again == NULL || c->accept == NULL || event_add(c->accept, NULL) != 0) {
		error_sys(err, ENOMEM, "control socket");
		goto fail;
	}
	return c;
fail:
	control_free(c);
	return NULL;
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	while (!TAILQ_EMPTY(&c->clients))
		client_free(TAILQ_FIRST(&c->clients));
	if (c->accept != NULL)
		event_free(c->accept);
	if (c->again != NULL)
		event_free(c->again);
	if (c->fd != -1) {
		close(c->fd);
		unlink(c->path);
	}
	free(c);
}

void
control_reply(struct control_client *client, json_t *reply)
{
	char *text = reply == NULL ? NULL : json_dumps(reply, JSON_COMPACT);

	json_decref(reply);
	if (text == NULL)
		text = strdup("{\"error\":\"out of memory\"}");
	control_reply_text(client, text, text == NULL ? 0 : strlen(text),
	    false);
	free(text);
}

void
control_reply_text(struct control_client *client, const char *text,
    size_t len, bool more)
{
	if (text != NULL)
		channel_send(client->channel, more ? CONTROL_PART :
		    CONTROL_REPLY, 0, text, len);
	/* The command closes when it has read it. */
	client->asked = more;
	client->answered = !more;
}

/* ------------------------------------------------------ a command's side */

static int
connect_agent(const struct paths *paths, struct error *err)
{
	struct sockaddr_un sun;
	int fd;

	if (address(paths->control, &sun) != 0)
		return error_sys(err, errno, "%s", paths->control);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return error_sys(err, errno, "control socket");
	if (connect(fd, (struct sockaddr *)&sun, sizeof sun) != 0) {
		int saved = errno;

		close(fd);
		error_sys(err, saved, "%s", paths->control);
		return saved == ENOENT || saved == ECONNREFUSED ? -2 : -1;
	}
	return fd;
}

/*
 * Nobody answers where an agent of this user would listen.  One with the state
 * directory of somebody else listens elsewhere, and not to this user.
 */
static int
check_owner(const struct paths *paths, struct error *err)
{
	struct stat st;
	char who[64] = "root";

	if (geteuid() == 0)
		return 0;
	if (stat(paths->state, &st) != 0)
		return errno != EACCES ? 0 : error_sys(err, EACCES,
		    "state directory %s", paths->state);
	if (st.st_uid == geteuid())
		return 0;
	if (st.st_uid != 0)
		snprintf(who, sizeof who, "user %ld", (long)st.st_uid);
	return error_set(err, EACCES, "permission is missing: state directory "
	    "%s belongs to %s, and only %s can ask its agent", paths->state,
	    who, who);
}

static int
await_reply(int fd, int timeout_ms, json_t **reply, struct error *err)
{
	struct pollfd p = { fd, POLLIN, 0 };
	struct buffer text = { 0 };
	struct message m;
	int n;

	do {
		n = poll(&p, 1, timeout_ms) == 0 ? 2 :
		    channel_read(fd, &m, err);
		if (n != 1) {
			buffer_free(&text);
			return n == 0 ? error_set(err, EPIPE, "the agent "
			    "ended, or does not listen to this user") : n;
		}
		buffer_add(&text, m.data, m.len);
		free(m.data);
	} while (m.type == CONTROL_PART);
	*reply = text.failed ? NULL : json_loadb(text.data, text.len, 0, NULL);
	buffer_free(&text);
	if (*reply == NULL)
		return error_set(err, EPROTO, "the agent's reply is damaged");
	return 0;
}

int
control_call(const struct paths *paths, const char *command, json_t *more,
    int timeout_ms, json_t **reply, struct error *err)
{
	json_t *request = json_pack("{s:i, s:s}", "version", CONTROL_VERSION,
	    "command", command);
	char *text;
	int fd, rc = -1;

	if (more != NULL)
		json_object_update(request, more);
	json_decref(more);
	text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	fd = connect_agent(paths, err);
	if (fd < 0) {
		free(text);
		return fd == -2 && check_owner(paths, err) == 0 ? 1 : -1;
	}
	if (text == NULL)
		error_sys(err, ENOMEM, "request");
	else if (channel_write(fd, CONTROL_REQUEST, 0, text,
	    strlen(text)) != 0)
		error_sys(err, errno, "%s", paths->control);
	else
		rc = await_reply(fd, timeout_ms, reply, err);
	free(text);
	close(fd);
	return rc;
}

const char *
control_text(const json_t *o, const char *key, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : otherwise;
}
