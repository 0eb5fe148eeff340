#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# snapshot verify, show, list and diff: what they say and their exit statuses.
# needs: jq
. tests/lib.sh

sign=$BUILD/tests/helper/sign
s=$work/snapshots
snapshot() {
	_sub=$1
	shift
	"$JAILAGENT" snapshot "$_sub" --pub "$work/key.pub" --dir "$s" "$@"
}

mkdir "$s"
"$JAILAGENT" keygen -k "$work/key" > /dev/null
check "an empty directory is not good" expect_status 1 snapshot verify
check "there is nothing to show" expect_status 1 snapshot show
"$sign" "$s" "$work/key" "$work/key.pub" 4 5 > /dev/null

check "verify" expect_status 0 snapshot verify
check "counts" says "good, 4 snapshots verified"
check "show" expect_status 0 snapshot show
check "shows the newest" says "revision-3"
check "show N" expect_status 0 snapshot show 2
check "shows that one" says "revision-1"
check "control characters stay away from the terminal" says 'odd: "\???'
check "show FILE" expect_status 0 snapshot show "$s/00000001.json"
check "show --json" expect_status 0 snapshot show 3 --json
check "is the file itself" same "$(cat "$s/00000003.json")" "$(cat "$work/out")"
check "show -v" expect_status 0 snapshot show -v
check "has parameters" says "persist = true"
check "list" expect_status 0 snapshot list
check "has all" same 5 "$(wc -l < "$work/out")"
check "diff A B" expect_status 0 snapshot diff 1 2
check "names field" says "revision: revision-0 -> revision-1"
check "names jail, in the words of plan" says "modify   jail00001: "
check "names parameter" \
    says "host.hostname: host-0.example.org -> host-1.example.org"
check "diff of the newest two, --json" expect_status 0 snapshot diff --json
cp "$work/out" "$work/diff.json"
check "has numbers" expect_status 0 jq -e '.from == 3 and .to == 4' \
    "$work/diff.json"
check "actions as plan --json" expect_status 0 jq -e '.actions[] |
    select(.jail == "jail00003") | .action == "modify" and .params[0] ==
    {name: "host.hostname", from: "host-0.example.org",
    to: "host-3.example.org", how: "live"}' "$work/diff.json"
check "what is said of all" expect_status 0 jq -e '.states == [{name:
    "revision", from: "revision-2", to: "revision-3"}]' "$work/diff.json"
check "diff with itself" expect_status 0 snapshot diff 2 2
check "is empty" says "no difference"

mkdir "$work/other"
"$sign" "$work/other" "$work/key" "$work/key.pub" 1 7 > /dev/null
check "diff with a file" expect_status 0 \
    snapshot diff 1 "$work/other/00000001.json"
check "jails that came" says "create   jail00006: it was not there before"
check "the other way" expect_status 0 \
    snapshot diff "$work/other/00000001.json" 1
check "jails that went" says "remove   jail00006: it is not there any more"

check "no such number" expect_status 1 snapshot show 9
check "no such subcommand" expect_status 64 "$JAILAGENT" snapshot sho
check "no subcommand" expect_status 64 "$JAILAGENT" snapshot
check "too many operands" expect_status 64 snapshot show 1 2

cp -R "$s" "$work/copy"
chmod -R a+rX "$work/copy" "$work/key.pub"
# Names are relative, for the directories above may be closed to others.
as_nobody() {
	(cd "$work" && setpriv --reuid 65534 --regid 65534 --clear-groups "$@")
}
if [ "$(id -u)" -ne 0 ] || ! command -v setpriv > /dev/null; then
	check "a copy" expect_status 0 "$JAILAGENT" snapshot verify \
	    --pub "$work/key.pub" "$work/copy"
elif as_nobody test -x "$JAILAGENT"; then
	check "a copy, as an ordinary user" expect_status 0 \
	    as_nobody "$JAILAGENT" snapshot verify --pub key.pub copy
else
	skip "a copy, as an ordinary user" "others cannot reach $JAILAGENT"
fi

rm "$work/copy/00000002.json"
cp "$s/00000001.json.minisig" "$work/copy/00000004.json.minisig"
check "a damaged copy" expect_status 1 "$JAILAGENT" snapshot verify \
    --pub "$work/key.pub" "$work/copy"
check "what is missing" says "00000002.json: is missing"
check "what does not fit" says "00000004.json: the signature does not fit"
check "in JSON" expect_status 1 "$JAILAGENT" snapshot verify --json \
    --pub "$work/key.pub" "$work/copy"
check "as problems" says \
    '"problems":[{"file":"00000002.json","problem":"is missing"},'
check "what does not verify is not shown" expect_status 1 "$JAILAGENT" \
    snapshot show --dir "$work/copy" --pub "$work/key.pub" 4
check "list marks it" expect_status 1 "$JAILAGENT" snapshot list \
    --dir "$work/copy" --pub "$work/key.pub"

# One that is being dropped, or was when that was cut off.
s=$work/kept
mkdir "$s"
"$sign" "$s" "$work/key" "$work/key.pub" 9 3 4 > /dev/null
cp "$s/00000009.json" "$s/00000005.json"
check "list has nothing of one that is being dropped" expect_status 0 \
    snapshot list --json
check "but the others" same "6 7 8 9" \
    "$(jq -r 'map(.sequence | tostring) | join(" ")' "$work/out")"
rm "$s/00000007.json.minisig"
check "what is not to be dropped is marked" expect_status 1 snapshot list
rm "$s/00000005.anchor.minisig"
check "without a good anchor all are" expect_status 1 snapshot list --json
check "by number" same "5 7" \
    "$(jq -r 'map(select(.good | not).sequence | tostring) | join(" ")' "$work/out")"
