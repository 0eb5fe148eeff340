#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Root in a jail cannot reach the host's files, by any of the known ways out,
# nor change the host.
# needs: root busybox jq
. tests/lib.sh
. tests/agent.sh

escape=$BUILD/tests/helper/inside/escape
little_root "$work/roots/cell"
cp "$escape" "$work/roots/cell/bin/escape"
ln -s busybox "$work/roots/cell/bin/chmod"
ln -s busybox "$work/roots/cell/bin/stat"
mkdir "$work/private"
echo "the host's" > "$work/private/mark"
mark=$work/private/mark

# Each way has to find the mark where it is in reach: outside of the jail.
check "the mark is found where it can be" expect_status 1 \
    "$escape" dotdot "$mark"

put_spec cell "host.hostname: cell" "mount.procfs: true" \
    'exec.start: ["/bin/sleep 1000 &"]'
check "the agent starts" agent_start
check "the jail runs" settled cell

for way in dotdot descriptor proc chroot umount handle namespace device \
    rights; do
	check "no way out: $way" inside cell escape $way "$mark"
done

# A descriptor that the caller has open, as its input and beside it.
with_descriptors() {
	inside cell escape descriptor "$mark" 7< / 8< "$work/private" "$@"
}
check "a caller's other descriptors are not handed in" with_descriptors
directory_as_input() {
	expect_status 1 ja exec cell escape descriptor "$mark" < "$1" &&
	    says "is a directory of the host"
}
check "a directory as standard input is refused" directory_as_input /
check "also one that is inside" directory_as_input "$work/roots/cell"

# Paths in the jail that lead to what is open while a program is started.
at_no_descriptor() {
	for _n in $(seq 3 24); do
		ln -sfn "/proc/self/fd/$_n" "$work/roots/cell/work"
		ja exec -d /work cell sh -c 'pwd -P; ls -la' > "$work/out" \
		    2>&1 || continue
		echo "descriptor $_n could be entered:"
		cat "$work/out"
		return 1
	done
}
check "nothing of the host is open when the directory is entered" \
    at_no_descriptor

# Nor is /dev/null the host's, which root inside could chmod.
inode_of_input() {
	ja exec cell stat -L -c %d:%i /proc/self/fd/0 < /dev/null > "$work/out"
}
check "the input of a program in a jail can be told" inode_of_input
check_not "it is not the host's /dev/null" \
    same "$(stat -c %d:%i /dev/null)" "$(cat "$work/out")"
check_not "its mode cannot be changed" \
    inside cell chmod 666 /proc/self/fd/0 < /dev/null

# A link to the program that starts programs leads to the jail's init, which
# ends at the end of its input, and to no file of the host: that could not even
# be loaded here.
ln -s /proc/self/exe "$work/roots/cell/bin/self"
own_program() {
	expect_status 0 ja exec cell self < /dev/null
}
check "no program of the host can be run inside" own_program

# From a hook as well: it runs in the jail as commands do.
put_spec cell "host.hostname: cell" "mount.procfs: true" \
    'exec.start: ["/bin/sleep 1000 &", "/bin/escape descriptor '"$mark"'", "/bin/escape dotdot '"$mark"'"]'
check "nor from a hook" settled cell

# A link in the root that points out of it leads nowhere else than inside.
ln -s "$work/private" "$work/roots/cell/out"
ln -s ../../../../../.. "$work/roots/cell/up"
check "a link to a path of the host leads nowhere" fails \
    inside cell cat /out/mark
check "nor one with .." fails inside cell cat "/up$mark"

before=$(identity cell)
check "no process of the host can be signalled" inside cell sh -c "
	! kill -0 $$ 2> /dev/null && ! kill -0 $agent 2> /dev/null"
check "nor the jail's first process be killed from inside" inside cell \
	sh -c 'kill -KILL 1; kill -TERM 1; kill -34 1; kill -35 1; kill -64 1; true'
check "it still runs" same "$before" "$(identity cell)"

# A jail's processes replace a directory on the way to another jail's root.
little_root "$work/roots/pa"
little_root "$work/roots/pa/b"
cat > "$work/specs/pa.yaml" <<END
name: pa
path: $work/roots/pa
persist: true
children.max: 2
END
cat > "$work/specs/pa.kid.yaml" <<END
name: pa.kid
path: $work/roots/pa/b
persist: true
exec.consolelog: $work/roots/pa/b/var/kid.log
exec.stop: echo kid stops
END
check "a jail in a jail runs" settled pa pa.kid
kid=$(identity pa.kid)
check "the outer one redirects its path" inside pa sh -c \
    "mv /b /b2 && ln -s '$work/private' /b"
echo 'host.hostname: other' >> "$work/specs/pa.kid.yaml"
blocked() {
	wait_until 10 sh -c "$JAILAGENT -k '$kernel' -s '$state' status pa.kid |
	    grep -q '/b is a symbolic link below the root of jail pa'"
}
check "that is said, and nothing else is done" blocked
check "the inner one still runs where it was" same "$kid" "$(identity pa.kid)"

# It is stopped all the same, and what it says goes to no file of the host.
mkdir "$work/private/var"
rm "$specs/pa.kid.yaml"
check "the inner one can be removed" soon no_jail pa.kid
check "its log is not written where the outer one wants it" \
    test ! -e "$work/private/var/kid.log"

# Nor can processes keep their jail from being stopped.
put_spec cell "exec.consolelog: $work/roots/cell/var/log" \
    'exec.start: ["/bin/sleep 1000 &"]' 'exec.stop: ["echo cell stops"]'
check "a jail with a log inside runs" settled cell
check "its log becomes a directory" inside cell sh -c \
    'rm -f /var/log && mkdir /var/log'
before=$(identity cell)
put_spec cell 'exec.start: ["/bin/sleep 2000 &"]'
check "it is restarted nevertheless" settled cell
check_not "as another one" same "$before" "$(identity cell)"
check "its last words are where the agent keeps them" grep -q -x \
    "cell stops" "$run_dir/console/cell.log"
check "after the reason" grep -q "exec.consolelog: .*: Is a directory" \
    "$run_dir/console/cell.log"
