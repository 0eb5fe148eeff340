#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""compare.py SCHEMA CHECK SPECS...

Compares, document by document, what a stock validator of JSON Schema makes of
spec files, or of those of a directory, with what `jailagent check --json` said
of them, which is in the file CHECK as one JSON text each.  A document without an error must pass; one with
an error must fail, unless all its errors are of a kind that concerns more than
one value, and that no schema can tell.
"""
import glob
import json
import os
import re
import sys

import yaml
from jsonschema import Draft202012Validator

BEYOND = [
    # what concerns several keys, documents or files
    r"is given twice", r"is declared here and at", r"is also that of jail",
    r"contradict", r"its defaults at", r"depends on itself",
    r"vnet jails cannot have", r"must persist", r"only a jail with vnet",
    r"is there twice", r"at most 255 addresses", r"at most one gateway",
    r"is shorter than", r"is longer than agent", r"there is no health to be checked",
    # references to variables, and what they make of a value
    r"variable \"", r"variable loop", r"literal \$\{", r"variables are replaced",
    r"variables refer to each other",
    r"^jail \"[^\"]*\": \S+: (expected|array cannot)",
    # how a text is written, which is gone when the schema looks at it
    r"merge keys", r"anchor &", r"alias \*", r"^tag ", r"^%TAG", r"!secret", r"a NUL",
    r"expected a name as the key", r"nested deeper",
    # addresses are checked by shape only
    r"as in 2001:db8::10", r"expected a prefix length",
]

class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema, which editors use: yes, on and dates are text."""

Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$",
     list("-+.0123456789")),
):
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + tag,
                                 re.compile(pattern), first)

def integer(loader, node):
    text = loader.construct_scalar(node)
    return int(text, 0 if text.startswith(("0o", "0x")) else 10)

Loader.add_constructor("tag:yaml.org,2002:int", integer)
Loader.add_constructor("!secret", lambda loader, node: "secret")

def documents(text):
    """(first line, last line, value) of each document; an exception when the
    text is not YAML for PyYAML."""
    loader = Loader(text)
    found = []
    while loader.check_node():
        node = loader.get_node()
        value = loader.construct_document(node)
        found.append([node.start_mark.line + 1, value])
    return found

def compare(validator, path, said, count):
    """Yields what does not agree; counts the documents."""
    try:
        found = documents(open(path, encoding="utf-8", newline="").read())
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        if said["valid"]:
            yield "%s: valid, but PyYAML cannot read it" % path
        return
    errors = [e for e in said["errors"]
              if e["severity"] == "error" and e["file"] == path]
    starts = [line for line, value in found] + [sys.maxsize]
    starts[0] = 0
    for i, (line, value) in enumerate(found):
        mine = [e["message"] for e in errors
                if starts[i] <= e["line"] < starts[i + 1]]
        refused = [e for e in validator.iter_errors(value)]
        kind = "accepted" if not mine and not refused else \
            "refused" if refused and mine else "beyond"
        count[kind] = count.get(kind, 0) + 1
        if refused and not mine:
            yield "%s:%d: only the schema refuses it: %s" % (
                path, line, refused[0].message[:300])
        told = [m for m in mine
                if not any(re.search(b, m) for b in BEYOND)]
        if told and not refused:
            yield "%s:%d: only check refuses it: %s" % (path, line, told[0])

def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        schema = json.load(f)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    decoder = json.JSONDecoder()
    with open(sys.argv[2], encoding="utf-8") as f:
        said = f.read()
    faults = 0
    count = {}
    for path in sys.argv[3:]:
        one, end = decoder.raw_decode(said)
        said = said[end:].lstrip()
        files = sorted(glob.glob(os.path.join(path, "*.y*ml"))) \
            if os.path.isdir(path) else [path]
        for file in files:
            for fault in compare(validator, file, one, count):
                print(fault)
                faults += 1
    print("%d files, %d faults; documents accepted by both: %d, refused by "
          "both: %d, wrong beyond a schema: %d" % (
              len(sys.argv) - 3, faults, count.get("accepted", 0),
              count.get("refused", 0), count.get("beyond", 0)))
    return 1 if faults else 0

sys.exit(main())
