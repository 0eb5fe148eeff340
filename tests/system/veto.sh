#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A jail whose exec.prestop never succeeds is kept, keeps nobody else from
# anything, and can be ended all the same.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/all"
put_jail() { # NAME [LINE...]
	_jail=$1
	shift
	put_spec "$_jail" "path: $work/roots/all" \
	    'agent: {retry: {initial: 100ms, max: 200ms}}' "$@"
}
veto="exec.prestop: [\"echo try >> $work/tries; echo not now; false\"]"
tries() { [ "$(wc -l < "$work/tries")" -ge "$1" ]; }

put_jail web "$veto"
put_jail other
check "an agent starts" agent_start --max-remove 50
check "two jails" settled
web=$(identity web)
rm "$specs"/*.yaml
check "neither is wanted: the other one goes" soon no_jail other
check "the one with a veto does not" soon state_is web failed
check "and says why" soon has web .reason "not now"
check "it is tried again" wait_until 10 tries 3
check "it runs on" same "$web" "$(identity web)"
put_jail web
check "its spec is back, without the veto" settled web
check "which takes no restart" same "$web" "$(identity web)"
rm "$specs/web.yaml"
check "now it goes" soon no_jail web

put_jail web "$veto"
check "the veto is back" settled web
rm "$specs/web.yaml"
check "it does not go" soon state_is web failed
check "without hooks" ja stop --no-hooks web
check "it does" soon no_jail web
check "nothing is known of it" wait_until 10 same "" "$(field web .name)"

put_jail shop 'exec.prestop: ["echo hangs; sleep 1000"]'
check "one that hangs" settled shop
rm "$specs/shop.yaml"
check "is begun with" soon has shop .reason "exec.prestop"
put_jail shop
sleep 0.3
check "its spec comes back too late" has shop .reason "exec.prestop"
check "without hooks" ja stop --no-hooks shop
check "it is ended" wait_until 2 no_jail shop
check "and restarted" ja restart shop
check "with that spec" settled shop
