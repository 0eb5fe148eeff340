#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The demonstration succeeds, and leaves nothing behind, also when it is
# interrupted as a terminal does it: SIGINT to all of its processes.
# needs: root busybox minisign setsid
# timeout: 240
. tests/lib.sh

if sanitized; then
	skip "the demonstration" "other tests do what it shows with sanitizers, too"
	exit 0
fi

listing > "$work/before"
check "the demonstration succeeds" sh tests/demo/demo.sh
check "it leaves nothing on the host" unchanged "$work/before"

# interrupt TEXT: when the demonstration has come as far as TEXT.
interrupt() {
	start demo setsid sh tests/demo/demo.sh
	wait_until 30 come_to "$1"
	kill -INT "-$started"
	stop demo INT
	same 130 "$stopped" || { cat "$work/demo.log"; return 1; }
}

come_to() {
	grep -q -e "$1" "$work/demo.log" || ! alive "$started"
}

for at in "an empty directory" "Two files" "needs a restart" \
    "is killed" "typing error" "file is removed" "stock minisign"; do
	check "interrupted at \"$at\"" interrupt "$at"
done
check "interruptions leave nothing on the host" unchanged "$work/before"
check "nor a directory" fails ls -d "${TMPDIR:-/tmp}"/jailagent-demo.*
