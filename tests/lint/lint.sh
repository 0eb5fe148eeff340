#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Checks what the compilers do not: usage: tests/lint/lint.sh [RULE...]
#
# One line a rule, "ok - lint RULE" or "not ok - lint RULE" with the findings
# below it.  Exit status 1 if there are any.  The rules are in rules.sh (text)
# and tools.sh (programs that have to be installed); selftest.sh shows that
# they find what they are for.
set -u

LINT=$(cd "$(dirname "$0")" && pwd -P) || exit 1
# shellcheck source=tests/lint/rules.sh
. "$LINT/rules.sh"
# shellcheck source=tests/lint/tools.sh
. "$LINT/tools.sh"
cd "${LINT_TREE:-$LINT/../..}" || exit 1
BUILD=${BUILD:-build}

RULES="dependencies os_conditions system_calls unsafe_calls close_on_exec
    function_length file_length line_length blanks licence unfinished
    globals manuals spelling shell"

found=0
# shellcheck disable=SC2086 # words are wanted
[ $# -gt 0 ] || set -- $RULES
for rule; do
	text=$("rule_$rule" 2>&1)
	status=$?
	if [ $status -eq 77 ]; then
		echo "skip - lint $rule: $text"
	elif [ -n "$text" ] || [ $status -ne 0 ]; then
		found=1
		echo "not ok - lint $rule"
		echo "$text" | sed 's/^/# /'
	else
		echo "ok - lint $rule"
	fi
done
exit $found
