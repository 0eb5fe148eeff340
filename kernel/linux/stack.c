/* SPDX-License-Identifier: BSD-2-Clause */
#include "stack.h"

#include "netlink.h"
#include "sys.h"

#define LINKS_MAX 256

static int
own_network(int proc)
{
	return openat(proc, "self/ns/net", O_RDONLY | O_CLOEXEC);
}

int
stack_open(struct stack *s, int proc, struct error *err)
{
	s->proc = proc;
	s->host = own_network(proc);
	return s->host >= 0 ? 0 : error_sys(err, errno, "/proc/self/ns/net");
}

/* A socket in the jail's network, and its namespace.  Returns 0, -1 with err. */
static int
enter(const struct stack *s, int init, int *sock, int *ns, struct error *err)
{
	*sock = *ns = -1;
	if (setns(init, CLONE_NEWNET) != 0)
		return error_sys(err, errno, "entering the jail's network");
	*ns = own_network(s->proc);
	if (*ns < 0)
		error_sys(err, errno, "the jail's network");
	else
		*sock = netlink_open(err);
	/* The next jail would otherwise be made in this network. */
	if (setns(s->host, CLONE_NEWNET) != 0)
		_exit(1);
	if (*sock < 0)
		close_fd(ns);
	return *sock < 0 ? -1 : 0;
}

static int
move_in(int host, int inside, int ns, const char *name, struct error *err)
{
	int index = netlink_index(host, name);

	if (index < 0 && errno == ENXIO)
		return error_set(err, ENXIO, "interface %s: the host has "
		    "none of that name", name);
	if (index < 0 || netlink_move(host, index, ns, NULL) != 0)
		return error_sys(err, errno, "moving interface %s into the "
		    "jail", name);
	index = netlink_index(inside, name);
	if (index < 0 || netlink_up(inside, index) != 0)
		return error_sys(err, errno, "interface %s in the jail", name);
	return 0;
}

int
stack_take(const struct stack *s, int init, const char *name,
    struct error *err)
{
	int inside, ns, host, rc = -1;

	if (enter(s, init, &inside, &ns, err) != 0)
		return -1;
	host = netlink_open(err);
	if (host >= 0)
		rc = move_in(host, inside, ns, name, err);
	close_fd(&host);
	close_fd(&inside);
	close_fd(&ns);
	return rc;
}

/*
 * An interface whose name the host has given to another one meanwhile would be
 * lost with the jail: it gets one as the kernel gives them.
 */
static bool
move_out(const struct stack *s, int inside, int index)
{
	return netlink_move(inside, index, s->host, NULL) == 0 ||
	    (errno == EEXIST &&
	    netlink_move(inside, index, s->host, "dev%d") == 0);
}

int
stack_return(const struct stack *s, int init, struct error *err)
{
	int inside, ns, index[LINKS_MAX], count, moved;

	if (enter(s, init, &inside, &ns, err) != 0)
		return -1;
	do {
		count = netlink_links(inside, index, LINKS_MAX);
		moved = 0;
		for (int i = 0; i < count; i++)
			moved += move_out(s, inside, index[i]);
	} while (count == LINKS_MAX && moved > 0);
	close_fd(&inside);
	close_fd(&ns);
	return 0;
}
