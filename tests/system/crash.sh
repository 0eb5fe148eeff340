#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A jail whose first process is killed is back at once; one that crashes
# again and again is tried less and less often.
# needs: root busybox jq
# beside: nothing
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/web"
little_root "$work/roots/weak"
put_spec web "mount.procfs: true" 'exec.start: ["/bin/sleep 1000 &"]' \
    "exec.poststop: [\"/bin/touch $work/poststop\"]" \
    "agent: {retry: {initial: 1s, reset: 1ms}}"
put_spec weak "mount.procfs: true" 'exec.start: ["/bin/sleep 1000 &"]'
check "the agent starts" agent_start
check "the jails run" settled

# back FROM INIT: ms since FROM until the table has a jail again and another
# first process runs; looked for every few ms.
back() {
	until ja list -j web jid > /dev/null 2>&1 &&
	    [ "$(init_of web)" != "$2" ] && [ -n "$(init_of web)" ]; do
		[ $(($(now_ms) - $1)) -lt 10000 ] || break
	done
	echo $(($(now_ms) - $1))
}

# With reset at 1 ms each crash is a first one.  How fast it is is for the bench
# (tests/bench/healing.sh): here it is sooner than any other try would be.
: > "$work/times"
for _ in 1 2 3 4 5; do
	init=$(init_of web)
	from=$(now_ms)
	kill -KILL "$init"
	back "$from" "$init" >> "$work/times"
	wait_until 5 state_is web ready
done
median=$(sort -n "$work/times" | sed -n 3p)
check "back at once (median of 5: $median ms)" test "$median" -lt 900
took=$(deeds web | sed -n 's/.*ended by itself; \([0-9]*\)\..*/\1/p' |
    sort -n | sed -n 3p)
check "the agent's own share is less ($took ms)" test "$took" -lt 900
check "each restart is counted" is web .restarts 5
check "status says why" has web .last_change.reason "it ended by itself"
check "and the jid that it has now" is web .jid "$(ja list -j web jid)"
check "with its workload" inside web sh -c 'ps | grep -q sleep'
check "exec.poststop has run for the dead one" test -e "$work/poststop"
check "the other one is as it was" is weak .restarts 0

# A jail that ends at once after each start.
# Prints the time; waits until the dead one cannot be taken for its successor.
# One that is still starting would be a start that failed, not an end.
crash_weak() {
	wait_until 5 state_is weak ready
	_dead=$(init_of weak)
	kill -KILL "$_dead"
	now_ms
	wait_until 5 fails test -e "/proc/$_dead"
}
came_back() {
	until [ -n "$(init_of weak)" ]; do
		[ $(($(now_ms) - $1)) -lt 15000 ] || return 1
		sleep 0.01
	done
	echo $(($(now_ms) - $1))
}
from=$(crash_weak)
first=$(came_back "$from")
check "the first restart is at once ($first ms)" test "$first" -lt 900
from=$(crash_weak)
check "then it waits" soon state_is weak failed
check "and says until when" has weak .next_retry T
second=$(came_back "$from")
check "the second comes after 0.9 s to 2.5 s ($second ms)" \
    test "$second" -ge 900 -a "$second" -lt 2500
from=$(crash_weak)
third=$(came_back "$from")
check "the third after 1.8 s to 4 s ($third ms)" \
    test "$third" -ge 1800 -a "$third" -lt 4000
check "three restarts are counted" soon is weak .restarts 3
check "the other one was not touched meanwhile" is web .restarts 5

# A change of the spec is tried at once.
from=$(crash_weak)
check "it waits again" soon state_is weak failed
put_spec weak "mount.procfs: true" 'exec.start: ["/bin/sleep 2000 &"]'
check "a changed spec does not wait" wait_until 2 state_is weak ready

# agent.heal: never.
put_spec weak "mount.procfs: true" 'exec.start: ["/bin/sleep 2000 &"]' "agent: {heal: never}"
check "heal: never is taken over" settled
kill -KILL "$(init_of weak)"
check "it is not brought back" soon state_is weak blocked
check "status says why" has weak .reason "agent.heal is never"
check "plan says what apply does then" expect_status 2 ja plan "$specs"
check "which is nothing" says "blocked  weak: it ended by itself, and agent.heal"
check "apply by the agent" expect_status 1 ja apply "$specs"
sleep 0.3
check "really" same "" "$(init_of weak)"
check "by hand it is" ja restart weak
check "and runs" soon state_is weak ready
kill -KILL "$(init_of weak)"
check "it is left again" soon state_is weak blocked
check "the agent ends" stop agent
check "without one a plan is a user's wish" expect_status 2 ja plan "$specs"
check "as an apply is" says "create   weak: it ended by itself"
check "which makes it" ja apply "$specs"
check "an agent again" agent_start
check "finds it as it should be" settled

# A jail that keeps its jid, and one with a difference that stays, are watched.
watched() { put_spec watched "path: $work/roots/weak" "jid: 4711" \
    "mount.procfs: true" "$@"; }
watched 'exec.start: ["/bin/sleep 1000 &"]'
check "a jail with a jid of its own" settled watched
watched 'exec.start: ["/bin/sleep 2000 &"]'
check "is restarted" soon is watched .restarts 1
check "and ready" settled watched
kill -KILL "$(init_of watched)"
check "it is brought back without a rescan" soon is watched .restarts 2
check "and ready again" settled watched
watched 'exec.start: ["/bin/sleep 3000 &"]' "agent: {restart: never}"
check "one that needs a restart it must not have" soon state_is watched blocked
kill -KILL "$(init_of watched)"
check "comes back as it is wanted" soon state_is watched ready
