#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Another language's standard library finds the same roots and the same chain.
. tests/lib.sh

if ! command -v python3 > /dev/null; then
	skip "roots by another implementation" "python3 is not installed"
	exit 0
fi

cat > "$work/root.py" <<'PY'
import glob, hashlib, json, sys

def sha(data):
    return hashlib.sha256(data).digest()

def canonical(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False,
                      separators=(",", ":")).encode()

def head(leaves):
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(b"\0" + leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b"\1" + head(leaves[:k]) + head(leaves[k:]))

previous = "0" * 64
names = sorted(glob.glob(sys.argv[1] + "/*.json"))
for number, name in enumerate(names, 1):
    raw = open(name, "rb").read()
    state = json.loads(raw)
    assert canonical(state) == raw, name + ": not canonical"
    root = head([canonical(j) for j in state["jails"]]).hex()
    assert root == state["root"], name + ": root"
    assert state["previous"] == previous, name + ": previous"
    assert state["sequence"] == number, name + ": sequence"
    comment = open(name + ".minisig").read().split("\n")[2]
    assert comment == ("trusted comment: timestamp:%d seq:%d prev:%s host:%s"
        % (state["taken"], number, previous, state["host"])), comment
    previous = hashlib.blake2b(raw, digest_size=32).hexdigest()
print(len(names))
PY

"$JAILAGENT" keygen -k "$work/key" > /dev/null
for jails in 0 1 2 3 7 8 33; do
	mkdir "$work/$jails"
	"$BUILD/tests/helper/sign" "$work/$jails" "$work/key" \
	    "$work/key.pub" 3 "$jails" > /dev/null
	check "roots and chain over $jails jails" \
	    expect_status 0 python3 "$work/root.py" "$work/$jails"
	check "of all snapshots" says 3
done
