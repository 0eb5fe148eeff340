/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A caller that is killed at any of its system calls, before or after it, in
 * jail_set(2) and jail_remove(2): the next call finds a good table, in which
 * the jail is either as before or as after, and nothing of it is left outside.
 *
 * The caller's memory that others see (the locks of the table) is also in use
 * between its system calls, which random moments reach: SOAK=1.
 *
 * timeout: 600
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include <sched.h>

#include "linux_jail.h"
#include "linux_outside.h"
#include "linux_procs.h"

#define SETTLE_MS 5000
#define LINGER_MS 50 /* for an init that is about to end */

struct crash {
	struct temp_dir dir;
	char kernel[PATH_MAX], *root;
	/* Each in the one before; no test running at the same time has them. */
	char outer[32], victim[64], inner[96];
	struct jail_kernel *k;
	pid_t spawner; /* of k, 0: none */
	int mounts;
	bool real; /* jails have processes */
};

/* Its addresses, which are not the host's. */
static const unsigned char old_addresses[8] = { 10, 0, 0, 1, 10, 0, 0, 2 };
static const unsigned char new_addresses[8] = { 10, 0, 0, 1, 10, 0, 0, 3 };

static int
get_int(struct jail_kernel *k, const char *name, const char *param)
{
	int value = -1;
	struct iovec iov[] = {
		{ (char []){ "name" }, 5 },
		{ (void *)(uintptr_t)name, strlen(name) + 1 },
		{ (void *)(uintptr_t)param, strlen(param) + 1 },
		{ &value, sizeof value },
	};

	return k->backend->get(k, iov, 4, 0) > 0 ? value : -1;
}

static int
make(const struct crash *s, struct jail_kernel *k, const char *name)
{
	struct jail_call c = { 0 };
	struct error err = { 0 };
	int jid;

	call_add_text(&c, "name", name);
	call_add_text(&c, "path", s->root);
	call_add_text(&c, "host.hostname", "old");
	call_add_bool(&c, "persist", true);
	call_add_int(&c, "children.max", strcmp(name, s->outer) == 0 ? 9 :
	    strcmp(name, s->victim) == 0 ? 5 : 0);
	if (strcmp(name, s->outer) == 0)
		call_add_int(&c, "ip4", JAIL_SYS_INHERIT);
	else if (strcmp(name, s->victim) == 0) {
		call_add(&c, "ip4.addr", old_addresses, sizeof old_addresses);
		if (s->real)
			add_mounts(s->root, &c, false);
	}
	jid = call_set(k, &c, JAIL_CREATE, &err);
	call_finish(&c);
	if (jid < 0)
		print_message("creating %s: %s\n", name, err.text);
	return jid;
}

static int
change(const struct crash *s, struct jail_kernel *k, bool persist)
{
	struct jail_call c = { 0 };
	struct error err = { 0 };
	int jid;

	call_add_text(&c, "name", s->victim);
	call_add_text(&c, "host.hostname", "new");
	call_add_int(&c, "children.max", 3);
	call_add_int(&c, "securelevel", 2);
	call_add_bool(&c, "persist", persist);
	if (persist) {
		call_add(&c, "ip4.addr", new_addresses, sizeof new_addresses);
		if (s->real)
			add_mounts(s->root, &c, true);
	}
	jid = call_set(k, &c, JAIL_UPDATE, &err);
	call_finish(&c);
	return jid;
}

static void
prepare_nothing(const struct crash *s)
{
	(void)s;
}

static void
prepare_victim(const struct crash *s)
{
	assert_true(make(s, s->k, s->victim) > 0);
}

static void
prepare_family(const struct crash *s)
{
	static const char *const argv[] = { "/probe", "--pause", NULL };
	static const char *const envp[] = { NULL };
	struct jail_exec x = { .argv = argv, .envp = envp,
		.fd = { -1, -1, -1 } };
	struct error err = { 0 };

	prepare_victim(s);
	assert_true(make(s, s->k, s->inner) > 0);
	x.jid = get_jid(s->k, s->victim);
	if (s->real && s->k->backend->spawn(s->k, &x, &err) < 0)
		fail_msg("%s", err.text);
}

