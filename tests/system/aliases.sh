#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Addresses on the host's interfaces: what was there before stays, whatever
# becomes of the jail; one that two jails share goes with the last of them.
# needs: root busybox ip unshare
. tests/apart.sh
apart -n
. tests/lib.sh
. tests/agent.sh

for j in one two own; do
	little_root "$work/roots/$j"
done
ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up
ip addr add 10.7.0.1/24 dev v0
ip addr add fd07::1/64 dev v0 nodad
addresses() { ip -o addr show dev v0 | grep -v fe80 | awk '{ print $4 }' | sort; }
addresses > "$work/before"
has_address() { addresses | grep -q -x -e "$1"; }
unchanged_addresses() { addresses | diff "$work/before" -; }
apply() { ja apply --prune "$specs"; }
shared() { _j=$1; shift; put_spec "$_j" "ip4.addr: [v0|10.7.0.5/32]" "$@"; }

for last in one two; do
	[ $last = one ] && first=two || first=one
	shared one
	shared two
	check "two jails with one address" apply
	check "it is there" has_address 10.7.0.5/32
	rm "$specs/$first.yaml"
	check "$first goes" apply
	check "$last keeps it" has_address 10.7.0.5/32
	check "$last can use it" inside "$last" true
	shared $first
	check "$first comes back" apply
	shared $first "exec.start: [/bin/false]"
	check "$first fails" expect_status 1 apply
	check "the other still has it" has_address 10.7.0.5/32
	rm "$specs/$first.yaml"
	check "$first is given up" apply
	check "and still" has_address 10.7.0.5/32
	rm "$specs/$last.yaml"
	check "the last one goes" apply
	check "with its address" unchanged_addresses
done

