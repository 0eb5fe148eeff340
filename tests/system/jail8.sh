#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each row of docs/JAIL8.md is true: what it names does it, or refuses.
# needs: root busybox jq
# timeout: 120
. tests/lib.sh
. tests/agent.sh

small_root "$work/root"
echo 'web:x:1234:1234:Web:/tmp:/bin/ash' >> "$work/root/etc/passwd"
one=$work/one.yaml
kernel=model:$work/model

# row FORM COMMAND...: the check of the row with that first cell.
row() {
	echo "$1" >> "$work/rows"
	check "$@"
}
# web LINE...: the one spec.
web() {
	printf '%s\n' "name: web" "path: $work/root" "persist: true" "$@" > "$one"
}
# out STATUS TEXT ARGUMENT...: jailagent ends so, and prints the text.
out() {
	_status=$1 _text=$2
	shift 2
	expect_status "$_status" ja "$@" && { [ -z "$_text" ] || says "$_text"; }
}
# key LINE...: a spec with these lines is valid, and print says them.
key() {
	web "$@"
	printed "$@"
}
printed() {
	out 0 "1 spec in 1 file is valid" check "$one" || return 1
	ja print "$one" > "$work/out"
	for _line; do
		grep -F -q -x -e "$_line" "$work/out" ||
		    { echo "not printed: $_line"; return 1; }
	done
}
refuses() { out 64 "$@"; } # TEXT ARGUMENT...

# ---- jail(8): operations ----
web
row "jail -c" out 0 "web: created" apply -c "$one"
web "host.hostname: new.example.org"
row "jail -m" out 0 "web: updated" apply -m "$one"
row "jail -rc" out 0 "web: restarted" apply -rc "$one"
gone() { out 0 "" apply -r "$1" && out 1 "" list -j web; }
row "jail -r" gone "$one"
row "jail -cm" out 0 "web: created" apply -cm "$one"
web "osrelease: 14.2-RELEASE"
row "jail -mr" out 0 "web: restarted" apply -mr "$one"
web
row "jail -cmr" out 0 "web: restarted" apply "$one"
row "jail -C" refuses "no option -C" apply -C "$one"

# ---- jail(8): options ----
row "-d" refuses "no option -d" apply -d "$one"
separated() {
	out 0 "name: web" print "$one" &&
	    ja print --json "$one" | jq -e '.[0].params.persist' > /dev/null
}
row "-e SEPARATOR" separated
echo 'web { persist; }' > "$work/jail.conf"
row "-f FILE" out 0 "persist: true" import "$work/jail.conf"
from_input() {
	ja import - < "$work/jail.conf" > "$work/out" && says "name: web"
}
row "-f -" from_input
looked_up() {
	key "host.hostname: localhost" "ip_hostname: true" &&
	    (kernel=linux:$work/plan && out 2 "create   web" plan "$one")
}
row "-h" looked_up
number() { ja list -j web jid | grep -q -x '[1-9][0-9]*'; }
row "-i" number
row "-J FILE" out 0 "path=$work/root" list -s -j web
row "-l" key "exec.clean: true"
web
row "-n NAME" printed "name: web"
row "-p N" out 0 "" apply -p 1 "$one"
row "-q" refuses "no option -q" apply -q "$one"
row "-s LEVEL" key "securelevel: 2"
row "-u USER" key "exec.jail_user: web" "exec.system_jail_user: true"
row "-U USER" key "exec.jail_user: web"
row "-v" refuses "no option -v" apply -v "$one"

# ---- jail(8): arguments ----
web
by_jid() {
	_jid=$(ja list -j web jid)
	out 0 "web" list -j "$_jid" name &&
	    out 1 "$_jid: there is no such jail" status "$_jid"
}
row "a jid" by_jid
one_path="one directory or file of specs is needed"
row "param=value" refuses "$one_path" apply -c name=x path=/
either() {
	web && printed "persist: true" && sed -i 's/persist: true/persist: false/' "$one" &&
	    printf 'command: [/bin/true]\n' >> "$one" &&
	    printed "persist: false" && refuses "$one_path" apply -c name=x persist
}
row "param" either
row "command=..." key "command:" "  - /bin/sleep 1000"
old_form() {
	key "host.hostname: web.example.org" "ip4.addr:" "  - 192.0.2.10" \
	    "ip6.addr:" "  - 2001:db8::1" "allow.chflags: true" \
	    "command:" "  - /bin/sh /etc/rc" &&
	    printed "path: $work/root" &&
	    refuses "$one_path" apply "$work/root" web 192.0.2.10 /bin/sh
}
row "path hostname ip command" old_form
web
ja apply -r "$one" > "$work/out" 2>&1
mkdir -p "$work/roots/web" "$work/roots/db" "$work/roots/web.a"
put_spec web "children.max: 1"
put_spec db
put_spec web.a
row "no argument" agent_start
check "its jails are there" settled
row "one name" out 0 "" status web
row "several names" out 0 "" restart web db
check "they are there again" settled
row "*" out 0 "web.a" status '*'
below() { out 0 "web.a" status 'web.*' && fails says "db"; }
row "foo.*" below
row "foo*" refuses 'a pattern is "*" alone' status 'we*'
stopped() { ja stop --no-hooks web.a && soon state_is web.a stopped; }
row "jail -R" stopped
stop agent

