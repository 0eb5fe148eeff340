#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# jailagent schema: a stock validator takes what check takes, and refuses what
# check refuses, as far as a schema can tell.
. tests/lib.sh

# The packages are Debian's, not those of another Python in PATH.
python=/usr/bin/python3
[ -x "$python" ] || python=python3

check "the schema is printed" expect_status 0 "$JAILAGENT" schema
cp "$work/out" "$work/schema.json"
check "it takes no arguments" expect_status 64 "$JAILAGENT" schema web

names() {
	"$BUILD/tests/helper/manual" params | sed -n 's/^\.It Ic //p'
	"$BUILD/tests/helper/manual" settings |
	    sed -n 's/^\.It Ic \([^ ]*\).*/\1/p'
}
readonly_names="children.cur cpuset.id dying parent"
complete() {
	for n in $(names); do
		case " $readonly_names " in
		*" $n "*) want=1 ;;
		*) want=0 ;;
		esac
		grep -q "^  \"$n\": {" "$work/schema.json"
		same "$want" $? || { echo "$n"; return 1; }
	done
}
check "it has all parameters that can be set, and all settings" complete

if ! "$python" -c "import jsonschema, yaml
jsonschema.Draft202012Validator" 2> /dev/null; then
	skip "a stock validator agrees with check" \
	    "python3-jsonschema and python3-yaml are needed"
	exit
fi

# said FILE...: what check says, one JSON text a file.
said() {
	for _f; do
		"$JAILAGENT" check --json "$_f"
	done > "$work/said.json"
}
set -- tests/golden/*/*.yaml examples/*.yaml examples/site
said "$@"
agrees() { # SCHEMA FILE...
	_schema=$1
	shift
	"$python" tests/schema/compare.py "$_schema" "$work/said.json" "$@" \
	    > "$work/out" 2>&1
}
check "a stock validator agrees with check" \
    agrees "$work/schema.json" "$@" || cat "$work/out"
tail -n 1 "$work/out" | sed 's/^/# /'

# The comparison can fail, both ways.
echo '{}' > "$work/empty.json"
check_not "a schema that takes all is noticed" \
    agrees "$work/empty.json" "$@"
check "and said" says "only check refuses it"
echo false > "$work/none.json"
check_not "a schema that refuses all is noticed" agrees "$work/none.json" "$@"
check "and said" says "only the schema refuses it"
