#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# `mount` and `mount.fstab` on Linux: made in the jail alone, changed while it
# runs, refused with the place of the mistake, never led out of the jail.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

root=$work/roots/web
little_root "$root"
ln -s busybox "$root/bin/stat"
mkdir -p "$work/src" "$work/src 2" "$root/mnt" "$root/data" "$root/t" \
    "$root/p" "$root/d" "$work/outside"
echo one > "$work/src/file"
echo two > "$work/src 2/file"
echo single > "$work/single"
: > "$root/single"
ln -s "$work/outside" "$root/out"
ln -s /mnt "$root/inner"
ln -s src "$work/link"

in_web() { ja exec web "$@"; }
blocked() { soon state_is web blocked && soon has web .reason "$1"; }
mounted() { # PLACE WORD: whether its options have that
	awk -v p="$1" '$5 == p { o = $6 "," $NF } END { print o }' \
	    "/proc/$(init_of web)/mountinfo" | tr , '\n' | grep -x -e "$2"
}
reads() { [ "$(in_web cat "$1" 2>&1)" = "$2" ]; }

agent_start --max-remove 50 --interval 1 > "$work/why"
put_spec web
check "a jail without" settled web
rm "$specs/web.yaml"
check "is gone" soon no_jail web
scene > "$work/before"
printf 'proc %s proc rw 0 0\n\n  # devices\ndevfs %s devfs rw\n' \
    "$root/p" "$root/d" > "$work/fstab"
put_spec web "mount:" \
    "  - $work/src $root/mnt nullfs ro 0 0" \
    "  - $work/src\\\\0402 $root//data/ bind rw,noexec  # a comment" \
    "  - tmpfs $root/t tmpfs rw,size=1m,mode=0750,nosuid" \
    "  - $work/single $root/single none bind,ro" \
    "mount.fstab: [$work/fstab]"
check "all is mounted" settled web
check "a directory" same one "$(in_web cat /mnt/file)"
check "one with a blank" same two "$(in_web cat /data/file)"
check "a file" same single "$(in_web cat /single)"
check_not "read only" in_web touch /mnt/new
check "or not" in_web touch /data/new
check "a tmpfs" same 750 "$(in_web stat -c %a /t)"
check "of its size" mounted /t size=1024k
check "the jail's processes" in_web ls /p/1
check_not "and no others" in_web ls "/p/$agent"
check "devices" in_web sh -c 'echo > /d/null'
check "options are kept" mounted /data noexec
check "no device works" mounted /data nodev
check "nothing on the host" same "" "$(mounts_below "$work")"
id=$(identity web)

# What changes is mounted and unmounted in the running jail.
put_spec web "mount:" \
    "  - $work/src $root/mnt nullfs ro" \
    "  - tmpfs $root/t tmpfs rw,size=1m,mode=0750,nosuid" \
    "  - $work/src\\\\040\\\\062 $root/p bind ro"
check "lines come" soon reads /p/file two
check "and go" same "" "$(in_web ls /data)"
check "the jail was not restarted" same "$id" "$(identity web)"

# What somebody unmounts is mounted again, without waiting for a rescan.
stop agent TERM
check "an agent that rescans seldom" agent_start --max-remove 50
check "the jail is as before" settled web
nsenter -t "$(init_of web)" -m /bin/busybox umount /mnt
check "what is unmounted comes back" soon reads /mnt/file one
check "the log says it" soon grep -q "web: updated.*mount differs" \
    "$work/agent.log"
check "the jail was not restarted" same "$id" "$(identity web)"
nsenter -t "$(init_of web)" -m /bin/busybox umount /p
check "whatever it was" soon reads /p/file two
stop agent TERM
check "an agent that rescans often" agent_start --max-remove 50 --interval 1

# What stays is below what changes: that takes a restart.
mkdir "$work/src/sub"
put_spec web "mount:" \
    "  - $work/src $root/mnt nullfs ro" \
    "  - $work/src\\\\040\\\\062 $root/mnt/./sub bind ro"
check "one below another" soon reads /mnt/sub/file two
check "there is nothing more to do" expect_status 0 ja plan "$specs"
check "is no restart yet" same "$id" "$(identity web)"
put_spec web "mount:" \
    "  - $work/src $root/mnt nullfs ro,nosuid" \
    "  - $work/src\\\\040\\\\062 $root/mnt/./sub bind ro"
restarted() { [ "$(identity web)" != "$id" ] && state_is web ready; }
check "the lower one changes: a restart" soon restarted
check "with both" reads /mnt/sub/file two
id=$(identity web)

