#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What somebody else changes on a running jail is set back: live where that can
# be, and less and less often where it comes back again and again.
# needs: root busybox jq ip unshare nsenter
. tests/apart.sh
apart -n
. tests/lib.sh
. tests/agent.sh

somebody() { # NAME=VALUE...: changes jail web
	"$BUILD/tests/helper/jail" "$kernel" update name=web "$@"
}
has_address() { same "${1:-}" "$(ja list -j web ip4.addr)"; }
is_identity() { same "$1" "$(identity web)"; }

little_root "$work/roots/web"
ip link set lo up
# Long enough to see it wait, where all takes long.
retry='agent: {restart: never, retry: {initial: 2s}}'
put_spec web "ip4.addr: [127.0.9.1]" "$retry" \
    'exec.start: ["/bin/sleep 1000 &"]'
check "the agent starts" agent_start
check "the jail runs" settled web
web=$(identity web)

check "somebody takes its address" somebody ip4.addr=
check "it is set back" soon has_address 127.0.9.1
check "without a restart" is_identity "$web"
check "with nothing left to do" soon expect_status 0 ja plan "$specs"
check "again" somebody ip4.addr=
check "it is not set back at once" soon state_is web failed
check "since somebody does it again and again" soon has web .reason \
    "ip4.addr differs, 2 times now: somebody else changes it again and again"
check "but soon" soon has_address 127.0.9.1
check "ready" settled web

# Without any address a jail has a network in which none could be used.
put_spec web "agent: {retry: {initial: 500ms}}" \
    'exec.start: ["/bin/sleep 1000 &"]'
check "an address that leaves the spec" soon has_address -
check "does so without a restart" is_identity "$web"
put_spec web "ip4.addr: [127.0.9.1]" \
    'exec.start: ["/bin/sleep 1000 &"]'
check "as it comes back" soon has_address 127.0.9.1
check "the jail has the host's network still" is_identity "$web"
put_spec web 'exec.start: ["/bin/sleep 1001 &"]'
check "a jail that is made without any" soon fails is_identity "$web"
check "runs" settled web
web=$(identity web)
put_spec web "ip4.addr: [127.0.9.1]" 'exec.start: ["/bin/sleep 1001 &"]'
check "gets one" soon has_address 127.0.9.1
check "by a restart" soon fails is_identity "$web"

# What takes a restart is not done for ever at that pace either.
put_spec web "vnet: new" "allow.raw_sockets: true" \
    "agent: {retry: {initial: 2s}}" 'exec.start: ["/bin/sleep 1000 &"]'
restarted() { same "$1" "$(deeds web | grep -c "restarted .*: allow.raw_sockets changed")"; }
check "a jail with a right that its processes began with" soon \
    expect_status 0 ja plan "$specs"
check "somebody takes it" somebody allow.raw_sockets=false
check "for which it is restarted" soon restarted 1
check "and ready" settled web
check "again" somebody allow.raw_sockets=false
check "it waits" soon state_is web failed
check "and says why" soon has web .reason "allow.raw_sockets changed, which needs \
a restart, 2 times now: somebody else changes it again and again"
check "not for long" soon state_is web ready
check "until it is restarted" restarted 2

# What a host's own tools change past the table is there at the next scan.
put_spec web "host.hostname: mine" 'exec.start: ["/bin/sleep 1000 &"]'
check "a jail with a host name" soon settled web
web=$(identity web)
stop agent
check "an agent that scans each second" agent_start --interval 1
check "is in order" settled web
called() { same "$1" "$(inside web hostname)"; }
check "somebody on the host enters it and changes that" \
    nsenter -u -t "$(init_of web)" hostname theirs
check "it is set back" soon called mine
check "without a restart" is_identity "$web"
check "nothing is left to do" soon expect_status 0 ja plan "$specs"
stop agent
check "again, without an agent" \
    nsenter -u -t "$(init_of web)" hostname theirs
check "list says it" same theirs "$(ja list -j web host.hostname)"
check "plan says it" expect_status 2 ja plan "$specs"
check "and what" says "host.hostname: theirs -> mine"
