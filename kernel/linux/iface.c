/* SPDX-License-Identifier: BSD-2-Clause */
/* Aliases by netlink. */
#include "kernel/iface.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

#include <stdio.h>

#include "netlink.h"
#include "sys.h"

#define PROMOTE "/proc/sys/net/ipv4/conf/%s/promote_secondaries"

static int
fail(const struct iface_alias *a, int code, const char *what,
    struct error *err)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(a->family, a->address, text, sizeof text);
	if (code == ENXIO)
		return error_set(err, code, "%s %s/%d: there is no interface "
		    "%s", what, text, a->prefix, a->interface);
	return error_sys(err, code, "%s %s/%d on %s", what, text, a->prefix,
	    a->interface);
}

static bool
is_same(const struct iface_alias *a, const struct iface_alias *b)
{
	return a->family == b->family &&
	    strcmp(a->interface, b->interface) == 0 &&
	    memcmp(a->address, b->address, sizeof a->address) == 0;
}

static int
compare(void *arg, const struct iface_alias *a)
{
	return is_same(arg, a);
}

int
iface_has(const struct iface_alias *a, struct error *err)
{
	int sock = netlink_open(err), rc;

	if (sock < 0)
		return -1;
	rc = netlink_index(sock, a->interface);
	if (rc > 0)
		rc = netlink_addresses(sock, compare,
		    (void *)(uintptr_t)a);
	if (rc < 0)
		fail(a, errno, "looking for", err);
	close_fd(&sock);
	return rc;
}

int
iface_add(const struct iface_alias *a, struct error *err)
{
	int sock, index, rc = -1;

	if (a->words[0] != '\0')
		return error_set(err, EOPNOTSUPP, "address on %s: the words "
		    "\"%s\" are ifconfig(8)'s, which Linux does not have",
		    a->interface, a->words);
	sock = netlink_open(err);
	if (sock < 0)
		return -1;
	index = netlink_index(sock, a->interface);
	if (index > 0)
		rc = netlink_address(sock, index, a, true);
	if (rc < 0)
		fail(a, errno, "adding", err);
	close_fd(&sock);
	return rc;
}

/* Writes one digit to the interface's switch; returns the earlier one. */
static char
set_promotion(const char *interface, char to)
{
	char path[sizeof PROMOTE + IFACE_NAME_SIZE], was = to;
	int fd;

	snprintf(path, sizeof path, PROMOTE, interface);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || read(fd, &was, 1) != 1 ||
	    (was != to && pwrite(fd, &to, 1, 0) != 1))
		was = to;
	close_fd(&fd);
	return was;
}

/*
 * Linux takes the later addresses of a subnet away with the first one, unless
 * the interface is set to promote them.
 */
static int
remove_alone(int sock, int index, const struct iface_alias *a)
{
	char was = set_promotion(a->interface, '1');
	int rc = netlink_address(sock, index, a, false);
	int code = errno;

	if (was != '1')
		set_promotion(a->interface, was);
	errno = code;
	return rc;
}

int
iface_remove(const struct iface_alias *a, struct error *err)
{
	int sock = netlink_open(err), index, rc = -1;

	if (sock < 0)
		return -1;
	index = netlink_index(sock, a->interface);
	if (index > 0)
		rc = remove_alone(sock, index, a);
	if (rc < 0 && (errno == ENXIO || errno == EADDRNOTAVAIL ||
	    errno == ENODEV))
		rc = 0;
	if (rc < 0)
		fail(a, errno, "removing", err);
	close_fd(&sock);
	return rc;
}

int
iface_list(int (*each)(void *arg, const struct iface_alias *a), void *arg,
    struct error *err)
{
	int sock = netlink_open(err), rc;

	if (sock < 0)
		return -1;
	rc = netlink_addresses(sock, each, arg);
	if (rc < 0)
		error_sys(err, errno, "reading the addresses of the host");
	close_fd(&sock);
	return rc;
}

int
iface_events(void)
{
	struct sockaddr_nl name = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) != 0)
		close_fd(&fd);
	return fd;
}

bool
iface_lost(int events)
{
	_Alignas(struct nlmsghdr) char buf[8192];
	bool lost = false;
	ssize_t n;

	while ((n = recv(events, buf, sizeof buf, 0)) > 0 ||
	    (n < 0 && errno == ENOBUFS)) {
		const struct nlmsghdr *h = (const void *)buf;

		/* One message each; with too many some are lost. */
		lost |= n < (ssize_t)sizeof *h ||
		    h->nlmsg_type == RTM_DELADDR;
	}
	return lost;
}
