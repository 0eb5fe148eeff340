#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# ip_hostname: the addresses of host.hostname are looked up when the jail is
# created, are its own until its next start, and keep nobody waiting.
# needs: root busybox ip jq unshare mount
[ "${NETWORK_OF_TEST:-}" = yes ] ||
    NETWORK_OF_TEST=yes exec unshare -n -m sh "$0" "$@"
. tests/lib.sh
. tests/agent.sh

# /etc of the test's own, as far as programs need it.
mkdir "$work/etc"
cp -a /etc/passwd /etc/group /etc/ld.so.cache /etc/alternatives "$work/etc"
echo 'hosts: files' > "$work/etc/nsswitch.conf"
echo 'multi on' > "$work/etc/host.conf"
hosts() { printf '%s www.test.example\n' "$@" > "$work/etc/hosts"; }
mount --bind "$work/etc" /etc
for j in www other slow; do
	little_root "$work/roots/$j"
done
ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip addr add 10.7.0.1/24 dev v0

has_addresses() { # INTERFACE ADDRESS/PREFIX...
	_of=$1
	shift
	same "$(printf '%s\n' "$@" | sort)" "$(ip -o addr show dev "$_of" |
	    awk '$4 !~ /^fe80|^10.7.0.1\// { print $4 }' | sort)"
}
addresses() { ja list -j www ip4.addr ip6.addr; }
www() { put_spec www "host.hostname: www.test.example" "ip_hostname: true" \
    "exec.prepare: [\"echo prepare >> $work/log\"]" "$@"; }
apply() { ja apply --prune "$specs"; }
empty_plan() { ja plan --prune "$specs"; }

hosts 10.7.0.5 10.7.0.6 fd07::5
www "interface: v0"
check "a jail is created" apply
check "with all addresses of its name" same "10.7.0.5,10.7.0.6 fd07::5" \
    "$(addresses)"
check "they are on the interface" \
    has_addresses v0 10.7.0.5/32 10.7.0.6/32 fd07::5/128
check "then there is nothing to do" empty_plan
hosts 10.7.0.7
check "other addresses of the name change nothing" empty_plan
www "interface: v1"
check "another interface" apply
check "has them" has_addresses v1 10.7.0.5/32 10.7.0.6/32 fd07::5/128
check "and the first one not" same "10.7.0.1/24" \
    "$(ip -o -4 addr show dev v0 | awk '{ print $4 }')"
jid=$(ja list -j www jid)
"$BUILD/tests/helper/jail" "$kernel" update name=www ip4.addr=10.7.0.5 \
    > "$work/out" 2>&1
check "an address that was taken away" same "10.7.0.5 fd07::5" "$(addresses)"
check "is missed" expect_status 2 empty_plan
check "and is given back" apply
check "to the same jail" same "10.7.0.5,10.7.0.6 fd07::5 $jid" \
    "$(addresses) $(ja list -j www jid)"
www "interface: v1" "ip6: disable" "ip4.addr: [10.7.0.9]"
check "an address of its own comes first, and a family is closed" apply
check "without a restart" same "10.7.0.9,10.7.0.5,10.7.0.6 - $jid" \
    "$(addresses) $(ja list -j www jid)"
check "a restart" ja apply -rc "$specs"
check "looks them up again" same "10.7.0.9,10.7.0.7 -" "$(addresses)"
check "they replace the others" has_addresses v1 10.7.0.9/32 10.7.0.7/32
www "host.hostname: nobody.test.example"
sed -i '/www.test/d' "$specs/www.yaml"
check "another name needs a restart" expect_status 2 empty_plan
check "which says so" says "host.hostname changed, which needs a restart"
: > "$work/log"
check "a name without addresses fails" expect_status 1 apply
check "with the reason" says \
    "ip_hostname: the addresses of nobody.test.example cannot be looked up"
check "before any hook ran" same "" "$(cat "$work/log")"
check "nothing is left" has_addresses v1 ""
hosts 0.0.0.0
www
check "so does an address that none can have" expect_status 1 apply
check "which is named" says "0.0.0.0 cannot be the address of a jail"
sed -i /hostname:/d "$specs/www.yaml"
echo "ip_hostname: true" >> "$specs/www.yaml"
check "without a name it is refused" expect_status 1 apply
check "before anything is tried" says "say host.hostname, too"
rm "$specs/www.yaml"
check "all goes" apply

# One that is given up for another jail comes back when that one fails.
held() { ja list -j www ip4.addr ip6.addr && ja list -j other ip4.addr ip6.addr; }
moves() {
	www "ip6: disable" "ip4.addr: [10.7.0.8]"
	put_spec other "ip4.addr: [10.7.0.9]" \
	    'ip6.addr: ["fd07::8", "fd07::5"]' "$@"
	apply
}
moved() { same "10.7.0.8,10.7.0.5 -
10.7.0.9 fd07::8,fd07::5" "$(held)"; }
hosts 10.7.0.5 fd07::5
www
put_spec other "ip4.addr: [10.7.0.8, 10.7.0.9]" 'ip6.addr: ["fd07::8"]'
check "two jails" apply
held > "$work/held"
check "an exchange with an address that was found fails" expect_status 1 \
    moves "mount: [$work/nowhere $work/roots/other/bin nullfs ro]"
check "which gives it back" same "$(cat "$work/held")" "$(held)"
check "another try" moves
check "moves it" moved
www
put_spec other "ip4.addr: [10.7.0.8, 10.7.0.9]" 'ip6.addr: ["fd07::8"]'
check "it comes back in exchange" apply
check "to the one that had it" same "10.7.0.5 fd07::5
10.7.0.8,10.7.0.9 fd07::8" "$(held)"
put_spec other "ip4.addr: [10.7.0.9, 10.7.0.5]"
check "one that is kept" expect_status 2 empty_plan
check "is foreseen to be nobody else's" says \
    "address 10.7.0.5 belongs to the jail www, which keeps it"
rm "$specs/www.yaml" "$specs/other.yaml"
check "these go, too" apply

# A resolver that does not answer.
echo 'hosts: dns' > "$work/etc/nsswitch.conf"
echo 'nameserver 10.7.0.3' > "$work/etc/resolv.conf"
ip neigh add 10.7.0.3 lladdr 02:00:00:00:00:03 dev v0
slow() { put_spec slow "host.hostname: slow.test.example" "ip_hostname: true" "$@"; }
lookups() { grep -l -s -x lookup /proc/[0-9]*/comm | cut -d / -f 3 |
    while read -r p; do
	[ "$(readlink "/proc/$p/ns/net")" != "$(readlink /proc/self/ns/net)" ] ||
	    echo "$p"
    done; }
no_lookup() { [ -z "$(lookups)" ]; }
slow
check "the agent starts" agent_start
check "a lookup that takes long" soon has slow .reason "looking up"
check "is a process of its own" soon fails no_lookup
put_spec other
check "which keeps nobody waiting" settled other
stop agent KILL
check "another agent" agent_start
check "begins it anew" soon fails no_lookup
slow "exec.timeout: 1"
check "exec.timeout ends it" soon state_is slow failed
check "and says so" has slow .reason "it took longer than exec.timeout"
slow
check "another try" soon fails no_lookup
stop agent
check "nothing goes on looking" soon no_lookup
