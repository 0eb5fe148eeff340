#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# From a bare Debian 12 to a running demonstration or a complete check:
#
#	sh setup.sh demo	builds, then shows jails that follow their files
#	sh setup.sh check	builds in every way and runs all tests
#
# Run as root.  Installs the Debian packages that are missing and asks nothing;
# what is built goes to build/ in the source.
set -eu

usage() {
	cat >&2 << 'EOF'
usage: sh setup.sh demo     install what is missing, build, demonstrate (20 s)
       sh setup.sh check    install what is missing, build, run all tests
EOF
	exit 64
}

BUILD_PACKAGES="gcc libc6-dev make pkg-config libyaml-dev libsodium-dev
    liblmdb-dev libevent-dev libjansson-dev libseccomp-dev libcap-dev
    libmnl-dev zlib1g-dev"
DEMO_PACKAGES="busybox-static minisign"
CHECK_PACKAGES="bmake bzip2 clang codespell git iproute2 jq libcmocka-dev mandoc
    procps python3 python3-jsonschema python3-venv python3-yaml rsync
    shellcheck strace universal-ctags"

TOP=$(cd "$(dirname "$0")" && pwd -P)
cd "$TOP"
LOG=
trap '[ -z "$LOG" ] || rm -f "$LOG"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say() {
	printf '==> %s\n' "$*"
}

fail() {
	printf 'setup.sh: %s\n' "$*" >&2
	exit 1
}

# quietly WHAT COMMAND...: shows the end of the output only if it fails.
quietly() {
	what=$1
	shift
	"$@" > "$LOG" 2>&1 < /dev/null && return 0
	status=$?
	tail -n 40 "$LOG" | sed 's/^/    | /' >&2
	fail "$what failed with status $status: $*"
}

missing_packages() {
	for p; do
		dpkg-query -W -f '${db:Status-Status}\n' "$p" 2> /dev/null |
		    grep -qx installed || printf '%s ' "$p"
	done
}

install_packages() {
	if ! command -v apt-get > /dev/null; then
		say "not a Debian system: what is needed is expected to be there"
		return 0
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	[ "$(id -u)" -eq 0 ] || fail "run as root to install: $missing"
	say "installing ${missing% }"
	export DEBIAN_FRONTEND=noninteractive
	quietly "reading the package lists" apt-get -q update
	# shellcheck disable=SC2086 # words are wanted
	quietly "installing packages" apt-get -q -y \
	    --no-install-recommends install $missing
}

build() {
	say "building"
	quietly "building" make -j "$(getconf _NPROCESSORS_ONLN)"
	give_back
}

# What root built in somebody else's checkout belongs to that user.
give_back() {
	[ "$(id -u)" -ne 0 ] || chown -R --reference="$TOP" build
}

[ $# -eq 1 ] || usage
case $1 in
demo | check) ;;
*) usage ;;
esac
[ "$(id -u)" -eq 0 ] || fail "run as root: sudo sh setup.sh $1"
[ -e /proc/self/stat ] || fail "/proc is needed: mount -t proc proc /proc"
LOG=$(mktemp "${TMPDIR:-/tmp}/jailagent-setup.XXXXXX")

case $1 in
demo)
	# shellcheck disable=SC2086 # words are wanted
	install_packages $BUILD_PACKAGES $DEMO_PACKAGES
	build
	sh tests/demo/demo.sh
	;;
check)
	# shellcheck disable=SC2086 # words are wanted
	install_packages $BUILD_PACKAGES $DEMO_PACKAGES $CHECK_PACKAGES
	status=0
	sh tests/check.sh || status=$?
	give_back
	exit $status
	;;
esac
