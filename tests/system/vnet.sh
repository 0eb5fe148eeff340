#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Jails with a network stack of their own, and interfaces that go in and out.
# needs: root busybox ip unshare
# timeout: 120
. tests/apart.sh
apart -n
. tests/lib.sh

agent() {
	"$JAILAGENT" -k "linux:$work/table" -s "$work/state" "$@"
}

spec() { # LINE...
	{
		printf 'name: web\npath: %s\npersist: true\nvnet: new\n' \
		    "$work/root"
		printf 'mount.procfs: true\nmount.devfs: true\n'
		printf '%s\n' "$@"
	} > "$work/specs/web.yaml"
}

inside() { # COMMAND...
	agent exec web "$@"
}

here() { # INTERFACE: in the test's own network
	ip link show "$1" > "$work/link" 2>&1
}

has_peer() { # INTERFACE: the other end of its pair is here
	ip -o link show type veth | grep -q "@$1:"
}

mkdir -p "$work/specs" "$work/state"
small_root "$work/root"
ip link set lo up
ip link add v0 type veth peer name v1
ip link add w0 type veth peer name w1
ip addr add 10.7.0.1/24 dev v0
ip link set v0 up

spec 'vnet.interface: [v1, w1]'
check "a jail with interfaces" agent apply "$work/specs"
check_not "one is not the host's any more" here v1
check_not "nor is the other" here w1
inside ip link > "$work/links"
check "they are the jail's" grep -q ' v1[@:]' "$work/links"
check "both" grep -q ' w1[@:]' "$work/links"
check "lo is up" grep -q ' lo: <LOOPBACK,UP' "$work/links"
check_not "nothing else of the host is" grep -q ' v0[@:]' "$work/links"
inside ip link show v1 > "$work/v1"
check "interfaces are up" grep -q '[<,]UP[,>]' "$work/v1"
check "plan has nothing to do" agent plan "$work/specs"
# The word is there before it connects: nc ends once the other side, which has nothing to send, says so.
check "it talks to itself" inside sh -c \
    'echo word > /tmp/word; nc -l -p 7000 > /tmp/got & i=0
    until cat /proc/net/tcp* | grep -q ":1B58 " || [ $i -ge 50 ]; do
	i=$((i + 1)); sleep 0.1
    done
    nc -w 2 127.0.0.1 7000 < /tmp/word; wait; grep -q word /tmp/got'

# Raw sockets, for those who may.
ping_inside() { agent exec web ping -c 1 -W 1 127.0.0.1; }
check_not "no raw sockets" ping_inside
spec 'vnet.interface: [v1, w1]' 'allow.raw_sockets: true'
check "unless they are allowed, for which it is restarted" \
    agent apply "$work/specs"
check "then it has them" ping_inside
check_not "but no packets of interfaces" inside \
    arping -c 1 -w 1 -I v1 10.7.0.1

# In a jail in it, its network is inherited.
check "a jail in the jail" "$BUILD/tests/helper/jail" "linux:$work/table" \
    update name=web children.max=2
check "shares its network" "$BUILD/tests/helper/jail" "linux:$work/table" \
    create name=web.sub path="$work/root" persist ip4=inherit ip6=inherit \
    allow.raw_sockets
check_not "but without raw sockets, which would be its parent's" \
    agent exec web.sub ping -c 1 -W 1 127.0.0.1
agent exec web.sub ip link > "$work/sub"
check "with the interfaces" grep -q ' v1[@:]' "$work/sub"

check "which goes before it" "$BUILD/tests/helper/jail" "linux:$work/table" \
    remove "$(agent list -j web.sub jid | tr -d " ")"
rm "$work/specs/web.yaml"
check "the jail ends" agent apply --prune "$work/specs"
check "its interface comes back" wait_until 3 here v1
check "and the other" here w1

spec 'vnet.interface: [v1]' 'exec.start: ["false"]'
check "a start that fails" expect_status 1 agent apply "$work/specs"
check "gives the interface back" wait_until 3 here v1
spec 'vnet.interface: [v1, none0]'
check "an interface that is not there" expect_status 1 \
    agent apply "$work/specs"
check "is named" says 'none0'
check "and the first one comes back" wait_until 3 here v1

# The host has another one of its name when it comes back.
spec 'vnet.interface: [v1]'
check "a jail with an interface" agent apply "$work/specs"
printf 'name: other\npath: %s\npersist: true\nvnet: new\nvnet.interface: [v1]\n' \
    "$work/root" > "$work/other.yaml"
check "another jail cannot have it" expect_status 1 agent apply "$work/other.yaml"
check "and is told who has" says "(the jail web has one)"
ip link add v1 type veth peer name x1
check "a restart" agent apply -rc "$work/specs"
check "lets it come back by another name" wait_until 3 has_peer v0
rm "$work/specs/web.yaml"
check "the other one comes back, too" agent apply --prune "$work/specs"
check "by its own" wait_until 3 here v1
ip link del v1
ip link set "$(ip -o link show type veth | sed -n 's/.*: \(.*\)@v0:.*/\1/p')" \
    name v1

# What ends without being removed: the kernel destroys a veth with its network.
spec 'vnet.interface: [w1]'
check "a jail that will be killed" agent apply "$work/specs"
end_jails "${work##*/}/root"
check "its veth ends with it" wait_until 3 fails here w0
rm "$work/specs/web.yaml"
agent apply --prune "$work/specs" > "$work/out" 2>&1

printf 'name: web\npath: %s\npersist: true\nvnet.interface: [v1]\n' \
    "$work/root" > "$work/specs/web.yaml"
check "without vnet: new" expect_status 2 agent plan "$work/specs"
check "plan says what is missing" says 'vnet: new'
printf 'name: web\npath: %s\npersist: true\nallow.raw_sockets: true\n' \
    "$work/root" > "$work/specs/web.yaml"
check "raw sockets in the host's network" expect_status 2 \
    agent plan "$work/specs"
check "are refused" says 'allow.raw_sockets: raw sockets in the'
