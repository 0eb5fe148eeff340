# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# seeds NAME: the files and directories that a target starts with.
seeds() {
	echo "tests/fuzz/corpus/$1"
	case $1 in
	yaml) echo tests/golden/specs examples ;;
	esac
}
