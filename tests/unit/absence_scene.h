/* SPDX-License-Identifier: BSD-2-Clause */
/* Ten jails, and scans that say which of their specs are new or gone. */
#ifndef TEST_ABSENCE_SCENE_H
#define TEST_ABSENCE_SCENE_H

#include "agent/reconcile/absence.h"
#include "agent_fixture.h"

#define JAILS 10

struct scene {
	struct world w;
	struct absence a;
	int64_t now;
	int64_t took; /* how long a scan takes, until it is known here */
	uint32_t behind; /* of scans that met a writer */
	bool replaced; /* the next scan finds another directory */
	const char *barred; /* it has that name kept out by an error */
};

/* A scan that names what is new and what is gone, ended by NULL. */
static inline void
scan_files(struct scene *s, enum scan_state state, const char *changed,
    const char *const *gone, struct scan_file *file, size_t files)
{
	struct scan scan;
	struct spec_set set = { 0 };

	memset(&scan, 0, sizeof scan);
	scan.state = state;
	scan.why = state == SCAN_MISSING ? strdup("no such directory") : NULL;
	if (changed != NULL)
		specs_parse(&s->w, changed, &set);
	scan.changed = calloc(set.count + 1, sizeof *scan.changed);
	for (size_t i = 0; i < set.count; i++)
		scan.changed[scan.changed_count++] = spec_copy(set.spec[i]);
	spec_set_free(&set);
	for (; gone != NULL && *gone != NULL; gone++)
		assert_int_equal(text_list_add(&scan.gone, *gone), 0);
	scan.file = file;
	scan.file_count = files;
	scan.behind_ms = state == SCAN_UNSETTLED ? s->behind : 0;
	scan.replaced = s->replaced;
	s->replaced = false;
	scan.barred = calloc(1, sizeof *scan.barred);
	assert_non_null(scan.barred);
	if (s->barred != NULL)
		scan.barred[scan.barred_count++] = (struct scan_barred){
			strdup(s->barred), "/etc/x.yaml" };
	s->barred = NULL;
	assert_int_equal(absence_apply(&s->a, &s->w.reconciler, &scan,
	    scan_known(&scan, s->now - s->took), s->now), 0);
	scan.file = NULL;
	scan.file_count = 0;
	scan_free(&scan);
	world_rest(&s->w);
}

static inline void
scan_with(struct scene *s, enum scan_state state, const char *changed,
    const char *const *gone, struct scan_file *file)
{
	scan_files(s, state, changed, gone, file, file != NULL);
}

static inline void
scan(struct scene *s, const char *changed, const char *const *gone)
{
	scan_with(s, SCAN_OK, changed, gone, NULL);
}

static const char *const one_gone[] = { "j0", NULL };

static inline void
yaml_of(unsigned first, unsigned count, char *buf, size_t size)
{
	size_t n = 0;

	for (unsigned i = first; i < first + count; i++)
		n += (size_t)snprintf(buf + n, size - n, "%sname: j%u\n"
		    "path: @\npersist: true\n", n == 0 ? "" : "---\n", i);
}

static inline int
setup(void **state)
{
	struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };
	struct scene *s = calloc(1, sizeof *s);
	char yaml[2048];

	world_make(&s->w, JAIL_GEN_15);
	s->a.limit.value = -1;
	s->a.seen = true;
	s->behind = SCAN_NEVER;
	s->now = 100000;
	world_reconciler(&s->w, &opt);
	yaml_of(0, JAILS, yaml, sizeof yaml);
	scan(s, yaml, NULL);
	assert_int_equal(s->w.told, JAILS);
	*state = s;
	return 0;
}

static inline int
teardown(void **state)
{
	struct scene *s = *state;

	absence_free(&s->a);
	world_remove(&s->w);
	free(s);
	return 0;
}

static inline unsigned
alive(struct scene *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < JAILS; i++) {
		char name[8];

		snprintf(name, sizeof name, "j%u", i);
		n += kernel_jid(&s->w, name) > 0;
	}
	return n;
}

#endif
