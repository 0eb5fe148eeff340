#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# jailagent import: jail.conf(5) with all that it includes becomes specs that
# check accepts; what is wrong is told with its place, and nothing is printed.
. tests/lib.sh

conf=$work/conf
mkdir -p "$conf/jail.conf.d"
cat > "$conf/jail.conf" <<'X'
# What all jails have.
exec.start = "/bin/sh /etc/rc";
exec.clean; # no surprises
$domain = example.org;
path = "/jails/$name";
host.hostname = "${name}.$domain";
.include "jail.conf.d/*.conf";
X
cat > "$conf/jail.conf.d/web.conf" <<'X'
web {
	ip4.addr = "192.0.2.10", 192.0.2.11;
	depend = db;
	exec.start += "echo 'a: #b'";
	allow.noraw_sockets;
}
X
cat > "$conf/jail.conf.d/db.conf" <<'X'
/* The database */
db { persist = TRUE; $domain = example.net; }
X

# out STATUS TEXT ARGUMENT...: standard output has the text.
out() {
	_status=$1 _text=$2
	shift 2
	"$JAILAGENT" "$@" > "$work/out" 2> "$work/err"
	same "$_status" $? && says "$_text"
}
err() { # TEXT
	grep -F -q -e "$1" "$work/err" || { cat "$work/err"; return 1; }
}
has() { # TEXT...: whole lines of the imported file
	for _line; do
		grep -F -x -q -e "$_line" "$work/jails.yaml" || {
			echo "missing: $_line"
			cat "$work/jails.yaml"
			return 1
		}
	done
}
# refused ARGUMENT...: exit status 1, and nothing is printed.
refused() {
	"$JAILAGENT" import "$@" > "$work/out" 2> "$work/err"
	same 1 $? && same "" "$(cat "$work/out")"
}

check "a file is imported" out 0 "name: db" import "$conf/jail.conf"
cp "$work/out" "$work/jails.yaml"
check "without a word" same "" "$(cat "$work/err")"
check "comments, defaults and variables are kept" has \
    "# What all jails have." "exec.clean: true # no surprises" \
    'name: "*"' '  domain: example.org' '# The database' \
    'host.hostname: "${name}.${domain}"' 'exec.start+:'
check "what is imported is valid" out 0 "2 specs in 1 file are valid" \
    check "$work/jails.yaml"
check "and means the same" out 0 "host.hostname: db.example.net" \
    print "$work/jails.yaml"
check "quoting" says "\"echo 'a: #b'\""
"$JAILAGENT" print "$work/jails.yaml" > "$work/again.yaml"
digest() {
	"$JAILAGENT" check --json "$1" | grep '"digest"'
}
check "what is printed of it is the same set" \
    same "$(digest "$work/jails.yaml")" "$(digest "$work/again.yaml")"

from_input() {
	(cd "$conf" && "$JAILAGENT" import -) < "$conf/jail.conf" \
	    > "$work/out" && cmp "$work/out" "$work/jails.yaml"
}
check "standard input" from_input

printf 'web {\n\tpersist = yes;\n\tsecurelvel = 2;\n}\n' > "$conf/bad.conf"
check "values and names that are wrong" refused "$conf/bad.conf"
check "the place of a value" err "$conf/bad.conf:2:2: jail \"web\": persist:"
check "the place of a name" err "$conf/bad.conf:3:2: "
check "the nearest name" err "securelevel"

printf 'a { persist; }\n.include "b.inc";\n' > "$conf/c.conf"
printf 'b {\n  persist }\n' > "$conf/b.inc"
check "a syntax error" refused "$conf/c.conf"
check "its place is in the included file" err "$conf/b.inc:2:11: syntax error"
printf 'a { b c d; }\nx = ;\n$path = 1;\ny = = 1;\n' > "$conf/several.conf"
check "several syntax errors" refused "$conf/several.conf"
check "the first" err "$conf/several.conf:1:9: syntax error"
check "the second" err "$conf/several.conf:2:5: syntax error"
check "the third" err "$conf/several.conf:4:5: syntax error"
check "a file that is not there" refused "$conf/none"
check "is named" err "$conf/none: No such file or directory"
check "an included file that is not there" sh -c \
    "echo '.include \"none\";' > '$conf/d.conf'
     ! '$JAILAGENT' import '$conf/d.conf' 2> '$work/err'"
