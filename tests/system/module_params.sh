#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Parameters that only the running kernel has, here a model with the parameters
# of a made-up module: check warns, plan and apply use them; a kernel without
# them makes them unknown names.
. tests/lib.sh

mkdir -m 700 "$work/model" "$work/specs" "$work/root"
printf '# a module\nallow.mount.newfs\nnewmod.on\n' > "$work/model/params"
cat > "$work/specs/web.yaml" << X
name: web
path: $work/root
persist: true
allow.mount: {newfs: true}
newmod.on: false
X
agent() {
	"$JAILAGENT" -k "model:$work/model" -s "$work/state" "$@"
}
check "check takes them" expect_status 0 agent check "$work/specs"
check "and warns" \
    says "allow.mount.newfs is known to this host's kernel only"
check "print has them" expect_status 0 agent print "$work/specs"
check "by name" says "newmod.on: false"
check "apply sets them" expect_status 0 agent apply "$work/specs"
check "the kernel has them" expect_status 0 agent list -h name \
    allow.mount.newfs newmod.on
check "as said" says "web true false"
check "nothing is left to do" expect_status 0 agent plan "$work/specs"
sed -i 's/newmod.on: false/newmod.on: true/' "$work/specs/web.yaml"
check "a change is seen" expect_status 2 agent plan "$work/specs"
check "and said" says "newmod.on"
check "it is made" expect_status 0 agent apply "$work/specs"
check "and nothing is left to do" expect_status 0 agent plan "$work/specs"

echo 'web { persist; allow.mount.nonewfs; newmod.on = 1; }' > "$work/jail.conf"
check "jail.conf with them is imported" expect_status 0 agent import \
    "$work/jail.conf"
check "their values, too" says "allow.mount.newfs: false"
check "all of them" says "newmod.on: true"
check "without that kernel it is not" expect_status 1 "$JAILAGENT" \
    -k "model:$work/other" import "$work/jail.conf"
check "for that reason" says 'unknown parameter "allow.mount.nonewfs"'
sed -i 's/newmod.on: true/newmod.on: 1/' "$work/specs/web.yaml"
check "the kernel's type counts" expect_status 1 agent check "$work/specs"
check "in messages, too" says "newmod.on: expected true or false"
sed -i 's/newmod.on: 1/newmod.om: true/' "$work/specs/web.yaml"
check "wrong names are errors" expect_status 1 agent check "$work/specs"
check "with the nearest one" says "did you mean newmod.on?"
sed -i 's/newmod.om/newmod.on/' "$work/specs/web.yaml"
other() {
	"$JAILAGENT" -k "model:$work/other" -s "$work/state2" "$@"
}
check "another kernel does not know them" \
    expect_status 1 other plan "$work/specs"
check "and says so" says 'unknown parameter "allow.mount.newfs"'