static void
call_create(const struct crash *s, struct jail_kernel *k)
{
	make(s, k, s->victim);
}

static void
call_change(const struct crash *s, struct jail_kernel *k)
{
	change(s, k, true);
}

static void
call_end(const struct crash *s, struct jail_kernel *k)
{
	change(s, k, false);
}

static void
call_remove(const struct crash *s, struct jail_kernel *k)
{
	k->backend->remove(k, get_jid(k, s->victim));
}

static const struct scenario {
	const char *name;
	void (*prepare)(const struct crash *s);
	void (*call)(const struct crash *s, struct jail_kernel *k);
	bool creates, ends; /* the jail may be absent before, after */
} scenarios[] = {
	{ "create", prepare_nothing, call_create, true, false },
	{ "update", prepare_victim, call_change, false, false },
	{ "nopersist", prepare_victim, call_end, false, true },
	{ "remove", prepare_family, call_remove, false, true },
};

/* Children that others have left to us; the spawner of `k` stays. */
static int
reap_all(const struct crash *s)
{
	char path[64], text[4096];
	int left = 0, n;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%d/children",
	    (int)getpid());
	f = fopen(path, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	for (char *p = text; sscanf(p, "%d%n", &(int){ 0 }, &n) == 1; p += n) {
		pid_t pid = atoi(p);

		if (pid != s->spawner && waitpid(pid, NULL, WNOHANG) == 0)
			left++;
	}
	return left;
}

/* Dying jails need a moment, an opener who reaps, and somebody who looks. */
static int
await_settled(const struct crash *s, int *count)
{
	int dying = 0;

	for (int ms = 0; ms < SETTLE_MS; ms++) {
		int last = 0, flag;
		struct iovec iov[] = {
			{ (char []){ "lastjid" }, 8 }, { &last, sizeof last },
			{ (char []){ "dying" }, 6 }, { &flag, sizeof flag },
		};

		reap_all(s);
		*count = dying = 0;
		while ((last = s->k->backend->get(s->k, iov, 4,
		    JAIL_DYING)) > 0) {
			++*count;
			dying += flag;
		}
		if (dying == 0)
			return 0;
		sleep_ms(1);
	}
	return dying;
}

static int
addresses_inside(const struct crash *s)
{
	static const char *const argv[] = { "/probe", "--addresses", NULL };
	static const char *const envp[] = { NULL };
	struct jail_exec x = { .jid = get_jid(s->k, s->victim), .argv = argv,
		.envp = envp, .fd = { -1, -1, -1 } };
	struct error err = { 0 };
	int status = -1, pid = s->k->backend->spawn(s->k, &x, &err);

	if (pid < 0)
		fail_msg("%s", err.text);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
check_outside(const struct crash *s, bool changed)
{
	check_mounts(find_init(s->victim), changed);
	assert_int_equal(addresses_inside(s), changed ? 0xa : 0x6);
}

/* As before or as after the change, and nothing in between. */
static void
check_victim(const struct crash *s, const struct scenario *c)
{
	bool changed = get_int(s->k, s->victim, "securelevel") == 2;
	char hostname[256] = "";
	struct iovec iov[] = {
		{ (char []){ "name" }, 5 },
		{ (void *)(uintptr_t)s->victim, strlen(s->victim) + 1 },
		{ (char []){ "host.hostname" }, 14 },
		{ hostname, sizeof hostname },
	};

	assert_true(s->k->backend->get(s->k, iov, 4, 0) > 0);
	/* The namespace has the name first, and is what is asked for it. */
	if (!s->real || strcmp(hostname, "new") != 0)
		assert_string_equal(hostname, changed ? "new" : "old");
	assert_int_equal(get_int(s->k, s->victim, "children.max"),
	    changed ? 3 : 5);
	assert_int_equal(get_int(s->k, s->victim, "persist"), 1);
	assert_false(changed && c->creates);
	if (s->real && strcmp(c->name, "update") == 0)
		check_outside(s, changed);
	assert_int_equal(get_int(s->k, s->victim, "children.cur"),
	    get_jid(s->k, s->inner) > 0);
}

/*
 * Whether the victim is there once all is settled.  The init of one that was
 * committed and not released has seen its creator die, and is just ending: it
 * may answer still, so one that is to stay has to be there a while later.
 */
static bool
is_there_now(const struct crash *s, int *count)
{
	for (int ms = 0; ms < SETTLE_MS; ms++) {
		int jid;

		assert_int_equal(await_settled(s, count), 0);
		jid = get_jid(s->k, s->victim);
		if (jid < 0 || !s->real ||
		    s->k->backend->signal(s->k, jid, 0) >= 0)
			return jid > 0;
		sleep_ms(1);
	}
	fail_msg("the init of %s does not answer", s->victim);
	return false;
}

static bool
is_there(const struct crash *s, const struct scenario *c, int *count)
{
	bool there = is_there_now(s, count);

	if (there && s->real && c->creates) {
		sleep_ms(LINGER_MS);
		there = is_there_now(s, count);
	}
	return there;
}

static int
count_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "r");
	int lines = 0, ch;

	assert_non_null(f);
	while ((ch = getc(f)) != EOF)
		lines += ch == '\n';
	fclose(f);
	return lines;
}

