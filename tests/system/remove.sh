#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A jail whose file is removed is stopped in good order and leaves nothing.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/stays"
little_root "$work/roots/goes"
put_spec stays 'exec.start: ["/bin/sleep 1000 &"]'
# More removals in a row than the agent takes for sane by itself.
check "the agent starts" agent_start --max-remove 10
check "a jail runs" settled stays
check "which is signed" soon test -e "$run_dir/head"
scene > "$work/before"
check "the listing has it" grep -q "^jail stays 1" "$work/before"
check "and its processes" grep -q "^process .*jail: stays" "$work/before"
check "and its namespaces" test "$(grep -c ^namespace "$work/before")" -ge 10

goes() {
	spec goes "host.hostname: goes" "mount.devfs: true" "mount.procfs: true" "persist: $1" \
	    'exec.start: ["/bin/sleep 1000 &", "/bin/sh -c \"trap : TERM; while :; do sleep 1; done\" &"]' \
	    'exec.stop: ["/bin/sh -c \"hostname > /stop; ps > /stop.ps\""]' \
	    "exec.poststop: [\"/bin/touch $work/poststop\"]" \
	    'stop.timeout: 1'
}
gone_again() {
	scene > "$work/after"
	diff "$work/before" "$work/after"
}

for persist in true false; do
	rm -f "$work/poststop"
	goes $persist | put goes
	check "persist $persist: another jail runs" settled goes
	scene > "$work/with"
	check "persist $persist: the listing sees it" fails \
	    cmp -s "$work/before" "$work/with"
	rm "$specs/goes.yaml"
	check "persist $persist: without its file it goes" soon no_jail goes
	check "persist $persist: the agent knows nothing of it" soon is goes \
	    .name ""
	check "persist $persist: exec.stop has run inside" grep -q -x goes \
	    "$work/roots/goes/stop"
	check "persist $persist: while its processes lived" grep -q sleep \
	    "$work/roots/goes/stop.ps"
	check "persist $persist: exec.poststop on the host" \
	    test -e "$work/poststop"
	rm -f "$work/roots/goes/stop" "$work/roots/goes/stop.ps"
	check "persist $persist: nothing of it is left" soon gone_again
done
check "the log says why" grep -q 'goes: removed: its spec is gone' \
    "$work/agent.log"

# Absence is believed when it lasts: 1 s at least.
goes true | put goes
check "it runs again" settled goes
before=$(identity goes)
for _ in 1 2 3 4 5; do
	mv "$specs/goes.yaml" "$specs/goes.away"
	sleep 0.15
	mv "$specs/goes.away" "$specs/goes.yaml"
	sleep 0.05
done
sleep 1.2
check "a file that comes back within 1 s changes nothing" \
    same "$before" "$(identity goes)"
mv "$specs/goes.yaml" "$specs/other-name.yaml"
sleep 1.5
check "nor does another file name" same "$before" "$(identity goes)"
check "status names the new file" has goes .file other-name.yaml

# agent.on_remove, agent.protect.
{ goes true; echo "agent: {on_remove: keep}"; } > "$work/keep"
put goes < "$work/keep"
rm "$specs/other-name.yaml"
check "on_remove: keep is taken over" settled goes
rm "$specs/goes.yaml"
check "the agent lets go of it" soon is goes .state unmanaged
check "and says whose it was" has goes .reason "an agent made it"
check "it runs on" same "$before" "$(identity goes)"
check "so it is not gone" expect_status 1 ja wait --for gone --timeout 5 goes
check "which is said" says "goes: lives with jid"
check "one that never was is" ja wait --for gone --timeout 5 nobody
