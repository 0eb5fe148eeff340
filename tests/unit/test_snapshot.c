/* SPDX-License-Identifier: BSD-2-Clause */
/* The form of snapshots: what is written, what is read, what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/sign/defaults.h"
#include "snapshot_fixture.h"

#define ZEROS \
	"0000000000000000000000000000000000000000000000000000000000000000"

/* The state of make_state; root by another implementation of RFC 6962. */
static const char known[] =
    "{\"boot\":\"boot-1\",\"format\":\"jailagent-snapshot/1\","
    "\"host\":\"host.example.org\",\"jails\":["
    "{\"applied\":\"ab12\",\"error\":\"\",\"jid\":1,\"name\":\"db\","
    "\"params\":{\"exec.start\":[],\"ip4.addr\":[\"192.0.2.1\",\"192.0.2.2\"],"
    "\"persist\":[\"true\"]},\"set\":\"/etc/jailagent/specs\","
    "\"spec\":\"ab12\",\"state\":\"ready\",\"token\":\"t-1\"},"
    "{\"applied\":\"ab12\",\"error\":\"bytes \xef\xbf\xbd" "ff\xef\xbf\xbd"
    "fe, and \xef\xbf\xbd" "ef\xef\xbf\xbd" "bf\xef\xbf\xbd" "bd itself\","
    "\"jid\":0,\"name\":\"web\",\"params\":{\"host.hostname\":["
    "\"web\\n\\\"quoted\\\" \\\\ \\u0001\x7f \xc3\xa9\"]},"
    "\"set\":\"/etc/jailagent/specs\",\"spec\":\"ab12\","
    "\"state\":\"stopped\",\"token\":\"t-1\"}],"
    "\"kernel\":\"model\",\"previous\":\"" ZEROS "\","
    "\"revision\":\"0123abc\",\"root\":\""
    "f892b5f27b8f68423eb35386e666cbfffe50da5f36ea6416234436d7fde88126"
    "\",\"sequence\":0,\"set\":\"/etc/jailagent/specs\",\"taken\":1700000000}";

/* With defaults the jails stand there as before. */
static const char known_defaults[] = "\"boot\":\"boot-1\",\"defaults\":{"
    "\"enforce_statfs\":[\"2\"],\"ip4.addr\":[\"192.0.2.9\"],"
    "\"ip6.addr\":[]},\"format\"";
#define ROOT \
	"f892b5f27b8f68423eb35386e666cbfffe50da5f36ea6416234436d7fde88126"
#define ROOT_DEFAULTS \
	"a077507e10fe75d1cf0e3fa89a34781d7f981468450f8d244a13b15a77870a0b"

static char *
encode_state(bool defaults, size_t *len)
{
	struct snapshot s;
	struct error err;
	char *json;

	make_state(&s, 1700000000);
	if (defaults)
		add_defaults(&s.defaults);
	json = snapshot_encode(&s, len, &err);
	if (json == NULL)
		fail_msg("%s", err.text);
	snapshot_free(&s);
	return json;
}

static void
test_known_form(void **state)
{
	size_t len;
	char *json = encode_state(false, &len);

	(void)state;
	assert_int_equal(len, strlen(json));
	assert_string_equal(json, known);
	free(json);
	json = encode_state(true, &len);
	assert_non_null(strstr(json, known_defaults));
	assert_non_null(strstr(json, "\"root\":\"" ROOT_DEFAULTS "\""));
	free(json);
}

/* The first snapshots with defaults had the root of the jails as they stand. */
static void
test_earlier_root(void **state)
{
	struct snapshot s;
	struct error err;
	size_t len;
	char *json = encode_state(true, &len), *at, *again;

	(void)state;
	at = strstr(json, ROOT_DEFAULTS);
	assert_non_null(at);
	memcpy(at, ROOT, strlen(ROOT));
	if (snapshot_decode(json, len, &s, &err) == -1)
		fail_msg("%s", err.text);
	assert_int_equal(s.defaults.count, 3);
	assert_string_equal(s.root, ROOT);
	again = snapshot_encode(&s, &len, &err);
	assert_string_equal(again, json);
	free(again);
	snapshot_free(&s);
	at = strstr(json, "\"jid\":1");
	at[strlen("\"jid\":")] = '2';
	assert_int_equal(snapshot_decode(json, len, &s, &err), -1);
	free(json);
}

