#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The tour in README.md works when it is pasted.
# needs: root busybox minisign
# timeout: 60
. tests/lib.sh

no_process() {
	_left=$(listing_processes)
	[ -z "$_left" ] || { echo "$_left"; return 1; }
}

soon_no_process() {
	wait_until 10 no_process > /dev/null || no_process
}

# Somewhere else, so that it can run beside others.
sed -n '/^## A tour/,/^## Where/p' README.md | sed -n '/^```sh$/,/^```$/p' |
    sed -e '/^```/d' -e "s,/tmp/tour,$work/tour,g" \
        -e "s,build/jailagent,$JAILAGENT,g" -e "s,^rm -r ,: ,"  > "$work/tour.sh"
start tour timeout 50 sh -ux "$work/tour.sh"
wait "$started"
tour=$?
cp "$work/tour.log" "$work/out"
check "the tour comes to its end" same 0 "$tour"
check "the jail has its name" says web.example.org
check "the name is changed" says www.example.org
check "the jail was not restarted" \
    fails grep -q restarted "$work/tour/log"
check "minisign verifies the state" \
    says "Signature and comment signature verified"
check "the log tells the removal" grep -q "web: removed" "$work/tour/log"
check "no process is left" soon_no_process
remove_run_directory "$work/tour/state"
