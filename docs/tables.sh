#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The tables in jailagent.yaml(5) come from kernel/params.def and
# specs/settings.c: usage: tables.sh update|check BUILD
#
# "update" writes what BUILD/tests/helper/manual prints between the comments
# '.\" begin NAME' and '.\" end NAME' of the page; "check" only tells, by its
# exit status and a diff, whether that would change anything.
set -eu

page=$(cd "$(dirname "$0")" && pwd -P)/jailagent.yaml.5
manual=$2/tests/helper/manual
new=$(mktemp -d "${TMPDIR:-/tmp}/jailagent-tables.XXXXXX")
trap 'rm -rf "$new"' EXIT

for table in params settings; do
	"$manual" $table > "$new/$table"
done
awk -v dir="$new" '
$1 == ".\\\"" && $2 == "begin" {
	print
	while ((getline line < (dir "/" $3)) > 0)
		print line
	skipping = 1
}
$1 == ".\\\"" && $2 == "end" { skipping = 0 }
!skipping { print }' "$page" > "$new/page"

case $1 in
check)
	diff "$page" "$new/page"
	;;
update)
	cmp -s "$page" "$new/page" || cat "$new/page" > "$page"
	;;
*)
	echo "usage: tables.sh update|check BUILD" >&2
	exit 64
	;;
esac
