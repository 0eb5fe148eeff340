/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How jails on Linux begin, change and end, and that nothing of them is left.
 *
 * needs: root
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>

#include <poll.h>
#include <seccomp.h>

#include "kernel/linux/cgroup.h"
#include "linux_jail.h"
#include "linux_procs.h"

/* A name that no test running at the same time has. */
static const char *
unique(const char *name)
{
	static char text[8][64];
	static unsigned next;
	char *t = text[next++ % 8];

	snprintf(t, sizeof text[0], "%s%d", name, (int)getpid());
	return t;
}

static int
update(struct fixture *f, int jid, const char *name, const char *text)
{
	struct jail_call c = { 0 };
	struct error err = { 0 };
	int rc;

	call_add_int(&c, "jid", jid);
	if (text != NULL)
		call_add_text(&c, name, text);
	else
		call_add(&c, name, NULL, 0);
	rc = call_set(f->k, &c, JAIL_UPDATE, &err);
	if (rc < 0)
		print_message("%s\n", err.text);
	call_finish(&c);
	return rc;
}

/* The number of lines of a file that has no more than a page a line. */
static size_t
count_lines(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = 0;
	int c;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

static void
test_remove_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	size_t mounts;
	const char *name = unique("whole");
	pid_t init;
	int jid;

	NEEDS_ROOT();
	mounts = count_lines("/proc/self/mountinfo");
	jid = create(f, name, &(struct wish){ .devfs = true, .procfs = true });
	init = await_init(name);
	assert_int_equal(wait_for(start_probe(f, jid, "true", NULL, NULL)), 0);
	assert_int_equal(count_lines("/proc/self/mountinfo"), mounts);
	assert_int_equal(f->k->backend->remove(f->k, jid), 0);
	assert_int_equal(kill(init, 0), -1); /* reaped, too */
	assert_int_equal(get_jid(f->k, name), -1);
	assert_int_equal(count_lines("/proc/self/mountinfo"), mounts);
}

/* A jail is not gone before the caller has waited for its own children. */
static void
test_remove_with_process(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("busy");
	pid_t init, inside;
	int jid;

	NEEDS_ROOT();
	jid = create(f, name, &(struct wish){ .procfs = true });
	init = await_init(name);
	inside = start_probe(f, jid, "pause", NULL, NULL);
	assert_int_equal(f->k->backend->remove(f->k, jid), 0);
	assert_int_equal(get_jid(f->k, name), -1);
	assert_int_equal(wait_for(inside), SIGKILL);
	for (int i = 0; i < 1000 && kill(init, 0) == 0; i++) {
		struct iovec iov[] = {
			{ (void *)(uintptr_t)"jid", 4 }, { &jid, sizeof jid },
		};

		sleep_ms(1);
		f->k->backend->get(f->k, iov, 2, JAIL_DYING);
	}
	assert_int_equal(kill(init, 0), -1);
}

/* A failed creation leaves no init behind. */
static void
test_create_errors(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("bad");
	char dev[PATH_MAX + 16];
	struct error err = { 0 };

	NEEDS_ROOT();
	snprintf(dev, sizeof dev, "%s/dev", f->root);
	assert_int_equal(rmdir(dev), 0);
	assert_int_equal(try_create(f, f->k, name,
	    &(struct wish){ .devfs = true }, &err), -1);
	assert_non_null(strstr(err.text, "mount.devfs: "));
	assert_non_null(strstr(err.text, "/dev: No such file or directory"));
	/* A link is not followed. */
	assert_int_equal(symlink("/etc", dev), 0);
	assert_int_equal(try_create(f, f->k, name,
	    &(struct wish){ .devfs = true }, &err), -1);
	assert_non_null(strstr(err.text, "mount.devfs: "));
	assert_int_equal(try_create(f, f->k, name,
	    &(struct wish){ .fdescfs = true }, &err), -1);
	assert_non_null(strstr(err.text, "mount.fdescfs: "));
	assert_int_equal(find_init(name), 0);
	assert_int_equal(get_jid(f->k, name), -1);
}

