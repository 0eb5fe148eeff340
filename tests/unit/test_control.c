/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket: who may ask, and what is no request. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include <sys/resource.h>

#include <time.h>

#include "agent/base/channel.h"
#include "agent/daemon/control.h"
#include "agent_fixture.h"

struct server {
	struct temp_dir dir;
	struct paths paths;
	struct event_base *base;
	struct control *control;
	struct control_client *kept;
	unsigned requests, gone;
};

static void
on_request(void *arg, struct control_client *client, json_t *request)
{
	struct server *s = arg;
	const char *command = json_string_value(json_object_get(request,
	    "command"));

	s->requests++;
	if (command != NULL && strcmp(command, "keep") == 0) {
		s->kept = client;
		return;
	}
	if (command != NULL && strcmp(command, "parts") == 0) {
		control_reply_text(client, "{\"you sa", 8, true);
		control_reply_text(client, "", 0, true);
		control_reply_text(client, "id\": \"parts\"}", 13, false);
		return;
	}
	control_reply(client, json_pack("{s:s}", "you said",
	    command != NULL ? command : "nothing"));
}

static void
on_gone(void *arg, struct control_client *client)
{
	struct server *s = arg;

	assert_ptr_equal(client, s->kept);
	s->kept = NULL;
	s->gone++;
}

static int
setup(void **state)
{
	struct server *s = calloc(1, sizeof *s);
	struct error err;

	alarm(60);
	temp_dir_make(&s->dir);
	snprintf(s->paths.control, PATHS_MAX, "%s",
	    temp_file(&s->dir, "control"));
	s->base = event_base_new();
	s->control = control_new(s->base, &s->paths, on_request, on_gone, s,
	    &err);
	if (s->control == NULL)
		fail_msg("%s", err.text);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct server *s = *state;

	control_free(s->control);
	event_base_free(s->base);
	assert_int_equal(access(s->paths.control, F_OK), -1);
	temp_dir_remove(&s->dir);
	free(s);
	return 0;
}

static void
serve_for(struct server *s, long ms)
{
	struct timeval tv = { 0, ms * 1000 };

	event_base_loopexit(s->base, &tv);
	event_base_dispatch(s->base);
}

/* What this process has sent is there at once; it takes a few turns. */
static void
serve(struct server *s)
{
	for (int i = 0; i < 10; i++)
		assert_int_not_equal(event_base_loop(s->base,
		    EVLOOP_NONBLOCK), -1);
}

/* Until the process ends; returns its exit status. */
static int
serve_process(struct server *s, pid_t pid)
{
	int status = -1;

	for (int i = 0; i < 500 && waitpid(pid, &status, WNOHANG) == 0; i++)
		serve_for(s, 10);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
connect_raw(struct server *s)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(strlen(s->paths.control) < sizeof sun.sun_path);
	memcpy(sun.sun_path, s->paths.control, strlen(s->paths.control));
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof sun), 0);
	return fd;
}

/* Sends bytes as a request; the reply's "error", or "closed"; static. */
static const char *
ask_raw(struct server *s, unsigned type, const char *text, size_t len)
{
	static char answer[512];
	int fd = connect_raw(s);
	struct message m;
	struct pollfd p = { fd, POLLIN, 0 };
	json_t *o;

	assert_int_equal(channel_write(fd, type, 0, text, len), 0);
	serve(s);
	if (poll(&p, 1, 0) != 1 || channel_read(fd, &m, NULL) != 1) {
		close(fd);
		return "closed";
	}
	o = json_loadb((char *)m.data, m.len, 0, NULL);
	free(m.data);
	snprintf(answer, sizeof answer, "%s", json_is_string(json_object_get(o,
	    "error")) ? json_string_value(json_object_get(o, "error")) :
	    json_string_value(json_object_get(o, "you said")));
	json_decref(o);
	close(fd);
	return answer;
}

static void
what_is_no_request(void **state)
{
	static const char *const garbage[] = { "", "{", "[]", "1", "null",
		"{}", "{\"version\":\"1\"}", "{\"version\":1.5}",
		"\xff\xfe", "{\"version\":1}}", "{\"a\":1,\"version\":1" };
	struct server *s = *state;
	char deep[8192];

	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
		assert_string_equal(ask_raw(s, 1, garbage[i],
		    strlen(garbage[i])), "the request is not understood");
	memset(deep, '[', sizeof deep);
	assert_string_equal(ask_raw(s, 1, deep, sizeof deep),
	    "the request is not understood");
	assert_string_equal(ask_raw(s, 7, "{\"version\":1}", 13),
	    "the request is not understood");
	assert_non_null(strstr(ask_raw(s, 1, "{\"version\":2}", 13),
	    "another version"));
	assert_int_equal(s->requests, 0);
	assert_string_equal(ask_raw(s, 1, "{\"version\":1}", 13), "nothing");
	assert_string_equal(ask_raw(s, 1,
	    "{\"version\":1,\"command\":\"x\"}", 27), "x");
	assert_int_equal(s->requests, 2);
}

static void
too_long_ends_the_connection(void **state)
{
	struct server *s = *state;
	struct { uint32_t len, type; uint64_t number; } head = {
		CHANNEL_MAX + 1, 1, 0 };
	int fd = connect_raw(s);
	char c;

	assert_int_equal(write(fd, &head, sizeof head), sizeof head);
	serve(s);
	assert_int_equal(read(fd, &c, 1), 0);
	close(fd);
	assert_int_equal(s->requests, 0);
	assert_string_equal(ask_raw(s, 1, "{\"version\":1}", 13), "nothing");
}

