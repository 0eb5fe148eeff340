/* SPDX-License-Identifier: BSD-2-Clause */
/* The opener's side: starting the spawner and asking it. */
#include "spawner.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <poll.h>
#include <signal.h>
#include <stdbool.h>

#include "haste.h"
#include "message.h"
#include "serve.h"
#include "kernel/gate.h"
#include "sys.h"

/* The socket buffer counts the kernel's overhead too. */
#define SOCKET_BUFFER (2 * MESSAGE_MAX)

/* How often to look whether a child is stuck, and how long one may take. */
#define STUCK_LOOK_MS 20
#define STUCK_LIMIT_MS 10000
#define STUCK_TEXT "starting took too long or was stopped by the jail's " \
	"processes, and was given up"

static int
make_sockets(int sock[2], struct error *err)
{
	int size = SOCKET_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) != 0)
		return error_sys(err, errno, "a socket to the spawner");
	for (int i = 0; i < 2; i++)
		setsockopt(sock[i], SOL_SOCKET, SO_SNDBUFFORCE, &size,
		    sizeof size);
	return 0;
}

static void
reap(pid_t pid)
{
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

/*
 * A child that starts a program in a jail is one of the jail's processes for
 * a moment, and root inside can stop it: the spawner would stand still, and
 * everybody who waits for it.  It is a child of ours: its pid is its own until
 * we reap it.  Returns whether it was killed.
 */
static bool
kill_stuck(const struct spawner *s, bool waited_long)
{
	pid_t pid = __atomic_load_n(s->starting, __ATOMIC_ACQUIRE);
	siginfo_t info = { 0 };

	if (pid <= 0)
		return false;
	if (!waited_long && (waitid(P_PID, (id_t)pid, &info, WSTOPPED |
	    WNOHANG | WNOWAIT | __WALL) != 0 || info.si_pid != pid))
		return false;
	kill(pid, SIGKILL);
	return true;
}

/*
 * Waits for a reply, or for something at a gate (-1: none); *at_gate tells
 * which.  Returns whether a child had to be killed for it.
 */
static bool
await(const struct spawner *s, int gate, bool *at_gate)
{
	struct pollfd p[2] = {
		{ .fd = s->sock, .events = POLLIN },
		{ .fd = gate, .events = POLLIN },
	};
	bool killed = false;

	for (int ms = 0; poll(p, 2, STUCK_LOOK_MS) <= 0; ms += STUCK_LOOK_MS)
		killed |= kill_stuck(s, ms >= STUCK_LIMIT_MS);
	*at_gate = p[1].revents != 0;
	return killed;
}

/*
 * Returns 0, 1 when the spawner has ended, -1 with err.  `killed`: the child
 * that it speaks of has been, already.
 */
static int
receive_reply(struct spawner *s, bool killed, struct reply *r,
    struct error *err)
{
	int fds[MESSAGE_FDS];
	bool none;
	ssize_t n;

	killed |= await(s, -1, &none);
	n = message_receive(s->sock, r, sizeof *r, fds);
	if (n < 0 && errno != ECONNRESET)
		return error_sys(err, errno, "reading from the spawner");
	if ((size_t)n != sizeof *r)
		return 1;
	r->text[sizeof r->text - 1] = '\0';
	if (killed && r->error == 0 && r->value >= 0) {
		r->error = ETIMEDOUT;
		r->reap = r->reap > 0 ? r->reap : r->value;
		memcpy(r->text, STUCK_TEXT, sizeof STUCK_TEXT);
	}
	return 0;
}

/* The first answer tells whether it is ready. */
static int
await_ready(struct spawner *s, struct error *err)
{
	struct reply r;
	int rc = receive_reply(s, false, &r, err);

	if (rc > 0)
		return error_set(err, EPIPE, "the spawner of jails has ended "
		    "at once");
	if (rc == 0 && r.error != 0)
		return error_set(err, r.error, "%s", r.text);
	return rc;
}

int
spawner_start(struct spawner *s, struct error *err)
{
	int sock[2];

	s->opener = getpid();
	s->pid = s->sock = -1;
	if (make_sockets(sock, err) != 0)
		return -1;
	s->sock = sock[0];
	s->starting = mmap(NULL, sizeof *s->starting, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->starting != MAP_FAILED) {
		s->pid = fork();
		if (s->pid == 0)
			serve(sock[1], s);
	}
	if (s->pid < 0)
		error_sys(err, errno, "starting the spawner of jails");
	close_fd(&sock[1]);
	if (s->pid > 0 && await_ready(s, err) == 0) {
		haste_pass(s->pid);
		return 0;
	}
	spawner_stop(s);
	return -1;
}

void
spawner_stop(struct spawner *s)
{
	if (s->pid > 0 && s->opener == getpid()) {
		/* Others may have inherited the socket: closing is not enough. */
		shutdown(s->sock, SHUT_RDWR);
		reap(s->pid);
	}
	close_fd(&s->sock);
	if (s->starting != NULL && s->starting != MAP_FAILED)
		munmap(s->starting, sizeof *s->starting);
	s->starting = NULL;
	s->pid = -1;
}

/* The next call starts another one. */
static int
has_ended(struct spawner *s, struct error *err)
{
	spawner_stop(s);
	return error_set(err, EPIPE, "the spawner of jails has ended while it "
	    "was asked; try again");
}

static int
send_request(struct spawner *s, const void *request, size_t len,
    const int *fds, size_t nfds, struct error *err)
{
	if (message_send(s->sock, request, len, fds, nfds) == 0)
		return 0;
	if (errno == EPIPE || errno == ECONNRESET)
		return has_ended(s, err);
	if (errno == E2BIG || errno == EMSGSIZE)
		return error_set(err, E2BIG, "arguments and environment are "
		    "longer than %d KiB", MESSAGE_MAX / 1024);
	return error_sys(err, errno, "asking the spawner of jails");
}

static int
take_reply(struct spawner *s, bool killed, struct error *err)
{
	struct reply r;
	int rc = receive_reply(s, killed, &r, err);

	if (rc > 0)
		return has_ended(s, err);
	if (rc < 0)
		return -1;
	if (r.reap > 0)
		reap(r.reap);
	if (r.error == 0)
		return r.value;
	return error_set(err, r.error, "%s", r.text);
}

int
spawner_call(struct spawner *s, const void *request, size_t len,
    const int *fds, size_t nfds, struct error *err)
{
	if (s->pid < 0 && spawner_start(s, err) != 0)
		return -1;
	if (send_request(s, request, len, fds, nfds, err) != 0)
		return -1;
	return take_reply(s, false, err);
}

void
spawner_clear(struct spawner *s, const void *request, size_t len)
{
	struct error err;

	if (spawner_call(s, request, len, NULL, 0, &err) < 0 &&
	    err.code == EPIPE)
		(void)spawner_call(s, request, len, NULL, 0, &err);
}

int
spawner_exec(struct spawner *s, const void *request, size_t len,
    const int fds[4], const struct jail_exec *x, struct error *err)
{
	struct error why;
	int all[5] = { fds[0], fds[1], fds[2], fds[3], -1 };
	int gate[2], sent, opened = 0, pid;
	bool killed, at_gate;

	if (x->started == NULL)
		return spawner_call(s, request, len, fds, 4, err);
	if (s->pid < 0 && spawner_start(s, err) != 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate) != 0)
		return error_sys(err, errno, "socketpair");
	all[4] = gate[1];
	sent = send_request(s, request, len, all, 5, err);
	close_fd(&gate[1]);
	if (sent != 0) {
		close_fd(&gate[0]);
		return -1;
	}
	/*
	 * The spawner stands still until its child runs, and the child until
	 * the gate opens: whatever happens, one of the two descriptors tells.
	 */
	killed = await(s, gate[0], &at_gate);
	if (at_gate)
		opened = gate_open(gate[0], x, &why);
	else
		close_fd(&gate[0]);
	pid = take_reply(s, killed, err);
	if (pid == -1 && opened != 0)
		return error_set(err, why.code, "%s", why.text);
	return pid;
}
