#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Restarts for changed specs go in waves; a failing one holds the rest until it
# is approved.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/all"
specs_with() { # LINE...: for a to d
	for _j in a b c d; do
		put_spec $_j "path: $work/roots/all" "host.hostname: mine" \
		    "agent: {retry: {initial: 60s}}" "$@"
	done
}
specs_with
check "--max-restart 0: usage" expect_status 64 ja run --max-restart 0
check "--max-restart x: usage" expect_status 64 ja run --max-restart x
check "the agent starts" agent_start --max-restart 1
check "the jails run" settled
all() { ja list -n name jid | sort; }
before=$(all)
specs_with "exec.start: [\"/bin/false\"]"
check "one fails" soon state_is a failed
check "the others are held" soon state_is d held
check "with the reason" has b .reason "the one of a failed"
check "the summary says so" same 3 "$(ja status --json |
    jq .summary.held)"
check "they run as before" same "$(echo "$before" | sed 1d)" "$(all)"
check "the plan says so" expect_status 2 ja plan "$specs"
check "of each" same 3 "$(grep -c "^held .*the one of a failed" "$work/out")"
# Somebody changes the last one, whose restart does not come.
meddle() {
	"$BUILD/tests/helper/jail" "$kernel" update name=d host.hostname=theirs
}
called() { same "$1" "$(ja list -j d host.hostname)"; }
check "somebody changes what is held" meddle
check "that is undone" soon called mine
check "it is held still" soon state_is d held
check "wait tells what failed" expect_status 1 ja wait --timeout 5
check "naming it" says "a: failed"
check "ack lets the next one go" ja ack b
check "which fails, too" soon state_is b failed
check "and holds the rest" has c .reason "the one of b failed"
specs_with "exec.start: [\"/bin/true\"]"
check "mended: those that failed come up" soon state_is a ready
check "all of them" soon state_is b ready
check "the rest is held still" state_is c held
check "until ack" ja ack '*'
check "then all are ready" settled
specs_with "exec.start: [\"/bin/sleep 1000\"]"
check "a restart takes long" soon has a .reason "exec.start changed"
check "another one waits for it" soon has d .reason "its restart waits until 1"
check "somebody changes that" meddle
check "that is undone" soon called mine
check "it waits still" soon has d .reason "its restart waits until 1"
specs_with "exec.start: [\"/bin/true\"]"
check "in the end all are ready" settled
