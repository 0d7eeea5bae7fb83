#!/usr/bin/python3
"""Write the scripts of tests/cases as seeds for the fuzzers: seeds.py DIR."""

import glob
import hashlib
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# In the order of src/sql/dialect.c, which the first byte follows.
DIALECTS = ["ansi", "postgresql", "mysql", "sqlite", "mssql", "oracle", "db2",
            "firebird"]


def scripts(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for case in re.split(r"^=== ", text, flags=re.M)[1:]:
        dialect = re.search(r"^--- dialect (\w+)", case, re.M)
        script = re.search(r"^--- (?:script|statement)[^\n]*\n(.*?)(?=^--- |\Z)",
                           case, re.M | re.S)
        data = re.sub(rb"%<([0-9a-f]{2})>",
                      lambda m: bytes([int(m.group(1), 16)]),
                      script.group(1).encode())
        yield dialect.group(1) if dialect else "ansi", data


def main(directory):
    os.makedirs(directory, exist_ok=True)
    cases = os.path.join(HERE, "..", "cases")
    for path in sorted(glob.glob(os.path.join(cases, "script", "*.cases")) +
                       glob.glob(os.path.join(cases, "params", "*.cases"))):
        for dialect, data in scripts(path):
            data = bytes([DIALECTS.index(dialect)]) + data
            name = hashlib.sha1(data).hexdigest()[:16]
            with open(os.path.join(directory, name), "wb") as f:
                f.write(data)


if __name__ == "__main__":
    main(sys.argv[1])
