/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a system cannot honour is refused: for every parameter in the table,
 * on Linux and on DragonFly, each value as its rule says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "agent_fixture.h"

/* A spec of a name and one parameter with one value. */
static const char *
refused(const char *name, const char *value, const char *backend,
    const struct jail_params *params, char *buf, size_t size)
{
	const char *texts[] = { value };
	struct spec_param p = { .name = (char *)(uintptr_t)name,
		.def = param_find(name),
		.value = { (char **)(uintptr_t)texts, 1 } };
	struct spec s = { .name = (char []){ "web" }, .param = &p,
		.count = 1 };

	return rules_refuse(&s, backend, params, buf, size);
}

static bool
word_in(const char *list, const char *word)
{
	char padded[256], wanted[128];

	snprintf(padded, sizeof padded, " %s ", list);
	snprintf(wanted, sizeof wanted, " %s ", word);
	return strstr(padded, wanted) != NULL;
}

static void
every_rule(const struct jail_params *params, const char *backend,
    size_t *checked)
{
	static const char *const values[] = { "true", "false", "disable",
		"new", "inherit", "0", "1", "2", "4", "-1", "text" };
	bool linux_rules = strcmp(backend, "linux") == 0;

	for (size_t i = 0; i < param_count; i++) {
		const struct param_def *def = &param_table[i];
		const struct param_rule *rule = linux_rules ?
		    &def->linux_rule : &def->dragonfly;

		for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
			char buf[ERROR_TEXT_MAX] = "";
			const char *why = refused(def->name, values[j],
			    backend, params, buf, sizeof buf);

			if (rule->only == NULL ||
			    word_in(rule->only, values[j]))
				continue;
			(*checked)++;
			if (why == NULL || strstr(why, def->name) != why ||
			    strstr(why, rule->why) == NULL ||
			    strstr(why, values[j]) == NULL)
				fail_msg("%s: %s on %s: %s", def->name,
				    values[j], backend,
				    why != NULL ? why : "not refused");
		}
	}
}

static void
systems_refuse_by_the_table(void **state)
{
	size_t checked = 0;
	struct world w;

	(void)state;
	world_make(&w, JAIL_GEN_15);
	every_rule(&w.observer.params, "linux", &checked);
	every_rule(&w.observer.params, "dragonfly", &checked);
	print_message("%zu refusals of %zu parameters\n", checked,
	    param_count);
	assert_true(checked > 500);
	world_remove(&w);
}

static void
kernel_without_a_parameter(void **state)
{
	char buf[ERROR_TEXT_MAX];
	struct world w;

	(void)state;
	world_make(&w, JAIL_GEN_13);
	assert_non_null(refused("meta.k", "v", "model", &w.observer.params,
	    buf, sizeof buf));
	assert_non_null(strstr(buf, "meta.k: this kernel does not have"));
	assert_non_null(refused("allow.vmm", "true", "model",
	    &w.observer.params, buf, sizeof buf));
	assert_null(refused("exec.start", "x", "model", &w.observer.params,
	    buf, sizeof buf));
	world_remove(&w);
	world_make(&w, JAIL_GEN_15);
	assert_null(refused("meta.k", "v", "model", &w.observer.params, buf,
	    sizeof buf));
	assert_null(refused("env.k", "v", "model", &w.observer.params, buf,
	    sizeof buf));
	assert_non_null(refused(TOKEN_KEY, "v", "model", &w.observer.params,
	    buf, sizeof buf));
	world_remove(&w);
}

static void
names_on_linux(void **state)
{
	char name[66], buf[ERROR_TEXT_MAX];
	struct world w;

	(void)state;
	world_make(&w, JAIL_GEN_15);
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_non_null(refused("host.hostname", name, "linux",
	    &w.observer.params, buf, sizeof buf));
	assert_non_null(strstr(buf, "host.hostname: on Linux"));
	assert_non_null(refused("host.domainname", name, "linux",
	    &w.observer.params, buf, sizeof buf));
	assert_null(refused("host.hostname", name, "model",
	    &w.observer.params, buf, sizeof buf));
	assert_null(refused("host.hostname", name + 1, "linux",
	    &w.observer.params, buf, sizeof buf));
	world_remove(&w);
}

