#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What status --json shows, and its exit statuses; jails of others.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

jail=$BUILD/tests/helper/jail
little_root "$work/roots/all"
for j in web taken; do
	put_spec $j "path: $work/roots/all" 'exec.start: ["/bin/sleep 1000 &"]'
done
check "somebody else makes a jail" "$jail" "$kernel" create name=taken \
    "path=$work/roots/all" persist host.hostname=theirs
check "and another one" "$jail" "$kernel" create name=theirs \
    "path=$work/roots/all" persist
theirs=$(identity taken)
check "before the agent: exit status 3" expect_status 3 ja status
check "the agent starts" agent_start
check "a jail of the name of a spec is a conflict" soon state_is taken conflict
check "the log says it, once" same 1 "$(grep -c ' taken: conflict: ' \
    "$work/agent.log")"
check "the reason says what it is" has taken .reason \
    "runs that is not this agent's"
check "the spec's other jails run" settled web

ja status --json > "$work/status.json"
keys() { # FILTER: the names in an object
	jq -r "$1 | keys_unsorted[]" "$work/status.json" | sort | tr '\n' ' '
}
lacks() { # FILTER NAME...: prints which are not there
	_have=" $(keys "$1")"
	shift
	for _k; do
		case $_have in
		*" $_k "*) ;;
		*) echo "$_k" ;;
		esac
	done
}
check "the agent's names" same "" "$(lacks .agent version pid running kernel \
    specs revision)"
check "the summary's names" same "" "$(lacks .summary jails ready matching \
    progressing failed held paused stopped blocked quarantined conflict \
    invalid dying unmanaged)"
check "a jail's names" same "" "$(lacks '.jails[] | select(.name == "web")' \
    name jid state reason since file line spec_digest applied_digest last_change \
    restarts next_retry)"
check "a change's names" same "" "$(lacks \
    '.jails[] | select(.name == "web") | .last_change' \
    action params reason at)"
check "a file's names" same "" "$(lacks '.files[0]' path error)"
check "the summary counts" same "1 1 1" "$(jq -r \
    '.summary | "\(.ready) \(.conflict) \(.unmanaged)"' "$work/status.json")"
check "every state is a word of the summary" same 0 "$(jq '. as $s |
    [.jails[] | select(.state as $w | $s.summary | has($w) | not)] | length' \
    "$work/status.json")"
check "the agent's pid" same "$agent" "$(jq .agent.pid "$work/status.json")"
check "digests are hexadecimal" same 64 "$(field web .spec_digest |
    tr -d '\n' | wc -c)"
check "names choose" same "web" "$(ja status --json web |
    jq -r '.jails[].name')"
check "a pattern, too" same "taken theirs web" "$(ja status --json '*' |
    jq -r '[.jails[].name] | sort | join(" ")')"
for p in 'we*b' '*x' 'a.*.b' '**'; do
	check "$p is no pattern: 64" expect_status 64 ja status "$p"
	check "$p: nor for wait" expect_status 64 ja wait --timeout 1 "$p"
	check "$p: it says what is one" says 'a name with ".*" after it'
done
check "one that is ready: 0" expect_status 0 ja status web
check "all of them: 2" expect_status 2 ja status

# --watch writes a picture only when it is another one.
timeout 2.5 "$JAILAGENT" -k "$kernel" -s "$state" status --watch web \
    > "$work/watched"
check "--watch writes nothing while nothing changes" same 1 \
    "$(grep -c '^NAME' "$work/watched")"
check_not "nor draws on what is no terminal" grep -q "$(printf '\033')" \
    "$work/watched"
start watching timeout 20 "$JAILAGENT" -k "$kernel" -s "$state" status \
    --watch web
sleep 0.5
put_spec web "path: $work/roots/all" 'exec.start: ["/bin/sleep 1000 &"]' \
    "host.hostname: changed"
check "a change is drawn" wait_until 5 \
    grep -q "modify host.hostname" "$work/watching.log"
stop watching

# It goes on without the jail, and without an answer.
start watching "$JAILAGENT" -k "$kernel" -s "$state" status --watch web coming
check "one that is not there is told" wait_until 5 \
    grep -q "^coming: there is no such jail" "$work/watching.log"
put_spec coming "path: $work/roots/all"
check "and drawn when it comes" wait_until 10 \
    grep -q "^coming .* ready" "$work/watching.log"
# shellcheck disable=SC2154 # agent is set by agent_start
kill -STOP "$agent"
check "an agent that does not answer is told" wait_until 10 \
    grep -q "^the agent does not answer, since ..:..:..; before that:" \
    "$work/watching.log"
kill -CONT "$agent"
rm "$specs/coming.yaml"
check "one that goes as well" wait_until 10 sh -c \
    "[ \$(grep -c '^coming: there is no such jail' '$work/watching.log') -ge 2 ]"
check "and it goes on" kill -0 "$(pid_of watching)"
stop watching

# What is not ours is not touched.
rm "$specs/taken.yaml"
sleep 1.3
check "the spec gone: their jail runs on" same "$theirs" "$(identity taken)"
check "with their hostname" same theirs "$(inside taken hostname)"
check "it is unmanaged now" soon state_is taken unmanaged
put_spec taken "path: $work/roots/all" "host.hostname: ours"
check "the spec back: a conflict again" soon state_is taken conflict
check "apply says so as well" expect_status 1 ja apply "$specs"
check "and does not touch it" same "$theirs" "$(identity taken)"

# Another state directory's jail.
ja2() {
	timeout 20 "$JAILAGENT" -k "$kernel" -s "$work/state2" "$@"
}
mkdir "$work/specs2"
spec web "path: $work/roots/all" "host.hostname: stolen" > "$work/specs2/web.yaml"
web=$(identity web)
check "another agent's jail: conflict, 1" expect_status 1 ja2 apply \
    "$work/specs2"
check "saying so" says conflict
check "-r does not remove it" expect_status 1 ja2 apply -r "$work/specs2"
rm "$work/specs2/web.yaml"
check "nor does --prune" expect_status 0 ja2 apply --prune "$work/specs2"
check "it is as it was" same "$web" "$(identity web)"
remove_run_directory "$work/state2"

# A hundred at once.
for i in $(seq 100); do
	printf -- '---\n'
	spec "n$i" "path: $work/roots/all" "host.hostname: n$i"
done > "$specs/.many.new"
from=$(now_ms)
mv "$specs/.many.new" "$specs/many.yaml"
many() { [ "$(ja list name | grep -c '^n[0-9]')" = "$1" ]; }
check "a hundred jails" wait_until 20 many 100
took=$(($(now_ms) - from))
check "in less than 10 s ($took ms)" test $took -lt 10000
all_ready() {
	same 100 "$(ja status --json | jq '[.jails[] |
	    select((.name | startswith("n")) and .state == "ready")] | length')"
}
check "all ready" soon all_ready
check "each created once" same 100 "$(count_deeds 'n[0-9]*')"
sed 's/^host.hostname: n/host.hostname: m/' "$specs/many.yaml" > "$specs/.many.new"
mv "$specs/.many.new" "$specs/many.yaml"
changed() { [ "$(ja list host.hostname | grep -c '^m[0-9]')" = 100 ]; }
check "all changed live" wait_until 20 changed
check "no restart" same 0 "$(ja status --json |
    jq '[.jails[] | .restarts // 0] | add')"
check "their inits are a hundred" same 100 "$(for i in $(seq 100); do
	init_of "n$i"
done | wc -l)"
