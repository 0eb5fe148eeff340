/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a system cannot honour is refused before anything is tried.  The rules
 * stand beside each parameter in kernel/params.def; here they are applied, with
 * the few that concern more than one parameter.
 */
#include <stdio.h>
#include <string.h>

#include "agent/plan/hostname.h"
#include "agent/plan/limits.h"
#include "agent/plan/rules_meta.h"
#include "specs/settings.h"
#include "specs/text.h"

static const struct param_rule *
rule_for(const struct param_def *def, const char *backend)
{
	if (strcmp(backend, "linux") == 0)
		return &def->linux_rule;
	if (strcmp(backend, "dragonfly") == 0)
		return &def->dragonfly;
	return NULL;
}

/* Whether `value` is one of the words of `only`. */
static bool
listed(const char *only, const char *value)
{
	size_t len = strlen(value);

	for (const char *p = only; *p != '\0';) {
		size_t n = strcspn(p, " ");

		if (n == len && memcmp(p, value, n) == 0)
			return true;
		p += n;
		p += strspn(p, " ");
	}
	return false;
}

static bool
honoured(const struct param_rule *rule, const struct spec_param *p)
{
	if (rule == NULL || rule->only == NULL)
		return true;
	for (size_t i = 0; i < p->value.count; i++)
		if (!listed(rule->only, p->value.text[i]))
			return false;
	return p->value.count > 0 || rule->only[0] != '\0' ||
	    p->def->type == PARAM_LIST;
}

static bool
advertised(const struct jail_params *params, const struct spec_param *p)
{
	const char *name = p->def != NULL ? p->def->name : p->name;

	return params_find(params, name) != NULL;
}

/* The first value for a message: one line of it, and not too much. */
static void
show_value(const struct spec_param *p, char *to, size_t size)
{
	if (p->value.count == 0) {
		snprintf(to, size, "[]");
		return;
	}
	snprintf(to, size, "%s", p->value.text[0]);
	to[utf8_prefix(to, strlen(to))] = '\0';
	for (; *to != '\0'; to++) {
		if ((unsigned char)*to < ' ' || *to == 0x7f)
			*to = '?';
	}
}

static const char *
refuse_param(const struct spec_param *p, const char *backend,
    const struct jail_params *params, char *buf, size_t size)
{
	const struct param_rule *rule;
	char value[TEXT_SHOWN + 1];

	if (strcmp(p->name, TOKEN_KEY) == 0) {
		snprintf(buf, size, "%s: the agent keeps its mark there; use "
		    "another key", p->name);
		return buf;
	}
	if (p->def == NULL) {
		if (advertised(params, p))
			return NULL;
		snprintf(buf, size, "%s: this kernel has no such parameter",
		    p->name);
		return buf;
	}
	rule = rule_for(p->def, backend);
	if (!honoured(rule, p)) {
		show_value(p, value, sizeof value);
		snprintf(buf, size, "%s: %s is refused: %s", p->name, value,
		    rule->why);
		return buf;
	}
	if (p->def->kind == PARAM_KERNEL && !advertised(params, p)) {
		snprintf(buf, size, "%s: this kernel does not have this "
		    "parameter; remove it, or load the module that brings it",
		    p->name);
		return buf;
	}
	return NULL;
}

/* What a jail has of a family: nothing, all that the host has, or a list. */
static const char *
family_mode(const struct spec *s, const char *mode, const char *list)
{
	return spec_list(s, list)->count > 0 || hostname_opens(s, mode) ? "new" :
	    strcmp(spec_text(s, mode), "inherit") == 0 ? "inherit" : "none";
}

/* What the same for both families is takes no restriction of sockets. */
static const char *
refuse_linux_network(const struct spec *s, const struct jail_params *params,
    char *buf, size_t size)
{
	const char *ip4 = family_mode(s, "ip4", "ip4.addr");
	const char *ip6 = family_mode(s, "ip6", "ip6.addr");

	if (strcmp(spec_text(s, "vnet"), "new") != 0 &&
	    spec_list(s, "vnet.interface")->count > 0) {
		snprintf(buf, size, "vnet.interface: the jail has no network "
		    "stack of its own; say vnet: new, too");
		return buf;
	}
	if (strcmp(spec_text(s, "vnet"), "new") != 0 &&
	    spec_bool(s, "allow.raw_sockets")) {
		snprintf(buf, size, "allow.raw_sockets: raw sockets in the "
		    "host's network could read and send what is the host's; "
		    "say vnet: new, too, or remove it");
		return buf;
	}
	if (strcmp(spec_text(s, "vnet"), "new") == 0 ||
	    params->no_addresses.code == 0 ||
	    (strcmp(ip4, ip6) == 0 && strcmp(ip4, "new") != 0))
		return NULL;
	snprintf(buf, size, "%s: this host cannot restrict a jail to "
	    "addresses: %s; say inherit for both ip4 and ip6 (the host's "
	    "network) or disable for both (none)",
	    hostname_wanted(s) ? "ip_hostname" :
	    strcmp(ip4, "new") == 0 ? "ip4.addr" :
	    strcmp(ip6, "new") == 0 ? "ip6.addr" :
	    strcmp(ip4, "inherit") == 0 ? "ip4" : "ip6",
	    params->no_addresses.text);
	return buf;
}

