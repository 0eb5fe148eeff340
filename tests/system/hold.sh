#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Many removals at once are held until somebody approves them; so are all while
# the directory is away.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/all"
for j in a b c d keep; do
	put_spec $j "path: $work/roots/all" 'exec.start: ["/bin/sleep 1000 &"]'
done
check "the agent starts" agent_start --max-remove 2
check "the jails run" settled
ja list name | sort > "$work/before"
all_run() { ja list name | sort | cmp - "$work/before"; }

rm "$specs/a.yaml" "$specs/b.yaml" "$specs/c.yaml"
check "three removals are held, two are allowed" soon state_is a held
check "status says why" has a .reason "--max-remove"
check "and what to do" has a .reason "jailagent ack"
check "all three" same 3 "$(ja status --json | jq .summary.held)"
check "exit status 2" expect_status 2 ja status
check "the log says it, too" grep -q -e "3 jails are held without a spec: .*ack" \
    "$work/agent.log"
check "no jail has gone" all_run
put_spec keep "path: $work/roots/all" "host.hostname: kept" \
    'exec.start: ["/bin/sleep 1000 &"]'
check "others are served" settled keep

check "ack of one" ja ack a
check "removes it" soon no_jail a
ack_rest() {
	for _j in b c; do
		# It may go between the look and the question.
		no_jail $_j || ja ack $_j || no_jail $_j || return 1
	done
}
check "ack of the rest" ack_rest
check "removes them" soon no_jail c
check "both" soon no_jail b
check "what has a file stays" state_is keep ready
check "ack of what is not there is an error" expect_status 1 ja ack nothing

# Files that come back end it.
for j in e f g; do
	put_spec $j "path: $work/roots/all"
done
check "three more run" settled
init=$(identity e)
mkdir "$work/away"
mv "$specs/e.yaml" "$specs/f.yaml" "$specs/g.yaml" "$work/away"
check "held" soon state_is e held
check "wait --for gone ends with 1" expect_status 1 ja wait --for gone \
    --timeout 20 e
mv "$work/away"/* "$specs"
check "the files come back: ready" settled
check "as if nothing had been" same "$init" "$(identity e)"

# The directory itself.
mv "$specs" "$work/gone"
check "without its directory the agent says so" soon sh -c \
    "'$JAILAGENT' -k '$kernel' -s '$state' status | grep -q '$specs'"
sleep 1.3
check "and removes nothing" same "$init" "$(identity e)"
check "its jail is held" state_is e held
check "and why" has e .reason "$specs"
check "that cannot be approved" expect_status 1 ja ack '*'
check "but by an empty directory" says "make an empty one"
mv "$work/gone" "$specs"
check "it comes back: ready" settled
put_spec e "path: $work/roots/all" "host.hostname: again"
check "and is followed again" soon is e .last_change.action modify
