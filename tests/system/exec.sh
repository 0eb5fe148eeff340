#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# jailagent exec runs commands inside of a jail as jexec(8) does.
# needs: root busybox
. tests/lib.sh

listing > "$work/before"
k=linux:$work/table
jail=$BUILD/tests/helper/jail
small_root "$work/root"
echo 'web:x:1234:1234:Web:/tmp:/bin/ash' >> "$work/root/etc/passwd"

# shellcheck disable=SC2317 # called through check
inside() { "$JAILAGENT" -k "$k" exec "$@"; }
# prints WANTED ARGUMENT...
prints() {
	_text=$1
	shift
	same "$_text" "$(inside "$@" 2>&1)"
}
ends() { # STATUS ARGUMENT...
	_status=$1
	shift
	expect_status "$_status" "$JAILAGENT" -k "$k" exec "$@"
}

check "a jail is made" "$jail" "$k" create name=web "path=$work/root" \
    persist host.hostname=inside
jid=$("$JAILAGENT" -k "$k" list -j web jid)

check "by name" prints inside web hostname
check "by jid" prints inside "$jid" hostname
check "it starts in the root" prints / web pwd
check "-d" prints /var -d /var web pwd
check "its root is its own" prints "$(ls "$work/root")" web ls /
check "standard input is passed" sh -c "
	[ \"\$(echo text | $JAILAGENT -k $k exec web cat)\" = text ]"
check "the exit status is the command's" ends 7 web sh -c 'exit 7'
check "128 + N for a signal" ends 143 web sh -c 'kill -TERM $$'
check "the environment is passed" sh -c "
	[ \"\$(FROM=here $JAILAGENT -k $k exec web sh -c 'echo \$FROM')\" = here ]"
check "-l: a clean one" sh -c "
	FROM=here TERM=xt $JAILAGENT -k $k exec -l web env | sort > $work/env
	printf '%s\n' HOME=/root \
	    PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin \
	    SHELL=/bin/sh TERM=xt USER=root | diff - $work/env"
check "-U: a user of the jail" prints "1234 /" -U web web sh -c \
    'echo $(id -u) $(pwd)'
check "-l -U: from its directory" prints "/tmp /tmp /bin/ash web" -l -U web \
    web sh -c 'echo $(pwd) $HOME $SHELL $USER'
check "-u: a user of the host" prints "$(id -u nobody)" -u nobody web id -u
check "without a command a shell runs" sh -c "
	[ \"\$(echo 'hostname; exit 0' | $JAILAGENT -k $k exec web 2>/dev/null |
	    grep -c inside)\" -ge 1 ]"

says_of() { # STATUS TEXT ARGUMENT...
	_status=$1 _text=$2
	shift 2
	ends "$_status" "$@" && says "$_text"
}
check "no such jail" says_of 1 'there is no jail "nothing"' nothing true
check "no such jid" says_of 1 'there is no jail "4711"' 4711 true
check "no such command" says_of 1 no_such_command web no_such_command
check "no such user" says_of 1 nobody_here -U nobody_here web true
check "no such user of the host" says_of 1 nobody_here -u nobody_here web true
check "no jail named" ends 64
check "the model has no processes" sh -c "
	$BUILD/tests/helper/jail model:$work/model create name=a path=/ persist
	$JAILAGENT -k model:$work/model exec a true 2>&1 | grep -q 'model'"

forwarded() {
	start sleeper "$JAILAGENT" -k "$k" exec web sh -c \
	    'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done'
	wait_until 5 grep -q ready "$work/sleeper.log" || return 1
	stop sleeper TERM
	same 9 "$stopped"
}
check "SIGTERM is passed on" forwarded

check "the caller's process group cannot be signalled" sh -c "
	$JAILAGENT -k $k exec web sh -c 'trap \"\" TERM; kill -TERM 0; exit 3'
	[ \$? -eq 3 ]"
mkfifo "$work/open"
exec 9<> "$work/open" # input that does not end
terminals() { # what the command does to its terminal is not the caller's
	script -qec "stty rows 33 cols 90; $JAILAGENT -k $k exec web stty size;
	    $JAILAGENT -k $k exec web stty rows 7; stty size; stty -a" \
	    /dev/null < "$work/open" > "$work/typed" 2>&1
	cat "$work/typed"
	same 2 "$(grep -c '^33 90' "$work/typed")" &&
	    grep -q ' icanon' "$work/typed"
}
# script(1) itself loses output now and then when its program ends.
terminals_in_time() { terminals || terminals || terminals; }
check "a terminal of its own, of the same size" terminals_in_time

check "the jail is removed" "$jail" "$k" remove "$jid"
check "nothing is left" unchanged "$work/before"
