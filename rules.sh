#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Writes BUILD/rules.mk: the make rules for the groups of sources given as NAME
# "FILES" pairs.  Called by the Makefile; BUILD is the output directory.  The
# file changes only when the groups do, because archives are made anew then: an
# object whose source is gone must not stay in them.  Also makes the header with
# the names of all parameters, in BUILD/made.
set -eu

objects() {
	for f in $1; do
		printf ' %s/obj/%s.o' "$BUILD" "${f%.c}"
	done
}

compile() {
	o=$BUILD/obj/${1%.c}
	printf '%s.o: %s\n\t@mkdir -p %s\n' "$o" "$1" "${o%/*}"
	printf '\t@echo "  cc    %s"\n' "$1"
	printf '\t${Q}${CC} ${ALL_CFLAGS} -MMD -MP -c -o $@ %s\n' "$1"
	printf -- '-include %s.d\n' "$o"
}

archive() {
	printf '%s/lib%s.a: %s/rules.mk%s\n\t@echo "  ar    $@"\n\t${Q}rm -f $@\n\t${Q}ar rcs $@%s\n' \
		"$BUILD" "$1" "$BUILD" "$(objects "$2")" "$(objects "$2")"
}

# Each test program is one source linked with the archives.
programs() {
	upper=$1
	list=
	for f in $2; do
		p=$BUILD/${f%.c}
		list="$list $p"
		printf '%s: %s/obj/%s.o ${LINK_JAILAGENT}\n' "$p" "$BUILD" "${f%.c}"
		printf '\t@mkdir -p %s\n' "${p%/*}"
		printf '\t@echo "  link  $@"\n'
		printf '\t${Q}${CC} ${ALL_LDFLAGS} -o $@ %s/obj/%s.o ' "$BUILD" "${f%.c}"
		printf '${LINK_JAILAGENT} ${PARTS_LIBS} ${CMOCKA_LIBS}\n'
	done
	printf '%s_PROGRAMS =%s\n' "$upper" "$list"
}

# Each fuzz_NAME.c is a target; FUZZ_MAIN brings the main().
fuzz_programs() {
	list=
	for f in $1; do
		case $f in
		*/fuzz_*.c) ;;
		*) continue ;;
		esac
		p=$BUILD/${f%.c}
		o=$BUILD/obj/${f%/*}
		list="$list $p"
		printf '%s: %s/obj/%s.o %s/broken.o %s/replay.o ${LINK_JAILAGENT}\n' \
			"$p" "$BUILD" "${f%.c}" "$o" "$o"
		printf '\t@mkdir -p %s\n' "${p%/*}"
		printf '\t@echo "  link  $@"\n'
		printf '\t${Q}${CC} ${ALL_LDFLAGS} -o $@ %s/obj/%s.o %s/broken.o ' \
			"$BUILD" "${f%.c}" "$o"
		printf '${FUZZ_MAIN} ${LINK_JAILAGENT} ${PARTS_LIBS}\n'
	done
	printf 'FUZZ_PROGRAMS =%s\n' "$list"
}

# Programs that run inside of a jail's root, where there may be no libc.
static_programs() {
	list=
	for f in $2; do
		p=$BUILD/${f%.c}
		list="$list $p"
		printf '%s: %s\n\t@mkdir -p %s\n' "$p" "$f" "${p%/*}"
		printf '\t@echo "  cc    $@"\n'
		printf '\t${Q}${CC} -std=c11 -O2 ${WARNINGS} ${DEFINES} '
		printf -- '-static -o $@ %s\n' "$f"
	done
	printf '%s_PROGRAMS =%s\n' "$1" "$list"
}

all_rules() {
	printf 'LINK_JAILAGENT = %s/libagent.a %s/libspecs.a %s/libkernel.a\n' \
		"$BUILD" "$BUILD" "$BUILD"
	while [ $# -ge 2 ]; do
		for f in $2; do
			compile "$f"
		done
		case $1 in
		main) printf 'MAIN_OBJ =%s\n' "$(objects "$2")" ;;
		lifecycle) printf 'LIFECYCLE_OBJ =%s\n' "$(objects "$2")" ;;
		conform) printf 'CONFORM_OBJ =%s\n' "$(objects "$2")" ;;
		unit) programs UNIT "$2" ;;
		helper) programs HELPER "$2" ;;
		bench) programs BENCH "$2" ;;
		fuzz) fuzz_programs "$2" ;;
		inside) static_programs INSIDE "$2" ;;
		*) archive "$1" "$2" ;;
		esac
		shift 2
	done
}

# replace FILE COMMAND...: FILE keeps its time when nothing is new.
replace() {
	file=$1
	shift
	"$@" > "$file.$$"
	if cmp -s "$file.$$" "$file"; then
		rm "$file.$$"
	else
		mv "$file.$$" "$file"
	fi
}

mkdir -p "$BUILD/made"
replace "$BUILD/made/param_names.h" \
    awk -f kernel/param_names.awk kernel/params.def
replace "$BUILD/rules.mk" all_rules "$@"
