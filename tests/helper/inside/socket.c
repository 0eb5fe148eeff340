/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets of a jail, tried from inside against a server on the host:
 *
 *	socket serve CONTROL	on the host; CONTROL is a path in the jail's root
 *	socket try CONTROL	in the jail; reads tries, writes a result for each
 *
 * A try is a line; P is tcp4, udp4, tcp6, udp6, dual (IPv6 that takes IPv4 too)
 * or raw4, A and B are addresses:
 *
 *	open P		"ok"
 *	bind P A	the address that the socket has then
 *	listen P	the same, for listen(2) without bind(2)
 *	connect P A	"FROM>TO": addresses as the server sees them
 *	from P A B	the same with the socket bound to A
 *	reply P A B	udp: bound to A, sends to B; the answer's FROM>TO
 *	route P A	udp: the own address after connect(2) to A
 *	send P A	udp: FROM>TO without connect(2)
 *	source P A B	udp: from A, which comes with the message
 *	accept P A B	bound to A; "ok" if the server, sending to B, comes in
 *	share P A	two sockets on one port of A, both of which ask for it
 *	late P A	the same, the first asking when it is bound already
 *	beside P A B	one on the server's port of A that would share it: what
 *			connections to the server at B get then
 *
 * or the name of the error.  The server listens on all addresses.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORT 7001
#define WAIT_MS 400
#define CAME_MS 100 /* for what was sent some time before */
#define TEXT 256

struct protocol {
	const char *name;
	int family, type;
	bool dual;
};

static const struct protocol protocols[] = {
	{ "tcp4", AF_INET, SOCK_STREAM, false },
	{ "udp4", AF_INET, SOCK_DGRAM, false },
	{ "raw4", AF_INET, SOCK_RAW, false },
	{ "tcp6", AF_INET6, SOCK_STREAM, false },
	{ "udp6", AF_INET6, SOCK_DGRAM, false },
	{ "dual", AF_INET6, SOCK_STREAM, true },
};

static const struct {
	int number;
	const char *name;
} errors[] = {
	{ EADDRNOTAVAIL, "EADDRNOTAVAIL" }, { EAFNOSUPPORT, "EAFNOSUPPORT" },
	{ EPROTONOSUPPORT, "EPROTONOSUPPORT" }, { EPERM, "EPERM" },
	{ EACCES, "EACCES" }, { EINVAL, "EINVAL" },
	{ ECONNREFUSED, "ECONNREFUSED" }, { ENETUNREACH, "ENETUNREACH" },
	{ EHOSTUNREACH, "EHOSTUNREACH" }, { ETIMEDOUT, "ETIMEDOUT" },
	{ EAGAIN, "timeout" }, { EADDRINUSE, "EADDRINUSE" },
	{ EINPROGRESS, "timeout" },
};

static const char *
error_name(int number)
{
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (errors[i].number == number)
			return errors[i].name;
	return strerror(number);
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t
make_address(int family, const char *text, int port, union address *a)
{
	memset(a, 0, sizeof *a);
	a->any.sa_family = (unsigned char)family;
	if (family == AF_INET) {
		a->v4.sin_port = htons((uint16_t)port);
		if (inet_pton(AF_INET, text, &a->v4.sin_addr) != 1)
			exit(64);
		return sizeof a->v4;
	}
	a->v6.sin6_port = htons((uint16_t)port);
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) != 1)
		exit(64);
	return sizeof a->v6;
}

static const char *
show(const union address *a, char *buf)
{
	const void *bytes = a->any.sa_family == AF_INET ?
	    (const void *)&a->v4.sin_addr : (const void *)&a->v6.sin6_addr;

	if (inet_ntop(a->any.sa_family, bytes, buf, TEXT) == NULL)
		return "?";
	/* The address alone, whatever socket it was seen through. */
	return strncmp(buf, "::ffff:", 7) == 0 ? buf + 7 : buf;
}

static int
port_of(const union address *a)
{
	return ntohs(a->v4.sin_port); /* v6 has it in the same place */
}

static const struct protocol *
find(const char *name)
{
	for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
		if (strcmp(protocols[i].name, name) == 0)
			return &protocols[i];
	fprintf(stderr, "socket: no protocol %s\n", name);
	exit(64);
}

