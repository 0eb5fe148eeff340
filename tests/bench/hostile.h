/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spec files whose authors mean no good: each kind in any size.  The benchmark
 * compares sizes, a unit test has a limit of time and memory.
 */
#ifndef JA_HOSTILE_H
#define JA_HOSTILE_H

#include <stdlib.h>
#include <string.h>

#include "specs/spec.h"
#include "specs/text.h"

#define HOSTILE_JAIL "name: a\npath: /\npersist: true\n"

/*
 * `head`, then as many of `line` as fit, with their number where %u is, then
 * `tail`; `every` > 0: after so many lines the number begins anew.
 */
struct hostile {
	const char *name, *head, *line, *tail;
	unsigned every;
};

static const struct hostile hostile_kinds[] = {
	{ "deep flow", "a: ", "[", "", 0 },
	{ "deep maps", "", "{a: ", "", 0 },
	{ "deep block", "", "- ", "", 0 },
	{ "explicit keys", "", "? ", "", 0 },
	{ "long word", HOSTILE_JAIL "command: ", "x", "\n", 0 },
	{ "long quoted", HOSTILE_JAIL "command: \"", "\\x41", "\"\n", 0 },
	{ "long folded", HOSTILE_JAIL "command: >\n", "  x\n", "", 0 },
	{ "long plain", HOSTILE_JAIL "command:\n", "  x\n", "", 0 },
	{ "long key", HOSTILE_JAIL, "x", ": y\n", 0 },
	{ "open quote", HOSTILE_JAIL "command: \"", "x\n", "", 0 },
	{ "unknown keys", HOSTILE_JAIL, "exec.stert%u: x\n", "", 0 },
	{ "unknown long", HOSTILE_JAIL,
	    "allow.mount.devfs.allow.mount.procfs.allow%u: x\n", "", 0 },
	{ "same key", HOSTILE_JAIL, "jid: 5\n", "", 0 },
	{ "wrong values", HOSTILE_JAIL, "jid: x%u\n", "", 0 },
	{ "variables", HOSTILE_JAIL "vars:\n", "  v%u: x\n", "", 0 },
	{ "meta", HOSTILE_JAIL "meta:\n", "  k%u: x\n", "", 0 },
	{ "labels", HOSTILE_JAIL "agent:\n  labels:\n", "    l%u: x\n", "",
	    0 },
	{ "empty documents", "", "---\n", "", 0 },
	{ "documents", "", "name: a%u\n---\n", "", 0 },
	{ "jails", "",
	    "name: a%u\npath: /\npersist: true\ncommand: [x, y]\n---\n", "",
	    0 },
	{ "same name", "", HOSTILE_JAIL "---\n", "", 0 },
	{ "same jid", "",
	    "name: a%u\npath: /\npersist: true\njid: 7\n---\n", "", 0 },
	{ "laughs", HOSTILE_JAIL "command: \"${v0}\"\nvars:\n",
	    "  v%u: \"${v1}${v1}${v1}\"\n", "", 64 },
	{ "laughing lists", HOSTILE_JAIL "command: [\"${v}\"]\nvars:\n"
	    "  v: [", "\"${command}\", ", "x]\n", 0 },
	{ "references", HOSTILE_JAIL "vars: {e: ''}\ncommand:\n",
	    "  - ${e}${e}${e}${e}${e}${e}${e}${e}\n", "", 0 },
	{ "chain", HOSTILE_JAIL "vars:\n", "  v%u: \"${v%u}\"\n", "", 0 },
	{ "anchors", HOSTILE_JAIL "vars:\n", "  v%u: &a x\n", "", 0 },
	{ "aliases", HOSTILE_JAIL "vars:\n  v: &a [x, x]\n", "  v%u: [*a, *a]\n",
	    "", 0 },
	{ "merge keys", HOSTILE_JAIL, "<<: x\n", "", 0 },
	{ "tags", HOSTILE_JAIL, "v%u: !!str x\n", "", 0 },
	{ "directives", "", "%%X%u y\n", "--- {}\n", 0 },
	{ "tag lines", "#\r", "%%TAG !t%u! x\r", "--- {}\n", 0 },
	{ "next lines", "#\xc2\x85", "%%TAG !t%u! x\xc2\x85", "--- {}\n", 0 },
	{ "long list", HOSTILE_JAIL "exec.start:\n", "  - x%u\n", "", 0 },
	{ "long flow", HOSTILE_JAIL "exec.start: [", "x%u, ", "x]\n", 0 },
	{ "depend", HOSTILE_JAIL "depend:\n", "  - d%u\n", "", 0 },
	{ "addresses", HOSTILE_JAIL "ip4.addr:\n", "  - 10.0.0.%u\n", "", 256 },
	{ "wrong list", HOSTILE_JAIL "ip6.addr:\n", "  - x%u\n", "", 0 },
	{ "commas", HOSTILE_JAIL "ip4.addr: '", "1.2.3.4,", "'\n", 0 },
	{ "cycle", "", "name: a%u\npath: /\npersist: true\n"
	    "depend: [a0, a1, a2, a3, a4, a5, a6, a7]\n---\n", "", 0 },
	{ "comment", "# ", "x", "\n" HOSTILE_JAIL, 0 },
	{ "comments", HOSTILE_JAIL, "# %u\n", "", 0 },
	{ "blanks", HOSTILE_JAIL, " ", "\n", 0 },
	{ "lines", HOSTILE_JAIL, "\n", "", 0 },
	{ "tabs", HOSTILE_JAIL, "\t", "\n", 0 },
	{ "defaults", "", "name: '*'\nexec.start+: [x%u]\n---\nname: a%u\n"
	    "path: /\n---\n", "", 0 },
	{ "defaults refer", "name: '*'\nvars: {e: ''}\ncommand: [", "'${e}', ",
	    "x]\n", 0 },
	{ "defaults depend", "name: '*'\npath: /\npersist: true\ndepend:\n",
	    "  - d%u\n", "", 0 },
	{ "lost defaults", "[\n", "name: a%u.*\n", "", 0 },
	{ "lost names", "[\n", "name:", "", 0 },
	{ "defaults wrong", "name: '*'\nhost.hostname: '${x}'\n"
	    "host.domainname: '${y}'\nhost.hostuuid: '${z}'\n",
	    "---\nname: a%u\n", "", 0 },
};
#define HOSTILE_KINDS (sizeof hostile_kinds / sizeof *hostile_kinds)

