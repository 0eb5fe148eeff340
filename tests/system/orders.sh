#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Standing orders: pause, resume, stop and restart by hand; they outlive the
# agent.
# needs: root busybox jq setpriv
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/all"
stopping="exec.stop: [\"/bin/sh -c 'echo stopped >> /tmp/hooks'\"]"
hooks() { cat "$work/roots/all/tmp/hooks" 2> /dev/null; }
put_spec db "path: $work/roots/all" "$stopping"
put_spec web "path: $work/roots/all" "depend: [db]"
put_spec other "path: $work/roots/all"
check "the agent starts" agent_start --max-remove 9
check "the jails run" settled

# ---- pause ----
init=$(identity db)
check "pause" ja pause --reason "moving the disks" db
check "is shown" state_is db paused
check "with its reason" has db .reason "paused by hand: moving the disks"
check "status is not all ready" expect_status 2 ja status
check "nor is it for wait" expect_status 1 ja wait --timeout 5 db
check "with that reason" says "db: paused: paused by hand: moving the disks"
check "apply has nothing to do" ja apply "$specs"
put_spec db "path: $work/roots/all" "$stopping" "host.hostname: changed"
check "what differs is shown" soon has db .reason "host.hostname differs"
check "as drift" same host.hostname "$(field db '.drift[0].name')"
check "plan has the same word for it" expect_status 2 ja plan "$specs"
check "with its reason" says "paused   db: paused by hand: moving the disks"
check "as apply" expect_status 3 ja apply "$specs"
check "for the same" says "db: paused: paused by hand: moving the disks"
check "for programs the action is blocked" same "blocked paused" \
    "$(ja plan --json "$specs" | jq -r '.actions[] | select(.jail == "db") |
    "\(.action) \(.state)"')"
check "others go on" settled other
check "and what depends on it" settled web
check "it is left as it is" same "$init" "$(identity db)"
check_not "unchanged inside" sh -c "'$JAILAGENT' -k '$kernel' -s '$state' \
    exec db hostname | grep changed"
check "wait says so" expect_status 1 ja wait --timeout 5 db
check "naming it" says "db: paused: paused by hand: moving the disks"
check "a paused jail is not restarted" expect_status 1 ja restart db
check "that says what to do" says "jailagent resume db"
check "nor stopped" expect_status 1 ja stop db
kill "$(init_of db)"
kill -9 "$(init_of db)"
check "nor healed" soon has db .reason "ended by itself"
check "it is down" soon no_jail db

agent_restart() {
	stop agent
	agent_start --max-remove 9
}
check "another agent" agent_restart
check "keeps the order" soon has db .reason "moving the disks"
check "plan knows of it" sh -c "'$JAILAGENT' -k '$kernel' -s '$state' plan \
    '$specs' | grep 'moving the disks'"
rm "$specs/db.yaml"
sleep 2.5
check "it is not forgotten when its spec is away" has db .reason "moving"
put_spec db "path: $work/roots/all" "$stopping" "host.hostname: changed"
check "resume" ja resume db
check "ends it" settled
check "what was held back is done" same changed "$(inside db hostname)"
check "resume of what is not paused does nothing" ja resume db
check "pause of all" ja pause '*'
check "is for all" same 3 "$(ja status --json | jq .summary.paused)"
check "resume of all" ja resume '*'
check "is for all, too" settled
check "for a time" ja pause --for 2s other
check "the end is shown" has other .reason "(until 20"
in_file() { grep -q '"other"' "$state/orders.json"; }
not_there() { [ ! -e "$1" ]; }
check "it is written down" in_file
check "a jail cannot be paused for nothing" expect_status 64 \
    ja pause --for 0 other
check "nor for a word" expect_status 64 ja pause --for ever other
check "it ends by itself" soon state_is other ready
check "and is not written down any more" soon fails in_file
evil=$(printf 'red \033[31m')
check "a reason is text" expect_status 64 ja pause --reason "$evil" other
check "of one line" expect_status 64 ja pause --reason "$(printf 'a\nb')" other
check "in UTF-8" expect_status 64 ja stop --reason "$(printf 'a\377')" other
check_not "nothing was ordered" in_file
ja pause --reason 'say "no" \ für ever' other
check "other characters are" has other .reason 'say "no" \ für ever'
check "resumed again" ja resume other

