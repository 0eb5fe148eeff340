#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A file that nobody writes any more is used within 50 ms; `make bench` has the
# figures.
# needs: jq
. tests/lib.sh
. tests/agent.sh

kernel=trace:$work/trace:model:$work/table
mkdir -p "$work/roots/all"
check "the agent starts" agent_start
# The median: a busy host may take a moment longer for some.
check "files are used within 50 ms" "$BUILD/tests/helper/latency" \
    "$work/trace" "$specs" "$work/roots/all" 20 50
check "all of them" ja wait --timeout 10
