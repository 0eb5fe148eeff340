#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Does host X run commit Y?  Answered from a copy of the host's snapshots, with
# nothing but its public key, on any machine and as any user:
#
#   rsync -a root@web1.example.org:/var/lib/jailagent/snapshots/ web1/
#   runs.sh web1.pub web1 web1.example.org COMMIT
#
# When rsync says that files vanished (exit status 24), the host dropped old ones
# meanwhile: copy once more before you ask.
#
# The first time that is believed which is there.  What was seen is kept in
# DIR.seen, and from then on the host cannot go back behind it: neither to an
# older state nor to another history.  Ask before the host drops what was seen
# (run --keep-snapshots); if it was dropped, find out otherwise whether the host
# is well, then remove DIR.seen.
#
# Environment:
#   JAILAGENT  the command (jailagent)
#
# Exit status: 0 it does; 1 the snapshots are not what they should be, what is
# wrong is printed; 2 it runs another commit; 3 it has this commit, but not all
# jails are as it says; 64 wrong usage.  Needs jq.
set -u

JAILAGENT=${JAILAGENT:-jailagent}

[ $# -eq 4 ] || {
	echo "usage: runs.sh PUBLIC DIR HOST COMMIT" >&2
	exit 64
}
key=$1
dir=${2%/}
host=$3
commit=$4
# With a + the host says that it is not just that commit: see jailagent(8).
case $commit in '' | *+*)
	echo "runs.sh: COMMIT is a commit in full, as git rev-parse HEAD says" >&2
	exit 64
	;;
esac

# shellcheck disable=SC2086 # words are wanted
snapshot() { $JAILAGENT snapshot "$@" --pub "$key"; }
# JSON FILTER.  The echo of some shells changes the backslashes of a text.
read_json() { printf '%s\n' "$1" | jq -r "$2"; }
# What the host says is not for the terminal to obey, nor to end a line.
plain='gsub("[[:cntrl:]]"; "?")'

if [ -e "$dir.seen" ]; then
	found=$(snapshot verify --json --host "$host" \
	    --seen "$(cat "$dir.seen")" "$dir")
else
	found=$(snapshot verify --json --host "$host" "$dir")
fi || {
	echo "$host: its snapshots are not good:"
	read_json "$found" '.problems[] | .file + ": " + .problem |
	    '"$plain"
	exit 1
}
seen=$(read_json "$found" '"\(.newest):\(.digest)"') || exit 1
echo "$seen" > "$dir.seen"

state=$(snapshot show --json --dir "$dir") && [ -n "$state" ] || exit 1
now=$(read_json "$state" ".revision | $plain") || exit 1
taken=$(read_json "$state" '.taken | todate') || exit 1
if [ "$now" != "$commit" ]; then
	case $now in '' | +*) now="no commit that it knows" ;; esac
	echo "$host: runs $now since $taken"
	exit 2
fi
other=$(read_json "$state" '.jails[] |
    select(.state != "ready" and .state != "stopped") |
    "\(.name): \(.state) \(.error)" | '"$plain") || exit 1
if [ -n "$other" ]; then
	echo "$host: has $commit since $taken, but"
	printf '%s\n' "$other"
	exit 3
fi
echo "$host: runs $commit since $taken"