# Others are told that they may not, rather than that there is no agent.
other_user() {
	setpriv --reuid 65534 --regid 65534 --clear-groups \
	    env -u XDG_RUNTIME_DIR "$JAILAGENT" -k "$kernel" -s "$state" "$@"
}
for _c in status "wait --timeout 5" "pause other" "ack *" "stop other"; do
	# shellcheck disable=SC2086 # words are wanted
	set -f; set -- $_c; set +f
	check "another user: $1" expect_status 1 other_user "$@"
	check "is told that of permission" says "permission is missing"
done
check "nothing was done" settled

# ---- stop ----
rm -f "$work/roots/all/tmp/hooks"
check "stop" ja stop --reason "for today" db
check "it goes" soon no_jail db
check "with its hook" same stopped "$(hooks)"
check "wait for it" ja wait --for gone --timeout 5 db
check "what depends on it goes first" no_jail web
check "that is gone, too, as long as the other is" \
    ja wait --for gone --timeout 5 db web
check "one that lives is not" expect_status 124 \
    ja wait --for gone --timeout 1 db web other
check "which is told" says "other: ready, not gone"
check_not "of that one alone" says "db: stopped"
check "others stay" state_is other ready
check "status says by whom" has db .reason "stopped by hand: for today"
check "in a word" state_is db stopped
check "and why the other waits" has web .reason "waits for db, which is stopped"
check "another agent again" agent_restart
check "keeps that order, too" soon state_is db stopped
sleep 0.3
check "nothing was started" no_jail db
put_spec db "path: $work/roots/all" "$stopping" "host.hostname: later"
check "a changed spec does not start it" soon sh -c \
    "'$JAILAGENT' -k '$kernel' -s '$state' wait --timeout 5 other"
check "it stays down" no_jail db
check "restart" ja restart db
check "ends the order" settled
check "with the new spec" same later "$(inside db hostname)"
check "the one that waited is up" state_is web ready

rm -f "$work/roots/all/tmp/hooks"
check "stop without hooks" ja stop --no-hooks db
check "it goes as well" soon no_jail db
check "and runs none" same "" "$(hooks)"
check "and once more, when it is down" ja stop --no-hooks db
check "restart again" ja restart db
check "all are up" settled

# An agent that is killed meanwhile does not forget how.
put_spec db "path: $work/roots/all" "$stopping" \
    "exec.prestop: [\"echo no >> $work/vetoes; false\"]"
put_spec web "path: $work/roots/all" "depend: [db]" "exec.stop: [/bin/sleep 1]"
check "a jail with a veto, and one that takes its time" settled
check "without hooks, behind that" ja stop --no-hooks db
check "the agent is killed" stop agent KILL
check "there is another one" agent_start --max-remove 9
check "it ends the jail" soon no_jail db
check "without hooks, as it was told" not_there "$work/vetoes"
put_spec db "path: $work/roots/all" "$stopping"
check "restart after that" ja restart db
check "both are up" settled

# What hangs is ended by it, too.
put_spec db "path: $work/roots/all" "exec.stop: [/bin/sleep 1000]"
check "a jail that cannot be stopped" settled
check "stop, which hangs" ja stop db
check "it does" soon has db .reason "exec.stop"
check "a restart" ja restart db
put_spec db "path: $work/roots/all" "$stopping" "host.hostname: newer"
check "and another spec" ja wait --timeout 5 other
check "come behind it" has db .reason "exec.stop"
check "without hooks" ja stop --no-hooks db
check "it goes at once" wait_until 2 no_jail db
check "restart after that, too" ja restart db
check "both are up again" settled
check "with the other spec" same newer "$(inside db hostname)"
rm -f "$work/roots/all/tmp/hooks"
mv "$specs/db.yaml" "$work/db.yaml"
check "when its spec goes" soon no_jail db
check "its hooks run" same stopped "$(hooks)"
mv "$work/db.yaml" "$specs/db.yaml"
check "its spec is back" settled
check "a jail that is not there" expect_status 1 ja stop nothing
check "no name" expect_status 64 ja stop

# One pass without an agent honours orders.
check "stop once more" ja stop db
check "it is down" soon no_jail db
stop agent
check "apply leaves it down" sh -c \
    "'$JAILAGENT' -k '$kernel' -s '$state' apply '$specs'; true"
check "it is" no_jail db
echo "not json" > "$state/orders.json"
check "damaged orders are not guessed" expect_status 1 ja apply "$specs"
check "the file is named" says "$state/orders.json"
rm "$state/orders.json"
check "without orders" ja apply "$specs"
check "it is started" sh -c \
    "'$JAILAGENT' -k '$kernel' -s '$state' list name | grep -x db"
