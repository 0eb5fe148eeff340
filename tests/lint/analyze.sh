#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Static analysis: usage: analyze.sh CC SOURCE... -- FLAG...
# Called by `make analyze` with the build's compiler and flags.  Advice:
# analysers are sometimes wrong, so nothing depends on it.
set -u

have() {
	command -v "$1" > /dev/null && return 0
	echo "$1 is not installed: left out"
	return 1
}

# Left out: what forbids snprintf and memcpy, and what clang 14 gets wrong.
checks="-*,bugprone-*,clang-analyzer-*,cert-err34-c"
for c in bugprone-easily-swappable-parameters \
    bugprone-assignment-in-if-condition bugprone-macro-parentheses \
    bugprone-implicit-widening-of-multiplication-result \
    clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling \
    clang-analyzer-valist.Uninitialized; do
	checks="$checks,-$c"
done

cc=$1
shift
sources=
while [ "$1" != -- ]; do
	sources="$sources $1"
	shift
done
shift

for f in $sources; do
	"$cc" "$@" -Wno-error -fanalyzer -c -o /dev/null "$f"
done
if have clang-tidy; then
	# shellcheck disable=SC2086 # words are wanted
	clang-tidy --quiet --checks="$checks" $sources -- "$@"
fi
if have cppcheck; then
	# shellcheck disable=SC2086 # words are wanted
	cppcheck --quiet --enable=warning,performance,portability \
	    --inline-suppr -I. $sources
fi
