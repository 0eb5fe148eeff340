#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Somebody has a spec file open for writing and never closes it: that is told
# after a while, and only keeps removals waiting, which it may be about.
# needs: root jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/one"
root="path: $work/roots/one"
for j in one two three; do
	spec $j "$root" | put $j
done
check "the agent starts" agent_start
check "the jails run" settled
exec 9>> "$specs/two.yaml"
echo 'host.hostname: new' >&9
rm "$specs/three.yaml"
named() {
	ja status --json | jq -e '[.files[] | select(.path | endswith(
	    "two.yaml")) | .error.message | contains("open for writing")] | any'
}
check "who writes for ever is named" wait_until 20 named
check "wait for another jail ends" ja wait --timeout 10 one
check "wait for all ends with 1" expect_status 1 ja wait --timeout 10
check "the jail runs as before" test -n "$(ja list -j two jid)"
check "a removal beside it is held, since that file may say it" \
    soon has three .reason "two.yaml"
exec 9>&-
new() { same new "$(ja list -j two host.hostname)"; }
check "used" soon new
check "and the removal goes on" soon no_jail three
check "all is well" settled
