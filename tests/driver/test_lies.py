#!/usr/bin/python3
"""Lies about the end of rows and the names of columns."""

import sys
sys.dont_write_bytecode = True
import os

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration")]
from harness import main
from play import *
from test_driver import Believing, SMALL, result


class Lies(Believing):
    """Either the right bytes or an error."""

    def test_piece_of_characters(self):
        """the length is that of the piece, cut at a character: only 01004
        tells"""
        self.everywhere("indicator piece", "cut char")

    def test_name_cut(self):
        """the name of a column is cut by the driver"""
        self.home = type(self.home)()
        play = Play(self.home, result(
            "  column a_long_name INTEGER 4 0 null cut 6\n", "  row 1\n"))
        done = play.query("q", expect=None)
        self.assertTrue(done.status != 0 or
                        done.stdout == "a_long_name\r\n1\r\n", done)

    def test_lost_after_end(self):
        """the end comes, and the connection is dead"""
        play = Play(self.home, result(
            SMALL, "  rows 5 1 a\n  dead\n  end\n"))
        done = play.query("q", expect=None)
        self.assertIn(done.status, (69, 75), done)


if __name__ == "__main__":
    main()
