/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From files to specs (promises invalid-never-deletes and isolation).
 *
 * Each file counts with what it holds now.  One that cannot be read, parsed or
 * resolved counts with its last good documents instead, all of them, and the
 * specs are made anew; a file that never was good counts with those of its
 * documents that nothing is wrong with.  A name that an error keeps out of the
 * specs is not gone: it stays what it was.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "agent/read/scan.h"
#include "agent/read/scan_kept.h"
#include "specs/doc.h"

/* For the time of a merge: which documents of each file count. */
struct merge {
	struct reader *r;
	struct content **use; /* parallel to r->files; NULL: nothing */
	bool *wrong; /* likewise: files in which resolving found errors */
	struct spec_errors *errors;
};

static int
compare_file(const void *key, const void *file)
{
	return strcmp(key, ((const struct file *)file)->name);
}

struct file *
reader_file(const struct reader *r, const char *path)
{
	size_t len = strlen(r->dir);

	if (path == NULL || strncmp(path, r->dir, len) != 0 ||
	    path[len] != '/' || r->files.count == 0)
		return NULL;
	return bsearch(path + len + 1, r->files.file, r->files.count,
	    sizeof *r->files.file, compare_file);
}

static void
copy_error(struct spec_errors *to, const char *path,
    const struct spec_error *e)
{
	struct spec_place place = e->place;

	place.file = path;
	(void)spec_error_add(to, place, e->warning, "%s", e->message);
}

/* A file that was not good in the life of this process may have been before. */
static void
recall(const struct merge *m, struct file *f)
{
	if (f->good == NULL && !f->asked)
		kept_recall(m->r, f, m->errors);
}

/* What counts at first, and what was already found when parsing. */
static void
begin(struct merge *m)
{
	for (size_t i = 0; i < m->r->files.count; i++) {
		struct file *f = &m->r->files.file[i];
		bool usable = f->problem == NULL && f->now != NULL &&
		    f->now->valid;

		/* One that is being written when the agent starts: its own
		   jails stay as they are until it is known what it says. */
		if (!usable && f->unsettled && f->now == NULL)
			kept_recall_defaults(m->r, f, m->errors);
		else if (!usable && !f->unsettled)
			recall(m, f);
		m->use[i] = usable ? f->now : f->good;
		f->invalid = !usable && !(f->unsettled && f->now == NULL);
		if (f->problem != NULL)
			(void)spec_error_add(m->errors, (struct spec_place){
			    .file = f->path }, false, "%s", f->problem);
		else if (f->now != NULL)
			for (size_t k = 0; k < f->now->errors.count; k++)
				copy_error(m->errors, f->path,
				    &f->now->errors.error[k]);
	}
}

/*
 * The documents that count, and of a file without any only what is lost: jails
 * cannot do without.
 */
static size_t
add_documents(struct content *use, const struct content *now,
    struct spec_doc **to)
{
	const struct content *from = use != NULL ? use : now;
	size_t n = 0;

	for (size_t k = 0; from != NULL && k < from->docs.count; k++)
		if (use != NULL || spec_doc_lost(from->docs.doc[k])) {
			if (to != NULL)
				to[n] = from->docs.doc[k];
			n++;
		}
	return n;
}

/* Makes specs of the documents of all contents that are not NULL. */
static int
resolve_contents(struct content *const *use, const struct files *files,
    struct spec_set *set)
{
	struct spec_docs all = { 0 };
	size_t n = 0;

	memset(set, 0, sizeof *set);
	for (size_t i = 0; i < files->count; i++)
		n += add_documents(use[i], files->file[i].now, NULL);
	all.doc = calloc(n + 1, sizeof *all.doc);
	if (all.doc == NULL)
		return -1;
	for (size_t i = 0; i < files->count; i++)
		all.count += add_documents(use[i], files->file[i].now,
		    all.doc + all.count);
	spec_resolve(&all, set);
	free(all.doc);
	return 0;
}

int
files_resolve(const struct files *files, struct error *err)
{
	struct content **use = calloc(files->count + 1, sizeof *use);
	struct spec_set set;
	int rc = -1;

	for (size_t i = 0; use != NULL && i < files->count; i++)
		use[i] = files->file[i].gone ? NULL : files->file[i].now;
	if (use == NULL || resolve_contents(use, files, &set) != 0)
		goto out;
	rc = 0;
	for (size_t i = 0; rc == 0 && i < set.errors.count; i++) {
		char *text = set.errors.error[i].warning ? NULL :
		    spec_error_text(&set.errors.error[i]);

		if (text != NULL) {
			error_set(err, EINVAL, "%s", text);
			rc = 1;
		}
		free(text);
	}
	spec_set_free(&set);
out:
	free(use);
	return rc;
}

/* Whether the last good documents can stand in for what the file holds. */
static bool
can_demote(const struct merge *m, size_t i)
{
	struct file *f = &m->r->files.file[i];

	recall(m, f);
	return f->good != NULL && m->use[i] == f->now && f->good != f->now;
}