static void
networks_on_linux(void **state)
{
	static const struct {
		const char *lines;
		bool refused, restricted; /* the latter: takes cgroups */
	} cases[] = {
		{ "", false, false },
		{ "ip4: inherit\nip6: inherit\n", false, false },
		{ "ip4: disable\n", false, false },
		{ "ip4: inherit\n", false, true },
		{ "ip6: inherit\n", false, true },
		{ "ip4.addr: [192.0.2.1]\n", false, true },
		{ "ip4: inherit\nip6.addr: [2001:db8::1]\n", false, true },
		{ "ip6: new\nip6.addr: []\n", false, false },
		{ "vnet: new\n", false, false },
		{ "vnet: new\nvnet.interface: [v0, v1]\n", false, false },
		{ "vnet.interface: [v0]\n", true, true },
		{ "ip_hostname: true\nhost.hostname: a\n", false, true },
	};
	struct world w;

	(void)state;
	world_make(&w, JAIL_GEN_15);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char yaml[256], buf[ERROR_TEXT_MAX];
		struct jail_params lacking = w.observer.params;
		struct spec *s;

		error_set(&lacking.no_addresses, ENOENT, "no cgroups");

		snprintf(yaml, sizeof yaml, "name: web\npath: @\npersist: "
		    "true\n%s", cases[i].lines);
		s = spec_of_text(&w, yaml);
		if ((rules_refuse(s, "linux", &w.observer.params, buf,
		    sizeof buf) != NULL) != cases[i].refused)
			fail_msg("%s", cases[i].lines);
		if ((rules_refuse(s, "linux", &lacking, buf,
		    sizeof buf) != NULL) != cases[i].restricted)
			fail_msg("without cgroups: %s", cases[i].lines);
		if (cases[i].restricted && !cases[i].refused)
			assert_non_null(strstr(buf, "no cgroups"));
		spec_free(s);
	}
	world_remove(&w);
}

/* What the host cannot limit is said with its reason, and nothing else is. */
static void
limits_of_the_host(void **state)
{
	static const struct {
		const char *lines;
		int lacks; /* index of no_limit */
		const char *said;
	} cases[] = {
		{ "agent.limits.cpu: 50%", LIMIT_CPU, "agent.limits.cpu" },
		{ "agent.limits.memory: 1G", LIMIT_MEMORY,
		    "agent.limits.memory" },
		{ "agent.limits.processes: 10", LIMIT_PROCESSES,
		    "agent.limits.processes" },
		{ "agent.limits.swap: 1G", LIMIT_COUNT, "agent.limits.swap" },
		{ "agent.limits: {swap: 1G, memory: 1G}", LIMIT_SWAP,
		    "agent.limits.swap" },
		{ "agent.limits.swap: 1G", LIMIT_SWAP, NULL },
		{ "agent.limits: {swap: 1G, memory: 1G}", LIMIT_COUNT, NULL },
		{ "agent.limits.cpu: 50%", LIMIT_MEMORY, NULL },
	};
	struct world w;

	(void)state;
	world_make(&w, JAIL_GEN_15);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error no[LIMIT_COUNT + 1] = { { .code = 0 } };
		struct jail_params lacking = w.observer.params;
		char yaml[256], buf[ERROR_TEXT_MAX] = "";
		const char *said = cases[i].said;
		struct spec *s;

		error_set(&no[cases[i].lacks], ENOENT, "no controller");
		lacking.no_limit = no;
		snprintf(yaml, sizeof yaml, "name: web\npath: @\npersist: "
		    "true\n%s\n", cases[i].lines);
		s = spec_of_text(&w, yaml);
		assert_null(rules_refuse(s, "linux", &w.observer.params, buf,
		    sizeof buf));
		(void)rules_refuse(s, "linux", &lacking, buf, sizeof buf);
		if (said == NULL)
			assert_string_equal(buf, "");
		else if (strncmp(buf, said, strlen(said)) != 0 ||
		    strstr(buf, "no controller") == NULL)
			fail_msg("%s: %s", cases[i].lines, buf);
		spec_free(s);
	}
	world_remove(&w);
}