# A file of lines, and a link to what is mounted, are looked at again.
echo "$work/link $root/mnt nullfs ro" > "$work/fstab"
put_spec web "mount.fstab: [$work/fstab]"
check "from a file" soon reads /mnt/file one
ln -sfn "src 2" "$work/link"
check "another place behind the link" soon reads /mnt/file two
echo "$work/link $root/data nullfs ro" > "$work/fstab"
check "another line in the file" soon reads /data/file two
check "without a restart" same "$id" "$(identity web)"

# Mistakes.
refused() { # WHY LINE
	put_spec web "mount: [\"$2\"]"
	check "refused: $1" blocked "$1"
}
refused "type ext4 is refused" "/dev/sda1 $root/mnt ext4 rw"
refused "type linsysfs is refused" "sys $root/mnt linsysfs rw"
refused "option bogus is not known" "$work/src $root/mnt nullfs ro,bogus"
refused "is not below the jail's path" "$work/src $work/outside nullfs ro"
refused "is the jail's own root" "$work/src $root nullfs ro"
refused "expected a number" "tmpfs $root/t tmpfs size=much"
printf 'tmpfs %s tmpfs\n\nsrc mnt\n' "$root/t" > "$work/fstab"
put_spec web "mount.fstab: [$work/fstab]"
check "the line of a file" blocked "$work/fstab:3: missing information"
echo "tmpfs $root/t tmpfs" > "$work/fstab"
chmod o+w "$work/fstab"
check "a file that others can write" blocked "can be written by everybody"
rm "$work/fstab"
check "no file" blocked "$work/fstab: No such file"
spec web 'mount: ["a b"]' > "$work/wrong.yaml"
place_is_said() {
	"$JAILAGENT" check "$work/wrong.yaml" 2>&1 |
	    grep "wrong.yaml:4:.*missing information"
}
check "check names the place" place_is_said

# Nothing leads out of the jail, and a failure leaves nothing.
rm "$specs/web.yaml"
check "it goes" soon no_jail web
fails_with() { # WHY LINE
	put_spec web "mount: [\"tmpfs $root/t tmpfs\", \"$2\"]"
	check "fails: $1" soon state_is web failed
	check "it says so" soon has web .reason "$1"
	rm "$specs/web.yaml"
	check "and it is gone" soon no_jail web
}
fails_with "/nowhere in the jail: No such file" \
    "$work/src $root/nowhere nullfs ro"
fails_with "symbolic link" "$work/src $root/out nullfs ro"
fails_with "symbolic link" "$work/src $root/inner/x nullfs ro"
fails_with "$work/none: No such file" "$work/none $root/mnt nullfs ro"
fails_with "kernel file system" "/proc $root/mnt nullfs ro"

# What the jail has from the beginning is mounted again, too.
fixed="mount.devfs: true
mount.fdescfs: true
mount.procfs: true"
put_spec web "$fixed"
check "devices and processes" settled web
id=$(identity web)
umount_in_web() {
	for place; do
		nsenter -t "$(init_of web)" -m /bin/busybox umount -l "$place"
	done
}
has_all() {
	in_web sh -c '[ -c /dev/null ] && [ -r /proc/1/stat ]' &&
	    mounted /dev/pts gid=5 && mounted /dev/shm rw && mounted /proc ro
}
lost() {
	umount_in_web "$@"
	soon has_all
}
stop agent TERM
check "an agent that rescans seldom" agent_start --max-remove 50
check "the jail is as before" settled web
check "processes come back" lost /proc
check "the log says which" soon grep -q "web: updated.*mount.procfs differs" \
    "$work/agent.log"
check "a part of the devices" lost /dev/pts
check "all of it" lost /dev /proc
check "all is well again" settled web
stop agent TERM
umount_in_web /dev
check "one that is gone is told" same false "$(ja list -j web mount.devfs)"
check "another is not" same true "$(ja list -j web mount.procfs)"
check "plan says that" expect_status 2 ja plan "$specs"
check "apply mounts it" ja apply "$specs"
check "as it was" has_all
check "the jail is the same" same "$id" "$(identity web)"
check "there is nothing more to do" expect_status 0 ja plan "$specs"
agent_start --max-remove 50 --interval 1 > "$work/why"
rm "$specs/web.yaml"
check "it goes" soon no_jail web
left() { scene > "$work/after"; diff "$work/before" "$work/after"; }
check "nothing is left" soon left
