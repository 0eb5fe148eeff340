#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# agent.rollback: a changed spec that keeps failing is put in quarantine, and
# the one with which the jail was up is used again until the spec changes.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/web"
quick='retry: {initial: 50ms, max: 100ms}'
back="agent: {rollback: true, $quick}"
marks=$work/roots/web/tmp
good='exec.start: ["/bin/touch /tmp/good"]'

put_spec web "$back" 'exec.start: ["/bin/sh -c \"exit 7\""]'
check "the agent starts" agent_start
check "a first spec has nothing to go back to" soon state_is web failed
put_spec web "$back" "$good"
check "a good one" settled web

put_spec web "$back" 'exec.start: ["/bin/touch /tmp/bad", "/bin/false"]'
check "a bad one is put in quarantine" soon state_is web quarantined
check "after it was tried" test -e "$marks/bad"
check "three times" same 3 "$(deeds web | grep -c 'false: exit status 1')"
check "the jail is up as before" soon test -n "$(init_of web)"
check "the reason names the error" has web .reason "exit status 1"
check "and the file" has web .reason "web.yaml line 1"
check "the digests differ" is web '.spec_digest == .applied_digest' false
check "status ends with 2" expect_status 2 ja status
check "wait ends with 1" expect_status 1 ja wait web
check "the log tells of it" grep -q "web: quarantined: " "$work/agent.log"
web=$(identity web)

stop agent TERM
check "plan says it" expect_status 2 ja plan "$specs"
check "with the reason" says "the one before it is used"
check "by the word of status" says "quarantined web: "
check "another agent" agent_start
check "does not try it either" soon state_is web quarantined
check "nor touch the jail" same "$web" "$(identity web)"

put_spec web "$back" "$good" "host.hostname: new"
check "another spec ends it" settled web
check "and is applied" same new "$(inside web hostname)"
check "the jail runs" test -n "$(init_of web)"

# One that is ill is not better.
put_spec web "agent: {rollback: true, $quick, health: {exec: /bin/false,
    interval: 100ms, retries: 2}}"
check "a spec with which the jail is ill" soon state_is web quarantined
check "and why" has web .reason "agent.health.exec fails"
check "ready with the one before" soon \
    is web '.applied_digest != .spec_digest' true
check "restart by hand tries it again" ja restart web
check "and again it is put in quarantine" soon state_is web quarantined

# One that was never ready is nothing to go back to.
waits="health: {exec: /bin/false, interval: 1h, start_period: 1h}"
put_spec web "$back" "$good" "host.hostname: ready"
check "one that is ready" settled web
put_spec web "agent: {rollback: true, $quick, $waits}" "$good" \
    "host.hostname: never"
check "one that waits for its health" soon state_is web progressing
put_spec web "$back" 'exec.start: ["/bin/false"]'
check "a bad one after it" soon state_is web quarantined
check "goes back to the former" same ready "$(inside web hostname)"

# Which an agent knows of the one before it.
waits="health: {exec: /bin/true, interval: 1h}"
put_spec web "agent: {rollback: true, $quick, $waits}" "$good" \
    "host.hostname: healthy"
check "one whose health was good" settled web
stop agent TERM
put_spec web "$back" 'exec.start: ["/bin/false"]'
check "another agent" agent_start
check "with a bad one" soon state_is web quarantined
check "goes back to it" same healthy "$(inside web hostname)"

# One that ends again and again is neither.
put_spec web "$back" "$good" "host.hostname: newer"
check "mended" settled web
put_spec web "$back" "persist: false" 'exec.start: ["/bin/sleep 0.05 &"]'
check "one that ends by itself again and again" soon state_is web quarantined
check "runs as before" same newer "$(inside web hostname)"
rm "$specs/web.yaml"
check "removed" soon no_jail web
nothing_kept() { same "" "$(ls "$state/rollback")"; }
check "with what was kept of it" soon nothing_kept

# Secrets of the one that is used, and of the one in quarantine.
secret() { # FILE VALUE
	(umask 077; echo "$2" > "$work/.new")
	mv "$work/.new" "$work/$1"
}
kernel_has() { same "$1" "$(ja list -j web meta.s)"; }
secret old one
secret new two
put_spec web "$back" "$good" "meta.s: !secret $work/old"
check "a good one with a secret" settled web
put_spec web "$back" "meta.s: !secret $work/new" \
    'exec.start: ["exit 3 # bad"]'
check "a bad one with another" soon state_is web quarantined
check "the jail has the old secret" soon kernel_has one
secret old three
kill -HUP "$agent"
check "which is looked at still" soon kernel_has three
stop agent TERM
check "another agent" agent_start
check "keeps it in quarantine" soon state_is web quarantined
check "with the old secret" kernel_has three
check "plan knows both" expect_status 2 ja plan "$specs"
check "and says it" says "the one before it is used"
failed=$(grep -c "web: .* failed" "$work/agent.log")
secret new four
kill -HUP "$agent"
again() { [ "$(grep -c "web: .* failed" "$work/agent.log")" -gt "$failed" ]; }
check "another secret is tried" soon again
check "and is bad, too" soon state_is web quarantined
check "the old one is back" soon kernel_has three

# Failures count on when the agent is started anew.
back='agent: {rollback: true, retry: {initial: 1h, max: 1h}}'
put_spec web "$back" "$good"
check "another good one" settled web
put_spec web "$back" 'exec.start: ["exit 4"]'
check "a bad one is tried" soon state_is web failed
stop agent KILL
check "a second agent" agent_start
check "tries it again" soon state_is web failed
stop agent KILL
check "the third one" agent_start
check "puts it in quarantine" soon state_is web quarantined

# Without the setting it is tried for ever.
put_spec web "agent: {$quick}" "$good"
check "a jail without rollback" settled web
put_spec web "agent: {$quick}" 'exec.start: ["/bin/false"]'
sixth() { [ "$(grep -c 'web: restart failed\|web: create failed' "$work/agent.log")" -ge 5 ]; }
check "fails" soon state_is web failed
check "and goes on failing" soon sixth
check "without a quarantine" soon state_is web failed
