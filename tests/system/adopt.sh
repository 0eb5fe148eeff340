#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A jail that somebody else made is a conflict until it is adopted, which does
# not restart it.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/all"
mkdir "$work/theirs"
# Another state directory is another agent.
theirs() {
	timeout -k 1 40 "$JAILAGENT" -k "$kernel" -s "$work/theirs-state" "$@"
}
for j in web odd; do
	spec $j "path: $work/roots/all" "host.hostname: old.example" \
	    "exec.start: ['sleep 1000 &']" > "$work/theirs/$j.yaml"
done
check "somebody makes jails" theirs apply "$work/theirs"
web=$(identity web)
odd=$(identity odd)

put_spec web "path: $work/roots/all" "host.hostname: new.example" \
    "exec.start: ['sleep 1000 &']"
little_root "$work/roots/else"
put_spec odd "path: $work/roots/else"
put_spec own "path: $work/roots/all"
put_spec web.below "path: /"
put_spec web "path: $work/roots/all" "host.hostname: new.example" \
    "children.max: 3" "exec.start: ['sleep 1000 &']"
check "the agent starts" agent_start
check "its own jail runs" settled own
check "the others are conflicts" state_is web conflict
check "and untouched" same "$web" "$(identity web)"

check "a jail of ours cannot be adopted" expect_status 1 ja adopt own
check "nor one that would have to be restarted" expect_status 1 ja adopt odd
check "which it says" says "path changed, which needs a restart"
check "nor one that is not there" expect_status 1 ja adopt nothing
check "of several with a wrong one, none" expect_status 1 ja adopt odd web
check "none was" state_is web conflict
check "nor one below a jail of somebody else" expect_status 1 \
    ja adopt web.below

check "of all, what can be" expect_status 1 ja adopt '*'
check "what cannot be is told" says "odd: adopting it would not leave it"
check "what is ours is not" fails says "own: "
check "nor what is not there" fails says "web.below: "
check "it is ours" settled web
check "nothing else can be" expect_status 1 ja adopt 'web.*'
check "which it says" says "there is nothing to adopt"
check "without a restart" same "$web" "$(identity web)"
check "what could be changed is" same new.example "$(inside web hostname)"
check "it is logged" grep -q "web: adopted (jid $(ja list -j web jid))" \
    "$work/agent.log"
check "its child may be made now" settled web.below
check "with agent.restart: never" put_spec odd "path: $work/roots/else" \
    "agent: {restart: never}"
check "the difference may stay" soon ja adopt odd
check "it is blocked" soon state_is odd blocked
check "and goes on" same "$odd" "$(identity odd)"

stop agent
check "another agent" agent_start --max-remove 5
check "knows it as its own" settled web
check "still the same" same "$web" "$(identity web)"
kill -9 "$(init_of web)"
check "it is healed" soon sh -c "'$JAILAGENT' -k '$kernel' -s '$state' \
    status web --json | jq -e '.jails[0].restarts == 1'"
check "and up" settled web
rm "$specs/web.yaml" "$specs/web.below.yaml"
check "and removed with its spec" soon no_jail web
check "the snapshots verify" ja snapshot verify
