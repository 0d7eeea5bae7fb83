#!/usr/bin/python3
"""FTP and FTPS against real servers: whole runs, from SQLite to the receipt.

vsftpd demands TLS and the reuse of its session; its protocol log says what it
was asked. pyftpdlib knows users and passwords, and writes down every command.
"""

import sys
sys.dont_write_bytecode = True
import hashlib
import json
import os
import re
import shutil
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))

from harness import Case, main, quote, source, target, temporary
from servers.certs import Certs
from servers.pyftpd import Pyftpd
from servers.vsftpd import Vsftpd

DIRECTORY = temporary()
CERTS = Certs(DIRECTORY)

NAMES = [
    "plain.csv", "two words.csv", "it's.csv", 'so "called".csv', "100%.csv",
    "%41%2e.csv", "no. #1.csv", "really?.csv", "a;type=a.csv", "k=v&x+y.csv",
    "Größe-Zürich.csv", "\u4e2d\u6587.csv", "\U0001f600.csv", "[a]*(b).csv",
    "~home.csv", "-rf.csv", "@at.csv",
    ".hidden.csv", "x" * 200 + ".csv",
]


def rows_of(size):
    """SQL whose file without header is so many bytes: lines of 100. No record
    of two fields is shorter than 5 here."""
    full, rest = divmod(size, 100)
    line = ("SELECT n, substr(printf('%%010d%%s', n * 7919, hex(zeroblob(50))),"
            " 1, %d - length(n)) AS v FROM c WHERE n > 0 AND n <= %d")
    count = full + (1 if rest else 0)
    sql = ("WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c "
           "WHERE n < %d) " % count)
    if rest:
        return (sql + "SELECT n, v FROM (" + line % (97, full) +
                " UNION ALL " + line.replace("n <= ", "n = ") %
                (rest - 3, count) + ") ORDER BY n")
    return sql + line % (97, full)


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Ftp(Case):
    """A job "j" that ships what a SELECT says; a server of its own."""

    def setUp(self):
        super().setUp()
        self.home.sqlite("db")
        self.directory = tempfile.mkdtemp(dir=DIRECTORY)
        self.addCleanup(shutil.rmtree, self.directory, True)

    def serve(self, server):
        self.addCleanup(server.stop)
        return server.start()

    def job(self, url, extra="", name="out.csv", sql="SELECT 1 AS a",
            file=""):
        self.home.job("j", source(dsn="db", sql=sql) +
                      "file: { name = %s; %s };\n" % (quote(name), file) +
                      target(url, "partner", extra))

    def login(self, server, more=""):
        """Settings of a user with a password, in a file."""
        self.home.secret("ftp.secret", server.password + "\n")
        return ('user = %s; password = { file = "ftp.secret"; }; %s' %
                (quote(server.user_name), more))

    def trust(self, more=""):
        return "ca_file = %s; %s" % (quote(CERTS.ca), more)

    def spooled(self):
        """Bytes of the one file that the last run made, as hashed then."""
        row = self.home.ledger("SELECT * FROM file ORDER BY id DESC LIMIT 1")
        with open(row[0]["path"], "rb") as f:
            data = f.read()
        self.assertEqual((len(data), digest(data)),
                         (row[0]["bytes"], row[0]["sha256"]))
        return data

    def delivery(self):
        return self.home.ledger("SELECT * FROM delivery ORDER BY id")[-1]

    def assert_delivered(self, server, name="out.csv"):
        """There, whole, alone, and with a receipt."""
        data = self.spooled()
        self.assertEqual(server.files(), [name])
        self.assertEqual(digest(server.read(name)), digest(data))
        row = self.delivery()
        self.assertEqual((row["state"], row["stage"], row["verified"],
                          row["bytes"], row["name"]),
                         ("delivered", "verified", "size", len(data), name))
        return row

    def assert_refused(self, result, *texts):
        """A target that waits for a person: nothing there, file kept."""
        self.assert_message(result, *texts)
        self.assertIn("nothing was shipped; the file is kept as run",
                      result.stderr)
        row = self.delivery()
        self.assertEqual((row["state"], row["class"]), ("failed", "target"))
        self.assert_recorded(73)
        self.spooled()