/* Removes everything, which must work, and sees that nothing is left. */
static void
clear(const struct crash *s)
{
	int count, left = 0;

	if (get_jid(s->k, s->outer) > 0)
		assert_int_equal(s->k->backend->remove(s->k,
		    get_jid(s->k, s->outer)), 0);
	for (int ms = 0; ms < SETTLE_MS; ms++) {
		left = reap_all(s);
		if (await_settled(s, &count) == 0 && count == 0 &&
		    left == 0)
			break;
		sleep_ms(1);
	}
	assert_int_equal(count, 0);
	assert_int_equal(left, 0);
	assert_int_equal(count_mounts(), s->mounts);
}

/*
 * Beside the outer init there is who may still be making one.  The list of
 * children may miss some while one ends (proc(5)), so once is not enough.
 */
static void
await_nobody(const struct crash *s)
{
	int looks = 0;

	for (int ms = 0; s->real && ms < SETTLE_MS && looks < 3; ms++) {
		bool nobody = reap_all(s) <= 1 && find_init(s->victim) == 0 &&
		    find_init(s->inner) == 0;

		looks = nobody ? looks + 1 : 0;
		sleep_ms(nobody ? 0 : 1);
	}
}

/* After the crash: the table is good, the victim whole or absent. */
static void
check_after(const struct crash *s, const struct scenario *c)
{
	bool there;
	int count;

	there = is_there(s, c, &count);
	assert_true(there || c->creates || c->ends);
	if (there)
		check_victim(s, c);
	assert_int_equal(get_int(s->k, s->outer, "children.cur"), count - 1);
	if (!there) {
		assert_int_equal(count, 1);
		await_nobody(s);
		assert_int_equal(find_init(s->victim), 0);
		assert_int_equal(find_init(s->inner), 0);
		/* No index knows its name or its addresses any more. */
		assert_true(make(s, s->k, s->victim) > 0);
	}
	clear(s);
}

/* In the child: everything up to the call itself is not traced. */
static void
be_caller(const struct crash *s, const struct scenario *c)
{
	struct error err = { 0 };
	struct jail_kernel *k = kernel_open(s->kernel, NULL, &err);

	if (k == NULL || ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(1);
	raise(SIGSTOP);
	c->call(s, k);
	_exit(0);
}

/* Lets the call run up to stop `n`.  Returns whether it got there. */
static bool
kill_at(const struct crash *s, const struct scenario *c, int n)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		be_caller(s, c);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL,
	    PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD), 0);
	for (int i = 0; i < n; i++) {
		int sig = WSTOPSIG(status);

		if (i == 0 || sig == (SIGTRAP | 0x80))
			sig = 0;
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL,
		    (void *)(uintptr_t)sig), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return false;
		}
		assert_true(WIFSTOPPED(status));
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return true;
}

