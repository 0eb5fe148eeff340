#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Keys and snapshots go back and forth between this program and stock minisign.
. tests/lib.sh

if ! command -v minisign > /dev/null; then
	skip "stock minisign" "minisign is not installed"
	exit 0
fi

sign=$BUILD/tests/helper/sign
flip=$BUILD/tests/helper/flip
s=$work/snapshots

ours() { minisign -Vm "$1" -p "$2"; }

# minisign 0.11 ignores the bits that base64 leaves over in the last character
# in front of "=", and a blank in the place of "=": such a change is none to it.
# To us it is.
only_spare_bits() {
	sed 's/.[= ]*$//' "$s/00000002.json.minisig" > "$work/a"
	sed 's/.[= ]*$//' "$1.minisig" > "$work/b"
	cmp -s "$work/a" "$work/b" && cmp -s "$s/00000002.json" "$1"
}

# Both programs look at one file; each has to refuse.
both_refuse() { # FILE KEY.pub
	if minisign -QVm "$1" -p "$2" > /dev/null 2>&1 &&
	    ! only_spare_bits "$1"; then
		echo "minisign accepts"
		return 1
	fi
	expect_status 1 "$JAILAGENT" snapshot verify --pub "$2" "$1"
}

refuse_changes() { # FIRST LAST: seeds; even ones change the signature
	seed=$1
	mkdir "$work/try"
	while [ "$seed" -le "$2" ]; do
		cp "$s/00000002.json" "$s/00000002.json.minisig" "$work/try"
		f=$work/try/00000002.json
		if [ $((seed % 2)) -eq 0 ]; then
			"$flip" "$f.minisig" "$seed" skip
		else
			"$flip" "$f" "$seed"
		fi > "$work/where" || return 1
		both_refuse "$f" "$work/key.pub" || {
			echo "seed $seed:"
			cat "$work/where"
			return 1
		}
		seed=$((seed + 1))
	done
}

# ---- our keys there ------------------------------------------------------

check "keygen" expect_status 0 "$JAILAGENT" keygen -k "$work/key"
check "keygen prints the key" says "$(sed -n 2p "$work/key.pub")"
check "keygen never replaces a key" \
    expect_status 1 "$JAILAGENT" keygen -k "$work/key"
check "keygen says which file is there" says "$work/key"
echo "some text" > "$work/text"
check "minisign signs with our key" \
    minisign -S -s "$work/key" -m "$work/text" -t "by minisign"
check "minisign verifies with our key" ours "$work/text" "$work/key.pub"
check "minisign makes our public key from the secret one" \
    minisign -R -s "$work/key" -p "$work/again.pub"
check "which is the same" same "$(sed -n 2p "$work/key.pub")" \
    "$(sed -n 2p "$work/again.pub")"

mkdir "$s"
check "the signer writes" "$sign" "$s" "$work/key" "$work/key.pub" 5 9
for f in "$s"/*.json; do
	check "minisign accepts ${f##*/}" ours "$f" "$work/key.pub"
done
check "so do we" expect_status 0 \
    "$JAILAGENT" snapshot verify --pub "$work/key.pub" "$s"
previous=$(minisign -QVm "$s/00000002.json" -p "$work/key.pub" |
    sed -n 's/^timestamp:1700000001 seq:2 prev:\([0-9a-f]*\) host:.*$/\1/p')
if command -v b2sum > /dev/null; then
	check "the trusted comment names the file before" same \
	    "$(b2sum -l 256 < "$s/00000001.json" | cut -d ' ' -f 1)" \
	    "$previous"
else
	skip "the trusted comment names the file before" "b2sum is missing"
fi

changes=1000
sanitized && changes=200 # the normal build does all
check "$changes changes are refused by both" refuse_changes 1 $changes

# ---- their keys here -----------------------------------------------------

mkdir "$work/theirs"
check "minisign makes a pair" \
    minisign -G -W -s "$work/stock" -p "$work/stock.pub"
check "the signer writes with it" \
    "$sign" "$work/theirs" "$work/stock" "$work/stock.pub" 2 3
check "minisign accepts that" \
    ours "$work/theirs/00000002.json" "$work/stock.pub"
comment=$(minisign -QVm "$work/theirs/00000001.json" -p "$work/stock.pub")
for how in "" -l; do
	# shellcheck disable=SC2086 # no argument when empty
	minisign -S $how -s "$work/stock" -m "$work/theirs/00000001.json" \
	    -t "$comment" > /dev/null
	check "a signature by minisign is accepted ${how:-(prehashed)}" \
	    expect_status 0 "$JAILAGENT" snapshot verify \
	    --pub "$work/stock.pub" "$work/theirs"
done
check "the public key may be given as text" expect_status 0 "$JAILAGENT" \
    snapshot verify --pub "$(sed -n 2p "$work/stock.pub")" "$work/theirs"

printf 'secret\nsecret\n' |
    minisign -G -s "$work/locked" -p "$work/locked.pub" > /dev/null 2>&1
mkdir "$work/none"
if [ -s "$work/locked" ]; then
	check "a key with a password is refused" expect_status 1 \
	    "$sign" "$work/none" "$work/locked" "$work/locked.pub" 1 1
	check "with the way out" says "minisign -C -W -s $work/locked"
	printf 'secret\n' | minisign -C -W -s "$work/locked" \
	    > /dev/null 2>&1
	check "which works" \
	    "$sign" "$work/none" "$work/locked" "$work/locked.pub" 1 1
else
	skip "a key with a password" "minisign takes none without a terminal"
fi