static int
make(const struct protocol *p)
{
	struct timeval wait = { 0, WAIT_MS * 1000 };
	int only = !p->dual;
	int fd = socket(p->family, p->type, p->type == SOCK_RAW ?
	    IPPROTO_ICMP : 0);

	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
		if (p->family == AF_INET6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only,
			    sizeof only);
	}
	return fd;
}

/* The socket's own name, or the error of the call before. */
static void
print_name(int fd, int rc)
{
	union address a;
	socklen_t len = sizeof a;
	char buf[TEXT];
	int one = 1;

	if (rc == 0) /* too late: the kernel refuses it, and nothing changes */
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (rc != 0 || getsockname(fd, &a.any, &len) != 0)
		puts(error_name(errno));
	else
		puts(show(&a, buf));
}

static int
do_bind(int fd, const struct protocol *p, const char *text, int port)
{
	union address a;

	return bind(fd, &a.any, make_address(p->family, text, port, &a));
}

static void
ask_to_share(int fd)
{
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
}

static int
bind_port(int fd, const struct protocol *p, const char *text, int port)
{
	return do_bind(fd, p, text, port) != 0 ||
	    (p->type == SOCK_STREAM && listen(fd, 16) != 0) ? -1 : 0;
}

/* Reads the server's answer and prints it. */
static void
print_answer(int fd)
{
	char buf[TEXT];
	ssize_t n = read(fd, buf, sizeof buf - 1);

	buf[n > 0 ? n : 0] = '\0';
	puts(n < 0 ? error_name(errno) : n == 0 ? "closed" : buf);
}

static int
do_connect(int fd, const struct protocol *p, const char *to)
{
	union address a;

	return connect(fd, &a.any, make_address(p->family, to, PORT, &a));
}

static void
try_connect(int fd, const struct protocol *p, const char *to)
{
	if (do_connect(fd, p, to) != 0 || write(fd, "?", 1) != 1)
		puts(error_name(errno));
	else
		print_answer(fd);
}

static void
try_send(int fd, const struct protocol *p, const char *to)
{
	union address a;

	if (sendto(fd, "?", 1, 0, &a.any,
	    make_address(p->family, to, PORT, &a)) != 1)
		puts(error_name(errno));
	else
		print_answer(fd);
}

/* A control message that says from which address a datagram goes. */
static void
try_source(int fd, const struct protocol *p, const char *from,
    const char *to)
{
	_Alignas(struct cmsghdr) char control[128];
	union address a, source;
	struct iovec iov = { (void *)(uintptr_t)"?", 1 };
	struct msghdr m = { 0 };
	struct cmsghdr *c;

	m.msg_namelen = make_address(p->family, to, PORT, &a);
	make_address(p->family, from, 0, &source);
	m.msg_name = &a;
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	m.msg_control = memset(control, 0, sizeof control);
	m.msg_controllen = sizeof control;
	c = CMSG_FIRSTHDR(&m);
	if (p->family == AF_INET6) {
		struct in6_pktinfo info = { source.v6.sin6_addr, 0 };

		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof info);
		memcpy(CMSG_DATA(c), &info, sizeof info);
		m.msg_controllen = CMSG_SPACE(sizeof info);
	} else {
#ifdef IP_SENDSRCADDR
		struct in_addr info = source.v4.sin_addr;

		c->cmsg_type = IP_SENDSRCADDR;
#else
		struct in_pktinfo info = { .ipi_spec_dst =
		    source.v4.sin_addr };

		c->cmsg_type = IP_PKTINFO;
#endif
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_len = CMSG_LEN(sizeof info);
		memcpy(CMSG_DATA(c), &info, sizeof info);
		m.msg_controllen = CMSG_SPACE(sizeof info);
	}
#ifdef IP_SENDSRCADDR
	/* FreeBSD wants a socket with a port and without an address. */
	if (p->family == AF_INET && do_bind(fd, p, "0.0.0.0", 0) != 0) {
		puts(error_name(errno));
		return;
	}
#endif
	if (sendmsg(fd, &m, 0) != 1)
		puts(error_name(errno));
	else
		print_answer(fd);
}

