#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the agent keeps for itself in its state directory is not taken for its
# own when somebody else wrote it.
# needs: root jq
. tests/lib.sh
. tests/agent.sh

mkdir -p "$work/roots/all"
hook() { echo "exec.poststop: [\"/bin/touch $work/$1\"]"; }
for j in web db; do
	spec $j "path: $work/roots/all" "$(hook good)" > "$specs/$j.yaml"
done
kept() { find "$state/applied" "$run_dir/applied" -type f -exec cksum {} + | sort; }
# What was applied is known by its copy then.
lose_run_directory() { rm -f "$run_dir"/applied/*; }
check "apply" ja apply "$specs"
check "what was applied has a stamp" \
    grep -q '^# stamp [0-9a-f]\{32\}$' "$state/applied/web.yaml"
kept > "$work/before"
ja apply "$specs" > "$work/out"
kept > "$work/after"
check "a second one writes nothing" diff "$work/before" "$work/after"

check "the copy says the same" diff -r "$run_dir/applied" "$state/applied"

sed -i "s,/good,/evil," "$state/applied/web.yaml"
check "a changed copy is not looked at" expect_status 0 ja plan "$specs"
lose_run_directory
ja plan "$specs" > "$work/out" 2> "$work/why"
check "what was changed is told" \
    grep -q "applied/web.yaml: it is not as the agent wrote it" "$work/why"
check_not "the other is as it was" grep -q "db.yaml" "$work/why"
rm "$specs/web.yaml"
ja apply --prune "$specs" > "$work/out" 2>&1
check "the jail goes" no_jail web
check "its hook is not run" test ! -e "$work/evil"

spec web "path: $work/roots/all" "$(hook good)" > "$specs/web.yaml"
ja apply "$specs" > "$work/out"
rm "$specs/web.yaml"
ja apply --prune "$specs" > "$work/out" 2>&1
check "one that was not changed is run" test -e "$work/good"

# A genuine text of another jail, and one without a stamp.
spec web "path: $work/roots/all" "$(hook good)" > "$specs/web.yaml"
ja apply "$specs" > "$work/out"
cp "$state/applied/db.yaml" "$work/kept"
sed "s/^name: db/name: web/" "$work/kept" > "$state/applied/web.yaml"
sed -i '/^# stamp/d' "$state/applied/db.yaml"
lose_run_directory
ja plan "$specs" > "$work/out" 2> "$work/why"
check "a stamp of another file" grep -q "stamp is of another text" "$work/why"
check "none" grep -q "db.yaml: .*it has no stamp" "$work/why"
cp "$work/kept" "$state/applied/db.yaml"

# An earlier version has none: believed once, and stamped.
sed -i '/^# stamp/d' "$state/applied/web.yaml" "$state/applied/db.yaml"
rm "$state/stamps"
lose_run_directory
check "plan believes them" expect_status 0 ja plan --prune "$specs"
check "and writes nothing" test ! -e "$state/stamps"
check "an agent" agent_start
check "so does it" settled
for d in "$run_dir" "$state"; do
	check "it stamps them" same 2 "$(cat "$d"/applied/*.yaml | grep -c '^# stamp')"
done
check "and notes that" test -e "$state/stamps"
spec web "path: $work/roots/all" "$(hook other)" > "$specs/web.new"
mv "$specs/web.new" "$specs/web.yaml"
check "what it applies" soon grep -q /other "$run_dir/applied/web.yaml"
check "is copied" soon diff -r "$run_dir/applied" "$state/applied"

# Orders.
check "an order" ja pause web
stop agent
sed -i 's/"pause"/"stop"/' "$state/orders.json"
check "orders of others" expect_status 1 ja apply "$specs"
check "are refused" says "not as the agent wrote them"
sed -i 's/"stop"/"pause"/' "$state/orders.json"
check "as they were" ja plan "$specs"

# Stamps that cannot be written are no reason not to start, nor is what others put
# beside the specs.
rm "$state/stamps"
mkdir "$state/stamps.new" "$state/applied/lost+found"
check "an agent that cannot note it" agent_start
check "does its work" settled db
check "says so" grep -q "not stamped yet" "$work/agent.log"
stop agent
rmdir "$state/stamps.new"
check "the next one" agent_start
check "also settles" settled db
check "and notes it" test -e "$state/stamps"

# A copy that cannot be made is made later.
settled
mkdir "$state/applied/db.yaml.new"
spec db "path: $work/roots/all" "meta.a: b" > "$work/db.yaml"
mv "$work/db.yaml" "$specs/db.yaml"
check "a copy that cannot be made" soon grep -q "the copy of an applied spec: .*db.yaml" "$work/agent.log"
rmdir "$state/applied/db.yaml.new"
spec web "path: $work/roots/all" "meta.a: b" > "$work/web.yaml"
mv "$work/web.yaml" "$specs/web.yaml"
check "is made with the next state" soon diff "$run_dir/applied/db.yaml" "$state/applied/db.yaml"
check "as is that of the other" soon diff "$run_dir/applied/web.yaml" "$state/applied/web.yaml"

# What is in memory goes while the agent runs.
rm -rf "$run_dir"
spec db "path: $work/roots/all" "meta.a: c" > "$work/db.yaml"
mv "$work/db.yaml" "$specs/db.yaml"
check "a jail is changed without its run directory" soon grep -q "db: updated.*meta.a" "$work/agent.log"
check "what is applied is copied" soon grep -q "meta.a: c" "$state/applied/db.yaml"
check "the other copy stays" test -e "$state/applied/web.yaml"
