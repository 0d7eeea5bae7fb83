#!/usr/bin/python3
"""Instructions that the encoder takes for a byte: they must not creep up.

Seconds are noisy, instructions are not: valgrind counts those of
csv_put_block(). What is allowed is 1.4 times what a build with -O2 by gcc 12
took when it was measured; who makes the encoder faster lowers the numbers.
Builds without optimization or with instruments only have to be right.
"""

import sys
sys.dont_write_bytecode = True
import json
import os
import re
import subprocess
import unittest

sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "integration"))

from harness import RUN_SECONDS, main

ENCODER = os.path.join(os.environ.get("BUILDDIR", os.getcwd()), "tests",
                       "bench", "encoder")
ROUNDS = 20
# Measured: 2.1, 8.4, 11.6, 14.9, 12.5.
ALLOWED = {"text": 2.9, "words": 11.8, "numbers": 16.3, "accents": 20.9,
           "mixed": 17.5}
# Bytes of a row: ten columns with commas between, and CRLF.
ROWS = {"text": 10 * 100 + 9 + 2, "numbers": 10 * 8 + 9 + 2}


def is_comparable():
    """Whether this build is like the one that was measured."""
    flags = os.environ.get("BUILD_CFLAGS", "-O2").split()
    return "-O2" in flags and not any(f.startswith("-fsanitize") or
                                      "cov" in f for f in flags)


class Ratchet(unittest.TestCase):
    def count(self, shape):
        """Bytes that were written, and instructions for one of them."""
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
             "--toggle-collect=csv_put_block", ENCODER, shape, str(ROUNDS)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=RUN_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        counted = re.search(r"Collected : (\d+)", done.stderr)
        self.assertIsNotNone(counted, done.stderr)
        size = json.loads(done.stdout)["bytes"]
        return size, int(counted.group(1)) / size

    def bytes_of(self, shape):
        done = subprocess.run([ENCODER, shape, str(ROUNDS)], check=True,
                              stdout=subprocess.PIPE, timeout=RUN_SECONDS)
        return json.loads(done.stdout)["bytes"]

    def test_bytes(self):
        """it writes what it is to write"""
        for shape, row in ROWS.items():
            self.assertEqual(self.bytes_of(shape), ROUNDS * 100 * row)

    def test_instructions(self):
        """no more instructions than allowed"""
        for shape, allowed in ALLOWED.items():
            if not is_comparable():
                self.assertGreater(self.bytes_of(shape), 0)
                continue
            size, each = self.count(shape)
            print("# %s: %.2f instructions a byte" % (shape, each))
            self.assertGreater(size, 0)
            self.assertGreater(each, 0.5, "nothing was counted")
            self.assertLess(each, allowed, shape)


if __name__ == "__main__":
    main()
