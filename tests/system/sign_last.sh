#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The state with which an agent ends is signed, however short a time before that
# it was reached; an end does not wait for ever for that.
# needs: jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir "$work/roots/web" "$work/roots/db"
children() { put_spec web "children.max: $1"; }
are() { same "$1" "$(ja list -j web children.max)"; }
signed() { # HOW MANY
	_got=$(ja snapshot show -v | sed -n '/^web:/,$ s/^  children\.max = //p')
	same "$1" "$_got"
}

children 1
put_spec db
check "an agent" agent_start --max-remove 9
check "makes a jail" settled
check "and signs it" soon signed 1
children 2
check "a change" soon are 2
check "is signed" soon signed 2
children 3
check "another one" soon are 3
stop agent
check "the agent ended well" same 0 "$stopped"
check "its last state is signed" signed 3
rm "$specs/web.yaml"
check "another agent" agent_start --max-remove 9
check "removes the jail" soon no_jail web
stop agent
check "that is signed as well" same db \
    "$(ja snapshot show --json | jq -r '.jails[].name')"
check "all is one chain" expect_status 0 ja snapshot verify

children 4
check "a third agent" agent_start
check "makes the jail anew" settled
signer=$(helper_named signer)
check "whose signer hangs" kill -STOP "$signer"
children 5
check "makes a change" soon are 5
began=$(now_ms)
stop agent
took=$(($(now_ms) - began))
kill -CONT "$signer"
check "its end does not wait for long ($took ms)" test "$took" -lt 6000
check "and says what is missing" grep -q "the last state is not signed" \
    "$work/agent.log"
check "what is signed is one chain" expect_status 0 ja snapshot verify
