# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# apart OPTION...: runs the test in namespaces of its own, options as unshare(1)
# has them.  Before all else, because what is made before is made on the host.
apart() {
	[ "${TEST_IS_APART:-}" = yes ] ||
	    TEST_IS_APART=yes exec unshare "$@" sh "$0"
}
