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

# With a terminal: "typed" is one with somebody at it (tests/helper/typed.c).
at_terminal() { # STATUS STEP... -- COMMAND...: the output is in $work/shown
	_status=$1
	shift
	_steps=$#
	for _a; do # put what calls the jail before the command
		if [ "$_a" = -- ]; then
			set -- "$@" -- "$JAILAGENT" -k "$k" exec web
		else
			set -- "$@" "$_a"
		fi
	done
	shift $_steps
	expect_status "$_status" "$BUILD/tests/helper/typed" "$@"
	_s=$?
	tr -d '\r' < "$work/out" > "$work/shown"
	return $_s
}
shows() { # LINE
	grep -q -x -F -e "$1" "$work/shown" || { cat "$work/shown"; return 1; }
}
# Where /dev/pts is not mounted there are none.
"$BUILD/tests/helper/typed" -- true > /dev/null 2>&1
if [ $? -eq 77 ]; then
	skip "terminals" "no terminal can be made here; is /dev/pts mounted?"
	check "the jail is removed" "$jail" "$k" remove "$jid"
	check "nothing is left" unchanged "$work/before"
	exit 0
fi

sized() { at_terminal 0 size=33,90 -- stty size && shows "33 90"; }
check "a terminal of its own, of the same size" sized
resized() {
	at_terminal 0 see=ready size=40,100 see="40 100" -- sh -c \
	    'trap "stty size; exit" WINCH; echo ready; while :; do sleep 0.1; done'
}
check "it follows the caller's size" resized
own_size() {
	at_terminal 0 size=33,90 -- stty rows 7 &&
	    expect_status 0 "$BUILD/tests/helper/typed" size=33,90 -- \
	    sh -c "$JAILAGENT -k $k exec web stty rows 7; stty size; stty -a" &&
	    says "33 90" && grep -q ' icanon' "$work/out"
}
check "what the command does to its own is not the caller's" own_size
all_of_it() {
	for _i in 1 2 3 4 5; do
		at_terminal 3 -- sh -c 'seq 1 3000; printf end; exit 3' ||
		    return 1
		[ "$(cksum < "$work/shown")" = "$(
		    { seq 1 3000; printf end; } | cksum)" ] || return 1
	done
}
check "nothing is lost at the end, nor the status" all_of_it
left_open() { # by what goes on in the background: bounded
	at_terminal 0 -- sh -c 'trap "" HUP; sleep 1000 & echo last' && shows last
}
check "nor when something keeps it open" left_open
ended_input() {
	at_terminal 0 see=ready mode=raw type=hello see=hello \
	    type="$(printf '\n\004')" -- sh -c 'echo ready; cat; echo end' &&
	    shows end
}
check "the end of typed input is passed on" ended_input
interrupted() {
	at_terminal 130 see=ready mode=raw type="$(printf '\003')" -- \
	    sh -c 'echo ready; sleep 1000'
}
check "an interrupt is the command's" interrupted
suspends() { # STEP: what suspends
	at_terminal 3 see=ready mode=raw "$1" stopped mode=cooked signal=18 \
	    mode=raw see=done -- sh -c 'echo ready; sleep 1; echo done; exit 3'
}
check "Ctrl-Z suspends, and gives the terminal back" suspends \
    type="$(printf '\032')"
check "so does SIGTSTP" suspends signal=20
stops_itself() {
	at_terminal 3 see=ready mode=raw stopped mode=cooked signal=18 mode=raw \
	    see=done -- sh -c 'echo ready; sleep 0.5; kill -STOP $$; sleep 1
		echo done; exit 3'
}
check "so does a command that stops itself" stops_itself
minded() {
	at_terminal 5 see=ready mode=raw type="$(printf '\032')" see=^Z \
	    type="word
" see=-word- -- sh -c \
	    'trap "" TSTP; echo ready; read x; echo "-$x-"; exit 5'
}
check "but not one that ignores it" minded
hung_up() {
	at_terminal 129 see=ready mode=raw signal=1 -- \
	    sh -c 'echo ready; sleep 1000'
}
check "SIGHUP is passed on" hung_up

check "the jail is removed" "$jail" "$k" remove "$jid"
check "nothing is left" unchanged "$work/before"
