#!/usr/bin/python3
"""odbcship probe: what it says of servers that allow much, little, nothing."""

import sys
sys.dont_write_bytecode = True
import os
import re
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))

from harness import Case, main, quote, source, target, temporary
from servers.certs import Certs
from servers.pyftpd import Pyftpd
from servers.scripted_ftp import PASSWORD, USER, ScriptedFtp, close, say
from servers.vsftpd import Vsftpd

DIRECTORY = temporary()
CERTS = Certs(DIRECTORY)
LOGIN = 'user = "%s"; password = { file = "ftp.secret"; }; ' % USER


class Probe(Case):
    def setUp(self):
        super().setUp()
        self.home.secret("ftp.secret", PASSWORD + "\n")

    def serve(self, server):
        self.addCleanup(server.stop)
        return server.start()

    def job(self, url, extra=LOGIN + 'tls = "none";'):
        self.home.job("j", source(dsn="no such dsn", sql="SELECT 1") +
                      'file: { name = "out.csv"; };\n' +
                      target(url, "partner", extra))

    def probe(self, url, *more, expect=0):
        """What is said, as a dictionary, and the settings that follow."""
        self.job(url, *more)
        result = self.home.run("probe", "j", expect=expect)
        said, _, follow = result.stdout.partition("settings that follow:\n")
        return (dict(re.findall(r"^  (.{12}) (.*)$", said, re.M)),
                dict(re.findall(r"^  (\w+) = (\S+);", follow, re.M)), result)

    def answers(self, said):
        return {k.strip(): v for k, v in said.items()}

    def test_everything(self):
        """a server that allows everything"""
        server = self.serve(ScriptedFtp(features=("HASH SHA-256*",)))
        server.files["/incoming/other.csv"] = b"other"
        said, follow, _ = self.probe(server.url())
        self.assertEqual(self.answers(said), {
            "TLS": "none", "upload": "yes", "size": "yes",
            "hash": "HASH SHA-256", "read back": "yes", "rename": "yes",
            "replace": "yes", "resume": "yes", "directories": "yes",
            "remove": "yes"})
        self.assertEqual(follow, {"verify": '"hash"'})
        self.assertEqual(server.files, {"/incoming/other.csv": b"other"})
        self.assertEqual(server.directories, {"/", "/incoming"})

    def test_little(self):
        """each thing that is forbidden, and what follows"""
        for verb, what, setting in (
                ("SIZE", "size", ("verify", '"reread"')),
                ("RETR", "read back", ("verify", '"size"')),
                ("RNFR", "rename", ("publish", '"marker"')),
                ("APPE", "resume", ("resume", "false")),
                ("MKD", "directories", ("mkdirs", "false"))):
            with self.subTest(verb=verb):
                server = self.serve(ScriptedFtp())
                server.on(verb, say("550 No." if verb != "SIZE"
                                    else "502 No."))
                said, follow, _ = self.probe(server.url())
                self.assertEqual(self.answers(said)[what], "no")
                self.assertEqual(follow.get(setting[0]), setting[1])
                self.assertEqual(server.names(), [])
                server.stop()

    def test_keeping(self):
        """a server that does not rename onto a file"""
        server = self.serve(ScriptedFtp())
        server.keeps_old = True
        said, follow, _ = self.probe(server.url())
        self.assertEqual(self.answers(said)["replace"], "no")
        self.assertEqual(follow["overwrite"], '"fail"')
        self.assertEqual(server.names(), [])

    def test_vanishing(self):
        """a server that takes files away"""
        server = self.serve(ScriptedFtp())
        server.vanish = True
        said, follow, _ = self.probe(server.url())
        self.assertIn("gone", self.answers(said)["rename"])
        self.assertEqual(follow["may_vanish"], "true")

    def test_left(self):
        """what cannot be removed is told"""
        server = self.serve(ScriptedFtp().on("DELE", say("550 No.")))
        said, _, result = self.probe(server.url())
        self.assertEqual(self.answers(said)["remove"], "no")
        (name,) = [n for n in server.names() if n.endswith(".csv")]
        self.assertIn("could not be removed", result.stdout)
        self.assertTrue(name.startswith("odbcship-probe-"))

    def test_breaking(self):
        """a connection that breaks over a question does not end the probe"""
        for verb in ("SIZE", "RETR", "RNTO", "APPE", "MKD", "FEAT"):
            with self.subTest(verb=verb):
                server = self.serve(ScriptedFtp().on(verb, close, 1))
                said, _, _ = self.probe(server.url())
                self.assertEqual(self.answers(said)["upload"], "yes")
                self.assertEqual([n for n in server.names()
                                  if not n.endswith(".csv")], [])
                server.stop()

    def test_refused(self):
        """no login, no upload: the target's own words, and 73"""
        for verb, text in (("PASS", "530 Login incorrect."),
                           ("CWD", "550 No such directory."),
                           ("STOR", "553 Not allowed.")):
            with self.subTest(verb=verb):
                server = self.serve(ScriptedFtp().on(verb, say(text)))
                self.job(server.url())
                result = self.home.run("probe", "j", expect=73)
                self.assert_message(result, "target 'partner'", text)
                server.stop()

    def test_nobody(self):
        """nobody there: 75"""
        server = ScriptedFtp()
        server.start()
        server.stop()
        self.job(server.url())
        self.assert_message(self.home.run("probe", "j", expect=75))

    def test_words(self):
        """a job, perhaps a target, that exist"""
        self.job("ftp://localhost/")
        for words in ((), ("j", "partner", "more"), ("j", "other")):
            with self.subTest(words=words):
                self.assert_message(
                    self.home.run("probe", *words, expect=64))
        self.home.run("probe", "k", expect=78)

    def test_directory(self):
        """a directory of this machine"""
        path, url = self.home.directory()
        said, follow, _ = self.probe(url, "")
        answers = self.answers(said)
        self.assertEqual((answers["rename"], answers["replace"],
                          answers["resume"], answers["size"]),
                         ("yes",) * 4)
        self.assertEqual(follow, {"verify": '"size"'})
        self.assertEqual(os.listdir(path), [])

    def test_vsftpd(self):
        """vsftpd, which demands the reuse of the session"""
        server = self.serve(Vsftpd(tempfile.mkdtemp(dir=DIRECTORY),
                                   CERTS.server))
        said, _, _ = self.probe(server.url(), "ca_file = %s;" %
                                quote(CERTS.ca))
        answers = self.answers(said)
        self.assertRegex(answers.pop("TLS"), r"^TLSv1\.[23] ")
        self.assertEqual(answers, {
            "TLS reuse": "yes", "upload": "yes", "size": "yes", "hash": "no",
            "read back": "yes", "rename": "yes", "replace": "yes",
            "resume": "yes", "directories": "yes", "remove": "yes"})
        self.assertEqual(server.files(), [])

    def test_pyftpd(self):
        """pyftpdlib, with a password"""
        server = self.serve(Pyftpd(tempfile.mkdtemp(dir=DIRECTORY)))
        self.home.secret("py.secret", server.password + "\n")
        said, _, _ = self.probe(
            server.url(), 'tls = "none"; user = %s; password = { file = '
            '"py.secret"; };' % quote(server.user_name))
        self.assertEqual(self.answers(said)["replace"], "yes")
        self.assertEqual(server.files(), [])


if __name__ == "__main__":
    main()
