#!/usr/bin/python3
"""Servers, TLS and sizes: every upload whole, none called what it is not.

`make check` runs a small part; `make check-matrix` all of it, UPLOADS (20)
times each, also against proftpd and pure-ftpd, and shows a table. The sizes
are those at which libcurl with TLS 1.3 lost data (facts: 130 kB to 1 MB).
"""

import sys
sys.dont_write_bytecode = True
import os

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))

from harness import main
from servers.proftpd import Proftpd, PureFtpd, unpack
from servers.pyftpd import Pyftpd
from servers.vsftpd import Vsftpd
from test_ftp import CERTS, DIRECTORY, Ftp, rows_of

UPLOADS = int(os.environ.get("UPLOADS", "0"))
SIZES = (0, 5, 60000, 130000, 200000, 400000, 1000000, 50000000)
FEW = (0, 130000, 1000000)
SERVERS = {
    "vsftpd, explicit": lambda d: Vsftpd(d, CERTS.server, name="v"),
    "vsftpd, implicit": lambda d: Vsftpd(d, CERTS.server, implicit=True,
                                         name="w"),
    "pyftpdlib, explicit": lambda d: Pyftpd(d, certificate=CERTS.server,
                                            name="p"),
    "pyftpdlib, in clear": lambda d: Pyftpd(d, name="q"),
}
if UPLOADS:
    UNPACKED = unpack(os.path.join(DIRECTORY, "unpacked"))
    SERVERS.update({
        "proftpd": lambda d: Proftpd(d, UNPACKED, CERTS.server),
        "pure-ftpd": lambda d: PureFtpd(d, UNPACKED, CERTS.server)})
# How it is verified, and what the receipt says where it is not "reread".
HASHED = {"proftpd": "hash HASH SHA-256"}


class Matrix(Ftp):
    def settings(self, server):
        if isinstance(server, Vsftpd):
            return self.trust()
        return self.login(server, self.trust() if server.certificate
                          else 'tls = "none";')

    def upload(self, server, size, extra):
        """One run; what the receipt says of TLS, and of the rung."""
        self.job(server.url(), self.settings(server) + "retries = 0;" + extra,
                 sql=rows_of(size), file="header = false;")
        self.assert_silent(self.home.run("run", "j", "--force"))
        row = self.delivery()
        with open(self.home.ledger(
                "SELECT path FROM file ORDER BY id DESC LIMIT 1")[0]["path"],
                "rb") as f:
            data = f.read()
        self.assertEqual(len(data), size)
        self.assertEqual(server.files(), ["out.csv"])
        self.assertTrue(server.read("out.csv") == data, "another file")
        self.assertEqual((row["state"], row["stage"], row["bytes"],
                          row["attempts"]),
                         ("delivered", "verified", size, 1))
        return row["tls"].split(" ")[0] or "none", row["verified"]

    def test_all(self):
        """every size to every server, with each way of verifying"""
        rows = []
        for name, make in SERVERS.items():
            server = self.serve(make(self.directory))
            for size in SIZES if UPLOADS else FEW:
                for verify in ("size", "hash"):
                    with self.subTest(server=name, size=size, verify=verify):
                        (receipt,) = {self.upload(
                            server, size, 'verify = "%s";' % verify)
                            for _ in range(max(UPLOADS, 1))}
                        self.assertEqual(
                            receipt[1], "size" if verify == "size"
                            else HASHED.get(name, "reread"))
                        rows.append((name, receipt[0], size, receipt[1],
                                     max(UPLOADS, 1)))
            server.stop()
        self.assertEqual(len(rows), len(SERVERS) * 2 *
                         len(SIZES if UPLOADS else FEW))
        if UPLOADS:
            print("# | server | TLS | bytes | verified by | whole |")
            print("# | --- | --- | ---: | --- | --- |")
            for name, tls, size, verify, n in rows:
                print("# | %s | %s | %d | %s | %d of %d |" % (
                    name, tls, size, verify, n, n))


if __name__ == "__main__":
    main()
