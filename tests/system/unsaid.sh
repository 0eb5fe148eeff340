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
