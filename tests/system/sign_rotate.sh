#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# keygen --rotate, with an agent and without: every key verifies everything.
# needs: jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir "$work/roots/web"
good_with() { # PUB
	expect_status 0 "$JAILAGENT" snapshot verify --pub "$1" \
	    "$state/snapshots"
}

put_spec web "host.hostname: one"
check "an agent" agent_start
check "makes a jail" settled
check "and a snapshot" soon are_signed 1
cp "$state/key.pub" "$work/first.pub"
check "another key, while it runs" expect_status 0 ja keygen --rotate
check "is printed" says "$(sed -n 2p "$state/key.pub")"
check_not "it is another one" cmp -s "$work/first.pub" "$state/key.pub"
check "the secret key is the agent's alone" same 600 \
    "$(stat -c %a "$state/key")"
check "no other file is left" same "" "$(find "$state" -name '*next*')"
put_spec web "host.hostname: two"
check "the agent signs with it" soon are_signed 2
check "the old key verifies all" good_with "$work/first.pub"
check "the new key verifies all" good_with "$state/key.pub"
stop agent
cp "$state/key.pub" "$work/second.pub"
check "another key without an agent" expect_status 0 ja keygen --rotate
put_spec web "host.hostname: three"
check "an agent with the third key" agent_start
check "signs" soon are_signed 3
check "without any doubt" fails grep -q "no jail is removed" \
    "$work/agent.log"
for k in "$work/first.pub" "$work/second.pub" "$state/key.pub"; do
	check "${k##*/} verifies all" good_with "$k"
done
check "show goes back over the changes" expect_status 0 ja snapshot show 1
check "so does diff" expect_status 0 ja snapshot diff 1 3
check "and list" expect_status 0 ja snapshot list
cp -R "$state/snapshots" "$work/copy"
elsewhere() { # COMMAND FILE...: on a machine that has nothing but the copy
	"$JAILAGENT" -s "$work/nothing" snapshot "$@" --pub "$work/first.pub"
}
mkdir "$work/alone"
cp "$state/snapshots/00000001.json" "$state/snapshots/00000001.json.minisig" \
    "$work/alone"
for c in show verify; do
	check "or where --dir says, for $c" expect_status 0 ja snapshot "$c" \
	    --dir "$work/copy" "$work/alone/00000001.json"
	check "not beside a file that is alone" expect_status 1 \
	    ja snapshot "$c" "$work/alone/00000001.json"
done
check "elsewhere the keys are those beside the file" expect_status 0 \
    elsewhere show "$work/copy/00000003.json"
check "for diff, too" expect_status 0 elsewhere diff \
    "$work/copy/00000001.json" "$work/copy/00000003.json"
if command -v minisign > /dev/null; then
	check "minisign verifies the change with the old key" \
	    minisign -V -p "$work/first.pub" -m "$state/snapshots/00000001.key"
	check "and with the new one" minisign -V -p "$work/second.pub" \
	    -m "$state/snapshots/00000001.key" \
	    -x "$state/snapshots/00000001.key.by-new"
else
	skip "minisign verifies the change" "minisign is not installed"
fi
stop agent
check "a record of signed specs" ja trust --reset
cp -p "$state/key" "$state/key.pub" "$work"
cp "$state/accepted" "$work/old-accepted"
check "is sealed anew with the next key" expect_status 0 ja keygen --rotate
for k in key key.pub; do # as if that was cut off before the last two steps
	mv "$state/$k" "$state/$k.next"
	cp -p "$work/$k" "$state/$k"
done
check "and counts before the key has its name" expect_status 0 ja trust
check "which the next one who signs gives it" expect_status 0 \
    ja keygen --rotate
check "the record counts then, too" expect_status 0 ja trust
check "no key waits any more" same "" "$(find "$state" -name '*next*')"
mkdir "$work/right"
cp -p "$state/key" "$state/key.pub" "$work/right"
cp -p "$work/key" "$work/key.pub" "$state"
check "a pair from before changes nothing" expect_status 1 ja keygen --rotate
check "and is told" says "bring that pair back"
cp "$state/accepted" "$work/accepted"
check "nor does it begin a record anew" expect_status 1 ja trust --reset
check "which says what to do" says "bring that pair back"
check "so the one of the right pair is left" cmp "$work/accepted" \
    "$state/accepted"
if command -v minisign > /dev/null; then
	minisign -G -W -s "$work/build.key" -p "$work/build.pub" > /dev/null
	minisign -S -s "$work/build.key" -m "$specs/web.yaml" > /dev/null
	# A record that counts with it, as the same backup brings it back.
	cp "$work/old-accepted" "$state/accepted"
	check "apply takes nothing that it had to put on record" \
	    expect_status 1 ja apply --require-signed "$work/build.pub" "$specs"
	check "with the same words" says "bring that pair back"
	check "the record is as it was" cmp "$work/old-accepted" \
	    "$state/accepted"
	cp "$work/accepted" "$state"
	cp -p "$work/right"/* "$state"
	check "the right pair is back: it does" expect_status 0 \
	    ja apply --require-signed "$work/build.pub" "$specs"
	check "and the number is on record" sh -c "'$JAILAGENT' -s '$state' \
	    trust | grep -F '$specs/web.yaml'"
	check "in a chain without a gap" expect_status 0 ja snapshot verify
else
	skip "apply with a pair from before" "minisign is not installed"
	cp -p "$work/right"/* "$state"
fi
check "the record begins anew" expect_status 0 ja trust --reset
for k in key key.pub; do # cut off before the last two steps, as above
	mv "$state/$k" "$state/$k.next"
	cp -p "$work/$k" "$state/$k"
done
check "also by who finds a change cut off" expect_status 0 ja trust --reset
check "and ends it" cmp "$state/key" "$work/right/key"
check "it counts" expect_status 0 ja trust
check "--rotate is about the agent's key" expect_status 64 \
    ja keygen --rotate -k "$work/other"
mkdir "$work/none"
check "without a key there is none to change" expect_status 1 \
    "$JAILAGENT" -s "$work/none" keygen --rotate
