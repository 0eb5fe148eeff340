#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Shows that each rule about source text finds what it is for: makes a small
# clean tree, on which no rule may complain, then plants one violation after
# the other.
set -u

LINT=$(cd "$(dirname "$0")" && pwd -P) || exit 1
tree=$(mktemp -d "${TMPDIR:-/tmp}/jailagent-lint.XXXXXX") || exit 1
trap 'rm -rf "$tree"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
failed=0
spdx='/* SPDX-License-Identifier: BSD-2-Clause */'

result() { # STATUS NAME
	if [ "$1" -eq 0 ]; then
		echo "ok - lint selftest: $2"
	else
		echo "not ok - lint selftest: $2"
		failed=1
	fi
}

lint() {
	LINT_TREE=$tree sh "$LINT/lint.sh" "$@"
}

clean_tree() {
	rm -rf "$tree"
	mkdir -p "$tree/kernel/linux" "$tree/specs" "$tree/agent"
	echo '# SPDX-License-Identifier: BSD-2-Clause' > "$tree/Makefile"
	for h in kernel/jail kernel/linux/own specs/spec agent/plan; do
		echo "$spdx" > "$tree/$h.h"
	done
	cat > "$tree/agent/plan.c" << EOF
$spdx
/* unshare() and setns() are only mentioned: "TO""DO" is not here. */
#include "kernel/jail.h"
#include "plan.h"
#include "specs/spec.h"
int f(const char *s);
int
f(const char *s)
{
	return k->mount(s, "strcpy(a, b)") + open(s, O_RDONLY |
	    O_CLOEXEC);
}
EOF
}

# plants RULE FILE LINE: one more line makes the rule complain about FILE.
plants() {
	clean_tree
	mkdir -p "$tree/$(dirname "$2")"
	[ -e "$tree/$2" ] || echo "$spdx" > "$tree/$2"
	printf '%b\n' "$3" >> "$tree/$2"
	lint "$1" 2>&1 | grep -q "^# $2" &&
	    ! lint "$1" > /dev/null 2>&1
	result $? "$1 finds a planted line in $2 ($(printf %b "$3" |
	    tr -s '\n\t' '  ' | cut -c 1-40))"
}

text_rules="dependencies os_conditions system_calls unsafe_calls
    close_on_exec file_length line_length blanks licence unfinished"

clean_tree
# shellcheck disable=SC2086 # words are wanted
out=$(lint $text_rules) || echo "$out"
result "$(echo "$out" | grep -c '^not ok')" "nothing in a clean tree"

plants dependencies kernel/a.c '#include "specs/spec.h"'
plants dependencies kernel/linux/a.c '#include "../../specs/spec.h"'
plants dependencies specs/a.c '#include "../agent/plan.h"'
plants dependencies agent/a.c '#include "kernel/linux/own.h"'
plants dependencies specs/a.c '#include "jailconf/jailconf.h"'
plants dependencies specs/jailconf/a.c '#include "agent/plan.h"'
plants dependencies specs/jailconf/a.c '#include <glob.h>'
plants dependencies agent/sign/a.c '#include "agent/read/b.h"'
plants dependencies agent/daemon/a.c '#include "agent/command/b.h"'
plants os_conditions agent/a.c '#ifdef __linux__'
plants os_conditions kernel/a.h '#elif defined(__FreeBSD__)'
plants system_calls agent/a.c '\tif (unshare(CLONE_NEWNS) != 0)'
plants system_calls specs/a.c '\treturn setns (fd, 0);'
plants unsafe_calls kernel/a.c '\tstrcpy(to, from);'
plants close_on_exec agent/a.c '\tfd = open(path,\n\t    O_RDONLY);'
plants close_on_exec agent/a.c '\tn = dup(fd);'
plants file_length specs/a.c "$(printf '\\n%.0s' $(seq 600))"
plants file_length specs/a.h "$(printf '\\n%.0s' $(seq 200))"
plants line_length agent/a.c "$(printf '\\tx%.0s' $(seq 13))"
plants blanks agent/a.c 'int a; '
plants unfinished docs/a.md '[TO''DO] later'

clean_tree
echo 'int a;' > "$tree/agent/a.c"
! lint licence > /dev/null 2>&1
result $? "licence finds a file without one"

if ctags --version 2>/dev/null | grep -q Universal; then
	plants function_length agent/a.c \
	    "int\ng(void)\n{\n$(printf '\\n%.0s' $(seq 80))}"
fi

if command -v cc > /dev/null && command -v objdump > /dev/null; then
	clean_tree
	mkdir -p "$tree/build/obj/specs"
	echo 'static const char *const fine[] = {"a"}; static int counter[2];
	    const void *f(int); const void *f(int i) {
	    static long last; return i ? fine : (void *)&counter[last++]; }' \
	    > "$tree/specs/a.c"
	cc -fPIE -c -o "$tree/build/obj/specs/a.o" "$tree/specs/a.c"
	out=$(BUILD=build lint globals)
	[ "$(echo "$out" | grep -c 'specs/a.c: \(counter\|last\) is a')" = 2 ] &&
	    [ "$(echo "$out" | wc -l)" = 3 ]
	result $? "globals finds static variables and nothing else"
fi
exit $failed