/*
 * Puts files in which resolving found errors back to their last good documents.
 * Returns whether there was one, so that the specs must be made anew.
 */
static bool
demote(const struct merge *m, const struct spec_set *set)
{
	struct file *files = m->r->files.file;
	bool any = false;

	memset(m->wrong, 0, m->r->files.count * sizeof *m->wrong);
	for (size_t i = 0; i < set->errors.count; i++) {
		const struct spec_error *e = &set->errors.error[i];
		struct file *f = reader_file(m->r, e->place.file);

		if (f == NULL || e->warning ||
		    !can_demote(m, (size_t)(f - files)))
			continue;
		m->wrong[f - files] = any = true;
		f->invalid = true;
		copy_error(m->errors, f->path, e);
	}
	for (size_t i = 0; i < m->r->files.count; i++)
		if (m->wrong[i])
			m->use[i] = files[i].good;
	return any;
}

/*
 * The errors that stayed; files without any are good from now on.  One of no
 * file says that memory is out: then nothing is known of any file, and -1 is
 * returned.
 */
static int
conclude(const struct merge *m, const struct spec_set *set)
{
	int rc = 0;

	memset(m->wrong, 0, m->r->files.count * sizeof *m->wrong);
	for (size_t i = 0; i < set->errors.count; i++) {
		const struct spec_error *e = &set->errors.error[i];
		struct file *f = reader_file(m->r, e->place.file);

		copy_error(m->errors, f != NULL ? f->path : NULL, e);
		if (e->warning)
			continue;
		if (f == NULL)
			rc = -1;
		else
			m->wrong[f - m->r->files.file] = f->invalid = true;
	}
	for (size_t i = 0; i < m->r->files.count; i++) {
		struct file *f = &m->r->files.file[i];

		f->stands_in = f->invalid && f->good != NULL &&
		    m->use[i] == f->good && !m->wrong[i];
		if (f->invalid || m->use[i] != f->now || f->good == f->now)
			continue;
		content_unref(f->good);
		f->good = content_ref(f->now);
	}
	spec_errors_sort(m->errors);
	return rc;
}

static int
compare_text(const void *key, const void *text)
{
	return strcmp(key, *(char *const *)text);
}

/* The file of each name that an error keeps out. */
static int
find_invalid(const struct merge *m, struct changes *ch)
{
	const struct text_list *names = &ch->set.invalid;

	ch->invalid_in = calloc(names->count + 1, sizeof *ch->invalid_in);
	if (ch->invalid_in == NULL)
		return -1;
	for (size_t i = 0; names->count > 0 && i < m->r->files.count; i++) {
		const struct content *c = m->use[i];

		for (size_t k = 0; c != NULL && k < c->docs.count; k++) {
			char **at = c->docs.doc[k]->name == NULL ? NULL :
			    bsearch(c->docs.doc[k]->name, names->text,
			    names->count, sizeof *names->text, compare_text);

			if (at != NULL)
				ch->invalid_in[at - names->text] =
				    &m->r->files.file[i];
		}
	}
	return 0;
}

static int
make_specs(struct reader *r, struct changes *ch)
{
	struct merge m = { .r = r, .errors = &ch->errors };
	int rc = -1;

	m.use = calloc(r->files.count + 1, sizeof *m.use);
	m.wrong = calloc(r->files.count + 1, sizeof *m.wrong);
	if (m.use == NULL || m.wrong == NULL)
		goto out;
	begin(&m);
	/* Ends, since each round puts back one file at least. */
	while ((rc = resolve_contents(m.use, &r->files, &ch->set)) == 0 && demote(&m, &ch->set))
		spec_set_free(&ch->set);
	if (rc == 0)
		rc = conclude(&m, &ch->set);
	if (rc == 0)
		rc = find_invalid(&m, ch);
out:
	free(m.use);
	free(m.wrong);
	return rc;
}

/* Whether a name that is not among the specs is kept out by an error. */
static bool
is_held(struct reader *r, const struct changes *ch, const struct sent *s)
{
	const struct file *f = reader_file(r, s->file);

	if (f != NULL && f->invalid)
		return true;
	return ch->set.invalid.count > 0 && bsearch(s->name,
	    ch->set.invalid.text, ch->set.invalid.count,
	    sizeof *ch->set.invalid.text, compare_text) != NULL;
}

static int
sent_from(struct sent *to, const struct spec *s)
{
	struct spec_secret ref;

	to->name = strdup(s->name);
	to->file = strdup(s->place.file != NULL ? s->place.file : "");
	to->line = s->place.line;
	to->column = s->place.column;
	memcpy(to->digest, spec_digest(s), sizeof to->digest);
	for (size_t at = 0; spec_secret_next(s, &at, &ref);)
		if (text_list_add(&to->secrets, ref.file) != 0)
			return -1;
	return to->name != NULL && to->file != NULL ? 0 : -1;
}

static void
sent_finish(struct sent *s)
{
	free(s->name);
	free(s->file);
	text_list_free(&s->secrets);
}

