#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Specs in git, from a proposal to running jails.
#
#   pipeline.sh propose SPECS          in a merge request: check, and what would
#                                      change on the host, as text for a comment
#   pipeline.sh deploy REMOTE COMMIT   after the merge: push, and wait until the
#                                      host runs exactly this commit
#
# The host's directory of specs is a git work tree that takes pushes:
#
#   git init -b main /etc/jailagent/specs
#   git -C /etc/jailagent/specs config receive.denyCurrentBranch updateInstead
#
# Environment:
#   ON_HOST    how a command is run on the host (empty: here), such as
#              "ssh root@host.example.org"
#   JAILAGENT  the command (jailagent), with its options
#   SPECS_DIR  the directory on the host (/etc/jailagent/specs)
#   RECURSIVE  --recursive, when the host's agent runs with it (empty)
#   TIMEOUT    seconds to wait (300)
#   BRANCH     the branch that the host has checked out (main)
#
# Exit status: 0 well; 1 wrong specs, or a jail that failed; 2 no agent runs on
# the host; 3 a newer commit has taken the place of this one; 4 not done in
# time; 64 wrong usage.
set -u

JAILAGENT=${JAILAGENT:-jailagent}
ON_HOST=${ON_HOST:-}
SPECS_DIR=${SPECS_DIR:-/etc/jailagent/specs}
RECURSIVE=${RECURSIVE:-}
TIMEOUT=${TIMEOUT:-300}
BRANCH=${BRANCH:-main}

usage() {
	echo "usage: pipeline.sh propose SPECS | deploy REMOTE COMMIT" >&2
	exit 64
}

# shellcheck disable=SC2086 # words are wanted
agent() { $JAILAGENT "$@"; }
# shellcheck disable=SC2086
agent_on_host() { $ON_HOST $JAILAGENT "$@"; }

# The plan is made on the host, which knows its jails, from a copy.
propose() {
	# shellcheck disable=SC2086
	agent check $RECURSIVE "$1" || exit 1
	# Not a pipe: a plan of half of the specs would be a wrong one.
	archive=$(mktemp) || exit 1
	trap 'rm -f "$archive"' EXIT
	tar -C "$1" --exclude=.git -cf "$archive" . || exit 1
	# shellcheck disable=SC2086
	copy=$($ON_HOST mktemp -d) || exit 1
	# shellcheck disable=SC2086
	$ON_HOST tar -C "$copy" -xf - < "$archive" || {
		$ON_HOST rm -r "$copy"
		exit 1
	}
	# shellcheck disable=SC2086
	plan=$(agent_on_host plan --prune $RECURSIVE --as "$SPECS_DIR" \
	    "$copy" 2>&1)
	status=$?
	# shellcheck disable=SC2086
	$ON_HOST rm -r "$copy"
	# shellcheck disable=SC2016 # marks of Markdown
	case $status in
	0) echo "Nothing changes." ;;
	2) printf 'What merging this will do:\n\n```\n%s\n```\n' "$plan" ;;
	*) printf 'There is no plan:\n\n```\n%s\n```\n' "$plan"; exit 1 ;;
	esac
}

deploy() {
	# A name may mean another commit by the time that the host has it.
	commit=$(git rev-parse --quiet --verify "$2^{commit}") || {
		echo "$2: no such commit here" >&2
		exit 64
	}
	git push -q "$1" "$commit:refs/heads/$BRANCH" || exit 1
	agent_on_host wait --revision "$commit" --timeout "$TIMEOUT"
	case $? in
	0) echo "$commit runs." ;;
	3) echo "No agent runs on the host." >&2; exit 2 ;;
	4) echo "A newer commit has taken the place of $commit." >&2; exit 3 ;;
	124) echo "$commit does not run after $TIMEOUT s:" >&2
		agent_on_host status >&2; exit 4 ;;
	*) agent_on_host status >&2; exit 1 ;;
	esac
}

case "$#:${1:-}" in
2:propose) propose "$2" ;;
3:deploy) deploy "$2" "$3" ;;
*) usage ;;
esac
