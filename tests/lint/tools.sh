# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# The rules that need a program which is not on every system, or objects.

installed() {
	command -v "$1" > /dev/null && return 0
	echo "$1 is not installed"
	return 77
}

# No mutable global state outside agent/command/main.c: nothing in .data or .bss of the
# program's objects, except what globals.allow names with its reason.
# (.data.rel.ro holds constants with addresses in them.)
rule_globals() {
	installed objdump || return
	objects=$(find "$BUILD/obj/kernel" "$BUILD/obj/specs" \
	    "$BUILD/obj/agent" -name '*.o' 2>/dev/null | sort)
	if [ -z "$objects" ]; then
		echo "no objects in $BUILD/obj: make was not run"
		return 77
	fi
	for o in $objects; do
		f=${o#"$BUILD"/obj/}
		f=${f%.o}.c
		if [ "$f" = agent/command/main.c ] || [ ! -e "$f" ]; then
			continue
		fi
		objdump -t "$o" | file=$f awk '
		$4 ~ /^(\.t?(data|bss)|\*COM\*)/ && $4 !~ /rel\.ro/ &&
		    $3 == "O" || $3 ~ /^(\.t?(data|bss)|\*COM\*)/ &&
		    $3 !~ /rel\.ro/ && $2 == "O" {
			sub(/\.[0-9]+$/, "", $NF)
			print ENVIRON["file"] ": " $NF
		}'
	done | grep -v -x -F "$(sed -n 's/^\([^#: ]*: [^ ]*\) .*/\1/p' \
	    "$LINT/globals.allow")" | sed 's/$/ is a mutable global/'
	return 0
}

rule_manuals() {
	installed mandoc || return
	for f in docs/*.[158]; do
		[ -e "$f" ] && mandoc -T lint -W warning "$f"
	done
	return 0
}

rule_spelling() {
	installed codespell || return
	text_files | grep -v '^tests/lint/spelling.allow$' |
	    xargs codespell -I "$LINT/spelling.allow"
	return 0
}

rule_shell() {
	installed shellcheck || return
	# shellcheck disable=SC2016 # expanded by the inner shell
	shell_files | xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 1 sh -c '
		case $1 in
		.ci/run) dialect=bash ;;
		*) dialect=sh ;;
		esac
		shellcheck -x -f gcc -S warning -s $dialect "$1"' sh
	return 0
}
