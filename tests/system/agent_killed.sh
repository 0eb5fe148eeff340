#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Jails outlive the agent, and a new one touches none of them; what was changed
# in the files meanwhile is applied.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

all="one two three"
for j in $all gone; do
	little_root "$work/roots/$j"
	put_spec $j "host.hostname: $j" "mount.procfs: true" 'exec.start: ["/bin/sleep 1000 &"]'
done
all_identities() {
	for _j in $all; do
		echo "$_j $(identity $_j) $(ja list -j $_j jid)"
	done
}
check "the agent starts" agent_start --max-remove 3
check "the jails run" settled
all_identities > "$work/before"
check "with their first processes" same 3 \
    "$(grep -c '^[a-z]* [0-9]* [0-9]* [0-9]*$' "$work/before")"

old=$agent
# The one that copies what hooks say lives as long as somebody may say more.
helpers=
for p in $(helpers); do
	grep -q -s -x console "/proc/$p/comm" && copier=$p ||
	    helpers="$helpers $p"
done
stop agent KILL
check "the agent is killed" same 137 "$stopped"
none_alive() {
	for _p in $helpers; do
		! alive "$_p" || {
			echo "pid $_p: $(tr '\0' ' ' < "/proc/$_p/cmdline")"
			return 1
		}
	done
}
check "its helpers end with it" soon none_alive
check "but the one that a jail's programs write to" alive "$copier"
all_identities > "$work/after"
check "the jails go on" cmp "$work/before" "$work/after"
check "status says that no agent runs" expect_status 3 ja status
check "and still shows the jails" says matching
check "so does wait" expect_status 3 ja wait

check "a new agent starts" agent_start --max-remove 3
check "it is another process" fails same "$old" "$agent"
check "all are ready" settled
all_identities > "$work/after"
check "no jail was touched" cmp "$work/before" "$work/after"
check "no deed is in its log" same 0 "$(count_deeds)"

# The same with changes in between.
stop agent KILL
put_spec one "host.hostname: changed" "mount.procfs: true" 'exec.start: ["/bin/sleep 1000 &"]'
put_spec two "host.hostname: two" "mount.procfs: true" 'exec.start: ["/bin/sleep 2000 &"]'
little_root "$work/roots/new"
put_spec new "mount.procfs: true" 'exec.start: ["/bin/sleep 1000 &"]'
rm "$specs/gone.yaml"
init_three=$(identity three)
init_one=$(identity one)
init_two=$(identity two)
check "a third agent starts" agent_start --max-remove 3
check "all are ready" settled one two three new
check "the changed hostname is inside" same changed "$(inside one hostname)"
check "without a restart" same "$init_one" "$(identity one)"
check "the changed workload runs" inside two sh -c 'ps | grep -q "sleep 2000"'
check "after a restart" fails same "$init_two" "$(identity two)"
check "the new one runs" inside new true
check "what lost its file goes" soon no_jail gone
check "the unchanged one was not touched" same "$init_three" "$(identity three)"
four_deeds() {
	same "gone: removed new: created one: updated two: restarted" "$(deeds |
	    sed 's/^[^ ]* //; s/\(: [a-z]*\).*/\1/' | sort | tr '\n' ' ' |
	    sed 's/ $//')"
}
check "four deeds are in its log" soon four_deeds

# One that died while no agent ran.
stop agent KILL
dead=$(init_of one)
kill -KILL "$dead"
# It ends when its processes, orphans since their starter was killed, were
# reaped, which the first process of a container may do late.
check "the dead one is gone" wait_until 20 fails test -d "/proc/$dead"
check "a fourth agent starts" agent_start
check "and brings it back" settled one
check "saying why" grep -q 'one: created.*it ended by itself' "$work/agent.log"
check "and nothing else" same 1 "$(count_deeds)"

# In good order.
all_identities > "$work/before"
stop agent TERM
check "SIGTERM: exit status 0" same 0 "$stopped"
all_identities > "$work/after"
check "the jails go on" cmp "$work/before" "$work/after"
check "the log says so" grep -q 'the jails go on' "$work/agent.log"

# One agent for a state directory.
check "a fifth agent starts" agent_start
mkdir "$work/other"
check "a second one on its state directory ends with 1" expect_status 1 \
    ja run -d "$work/other"
check "naming the first one's pid" says "pid $agent"
check "the first one is not disturbed" settled
check "did no deed" same 0 "$(count_deeds)"