static int
control_socket(const char *path, struct sockaddr_un *un)
{
	memset(un, 0, sizeof *un);
	un->sun_family = AF_UNIX;
	snprintf(un->sun_path, sizeof un->sun_path, "%s", path);
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

/* Asks the server to come to an address; waits until it says it has. */
static void
call_server(const char *control, const char *name, const char *to, int port)
{
	struct sockaddr_un un;
	int fd = control_socket(control, &un);
	char line[TEXT];

	if (connect(fd, (struct sockaddr *)&un, sizeof un) != 0) {
		perror(control);
		exit(1);
	}
	snprintf(line, sizeof line, "%s %s %d\n", name, to, port);
	if (write(fd, line, strlen(line)) < 0 ||
	    read(fd, line, sizeof line) < 0)
		perror(control);
	close(fd);
}

static void
try_accept(int fd, const struct protocol *p, const char *control,
    const char *at, const char *to)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	union address a;
	socklen_t len = sizeof a;

	if (bind_port(fd, p, at, 0) != 0 ||
	    getsockname(fd, &a.any, &len) != 0) {
		puts(error_name(errno));
		return;
	}
	call_server(control, strchr(to, ':') != NULL ?
	    p->type == SOCK_STREAM ? "tcp6" : "udp6" :
	    p->type == SOCK_STREAM ? "tcp4" : "udp4", to, port_of(&a));
	puts(poll(&ready, 1, CAME_MS) > 0 ? "ok" : "nothing");
}

static void
try_share(int fd, const struct protocol *p, const char *at, bool late)
{
	int other = make(p), rc;
	union address a;
	socklen_t len = sizeof a;

	if (!late)
		ask_to_share(fd);
	ask_to_share(other);
	rc = bind_port(fd, p, at, 0);
	if (rc == 0 && (rc = getsockname(fd, &a.any, &len)) == 0) {
		ask_to_share(fd);
		rc = bind_port(other, p, at, port_of(&a));
	}
	print_name(other, rc);
	close(other);
}

/* With several, since Linux deals them out. */
static void
try_beside(int fd, const struct protocol *p, const char *at, const char *to)
{
	char buf[TEXT];
	ssize_t n = 0;

	ask_to_share(fd);
	if (bind_port(fd, p, at, PORT) != 0) {
		puts(error_name(errno));
		return;
	}
	for (int i = 0, other; i < 8 && n >= 0; i++) {
		other = make(p);
		n = do_connect(other, p, to) != 0 || write(other, "?", 1) != 1 ?
		    -1 : read(other, buf, sizeof buf - 1);
		buf[n > 0 ? n : 0] = '\0';
		close(other);
	}
	puts(n < 0 ? error_name(errno) : buf);
}

static void
try_one(const char *control, const char *what, const char *name,
    const char *a, const char *b)
{
	const struct protocol *p = find(name);
	int fd = make(p);

	if (fd < 0 || strcmp(what, "open") == 0)
		puts(fd < 0 ? error_name(errno) : "ok");
	else if (strcmp(what, "bind") == 0)
		print_name(fd, do_bind(fd, p, a, 0));
	else if (strcmp(what, "listen") == 0)
		print_name(fd, listen(fd, 1));
	else if (strcmp(what, "connect") == 0)
		try_connect(fd, p, a);
	else if (strcmp(what, "route") == 0)
		print_name(fd, do_connect(fd, p, a));
	else if (strcmp(what, "send") == 0)
		try_send(fd, p, a);
	else if (strcmp(what, "source") == 0)
		try_source(fd, p, a, b);
	else if (strcmp(what, "accept") == 0)
		try_accept(fd, p, control, a, b);
	else if (strcmp(what, "share") == 0 || strcmp(what, "late") == 0)
		try_share(fd, p, a, strcmp(what, "late") == 0);
	else if (strcmp(what, "beside") == 0)
		try_beside(fd, p, a, b);
	else if (do_bind(fd, p, a, 0) != 0)
		puts(error_name(errno));
	else if (strcmp(what, "from") == 0)
		try_connect(fd, p, b);
	else
		try_send(fd, p, b);
	if (fd >= 0)
		close(fd);
}

static int
try_all(const char *control)
{
	char line[TEXT], what[16], name[16], a[64], b[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof line, stdin) != NULL) {
		a[0] = b[0] = '\0';
		if (sscanf(line, "%15s %15s %63s %63s", what, name, a, b) < 2)
			return 64;
		try_one(control, what, name, a, b);
	}
	return 0;
}

/* The server. */
static int
serve_on(const char *name)
{
	const struct protocol *p = find(name);
	int one = 1, fd = make(p);

	if (fd < 0)
		return -1;
	ask_to_share(fd);
#ifdef IP_RECVDSTADDR
	setsockopt(fd, IPPROTO_IP, IP_RECVDSTADDR, &one, sizeof one);
#else
	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
#endif
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one);
	if (bind_port(fd, p, p->family == AF_INET ? "0.0.0.0" : "::",
	    PORT) != 0) {
		perror(name);
		exit(1);
	}
	return fd;
}

