# SPDX-License-Identifier: BSD-2-Clause
# Blanks comments and the text of string and character constants in C, so that
# rules look at code alone; lines and columns stay where they are.
BEGIN { in_comment = 0 }
FNR == 1 { in_comment = 0 }
{
	line = $0
	n = length(line)
	res = ""
	quote = ""
	for (i = 1; i <= n; i++) {
		c = substr(line, i, 1)
		two = substr(line, i, 2)
		if (in_comment) {
			if (two == "*/") {
				in_comment = 0
				i++
				res = res " "
			}
			res = res (c == "\t" ? c : " ")
		} else if (quote != "") {
			if (c == "\\") {
				i++
				res = res "  "
			} else if (c == quote) {
				quote = ""
				res = res c
			} else
				res = res " "
		} else if (two == "/*") {
			in_comment = 1
			i++
			res = res "  "
		} else if (two == "//") {
			break
		} else {
			if (c == "\"" || c == "'")
				quote = c
			res = res c
		}
	}
	print res
}
