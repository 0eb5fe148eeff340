#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every way of writing a file ends in the right state, and none restarts a jail.
# needs: git jq rsync tar
# timeout: 300
. tests/lib.sh
. tests/agent.sh
. tests/matrix.sh

matrix_begin -cmr
matrix_all
many_at_once 10000
