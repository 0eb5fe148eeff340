/* SPDX-License-Identifier: BSD-2-Clause */
/* A jail that is dying is known as such, and in nobody's way. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "foreseen.h"

static const struct jail_backend *whole;
static int dying; /* the first jid of those that do */

/* As the kernel answers when some were removed, and are held still. */
static int
get(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	int jid = whole->get(k, iov, niov, flags), one = 1;

	if (jid < dying)
		return jid;
	if (!(flags & JAIL_DYING)) {
		errno = ENOENT;
		return -1;
	}
	for (unsigned i = 0; i + 1 < niov; i += 2)
		if (strcmp(iov[i].iov_base, "dying") == 0 &&
		    iov[i + 1].iov_base != NULL)
			memcpy(iov[i + 1].iov_base, &one, sizeof one);
	return jid;
}

static void
remember(void *arg, const struct seen *s)
{
	char *text = arg;
	size_t n = strlen(text);

	snprintf(text + n, 256 - n, "%s%s;", s->name, s->dying ? " dying" :
	    "");
}

static void
in_nobodys_way(void **state)
{
	struct world *w = *state;
	const char *after = JAIL("n", "ip4.addr: [192.0.2.7, 192.0.2.8]\n") "---\n"
	    JAIL("p", "osrelease: 14.0\n");
	const unsigned char address[] = { 192, 0, 2, 7 };
	struct jail_backend dies = *w->kernel->backend;
	struct jail_call c = { 0 };
	char text[256] = "";

	world_apply(w, JAIL("p", ""));
	dying = kernel_make(w, "p.x");
	assert_true(dying > 0);
	assert_true(kernel_make(w, "s") > 0);
	assert_int_equal(call_add_text(&c, "name", "s"), 0);
	assert_int_equal(call_add(&c, "ip4.addr", address, sizeof address), 0);
	assert_true(call_set(w->kernel, &c, JAIL_UPDATE, NULL) > 0);
	call_finish(&c);
	assert_string_equal(foreseen(w, after), "blocked n;blocked p;");
	whole = w->kernel->backend;
	dies.get = get;
	w->kernel->backend = &dies;
	assert_true(observe_all(&w->observer, remember, text, NULL) >= 0);
	assert_string_equal(text, "p;p.x dying;s dying;");
	assert_string_equal(foreseen(w, after), "create n;restart p;");
	w->kernel->backend = whole;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_nobodys_way, world_setup,
		    world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
