#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# examples/gitops with real git: proposals, deployments, failures, from a CI system
# and as hooks of a repository.
# needs: git jq
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git init -q -b main "$specs"
git -C "$specs" config receive.denyCurrentBranch updateInstead
git clone -q "$specs" "$work/clone" 2> /dev/null
git -C "$work/clone" checkout -q -b main
mkdir "$work/roots/web" "$work/roots/db" "$work/tmp"

export SPECS_DIR="$specs" TIMEOUT=5 ON_HOST="" \
    JAILAGENT="$JAILAGENT -k $kernel -s $state"
pipeline() { sh examples/gitops/pipeline.sh "$@"; }
commit() {
	git -C "$work/clone" add -A
	git -C "$work/clone" -c user.name=test -c user.email=test@example.org \
	    commit -q -m "$1"
	revision=$(git -C "$work/clone" rev-parse HEAD)
}
deploy() { (cd "$work/clone" && sh "$TOP/examples/gitops/pipeline.sh" \
    deploy origin "$1"); }

spec web > "$work/clone/web.yaml"
commit "web"
first=$revision
check "a proposal" expect_status 0 pipeline propose "$work/clone"
check "tells what will be" says "create   web: it does not exist"
check "without an agent it is pushed" expect_status 2 deploy "$first"
check "which is said" says "No agent runs on the host."
# shellcheck disable=SC2086
start agent $JAILAGENT run -d "$specs" --max-remove 5
agent=$started
JAILAGENT=$BUILD/jailagent
check "an agent" wait_until 20 agent_answers
export JAILAGENT="$JAILAGENT -k $kernel -s $state"
check "now it runs" expect_status 0 deploy "$first"
check "which is said" says "$first runs."
check "a name is the commit that it means" expect_status 0 deploy main
check "and that is told" says "$first runs."
check "what means none" expect_status 64 deploy none
check "nothing more to do" expect_status 0 pipeline propose "$work/clone"
check "it says so" says "Nothing changes."

spec db "host.hostname: db.example" > "$work/clone/db.yaml"
rm "$work/clone/web.yaml"
commit "db instead of web"
second=$revision
check "the next proposal" expect_status 0 pipeline propose "$work/clone"
check "makes one" says "create   db"
check "and removes one" says "remove   web: its spec is gone"
check "deployed" expect_status 0 deploy "$second"
check "db is there" sh -c "$JAILAGENT list name | grep -x db"
check "web is not" sh -c "! $JAILAGENT list name | grep -x web"
check "an older one" sh -c "$JAILAGENT wait --timeout 5 --revision $first
    test \$? -eq 4"

echo "hostname: x" >> "$work/clone/db.yaml"
check "a wrong proposal fails" expect_status 1 pipeline propose "$work/clone"
check "naming the place" says "db.yaml:5:1"
commit "wrong"
check "if it is deployed in spite of that" expect_status 1 deploy "$revision"
check "the place is named again" says "db.yaml:5:1"
spec db "path: $work/roots/none" > "$work/clone/db.yaml"
commit "no such root"
check "a jail that cannot be" expect_status 1 deploy "$revision"
check "is named" says "db"
echo "by hand" > "$specs/README"
spec web > "$specs/web.yaml"
spec db "host.hostname: new.example" > "$work/clone/db.yaml"
commit "good again"
check "a change made by hand on the host stops it" expect_status 4 \
    deploy "$revision"
