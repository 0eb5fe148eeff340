#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A saved plan is carried out as far as specs and jails are what they were.
# needs: root jq minisign
. tests/lib.sh

specs=$work/specs
mkdir -p "$specs" "$work/root"
ja() {
	"$JAILAGENT" -k "model:$work/table" -s "$work/state" "$@"
}
put() { # NAME LINE...
	_name=$1
	shift
	printf '%s\n' "name: $_name" "path: $work/root" "persist: true" "$@" \
	    > "$specs/$_name.yaml"
}
host() { ja list -j "$1" host.hostname; }
plan() { ja plan --prune -o "$work/plan" "$@" "$specs"; }
apply() { ja apply --plan "$work/plan"; }

for j in a b c gone; do
	put $j "host.hostname: one"
done
check "a plan without a key" expect_status 2 plan
check "is not signed" test ! -e "$work/plan.minisig"
check "it is for nobody else" same 600 "$(stat -c %a "$work/plan")"
check "it is carried out" expect_status 0 apply
check "all of it" same 4 "$(ja list name | wc -l)"
check "now there is a key: not signed is refused" expect_status 1 apply
check "and said" says "has to be signed with the agent's key"
mv "$work/state/key.pub" "$work/away"
check "also where the public one was lost" expect_status 1 apply
mv "$work/away" "$work/state/key.pub"
check "nothing to do is a plan, too" expect_status 0 plan
check "and nothing is done" expect_status 0 apply

# There is a key now: the first apply signed its state.
for j in a b c; do
	put $j "host.hostname: two"
done
rm "$specs/gone.yaml"
check "a plan with a key" expect_status 2 plan
check "verifies" minisign -V -q -p "$work/state/key.pub" -m "$work/plan"
put b "host.hostname: three"
check "somebody else changes a jail" "$BUILD/tests/helper/jail" \
    "model:$work/table" update name=c host.hostname=other
put d "host.hostname: two"
check "stale ones are refused" expect_status 4 apply
cp "$work/out" "$work/said"
check "what did not change is done" same two "$(host a)"
check "and removed" same 0 "$(ja list name | grep -c gone)"
check "a spec that changed: refused" same one "$(host b)"
check "a jail that changed: refused" same other "$(host c)"
check "a jail that the plan does not say: refused" same 0 \
    "$(ja list name | grep -c '^d')"
check "with a reason" grep -q "d: blocked: the plan does not say it" \
    "$work/said"
check "of each" grep -q "b: blocked: its spec or the jail changed" "$work/said"

check "another plan" expect_status 2 plan
sed 's/"prune": true/"prune": false/' "$work/plan" > "$work/forged"
cp "$work/plan.minisig" "$work/forged.minisig"
check "a changed one is refused" expect_status 1 ja apply --plan "$work/forged"
check "that is said" says "forged.minisig"
rm "$work/forged.minisig"
check "and one without a signature" expect_status 1 \
    ja apply --plan "$work/forged"
check "for another kernel" expect_status 1 "$JAILAGENT" -k "linux:$work/t2" \
    -s "$work/state" apply --plan "$work/plan"
check "the right one is done" expect_status 0 apply
check "once: then it is stale" expect_status 4 apply
check "nothing is left to do" expect_status 0 plan
check "letters beside it: usage" expect_status 64 \
    ja apply -m --plan "$work/plan"
check "a path beside it: usage" expect_status 64 \
    ja apply --plan "$work/plan" "$specs"
check "no plan" expect_status 1 ja apply --plan "$work/nothing"
check "not for what is only proposed" expect_status 64 \
    ja plan --as "$specs" -o "$work/plan" "$specs"

# A plan that is made before anything was ever applied is bound to secrets.
mkdir -p "$work/first"
ja1() { "$JAILAGENT" -k "model:$work/table1" -s "$work/state1" "$@"; }
secret() { (umask 077; echo "$1" > "$work/secret"); }
secret one
printf '%s\n' "name: s" "path: $work/root" "persist: true" \
    "meta.s: !secret $work/secret" > "$work/first/s.yaml"
check "a first plan with a secret" expect_status 2 \
    ja1 plan -o "$work/plan1" "$work/first"
check_not "does not show it" grep -q -w one "$work/plan1"
secret two
check "another secret: refused" expect_status 4 \
    ja1 apply --plan "$work/plan1"
check "nothing is made" same "" "$(ja1 list name)"
check "a plan of what is" expect_status 2 ja1 plan -o "$work/plan1" "$work/first"
check "is done" expect_status 0 ja1 apply --plan "$work/plan1"
check "with the secret" same two "$(ja1 list -j s meta.s)"
ja1 apply -r "$work/first" > "$work/out" 2>&1
remove_run_directory "$work/state1"