def vsftpd_dialogue(server):
    """Commands and the codes of their replies, of the last connection."""
    said = server.protocol().split("CONNECT: ")[-1]
    found = re.findall(r'FTP (command|response): Client "[^"]*", "(.*)"$',
                       said, re.M)
    return [text if kind == "command" else text[:3] for kind, text in found]


class Secured(Ftp):
    """vsftpd with TLS that insists on session reuse."""

    implicit = False

    def vsftpd(self, certificate=None):
        return self.serve(Vsftpd(self.directory, certificate or CERTS.server,
                                 implicit=self.implicit))

    def test_steps(self):
        """temporary name, SIZE, rename, SIZE, in this order"""
        server = self.vsftpd()
        self.job(server.url(), self.trust(), sql=rows_of(1234),
                 file="header = false;")
        self.assert_silent(self.home.run("run", "j"))
        self.assert_delivered(server)
        said = vsftpd_dialogue(server)
        stored = said.index("STOR out.csv.part")
        self.assertEqual(said[stored:], [
            "STOR out.csv.part", "150", "226",
            "TYPE I", "200", "SIZE out.csv.part", "213",
            "RNFR out.csv.part", "350", "RNTO out.csv", "250",
            "TYPE I", "200", "SIZE out.csv", "213", "QUIT", "221"])
        before = [c for c in said[:stored] if not c.isdigit()]
        self.assertLess(before.index("PROT P"), before.index("EPSV"))
        self.assertEqual(before.count("TYPE I"), 1)
        self.assertNotIn("TYPE A", said)
        self.assertEqual("AUTH TLS" in before, not self.implicit)

    def test_receipt(self):
        """the receipt is in the ledger, in history and in --json"""
        server = self.vsftpd()
        self.job(server.url(), self.trust())
        said = json.loads(self.home.run("run", "j", "--json").stdout)
        row = self.assert_delivered(server)
        self.assertEqual(row["url"], server.url() + "out.csv")
        self.assertRegex(row["reply"], r"^213 %d$" % row["bytes"])
        self.assertRegex(row["tls"], r"^TLSv1\.[23] [A-Z0-9_-]+$")
        (kept,) = said["deliveries"]
        self.assertEqual((kept["target"], kept["url"], kept["stage"],
                          kept["verified"], kept["bytes"], kept["error"]),
                         ("partner", row["url"], "verified", "size",
                          row["bytes"], None))
        (run,) = json.loads(self.home.run("history", "1", "--json").stdout)
        (past,) = run["deliveries"]
        for key in ("url", "name", "state", "stage", "verified", "reply",
                    "tls", "bytes"):
            self.assertEqual(past[key], row[key], key)
        shown = self.home.run("history", "1").stdout
        for text in (row["url"], row["tls"], row["reply"],
                     "verified by size", "delivered"):
            self.assertIn(text, shown)

    def test_overwrite(self):
        """a file of that name is replaced, also by a shorter one"""
        server = self.vsftpd()
        for size in (500, 90000, 200):
            self.job(server.url(), self.trust(), sql=rows_of(size),
                     file="header = false;")
            self.home.run("run", "j", "--force")
            self.assertEqual(len(server.read("out.csv")), size)
            self.assert_delivered(server)

    def test_old_temporary(self):
        """what a killed run left under the temporary name does no harm"""
        server = self.vsftpd()
        left = os.path.join(server.root, "incoming", "out.csv.part")
        with open(left, "wb") as f:
            f.write(b"x" * 100000)
        self.job(server.url(), self.trust())
        self.home.run("run", "j")
        self.assert_delivered(server)

    def test_sizes(self):
        """from nothing to 30 MB: the file there is the file here"""
        server = self.vsftpd()
        for size in (0, 5, 1000, 60000, 130000, 200000, 400000, 1000000,
                     30000000):
            with self.subTest(size=size):
                self.job(server.url(), self.trust(), sql=rows_of(size),
                         file="header = false;")
                self.home.run("run", "j", "--force")
                self.assert_delivered(server)
                self.assertEqual(self.delivery()["bytes"], size)

    def test_directories(self):
        """a missing directory is refused, or made when it may be"""
        server = self.vsftpd()
        for url in ("incoming/a/b%20c/", "incoming/a/%C3%A4%23/"):
            with self.subTest(url=url):
                self.job(server.url(url), self.trust())
                result = self.home.run("run", "j", "--force", expect=73)
                self.assert_refused(result, "550", "CWD")
                self.job(server.url(url), self.trust("mkdirs = true;"))
                self.home.run("run", "j", "--force")
        self.assertEqual(server.files("incoming/a/b c"), ["out.csv"])
        self.assertEqual(server.files("incoming/a/ä#"), ["out.csv"])

    def test_check(self):
        """check --connect logs in and leaves nothing"""
        server = self.vsftpd()
        self.job(server.url(), self.trust())
        result = self.home.run("check", "--connect", "j")
        self.assertRegex(result.stdout, r"target partner: .*TLSv1\.")
        self.assertEqual(server.files(), [])
        self.assertNotIn("STOR", server.protocol())

    def test_strangers(self):
        """no certificate but the right one gets a login"""
        for name, text in (("stranger", "certificate"),
                           ("misnamed", "localhost"), ("expired", "expired")):
            with self.subTest(certificate=name):
                server = Vsftpd(self.directory, getattr(CERTS, name),
                                implicit=self.implicit, name=name)
                self.serve(server)
                self.job(server.url(), self.trust())
                result = self.home.run("run", "j", "--force", expect=73)
                self.assert_refused(result, text)
                self.assertNotIn("USER", server.protocol())
                self.assertEqual(server.files(), [])

    def test_system_certificates(self):
        """without ca_file the CA of the test is a stranger"""
        server = self.vsftpd()
        self.job(server.url())
        result = self.home.run("run", "j", expect=73)
        self.assert_refused(result, "certificate", "ca_file")
        self.assertNotIn("USER", server.protocol())

    def test_broken_ca_file(self):
        """a CA file that is none is the spec's fault"""
        server = self.vsftpd()
        for text in (None, "no certificate\n"):
            if text is not None:
                self.home.secret("ca.pem", text)
            self.job(server.url(), 'ca_file = "ca.pem";')
            result = self.home.run("run", "j", "--force", expect=78)
            self.assert_message(result, "ca_file")
            self.assertNotIn("USER", server.protocol())


