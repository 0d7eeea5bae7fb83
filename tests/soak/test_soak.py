#!/usr/bin/python3
"""The long runs of `make check-soak`, shortened: that they work, and fail."""

import sys
sys.dont_write_bytecode = True
import os
import subprocess
import unittest

sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "integration"))

from harness import RUN_SECONDS, main

HERE = os.path.join(os.environ.get("BUILDDIR", os.getcwd()), "tests", "soak")


class Soak(unittest.TestCase):
    def soak(self, name, *arguments):
        return subprocess.run([os.path.join(HERE, name), *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=RUN_SECONDS)

    def test_floats(self):
        """floats, evenly apart"""
        done = self.soak("floats", "20011")
        self.assertEqual((done.returncode, done.stdout.split()[1:]),
                         (0, [b"floats,", b"0", b"wrong"]), done)
        self.assertGreaterEqual(int(done.stdout.split()[0]), 20011)
        self.assertIn(b"floats: ", done.stderr)

    def test_part(self):
        """all floats of a part, which ends where the next one begins"""
        counts = []
        for part in ("1/200003", "100001/200003", "200003/200003"):
            done = self.soak("floats", part)
            self.assertEqual((done.returncode, done.stdout.split()[1:]),
                             (0, [b"floats,", b"0", b"wrong"]), done)
            counts.append(int(done.stdout.split()[0]))
        for count in counts:
            self.assertIn(count // 2, (2**31 // 200003, 2**31 // 200003 + 1))

    def test_doubles(self):
        """doubles, at random"""
        done = self.soak("doubles", "20000")
        self.assertEqual(done.returncode, 0, done)
        self.assertTrue(done.stdout.startswith(b"seed "), done)
        self.assertTrue(done.stdout.endswith(b"20000 doubles, 0 wrong\n"),
                        done)

    def test_usage(self):
        """a count that is none"""
        for name in ("floats", "doubles"):
            for words in (("x",), ("0",), ("1", "2")):
                self.assertEqual(self.soak(name, *words).returncode, 64)
        for part in ("0/2", "3/2", "1/", "/2", "1/2x", "1x/2", "1/0"):
            self.assertEqual(self.soak("floats", part).returncode, 64, part)


if __name__ == "__main__":
    main()
