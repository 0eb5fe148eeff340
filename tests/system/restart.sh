#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A parameter that cannot be changed live restarts the jail, unless its spec
# forbids that: then status says what is blocked.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

for r in one two; do
	little_root "$work/roots/$r"
	echo "root $r" > "$work/roots/$r/etc/which"
done
which_root() { same "root $2" "$(inside "$1" cat /etc/which)"; }

stop_leaves_a_mark='exec.stop: ["/bin/touch /tmp/stopped"]'
put_spec web "path: $work/roots/one" "$stop_leaves_a_mark"
put_spec fixed "path: $work/roots/one" "host.hostname: first" \
    "agent: {restart: never}"
check "the agent starts" agent_start
check "the jails run" settled
web=$(identity web)
fixed=$(identity fixed)

put_spec web "path: $work/roots/two" "$stop_leaves_a_mark"
check "another path restarts the jail" soon which_root web two
check "ready" settled web
check "with another first process" fails same "$web" "$(identity web)"
check "the old one is gone" same 1 "$(init_of web | wc -l)"
check "exec.stop has run in the old root" \
    test -e "$work/roots/one/tmp/stopped"
check "status says restart" is web .last_change.action restart
check "and which parameter" is web '.last_change.params | join(" ")' path
check "and why" has web .last_change.reason "path changed"
check "one restart is counted" is web .restarts 1
check "the log tells it once" same 1 "$(deeds web | grep -c restarted)"

put_spec fixed "path: $work/roots/two" "host.hostname: first" \
    "agent: {restart: never}"
check "restart: never blocks" soon state_is fixed blocked
check "the reason names the parameter" has fixed .reason "path differs"
check "and what forbids it" has fixed .reason "agent.restart is never"
check "and what to do" has fixed .reason "jailagent restart fixed"
check "the jail runs on" same "$fixed" "$(identity fixed)"
check "in its old root" which_root fixed one
check "status ends with 2" expect_status 2 ja status
check "the digests tell the two specs apart" is fixed \
    '.spec_digest == .applied_digest' false
check "wait ends with 1 and says why" expect_status 1 ja wait fixed
check "naming the parameter" says "path differs"

check "restart by hand" ja restart fixed
check "does it" soon which_root fixed two
check "ready then" settled
check "status ends with 0" expect_status 0 ja status
check "restarting what is not there is an error" expect_status 1 \
    ja restart nothing
check "that says so" says "nothing: there is no such jail here"

# Who waits is told of the first failure, not of a later one.
put_spec fails "path: $work/roots/one" "agent: {retry: {initial: 60s}}" \
    "exec.start: [\"/bin/sh -c '/bin/sleep 1; exit 3'\"]"
check "wait ends with a failing start" expect_status 1 \
    ja wait --timeout 20 fails
check "and says why" says "exit status 3"
rm "$specs/fails.yaml"
check "its spec goes" ja wait --for gone --timeout 20 fails

# An agent that may not restart at all.
stop agent
check "an agent with -cm starts" agent_start -cm
web=$(identity web)
put_spec web "path: $work/roots/one" "$stop_leaves_a_mark"
check "-cm does not restart" soon state_is web blocked
check "and says that -r is missing" has web .reason "(-r)"
check "the jail runs on" same "$web" "$(identity web)"
put_spec web "path: $work/roots/two" "$stop_leaves_a_mark"
check "the file put back: ready without a deed" settled web
check "no deed was done" same 0 "$(count_deeds)"
for letters in -c -r -cr; do
	check "run $letters is refused" expect_status 64 ja run $letters \
	    -d "$specs"
	check "with the reason" says "the agent takes -m, -cm, -mr or -cmr"
done
