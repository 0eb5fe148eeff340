#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is away is believed to be gone only when that is proven: many files at
# once, a checkout that deletes before it creates, a broken file that is renamed,
# an empty directory.
# needs: git jq
. tests/lib.sh
. tests/agent.sh

if sanitized; then
	skip "absence" "minutes with sanitizers; its parts are unit/test_absence \
and unit/test_scan"
	exit 0
fi

kernel=model:$work/table
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
mkdir -p "$work/roots/all"
status_says() { ja status | grep -q -e "$1"; }
jids() { ja list name jid | sort; }

# ---- 1,000 files -----------------------------------------------------------
mkdir "$work/many"
awk -v dir="$work/many" -v root="$work/roots/all" 'BEGIN {
	for (i = 0; i < 1000; i++) {
		f = dir "/m" i ".yaml"
		print "name: m" i "\npath: " root "\npersist: true" > f
		close(f)
	}
}'
cp -a "$work/many"/* "$specs"
any web | put web
check "the agent starts" agent_start
check "1001 jails run" ja wait --timeout 60
jids > "$work/before"
rm "$specs"/m*.yaml
check "rm of 1000 files is held" soon state_is m0 held
all_held() { same 1000 "$(ja status --json | jq .summary.held)"; }
check "all of them" soon all_held
jids > "$work/after"
check "no jail has gone" cmp "$work/before" "$work/after"
cp -a "$work/many"/* "$specs"
check "they come back: ready" ja wait --timeout 60
jids > "$work/after"
check "as if nothing had been" cmp "$work/before" "$work/after"
# ---- git deletes before it creates ----------------------------------------
stop agent
kernel=model:$work/other
state=$work/other-state
rm "$specs"/m*.yaml
in_git() { git -C "$specs" -c user.name=t -c user.email=t@example.org "$@"; }
for _i in 1 2 3 4 5 6 7 8; do
	any "g$_i" > "$specs/g$_i.yaml"
done
git init -q -b flat "$specs"
in_git add -A
in_git commit -q -m flat
in_git checkout -q -b renamed
for _i in 1 2 3 4 5 6 7 8; do
	in_git mv "g$_i.yaml" "moved-g$_i.yaml"
done
in_git commit -q -m renamed
check "the agent starts again" agent_start --max-remove 100%
check "nine jails run" settled
jids > "$work/before"
for _b in flat renamed flat; do
	in_git checkout -q $_b
	check "checkout of $_b" ja wait --timeout 10 --revision \
	    "$(in_git rev-parse $_b)"
done
# The same with a pause in the middle of the deletions and creations.
in_git ls-files 'g*' | while read -r _f; do
	mv "$specs/$_f" "$work/$_f"
done
sleep 0.6
for _i in 1 2 3 4 5 6 7 8; do
	mv "$work/g$_i.yaml" "$specs/later-g$_i.yaml"
	sleep 0.02
done
check "deleted, and created later" settled
jids > "$work/after"
check "no jail was touched" cmp "$work/before" "$work/after"
check_not "or removed for a moment" grep -q ': removed' "$work/agent.log"
rm -rf "$specs/.git"

# ---- a broken file, renamed ------------------------------------------------
echo "nonsense: true" >> "$specs/web.yaml"
check "a broken file" soon state_is web invalid
mv "$specs/web.yaml" "$specs/other.yaml"
check "renamed" soon status_says other.yaml
sleep 1.3
check "is no removal" sh -c "'$JAILAGENT' -k '$kernel' list name | grep -x web"
check "it is held, naming the file" soon has web .reason other.yaml
any web | put other
check "mended it is ready" settled
jids > "$work/after"
check "and the same" cmp "$work/before" "$work/after"

# ---- an empty directory ----------------------------------------------------
stop agent
mkdir "$work/away"
mv "$specs"/*.yaml "$work/away"
jids > "$work/before"
check "an agent that finds no file at all" agent_start --max-remove 100%
check "takes that for a disk that is not mounted" soon has web .reason \
    "holds no spec file"
sleep 1.2
jids > "$work/after"
check "and removes nothing" cmp "$work/before" "$work/after"
mv "$work/away"/* "$specs"
check "mounted, it is ready" settled
jids > "$work/after"
check "as if nothing had been" cmp "$work/before" "$work/after"

# ---- a boot without the directory ------------------------------------------
stop agent
rm "$work/table"
mv "$specs" "$work/nowhere"
check "an agent that finds neither directory nor jails" agent_start
check "makes what it knows" soon ja list -j web name
mv "$work/nowhere" "$specs"
check "with the directory it is ready" settled

# ---- jails that are protected ----------------------------------------------
stop agent
for _i in 1 2 3; do
	{ any p$_i; echo "agent: {protect: true}"; } | put p$_i
done
any gone | put gone
check "an agent that may remove one" agent_start --max-remove 1
check "jails of which three stay" settled
rm "$specs"/p?.yaml "$specs/gone.yaml"
check "their specs are no removals" soon has p3 .reason "agent.protect was true"
check "so the one that is one is done" soon fails ja list -j gone name
check "they run" same "p1
p2
p3" "$(ja list name | grep '^p[0-9]$' | sort)"
any gone | put gone
check "another one" soon state_is gone ready
rm "$specs/gone.yaml"
check "that goes, too, is held" soon state_is gone held
stop agent
check "the next agent" agent_start --max-remove 1
check "holds it as well" soon state_is gone held
check "and none that is protected" state_is p1 blocked
check_not "nor has it anything to approve" ja ack p1