# ---- jls(8) ----
row "jls" out 0 "Hostname" list
row "jls -c -j JAIL" out 1 "nothing" list -j nothing jid
row "jls -a" out 0 "web" list -a name
row "jls -d" out 0 "web" list -d name
row "jls -h" out 0 "host.hostname" list -h name host.hostname
row "jls -j JAIL" out 0 "db" list -j db name
row "jls -N" out 0 "db" list -N
row "jls -n" out 0 "name=db" list -n name
row "jls -q" out 0 "db" list -q name
row "jls -s" out 0 "name=db" list -s
row "jls -v" out 0 "CPUSetID" list -v
row "jls PARAM" out 0 "db" list name
row "jls all" out 0 "children.max" list -h all
as_json() { ja list --json name | jq -e '.[].name' > /dev/null; }
row "jls --libxo json" as_json

# ---- jexec(8) ----
kernel=linux:$work/table
state=$work/inside
web "host.hostname: inside"
check "a jail that can be entered" ja apply "$one"
prints() {
	_text=$1
	shift
	same "$_text" "$(ja exec "$@" 2>&1)"
}
row "jexec JAIL COMMAND" prints inside web hostname
row "jexec JID COMMAND" prints inside "$(ja list -j web jid)" hostname
shell() { echo "hostname; exit 0" | ja exec web 2> /dev/null | grep -q inside; }
row "jexec JAIL" shell
row "jexec -n" refuses "no option -n" exec -n web hostname
row "jexec -l" prints root -l web sh -c 'echo $USER'
row "jexec -d DIR" prints /var -d /var web pwd
row "jexec -u USER" prints "$(id -u nobody)" -u nobody web id -u
row "jexec -U USER" prints 1234 -U web web id -u
check "it is removed" ja apply -r "$one"

# ---- jail(2): struct jail ----
wrong() { web "$1" && out 1 "unknown parameter" check "$one"; }
row "version" wrong "version: 2"
web
row "path" printed "path: $work/root"
row "hostname" key "host.hostname: web.example.org"
row "jailname" printed "name: web"
row "ip_number" key "ip4.addr:" "  - 192.0.2.10"
row "ip4s, ip4" key "ip4.addr:" "  - 192.0.2.10" "  - 192.0.2.11"
row "ip6s, ip6" key "ip6.addr:" "  - 2001:db8::1"
row "n_ips, ips" key "ip4.addr:" "  - 192.0.2.10" "ip6.addr:" \
    "  - 2001:db8::1"

# ---- DragonFly: jail.defaults ----
row set_hostname_allowed key "allow.set_hostname: true"
row sysvipc_allowed key "allow.sysvipc: true"
row socket_unixiproute_only key "allow.socket_af: false"
row allow_raw_sockets key "allow.raw_sockets: true"
row allow_listen_override key "allow_listen_override: true"
row chflags_allowed key "allow.chflags: true"
row vfs_mount_nullfs key "allow.mount.nullfs: true"
row vfs_mount_devfs key "allow.mount.devfs: true"
row vfs_mount_tmpfs key "allow.mount.tmpfs: true"
row vfs_mount_procfs key "allow.mount.procfs: true"
row vfs_mount_fusefs key "allow.mount.fusefs: true"

# The letters that getopt(3) is given by FreeBSD 15's programs.
options() { # PROGRAM LETTER...
	_program=$1
	shift
	awk -v head="## $_program" '/^## / { on = index($0, head) == 1 } on' \
	    docs/JAIL8.md > "$work/section"
	for _letter; do
		grep -q "^| [^|]*-[a-zA-Z]*$_letter" "$work/section" ||
		    { echo "$_program has -$_letter, too"; return 1; }
	done
}
check "each option of jail(8) has a row" options "jail(8)" \
    c C d e f h i J l m n p q r R s u U v
check "each of jls(8)" options "jls(8)" a c d h j N n q s v
check "each of jexec(8)" options "jexec(8)" d l n u U
check_not "others would be missed" options "jexec(8)" z

# The first cells of the tables.
cells() {
	awk -F ' [|] ' '/^[|] / && !/^[|] (form|field|name) / {
		sub(/^[|] /, "", $1)
		gsub(/`/, "", $1)
		print $1
	}' docs/JAIL8.md
}
cells | sort > "$work/cells"
sort "$work/rows" > "$work/sorted"
check "each row has its check" diff "$work/cells" "$work/sorted"
