#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Replays recorded jail(8): see lifecycle.h.  Needs root on Linux; BUILD is
# where the programs are (build; `make tests' makes them).
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd -P)
here=$top/tests/lifecycle
case ${BUILD:=build} in
/*) ;;
*) BUILD=$top/$BUILD ;;
esac
export BUILD

# In the namespaces, as process 1; $world is the directory for everything.
inside() {
	mount -t tmpfs -o mode=755 world "$world"
	mkdir "$world/bin" "$world/home" "$world/tools" "$world/run"
	mount --bind "$world/run" /run
	cp "$(command -v busybox)" "$world/busybox"
	cp "$BUILD/tests/helper/inside/note" "$world/inside-note"
	for t in "$here"/tools/*; do
		sed "s,@WORLD@,$world,g; s,@BUILD@,$BUILD,g;
		    s,@PIDNS@,$(readlink /proc/self/ns/pid)," "$t" \
		    > "$world/tools/${t##*/}"
		chmod 755 "$world/tools/${t##*/}"
	done
	cp -a /etc "$world/etc"
	printf '%s\n' root:x:0:0:root:/root:/bin/sh \
	    nobody:x:65534:65534:nobody:/:/bin/sh \
	    "op:x:1001:1001:op:$world/home:/bin/sh" \
	    "app:x:1100:1100:app:$world/home:/bin/sh" > "$world/etc/passwd"
	printf '%s\n' wheel:x:0:root staff:x:20:op op:x:1001: app:x:1100: \
	    nobody:x:65534: > "$world/etc/group"
	printf '%s web.test.example\n' 10.9.0.1 10.9.0.2 > "$world/etc/hosts"
	echo 'hosts: files' > "$world/etc/nsswitch.conf"
	mount --bind "$world/etc" /etc
	# Cleaned environments have /bin and /usr/bin as PATH: the tools have
	# to be there, before what the host has.
	dir=$(readlink -f /bin)
	mount --bind "$dir" "$world/bin"
	mount -t tmpfs -o mode=755 bin "$dir"
	"$world/bin/ln" -s "$world"/bin/* "$dir"
	ln -sf "$world"/tools/* "$dir"
	exec "$BUILD/lifecycle" "$@"
}

if [ "${1:-}" = --inside ]; then
	world=$2
	shift 2
	inside "$@"
fi

verbose=
differences=$here/differences.txt
while getopts vx: option; do
	case $option in
	v) verbose=-v ;;
	x) differences=$OPTARG ;;
	*) exit 64 ;;
	esac
done
shift $((OPTIND - 1))
. "$top/tests/jails.sh"
world=$(mktemp -d "${TMPDIR:-/tmp}/jailagent-life.XXXXXX")
world=$(cd "$world" && pwd -P)
chmod 755 "$world"
trap 'rmdir "$world"; remove_cgroups "${world##*/}" || :' EXIT
# shellcheck disable=SC2086 # no word, if it is empty
unshare --mount --net --pid --ipc --fork --kill-child --mount-proc \
    --propagation private sh "$0" --inside "$world" $verbose \
    -x "$differences" "$world" "${VECTORS:-$top/tests/vectors/lifecycle.jsonl}" "$@"
