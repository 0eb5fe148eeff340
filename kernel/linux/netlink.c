/* SPDX-License-Identifier: BSD-2-Clause */
#include "netlink.h"

#include <net/if.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "sys.h"

#define REQUEST_SIZE 512
#define REPLY_SIZE 32768 /* the kernel fills at most that much at once */

int
netlink_open(struct error *err)
{
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return sock >= 0 ? sock :
	    error_sys(err, errno, "a socket to the network's settings");
}

static struct nlmsghdr *
begin(void *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	return h;
}

/*
 * Sends a request and passes what is answered to `each`, which stops by
 * another value than MNL_CB_OK.  Returns that value, or 0 after a success;
 * -1/errno.
 */
static int
talk(int sock, const struct nlmsghdr *h, mnl_cb_t each, void *arg)
{
	_Alignas(struct nlmsghdr) char reply[REPLY_SIZE];
	ssize_t n;
	int rc;

	if (send(sock, h, h->nlmsg_len, 0) < 0)
		return -1;
	do {
		do
			n = recv(sock, reply, sizeof reply, MSG_TRUNC);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return -1;
		if ((size_t)n > sizeof reply) {
			errno = EMSGSIZE;
			return -1;
		}
		rc = mnl_cb_run(reply, (size_t)n, 0, 0, each, arg);
	} while (rc == MNL_CB_OK);
	return rc;
}

static int
ask(int sock, struct nlmsghdr *h)
{
	h->nlmsg_flags |= NLM_F_ACK;
	return talk(sock, h, NULL, NULL);
}

static int
take_index(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(h);

	*(int *)arg = link->ifi_index;
	return MNL_CB_OK;
}

int
netlink_index(int sock, const char *name)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_SIZE];
	struct nlmsghdr *h = begin(buf, RTM_GETLINK, 0);
	int index = 0;

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	if (strlen(name) >= IFNAMSIZ) {
		errno = ENXIO;
		return -1;
	}
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	h->nlmsg_flags |= NLM_F_ACK;
	if (talk(sock, h, take_index, &index) == 0 && index > 0)
		return index;
	if (errno == ENODEV)
		errno = ENXIO;
	return -1;
}

struct links {
	int *index;
	int count, max;
};

static int
take_link(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(h);
	struct links *l = arg;

	if (h->nlmsg_type == RTM_NEWLINK && l->count < l->max &&
	    (link->ifi_flags & IFF_LOOPBACK) == 0)
		l->index[l->count++] = link->ifi_index;
	return MNL_CB_OK;
}

int
netlink_links(int sock, int *index, int max)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_SIZE];
	struct nlmsghdr *h = begin(buf, RTM_GETLINK, NLM_F_DUMP);
	struct links l = { index, 0, max };

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	return talk(sock, h, take_link, &l) < 0 ? -1 : l.count;
}

static size_t
address_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* 127/8 and ::1 have no meaning outside of the host. */
static bool
is_loopback(const struct iface_alias *a)
{
	static const unsigned char one[16] = { [15] = 1 };

	return a->family == AF_INET ? a->address[0] == 127 :
	    memcmp(a->address, one, sizeof one) == 0;
}

int
netlink_address(int sock, int index, const struct iface_alias *a, bool add)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_SIZE];
	struct nlmsghdr *h = begin(buf, add ? RTM_NEWADDR : RTM_DELADDR,
	    add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);
	size_t size = address_size(a->family);

	m->ifa_family = (unsigned char)a->family;
	m->ifa_prefixlen = (unsigned char)a->prefix;
	m->ifa_scope = is_loopback(a) ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
	m->ifa_index = (unsigned)index;
	/* A program that binds at once is not to fail for a second. */
	if (add && a->family == AF_INET6)
		m->ifa_flags = IFA_F_NODAD;
	mnl_attr_put(h, IFA_LOCAL, size, a->address);
	mnl_attr_put(h, IFA_ADDRESS, size, a->address);
	return ask(sock, h);
}

struct listing {
	int (*each)(void *arg, const struct iface_alias *a);
	void *arg;
	int result;
};

/* IPv4 has the interface's own address in LOCAL, the peer's in ADDRESS. */
static const void *
address_in(const struct nlmsghdr *h, size_t size)
{
	const struct nlattr *attr;
	const void *address = NULL;

	mnl_attr_for_each(attr, h, sizeof(struct ifaddrmsg)) {
		uint16_t type = mnl_attr_get_type(attr);

		if (mnl_attr_get_payload_len(attr) == size &&
		    (type == IFA_LOCAL ||
		    (type == IFA_ADDRESS && address == NULL)))
			address = mnl_attr_get_payload(attr);
	}
	return address;
}

static int
take_address(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct listing *l = arg;
	struct iface_alias a = { .words = "" };
	const void *address;
	char name[IF_NAMESIZE];

	if (h->nlmsg_type != RTM_NEWADDR ||
	    (m->ifa_family != AF_INET && m->ifa_family != AF_INET6))
		return MNL_CB_OK;
	a.family = m->ifa_family;
	a.prefix = m->ifa_prefixlen;
	address = address_in(h, address_size(a.family));
	if (l->result != 0 || address == NULL ||
	    if_indextoname(m->ifa_index, name) == NULL)
		return MNL_CB_OK;
	memcpy(a.address, address, address_size(a.family));
	memcpy(a.interface, name, sizeof name);
	l->result = l->each(l->arg, &a);
	return MNL_CB_OK;
}

int
netlink_addresses(int sock,
    int (*each)(void *arg, const struct iface_alias *a), void *arg)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_SIZE];
	struct nlmsghdr *h = begin(buf, RTM_GETADDR, NLM_F_DUMP);
	struct listing l = { each, arg, 0 };

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifaddrmsg));
	return talk(sock, h, take_address, &l) < 0 ? -1 : l.result;
}

static struct nlmsghdr *
begin_link(void *buf, int index, unsigned flags)
{
	struct nlmsghdr *h = begin(buf, RTM_NEWLINK, 0);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(h, sizeof *link);

	link->ifi_index = index;
	link->ifi_flags = link->ifi_change = flags;
	return h;
}

int
netlink_up(int sock, int index)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_SIZE];

	return ask(sock, begin_link(buf, index, IFF_UP));
}

int
netlink_move(int sock, int index, int net_ns, const char *name)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_SIZE];
	struct nlmsghdr *h = begin_link(buf, index, 0);

	if (name != NULL)
		mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)net_ns);
	return ask(sock, h);
}