# Two prefixes of one address.
put_spec one 'ip4.addr: [v0|10.7.0.5/24]' 'ip6.addr: ["v0|fd07::5/64"]'
put_spec two 'ip4.addr: [v0|10.7.0.5/32]' 'ip6.addr: ["v0|fd07::5/128"]'
for first in one two; do
	check "two jails with other prefixes" apply
	mv "$specs/$first.yaml" "$work/$first.yaml"
	check "$first goes" apply
	check "the other one keeps the address" has_address '10.7.0.5/.*'
	mkdir "$work/away"
	mv "$specs"/*.yaml "$work/away"
	check "so does the other one" apply
	check "with the address" unchanged_addresses
	mv "$work/away"/*.yaml "$work/$first.yaml" "$specs"
	rmdir "$work/away"
done
rm "$specs"/*.yaml

# Another prefix for the address of a jail that runs.
changes() { # IPV4 IPV6
	put_spec one "ip4.addr: [v0|10.7.0.5/$1]" \
	    "ip6.addr: [\"v0|fd07::5/$2\"]"
	check "prefixes $1 and $2" apply
	check "IPv4" has_address "10.7.0.5/$1"
	check "IPv6" has_address "fd07::5/$2"
	check "there is nothing more to do" expect_status 0 ja plan "$specs"
}
changes 24 64
one=$(identity one)
changes 32 128
changes 24 128
check "the jail runs on" same "$one" "$(identity one)"
rm "$specs/one.yaml"
check "it goes" apply
check "with its addresses" unchanged_addresses

# On an interface that is down, which is left so.
cp "$BUILD/tests/helper/inside/socket" "$work/roots/one/socket"
binds() { # PROTOCOL ADDRESS
	same "$2" "$(echo "bind $1 $2" | inside one /socket try /none)"
}
is_down() { ip -o link show v1 | grep -q 'state DOWN'; }
put_spec one "ip4.addr: [v1|10.7.9.1/32]" 'ip6.addr: ["v1|fd07:9::1/128"]'
check "an interface that is down" is_down
check "can have the addresses of a jail" apply
check "that can be used" binds tcp4 10.7.9.1
check "of both families" binds tcp6 fd07:9::1
check "it stays down" is_down
rm "$specs/one.yaml"
check "the jail goes" apply
check "with its addresses" same "" "$(ip -o addr show dev v1)"

# One address on two interfaces is two aliases.
put_spec one "ip4.addr: [v0|10.7.0.6/32]"
put_spec two "ip4.addr: [v1|10.7.0.6/32]"
check "two jails with one address, on an interface each" apply
rm "$specs/two.yaml"
check "one of them goes" apply
check "with its alias" same "" "$(ip -o addr show dev v1)"
check "the other one keeps its own" has_address 10.7.0.6/32
rm "$specs/one.yaml"
check "until it goes" apply
check "with that" unchanged_addresses

# A jail in the one that moves has it where that one has it.
put_spec one "ip4.addr: [v0|10.7.0.6/32]" "children.max: 1"
put_spec one.in "path: $work/roots/one" "ip4.addr: [10.7.0.6]"
check "a jail in a jail, with its address" apply
put_spec one "ip4.addr: [v1|10.7.0.6/32]" "children.max: 1"
check "that moves to another interface" apply
on_v1() { ip -o addr show dev v1 | grep -q -F " 10.7.0.6/32 "; }
check "has it there" on_v1
check "and not where it was" fails has_address 10.7.0.6/32

# Nor is it left to one in a jail that has the address on another interface.
put_spec one "ip4.addr: [v0|10.7.0.6/32]" "children.max: 1"
for of_one in "ip4.addr: [10.7.0.6]" "ip4: inherit"; do
	put_spec one.in "path: $work/roots/one" "$of_one"
	put_spec two "ip4.addr: [v1|10.7.0.6/32]"
	check "the address on both, and $of_one in one" apply
	check "it is on the other" on_v1
	rm "$specs/two.yaml"
	check "who has it there goes" apply
	check "with it" fails on_v1
	check "here it stays" has_address 10.7.0.6/32
	check "that is all" expect_status 0 ja plan "$specs"
done
rm "$specs/one.in.yaml" "$specs/one.yaml"
check "both go" apply
check "with that address" unchanged_addresses

# A jail that has the address without asking for it takes it over.
shared one
put_spec two "ip4.addr: [10.7.0.5]"
check "a jail whose address is another one's alias" apply
rm "$specs/one.yaml"
check "that one goes" apply
check "and leaves the address" has_address 10.7.0.5/32
put_spec two "ip4.addr: [10.7.0.5]" "host.hostname: other"
check "another change" apply
check "leaves it as well" has_address 10.7.0.5/32
rm "$specs/two.yaml"
check "the last one goes" apply
check "with the address" unchanged_addresses

# Jails of others: made by no agent, and by one with other specs.
rival() { "$BUILD/tests/helper/jail" "$kernel" "$@"; }
theirs() {
	timeout 40 "$JAILAGENT" -k "$kernel" -s "$work/theirs" apply --prune \
	    "$work/theirs.specs"
}
mkdir "$work/theirs.specs"
printf '%s\n' "name: theirs" "path: $work/roots/two" "persist: true" \
    "ip4.addr: [v0|10.7.0.5/32]" > "$work/theirs.specs/theirs.yaml"
for whose in nobody others; do
	shared one
	check "$whose: a jail" apply
	case $whose in
	nobody) jid=$(rival create name=theirs path="$work/roots/two" persist \
	    ip4.addr=10.7.0.5) ;;
	others) check "$whose: of two agents" theirs ;;
	esac
	shared one "exec.start: [/bin/false]"
	check "$whose: ours fails" expect_status 1 apply
	check "$whose: theirs has its address" has_address 10.7.0.5/32
	rm "$specs/one.yaml"
	check "$whose: ours is given up" apply
	check "$whose: theirs still has it" has_address 10.7.0.5/32
	case $whose in
	nobody) check "$whose: it goes" rival remove "$jid" ;;
	others)
		rm "$work/theirs.specs/theirs.yaml"
		check "$whose: it goes" theirs
		;;
	esac
	check "$whose: the address is the host's now" has_address 10.7.0.5/32
	ip addr del 10.7.0.5/32 dev v0
	check "$whose: no more is left" unchanged_addresses
done

# Two jails swap addresses, where the interface of one is not there.
pair() { # NAME INTERFACE LAST-BYTE...
	_j=$1 _v=$2 _l=
	shift 2
	for _b; do _l="${_l:+$_l, }$_v|10.7.0.$_b/32"; done
	put_spec "$_j" "ip4.addr: [$_l]"
}
have() { # ADDRESSES-OF-ONE ADDRESSES-OF-TWO
	same "$1; $2" "$(ja list -j one ip4.addr); $(ja list -j two ip4.addr)"
}
for bad in one two; do
	one=v0 two=v0
	pair one v0 5
	pair two v0 6
	check "$bad: two jails" apply
	eval "$bad=nosuch0"
	pair one "$one" 6
	pair two "$two" 5
	check "$bad: cannot swap" expect_status 1 apply
	case $bad in
	one) check "two has what it gets" have 10.7.0.5 10.7.0.5 ;;
	two) check "each has what it had" have 10.7.0.5 10.7.0.6 ;;
	esac
	pair one v0 15 5
	pair two v0 16 6
	check "$bad: with two each" apply
	pair one "$one" 6 16
	pair two "$two" 5 15
	for _ in 1 2; do
		check "$bad: cannot swap" expect_status 1 apply
		check "$bad: each has what it had" have 10.7.0.15,10.7.0.5 \
		    10.7.0.16,10.7.0.6
	done
	pair one v0 6 16
	pair two v0 5 15
	check "$bad: mended" apply
	check "$bad: it is done" have 10.7.0.6,10.7.0.16 10.7.0.5,10.7.0.15
	rm "$specs/one.yaml" "$specs/two.yaml"
	check "$bad: they go" apply
	check "$bad: with their addresses" unchanged_addresses
done

# The host's own, named by a spec, with an agent that is killed.
own() { put_spec own "interface: v0" "ip4.addr: [10.7.0.1/24, 10.7.0.6/32]" \
    'ip6.addr: ["fd07::1/64"]' "$@"; }
own
check "the agent starts" agent_start --max-remove 50
check "a jail with the host's own addresses" settled own
check "and another" has_address 10.7.0.6/32
stop agent KILL
end_jails "${work##*/}/roots/own"
check "it crashed with its agent; there is a new one" agent_start \
    --max-remove 50
check "it is brought back" settled own
ip addr del 10.7.0.6/32 dev v0
check "an address that somebody takes away comes back" soon \
    has_address 10.7.0.6/32
check "the log says it" grep -q \
    "own: updated.*v0|10.7.0.6/32 is not on the host any more" \
    "$work/agent.log"
own "exec.start: [/bin/false]"
check "it fails" soon state_is own failed
check "the host's addresses stay" unchanged_addresses
own "exec.prestop: [/bin/true]"
check "it is mended" soon state_is own ready
rm "$specs/own.yaml"
check "it goes" soon no_jail own
check "the host's addresses are as they were" soon unchanged_addresses
