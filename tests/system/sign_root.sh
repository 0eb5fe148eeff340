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

# A jail that runs has what the defaults say, but for what it tells itself.
def whole(jail, defaults):
    params = dict(defaults if jail["jid"] != 0 else {}, **jail["params"])
    return dict(jail, params=params)

def comment_of(name):
    return open(name + ".minisig").read().split("\n")[2]

previous, last = "0" * 64, 0
for name in glob.glob(sys.argv[1] + "/*.anchor"):
    raw = open(name, "rb").read()
    anchor = json.loads(raw)
    assert canonical(anchor) == raw, name + ": not canonical"
    previous, last = anchor["previous"], anchor["sequence"]
    assert name.endswith("/%08d.anchor" % last), name
    assert comment_of(name) == (
        "trusted comment: timestamp:%d seq:%d prev:%s host:%s"
        % (anchor["taken"], last, previous, anchor["host"])), name
names = sorted(glob.glob(sys.argv[1] + "/*.json"))
for number, name in enumerate(names, last + 1):
    raw = open(name, "rb").read()
    state = json.loads(raw)
    assert canonical(state) == raw, name + ": not canonical"
    assert "defaults" in state, name + ": no defaults"
    root = head([canonical(whole(j, state["defaults"]))
                 for j in state["jails"]]).hex()
    assert root == state["root"], name + ": root"
    assert state["previous"] == previous, name + ": previous"
    assert state["sequence"] == number, name + ": sequence"
    assert comment_of(name) == ("trusted comment: timestamp:%d seq:%d prev:%s host:%s"
        % (state["taken"], number, previous, state["host"])), name
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

mkdir "$work/kept"
"$BUILD/tests/helper/sign" "$work/kept" "$work/key" "$work/key.pub" 9 3 4 \
    > /dev/null
check "a chain of which the oldest were dropped" \
    expect_status 0 python3 "$work/root.py" "$work/kept"
check "of the snapshots that are left" says 4
check "verifies" expect_status 0 "$JAILAGENT" snapshot verify \
    --pub "$work/key.pub" "$work/kept"
if command -v minisign > /dev/null; then
	check "minisign accepts the anchor" minisign -V -p "$work/key.pub" \
	    -m "$work/kept/00000005.anchor"
else
	skip "minisign accepts the anchor" "minisign is not installed"
fi
