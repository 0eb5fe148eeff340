/* SPDX-License-Identifier: BSD-2-Clause */
/* Last good texts that were not kept when they were told, and are told again. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "kept_world.h"

/* A file for each letter, with a jail of that name. */
static void
write_all(const struct keeper *k, const char *letters, const char *host)
{
	char name[2] = "", file[] = "?.yaml";

	for (; *letters != '\0'; letters++) {
		name[0] = file[0] = *letters;
		if (host != NULL)
			write_jail(k->w, file, name, host);
		else
			write_text(k->w, file, "name: [\n");
	}
}

/* What a signer that ended had yet to write is told to the next one. */
static void
kept_after_all(void **state)
{
	struct keeper *k = *state;
	size_t left;

	write_all(k, "abcd", "one");
	look(k);
	k->dead = true;
	write_all(k, "abc", "two");
	look(k);
	assert_int_equal(k->kept, 3);
	k->dead = false;
	/* Its text is nowhere. */
	write_text(k->w, "b.yaml", "name: [\n");
	k->kept = 0;
	assert_int_equal(kept_doubt(&k->w->r), 0);
	assert_int_equal(kept_again(&k->w->r, take, k, &left), 0);
	assert_int_equal(left, 0);
	assert_int_equal(k->kept, 2);
	assert_int_equal(kept_again(&k->w->r, take, k, &left), 0);
	assert_int_equal(k->kept, 2);
	write_all(k, "abcd", NULL);
	again(k);
	look(k);
	assert_string_equal(host_of(k, "a"), "two");
	assert_string_equal(host_of(k, "b"), "(none)");
	assert_string_equal(host_of(k, "c"), "two");
	assert_string_equal(host_of(k, "d"), "one");
}

/* Neither the agent nor a scan waits for all of them. */
static void
kept_in_parts(void **state)
{
	struct keeper *k = *state;
	unsigned sum = 0;
	size_t left = 1;

	k->dead = true;
	write_all(k, "abcdefghijklmnopqrst", "one");
	look(k);
	assert_int_equal(k->kept, 20);
	assert_int_equal(kept_doubt(&k->w->r), 0);
	for (size_t parts = 0; left > 0; parts++) {
		k->kept = 0;
		assert_in_range(parts, 0, 1);
		assert_int_equal(kept_again(&k->w->r, take, k, &left), 0);
		assert_in_range(k->kept, 1, 16);
		sum += k->kept;
	}
	assert_int_equal(sum, 20);
}

/* Marks that could not be removed do not outlive the next one of the name. */
static void
marks_of_before(void **state)
{
	struct keeper *k = *state;
	struct text_list marked = { 0 }, left = { 0 };
	char name[KEPT_NAME_SIZE], other[KEPT_NAME_SIZE];

	kept_name("a", name);
	kept_name("b", other);
	for (uint64_t i = 8; i < 12; i++)
		assert_int_equal(kept_mark(k->outdated, name, i), 0);
	assert_int_equal(kept_mark(k->outdated, other, 1), 0);
	for (uint64_t i = 8; i < 11; i++)
		assert_int_equal(kept_note(&left, name, i), 0);
	assert_int_equal(kept_note(&left, other, 1), 0);
	assert_int_equal(kept_unmark_noted(k->outdated, name, &left), 0);
	assert_int_equal(left.count, 1);
	assert_int_equal(kept_marked(k->outdated, &marked), 0);
	assert_int_equal(marked.count, 2);
	assert_int_equal(kept_unmark(k->outdated, name, 11), 0);
	assert_int_equal(kept_unmark(k->outdated, other, 1), 0);
	text_list_free(&marked);
	text_list_free(&left);
}

static size_t
count_marks(const struct keeper *k)
{
	struct text_list marked = { 0 };
	size_t count;

	assert_int_equal(kept_marked(k->outdated, &marked), 0);
	count = marked.count;
	text_list_free(&marked);
	return count;
}

/* A text that came back is outdated, also when nothing can be put in its place. */
static void
came_back(void **state)
{
	struct keeper *k = *state;
	size_t left;

	write_all(k, "a", "one");
	look(k);
	/* Its directory was away when the signer was told of the next one. */
	k->slow = true;
	write_all(k, "a", "two");
	look(k);
	assert_int_equal(k->queued, 2);
	assert_int_equal(kept_unmark(k->outdated, k->queue[0].data,
	    k->queue[0].number), 0);
	while (k->queued > 0)
		free(k->queue[--k->queued].data);
	write_all(k, "a", NULL);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(kept_doubt(&k->w->r), 0);
		assert_int_equal(kept_again(&k->w->r, take, k, &left), 0);
		assert_int_equal(k->forgotten, 1 + i);
		assert_int_equal(count_marks(k), 1);
	}
	keep_up(k);
	assert_int_equal(count_marks(k), 0);
	again(k);
	look(k);
	assert_string_equal(host_of(k, "a"), "(none)");
}

/* What is in a directory that is away for an agent that starts counts no more. */
static void
away_at_the_start(void **state)
{
	struct keeper *k = *state;
	char away[sizeof k->good];

	snprintf(away, sizeof away, "%.400s/away", k->w->top.path);
	write_all(k, "a", "one");
	look(k);
	assert_int_equal(rename(k->good, away), 0);
	write_all(k, "a", "two");
	again(k);
	k->slow = true;
	look(k);
	assert_string_equal(host_of(k, "a"), "two");
	assert_int_equal(count_marks(k), 1);
	while (k->queued > 0)
		free(k->queue[--k->queued].data);
	k->slow = false;
	assert_int_equal(rename(away, k->good), 0);
	write_all(k, "a", NULL);
	again(k);
	look(k);
	assert_string_equal(host_of(k, "a"), "(none)");
}

/* Of another directory nothing counts, and it is emptied before it is used. */
static void
another_directory(void **state)
{
	struct keeper *k = *state;
	char old[600], name[KEPT_NAME_SIZE];
	struct error err;

	assert_false(kept_strange(k->good, k->outdated));
	assert_int_equal(kept_adopt(k->good, k->outdated, &err), 0);
	write_jail(k->w, "a.yaml", "a", "one");
	look(k);
	assert_int_equal(k->kept, 1);
	assert_int_equal(kept_adopt(k->good, k->outdated, &err), 0);
	/* Another one has its place, and then the old one again. */
	snprintf(old, sizeof old, "%s.old", k->good);
	assert_int_equal(rename(k->good, old), 0);
	assert_false(kept_strange(k->good, k->outdated));
	assert_int_equal(kept_adopt(k->good, k->outdated, &err), -1);
	assert_int_equal(mkdir(k->good, 0700), 0);
	assert_true(kept_strange(k->good, k->outdated));
	assert_int_equal(kept_adopt(k->good, k->outdated, &err), 1);
	assert_false(kept_strange(k->good, k->outdated));
	assert_int_equal(rmdir(k->good), 0);
	assert_int_equal(rename(old, k->good), 0);
	/* The reader does not use it; that there is another is told at once. */
	write_text(k->w, "a.yaml", "name: [\n");
	again(k);
	look(k);
	assert_false(file_of(k->w, "a.yaml")->has_last_good);
	assert_int_equal(k->places, 1);
	assert_int_equal(kept_adopt(k->good, k->outdated, &err), 1);
	kept_name(spec_path(k->w, "a.yaml"), name);
	assert_int_equal(faccessat(k->dir, name, F_OK, 0), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kept_after_all),
		TEST(kept_in_parts),
		TEST(marks_of_before),
		TEST(another_directory),
		TEST(came_back),
		TEST(away_at_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
