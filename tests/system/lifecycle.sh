#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What jail(8) was recorded to do, done by jailagent: tests/lifecycle/.
# needs: root busybox unshare ip xargs
. tests/lib.sh

replay=tests/lifecycle/run.sh
# Those that wait for something come first: the others run meanwhile.
topics="stoptimeout timeout modify ops command env mount alias hookfail
consolelog persist recheck boolname vnet depend nested wild create restart"
records='*'
if sanitized; then
	records='?[14]'
	skip "the other records" "with sanitizers all take a minute and a half"
fi

# Replays all topics, several at once: most of the time they wait.
echo $topics | tr ' ' '\n' | xargs -P 4 -I TOPIC sh -c "
	sh $replay 'TOPIC-$records' > $work/TOPIC.said 2>&1
	echo \$? > $work/TOPIC.status"

# replayed TOPIC: all its records, but for the listed differences
replayed() {
	cat "$work/$1.said"
	return "$(cat "$work/$1.status")"
}

check "commands" replayed command
check "users and environment of commands" replayed env
check "time limits of commands" replayed timeout
check "where output goes" replayed consolelog
check "failing hooks" replayed hookfail
check "persist" replayed persist
check "SIGTERM and its time" replayed stoptimeout
check "mounts" replayed mount
check "aliases" replayed alias
check "letters and options" replayed ops
check "changes of a running jail" replayed modify
check "what is checked twice" replayed recheck
check "names of booleans" replayed boolname
check "network stacks and interfaces" replayed vnet
check "dependencies" replayed depend
check "nested jails" replayed nested
check "names with wildcards" replayed wild
check "what fails while a jail is made" replayed create
check "restarts" replayed restart
sed 's/exec.start jail:web/exec.start jail:wob/' \
    tests/vectors/lifecycle.jsonl > "$work/wrong.jsonl"
check "another log is noticed" expect_status 1 env \
    VECTORS="$work/wrong.jsonl" sh $replay command-01
check "the record is named" says 'FAIL command-01/1 log'
echo 'command-01/1 log no difference' > "$work/list"
check "a difference that is none is noticed" expect_status 1 \
    sh $replay -x "$work/list" command-01
echo 'command-01/1 log' > "$work/list"
check "a difference needs a reason" expect_status 64 \
    sh $replay -x "$work/list" command-01