/* A spec beside what was last sent of it (NULL: nothing). */
static void
compare_spec(struct changes *ch, const struct sent *old, const struct spec *s)
{
	const char *file = s->place.file != NULL ? s->place.file : "";

	if (old == NULL || memcmp(old->digest, spec_digest(s),
	    sizeof old->digest) != 0)
		ch->changed[ch->changed_count++] = s;
	else if (strcmp(old->file, file) != 0 || old->line != s->place.line ||
	    old->column != s->place.column)
		ch->moved[ch->moved_count++] = s;
}

/* Both lists are sorted by name; `next` becomes what is sent now. */
static int
compare(struct reader *r, struct changes *ch, struct sent *next, size_t *n)
{
	size_t i = 0, k = 0;

	while (i < r->sent_count || k < ch->set.count) {
		struct sent *old = i < r->sent_count ? &r->sent[i] : NULL;
		const struct spec *s = k < ch->set.count ?
		    ch->set.spec[k] : NULL;
		int order = old == NULL ? 1 : s == NULL ? -1 :
		    strcmp(old->name, s->name);

		if (order >= 0) {
			compare_spec(ch, order == 0 ? old : NULL, s);
			if (sent_from(&next[(*n)++], s) != 0)
				return -1;
			k++;
		} else if (is_held(r, ch, old)) {
			next[(*n)++] = *old;
			*old = (struct sent){ 0 };
		} else if (text_list_add(&ch->gone, old->name) != 0) {
			return -1;
		}
		i += order <= 0;
	}
	return 0;
}

static int
compare_sent(const void *a, const void *b)
{
	return strcmp(((const struct sent *)a)->name,
	    ((const struct sent *)b)->name);
}

/*
 * Names that errors keep out, and that the agent was told nothing of: jails that
 * it knows from before must not be taken for those that no file says.
 */
static int
add_barred(struct changes *ch, struct sent *next, size_t *n)
{
	const struct text_list *names = &ch->set.invalid;
	size_t told = *n;

	ch->barred = calloc(names->count + 1, sizeof *ch->barred);
	if (ch->barred == NULL)
		return -1;
	for (size_t i = 0; i < names->count; i++) {
		const struct file *f = ch->invalid_in[i];
		struct sent *s = &next[*n];

		*s = (struct sent){ .name = names->text[i], .barred = true };
		if ((told > 0 && bsearch(s, next, told, sizeof *s,
		    compare_sent) != NULL) || (*n > told &&
		    strcmp(s[-1].name, s->name) == 0))
			continue;
		s->name = strdup(s->name);
		s->file = strdup(f != NULL ? f->path : "");
		++*n;
		if (s->name == NULL || s->file == NULL)
			return -1;
		ch->barred[ch->barred_count++] = i;
	}
	if (*n > told)
		qsort(next, *n, sizeof *next, compare_sent);
	return 0;
}

static void
digest_sent(struct reader *r, const struct changes *ch)
{
	crypto_generichash_state h;

	r->jails = 0;
	for (size_t i = 0; i < r->sent_count; i++)
		r->jails += !r->sent[i].barred;
	/* Without names held by errors it is the set's own, as check says. */
	if (r->jails == ch->set.count) {
		spec_set_digest(&ch->set, r->digest);
		return;
	}
	crypto_generichash_init(&h, NULL, 0, sizeof r->digest);
	for (size_t i = 0; i < r->sent_count; i++) {
		if (r->sent[i].barred)
			continue;
		crypto_generichash_update(&h,
		    (const unsigned char *)r->sent[i].name,
		    strlen(r->sent[i].name) + 1);
		crypto_generichash_update(&h, r->sent[i].digest,
		    sizeof r->sent[i].digest);
	}
	crypto_generichash_final(&h, r->digest, sizeof r->digest);
}

int
scan_merge(struct reader *r, struct changes *ch)
{
	struct sent *next;
	size_t n = 0;
	int rc;

	memset(ch, 0, sizeof *ch);
	if (make_specs(r, ch) != 0)
		return -1;
	ch->changed = calloc(ch->set.count + 1, sizeof *ch->changed);
	ch->moved = calloc(ch->set.count + 1, sizeof *ch->moved);
	next = calloc(r->sent_count + ch->set.count + ch->set.invalid.count +
	    1, sizeof *next);
	if (ch->changed == NULL || ch->moved == NULL || next == NULL) {
		free(next);
		return -1;
	}
	rc = compare(r, ch, next, &n);
	if (rc == 0)
		rc = add_barred(ch, next, &n);
	for (size_t i = 0; i < r->sent_count; i++)
		sent_finish(&r->sent[i]);
	free(r->sent);
	r->sent = next;
	r->sent_count = n;
	digest_sent(r, ch);
	return rc;
}

void
changes_finish(struct changes *ch)
{
	spec_set_free(&ch->set);
	spec_errors_free(&ch->errors);
	text_list_free(&ch->gone);
	free(ch->invalid_in);
	free(ch->barred);
	free(ch->changed);
	free(ch->moved);
}
