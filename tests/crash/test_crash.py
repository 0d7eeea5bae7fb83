#!/usr/bin/python3
"""Runs that are killed at any call, and what the next run makes of it.

For each kind of target; how: deaths.py.
"""

import sys
sys.dont_write_bytecode = True
import os

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "..", "integration"),
                 os.path.join(HERE, "..")]

from deaths import CERTS, FEWER, MANY, SSHD, VSFTPD, Crash, start_servers, stop_servers
from harness import main
from world import FilePlace, FtpsPlace, SftpPlace

setUpModule, tearDownModule = start_servers, stop_servers


class Points(Crash):
    """The same date once more."""

    def test_file(self):
        """a directory of this machine"""
        self.check_points(FilePlace(self.home), most=MANY)

    def test_ftps(self):
        """FTPS"""
        self.check_points(FtpsPlace(VSFTPD, CERTS))

    def test_sftp(self):
        """SFTP"""
        self.check_points(SftpPlace(SSHD))

    def test_two(self):
        """two targets"""
        self.check_points(FtpsPlace(VSFTPD, CERTS), FilePlace(self.home),
                          most=FEWER)


if __name__ == "__main__":
    main()
