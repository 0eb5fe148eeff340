#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# jailagent check and print: what is valid, what is not and where, and the
# canonical form, which means the same when it is read again.
. tests/lib.sh

good=$work/good
bad=$work/bad
mkdir "$good" "$bad"
cat > "$good/a.yaml" <<'X'
name: "*"
host.domainname: example.org
---
name: web
path: /jails/web
persist: true
ip4.addr: [192.0.2.10, 192.0.2.11]
depend: [db]
agent: {restart: never, labels: {tier: front}, health: {exec: /bin/true}}
X
printf 'name: db\npath: /jails/db\npersist: true\n' > "$good/b.yml"
echo '{' > "$good/.hidden.yaml"
echo '{' > "$good/notes.txt"
cp "$good/a.yaml" "$bad"
printf 'name: db\npath: /jails/db\nperist: true\n' > "$bad/b.yaml"

agent() { "$JAILAGENT" "$@"; }
# out STATUS TEXT ARGUMENT...: standard output has the text.
out() {
	_status=$1 _text=$2
	shift 2
	"$JAILAGENT" "$@" > "$work/out" 2> "$work/err"
	same "$_status" $? && says "$_text"
}
errs() { # TEXT: standard error of the last `out` has it
	grep -F -q -e "$1" "$work/err" || { cat "$work/err"; return 1; }
}

check "a directory" out 0 "2 specs in 2 files are valid" check "$good"
check "nothing on standard error" same "" "$(cat "$work/err")"
check "a file" out 0 "1 spec in 1 file is valid" check "$good/b.yml"
check "errors count" out 1 "1 error in 2 files" check "$bad"
check "an error has its place" errs "$bad/b.yaml:3:1: "
check "and the nearest name" errs 'persist'
check "no such path" out 1 "error" check "$work/nothing"
check "a path is needed" expect_status 64 "$JAILAGENT" check

json() { tr -d ' \n' < "$work/out"; }
has_json() {
	json | grep -F -q -e "$1" || { cat "$work/out"; return 1; }
}
check "--json: valid" out 0 '"valid": true' check --json "$good"
check "--json: names" has_json '"specs":["db","web"],"errors":[]'
check "--json: invalid" out 1 '"valid": false' check --json "$bad"
check "--json: the place" has_json \
    "\"file\":\"$bad/b.yaml\",\"line\":3,\"column\":1,"
check "--json: severity" has_json '"severity":"error"'
odd=$bad/$(printf 'b\377.yaml')
mv "$bad/b.yaml" "$odd"
check "--json: a file whose name is no text" out 1 "$bad/b?.yaml" \
    check --json "$bad"
mv "$odd" "$bad/b.yaml"

check "print" out 0 "host.domainname: example.org" print "$good"
agent print "$good" > "$work/again.yaml"
agent print "$work/again.yaml" > "$work/twice.yaml"
check "what was printed means the same" cmp "$work/again.yaml" \
    "$work/twice.yaml"
digests() {
	agent print --json "$1" | grep '"digest"' | sort
}
check "and has the same digests" same "$(digests "$good")" \
    "$(digests "$work/again.yaml")"
check "valid specs are printed beside invalid ones" out 1 "name: web" \
    print "$bad"
check "print --json" out 0 '"name": "web"' print --json "$good"
check "addresses are a list" has_json \
    '"ip4.addr":["192.0.2.10","192.0.2.11"]'
check "booleans are booleans" has_json '"persist":true'
check "settings are below agent" has_json '"restart":"never"'
check "labels are an object" has_json '"labels":{"tier":"front"}'
printf '%s\n' "name: big" "path: /" "persist: true" \
    "host.hostid: 18446744073709551615" > "$work/big.yaml"
check "what is too large for an integer is a text" \
    out 0 '"host.hostid": "18446744073709551615"' print --json "$work/big.yaml"

# A loop of dependencies can never be started: it is named.
mkdir -p "$work/loop"
for pair in a:b b:c c:a d:a; do
	printf 'name: %s\npath: /tmp\npersist: true\ndepend: [%s]\n' \
	    "${pair%:*}" "${pair#*:}" > "$work/loop/${pair%:*}.yaml"
done
check "a loop is an error" expect_status 1 "$JAILAGENT" check "$work/loop"
check "its chain is named" says "dependency loop: a -> b -> c -> a"
rm "$work/loop/a.yaml"
check "without it: valid" expect_status 0 "$JAILAGENT" check "$work/loop"

# The agent takes no file that messages cannot name.
printf 'name: db\npath: /jails/db\npersist: true\n' > "$good/n
l.yaml"
check "a name with a newline is an error" out 1 "" check "$good"
check "with what to do" errs "is not UTF-8; rename it"
check "on one line" same 1 "$(wc -l < "$work/err")"
