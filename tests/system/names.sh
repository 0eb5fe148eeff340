#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# "*" and "foo.*" in the place of names, and jails of others whatever their name:
# those of services of FreeBSD 15 are called svcj-*.
# needs: root jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
theirs() {
	timeout -k 1 40 "$JAILAGENT" -k "$kernel" -s "$work/theirs-state" "$@"
}
jids() { # NAME...
	for _j; do
		ja list -j "$_j" jid
	done | tr '\n' ' '
}
here() { put_spec "$1" "path: $work" "$2"; }

here web "children.max: 2"
for j in web.a web.b webs db; do
	here $j "host.hostname: $j"
done
mkdir "$work/theirs"
spec team "path: $work" "children.max: 2" > "$work/theirs/team.yaml"
spec team.a "path: $work" > "$work/theirs/team.a.yaml"
spec team.b "path: $work" > "$work/theirs/team.b.yaml"
check "somebody else has jails" theirs apply "$work/theirs"
check "and so has rc(8)" "$BUILD/tests/helper/jail" "$kernel" create \
    name=svcj-cron "path=$work" persist
check "an agent" agent_start --max-remove 1
check "its jails" settled

# What matches a pattern, and nothing else.
before=$(jids web.a web.b)
others=$(jids web webs db)
check "restart web.*" ja restart 'web.*'
restarted() { same 2 "$(ja status --json 'web.*' |
    jq '[.jails[] | select(.restarts == 1)] | length')"; }
check "restarts both" soon restarted
check "which are others now" fails same "$before" "$(jids web.a web.b)"
check "wait web.*" ja wait --timeout 10 'web.*'
check "stop web.*" ja stop 'web.*'
check "stops one" soon state_is web.a stopped
check "and the other" soon state_is web.b stopped
check "status web.*: 2" expect_status 2 ja status 'web.*'
check "status of the rest: 0" ja status web webs db
check "each once" same "db web" "$(ja status --json db web db web |
    jq -r '[.jails[].name] | join(" ")')"
check "restart of several patterns" ja restart 'web.*' 'web.*' db
check "brings them back" settled
check "pause *" ja pause '*'
check "is for all" same 5 "$(ja status --json | jq .summary.paused)"
check "resume web.*" ja resume 'web.*'
check "is for two" soon same 3 "$(ja status --json | jq .summary.paused)"
check "resume *" ja resume '*'
check "all are ready" settled
check "the others never went" same "${others% * }" \
    "$(jids web webs db | sed 's/ [0-9]* $//')"
check "no jail matches: 1" expect_status 1 ja stop 'nothing.*'
check "it says so" says "there is no such jail"
for p in 'we*' '*.a' 'web.*.a' 'web*' '**'; do
	check "$p is no pattern" expect_status 64 ja stop "$p"
done

# Removals that are held are approved by pattern, too.
rm "$specs/web.a.yaml" "$specs/web.b.yaml" "$specs/webs.yaml"
check "too many at once" soon state_is webs held
check "ack web.*" ja ack 'web.*'
check "one goes" soon no_jail web.a
check "and the other" soon no_jail web.b
check "not the third" state_is webs held
check "ack *" ja ack '*'
check "all that is held" soon no_jail webs

# Jails of others.
foreign=$(jids svcj-cron team team.a team.b)
check "they are shown" same "svcj-cron team team.a team.b" \
    "$(ja status --json | jq -r '[.jails[] |
    select(.state == "unmanaged").name] | sort | join(" ")')"
spec svcj-cron "path: $work" > "$work/svcj.yaml"
check "no spec can have the name of a service" expect_status 1 \
    ja check "$work/svcj.yaml"
check "it says where and why" says "svcj.yaml:1:7: name \"svcj-cron\""
check "nor is one adopted" expect_status 1 ja adopt svcj-cron
check "for that reason" says "are those of services"
for j in team team.a team.b; do
	here $j "host.hostname: ours"
done
here team "children.max: 2"
check "one that a spec names is a conflict" soon state_is team conflict
check "one below another, too" soon state_is team.a conflict
ja stop svcj-cron > "$work/out" 2>&1
ja restart svcj-cron > "$work/out" 2>&1
check "apply is, too" expect_status 1 ja apply "$specs"
check "a plan blames it" expect_status 2 ja plan --prune "$specs"
check "as a conflict" says "conflict team"
check "they are as they were" same "$foreign" \
    "$(jids svcj-cron team team.a team.b)"
check "what no spec says is nobody's" state_is svcj-cron unmanaged
check "adopt one with one in it" ja adopt team.a team
check "they are ours" settled team team.a
check "adopt team.*" ja adopt 'team.*'
check "they are, too" settled
check "none was restarted" same "$foreign" \
    "$(jids svcj-cron team team.a team.b)"
check "what differed is changed" same ours \
    "$(ja list -j team.b host.hostname)"
stop agent
check "all of ours goes" ja apply -r "$specs"
check "and nothing else" same "svcj-cron" "$(ja list name)"
