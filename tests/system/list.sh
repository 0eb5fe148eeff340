#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# jailagent list prints what jls(8) does, on a kernel without processes.
. tests/lib.sh

k=model:$work/table
jail=$BUILD/tests/helper/jail

list() { "$JAILAGENT" -k "$k" list "$@"; }

# prints WANTED ARGUMENT...: the output of list, whole.
prints() {
	_text=$1
	shift
	same "$_text" "$(list "$@")"
}

check "an empty kernel has a header alone" prints \
    "   JID  IP Address      Hostname                      Path"
check "three jails are made" sh -c "
	$jail $k create name=web path=/ persist host.hostname=web.example.org \
	    ip4.addr=192.0.2.10,192.0.2.11 &&
	$jail $k create name=db path=/ persist \"host.hostname=it's db\" \
	    children.max=2 &&
	$jail $k create name=db.sub path=/ persist"

check "columns" prints \
"   JID  IP Address      Hostname                      Path
     1  192.0.2.10      web.example.org               /
     2                  it's db                       /
     3                                                /"
check "-N" prints \
" JID             IP Address      Hostname                      Path
 web             192.0.2.10      web.example.org               /" -N -j 1
cpuset=$(list -j 1 cpuset.id)
check "-v" prints \
"   JID  Hostname                      Path
        Name                          State
        CPUSetID
        IP Address(es)
     1  web.example.org               /
        web                           ACTIVE
        $cpuset
        192.0.2.10
        192.0.2.11" -v -j web
check "parameters" prints "1 web 192.0.2.10,192.0.2.11" -j web jid name \
    ip4.addr
check "an empty list and an empty text" prints '- ""' -j db.sub ip4.addr \
    host.hostname
check "-h" prints 'jid name persist
2 db true' -h -j 2 jid name persist
check "-n" prints 'jid=2 persist allow.noraw_sockets ip4.addr=' -n -j 2 \
    jid persist allow.raw_sockets ip4.addr
check "-q" prints "\"it's db\" \"\"" -q -j 2 host.hostname ip4.addr
check "a text with double quotes is given" "$jail" "$k" update name=db \
    'meta=say "hi" now'
check "it is put in single ones" prints "'say \"hi\" now'" -q -j 2 meta
check "a key without a value is given" "$jail" "$k" update name=db \
    meta=empty=
check "it has an empty text, one that is not there none" prints \
    ' "" db' -j 2 meta.none meta.empty name
check "-n shows the name alone" prints \
    'meta.none meta.empty="" name=db' -n -j 2 meta.none meta.empty name
check "what is named again is shown once" prints "1 web" -j 1 jid name jid
once() {
	list -h -j 1 name all jid | head -n 1 | tr ' ' '\n' > "$work/names"
	same name "$(head -n 1 "$work/names")" &&
	    [ -z "$(sort "$work/names" | uniq -d)" ]
}
check "also beside all" once
# alike "OPTION..." "OPTION...": they give the same text.
alike() {
	# shellcheck disable=SC2086 # these are several words
	list $1 > "$work/a" && list $2 > "$work/b" && cmp "$work/a" "$work/b"
}
check "-v undoes -h, -n and -s" alike "-h -n -s -v" -v
check "-n and -s undo -v" alike "-v -s" -s
check "-s undoes -h" alike "-h -s" -s
check "-h undoes -s, not its quotes" alike "-s -h" "-n -q -h"
check "-q undoes nothing" alike "-v -q" -v
check "a long name is made" "$jail" "$k" create name=a_name_of_20_letters \
    path=/ persist host.hostname=long
check "and shown whole with -N" prints \
" JID             IP Address      Hostname                      Path
 a_name_of_20_letters                 long                          /" \
    -N -j a_name_of_20_letters
check "a boolean by its negative name" prints "false true true" -j 2 \
    nopersist allow.noraw_sockets persist
check "-n shows which it is" prints "persist allow.noraw_sockets" -n -j 2 \
    nopersist allow.noraw_sockets
check "--json turns it round" sh -c "
	$JAILAGENT -k $k list --json -j 2 nopersist | grep -q 'nopersist.: false'"
check "-n without parameters shows all" sh -c "
	$JAILAGENT -k $k list -n -j 2 | grep -q ' children.max=2 '"
check "-s leaves out what cannot be set" sh -c "
	$JAILAGENT -k $k list -s -j 2 > $work/s &&
	grep -q ' name=db ' $work/s && ! grep -q 'children.cur' $work/s &&
	! grep -q -w dying $work/s"
check "all: top-level names first" sh -c "
	$JAILAGENT -k $k list -h -j 2 all | head -n 1 | tr ' ' '\n' |
	    awk '/\\./ { d = 1 } !/\\./ && d { exit 1 }'"
check "--json" sh -c "
	$JAILAGENT -k $k list --json -j web name persist ip4.addr jid |
	    tr -d ' \n' > $work/json &&
	grep -q '\"name\":\"web\",\"persist\":true,\"ip4.addr\":' $work/json &&
	grep -q '\\[\"192.0.2.10\",\"192.0.2.11\"\\],\"jid\":1' $work/json"

no_such() {
	expect_status 1 "$JAILAGENT" -k "$k" list -j "$1" &&
	    says "there is no jail \"$1\""
}
check "no such name" no_such nothing
check "no such jid" no_such 99
check "jid 0 is no jail" no_such 0
unknown() {
	expect_status 1 "$JAILAGENT" -k "$k" list nonsense &&
	    says "unknown parameter: nonsense"
}
check "no such parameter" unknown
# FreeBSD 15.1 does not return from a call about these.
empty_key() {
	expect_status 1 "$JAILAGENT" -k "trace:$work/calls:$k" list "$1" &&
	    says "unknown parameter: $1" && ! grep -q "^get" "$work/calls"
}
check "no empty key of meta" empty_key meta.
check "no empty key of env" empty_key env.
check "usage errors are 64" expect_status 64 "$JAILAGENT" -k "$k" list -Z
