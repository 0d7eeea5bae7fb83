#!/usr/bin/python3
"""Partners that are down, and files that they refuse: what comes afterwards.

What could not be delivered is delivered by a later run, in the order of the
runs, and each file once: the server's own log is the proof.
"""

import sys
sys.dont_write_bytecode = True
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "..", "integration"),
                 os.path.join(HERE, "..")]

from harness import Case, main, temporary
from servers.certs import Certs
from servers.proxy import Proxy
from servers.vsftpd import Vsftpd
from world import FilePlace, FtpsPlace, World

DAYS = ["2026-11-0%d" % day for day in range(1, 6)]
KINDS = ("", ".sha256", ".ok")

DIRECTORY = temporary()
CERTS = Certs(DIRECTORY)


class Down(Case):
    def setUp(self):
        super().setUp()
        self.server = Vsftpd(temporary(), CERTS.server)
        self.addCleanup(self.server.stop)
        self.server.start()
        self.ftps = FtpsPlace(self.server, CERTS)
        self.there = FilePlace(self.home)

    def begin(self, *places, extra=""):
        self.world = World(self.home, places, extra)

    def run_on(self, day, expect=0):
        return self.home.run("run", "j", "--date", day, expect=expect)

    def names(self, *days):
        return ["j-%s.csv%s" % (day, kind) for day in days for kind in KINDS]

    def assert_there(self, place, *days):
        self.assertEqual(sorted(os.listdir(place.path)),
                         sorted(self.names(*days)))

    def published(self):
        """What was renamed to its final name, in the server's order."""
        return re.findall(r'FTP command: Client "[^"]*", "RNTO [^"]*?'
                          r'(j-[^"/]*)"', self.server.protocol())

    def uploaded(self):
        return re.findall(r'OK UPLOAD: Client "[^"]*", "[^"]*/(j-[^"]*?)"',
                          self.server.protocol())

    def assert_asked_once(self, *days):
        self.assertEqual([self.world.asked(day) for day in days],
                         [1] * len(days))

    def test_three_runs(self):
        """down for three runs: all of them in order when it is back"""
        self.begin(self.ftps)
        self.server.stop()
        for day in DAYS[:3]:
            self.run_on(day, 75)
        self.server.start()
        self.run_on(DAYS[3])
        self.assert_there(self.ftps, *DAYS[:4])
        self.assertEqual(self.published(), self.names(*DAYS[:4]))
        self.assertEqual(len(self.uploaded()), 12)
        self.assert_asked_once(*DAYS[:4])
        for day in DAYS[:4]:
            self.run_on(day)
        self.assertEqual(len(self.uploaded()), 12)
        self.assert_asked_once(*DAYS[:4])
        self.assertEqual([self.world.shipped(day) for day in DAYS[:4]], [1] * 4)

    def test_one_of_two(self):
        """the other target has each file when it is due"""
        self.begin(self.ftps, self.there)
        self.server.stop()
        for i, day in enumerate(DAYS[:3]):
            self.run_on(day, 75)
            self.assert_there(self.there, *DAYS[:i + 1])
        stamps = {name: stamp for name, stamp in self.world.stamps().items()
                  if name.startswith("there/")}
        self.server.start()
        self.run_on(DAYS[3])
        for place in (self.ftps, self.there):
            self.assert_there(place, *DAYS[:4])
        self.assertEqual(self.published(), self.names(*DAYS[:4]))
        self.assertEqual({name: self.world.stamp(name) for name in stamps},
                         stamps)

    def test_down_again(self):
        """it goes away once more while there is something left"""
        self.begin(self.ftps)
        self.run_on(DAYS[0])
        self.server.stop()
        self.run_on(DAYS[1], 75)
        self.server.start()
        self.run_on(DAYS[1])
        self.server.stop()
        self.run_on(DAYS[2], 75)
        self.run_on(DAYS[3], 75)
        self.server.start()
        self.run_on(DAYS[3])
        self.assert_there(self.ftps, *DAYS[:4])
        self.assertEqual(self.published(), self.names(*DAYS[:4]))
        self.assert_asked_once(*DAYS[:4])

    def test_back_meanwhile(self):
        """back between two files: the later ones wait for the earlier"""
        with Proxy(self.server.port) as proxy:
            ftps = FtpsPlace(self.server, CERTS, port=proxy.port)
            self.begin(ftps, extra="retries = 0;")
            proxy.cut_after = 0
            self.run_on(DAYS[0], 75)
            proxy.cuts_left = 1
            self.run_on(DAYS[1], 75)
            self.assertEqual(proxy.cuts_left, 0)
            self.assert_there(ftps)
            self.run_on(DAYS[2])
            self.assert_there(ftps, *DAYS[:3])
        self.assertEqual(self.published(), self.names(*DAYS[:3]))
        self.assert_asked_once(*DAYS[:3])

    def test_refused(self):
        """a file that is refused for good does not hold up later ones"""
        self.begin(self.ftps)
        # A directory cannot be replaced by a file.
        in_the_way = os.path.join(self.ftps.path, self.names(DAYS[1])[0])
        os.mkdir(in_the_way)
        self.run_on(DAYS[0])
        self.run_on(DAYS[1], 73)
        self.run_on(DAYS[2], expect=None)
        self.run_on(DAYS[3], expect=None)
        self.assertEqual(sorted(os.listdir(self.ftps.path)), sorted(
            self.names(DAYS[0], DAYS[2], DAYS[3]) + self.names(DAYS[1])[:1]))
        os.rmdir(in_the_way)
        self.run_on(DAYS[1])
        self.assert_there(self.ftps, *DAYS[:4])
        self.assert_asked_once(DAYS[0], DAYS[2], DAYS[3])


if __name__ == "__main__":
    main()
