#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# An agent that takes only signed specs: what it refuses, also after a restart,
# and that it goes on with what it had.
# needs: minisign jq git
# timeout: 120
. tests/lib.sh
. tests/agent.sh

kernel=model:$work/table
build=$work/build
mkdir -p "$build" "$work/roots/web" "$work/roots/db"
for k in one two other; do
	minisign -G -W -s "$work/$k.key" -p "$work/$k.pub" > /dev/null
done
signed_agent() {
	agent_start --require-signed "$work/one.pub" \
	    --require-signed "$(sed -n 2p "$work/two.pub")" --max-remove 9 "$@"
}

# make NAME NUMBER HOSTNAME [KEY [FILE]]: a spec and its signature in $build
make_spec() {
	spec "$1" "host.hostname: $3" > "$build/${5:-$1.yaml}"
	sign_spec "${5:-$1.yaml}" "$2" "${4:-one}"
}
sign_spec() { # FILE NUMBER [KEY]
	minisign -S -s "$work/${3:-one}.key" -m "$build/$1" \
	    -t "seq:$2 file:$1" > /dev/null
}
deliver() { # FILE...
	for _f; do
		cp "$build/$_f" "$specs/.$_f"
		mv "$specs/.$_f" "$specs/$_f"
	done
}
give() { deliver "$1" "$1.minisig"; }
problem_says() {
	_got=$(ja status --json | jq -r .agent.problem)
	case $_got in *"$1"*) return 0 ;; esac
	echo "$_got"
	return 1
}
file_says() { # FILE TEXT
	_got=$(ja status --json | jq -r --arg f "$specs/$1" \
	    '.files[] | select(.path == $f) | .error.message')
	case $_got in *"$2"*) return 0 ;; esac
	printf '%s: %s\n' "$1" "$_got"
	return 1
}
save() { # NAME: what is in the directory of specs now
	mkdir "$work/$1" && cp "$specs"/* "$work/$1"
}

# ---- the first start -----------------------------------------------------

make_spec web 5 five
give web.yaml
check "the agent starts" signed_agent
check "without a record it takes nothing" soon problem_says \
    "the record of what was accepted, is missing"
check "and says what to do" problem_says "jailagent trust --reset"
check "there is no jail" no_jail web
check "trust says so, too" expect_status 1 ja trust
check "trust --reset" expect_status 0 ja trust --reset
check "now it takes what is signed" soon hostname_is web five
check "trust shows the number" expect_status 0 ja trust
check "of the file" says "5 $specs/web.yaml"
check "in JSON" expect_status 0 sh -c "'$JAILAGENT' -s '$state' trust --json |
    jq .accepted[0].number | grep -x 5"

# ---- what does not count -------------------------------------------------

spec db > "$specs/db.yaml"
check "an unsigned spec is refused" soon file_says db.yaml \
    "is not signed: there is no db.yaml.minisig"
check "no jail is made of it" no_jail db
check "wait says that it is wrong" expect_status 1 ja wait --timeout 5
make_spec db 1 first
give db.yaml
check "signed, it counts" soon hostname_is db first
cp "$specs/web.yaml" "$work/web.yaml"
sed -i 's/five/forged/' "$specs/web.yaml"
check "a text that was changed is refused" soon file_says web.yaml \
    "the signature does not fit"
check "its jail stays as it was" hostname_is web five
cp "$work/web.yaml" "$specs/web.yaml"
check "put right: ready" settled
make_spec web 6 six other
give web.yaml
check "another key is refused" soon file_says web.yaml \
    "none of the keys of --require-signed"
make_spec web 6 six two
give web.yaml
check "the second key counts" soon hostname_is web six
save six
make_spec web 7 seven
give web.yaml
check "a higher number counts" soon hostname_is web seven
make_spec web 7 eight
give web.yaml
check "the same number with another text does not" soon file_says web.yaml \
    "which another text had"
cp "$work/six/web.yaml" "$work/six/web.yaml.minisig" "$specs"
check "an old signed spec that is put back is refused" soon file_says web.yaml \
    "7 was accepted before: an old one was put back"
check "its jail stays as it was" hostname_is web seven
cp "$work/six/web.yaml" "$specs/copy.yaml"
cp "$work/six/web.yaml.minisig" "$specs/copy.yaml.minisig"
check "a signed spec under another name is refused" soon file_says copy.yaml \
    "it was made for the file web.yaml"
rm "$specs/copy.yaml" "$specs/copy.yaml.minisig"
minisign -S -s "$work/one.key" -m "$build/web.yaml" -t "file:web.yaml" \
    > /dev/null
give web.yaml
check "a signature without a number is refused" soon file_says web.yaml \
    "has no number"

# ---- restarts ------------------------------------------------------------

stop agent KILL
cp "$work/six/web.yaml" "$work/six/web.yaml.minisig" "$specs"
check "another agent" signed_agent
check "refuses the old one as well" soon file_says web.yaml "an old one"
check "and goes on with the newest" hostname_is web seven
rm "$specs/web.yaml"
check "a file that was removed" soon no_jail web
cp "$work/six/web.yaml" "$specs"
check "does not come back as an old one" soon file_says web.yaml "an old one"
minisign -S -s "$work/one.key" -m "$build/web.yaml" > /dev/null
give web.yaml
check "minisign's own comment has a number: the time" soon hostname_is web eight

# ---- without an agent ------------------------------------------------------

stop agent
lacks() { # TEXT WORD
	case $1 in *"$2"*) return 1 ;; esac
}
signed_do() { # COMMAND [OPTION...]
	ja "$@" --require-signed "$work/one.pub" "$specs"
}
make_spec web 4000000070 nine
give web.yaml
check "plan refuses what need not be signed" expect_status 1 ja plan "$specs"
check "and says why" says "so unsigned ones do not count: name the keys"
check "so does apply" expect_status 1 ja apply "$specs"
check "so does run" expect_status 1 timeout 10 "$JAILAGENT" -k "$kernel" \
    -s "$state" run -d "$specs"
check "nothing was done" hostname_is web eight
check "a proposal need not be signed" expect_status 2 \
    ja plan --as "$specs" "$build"
check "plan with the key" expect_status 2 signed_do plan
check "sees what is signed" says "host.hostname: eight -> nine"
check "and records nothing" lacks "$(ja trust)" 4000000070
check "apply with the key" expect_status 0 signed_do apply
check "does it" hostname_is web nine
check "and has recorded the number" expect_status 0 ja trust
check "of the file, too" says "4000000070 $specs/web.yaml"
make_spec web 4000000075 ten
give web.yaml
mkdir "$state/.new-accepted"
check "a number that cannot be put on record: apply ends" \
    expect_status 1 signed_do apply
check "and says why" says "does not count before its number 4000000075 is on"
check "the jail stays as it was" hostname_is web nine
rmdir "$state/.new-accepted"
make_spec web 4000000060 ten
give web.yaml
check "an old one: plan refuses" expect_status 1 signed_do plan
check "with the reason" says "4000000070 was accepted before: an old one was put back"
check "so does apply" expect_status 1 signed_do apply
make_spec web 4000000080 ten two
give web.yaml
check "another key: apply refuses" expect_status 1 signed_do apply
check "with its reason" says "none of the keys of --require-signed"
spec db > "$specs/new.yaml"
check "an unsigned one: apply refuses" expect_status 1 signed_do apply --prune
check "with this reason" says "there is no new.yaml.minisig"
rm "$specs/new.yaml"
check "a single file has no MANIFEST" expect_status 1 ja plan \
    --require-signed "$work/one.pub" "$specs/web.yaml"
check "nothing was done by them" hostname_is web nine
check "both run" hostname_is db first
mv "$state/accepted" "$work/accepted"
check "without a record apply takes nothing" expect_status 1 signed_do apply
check "and says what to do" says "jailagent trust --reset"
mv "$work/accepted" "$state/accepted"
check "the agent, which has the other key" signed_agent
check "takes what it has signed" soon hostname_is web ten
check "and is done" soon state_is web ready

# ---- the record is lost, or somebody else's -------------------------------

stop agent KILL
cp "$state/accepted" "$work/accepted"
sed -i 's/^1 /9 /' "$state/accepted"
check "an agent with a forged record" signed_agent
check "takes nothing" soon problem_says "the signature does not fit"
check "its jails go on" hostname_is web ten
stop agent
rm -r "$state"
check "an agent that lost its state directory" signed_agent
check "takes nothing" soon problem_says "is missing"
check "until that is allowed" expect_status 0 ja trust --reset
records() { ja trust | grep -e "$1"; }
check "then its specs count again" soon records 4000000080

# What cannot be put on record is tried again, but not in a loop.
mkdir "$state/.new-accepted"
make_spec web 4000000090 later
give web.yaml
check "a number that cannot be put on record" soon file_says web.yaml \
    "does not count before its number 4000000090 is on record"
sleep 1
tried=$(grep -c "are not recorded" "$work/agent.log")
check "is tried now and then ($tried)" test "$tried" -ge 1 -a "$tried" -le 3
lines=$(wc -l < "$work/agent.log")
check "and said so often ($lines lines)" test "$lines" -le 20
rmdir "$state/.new-accepted"
give web.yaml
check "when it can be, the spec counts" soon hostname_is web later
stop agent
rm "$state/accepted"
check "without an agent" expect_status 0 ja trust --reset
check "an empty record is there" expect_status 0 ja trust

# ---- from files that are signed to a set -----------------------------------

rm "$run_dir/head" # those snapshots went with the state directory
make_spec web 7 seven
give web.yaml
check "a file with its number" expect_status 0 signed_do apply
spec web "host.hostname: three" > "$build/web.yaml"
list() { # NUMBER: of what is there, with that of $build
	deliver web.yaml
	(cd "$specs" && sha256sum -- *.yaml) > "$build/MANIFEST"
	sign_spec MANIFEST "$1"
	give MANIFEST
}
for n in 3 7; do
	list "$n"
	for c in plan apply; do
		check "a MANIFEST of $n with another text: $c refuses" \
		    expect_status 1 signed_do "$c"
		check "and says why" says \
		    "web.yaml of number 7 was accepted before, with another"
	done
	check "the jail is as it was" hostname_is web seven
done
check "so is the number" sh -c "'$JAILAGENT' -s '$state' trust |
    grep -x -F '7 $specs/web.yaml'"
list 8
check "one with a higher number counts" expect_status 0 signed_do apply
check "with what it lists" hostname_is web three
check "the record begins anew" expect_status 0 ja trust --reset

# ---- a signed set --------------------------------------------------------

rm "$specs"/* "$build"/*
example() {
	JAILAGENT="$JAILAGENT -k $kernel -s $state" sh \
	    examples/signed/signed.sh "$@"
}
spec web "host.hostname: a" > "$build/web.yaml"
check "the build machine signs a set" env NUMBER=1 JAILAGENT="$JAILAGENT" \
    sh examples/signed/signed.sh sign "$work/one.key" "$build"
check "it is delivered" example deliver "$build" "$specs"
start agent env SPECS_DIR="$specs" JAILAGENT="$JAILAGENT -k $kernel -s $state" \
    sh examples/signed/signed.sh host "$work/one.pub" --max-remove 9
agent=$started
check "the host takes it" soon hostname_is web a
save first
spec web "host.hostname: b" > "$build/web.yaml"
spec db "host.hostname: c" > "$build/db.yaml"
check "the next one" env NUMBER=2 JAILAGENT="$JAILAGENT" \
    sh examples/signed/signed.sh sign "$work/one.key" "$build"
check "is delivered" example deliver "$build" "$specs"
check "and taken" soon hostname_is web b
check "whole" soon hostname_is db c
rm "$specs"/*
cp "$work/first"/* "$specs"
check "an old set is refused" soon problem_says "2 was accepted before"
check "all stays as it was" hostname_is web b
rm "$specs"/MANIFEST*
check "a set without its MANIFEST as well" soon problem_says "MANIFEST: is gone"
cp "$build"/* "$specs"
check "the right one: ready" soon settled
by_commits() { # COMMAND...: the set's number is that of its commits
	git -C "$build" -c user.name=test -c user.email=test@example.org "$@"
}
signs_commits() { # DIR
	env JAILAGENT="$JAILAGENT" sh examples/signed/signed.sh sign \
	    "$work/one.key" "$1"
}
mv "$build/db.yaml" "$build/db.yml"
git init -q "$build"
by_commits add web.yaml db.yml
for n in 1 2 3; do
	by_commits commit -q --allow-empty -m "$n"
done
check "a set is numbered by its commits" expect_status 0 signs_commits "$build"
check "so many" says "is number 3"
check "with all its files" same 2 "$(grep -c -e web.yaml -e db.yml \
    "$build/MANIFEST")"
check "it is delivered" example deliver "$build" "$specs"
check "with them, without others" same "db.yml web.yaml " \
    "$(cd "$specs" && printf '%s ' *.y*)"
check "ready" soon settled
check "a change that no commit has" sh -c "echo '# x' >> '$build/web.yaml'"
check "is refused" expect_status 1 signs_commits "$build"
check "with the reason" says "has changes that no commit has"
git clone -q --depth 1 "file://$build" "$work/shallow"
check "a clone without all commits is refused" expect_status 1 \
    signs_commits "$work/shallow"
check "with the reason" says "git fetch --unshallow"
check "wrong specs are not signed" expect_status 1 sh -c \
    "echo 'nam: x' > '$build/bad.yaml'; NUMBER=3 JAILAGENT='$JAILAGENT' \
    sh examples/signed/signed.sh sign '$work/one.key' '$build'"