check "is told where it is included" err "$conf/d.conf:1:10: $conf/none: No"
check "two files" expect_status 64 "$JAILAGENT" import a b
check "an unknown option" expect_status 64 "$JAILAGENT" import --json a
check "an option that jail(8) does not know" \
    expect_status 64 "$JAILAGENT" import -z a
check "options of jail(8) that exclude each other" \
    expect_status 64 "$JAILAGENT" import -c -e ' ' a

# What jail(8) reads without a word, and no spec can say so.
prints() { # TEXT FILE: exit status 0, and nothing else is printed
	"$JAILAGENT" import "$2" > "$work/out" 2> "$work/err"
	same 0 $? && same "$1" "$(cat "$work/out")"
}
: > "$conf/empty.conf"
check "an empty file is no error" prints "" "$conf/empty.conf"
check "there is a warning" err "warning: there is nothing to import"
echo '# web { persist; }' > "$conf/comment.conf"
check "nor is one of comments" prints "# web { persist; }" \
    "$conf/comment.conf"
echo '"" { persist; path = "/jails/x$name"; }' > "$conf/unnamed.conf"
check "an empty name" prints "name: jail
persist: true
path: /jails/x" "$conf/unnamed.conf"
check "there is a warning, too" err 'warning: the spec is called "jail"'

# Names that jail(8) takes: imported, made, found again, removed.
cat > "$conf/odd.conf" << 'END'
"we b" { path = /; persist; host.hostname = "a b"; }
a:b { path = /; persist; depend = "we b"; }
"a=b" { path = /; persist; exec.timeout = -1; }
END
mkdir "$work/odd"
"$JAILAGENT" import "$conf/odd.conf" > "$work/odd/odd.yaml"
odd() { "$JAILAGENT" -k "model:$work/kernel" -s "$work/state" "$@"; }
check "jails with odd names are made" odd apply --prune "$work/odd"
check "the kernel has them" same "a:b a=b we b" \
    "$(odd list name | sort | paste -s -d ' ')"
check "with the name of the host" same "a b" \
    "$(odd list -j "we b" host.hostname)"
check "there is nothing more to do" odd plan --prune "$work/odd"
rm "$work/odd/odd.yaml"
long=$(printf 'n%.0s' $(seq 251))
printf 'name: %s\npath: /\npersist: true\n' "${long}a" > "$work/odd/a.yaml"
printf 'name: %s\npath: /\npersist: true\n' "${long}b" > "$work/odd/b.yaml"
check "so are some with the longest names" odd apply "$work/odd"
check "and found again" odd plan "$work/odd"
check "each by itself" same 2 "$(odd list name | grep -c "^$long")"
rm "$work/odd/a.yaml" "$work/odd/b.yaml"
echo 'name: other' > "$work/odd/other.yaml"
echo 'path: /' >> "$work/odd/other.yaml"
echo 'persist: true' >> "$work/odd/other.yaml"
check "they are removed" odd apply --prune "$work/odd"
check "and only the other one is left" same other "$(odd list name)"

# What is kept, and what is spelled out, word for word.  After a change that is
# wanted: for f in tests/golden/import/*.conf; do
#     build/jailagent import $f > ${f%conf}yaml; done
golden() {
	"$JAILAGENT" import "$1" > "$work/out" 2> "$work/err" &&
	    diff "${1%conf}yaml" "$work/out"
}
for f in tests/golden/import/*.conf; do
	check "golden file ${f##*/}" golden "$f"
	check "is valid" out 0 "valid" check "${f%conf}yaml"
done
