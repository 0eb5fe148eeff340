#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The fuzz targets keep their promises for what is in their corpora.
. tests/lib.sh
. tests/fuzz/seeds.sh

for program in "$BUILD"/tests/fuzz/fuzz_*; do
	name=${program##*/fuzz_}
	# shellcheck disable=SC2046 # the corpora are words
	check "target $name" "$program" $(seeds "$name")
done
