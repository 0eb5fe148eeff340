#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# conform notices one wrong answer, and an exception that is none.
. tests/lib.sh

vectors=$work/vectors.jsonl
grep '"EPERM"' tests/vectors/freebsd-15.1.jsonl | head -n 5 > "$vectors"
id=$(sed -n '3s/.*"id":"\([^"]*\)".*/\1/p' "$vectors")

conform() { # FILE WORDS...: with the rest as further options
	file=$1
	shift
	"$BUILD/conform" -k "model:$work/table" --generation 15 "$@" "$file"
}

check "good cases pass" expect_status 0 conform "$vectors"
check "they are counted" says '5 passed, 0 failed, 0 skipped'
sed '3s/"EPERM"/"EINVAL"/' "$vectors" > "$work/errno.jsonl"
check "another errno fails" expect_status 1 conform "$work/errno.jsonl"
check "one case is counted" says '4 passed, 1 failed, 0 skipped'
check "the case is named" says "FAIL $id step "

echo "$id a reason" > "$work/list"
check "an exception does not fail" expect_status 0 \
    conform "$work/errno.jsonl" -x "$work/list"
check "it is skipped with its reason" says "skip - $id: a reason"
check "an exception that passes fails" expect_status 1 \
    conform "$vectors" -x "$work/list"
echo "$id" > "$work/list"
check "an exception needs a reason" expect_status 64 \
    conform "$vectors" -x "$work/list"
head -n 1 "$vectors" | cut -c 1-100 > "$work/cut.jsonl"
check "a broken file is an error" expect_status 2 conform "$work/cut.jsonl"
