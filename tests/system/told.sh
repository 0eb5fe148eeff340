#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What an order cannot do, and what somebody has done to a jail of the agent's, is
# told, with the way out.
# needs: root jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/all"
jail() { # NAME LINE...
	_n=$1
	shift
	put_spec "$_n" "path: $work/roots/all" "$@"
}
somebody() { # NAME PARAMETER...: changes a jail
	_n=$1
	shift
	"$BUILD/tests/helper/jail" "$kernel" update "name=$_n" "$@"
}
for j in a b web; do
	jail $j
done
jail off 'agent: {paused: "by its spec"}'
jail kept 'agent: {protect: true}'
check "the agent starts" agent_start --max-remove 100%
check "the jails run" settled a b web kept
check "the paused one does not" soon state_is off paused

# A pattern that nobody has; one paused jail among others.
check "wait for no jail" expect_status 1 ja wait 'zz.*'
check "says that" says "zz.*: no spec says it"
check "none is gone" ja wait --for gone 'zz.*'
check "wait for what stays" expect_status 124 ja wait --for gone --timeout 1 a
check "says what it is instead" says "a: ready, not gone"
kill -STOP "$agent"
check "time is up for an agent that hangs, too" expect_status 124 \
    ja wait --timeout 0 a
check "it does not answer" says "the agent does not answer"
kill -CONT "$agent"
check "an order for all" expect_status 1 ja stop '*'
check "names what is left out" says "off: its spec pauses it"
check "the others are stopped" ja wait --for gone a b web kept
check "named, it is refused" expect_status 1 ja restart off a
check "and nothing is done" no_jail a
check "all again" expect_status 1 ja restart '*'
check "are there" settled a b web kept
check "apply tells what is paused" expect_status 3 ja apply "$specs"
check "by its name" says "off: paused"

# A protected one without a spec.
rm "$specs/kept.yaml"
check "a protected jail" soon state_is kept blocked
check "cannot be stopped then" expect_status 1 ja stop kept
check "which is said" says "agent.protect was true"
jail kept 'agent: {protect: true}'
check "with its spec" soon ja stop kept
check "it can" soon no_jail kept

# Also while its removal is held: an unreadable file could be about it.
jail kept 'agent: {protect: true}'
check "it is back" soon ja restart kept
check "and runs" settled kept
was=$(ja list -j kept jid)
echo "{ kept" | put bad
rm "$specs/kept.yaml"
check "its removal is held" soon state_is kept held
check "and it is not restarted" expect_status 1 ja restart kept
check "for the same reason" says "agent.protect was true"
check "it is the same jail" same "$was" "$(ja list -j kept jid)"
rm "$specs/bad.yaml"
jail kept 'agent: {protect: true}'
check "its spec is back" settled kept

# Its mark; its name.
has_mark() { [ -n "$(ja list -j web meta.jailagent)" ]; }
web=$(ja list -j web jid)
check "somebody takes the mark" somebody web meta=owner=me
check "a conflict" soon state_is web conflict
check "that names the way out" has web .reason "jailagent adopt web"
check "which works" ja adopt web
check "ready" settled web
check "the same jail" same "$web" "$(ja list -j web jid)"
check "somebody gives it another name" \
    "$BUILD/tests/helper/jail" "$kernel" update "jid=$web" name=other
check "no second one is made" soon state_is web blocked
check "since that one is known" has web .reason "renamed it to other"
check "with the way back" has web .reason "jail -m jid=$web name=web"
check "back" "$BUILD/tests/helper/jail" "$kernel" update "jid=$web" name=web
check "all is well" settled web
stop agent

# Whatever the letters, restart by hand starts what is down.
rm "$specs/off.yaml"
check "an agent that creates nothing" agent_start -m --max-remove 100%
check "sees them" settled a b web
check "stop" ja stop a
check "it goes" ja wait --for gone a
check "restart" ja restart a
check "it is there" settled a
stop agent
