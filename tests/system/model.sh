#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The main job without processes and without rights: the model kernel as an
# ordinary user.
# needs: jq minisign
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
if [ "$(id -u)" -eq 0 ]; then
	as="env XDG_RUNTIME_DIR=$work/run setpriv --reuid 65534 --regid 65534 --clear-groups"
else
	as="env XDG_RUNTIME_DIR=$work/run"
fi
run_dir=$work/run
# A directory on the way that can be passed and not be read.
specs=$work/closed/specs
mkdir -p "$specs"
chmod 711 "$work/closed"
mkdir -p "$work/run" "$work/table" "$work/roots/web" "$work/roots/db" \
    "$work/roots/new" "$state"
[ "$(id -u)" -ne 0 ] || chown 65534:65534 "$work/run" "$work/table" "$state" \
    "$specs"
check "the user can run the program" $as test -x "$JAILAGENT"

jid_of() { ja list -j "$1" jid; }
host_of() { ja list -j "$1" host.hostname; }
host_is() { same "$2" "$(host_of "$1")"; }

put_spec web "host.hostname: web"
put_spec db "host.hostname: db"
check "the agent starts" agent_start --max-remove 10
check "its jails are in the table" settled
check "with their parameters" host_is web web
jid=$(jid_of web)

# 3, 4: live changes and restarts.
put_spec web "host.hostname: web-2"
check "a live change" soon host_is web web-2
check "same jid" same "$jid" "$(jid_of web)"
check "status says modify" is web .last_change.action modify
check "and which parameter" has web '.last_change.params | join(" ")' \
    host.hostname
put_spec web "host.hostname: web-2" "path: $work/roots/new"
check "another path restarts" soon is web .last_change.action restart
check "another jid" fails same "$jid" "$(jid_of web)"
put_spec db "host.hostname: db" "path: $work/roots/new" \
    "agent: {restart: never}"
check "restart: never blocks" soon state_is db blocked
check "with the reason" has db .reason "agent.restart is never"
put_spec db "host.hostname: db"
check "put back: ready" settled

# 5: removal.
put_spec new "host.hostname: new"
check "a third one" settled new
rm "$specs/new.yaml"
check "its file gone, it goes" soon no_jail new
check "for good" soon is new .name ""
check "with its applied spec" soon test ! -e "$state/applied/new.yaml"

# 7: the agent killed.
stop agent KILL
jids="$(jid_of web) $(jid_of db)"
put_spec db "host.hostname: db-2"
check "a new agent after kill -9" agent_start --max-remove 10
check "all are ready" settled
check "the same jails" same "$jids" "$(jid_of web) $(jid_of db)"
check "the change in between is applied" host_is db db-2
check "and nothing else" same 1 "$(count_deeds)"

# 8: a broken file.
put_spec web "host.hostnme: web"
check "a broken file" soon state_is web invalid
check "with its place" has web .reason "web.yaml:4:1: "
check "exit status 2" expect_status 2 ja status
check "the jail stays" host_is web web-2
put_spec db "host.hostname: db-3"
check "the others are served" soon host_is db db-3
put_spec web "host.hostname: web-3" "path: $work/roots/new"
check "mended: applied" soon host_is web web-3
check "ready" settled
check "wait: 0" expect_status 0 ja wait

# 9: plan and apply.
check "SIGTERM" stop agent
check "exit status 0" same 0 "$stopped"
put_spec web "host.hostname: web-4"
put_spec new "children.max: 1"
put_spec new.kid "path: $work/roots/new"
rm "$specs/db.yaml"
check "plan: 2" expect_status 2 ja plan --prune --json "$specs"
check "what it says" same "db remove new create new.kid create web restart" "$(jq -r \
    '[.actions[] | select(.action != "none") | "\(.jail) \(.action)"] |
    sort | join(" ")' "$work/out")"
check "it changed nothing" host_is web web-3
check "apply: 0" expect_status 0 ja apply --prune "$specs"
check "did it" same "db: removed new.kid: created new: created web: restarted" \
    "$(sort "$work/out" | tr '\n' ' ' | sed 's/ $//')"
check "plan: 0" expect_status 0 ja plan --prune "$specs"

# 10: snapshots.
all_verify() {
	for _f in "$state"/snapshots/*.json; do
		minisign -Vm "$_f" -p "$state/key.pub" || return 1
	done
}
check "minisign accepts each snapshot" all_verify
check "so does snapshot verify" expect_status 0 ja snapshot verify
"$BUILD/tests/helper/flip" "$state/snapshots/00000001.json" 5 > /dev/null
check_not "minisign refuses a changed one" minisign -Vm \
    "$state/snapshots/00000001.json" -p "$state/key.pub"
check "so does snapshot verify" expect_status 1 ja snapshot verify

# Many of them.
for i in $(seq 500); do
	printf -- '---\n'
	spec "n$i" "path: $work/roots/web"
done > "$work/many.yaml"
cp "$work/many.yaml" "$specs/many.yaml"
from=$(now_ms)
check "500 jails: apply" expect_status 0 ja apply "$specs"
took=$(($(now_ms) - from))
check "in less than 20 s ($took ms)" test $took -lt 20000
check "all are there" same 503 "$(ja list name | wc -l)"
