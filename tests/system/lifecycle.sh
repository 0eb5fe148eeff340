#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What jail(8) was recorded to do, done by jailagent: tests/lifecycle/.
# needs: root busybox unshare ip
. tests/lib.sh

if sanitized; then
	skip "recorded life cycles" "more than five minutes with sanitizers; \
the other tests run the same steps with them"
	exit 0
fi

# replay TOPIC...: all its records, but for the listed differences
replay() {
	sh tests/lifecycle/run.sh "$@"
}

check "commands" replay command
check "users and environment of commands" replay env
check "time limits of commands" replay timeout
check "where output goes" replay consolelog
check "failing hooks" replay hookfail
check "persist" replay persist
check "SIGTERM and its time" replay stoptimeout
check "mounts" replay mount
check "aliases" replay alias
sed 's/exec.start jail:web/exec.start jail:wob/' \
    tests/vectors/lifecycle.jsonl > "$work/wrong.jsonl"
check "another log is noticed" expect_status 1 env \
    VECTORS="$work/wrong.jsonl" sh tests/lifecycle/run.sh command-01
check "the record is named" says 'FAIL command-01/1 log'
echo 'command-01/1 log no difference' > "$work/list"
check "a difference that is none is noticed" expect_status 1 \
    sh tests/lifecycle/run.sh -x "$work/list" command-01
echo 'command-01/1 log' > "$work/list"
check "a difference needs a reason" expect_status 64 \
    sh tests/lifecycle/run.sh -x "$work/list" command-01
