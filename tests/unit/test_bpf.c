/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BPF programs for networks of jails: the assembler, and that this kernel
 * takes each program.  What they do is tried in system/network.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/ptrace.h>
#include <sys/wait.h>

#include "kernel/linux/net.h"

static void
jumps_lead_to_their_labels(void **state)
{
	struct bpf_text t;
	int end;

	(void)state;
	text_begin(&t);
	end = text_label(&t);
	put_value(&t, R1, 7);
	put_if_equal(&t, R1, 7, end);
	put_map(&t, R2, 5); /* takes two places */
	put_return(&t, 0);
	text_here(&t, end);
	put_return(&t, 1);
	assert_int_equal(text_end(&t), 0);
	assert_int_equal(t.count, 8);
	assert_int_equal(t.insn[1].off, 4);
	assert_int_equal(t.insn[1].imm, 7);
	assert_int_equal(t.insn[2].src_reg, BPF_PSEUDO_MAP_FD);
	assert_int_equal(t.insn[6].imm, 1);
}

static void
wrong_texts_are_noticed(void **state)
{
	struct bpf_text t;
	int label;

	(void)state;
	text_begin(&t);
	put_jump(&t, text_label(&t)); /* it has no place */
	assert_int_equal(text_end(&t), -1);
	text_begin(&t);
	label = text_label(&t);
	text_here(&t, label);
	put_jump(&t, label); /* backward */
	assert_int_equal(text_end(&t), -1);
	text_begin(&t);
	for (int i = 0; i <= BPF_TEXT_MAX; i++)
		put_value(&t, R0, i);
	assert_int_equal(text_end(&t), -1);
	text_begin(&t);
	for (int i = 0; i <= BPF_LABELS_MAX; i++)
		text_here(&t, text_label(&t));
	put_return(&t, 0);
	assert_int_equal(text_end(&t), -1);
}

static void
all_programs_fit(void **state)
{
	const struct net_maps maps = { 3, 4, 5 };

	(void)state;
	for (size_t i = 0; i < net_program_count; i++) {
		const struct net_program *p = &net_programs[i];
		struct bpf_text t;

		text_begin(&t);
		p->write(&t, &maps, p->variant);
		assert_int_equal(text_end(&t), 0);
		assert_true(strlen(p->name) < BPF_OBJ_NAME_LEN);
	}
}

static void
open_net(struct net *n, bool tree, const struct rights_pass *pass)
{
	char key[CGROUP_KEY_SIZE];

	snprintf(key, sizeof key, "unit-test:%ld", (long)getpid());
	net_open(n, key, tree, pass);
}

static void
need_net(void)
{
	struct error err = { 0 };

	if (geteuid() != 0 || net_probe(&err) != 0) {
		print_message("skip: %s\n", err.code != 0 ? err.text :
		    "needs root");
		skip();
	}
}

static const struct cgroup_line seven = { 2, { 3, 7 } };

/* Two processes use one table: programs are loaded once. */
static void
programs_are_taken(bool tree)
{
	static const struct rights_pass none;
	struct net_addresses one = { .line = seven, .select = { 1, 1 },
		.count = { 1, NET_ANY } }, two = { .line = seven,
		.select = { 1, 1 }, .count = { 0, NET_ANY } };
	struct net a, b;
	struct error err = { 0 };
	struct net_jail jail;
	uint64_t id;
	int fd;

	need_net();
	inet_pton(AF_INET, "192.0.2.1", &one.ip4[0]);
	open_net(&a, tree, &none);
	open_net(&b, tree, &none);
	fd = net_add(&a, &one, &err);
	if (fd < 0)
		fail_msg("%s", err.text);
	close(fd);
	fd = net_cgroup(&b, &seven, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(net_change(&b, &one, &two, &err), 0);
	assert_true(b.maps.jails >= 0);
	fd = cgroup_open(a.table, tree ? "3/7/own" : "7");
	assert_true(fd >= 0);
	assert_int_equal(cgroup_id(fd, &id), 0);
	close(fd);
	assert_int_equal(bpf_map_read(&a.bpf, a.maps.jails, &id, &jail), 0);
	assert_int_equal(jail.count[0], 0);
	assert_int_equal(jail.count[1], NET_ANY);
	net_remove(&b, &two);
	assert_int_equal(bpf_map_read(&a.bpf, a.maps.jails, &id, &jail), -1);
	assert_int_equal(net_cgroup(&b, &seven, &err), -1);
	assert_int_equal(err.code, ENOENT);
	/* The one that ends first takes the table away; it can be made again. */
	net_close(&b);
	fd = net_add(&a, &one, &err);
	if (fd < 0)
		fail_msg("%s", err.text);
	close(fd);
	net_remove(&a, &one);
	net_close(&a);
	open_net(&a, tree, &none);
	assert_int_equal(cgroup_table(a.root, a.key, false), -1);
	net_close(&a);
}

static void
programs_of_flat_cgroups(void **state)
{
	(void)state;
	programs_are_taken(false);
}

/* As where cgroup v2 has controllers. */
static void
programs_of_a_tree(void **state)
{
	(void)state;
	programs_are_taken(true);
}

/* In a child: a process in the cgroup that takes 200 ms to end once killed. */
static void
be_slow(int cgroup, int ready)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, NULL,
	    (void *)(uintptr_t)PTRACE_O_TRACEEXIT) != 0 ||
	    cgroup_enter(cgroup, pid) != 0 || write(ready, "r", 1) != 1)
		_exit(1);
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		_exit(2);
	usleep(200000);
	(void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
	_exit(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? 0 : 3);
}

/* What a killed creator left may need a while to end. */
static void
remains_are_waited_for(void **state)
{
	static const struct rights_pass none;
	struct net_addresses one = { .line = seven, .select = { 1, 1 },
		.count = { NET_ANY, NET_ANY } };
	struct error err = { 0 };
	int fd, ready[2], status;
	struct net n;
	pid_t pid;
	char c;

	(void)state;
	need_net();
	open_net(&n, false, &none);
	fd = net_add(&n, &one, &err);
	assert_true(fd >= 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		be_slow(fd, ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(fd);
	fd = net_add(&n, &one, &err);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (fd < 0)
		print_message("%s\n", err.text);
	else
		close(fd);
	net_remove(&n, &one);
	net_close(&n);
	assert_true(fd >= 0);
	assert_int_equal(status, 0);
}

static void
keys_name_one_table(void **state)
{
	char key[CGROUP_KEY_SIZE], other[CGROUP_KEY_SIZE];
	char longer[300];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(cgroup_key("/run/jailagent/linux", key, &err), 0);
	assert_string_equal(key, "run:jailagent:linux");
	assert_int_equal(cgroup_key("/a/b", key, &err), 0);
	assert_int_equal(cgroup_key("/a:b", other, &err), 0);
	assert_string_not_equal(key, other);
	memset(longer, 'x', sizeof longer);
	longer[0] = '/';
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(cgroup_key(longer, key, &err), -1);
	assert_int_equal(err.code, ENAMETOOLONG);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(jumps_lead_to_their_labels),
		cmocka_unit_test(wrong_texts_are_noticed),
		cmocka_unit_test(all_programs_fit),
		cmocka_unit_test(programs_of_flat_cgroups),
		cmocka_unit_test(programs_of_a_tree),
		cmocka_unit_test(remains_are_waited_for),
		cmocka_unit_test(keys_name_one_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
