#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The pipeline as hooks of a bare repository on the host: a push of wrong specs is
# refused, and whoever pushes sees the plan, then whether it runs.
#
#   git init --bare -b main /srv/specs.git
#   git init -b main /etc/jailagent/specs
#   git -C /etc/jailagent/specs config receive.denyCurrentBranch updateInstead
#   ln -s /usr/local/share/jailagent/gitops/hook.sh /srv/specs.git/hooks/pre-receive
#   ln -s /usr/local/share/jailagent/gitops/hook.sh /srv/specs.git/hooks/post-receive
#
# pipeline.sh is beside this file; its environment counts here, too.  Hooks run as
# the user who pushes, who has to be the agent's, and to own both directories.
#
# Exit status: that of pipeline.sh.  git lets that of pre-receive decide, and
# prints what post-receive says of a push that is done.
set -u

SPECS_DIR=${SPECS_DIR:-/etc/jailagent/specs}
BRANCH=${BRANCH:-main}
export SPECS_DIR BRANCH

pipeline() { sh "$(dirname "$(readlink -f "$0")")/pipeline.sh" "$@"; }

# The files as the host will check them out; an archive leaves some out when
# attributes that were pushed say so.
check_out() { # COMMIT DIRECTORY
	mkdir "$2/tree" || return 1
	GIT_INDEX_FILE=$2/index git read-tree "$1" &&
	    GIT_INDEX_FILE=$2/index git --work-tree="$2/tree" checkout-index -a
}

# A commit with a spec that is a symbolic link is never said to run: what the link
# leads to may be anything.
no_links() { # COMMIT
	_links=$(git ls-tree ${RECURSIVE:+-r} "$1" |
	    grep '^120000 .*\.ya\{0,1\}ml"\{0,1\}$' |
	    grep -v '[	/]"\{0,1\}[.#]') # hidden ones are none
	[ -z "$_links" ] && return
	echo "symbolic links cannot be specs, make files of them:" >&2
	printf '%s\n' "$_links" | cut -f 2 >&2
	return 1
}

propose() { # COMMIT
	no_links "$1" || return 1
	work=$(mktemp -d) || return 1
	check_out "$1" "$work" && pipeline propose "$work/tree"
	status=$?
	rm -rf "$work"
	return $status
}

# The host takes only what comes after what it has, so the two would part.
goes_on() { # OLD NEW
	case $1 in
	*[!0]*) git merge-base --is-ancestor "$1" "$2" || {
		echo "$BRANCH goes on from $1 only: no forced push" >&2
		return 1
	} ;;
	esac
}

# For each line of the input: the branch's old commit, the new one, its name.
status=0
while read -r old commit ref; do
	[ "$ref" = "refs/heads/$BRANCH" ] || continue
	case ${0##*/}:$commit in
	pre-receive:*[!0]*) goes_on "$old" "$commit" && propose "$commit" ;;
	pre-receive:*)
		echo "$BRANCH is what the host runs; it cannot be deleted" >&2
		false ;;
	post-receive:*) pipeline deploy "$SPECS_DIR" "$commit" ;;
	*) echo "call this pre-receive or post-receive" >&2; exit 64 ;;
	esac || status=$?
done
exit $status
