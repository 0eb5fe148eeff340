#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A jail that dies while its next try is waited for, and starts that are not
# wanted any more.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

little_root "$work/roots/one"
little_root "$work/roots/two"
jid_is_live() { # NAME: what status shows is what the kernel says
	same "$(ja list -j "$1" jid)" "$(field "$1" .jid)"
}
another_than() { # IDENTITY NAME
	_now=$(identity "$2")
	[ -n "$_now" ] && [ "$_now" != "$1" ]
}

check "the agent starts" agent_start --max-remove 50
slow='agent: {retry: {initial: 60s}}'
put_spec web "path: $work/roots/one" 'exec.stop: "/bin/false"' "$slow"
check "a jail runs" settled web
web=$(identity web)
put_spec web "path: $work/roots/two" 'exec.stop: "/bin/false"' "$slow"
check "its restart fails" soon state_is web failed
check "it runs on" same "$web" "$(identity web)"
check "its jid is shown" jid_is_live web
kill -KILL "${web% *}"
check "killed, it is back before the next try" \
    wait_until 10 another_than "$web" web
check "as the spec says now" soon state_is web ready
check "with its new jid" jid_is_live web

put_spec hung "path: $work/roots/one" 'exec.start: "/bin/sleep 3600"'
check "a start hangs" soon state_is hung progressing
check "the jid of a jail that starts is shown" \
    wait_until 10 jid_is_live hung
put_spec hung "path: $work/roots/one" 'exec.start: "/bin/true"'
check "another spec ends that" settled hung
put_spec hung "path: $work/roots/one" 'exec.start: "/bin/sleep 3600"'
check "the restart that failed keeps no other one waiting" ja ack web
check "it hangs again" soon state_is hung progressing
rm "$specs/hung.yaml"
check "with its spec it goes" ja wait --for gone --timeout 20 hung
check "nothing of it is left" same "" "$(identity hung)"
