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
# The number of a set is how many commits its branch has, or what NUMBER says.  A
# clone that has not all of them (shallow), or changes that no commit has, would
# give two sets one number; both are refused.
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

complain() {
	echo "signed.sh: $*" >&2
	exit 1
}

count() { # SPECS
	if [ "$(git -C "$1" rev-parse --is-shallow-repository)" != false ]; then
		complain "$1: has not all commits, so they cannot be counted;" \
		    "use: git fetch --unshallow"
	fi
	[ -z "$(git -C "$1" status --porcelain -- '*.yaml' '*.yml')" ] ||
	    complain "$1: has changes that no commit has"
	git -C "$1" rev-list --count HEAD
}

specs() { # SPECS: the names of its files
	(cd "$1" && find . -maxdepth 1 -name '[!.]*' \
	    \( -name '*.yaml' -o -name '*.yml' \) | sort)
}

sign() { # SECRET SPECS
	rm -f "$2/MANIFEST" "$2/MANIFEST.minisig"
	agent check "$2" > /dev/null || exit 1
	number=${NUMBER:-$(count "$2")} || exit 1
	specs "$2" | (cd "$2" && while IFS= read -r f; do
		sha256sum "$f" || exit 1
	done > MANIFEST) || exit 1
	minisign -S -s "$1" -m "$2/MANIFEST" \
	    -t "seq:$number file:MANIFEST" > /dev/null || exit 1
	echo "$2 is number $number"
}

# The order does not matter: until all is there the host goes on with what it
# has.  Each file gets its name when it is whole.
deliver() { # SPECS DIR
	{ specs "$1"; echo MANIFEST.minisig; echo MANIFEST; } |
	    while IFS= read -r f; do
		cp "$1/$f" "$2/.new" && mv "$2/.new" "$2/$f" || exit 1
	done || exit 1
	specs "$2" | while IFS= read -r f; do
		[ -e "$1/$f" ] || rm "$2/$f"
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