static void
test_round_trip(void **state)
{
	struct snapshot s, want;
	struct error err;
	char *json, *again;
	size_t len, again_len;

	(void)state;
	json = encode_state(false, &len);
	if (snapshot_decode(json, len, &s, &err) == -1)
		fail_msg("%s", err.text);
	make_state(&want, 1700000000);
	assert_int_equal(s.count, 2);
	assert_string_equal(s.jail[1].error, want.jail[1].error);
	assert_string_equal(s.jail[1].param[0].value.text[0],
	    want.jail[1].param[0].value.text[0]);
	assert_int_equal(s.jail[0].count, 3);
	assert_int_equal(s.jail[0].jid, 1);
	assert_non_null(strstr(json, s.root));
	again = snapshot_encode(&s, &again_len, &err);
	assert_string_equal(again, json);
	snapshot_free(&s);
	snapshot_free(&want);
	free(json);
	free(again);
}

static void
test_nothing_in_it(void **state)
{
	struct snapshot s = { .taken = -1 };
	struct error err;
	size_t len;
	char *json;

	(void)state;
	json = snapshot_encode(&s, &len, &err);
	assert_non_null(json);
	/* SHA-256 of nothing */
	assert_non_null(strstr(json, "\"root\":\"e3b0c44298fc1c149afbf4c8996fb92"
	    "427ae41e4649b934ca495991b7852b855\""));
	assert_int_equal(snapshot_decode(json, len, &s, &err), 0);
	assert_int_equal(s.taken, -1);
	assert_string_equal(s.host, "");
	snapshot_free(&s);
	free(json);
}

static void
test_order_is_checked(void **state)
{
	struct snapshot s;
	struct error err;
	size_t len;

	(void)state;
	make_state(&s, 1);
	free(s.jail[1].name);
	s.jail[1].name = strdup("db");
	assert_null(snapshot_encode(&s, &len, &err));
	s.jail[1].name[0] = 'a';
	assert_null(snapshot_encode(&s, &len, &err));
	s.jail[1].name[0] = 'x';
	add_param(&s.jail[0], "persist", "false", NULL);
	assert_null(snapshot_encode(&s, &len, &err));
	assert_non_null(strstr(err.text, "persist"));
	snapshot_free(&s);
}

/* A text that was cut anywhere is refused, and nothing behind it is read. */
static void
cut_everywhere(bool defaults)
{
	struct snapshot s;
	size_t len;
	char *json = encode_state(defaults, &len), *cut;

	for (size_t i = 0; i < len; i++) {
		cut = malloc(i + 1);
		assert_non_null(cut);
		memcpy(cut, json, i);
		cut = realloc(cut, i > 0 ? i : 1);
		assert_int_equal(snapshot_decode(cut, i, &s, NULL), -1);
		free(cut);
	}
	free(json);
}

static void
test_every_length(void **state)
{
	(void)state;
	cut_everywhere(false);
	cut_everywhere(true);
}

static void
root_of(const struct snapshot *s, char root[DIGEST_HEX])
{
	static const char key[] = ",\"root\":\"";
	size_t len;
	char *json = snapshot_encode(s, &len, NULL), *at;

	assert_non_null(json);
	assert_non_null(at = strstr(json, key));
	snprintf(root, DIGEST_HEX, "%s", at + strlen(key));
	free(json);
}

/*
 * What running jails have alike is said once, and comes back when it is read;
 * the root does not know of it.
 */
static void
test_defaults(void **state)
{
	struct snapshot s, back;
	struct snapshot_params *d = &s.defaults;
	char *json, root[DIGEST_HEX];
	struct error err;
	size_t len;

	(void)state;
	make_state(&s, 1);
	add_param(&s.jail[0], "securelevel", "3", NULL);
	add_param(&s.jail[0], "ip6.addr", NULL, NULL);
	add_param(&s.jail[0], "enforce_statfs", "1", NULL);
	root_of(&s, root);
	assert_int_equal(defaults_take_out(d, &s.jail[0]), 0);
	/* Of the table: enforce_statfs 2, no address; else its own. */
	assert_int_equal(d->count, 6);
	assert_string_equal(d->param[0].name, "enforce_statfs");
	assert_string_equal(d->param[0].value.text[0], "2");
	assert_string_equal(d->param[5].name, "securelevel");
	assert_string_equal(d->param[5].value.text[0], "3");
	assert_int_equal(s.jail[0].count, 2);
	assert_string_equal(s.jail[0].param[0].name, "ip4.addr");
	assert_string_equal(s.jail[0].param[1].name, "enforce_statfs");
	json = snapshot_encode(&s, &len, &err);
	assert_non_null(strstr(json, root));
	assert_non_null(strstr(json, "\"boot-1\",\"defaults\":{"
	    "\"enforce_statfs\":[\"2\"],\"exec.start\":[],\"ip4.addr\":[],"
	    "\"ip6.addr\":[],\"persist\":[\"true\"],"
	    "\"securelevel\":[\"3\"]},\"format\""));
	if (snapshot_decode(json, len, &back, &err) == -1)
		fail_msg("%s", err.text);
	free(json);
	assert_int_equal(defaults_put_in(&back, &err), 0);
	assert_int_equal(back.jail[0].count, 6);
	assert_string_equal(back.jail[0].param[0].value.text[0], "1");
	assert_string_equal(back.jail[0].param[4].value.text[0], "true");
	assert_string_equal(back.jail[0].param[5].value.text[0], "3");
	/* The other one does not run. */
	assert_int_equal(back.jail[1].count, 1);
	/* They stay: a parameter that another jail has beyond them is its own. */
	add_param(&s.jail[1], "persist", "true", NULL);
	assert_int_equal(defaults_take_out(d, &s.jail[1]), 0);
	assert_int_equal(d->count, 6);
	assert_int_equal(s.jail[1].count, 1);
	assert_string_equal(s.jail[1].param[0].name, "host.hostname");
	snapshot_free(&s);
	snapshot_free(&back);
}