# A plan is bound to what files and links say, too.
mkdir -p "$work/files" "$work/root2"
ja2() { "$JAILAGENT" -k "model:$work/table2" -s "$work/state2" "$@"; }
plan2() { ja2 plan -o "$work/plan2" "$work/files"; }
ln -s root "$work/link"
printf 'tmpfs %s/link/a tmpfs rw 0 0\n' "$work" > "$work/fstab"
printf '%s\n' "name: f" "path: $work/link" "persist: true" \
    "mount.fstab: $work/fstab" > "$work/files/f.yaml"
check "a plan with mounts" expect_status 2 plan2
printf 'tmpfs %s/link/b tmpfs rw 0 0\n' "$work" > "$work/fstab"
check "other mounts: refused" expect_status 4 ja2 apply --plan "$work/plan2"
check "another plan with mounts" expect_status 2 plan2
ln -sfn root2 "$work/link"
check "another root: refused" expect_status 4 ja2 apply --plan "$work/plan2"
check "neither was made" same "" "$(ja2 list name)"
printf '%s\n' "name: w" "path: $work/root" "persist: true" \
    "depend: [nobody]" > "$work/files/f.yaml"
check "a plan of what is blocked" expect_status 2 plan2
check "fails, and is not stale" expect_status 1 ja2 apply --plan "$work/plan2"
check "the plan says why" says "stood against it when the plan was made"
remove_run_directory "$work/state2"

# A jail goes down with the one around it, whatever its own spec asks for.
mkdir -p "$work/nest"
ja3() { "$JAILAGENT" -k "model:$work/table3" -s "$work/state3" "$@"; }
nest() { # NAME ROOT [LINE...]
	_nest=$1
	_path=$2
	shift 2
	printf '%s\n' "name: $_nest" "path: $work/$_path" "persist: true" "$@" \
	    > "$work/nest/$_nest.yaml"
}
nest around root "children.max: 1" "depend: [first]"
nest around.in root
nest before root "depend: [first]" "jid: 703"
nest first root
check "jails in jails" expect_status 0 ja3 apply "$work/nest"
rm "$work/nest/around.yaml"
nest around.in root2 "jid: 703"
nest before root "depend: [first]"
nest first root2
plan3() { ja3 plan --prune -o "$work/plan3" "$work/nest"; }
check "a plan that removes two" expect_status 2 plan3
check "of which one changes" "$BUILD/tests/helper/jail" "model:$work/table3" \
    update name=around.in host.hostname=strange
check "is refused" expect_status 4 ja3 apply --plan "$work/plan3"
check_not "and comes to an end" says "without an end"
check "with nothing done" same "around
around.in
before
first" "$(ja3 list name | sort)"
check "another one" expect_status 2 plan3
check "is done: one has no parent then" expect_status 1 \
    ja3 apply --plan "$work/plan3"
check "which is all there is to say" says "depends on around, which is not"
check "all others are as planned" same "before
first" "$(ja3 list name | sort)"
# Two swap addresses, one by a restart; who depends on the other one runs on.
rm "$work/nest"/*
nest one root "ip4.addr: [192.0.2.1]"
nest two root "ip4.addr: [192.0.2.2, 192.0.2.3]"
nest upon root "depend: [two]"
check "two with addresses" expect_status 0 ja3 apply --prune "$work/nest"
nest one root2 "ip4.addr: [192.0.2.2, 192.0.2.4]"
nest two root "ip4.addr: [192.0.2.1, 192.0.2.5]"
check "a plan by which they swap" expect_status 2 plan3
check "is done" expect_status 0 ja3 apply --plan "$work/plan3"

# What the plan leaves alone, and what is in that, lets another one restart.
rm "$work/nest"/*
nest around root "children.max: 1" "depend: [first]"
nest around.in root
nest first root
check "a jail around another one" expect_status 0 \
    ja3 apply --prune "$work/nest"
nest around root "children.max: 1" "depend: [new]" "exec.start: [x]"
nest first root2
nest new root
check "a plan that makes no jail" expect_status 2 \
    ja3 plan -mr -o "$work/plan3" "$work/nest"
check "is done, but for that" expect_status 1 ja3 apply --plan "$work/plan3"
check "the other one restarts" grep -q '^first: restarted' "$work/out"

# While a file is invalid nothing is removed, nor what a plan removes restarted.
rm "$work/nest"/*
nest around root "children.max: 1"
nest around.in root
nest one root
check "jails in jails again" expect_status 0 ja3 apply --prune "$work/nest"
rm "$work/nest/around.in.yaml"
nest around root2 "children.max: 1"
check "a plan by which one goes" expect_status 2 plan3
nest one root "nonsense: true"
check "is refused where that is kept" expect_status 1 \
    ja3 apply --plan "$work/plan3"
check_not "it runs on" grep -q '^around.in:' "$work/out"
remove_run_directory "$work/state3"

# While an agent runs it makes the plans.
start agent "$JAILAGENT" -k "model:$work/table" -s "$work/state" run -d "$specs"
check "an agent" wait_until 10 ja status
check "refuses it" expect_status 1 apply
check "and says why" says "makes its own plans"
