#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# agent.health: what its command says decides whether a jail is ready, whether
# others are started upon it, and, if that is wanted, whether it is restarted.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

for r in web app; do
	little_root "$work/roots/$r"
done
well=$work/roots/web/tmp/well
health() { echo "agent: {health: {exec: $1, interval: 200ms, timeout: 300ms$2}}"; }
is_well=$(health "/bin/ls /tmp/well" ", retries: 2")

put_spec web "$is_well"
put_spec app "depend: [web]"
check "the agent starts" agent_start
check "a jail whose check fails is not ready" soon state_is web failed
check "the reason is what the check said" has web .reason \
    "agent.health.exec fails: exit status 1: ls: /tmp/well"
check "it runs" test -n "$(init_of web)"
check "who depends on it is blocked" soon state_is app blocked
check "and says by what" has app .reason "waits for web"
check "it does not run" test -z "$(init_of app)"
check "wait ends with 1" expect_status 1 ja wait web
check "status ends with 2" expect_status 2 ja status
web=$(identity web)

touch "$well"
check "well again: ready" soon state_is web ready
check "what depends on it is started" soon state_is app ready
check "wait ends with 0" ja wait
app=$(identity app)

rm "$well"
check "ill again: failed" soon state_is web failed
check "without heal it is left alone" same "$web" "$(identity web)"
check "and so is what depends on it" same "$app" "$(identity app)"
check "status says that the spec is applied" is web \
    '.spec_digest == .applied_digest' true

put_spec web "$(health "/bin/ls /tmp/well" ", retries: 2, start_period: 20s")"
check "in its start period a jail is waited for" soon state_is web progressing
check "with the reason" has web .reason "waits for agent.health.exec"
touch "$well"
check "and not longer than needed" soon state_is web ready

start='exec.start: ["/bin/touch /tmp/well"]'
put_spec web "$start" "$(health "/bin/ls /tmp/well" ", retries: 2, heal: true")"
check "another exec.start restarts" soon is web .last_change.action restart
check "ready" settled
web=$(identity web) app=$(identity app)
before=$(field web .restarts)
rm "$well"
check "heal: an ill jail is restarted" soon is web .restarts $((before + 1))
check "ready then" settled
check "with another first process" fails same "$web" "$(identity web)"
check "what depends on it went along" fails same "$app" "$(identity app)"
check "the reason is kept" has web .last_change.reason "agent.health.exec fails"

put_spec web "$(health "/bin/false" ", retries: 1, heal: true")" \
    "path: $work/roots/web"
check "what no restart heals waits for its next try" soon \
    has web .next_retry T
check "failed" soon state_is web failed
put_spec web
check "another spec is tried at once" soon state_is web ready

put_spec app "$(health "/bin/sleep 7907" ", retries: 1")"
check "a check that takes too long fails" soon \
    has app .reason "timed out after 300 ms"
sleeps() { grep -l -s -z -x -e "$1" /proc/[0-9]*/cmdline | cut -d / -f 3; }
one_sleep() { [ "$(sleeps "[7]907" | wc -l)" -le 1 ]; }
check "and is ended" soon one_sleep
put_spec app "agent: {health: {exec: /bin/sleep 7919, timeout: 90s}}"
one_check() { [ "$(sleeps "[7]919" | wc -l)" -eq 1 ]; }
check "a long check" soon one_check
hung=$(sleeps "[7]919")
stop agent KILL
check "another agent ends the check of the dead one" agent_start
check "it is gone" soon fails alive "$hung"
stop agent TERM
check "the agent ends" same 0 "$stopped"
no_check() { [ -z "$(sleeps "[7]919")" ]; }
check "and with it its checks" soon no_check


# One pass waits for the health of what it starts, and of what that needs.
rm -f "$specs"/* "$well"
ja apply --prune "$specs" > "$work/out" 2>&1
echo 'sleep 0.4; touch /tmp/well' > "$work/roots/web/root/later"
later='exec.start: ["/bin/sh /root/later &"]'
put_spec web "$later" "$(health "/bin/ls /tmp/well" ", retries: 20")"
put_spec app "depend: [web]"
check "apply" ja apply "$specs"
check "made both" test -n "$(init_of app)"
rm "$well"
check "nothing is checked when there is nothing to do" ja apply "$specs"
rm "$specs/app.yaml"
check "one removed" ja apply --prune "$specs"
put_spec app "depend: [web]"
put_spec web "$later" "$is_well"
check "an ill dependency is noticed" expect_status 1 ja apply "$specs"
check "and named" says "waits for web"
check "by plan it would be made" expect_status 2 ja plan "$specs"