class Implicit(Secured):
    """The same, TLS from the first byte."""

    implicit = True


class Names(Ftp):
    """Names arrive as they are written."""

    def test_names(self):
        """blanks, quotes, UTF-8, percent, hash, question mark"""
        server = self.serve(Pyftpd(self.directory))
        there = []
        for name in NAMES:
            with self.subTest(name=name):
                self.job(server.url(), self.login(server, 'tls = "none";'),
                         name=name, sql="SELECT %d AS a" % len(there))
                self.home.run("run", "j", "--force")
                there.append(name)
                self.assertEqual(server.files(), sorted(there))
                self.assertEqual(server.read(name), self.spooled())
                self.assertEqual(self.delivery()["url"], server.url() + name)

    def test_temporary(self):
        """the temporary name is the spec's"""
        server = self.serve(Pyftpd(self.directory))
        self.job(server.url(), self.login(
            server, 'tls = "none"; temporary = ".{name} 100% of {run}";'),
            name="a b.csv")
        self.home.run("run", "j")
        self.assertIn("STOR .a b.csv 100% of 1", server.commands())
        self.assertEqual(server.files(), ["a b.csv"])

    def test_wrong_names(self):
        """a name that leaves the directory never gets to a server"""
        server = self.serve(Pyftpd(self.directory))
        for name in ("../x.csv", "a/b.csv", "..", "a\nDELE x", "a\\b"):
            with self.subTest(name=name):
                self.job(server.url(), self.login(server, 'tls = "none";'),
                         name=name)
                self.assert_message(self.home.run("run", "j", expect=78))
        self.assertEqual(server.commands(), [])