/* Known and checked, but not built: said when planning, by name. */
static void
settings_not_built(void **state)
{
	static const char *const lines[] = {
		"vnet: new\nagent.network.mtu: 1500",
		"vnet: new\nagent.network.address: 192.0.2.1/24",
		"vnet: new\nagent.network.bridge: b",
		"vnet: new\nagent.network.gateway: 192.0.2.1",
	};
	struct world w;

	(void)state;
	world_make(&w, JAIL_GEN_15);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		const char *name = strstr(lines[i], "agent.");
		char yaml[256], buf[ERROR_TEXT_MAX] = "";
		struct spec *s;

		snprintf(yaml, sizeof yaml, "name: web\npath: @\npersist: "
		    "true\n%s\n", lines[i]);
		s = spec_of_text(&w, yaml);
		(void)rules_refuse(s, "model", &w.observer.params, buf,
		    sizeof buf);
		if (strncmp(buf, name, strcspn(name, ":")) != 0)
			fail_msg("%s: %s", lines[i], buf);
		spec_free(s);
	}
	world_remove(&w);
}

/* /dev/fd is in what mount.devfs makes. */
static void
fdescfs_on_linux(void **state)
{
	static const struct {
		const char *yaml;
		bool refused;
	} rows[] = {
		{ "mount.fdescfs: true\n", true },
		{ "mount.fdescfs: true\nmount.devfs: false\n", true },
		{ "mount.fdescfs: true\nmount.devfs: true\n", false },
		{ "mount.fdescfs: false\n", false },
	};
	char buf[ERROR_TEXT_MAX], yaml[256];
	struct world w;

	(void)state;
	world_make(&w, JAIL_GEN_15);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct spec *s;
		const char *why;

		snprintf(yaml, sizeof yaml, "name: web\npath: @\n"
		    "persist: true\n%s", rows[i].yaml);
		s = spec_of_text(&w, yaml);
		why = rules_refuse(s, "linux", &w.observer.params, buf,
		    sizeof buf);
		if ((why != NULL) != rows[i].refused ||
		    (why != NULL && strstr(why, "mount.devfs: true") == NULL))
			fail_msg("%s: %s", rows[i].yaml,
			    why != NULL ? why : "not refused");
		spec_free(s);
	}
	world_remove(&w);
}

static void
host_names_to_be_looked_up(void **state)
{
	static const struct {
		const char *lines, *why;
	} rows[] = {
		{ "host.hostname: a\n", NULL },
		{ "", "say host.hostname, too" },
		{ "host.hostname: a\nip4: inherit\n", NULL },
		{ "host.hostname: a\nip4: inherit\nip6: disable\n",
		    "leave no family" },
		{ "host.hostname: a\nvnet: new\n", "vnet: new" },
	};
	struct world w;

	(void)state;
	world_make(&w, JAIL_GEN_15);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char yaml[256], buf[ERROR_TEXT_MAX];
		struct spec *s;
		const char *why;

		snprintf(yaml, sizeof yaml, "name: web\npath: @\npersist: "
		    "true\nip_hostname: true\n%s", rows[i].lines);
		s = spec_of_text(&w, yaml);
		why = rules_refuse(s, "freebsd", &w.observer.params, buf,
		    sizeof buf);
		if (rows[i].why == NULL ? why != NULL : why == NULL ||
		    strstr(why, rows[i].why) == NULL)
			fail_msg("%s: %s", rows[i].lines, why != NULL ? why :
			    "not refused");
		spec_free(s);
	}
	world_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(systems_refuse_by_the_table),
		cmocka_unit_test(kernel_without_a_parameter),
		cmocka_unit_test(names_on_linux),
		cmocka_unit_test(networks_on_linux),
		cmocka_unit_test(settings_not_built),
		cmocka_unit_test(limits_of_the_host),
		cmocka_unit_test(fdescfs_on_linux),
		cmocka_unit_test(host_names_to_be_looked_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
