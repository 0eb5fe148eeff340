#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Specs that a build machine signs, and a host that takes no others.
#
#   signed.sh sign SECRET SPECS    on the build machine: checks the specs, lists
#                                  them in SPECS/MANIFEST and signs that
#   signed.sh deliver SPECS DIR    puts them into the directory of the host (a
#                                  local one, or one that is mounted)
#   signed.sh host PUBLIC [OPTION...]
#                                  on the host, as root: the agent
#
# Keys are minisign's; the secret one stays on the build machine:
#
#   minisign -G -W -s build.key -p build.pub
#
# The number of a set is how many commits its branch has, or what NUMBER says.
# The host takes none that is lower than one that it took, so whoever can write
# its directory, or the way there, can neither make up a set nor bring back an
# old one.  The first time, "jailagent trust --reset" has to say once that there
# is no record yet, as after the loss of the state directory.
#
# Environment:
#   JAILAGENT  the command (jailagent), with its options
#   SPECS_DIR  the directory on the host (/etc/jailagent/specs)
#   NUMBER     instead of counting commits
#
# Exit status: 0 well; 1 wrong specs, or no signature; 64 wrong usage.
set -u

JAILAGENT=${JAILAGENT:-jailagent}
SPECS_DIR=${SPECS_DIR:-/etc/jailagent/specs}

usage() {
	echo "usage: signed.sh sign SECRET SPECS | deliver SPECS DIR |" \
	    "host PUBLIC [OPTION...]" >&2
	exit 64
}

# shellcheck disable=SC2086 # words are wanted
agent() { $JAILAGENT "$@"; }

sign() { # SECRET SPECS
	rm -f "$2/MANIFEST" "$2/MANIFEST.minisig"
	agent check "$2" > /dev/null || exit 1
	number=${NUMBER:-$(git -C "$2" rev-list --count HEAD)} || exit 1
	(cd "$2" && sha256sum ./*.yaml > MANIFEST) || exit 1
	minisign -S -s "$1" -m "$2/MANIFEST" \
	    -t "seq:$number file:MANIFEST" > /dev/null || exit 1
	echo "$2 is number $number"
}

# The order does not matter: until all is there the host goes on with what it
# has.  Each file gets its name when it is whole.
deliver() { # SPECS DIR
	for f in "$1"/*.yaml "$1/MANIFEST.minisig" "$1/MANIFEST"; do
		cp "$f" "$2/.new" && mv "$2/.new" "$2/${f##*/}" || exit 1
	done
	for f in "$2"/*.yaml; do
		[ -e "$1/${f##*/}" ] || rm "$f"
	done
}

host() { # PUBLIC [OPTION...]
	key=$1
	shift
	# shellcheck disable=SC2086
	exec $JAILAGENT run -d "$SPECS_DIR" --require-signed "$key" "$@"
}

case "$#:${1:-}" in
3:sign) sign "$2" "$3" ;;
3:deliver) deliver "$2" "$3" ;;
[2-9]:host) shift; host "$@" ;;
*) usage ;;
esac
