# SPDX-License-Identifier: BSD-2-Clause
# Reads params.def, writes param_names.h: an enumerator for the place of each
# parameter in the table, and a hash table of the names and of those above them
# that are no parameters ("exec").  The hash looks at
# the length and four bytes only; its factors are those, of a few tries, that
# put the most names where they are looked for first.

function byte(text, at) {
	return code[substr(text, int(at) + 1, 1)]
}

function hash(text,  n, sum) {
	n = length(text)
	sum = n * by[0] + byte(text, 0) * by[1]
	sum += byte(text, n / 2) * by[2] + byte(text, n * 3 / 4) * by[3]
	return (sum + byte(text, n - 1) * by[4]) % SIZE
}

# Fills slot[] and returns how many steps all searches take together.
function fill(  i, at, steps) {
	split("", slot)
	for (i = 1; i <= count + groups; i++) {
		for (at = hash(name[i]); at in slot; at = (at + 1) % SIZE)
			steps++
		slot[at] = i
	}
	return steps + 0
}

# Factors from a sequence that is the same everywhere (minimal standard).
function draw(  i) {
	for (i = 0; i < 5; i++) {
		seed = (seed * 16807) % 2147483647
		by[i] = seed % SIZE
	}
}

BEGIN {
	SIZE = 512
	TRIES = 400
	FS = "\""
	for (i = 32; i < 127; i++)
		code[sprintf("%c", i)] = i
}

/^PARAM\("/ {
	name[++count] = $2
	known[$2] = 1
}

# Adds the names above those in the table.
function add_groups(  i, above) {
	for (i = 1; i <= count; i++) {
		above = name[i]
		while (sub(/\.[^.]*$/, "", above))
			if (!(above in known)) {
				known[above] = 1
				name[count + ++groups] = above
			}
	}
}

END {
	add_groups()
	seed = least = 1000000
	for (i = 0; i < TRIES && least > 0; i++) {
		before = seed
		draw()
		steps = fill()
		if (steps < least) {
			least = steps
			best = before
		}
	}
	seed = best
	draw()
	fill()
	print "/* Made of params.def by param_names.awk. */"
	print "enum param_index {"
	for (i = 1; i <= count; i++) {
		id = toupper(name[i])
		gsub(/[^A-Z0-9]/, "_", id)
		print "\tP_" id ","
	}
	print "\tP_COUNT"
	print "};"
	printf "#define PARAM_GROUPS {"
	for (i = 1; i <= groups; i++)
		printf "%s\"%s\",", (i - 1) % 4 ? " " : " \\\n\t", \
		    name[count + i]
	print " \\\n}"
	printf "#define PARAM_LENGTHS {"
	for (i = 1; i <= count + groups; i++)
		printf "%s%d,", (i - 1) % 16 ? " " : " \\\n\t", length(name[i])
	print " \\\n}"
	printf "#define PARAM_HASH_SIZE %d\n", SIZE
	printf "#define PARAM_HASH(s, n) (((n) * %d + (s)[0] * %d + " \
	    "(s)[(n) / 2] * %d + \\\n\t(s)[(n) * 3 / 4] * %d + " \
	    "(s)[(n) - 1] * %d) %% PARAM_HASH_SIZE)\n",
	    by[0], by[1], by[2], by[3], by[4]
	print "/* The index and 1, 0: nothing; then look at the next one. */"
	printf "#define PARAM_HASH_SLOTS {"
	for (i = 0; i < SIZE; i++)
		printf "%s%d,", i % 16 ? " " : " \\\n\t", slot[i]
	print " \\\n}"
}
