#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Static analysis, called by `make analyze` with the sources; CC and FLAGS are
# the build's.  Advice: analysers are sometimes wrong, so nothing depends on it.
set -u

have() {
	command -v "$1" > /dev/null && return 0
	echo "$1 is not installed: left out"
	return 1
}

checks="bugprone-*,-bugprone-easily-swappable-parameters"
checks="$checks,-bugprone-assignment-in-if-condition,clang-analyzer-*"
checks="$checks,cert-err33-c,cert-err34-c"

for f; do
	# shellcheck disable=SC2086 # words are wanted
	"${CC:-gcc}" $FLAGS -Wno-error -fanalyzer -c -o /dev/null "$f"
done
if have clang-tidy; then
	# shellcheck disable=SC2086 # words are wanted
	clang-tidy --quiet --checks="-*,$checks" "$@" -- $FLAGS
fi
if have cppcheck; then
	cppcheck --quiet --enable=warning,performance,portability \
	    --inline-suppr -I. "$@"
fi
