# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154
# For system tests of who comes before whom: sourced after tests/agent.sh.
#
# noting NAME [LINE...]: a spec whose hooks note in $log when the jail is up and
# when it is down.  All share a root, or have $root.

log=$work/order
noting() {
	_noting=$1
	shift
	spec "$_noting" "path: ${root:-$work/roots/all}" \
	    "exec.poststart: [\"echo $_noting up >> $log\"]" \
	    "exec.poststop: [\"echo $_noting down >> $log\"]" "$@"
}

# What they noted, on one line.
noted() { tr '\n' ',' < "$log"; }