static void
test_outlives_creator(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("orphan");
	pid_t pid, init;
	int jid;

	NEEDS_ROOT();
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct error err = { 0 };
		struct jail_kernel *k = kernel_open(f->kernel, NULL, &err);

		_exit(k != NULL && try_create(f, k, name,
		    &(struct wish){ .procfs = true }, &err) > 0 ? 0 : 1);
	}
	assert_int_equal(wait_for(pid), 0);
	init = await_init(name);
	jid = get_jid(f->k, name);
	assert_true(jid > 0);
	assert_int_equal(wait_for(start_probe(f, jid, "true", NULL, NULL)), 0);
	assert_int_equal(f->k->backend->remove(f->k, jid), 0);
	assert_true(gone_soon(init));
}

static void
test_hostname_live(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("renamed");
	pid_t init, inside;
	int jid;

	NEEDS_ROOT();
	jid = create(f, name, &(struct wish){ .hostname = "old.example" });
	init = await_init(name);
	inside = start_probe(f, jid, "wait-hostname", "new.example", NULL);
	assert_int_equal(update(f, jid, "host.hostname", "new.example"), jid);
	assert_int_equal(wait_for(inside), 0);
	assert_int_equal(find_init(name), init);
}

/* Whether the descriptor of events is readable within `ms`. */
static bool
has_event(struct fixture *f, int ms)
{
	struct pollfd p = { .fd = f->k->backend->events(f->k),
		.events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

static void
test_killed_init_is_noticed(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("shot");
	pid_t init;
	int jid;

	NEEDS_ROOT();
	assert_true(f->k->backend->events(f->k) >= 0);
	jid = create(f, name, &(struct wish){ .procfs = true });
	assert_int_equal(f->k->backend->watch(f->k, jid), 0);
	assert_int_equal(f->k->backend->next(f->k), -1);
	init = await_init(name);
	assert_int_equal(kill(init, SIGKILL), 0);
	assert_true(has_event(f, 2000));
	assert_int_equal(f->k->backend->next(f->k), jid);
	assert_int_equal(get_jid(f->k, name), -1);
	assert_int_equal(kill(init, 0), -1);
	assert_int_equal(f->k->backend->next(f->k), -1);
}

static void
test_events_of_others(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("theirs");
	pid_t pid;

	NEEDS_ROOT();
	assert_true(f->k->backend->events(f->k) >= 0);
	assert_int_equal(f->k->backend->next(f->k), -1);
	create(f, unique("ours"), &(struct wish){ .procfs = true });
	assert_int_equal(f->k->backend->next(f->k), -1);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct error err = { 0 };
		struct jail_kernel *k = kernel_open(f->kernel, NULL, &err);

		_exit(k != NULL && try_create(f, k, name,
		    &(struct wish){ .procfs = true }, &err) > 0 ? 0 : 1);
	}
	assert_int_equal(wait_for(pid), 0);
	assert_true(has_event(f, 2000));
	assert_int_equal(f->k->backend->next(f->k), 0);
	assert_int_equal(f->k->backend->next(f->k), -1);
}

/* Without persist a jail ends with its last process. */
static void
test_nopersist(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("fleeting");
	pid_t init, inside;
	int jid;

	NEEDS_ROOT();
	jid = create(f, name, &(struct wish){ .procfs = true });
	init = await_init(name);
	inside = start_probe(f, jid, "pause", NULL, NULL);
	assert_int_equal(update(f, jid, "nopersist", NULL), jid);
	sleep_ms(1200);
	assert_int_equal(get_jid(f->k, name), jid);
	assert_int_equal(kill(inside, SIGKILL), 0);
	assert_int_equal(wait_for(inside), SIGKILL);
	for (int i = 0; i < 100 && get_jid(f->k, name) > 0; i++)
		sleep_ms(100);
	assert_int_equal(get_jid(f->k, name), -1);
	assert_true(gone_soon(init));
}

/* Without persist and without a process it is gone before the call returns. */
static void
test_nopersist_alone(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("empty");
	int jid;

	NEEDS_ROOT();
	jid = create(f, name, &(struct wish){ .no_net = true });
	assert_int_equal(wait_for(start_probe(f, jid, "true", NULL, NULL)), 0);
	assert_int_equal(update(f, jid, "nopersist", NULL), jid);
	assert_int_equal(find_init(name), 0);
	assert_int_equal(first_jail(f->k), -1);
}

/* A process that has attached itself keeps its jail, though no init sees it. */
static void
test_attached_keeps(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("kept");
	int jid, ready[2];
	pid_t inside;
	char byte;

	NEEDS_ROOT();
	jid = create(f, name, &(struct wish){ .no_net = true });
	assert_int_equal(pipe(ready), 0);
	fflush(NULL);
	inside = fork();
	if (inside == 0) {
		struct jail_kernel *k = open_kernel(f->kernel);

		if (k->backend->attach(k, jid) == 0 &&
		    write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	assert_int_equal(update(f, jid, "nopersist", NULL), jid);
	assert_int_equal(wait_for(start_probe(f, jid, "true", NULL, NULL)), 0);
	sleep_ms(1200);
	assert_int_equal(get_jid(f->k, name), jid);
	assert_int_equal(kill(inside, SIGKILL), 0);
	assert_int_equal(wait_for(inside), SIGKILL);
	assert_int_equal(first_jail(f->k), -1);
}

/* A jail inside cannot pretend to be the host when it talks to its init. */
static void
test_init_ignores_inside(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("steady");
	int jid;

	NEEDS_ROOT();
	jid = create(f, name, &(struct wish){ .procfs = true });
	assert_int_equal(wait_for(start_probe(f, jid, "signal-init", NULL, NULL)),
	    0);
	sleep_ms(1200);
	assert_int_equal(get_jid(f->k, name), jid);
}

static void
test_nested(void **state)
{
	struct fixture *f = *state;
	char below[64], path[PATH_MAX + 8];
	const char *name = unique("top");
	struct wish w = { .path = path };
	struct jail_call c = { 0 };
	struct error err = { 0 };
	pid_t init, outer;
	int jid;

	NEEDS_ROOT();
	snprintf(below, sizeof below, "%s.low", name);
	snprintf(path, sizeof path, "%s/sub", f->root);
	jid = create(f, name, &(struct wish){ .procfs = true });
	call_add_int(&c, "jid", jid);
	call_add_int(&c, "children.max", 5);
	assert_int_equal(call_set(f->k, &c, JAIL_UPDATE, &err), jid);
	call_finish(&c);
	outer = await_init(name);
	create(f, below, &w);
	init = await_init(below);
	/* Its init is a process of the jail above. */
	assert_int_equal(wait_for(start_probe(f, jid, "count", "3", NULL)), 0);
	/* A signal to the one above leaves it alone. */
	assert_int_equal(f->k->backend->signal(f->k, jid, SIGTERM), 0);
	assert_int_equal(kill(init, 0), 0);
	assert_int_equal(f->k->backend->remove(f->k, jid), 0);
	assert_true(gone_soon(init));
	assert_true(gone_soon(outer));
	assert_int_equal(get_jid(f->k, below), -1);
}

/* Killed wherever it is: no init is left, and the table tells the truth. */
static void
test_creator_killed(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("victim");

	NEEDS_ROOT();
	for (int round = 0; round < 100; round++) {
		struct timespec ts = { 0, round * 37000 };
		pid_t pid, init;
		int jid;

		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			struct error err = { 0 };
			struct jail_kernel *k = kernel_open(f->kernel, NULL,
			    &err);

			for (;;) {
				jid = try_create(f, k, name, &(struct wish){
				    .devfs = true, .procfs = true }, &err);
				k->backend->remove(k, jid);
			}
		}
		sleep_ms(2);
		nanosleep(&ts, NULL);
		kill(pid, SIGKILL);
		assert_int_equal(wait_for(pid), SIGKILL);
		jid = get_jid(f->k, name);
		if (jid > 0)
			assert_int_equal(f->k->backend->remove(f->k, jid), 0);
		for (int i = 0; (init = find_init(name)) != 0; i++) {
			if (i == 2000)
				fail_msg("round %d: init %d is left", round,
				    (int)init);
			first_jail(f->k);
			sleep_ms(1);
		}
	}
}

/*
 * A remover that was killed when the jail was dying in the table and not yet
 * killed: as if an init had survived.  Whoever looks next ends it.
 */
static void
test_remover_killed(void **state)
{
	struct fixture *f = *state;
	const char *name = unique("undead");
	pid_t init, child;
	int jid, status;

	NEEDS_ROOT();
	jid = create(f, name, &(struct wish){ .no_net = true });
	init = await_init(name);
	kernel_close(f->k);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		/* Stops where the signal to the init would be sent. */
		scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
		struct error err = { 0 };

		f->k = kernel_open(f->kernel, NULL, &err);
		if (f->k == NULL || ctx == NULL || seccomp_rule_add(ctx,
		    SCMP_ACT_KILL_PROCESS, SCMP_SYS(pidfd_send_signal), 0) != 0 ||
		    seccomp_load(ctx) != 0)
			_exit(1);
		f->k->backend->remove(f->k, jid);
		_exit(2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(kill(init, 0), 0);
	f->k = open_kernel(f->kernel);
	for (int i = 0; i < 1000 && first_jail(f->k) > 0; i++)
		sleep_ms(1);
	assert_int_equal(first_jail(f->k), -1);
	assert_int_equal(wait_for(init), SIGKILL); /* the closed kernel's */
}

/* What runs inside. */

static int
probe_pause(const char *arg)
{
	(void)arg;
	return pause();
}

static int
probe_true(const char *arg)
{
	(void)arg;
	return 0;
}

static int
probe_wait_hostname(const char *arg)
{
	char name[256];

	for (int i = 0; i < 2000; i++) {
		if (gethostname(name, sizeof name) == 0 &&
		    strcmp(name, arg) == 0)
			return 0;
		sleep_ms(1);
	}
	return 1;
}

static int
probe_count(const char *arg)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	int count = 0;

	while (proc != NULL && (d = readdir(proc)) != NULL)
		count += d->d_name[0] >= '1' && d->d_name[0] <= '9';
	return count == atoi(arg) ? 0 : 1;
}

static int
probe_signal_init(const char *arg)
{
	(void)arg;
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		if (sig != 32 && sig != 33)
			kill(1, sig);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const char *arg);
} probes[] = {
	{ "count", probe_count },
	{ "pause", probe_pause },
	{ "signal-init", probe_signal_init },
	{ "true", probe_true },
	{ "wait-hostname", probe_wait_hostname },
};

/* How many cgroups the jails of a fixture's table have; -1: it has none itself. */
static int
count_cgroups(struct fixture *f)
{
	char path[PATH_MAX], key[CGROUP_KEY_SIZE], name[CGROUP_KEY_SIZE + 16];
	struct error err;
	struct stat st;
	int root = cgroup_root(&err), rc;

	snprintf(path, sizeof path, "%s/table", f->dir.path);
	assert_int_equal(cgroup_key(path, key, &err), 0);
	snprintf(name, sizeof name, CGROUP_TOP "/%s", key);
	rc = root < 0 ? -1 : fstatat(root, name, &st, 0);
	close(root);
	return rc != 0 ? -1 : (int)st.st_nlink - 2;
}

/* What a jail had goes with it, also when the spawner has died before. */
static void
test_spawner_killed_before_removal(void **state)
{
	struct fixture *f = *state;
	int kept, gone;

	NEEDS_ROOT();
	kept = create(f, "kept", &(struct wish){ .no_net = true });
	gone = create(f, "gone", &(struct wish){ .no_net = true });
	if (count_cgroups(f) == 2) { /* else there is no BPF on this host */
		assert_int_equal(kill(find_spawner(), SIGKILL), 0);
		assert_int_equal(f->k->backend->remove(f->k, gone), 0);
		assert_int_equal(count_cgroups(f), 1);
	}
	assert_int_equal(f->k->backend->remove(f->k, kept), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_make, \
	fixture_remove)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_remove_leaves_nothing),
		TEST(test_remove_with_process),
		TEST(test_create_errors),
		TEST(test_outlives_creator),
		TEST(test_hostname_live),
		TEST(test_killed_init_is_noticed),
		TEST(test_events_of_others),
		TEST(test_nopersist),
		TEST(test_nopersist_alone),
		TEST(test_attached_keeps),
		TEST(test_init_ignores_inside),
		TEST(test_nested),
		TEST(test_creator_killed),
		TEST(test_spawner_killed_before_removal),
		TEST(test_remover_killed),
	};

	if (argc > 2 && strcmp(argv[1], "--probe") == 0)
		for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
			if (strcmp(probes[i].name, argv[2]) == 0)
				_exit(probes[i].run(argc > 3 ? argv[3] : ""));
	if (argc > 2)
		_exit(99);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
