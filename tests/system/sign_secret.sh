#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Where the secret key is while an agent signs with it: once, in memory of the
# signer that is locked, cannot be written, and is in no core dump.
# needs: root jq python3 prlimit
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
mkdir -p "$work/roots/web"
put_spec web
check "an agent" agent_start
check "makes a jail" settled
check "and signs" soon are_signed 1
agent=$("$JAILAGENT" -s "$state" status --json | jq .agent.pid)
helpers=$(cat "/proc/$agent/task/$agent/children")
signer=
for p in $helpers; do
	[ "$(cat "/proc/$p/comm")" != signer ] || signer=$p
done

# Prints where in the memory of processes the seed is, or its text.
cat > "$work/find.py" <<'PY'
import base64, re, sys
text = open(sys.argv[1]).read().split("\n")[1]
for pid in sys.argv[2:]:
    memory = open("/proc/%s/mem" % pid, "rb", 0)
    for line in open("/proc/%s/smaps" % pid):
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ", line)
        if head:
            where, data = head.group(3), b""
            begin, end = (int(head.group(n), 16) for n in (1, 2))
            if "r" in where:
                try:
                    memory.seek(begin)
                    data = memory.read(end - begin)
                except (OSError, OverflowError):
                    pass
            found = data.count(base64.b64decode(text)[62:94]) \
                + data.count(text[80:120].encode())
        elif line.startswith("VmFlags:") and found:
            flags = line.split()[1:]
            print(pid, found, where, "lo" in flags, "dd" in flags)
PY
what="the secret is once, locked, read-only, not to be dumped"
if sanitized; then
	skip "$what" "AddressSanitizer locks no memory"
else
	check "$what" same "$signer 1 r--p True True" \
	    "$(python3 "$work/find.py" "$state/key" "$agent" $helpers)"
fi

sleep 100 &
other=$!
echo "sleeper $other" >> "$work/pids"
dumps() { # PID: whether it leaves a core where it is
	prlimit --pid "$1" --core=unlimited
	_in=$(readlink "/proc/$1/cwd")
	: > "$work/now"
	sleep 0.1
	kill -ABRT "$1"
	wait_until 10 fails alive "$1"
	_core=$(find "$_in" -maxdepth 1 -name "core*" -newer "$work/now")
	rm -f "$_core"
	test -n "$_core"
}
case $(cat /proc/sys/kernel/core_pattern) in
core*)	dumps "$other" ;;
*)	false ;;
esac && check "the signer leaves no core" fails dumps "$signer" || {
	skip "the signer leaves no core" "this host keeps no cores in files"
	kill -KILL "$signer"
}
check "without it the agent says that nothing is signed" grep -q \
    "the signer ended" "$work/agent.log"
put_spec web "host.hostname: two"
check "and goes on" soon is web .last_change.action modify
next=$(helper_named signer)
check_not "another one is there" same "$signer" "${next:-$signer}"
# shellcheck disable=SC2046 # words are wanted
sanitized || check "which holds the secret as the first one did" same \
    "$next 1 r--p True True" \
    "$(python3 "$work/find.py" "$state/key" "$agent" $(helpers))"
