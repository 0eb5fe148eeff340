#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The same with a queue of events that holds one: nearly all are lost.
# needs: git jq rsync tar root
# timeout: 400
. tests/lib.sh
. tests/agent.sh
. tests/matrix.sh

if sanitized; then
	skip "matrix" "the same files as system/matrix, which runs with \
sanitizers"
	exit 0
fi

ticks() {
	for _p in $agent $(helpers); do
		cut -d ' ' -f 14,15 "/proc/$_p/stat"
	done | awk '{ n += $1 + $2 } END { print n }'
}

# Whether the agent and its helpers use next to no processor time.
rests() {
	_before=$(ticks)
	sleep 0.5
	[ $(($(ticks) - _before)) -lt 10 ]
}

# The limit counts when the queue is made; it is put back at once.  An agent of
# another test that starts meanwhile does what is tested here.
limit=/proc/sys/fs/inotify/max_queued_events
queue=$(cat "$limit")
restore() { echo "$queue" > "$limit"; }
trap 'restore; exit 1' INT TERM HUP
before_start() { echo 1 > "$limit"; }
after_start() { restore; }
if before_start; then
	matrix_begin --interval 600
	restore
	matrix_all
	many_at_once 2000
	check "the agent rests then" wait_until 30 rests
else
	skip "matrix" "the limit of inotify events cannot be set here"
fi
restore
