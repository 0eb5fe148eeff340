#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A nested jail gets no more than its parent has: said before anything is tried,
# and done as soon as it can be.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

root=$work/roots/p
little_root "$root"
hooks=$work/hooks
# child LINE...: with a hook that tells whether anything was tried.
child() {
	put_spec p.c "path: $root" "exec.prestart: [\"echo ran >> $hooks\"]" \
	    "$@"
}
nothing_tried() { [ ! -e "$hooks" ]; }
up() { # JAIL
	ja status --json "$1" | jq -e '.jails[0].state == "ready"' \
	    > "$work/up" 2>&1
}

put_spec p "children.max: 5"
child "enforce_statfs: 1"
check "plan says what its parent forbids" expect_status 2 ja plan "$specs"
check "with parameter, parent and what to do" says \
    "p.c: enforce_statfs: 1 is less than 2, which its parent p has; raise it"
check "apply makes the parent, and says so" expect_status 1 ja apply "$specs"
check "no hook was run" nothing_tried

check "the agent starts" agent_start
check "the parent runs" settled p
blocked() {
	ja status --json p.c | jq -e '.jails[0] | .state == "blocked" and
	    (.reason | startswith("enforce_statfs: "))' > "$work/blocked"
}
check "status shows it" wait_until 5 blocked
sleep 1.2
check "nor is it tried again and again" nothing_tried

put_spec p "children.max: 5" "enforce_statfs: 1"
check "it is made when the parent permits it" wait_until 10 up p.c
p=$(identity p) c=$(identity p.c)

# The parent is tightened, then loosened again.
put_spec p "children.max: 5" "enforce_statfs: 2"
check "what a change of the parent forbids is said" wait_until 5 blocked
check "nothing else becomes of it" same "$p $c" \
    "$(identity p) $(identity p.c)"
put_spec p "children.max: 5" "enforce_statfs: 1"
check "it gets back what it lost" wait_until 5 up p.c
lost() { ja list -j p.c enforce_statfs; }
check "as the kernel says" same 1 "$(lost)"
check "without a restart" same "$p $c" "$(identity p) $(identity p.c)"

# On a kernel that keeps to all of it, without an agent.
kernel=model:$work/model
state=$work/state-model
specs=$work/specs-model
mkdir "$specs"
put_spec p "children.max: 5" "devfs_ruleset: 4"
put_spec p.c "path: $root" "devfs_ruleset: 5"
check "two jails" ja apply "$specs"
put_spec p "children.max: 5" "devfs_ruleset: 6"
check "a change of the parent overwrites" expect_status 2 ja plan "$specs"
check "the nested one's, which is planned, too" says \
    "devfs_ruleset: 6 -> 5 (live)"
check "and set again in the same pass" ja apply "$specs"
check "so nothing is left to be done" ja plan "$specs"
put_spec p "children.max: 5" "devfs_ruleset: 6" \
    "ip4.addr: [192.0.2.1, 192.0.2.2]"
put_spec p.c "path: $root" "devfs_ruleset: 5" "ip4.addr: [192.0.2.2]"
check "addresses that clash with the parent's" expect_status 2 \
    ja plan "$specs"
check "are refused, too" says "p.c: ip4.addr: a jail in p, which has several"