/* One that is cut short, or never sends, disturbs nobody. */
static void
silent_clients(void **state)
{
	struct server *s = *state;
	int fd[20];

	for (size_t i = 0; i < 20; i++) {
		fd[i] = connect_raw(s);
		if (i % 2 == 0)
			assert_int_equal(write(fd[i], "\1\0\0", 3), 3);
	}
	assert_string_equal(ask_raw(s, 1, "{\"version\":1}", 13), "nothing");
	for (size_t i = 0; i < 20; i += 3)
		close(fd[i]);
	assert_string_equal(ask_raw(s, 1, "{\"version\":1}", 13), "nothing");
	for (size_t i = 0; i < 20; i++)
		if (i % 3 != 0)
			close(fd[i]);
	serve(s);
	assert_int_equal(s->gone, 0);
}

static void
client_that_waits_goes_away(void **state)
{
	struct server *s = *state;
	const char *keep = "{\"version\":1,\"command\":\"keep\"}";
	int fd = connect_raw(s);

	assert_int_equal(channel_write(fd, 1, 0, keep, strlen(keep)), 0);
	serve(s);
	assert_non_null(s->kept);
	/* A second request of the same client is not heard. */
	assert_int_equal(channel_write(fd, 1, 0, keep, strlen(keep)), 0);
	serve(s);
	assert_int_equal(s->requests, 1);
	close(fd);
	serve(s);
	assert_int_equal(s->gone, 1);
	assert_null(s->kept);
	/* Answered before it goes: nobody is told. */
	fd = connect_raw(s);
	assert_int_equal(channel_write(fd, 1, 0, keep, strlen(keep)), 0);
	serve(s);
	control_reply(s->kept, json_object());
	close(fd);
	serve(s);
	assert_int_equal(s->gone, 1);
	/* And one that is still there when the agent ends. */
	fd = connect_raw(s);
	assert_int_equal(channel_write(fd, 1, 0, keep, strlen(keep)), 0);
	serve(s);
	close(fd);
}

static void
calls_and_timeouts(void **state)
{
	struct server *s = *state;
	pid_t pid = fork();
	struct error err;
	json_t *reply = NULL;
	int rc;

	if (pid == 0) {
		rc = control_call(&s->paths, "hello", json_pack("{s:i}", "n",
		    1), 5000, &reply, &err);
		if (rc != 0 || strcmp(json_string_value(json_object_get(reply,
		    "you said")), "hello") != 0)
			_exit(1);
		rc = control_call(&s->paths, "parts", NULL, 5000, &reply,
		    &err);
		if (rc != 0 || strcmp(json_string_value(json_object_get(reply,
		    "you said")), "parts") != 0)
			_exit(3);
		if (control_call(&s->paths, "keep", NULL, 20, &reply,
		    &err) != 2)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(serve_process(s, pid), 0);
	serve(s);
	/* No agent: told apart from errors. */
	control_free(s->control);
	s->control = NULL;
	assert_int_equal(control_call(&s->paths, "x", NULL, 100, &reply,
	    &err), 1);
}

static void
other_users_are_refused(void **state)
{
	struct server *s = *state;
	pid_t pid;

	if (geteuid() != 0) {
		print_message("skip: needs root\n");
		skip();
	}
	assert_int_equal(chmod(s->dir.path, 0755), 0);
	assert_int_equal(chmod(s->paths.control, 0666), 0);
	pid = fork();
	if (pid == 0) {
		struct error err;
		json_t *reply;

		if (chdir(s->dir.path) != 0 || setgid(65534) != 0 ||
		    setuid(65534) != 0)
			_exit(9);
		_exit(control_call(&s->paths, "hello", NULL, 3000, &reply,
		    &err) == -1 ? 0 : 1);
	}
	assert_int_equal(serve_process(s, pid), 0);
	assert_int_equal(s->requests, 0);
}

/* Without a descriptor left nobody is turned away, and nothing spins. */
static void
no_descriptors_for_a_while(void **state)
{
	struct server *s = *state;
	int full[256], status = -1;
	size_t count = 0;
	struct rlimit old, few = { .rlim_cur = 64 };
	clock_t used;
	pid_t pid;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few.rlim_max = old.rlim_max;
	pid = fork();
	if (pid == 0) {
		struct error err;
		json_t *reply;

		_exit(control_call(&s->paths, "hello", NULL, 5000, &reply,
		    &err));
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (count < 256 && (full[count] = dup(0)) >= 0)
		count++;
	assert_int_equal(errno, EMFILE);
	used = clock();
	serve_for(s, 500);
	used = clock() - used;
	assert_int_equal(s->requests, 0);
	assert_true(used < CLOCKS_PER_SEC / 10);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	while (count > 0)
		close(full[--count]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(serve_process(s, pid), 0);
	assert_int_equal(s->requests, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_no_request),
		TEST(too_long_ends_the_connection),
		TEST(silent_clients),
		TEST(client_that_waits_goes_away),
		TEST(calls_and_timeouts),
		TEST(other_users_are_refused),
		TEST(no_descriptors_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
