#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What apply leaves alone, because no spec says it any more, is signed as what it
# is: a second apply signs nothing more, whatever the first one did.
# needs: jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/all"
signed_as() { # STATE
	same "$1" "$(ja snapshot show --json |
	    jq -r '.jails[] | select(.name == "d").state')"
}

for change in "" "host.hostname: x" "exec.start: [x]"; do
	any a | put a
	any d | put d
	check "apply" expect_status 0 ja apply "$specs"
	rm "$specs/d.yaml"
	any a ${change:+"$change"} | put a
	check "apply without d${change:+, and $change}" expect_status 0 \
	    ja apply "$specs"
	check "d is as it was applied" signed_as matching
	before=$(snapshots)
	check "a second one" expect_status 0 ja apply "$specs"
	check "signs nothing" same "$before" "$(snapshots)"
done

# The same for one that goes down for another, and comes back as it was.
any a | put a
any d "depend: [a]" | put d
check "apply" expect_status 0 ja apply "$specs"
rm "$specs/d.yaml"
any a "exec.start: [y]" | put a
check "apply restarts a, and d with it" expect_status 0 ja apply "$specs"
check "as told" grep -q '^d: created' "$work/out"
check "d is as it was applied" signed_as matching
before=$(snapshots)
check "a second one" expect_status 0 ja apply "$specs"
check "signs nothing" same "$before" "$(snapshots)"

# What stands against a jail has the same words before and after.
any d "ip4.addr: [192.0.2.2, 192.0.2.4]" | put d
any a "ip4.addr: [192.0.2.4]" | put a
check "an address of two specs" expect_status 1 ja apply "$specs"
why() { sed -n 's/^jailagent: d: //p' "$work/out"; }
first=$(why)
before=$(snapshots)
check "a second one" expect_status 1 ja apply "$specs"
check "says the same" same "$first" "$(why)"
check "signs nothing" same "$before" "$(snapshots)"

# So has one that waits for a jail which this apply removes.
rm "$specs"/*
any c | put c
check "apply" expect_status 0 ja apply --prune "$specs"
rm "$specs/c.yaml"
any a "depend: [c]" "ip4.addr: [192.0.2.1]" | put a
any b "ip4.addr: [192.0.2.1, 192.0.2.2]" | put b
check "an apply that removes c" expect_status 1 ja apply --prune "$specs"
why() { sed -n 's/^jailagent: a: //p' "$work/out"; }
first=$(why)
before=$(snapshots)
check "a second one" expect_status 1 ja apply --prune "$specs"
check "says the same" same "$first" "$(why)"
check "signs nothing" same "$before" "$(snapshots)"

# One that is let go leaves no log behind, either.
any k "agent: {on_remove: keep}" "exec.start: [x]" | put k
check "a jail to be kept" expect_status 1 ja apply --prune "$specs"
check "has a log" test -e "$run_dir/console/k.log"
rm "$specs/k.yaml"
check "let go" expect_status 1 ja apply --prune "$specs"
check "it lives" ja list -j k name
check "and its log is gone" test ! -e "$run_dir/console/k.log"
