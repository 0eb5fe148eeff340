#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# examples/audit: does host X run commit Y, with a real agent and real git.
# needs: git jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
host=$(hostname)
mkdir "$work/roots/web"
git init -q -b main "$specs"
commit() {
	git -C "$specs" add -A
	git -C "$specs" -c user.name=test -c user.email=test@example.org \
	    commit -q -m "$1"
	revision=$(git -C "$specs" rev-parse HEAD)
}
audit() { # COMMIT [HOST]
	rm -rf "$work/copy"
	cp -R "$state/snapshots" "$work/copy"
	JAILAGENT=$JAILAGENT sh examples/audit/runs.sh "$state/key.pub" \
	    "$work/copy" "${2:-$host}" "$1"
}
has_state() { # REVISION: the newest snapshot is of it
	same "$1" "$(ja snapshot show --json | jq -r .revision)"
}

spec web > "$specs/web.yaml"
commit "web"
first=$revision
check "an agent" agent_start
check "makes the jail" settled
check "and signs it" soon has_state "$first"
check "the host runs the commit" expect_status 0 audit "$first"
check "which is said" says "$host: runs $first since"
spec web "host.hostname: two" "env.A: one" "env.B: two" \
    > "$specs/web.yaml"
commit "two"
second=$revision
check "another commit" soon has_state "$second"
check "is not the first one" expect_status 2 audit "$first"
check "it says which it is" says "runs $second"
check "but the second" expect_status 0 audit "$second"
check "also with a parameter of several lines" says "runs $second since"
mkdir "$work/bin"
printf '#!/bin/sh\ncase $* in *select*) exit 5;; esac\nexec %s "$@"\n' \
    "$(command -v jq)" > "$work/bin/jq"
chmod +x "$work/bin/jq"
broken() (PATH="$work/bin:$PATH"; audit "$second")
check "no answer is no yes" expect_status 1 broken
spec web "host.hostnam: three" > "$specs/web.yaml"
spec db "host.hostnam: three" > "$specs/db.yaml"
commit "wrong"
wrong=$revision
check "a commit of which files are wrong" soon has_state "$wrong+invalid"
check "is not what runs" expect_status 2 audit "$wrong"
check "which is said" says "runs $wrong+invalid"
is_told() { same "$1" "$(ja snapshot show --json |
    jq -r '.jails[] | "\(.name) \(.state)"')"; }
check "the jail that it is about" soon is_told "web invalid"
git -C "$specs" rm -q -f db.yaml
spec web "host.hostname: two" "env.A: one" "env.B: two" \
    > "$specs/web.yaml"
commit "mended"
check "mended it runs" soon has_state "$revision"
check "with the jail as it should be" soon is_told "web ready"
ja pause --reason "look at it" web
check "a pause is told" soon is_told "web paused"
ja pause --reason "look at it" --for 1s web
check "and its end" soon is_told "web ready"
printf 'name: none\npersist: true\npath: "%s/none\\e[31m\\nx: runs"\n' \
    "$work/roots" > "$specs/none.yaml"
commit "no such root"
third=$revision
check "a jail that cannot be" soon has_state "$third"
check "has the commit, but does not run it" soon expect_status 3 audit "$third"
check "it says which jail" says "none: "
check "in one line" same 2 "$(audit "$third" | wc -l)"
check_not "and nothing to the terminal" sh -c \
    "printf '%s' '$(audit "$third" | tr '\n' ' ')' | grep -q '[[:cntrl:]]'"
check "another host" expect_status 1 audit "$third" other.example.org
check "is named" says "not of other.example.org"
stop agent
check "what it ends with is seen" expect_status 3 audit "$third"
cp "$work/copy.seen" "$work/kept"
newest=$(printf '%08d' "$(ja snapshot show --json | jq .sequence)")
rm "$state/snapshots/$newest."*
check "an older state of the host" expect_status 1 audit "$second"
check "is found" says "was seen before"
check "and not remembered" cmp -s "$work/copy.seen" "$work/kept"
check "wrong usage" expect_status 64 sh examples/audit/runs.sh "$state/key.pub"
for odd in "" +invalid "$second+invalid"; do
	check "no commit: '$odd'" expect_status 64 audit "$odd"
done
