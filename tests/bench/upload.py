#!/usr/bin/python3
"""A large file by FTP, in clear and with TLS: the program's rate and curl's.

    make check-upload               BYTES=1073741824 ROUNDS=3

The same spooled file goes to the same vsftpd, by `resend` with verification
by size and by `curl -T`, in turns. What is compared is the time of the
transfer itself: `elapsed_ms` of the receipt (from connecting until the file
is verified under its final name) and curl's `time_total`.
"""

import json
import os
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "integration"), TESTS]

from harness import main
from servers.vsftpd import Vsftpd
from test_ftp import CERTS, Ftp

BYTES = int(os.environ.get("BYTES", str(1 << 30)))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
ROW = 1000000
LEAST = 0.95    # of curl's rate


class Upload(Ftp):
    def spool(self, server, extra):
        """A file of BYTES or a little more, and its run's number."""
        rows = -(-BYTES // (ROW + 1))
        self.job(server.url(), extra, sql=(
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
            "WHERE n < %d) SELECT hex(randomblob(%d)) AS v FROM c"
            % (rows, ROW // 2)), file='header = false; newline = "lf";')
        (run,) = [json.loads(line) for line in self.home.run(
            "run", "j", "--no-ship", "--json").stdout.splitlines()]
        return run["run"], run["files"][0]["path"], run["files"][0]["bytes"]

    def ours(self, run, size):
        result = json.loads(self.home.run(
            "resend", str(run), "partner", "--json").stdout)
        (delivery,) = result["deliveries"]
        self.assertEqual((delivery["verified"], delivery["bytes"],
                          delivery["attempts"]), ("size", size, 1))
        return delivery["elapsed_ms"] / 1000

    @staticmethod
    def curl(server, path, options):
        return float(subprocess.run(
            ["curl", "-sS", "--fail", *options, "-T", path, "-w",
             "%{time_total}", server.url() + "curl.csv"], check=True,
            stdout=subprocess.PIPE).stdout)

    def compare(self, name, server, extra, options):
        self.serve(server)
        run, path, size = self.spool(server, extra)
        ours, curls = [], []
        for _ in range(ROUNDS):
            ours.append(self.ours(run, size))
            curls.append(self.curl(server, path, options))
        self.assertEqual(os.path.getsize(os.path.join(
            server.root, "incoming", "out.csv")), size)
        rate = statistics.median(curls) / statistics.median(ours)
        print("# %-8s %d bytes: odbcship %.2f s (%.0f MB/s), curl %.2f s: "
              "%.2f of curl's rate" % (
                  name, size, statistics.median(ours),
                  size / statistics.median(ours) / 1e6,
                  statistics.median(curls), rate))
        self.assertGreaterEqual(rate, LEAST)

    def test_clear(self):
        """in clear"""
        self.compare("FTP", Vsftpd(self.directory, None, name="v"),
                     'tls = "none"; verify = "size";', [])

    def test_tls(self):
        """with TLS"""
        self.compare("FTPS", Vsftpd(self.directory, CERTS.server, name="v"),
                     self.trust('verify = "size";'),
                     ["--ssl-reqd", "--cacert", CERTS.ca, "--tls-max", "1.2"])


if __name__ == "__main__":
    main()
