#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The manual pages know the commands and options that the program has, no more
# and no less, and their tables are those of the sources.
. tests/lib.sh

page=$TOP/docs/jailagent.8

# Options of help texts, a line each: those in the usage line, of which [-cmr]
# is three, and those at the beginning of a line.
help_options() { # [COMMAND]
	"$JAILAGENT" ${1:+"$1"} --help | awk -v command="${1:-jailagent}" '
	function words(text) {
		while (match(text, /(^|[[ |])--?[A-Za-z][A-Za-z-]*/)) {
			word = substr(text, RSTART, RLENGTH)
			sub(/^[[ |]/, "", word)
			text = substr(text, RSTART + RLENGTH)
			if (word ~ /^--/)
				print word
			else for (i = 2; i <= length(word); i++)
				print "-" substr(word, i, 1)
		}
	}
	NR == 1 { sub("^.* " command, ""); words($0) }
	/^  -/ { sub(/^  /, ""); sub(/  .*/, ""); words($0) }' | sort -u
}

# part HEADING: a section or subsection of the page.
part() {
	awk -v heading="$1" '
	$1 == ".Ss" || $1 == ".Sh" {
		sub(/^....[ ]*/, "")
		inside = $0 == heading
		next
	}
	inside' "$page"
}

# Options in mdoc lines: those of Fl, and with it the words that follow up to
# another macro.
mdoc_options() {
	awk '{
		fl = 0
		for (i = 2; i <= NF; i++) {
			if ($i == "Fl" && $(i + 1) == "Fl") {
				print "--" $(i + 2)
				i += 2
				fl = 0
			} else if ($i == "Fl") {
				fl = 1
			} else if ($i ~ /^[A-Z][a-z]$/ || $i == "|") {
				fl = 0
			} else if (fl && $i != ",") {
				for (j = 1; j <= length($i); j++)
					print "-" substr($i, j, 1)
			}
		}
	}' | sort -u
}

listed() { # HEADING: with an explanation
	part "$1" | grep '^\.It.* Fl ' | mdoc_options
}

in_synopsis() { # HEADING: before the first paragraph
	part "$1" | sed '/^\.Pp/q' | mdoc_options
}

commands=$("$JAILAGENT" --help |
    sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
described=$(awk '
	$1 == ".Sh" { inside = $2 == "COMMANDS" }
	inside && $1 == ".Ss" && $2 != "Letters" { print $2 }' "$page")
check "the page has the commands of --help, in that order" \
    same "$commands" "$described"
check "the page explains the options of --help" \
    same "$(help_options)" "$(listed OPTIONS)"
for c in $commands; do
	options=$(help_options "$c")
	check "the page explains the options of $c" \
	    same "$options" "$(listed "$c")"
	check "the page has the usage of $c" \
	    same "$options" "$(in_synopsis "$c")"
	check "$c refuses what it does not know" \
	    expect_status 64 "$JAILAGENT" "$c" --no-such-option
done

states=$(sed -n 's/^	\[STATE_[A-Z]*\] = "\([a-z]*\)",/\1/p' \
    "$TOP/agent/reconcile/jail_state.c" | sort)
check "the page explains the states" same "$states" "$(part STATES |
    sed -n -e 's/^\.It \([a-z]*\)$/\1/p' -e 's/^\.Em \(quarantined\)$/\1/p' |
    sort)"
check "the tables of jailagent.yaml(5) are up to date (make docs)" \
    sh docs/tables.sh check "$BUILD"

# Whole specs in the page, a file each.
mkdir "$work/specs"
awk -v dir="$work/specs" '
/^\.Ed/ { file = "" }
begins && /^name:/ { file = dir "/" ++n ".yaml" }
file != "" { gsub(/\\e/, "\\"); print > file }
{ begins = /^\.Bd -literal/ }' docs/jailagent.yaml.5
check "the page has whole specs" test -e "$work/specs/5.yaml"
for f in "$work/specs"/*.yaml; do
	check "the spec is valid: $(sed -n 's/^name: //p' "$f" | tr '\n' ' ')" \
	    expect_status 0 "$JAILAGENT" check "$f"
done
for f in examples/*; do
	check "$f is valid" expect_status 0 "$JAILAGENT" check "$f"
done