/* Kills the caller after some time; returns whether it was not done yet. */
static bool
kill_after(const struct crash *s, const struct scenario *c, long ns)
{
	struct timespec ts = { 0, ns };
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		be_caller(s, c);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0);
	nanosleep(&ts, NULL);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status);
}

static void
crash_everywhere(struct crash *s)
{
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
		const struct scenario *c = &scenarios[i];
		bool reached = true;
		int n = 0;

		for (; reached; n++) {
			assert_true(make(s, s->k, s->outer) > 0);
			c->prepare(s);
			reached = kill_at(s, c, n);
			check_after(s, c);
		}
		print_message("%s: killed at %d places\n", c->name, n - 1);
		assert_true(n > 10);
		for (long ns = 0; getenv("SOAK") != NULL && ns < 2000000;
		    ns += 1000) {
			assert_true(make(s, s->k, s->outer) > 0);
			c->prepare(s);
			kill_after(s, c, ns);
			check_after(s, c);
		}
	}
}

static void
start(struct crash *s, const char *backend)
{
	char path[64];
	struct error err = { 0 };
	FILE *f;

	memset(s, 0, sizeof *s);
	s->real = strcmp(backend, "linux") == 0;
	/* What a killed caller leaves becomes ours. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	temp_dir_make(&s->dir);
	s->root = (char *)(uintptr_t)temp_file(&s->dir, "root");
	snprintf(s->kernel, sizeof s->kernel, "%s:%s/table", backend,
	    s->dir.path);
	snprintf(s->outer, sizeof s->outer, "outer%d", (int)getpid());
	snprintf(s->victim, sizeof s->victim, "%s.victim", s->outer);
	snprintf(s->inner, sizeof s->inner, "%s.inner", s->victim);
	make_root(s->root);
	s->k = kernel_open(s->kernel, NULL, &err);
	if (s->k == NULL)
		fail_msg("%s", err.text);
	if (s->real)
		mount_hosts(s->root, true);
	s->mounts = count_mounts();
	snprintf(path, sizeof path, "/proc/self/task/%d/children",
	    (int)getpid());
	f = fopen(path, "r");
	if (f != NULL) {
		if (fscanf(f, "%d", &s->spawner) != 1)
			s->spawner = 0;
		fclose(f);
	}
}

static void
finish(struct crash *s)
{
	clear(s);
	kernel_close(s->k);
	if (s->real)
		mount_hosts(s->root, false);
	temp_dir_remove(&s->dir);
}

static void
crashes_on_model(void **state)
{
	struct crash s;

	(void)state;
	start(&s, "model");
	crash_everywhere(&s);
	finish(&s);
}

/* Without it a jail cannot be restricted to addresses. */
static bool
has_cgroup2(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "r");
	char line[4096];
	bool found = false;

	while (f != NULL && !found && fgets(line, sizeof line, f) != NULL)
		found = strstr(line, " - cgroup2 ") != NULL;
	if (f != NULL)
		fclose(f);
	return found;
}

static void
crashes_on_linux(void **state)
{
	struct crash s;

	(void)state;
	if (geteuid() != 0) {
		print_message("skip: needs root\n");
		skip();
	}
	if (!has_cgroup2()) {
		print_message("skip: cgroup v2 is not mounted here\n");
		skip();
	}
	/* The host's mounts are counted; what others mount is not for us. */
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	start(&s, "linux");
	crash_everywhere(&s);
	finish(&s);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crashes_on_model),
		cmocka_unit_test(crashes_on_linux),
	};

	if (argc > 1 && strcmp(argv[1], "--addresses") == 0)
		_exit(probe_addresses());
	if (argc > 1 && strcmp(argv[1], "--pause") == 0) {
		pause();
		_exit(0);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
