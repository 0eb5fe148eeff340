#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A parameter that can be changed live is: same jid, same processes.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

says_hostname() { same "$1" "$(inside web hostname)"; }
sleeper() { grep -l -s -z -x 31415 /proc/[0-9]*/cmdline; }

little_root "$work/roots/web"
put_spec web "host.hostname: before.example.org" \
    'exec.start: ["/bin/sleep 31415 &"]'
check "the agent starts" agent_start
check "the jail runs" settled web
jid=$(field web .jid)
before=$(identity web)
workload=$(sleeper)
check "with its workload" test -n "$workload"

put_spec web "host.hostname: after.example.org" \
    'exec.start: ["/bin/sleep 31415 &"]'
check "the new hostname is inside" soon says_hostname after.example.org
check "the same jid" is web .jid "$jid"
check "the same first process" same "$before" "$(identity web)"
check "the same workload" same "$workload" "$(sleeper)"
check "status says modify" is web .last_change.action modify
check "and which parameter" is web '.last_change.params | join(" ")' \
    host.hostname
check "and why" has web .last_change.reason host.hostname
check "not a restart" is web .restarts 0
check "ready" is web .state ready
check "both digests are the new one's" is web \
    '.spec_digest == .applied_digest' true
check "the log tells it once" same 2 "$(count_deeds web)"

# The helper that enters jails is started again when it was killed.
for p in $(cat "/proc/$agent/task/$agent/children"); do
	[ "$(cat "/proc/$p/comm")" != "jail spawner" ] || kill -KILL "$p"
done
put_spec web "host.hostname: again.example.org" \
    'exec.start: ["/bin/sleep 31415 &"]'
check "without its helper the agent is as fast" settled web
check "the hostname is changed" says_hostname again.example.org
check "nothing has failed" fails grep failed "$work/agent.log"

# A parameter that leaves the spec goes back to its default.
put_spec web 'exec.start: ["/bin/sleep 31415 &"]'
check "without a hostname it has the default" soon fails \
    says_hostname after.example.org
check "the agent sees it so" settled web
check "still the same first process" same "$before" "$(identity web)"
check "a second look finds nothing to do" expect_status 0 ja plan "$specs"

# Hooks that run later are taken over without touching the jail.
put_spec web 'exec.start: ["/bin/sleep 31415 &"]' \
    'exec.stop: ["/bin/touch /tmp/stopped"]'
check "another exec.stop is taken over" soon has web \
    '.last_change.params | join(" ")' exec.stop
check "without a restart" same "$before" "$(identity web)"

# What changes the workload is a reason to restart it.
put_spec web 'exec.start: ["/bin/sleep 27182 &"]' \
    'exec.stop: ["/bin/touch /tmp/stopped"]'
check "another exec.start restarts" soon is web .last_change.action restart
check "ready again" settled web
check "with another first process" fails same "$before" "$(identity web)"
check "the new exec.stop has run" test -e "$work/roots/web/tmp/stopped"
