#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Jails that share the host's network are restricted to their addresses.
# needs: root ip unshare
# timeout: 120
#
# In a network of the test's own; what is expected is in network.table.
. tests/apart.sh
apart -n
. tests/lib.sh

jail() {
	"$BUILD/tests/helper/jail" "linux:$work/table" "$@"
}

inside() { # NAME COMMAND...
	_jail=$1
	shift
	"$JAILAGENT" -k "linux:$work/table" exec "$_jail" "$@"
}

try() { # NAME TRY...
	_jail=$1
	shift
	echo "$*" | inside "$_jail" /socket try /control
}

cgroups() {
	find "$groups" -type d -path "*${work##*/}*" 2>/dev/null
}

make_network() {
	ip link set lo up
	for _e in e0 e1; do
		ip link add $_e type veth peer name peer-$_e || return 1
		ip link set $_e up
		ip link set peer-$_e up
	done
	ip addr add 10.9.0.1/24 dev e0
	ip addr add 10.9.0.2/32 dev e0
	ip addr add 10.9.0.3/32 dev e0
	ip addr add 10.8.0.1/24 dev e1
	ip addr add 10.8.0.2/32 dev e1
	ip addr add fd09::1/64 dev e0 nodad
	ip addr add fd09::2/128 dev e0 nodad
	ip addr add fd09::3/128 dev e0 nodad
}

# The lines of the table: "[name] parameters" and "try | FreeBSD | Linux | why".
# Tries of one jail are made in one go.
run_table() { # TABLE
	grep -v -e '^#' -e '^$' "$1" > "$work/table.lines"
	grep '^\[' "$work/table.lines" | while read -r _head; do
		_name=${_head%%]*}
		_name=${_name#[}
		awk -v head="$_head" '/^\[/ { on = $0 == head; next } on' \
		    "$work/table.lines" > "$work/rows"
		# shellcheck disable=SC2086 # several parameters
		_jid=$(jail create name="$_name" path="$root" persist \
		    ${_head#*]}) || { echo "[$_name] cannot be made"; continue; }
		cut -d '|' -f 1 "$work/rows" |
		    inside "$_name" /socket try /control > "$work/results"
		paste -d '|' "$work/rows" "$work/results" |
		    awk -F ' *[|] *' -v name="$_name" '
			{ want = NF > 3 && $3 != "" ? $3 : $2 }
			want != $NF {
				print "[" name "] " $1 ": " $NF ", not " want
			}'
		[ "$(wc -l < "$work/rows")" = "$(wc -l < "$work/results")" ] ||
		    echo "[$_name] tries without a result"
		jail remove "$_jid" > "$work/out"
	done
}

expected() {
	run_table tests/system/network.table > "$work/wrong"
	[ ! -s "$work/wrong" ] || { cat "$work/wrong"; return 1; }
}

gives() { # RESULT NAME TRY...
	_result=$1
	shift
	same "$_result" "$(try "$@")"
}

groups=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
if [ -z "$groups" ] || ! mkdir "$groups/${work##*/}" 2>/dev/null; then
	skip "networks of jails" "there is no cgroup v2 that can be written"
	exit 0
fi
rmdir "$groups/${work##*/}"
root=$work/root
mkdir -p "$root"
cp "$BUILD/tests/helper/inside/socket" "$root/socket"
check "a network to try in" make_network
start server "$root/socket" serve "$root/control"
check "a server" wait_until 5 test -S "$root/control"

check "what sockets may do is as in the table" expected

# Other addresses while it runs, for sockets to come and for those there are.
jid=$(jail create name=live path="$root" persist ip4.addr=10.9.0.2)
check "the first address" gives 10.9.0.2 live bind tcp4 0.0.0.0
check "addresses change" jail update jid="$jid" ip4.addr=10.9.0.3
check "the new address is used at once" \
    gives 10.9.0.3 live bind tcp4 0.0.0.0
check "the old address is foreign" \
    gives EADDRNOTAVAIL live bind tcp4 10.9.0.2
check "connections come from the new one" \
    gives '10.9.0.3>10.9.0.1' live connect tcp4 10.9.0.1
check "more addresses" jail update jid="$jid" ip4.addr=10.9.0.2,10.8.0.2
check "the wildcard stays with several" gives 0.0.0.0 live bind tcp4 0.0.0.0
check "nets of interfaces count" gives 10.8.0.2 live route udp4 10.8.0.77
check "without a choice the primary counts" \
    jail update jid="$jid" ip4.saddrsel=false
check "at once" gives 10.9.0.2 live route udp4 10.8.0.77
check "no address at all" jail update jid="$jid" ip4.addr=
check "then no sockets" gives EPROTONOSUPPORT live open tcp4
check "and one again" jail update jid="$jid" ip4.addr=10.9.0.3
check "then sockets" gives 10.9.0.3 live bind tcp4 0.0.0.0

# What a parent loses its children lose.
jail update jid="$jid" ip4.addr=10.9.0.2,10.9.0.3 children.max=4 > "$work/out"
jail create name=live.own path="$root" persist ip4.addr=10.9.0.3 \
    > "$work/out" 2>&1
jail create name=live.same path="$root" persist ip4=inherit > "$work/out" 2>&1
check "a jail in a jail has what its parent has" \
    gives 10.9.0.3 live.same bind tcp4 10.9.0.3
check "and no more" gives EADDRNOTAVAIL live.same bind tcp4 10.8.0.2
check "the parent loses an address" jail update jid="$jid" ip4.addr=10.9.0.2
check "who inherits loses it too" \
    gives EADDRNOTAVAIL live.same bind tcp4 10.9.0.3
check "and has the rest" gives 10.9.0.2 live.same bind tcp4 0.0.0.0

check "each jail has a cgroup" test "$(cgroups | grep -c '/[0-9]*$')" -ge 2
check "jails end" jail remove "$jid"
check "no cgroup is left" wait_until 3 test -z "$(cgroups)"

# Without cgroup v2 there are no such jails, and plan says so.
mkdir "$work/specs"
printf 'name: web\npath: %s\npersist: true\nip4.addr: [10.9.0.2]\n' "$root" \
    > "$work/specs/web.yaml"
plan_without() {
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -c 'umount -l "$1" && shift && exec "$@"' sh "$groups" \
	    "$JAILAGENT" -k "linux:$work/table" -s "$work/state" plan \
	    "$work/specs"
}
check "without cgroup v2 addresses are refused" expect_status 2 plan_without
check "with the reason" says "ip4.addr: this host cannot restrict a jail to \
addresses: cgroup v2 is not mounted"