rm "$specs/web.yaml"
check "without it" expect_status 0 deploy "$revision"
# A tar that fails in the middle, here or on the host.
mkdir "$work/bin"
cat > "$work/bin/tar" << 'EOT'
#!/bin/sh
case " $* " in
*" $FAIL "*) exit 2 ;;
esac
PATH=${PATH#*:}
exec tar "$@"
EOT
chmod +x "$work/bin/tar"
for part in -cf -xf; do
	check "tar $part fails, so the proposal does" expect_status 1 \
	    env FAIL=$part PATH="$work/bin:$PATH" TMPDIR="$work/tmp" \
	    sh examples/gitops/pipeline.sh propose "$work/clone"
	check_not "no plan is shown" says "will do"
	check "nothing is left of it" rmdir "$work/tmp"
	mkdir "$work/tmp"
done

# A newer commit comes while the older one is waited for.
spec db "host.hostname: older.example" > "$work/clone/db.yaml"
commit "older"
older=$revision
spec db "host.hostname: newer.example" > "$work/clone/db.yaml"
commit "newer"
cat > "$work/agent" << EOT
#!/bin/sh
[ "\$1" != wait ] || {
	$JAILAGENT wait --timeout 5 --revision $older &&
	    git -C "$work/clone" push -q origin $revision:refs/heads/main &&
	    $JAILAGENT wait --timeout 5 --revision $revision
} || exit 1
exec $JAILAGENT "\$@"
EOT
agent_command=$JAILAGENT
JAILAGENT="sh $work/agent"
check "superseded" expect_status 3 deploy "$older"
check "which is said" says "A newer commit has taken the place of $older."
JAILAGENT=$agent_command
check "the newer one runs" deploy "$revision"
check "a remote that is not there" expect_status 1 sh -c \
    "cd '$work/clone' && sh '$TOP/examples/gitops/pipeline.sh' deploy '$work/no' $revision"
check "wrong usage" expect_status 64 pipeline deploy "$revision"

# As hooks of a bare repository, to which anybody pushes with plain git.
git init -q --bare -b main "$work/bare.git"
for hook in pre-receive post-receive; do
	ln -s "$TOP/examples/gitops/hook.sh" "$work/bare.git/hooks/$hook"
done
git -C "$work/clone" remote add host "$work/bare.git"
push() { git -C "$work/clone" push host "$1" 2>&1; }
spec db "host.hostname: hooked.example" > "$work/clone/db.yaml"
commit "by a hook"
check "a push to a repository with hooks" expect_status 0 push HEAD:main
check "shows the plan" says "remote: modify   db: host.hostname differs"
check "and that it runs" says "remote: $revision runs."
check "it does" same hooked.example \
    "$($JAILAGENT list -j db host.hostname)"
good=$revision
echo "hostname: x" >> "$work/clone/db.yaml"
commit "wrong again"
check "a push of wrong specs is refused" expect_status 1 push HEAD:main
check "with the place" says "db.yaml:5:1"
check "and is not in the repository" same "$good" \
    "$(git -C "$work/bare.git" rev-parse main)"
echo "*.yaml export-ignore" > "$work/clone/.gitattributes"
commit "wrong, and hidden"
check "also with attributes that hide it" expect_status 1 push HEAD:main
check "with the same place" says "db.yaml:5:1"
git -C "$work/clone" reset -q --hard "$good"
ln -s db.yaml "$work/clone/other.yaml"
commit "a link"
check "a push of a link as a spec is refused" expect_status 1 push HEAD:main
check "by name" says "other.yaml"
git -C "$work/clone" reset -q --hard "$good"
mkdir "$work/clone/below"
echo "hostname: x" > "$work/clone/below/x.yaml"
commit "wrong, and below"
check "a set with directories is asked for as such" expect_status 1 env \
    RECURSIVE=--recursive git -C "$work/clone" push host HEAD:main
check "and then checked" says "below/x.yaml:1:1"
git -C "$work/clone" reset -q --hard "$good"
ln -s db.yaml "$work/clone/.hidden.yaml"
commit "a link that is no spec"
check "a hidden link is none" expect_status 0 push HEAD:main
good=$revision
spec db "host.hostname: forced.example" > "$work/clone/db.yaml"
git -C "$work/clone" checkout -q --orphan other
commit "with another past"
check "a forced push is refused" expect_status 1 push +HEAD:main
check "since the host would not take it" says "main goes on from $good only"
git -C "$work/clone" checkout -q -B main "$good"
check "another branch is nobody's matter" expect_status 0 push HEAD:draft
check_not "so nothing is said of it" says "db.yaml"
check "the branch cannot be deleted" expect_status 1 push :main
spec db "path: $work/roots/none" > "$work/clone/db.yaml"
commit "no such root again"
check "a push of what cannot run" expect_status 0 push HEAD:main
check "says which jail failed" says "remote: db "
check "and why" says "roots/none"
spec db > "$work/clone/db.yaml"
commit "mended"
stop agent
check "a push while no agent runs" expect_status 0 push HEAD:main
check "says so" says "remote: No agent runs on the host."