static void
hostile_line(struct textbuf *b, const char *line, unsigned n)
{
	for (const char *c = line; *c != '\0'; c++) {
		if (*c == '%' && c[1] == 'u') {
			textbuf_format(b, "%u", n);
			c++;
		} else {
			c += *c == '%';
			textbuf_add(b, c, 1);
		}
	}
}

/*
 * A file of `size` bytes.  Defaults are followed by jails for them: half of the
 * file.
 */
static char *
hostile_text(const struct hostile *h, size_t size, size_t *len)
{
	bool halved = strncmp(h->name, "defaults ", 9) == 0 &&
	    *h->tail != '-' && strstr(h->line, "name:") == NULL;
	size_t most = halved ? size / 2 : size;
	struct textbuf b = { 0 };

	textbuf_text(&b, h->head);
	for (unsigned n = 0; b.len + 120 < most; n++)
		hostile_line(&b, h->line, h->every > 0 ? n % h->every : n);
	textbuf_text(&b, h->tail);
	for (unsigned n = 0; halved && b.len + 120 < size; n++)
		hostile_line(&b, "---\nname: a%u\npath: /\npersist: true\n", n);
	*len = b.len;
	return b.text;
}

/* All that is done with a file that is checked. */
static void
hostile_check(const char *text, size_t len, struct spec_set *set)
{
	struct spec_docs docs = { 0 };

	*set = (struct spec_set){ 0 };
	(void)spec_parse("hostile.yaml", text, len, &docs, &set->errors);
	spec_resolve(&docs, set);
	(void)spec_set_loops(set);
	spec_errors_sort(&set->errors);
	spec_docs_free(&docs);
}

#endif