static void
answer_stream(int listener)
{
	union address peer, own;
	socklen_t len = sizeof peer;
	char text[3 * TEXT], a[TEXT], b[TEXT];
	int fd = accept(listener, &peer.any, &len);

	len = sizeof own;
	if (fd < 0 || getsockname(fd, &own.any, &len) != 0)
		return;
	snprintf(text, sizeof text, "%s>%s", show(&peer, a), show(&own, b));
	(void)!write(fd, text, strlen(text));
	close(fd);
}

/* To which address a datagram came; answers may leave by any interface. */
static const char *
destination(struct msghdr *m, char *buf)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	    c = CMSG_NXTHDR(m, c)) {
		void *data = CMSG_DATA(c);

#ifdef IP_RECVDSTADDR
		if (c->cmsg_level == IPPROTO_IP &&
		    c->cmsg_type == IP_RECVDSTADDR)
			return inet_ntop(AF_INET, data, buf, TEXT);
#else
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo *info = data;

			info->ipi_ifindex = 0;
			return inet_ntop(AF_INET, &info->ipi_addr, buf, TEXT);
		}
#endif
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo *info = data;

			info->ipi6_ifindex = 0;
			return inet_ntop(AF_INET6, &info->ipi6_addr, buf,
			    TEXT);
		}
	}
	return "?";
}

static void
answer_datagram(int fd)
{
	_Alignas(struct cmsghdr) char control[256];
	char text[3 * TEXT], a[TEXT], b[TEXT], byte[16];
	union address peer;
	struct iovec iov = { byte, sizeof byte };
	struct msghdr m = { .msg_name = &peer, .msg_namelen = sizeof peer,
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof control };

	if (recvmsg(fd, &m, 0) < 0)
		return;
	snprintf(text, sizeof text, "%s>%s", show(&peer, a),
	    destination(&m, b));
	/* From the address that was asked, else a connected one refuses it. */
	iov.iov_base = text;
	iov.iov_len = strlen(text);
	if (sendmsg(fd, &m, 0) < 0) {
		m.msg_control = NULL;
		m.msg_controllen = 0;
		if (sendmsg(fd, &m, 0) < 0)
			perror("answer");
	}
}

/* Goes to an address in the jail, as it is told. */
static void
obey(int listener)
{
	char line[TEXT], name[16], to[64];
	int control = accept(listener, NULL, NULL), port, fd;
	ssize_t n = control < 0 ? -1 : read(control, line, sizeof line - 1);
	const struct protocol *p;
	union address a;
	socklen_t len;

	if (n <= 0)
		return;
	line[n] = '\0';
	if (sscanf(line, "%15s %63s %d", name, to, &port) != 3)
		exit(64);
	p = find(name);
	fd = make(p);
	len = make_address(p->family, to, port, &a);
	/* Nobody may be there. */
	fcntl(fd, F_SETFL, O_NONBLOCK);
	(void)!(connect(fd, &a.any, len) == 0 && write(fd, "!", 1));
	usleep(50000);
	(void)!write(control, "done", 4);
	close(fd);
	close(control);
}

static int
serve(const char *path)
{
	struct sockaddr_un un;
	static const char *const names[] = { "tcp4", "tcp6", "udp4", "udp6" };
	struct pollfd fds[5];
	void (*const answers[5])(int) = { answer_stream, answer_stream,
		answer_datagram, answer_datagram, obey };

	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 4; i++)
		fds[i].fd = serve_on(names[i]);
	fds[4].fd = control_socket(path, &un);
	unlink(path);
	if (bind(fds[4].fd, (struct sockaddr *)&un, sizeof un) != 0 ||
	    listen(fds[4].fd, 16) != 0) {
		perror(path);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		for (int i = 0; i < 5; i++)
			fds[i].events = POLLIN;
		if (poll(fds, 5, -1) < 0)
			return 1;
		for (int i = 0; i < 5; i++)
			if ((fds[i].revents & POLLIN) != 0)
				answers[i](fds[i].fd);
	}
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	if (argc == 3 && strcmp(argv[1], "try") == 0)
		return try_all(argv[2]);
	fprintf(stderr, "usage: socket serve|try CONTROL\n");
	return 64;
}