/* `vhid` and the like. */
static const char *
refuse_linux_words(const struct spec *s, char *buf, size_t size)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct spec_param *p = &s->param[i];

		if (p->def == NULL || (p->def->type != PARAM_IP4 &&
		    p->def->type != PARAM_IP6))
			continue;
		for (size_t k = 0; k < p->value.count; k++) {
			const char *words = strchr(p->value.text[k], ' ');

			if (words == NULL)
				continue;
			snprintf(buf, size, "%s: the words \"%.64s\" are "
			    "ifconfig(8)'s, which Linux does not have; remove "
			    "them", p->name, words + 1);
			return buf;
		}
	}
	return NULL;
}

/* uname(2) of Linux has no room for more. */
#define LINUX_NAME_MAX 64

static const char *
refuse_linux_names(const struct spec *s, char *buf, size_t size)
{
	static const char *const names[] = {
		"host.hostname", "host.domainname",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(spec_text(s, names[i])) > LINUX_NAME_MAX) {
			snprintf(buf, size, "%s: on Linux it has at most %d "
			    "bytes; use a shorter name", names[i],
			    LINUX_NAME_MAX);
			return buf;
		}
	return NULL;
}

/* /dev/fd is a link in what mount.devfs makes. */
static const char *
refuse_linux_mounts(const struct spec *s, char *buf, size_t size)
{
	if (strcmp(spec_text(s, "mount.fdescfs"), "true") != 0 ||
	    strcmp(spec_text(s, "mount.devfs"), "true") == 0)
		return NULL;
	snprintf(buf, size, "mount.fdescfs: on Linux it needs mount.devfs, "
	    "where /dev/fd is a link into /proc; say mount.devfs: true, too");
	return buf;
}

/* Addresses that are looked up need a name, and a family to go to. */
static const char *
refuse_hostname(const struct spec *s, const struct jail_params *params,
    char *buf, size_t size)
{
	const char *name = spec_text(s, "host.hostname");

	if (!hostname_wanted(s))
		return NULL;
	if (name == NULL || name[0] == '\0')
		snprintf(buf, size, "ip_hostname: there is no name to be looked "
		    "up; say host.hostname, too");
	else if (strcmp(spec_text(s, "vnet"), "new") == 0)
		snprintf(buf, size, "ip_hostname: vnet jails cannot have IP "
		    "address restrictions; this contradicts vnet: new; remove "
		    "one of them");
	else if (hostname_family(s, params) == -1)
		snprintf(buf, size, "ip_hostname: ip4 and ip6 leave no family "
		    "whose addresses the jail could be given; remove one of "
		    "them, or ip_hostname");
	else
		return NULL;
	return buf;
}

/* Settings that the spec language has, and this version does nothing with. */
static const char *
refuse_agent(const struct spec_agent *a, char *buf, size_t size)
{
	static const char *const not_built[] = {
		"agent.network.address",
		"agent.network.bridge",
		"agent.network.gateway",
		"agent.network.mtu",
	};

	for (size_t i = 0; i < sizeof not_built / sizeof *not_built; i++) {
		const struct setting *s = setting_find(not_built[i]);

		if (setting_is_default(s, a))
			continue;
		snprintf(buf, size, "%s: not available in this version: it "
		    "makes no interfaces; remove it, make them in "
		    "exec.prestart, and say vnet.interface", s->name);
		return buf;
	}
	return NULL;
}

const char *
rules_refuse(const struct spec *s, const char *backend,
    const struct jail_params *params, char *buf, size_t size)
{
	if (refuse_agent(&s->agent, buf, size) != NULL ||
	    limits_refuse(&s->agent, params, buf, size) != NULL)
		return buf;
	for (size_t i = 0; i < s->count; i++) {
		const char *why = refuse_param(&s->param[i], backend, params,
		    buf, size);

		if (why != NULL)
			return why;
	}
	if (refuse_meta(s, params, buf, size) != NULL ||
	    refuse_hostname(s, params, buf, size) != NULL)
		return buf;
	if (strcmp(backend, "linux") != 0)
		return NULL;
	if (refuse_linux_names(s, buf, size) != NULL ||
	    refuse_linux_words(s, buf, size) != NULL ||
	    refuse_linux_mounts(s, buf, size) != NULL)
		return buf;
	return refuse_linux_network(s, params, buf, size);
}