/* Any change that the JSON parser does not see is seen by the form. */
static void
change_everything(bool defaults)
{
	struct snapshot s, back;
	size_t len, i, good = 0;
	char *json = encode_state(defaults, &len), *again;
	unsigned char bit;

	for (i = 0; i < len * 8; i++) {
		bit = (unsigned char)(1 << i % 8);
		json[i / 8] ^= (char)bit;
		if (snapshot_decode(json, len, &s, NULL) == 0) {
			/* Another state, in canonical form: it says so. */
			again = snapshot_encode(&s, &(size_t){ 0 }, NULL);
			assert_string_equal(again, json);
			free(again);
			snapshot_free(&s);
			good++;
		}
		json[i / 8] ^= (char)bit;
	}
	/* Some changes only make another state; the signature sees those. */
	assert_true(good > 0 && good < len * 4);
	assert_int_equal(snapshot_decode(json, len, &back, NULL), 0);
	snapshot_free(&back);
	free(json);
}

static void
test_every_change(void **state)
{
	(void)state;
	change_everything(false);
	change_everything(true);
}

static void
refused_form(bool defaults, const char *from, const char *to, const char *word)
{
	struct snapshot s;
	struct error err;
	size_t len;
	char *json = encode_state(defaults, &len), *at = strstr(json, from);
	char *changed;

	assert_non_null(at);
	changed = malloc(len + strlen(to) + 1);
	assert_non_null(changed);
	len = (size_t)sprintf(changed, "%.*s%s%s", (int)(at - json), json, to,
	    at + strlen(from));
	error_clear(&err);
	assert_int_equal(snapshot_decode(changed, len, &s, &err), -1);
	if (strstr(err.text, word) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", word, err.text);
	free(json);
	free(changed);
}

static void
refused(const char *from, const char *to, const char *word)
{
	refused_form(false, from, to, word);
}

/* What a jail has from the defaults is under the root, too. */
static void
test_defaults_are_proven(void **state)
{
	(void)state;
	refused_form(true, "\"enforce_statfs\":[\"2\"]",
	    "\"enforce_statfs\":[\"1\"]", "root");
	refused_form(true, "\"enforce_statfs\":[\"2\"],", "", "root");
	refused_form(true, "\"ip6.addr\":[]", "\"ip6.addr\":[\"::1\"]", "root");
	refused_form(true, ",\"ip6.addr\":[]", "", "root");
	refused_form(true, ",\"ip6.addr\":[]", ",\"ip6.addr\":[],\"x\":[]",
	    "root");
	refused_form(true, "\"ip4.addr\":[\"192.0.2.1\",\"192.0.2.2\"],", "",
	    "root");
}

static void
test_refused_forms(void **state)
{
	(void)state;
	refused("\"jid\":1,", "\"jid\": 1,", "an integer");
	refused("\"jid\":1,", "\"jid\":1.0,", "jail 1: is not in canonical "
	    "form: at byte 121 there should be ,\"name\":");
	refused("\"jid\":1,", "\"jid\":01,", "canonical");
	refused("\"jid\":1,", "\"jid\":-1,", "in range");
	refused("\"jid\":1,", "\"jid\":-0,", "an integer");
	refused("\"jid\":1,", "\"jid\":2147483648,", "in range");
	refused("\"jid\":1,", "\"jid\":9223372036854775808,", "smaller");
	refused("\"jid\":1,", "\"jid\":99999999999999999999,", "smaller");
	refused("\"jid\":1,", "\"jid\":2,", "root");
	refused("\"jid\":1,", "\"jid\":1,\"jid\":1,", "canonical");
	refused("\"jid\":1,", "\"jid\":1,\"more\":1,", "canonical");
	refused("\"name\":\"db\"", "\"name\":\"xx\"", "behind");
	refused("\"name\":\"db\"", "\"name\":\"web\"", "behind");
	refused("\"exec.start\"", "\"x\"", "behind");
	refused("\"exec.start\"", "\"ip4.addr\"", "behind");
	refused("\"exec.start\":[]", "", "a text");
	refused("\"exec.start\":[],", "", "root");
	refused("[\"true\"]", "[\"true\",]", "persist");
	refused("\"boot\":\"boot-1\"", "\"boot\":\"boot-1\",\"defaults\":{}",
	    "default");
	refused("\"boot\":\"boot-1\"", "\"boot\":\"boot-1\",\"defaults\":{"
	    "\"b\":[],\"a\":[]}", "defaults: ");
	refused("\"boot\":\"boot-1\",", "", "boot");
	refused("snapshot/1", "snapshot/2", "format");
	refused("[\"true\"]", "\"true\"", "persist");
	refused("[\"true\"]", "[true]", "persist");
	refused("\"true\"", "\"tr\\u0075e\"", "canonical");
	refused("\"taken\":1700000000}", "\"taken\":1700000000}\n",
	    "canonical");
	refused("\xef\xbf\xbd" "ff", "\xef\xbf\xbd" "FF", "only form");
	refused("\xef\xbf\xbd" "ff", "\xef\xbf\xbd" "41", "only form");
	refused("\xef\xbf\xbd" "ff", "\xff", "only form");
	refused("\\n", "\\u000a", "only form");
	refused("\\u0001", "\\u0000", "only form");
	refused("\\u0001", "\\u00", "only form");
	refused("\\u0001", "\\q", "only form");
	refused("\\\\", "\\", "form");
	refused(ZEROS, "00", "previous");
}

static void
test_heading(void **state)
{
	static const char prev[] =
	    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	struct snapshot s;
	struct error err;
	size_t len;
	char *json, *comment;

	(void)state;
	make_state(&s, 1700000000);
	s.sequence = 123456789012;
	memcpy(s.previous, prev, sizeof s.previous);
	/* Texts that look like keys must not be taken for them. */
	free(s.set);
	s.set = strdup("\",\"sequence\":7,\"previous\":\"x");
	free(s.revision);
	s.revision = strdup(",\"taken\":5");
	free(s.host);
	s.host = strdup("h\"\x7f\\");
	add_param(&s.jail[0], "sequence", "1", NULL);
	add_param(&s.jail[0], "previous", "1", NULL);
	json = snapshot_encode(&s, &len, &err);
	snapshot_free(&s);
	comment = snapshot_comment(json, len, &err);
	assert_string_equal(comment, "timestamp:1700000000 seq:123456789012 "
	    "prev:00112233445566778899aabbccddeeff00112233445566778899aabbccdd"
	    "eeff host:h\\\"?\\\\");
	free(comment);
	free(json);
	assert_null(snapshot_comment("", 0, &err));
}

static void
test_names(void **state)
{
	char name[SNAPSHOT_NAME_MAX];

	(void)state;
	assert_string_equal(snapshot_name(1, name), "00000001.json");
	assert_string_equal(snapshot_name(123456789, name), "123456789.json");
	assert_int_equal(snapshot_name_sequence("00000042.json"), 42);
	assert_int_equal(snapshot_name_sequence("123456789.json"), 123456789);
	assert_int_equal(snapshot_name_sequence("00000000.json"), 0);
	assert_int_equal(snapshot_name_sequence("000000042.json"), 0);
	assert_int_equal(snapshot_name_sequence("42.json"), 0);
	assert_int_equal(snapshot_name_sequence("00000042.json.minisig"), 0);
	assert_int_equal(snapshot_name_sequence(
	    "99999999999999999999999999.json"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_form),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_nothing_in_it),
		cmocka_unit_test(test_order_is_checked),
		cmocka_unit_test(test_every_change),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_defaults_are_proven),
		cmocka_unit_test(test_earlier_root),
		cmocka_unit_test(test_refused_forms),
		cmocka_unit_test(test_heading),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