class Passwords(Ftp):
    """pyftpdlib, which knows a user."""

    def test_plain(self):
        """in clear only when the spec says so"""
        server = self.serve(Pyftpd(self.directory))
        self.job(server.url(), self.login(server))
        result = self.home.run("run", "j", expect=73)
        self.assert_refused(result, "TLS", 'tls = "none"')
        said = server.commands()
        self.assertFalse([c for c in said if c[:4] in ("USER", "PASS")], said)
        self.assertEqual(server.files(), [])
        self.job(server.url(), self.login(server, 'tls = "none";'))
        self.home.run("run", "j")
        row = self.assert_delivered(server)
        self.assertEqual(row["tls"], "")

    def test_explicit(self):
        """the password goes over TLS and nowhere else"""
        server = self.serve(Pyftpd(self.directory, certificate=CERTS.server))
        self.job(server.url(), self.login(server, self.trust()))
        result = self.home.run("run", "j", "--verbose")
        self.assertNotIn(server.password, result.stderr)
        self.assert_delivered(server)
        said = server.commands()
        self.assertLess(said.index("AUTH TLS"),
                        said.index("PASS " + server.password))
        self.assertEqual(said.count("PROT P"), 1)
        with open(os.path.join(self.home.state, "ledger.db"), "rb") as f:
            self.assertNotIn(server.password.encode(), f.read())

    def test_no_clear_ftps(self):
        """ftps:// without TLS is a contradiction"""
        self.job("ftps://localhost/incoming/", 'tls = "none";')
        result = self.home.run("run", "j", expect=78)
        self.assert_message(result, "tls")

    def test_wrong_password(self):
        """73, told once, tried once"""
        for certificate in (None, CERTS.server):
            with self.subTest(tls=certificate is not None):
                server = self.serve(Pyftpd(
                    self.directory, certificate=certificate,
                    name="tls" if certificate else "plain"))
                self.job(server.url(), self.login(
                    server, self.trust() if certificate else 'tls = "none";'))
                self.home.secret("ftp.secret", "guess\n")
                result = self.home.run("run", "j", "--force", expect=73)
                self.assert_refused(result, "530", "user and password")
                self.assertNotIn("guess", result.stderr)
                said = server.commands()
                self.assertEqual(
                    [c for c in said if c.startswith("PASS")],
                    ["PASS guess"])
                self.assertEqual(server.files(), [])

    def test_strangers(self):
        """to a wrong certificate neither user nor password is sent"""
        for name in ("stranger", "misnamed", "expired"):
            with self.subTest(certificate=name):
                server = self.serve(Pyftpd(
                    self.directory, certificate=getattr(CERTS, name),
                    name=name))
                self.job(server.url(), self.login(server, self.trust()))
                self.assert_refused(
                    self.home.run("run", "j", "--force", expect=73))
                self.assertEqual(server.commands(), ["AUTH TLS"])

    def test_wrong_pin(self):
        """the right certificate with another key than the pinned one"""
        server = self.serve(Pyftpd(self.directory, certificate=CERTS.server))
        pin = "sha256//" + "A" * 43 + "="
        self.job(server.url(), self.login(server, self.trust(
            "pinned_key = %s;" % quote(pin))))
        result = self.home.run("run", "j", expect=73)
        self.assert_refused(result, "pinned_key")
        self.assertEqual(server.commands(), ["AUTH TLS"])


class Away(Ftp):
    """Nobody there."""

    def test_refused(self):
        """no server is a reason to try later: 75"""
        server = Pyftpd(self.directory)
        server.start()
        server.stop()
        self.job(server.url(), 'tls = "none"; retries = 0;')
        result = self.home.run("run", "j", expect=75)
        self.assert_message(result, "partner", str(server.port))
        self.assert_recorded(75)
        self.assertEqual(self.delivery()["state"], "failed")
        server.start()
        self.job(server.url(), self.login(server, 'tls = "none";'))
        self.home.run("run", "j")
        self.assert_delivered(server)

    def test_no_host(self):
        """a name that does not resolve: 75"""
        self.job("ftp://no-such-host.invalid/incoming/", "retries = 0;")
        result = self.home.run("run", "j", expect=75)
        self.assert_message(result, "no-such-host.invalid")


if __name__ == "__main__":
    main()
