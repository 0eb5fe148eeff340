#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Jails of others in those of the agent: they end when a user says so, and not
# before.
# needs: root jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/model
mkdir -p "$work/model" "$work/roots/p" "$work/other"
jail() { "$BUILD/tests/helper/jail" "$kernel" "$@" > "$work/jail" 2>&1; }
guest() { jail create name="$1" path="$work/roots/p" persist; }
jid() { ja list -j "$1" jid 2> "$work/list"; }
about() { # JAIL STATE REASON
	ja status --json "$1" | jq -e --arg s "$2" --arg r "$3" '.jails[0] |
	    .state == $s and (.reason // "" | contains($r))' > "$work/about" 2>&1
}
blocked() { about p blocked "p.guest, which this agent did not make, would"; }
up_again() { about p ready "" && [ "$(jid p)" != "$p" ]; }

put_spec p "children.max: 9"
check "a jail" ja apply "$specs"
check "of somebody else, one in it" guest p.guest
p=$(jid p) guest=$(jid p.guest)
put_spec p "children.max: 9" "osreldate: 1400000"
check "plan says that a restart is blocked" expect_status 2 ja plan "$specs"
check "by which" says "p.guest, which this agent did not make, would end with p"
check "in JSON, too" sh -c "\"$JAILAGENT\" -k $kernel -s $state plan --json \
    $specs | jq -e '.actions[0] | .action == \"blocked\" and
    (.reason | contains(\"p.guest\"))'"
check "apply leaves both" expect_status 1 ja apply "$specs"
check "as they are" same "$p $guest" "$(jid p) $(jid p.guest)"

check "the agent starts" agent_start --interval 1
check "it says so as well" wait_until 5 blocked
check "all that is held is approved" ja ack '*'
sleep 0.3
check "which is nothing about a guest" same "$p $guest" \
    "$(jid p) $(jid p.guest)"
check "it is approved by the name of the jail" ja ack p
check "then the jail restarts" wait_until 5 up_again
check "and the guest has ended" same "" "$(jid p.guest)"
check "there is nothing more to approve" expect_status 1 ja ack p

check "another guest" guest p.guest
guest=$(jid p.guest)
rm "$specs/p.yaml"
check "a removal is blocked, too" wait_until 10 blocked
check "and the guest lives" same "$guest" "$(jid p.guest)"
done_with_guest() { jail remove "$guest"; }
check "when it is gone" done_with_guest
gone() { [ -z "$(jid p)" ]; }
check "so is the jail" wait_until 5 gone
