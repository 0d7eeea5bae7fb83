#!/usr/bin/python3
"""How a file gets its name, is verified, and is tried again.

A server of ours that allows much or little; what it was told is the proof.
"""

import sys
sys.dont_write_bytecode = True
import json
import os
import re
import signal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))

from harness import (Case, main, quote, source, target, temporary,
                     wait_until)
from servers.certs import Certs
from servers.scripted_ftp import (
    PASSWORD, USER, ScriptedFtp, close, cut, do, drop, keep, quietly, say,
    stall, then)

CERTS = Certs(temporary())
ROWS = 4000
SQL = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
       "WHERE n < %d) SELECT n, n * 7919 AS v, 'row ' || n AS t FROM c")
OLD = b"what was there before\n"
UNIX = "-rw-r--r--   1 ftp      ftp      %(size)9d Nov 24 08:30 %(name)s"
IIS = "11-24-26  08:30AM  %(size)9d %(name)s"
ALL = ("SIZE", "MLST size*;")


class Steps(Case):
    certificate = None

    def setUp(self):
        super().setUp()
        self.home.sqlite("db")
        self.home.secret("ftp.secret", PASSWORD + "\n")

    def serve(self, **more):
        server = ScriptedFtp(certificate=self.certificate, **more)
        self.addCleanup(server.stop)
        return server.start()

    def job(self, server, extra="", name="out.csv", more="", wait="10ms",
            rows=ROWS):
        tls = ("ca_file = %s;" % quote(CERTS.ca) if self.certificate
               else 'tls = "none";')
        self.home.job("j", source(dsn="db", sql=SQL % rows) +
                      "file: { name = %s; };\n%s" % (quote(name), more) +
                      target(server.url(), "partner",
                             'user = "%s"; password = { file = "ftp.secret"; '
                             '}; retry_wait = "%s"; %s %s' %
                             (USER, wait, extra, "" if "tls = " in extra
                              else tls)))

    def delivery(self):
        return self.home.ledger("SELECT * FROM delivery ORDER BY id")[-1]

    def content(self):
        row = self.home.ledger("SELECT * FROM file ORDER BY id")[-1]
        with open(row["path"], "rb") as f:
            return f.read()

    def assert_delivered(self, server, verified="size", attempts=1):
        self.assertEqual(server.read("out.csv"), self.content(), server.said)
        self.assertNotIn("out.csv.part", server.names())
        row = self.delivery()
        self.assertEqual((row["state"], row["stage"], row["verified"],
                          row["attempts"], row["bytes"]),
                         ("delivered", "verified", verified, attempts,
                          len(self.content())), server.said)

    def deliver(self, server, extra="", verified="size", attempts=1):
        self.job(server, extra)
        self.assert_silent(self.home.run("run", "j", "--force"))
        self.assert_delivered(server, verified, attempts)

    def refuse(self, server, extra, status, *texts, stored=None):
        self.job(server, extra)
        result = self.home.run("run", "j", "--force", expect=status)
        self.assert_message(result, "target 'partner'", *texts)
        if stored is not None:
            self.assertEqual(server.count("STOR"), stored, server.said)
        return result


class Publish(Steps):
    """publish and overwrite."""

    def sent(self, server):
        """The verbs from the first upload or look on."""
        verbs = server.verbs()
        first = min(verbs.index(v) for v in ("STOR", "SIZE") if v in verbs)
        return [v for v in verbs[first:] if v not in ("TYPE", "EPSV", "QUIT")]

    def test_directory(self):
        """uploaded elsewhere, then moved"""
        for staging, path in (("../staging/", "/staging/out.csv.part"),
                              ("tmp/", "/incoming/tmp/out.csv.part"),
                              ("/staging/", "/staging/out.csv.part")):
            with self.subTest(staging=staging):
                seen = []
                server = self.serve()
                server.directories |= {"/staging", "/incoming/tmp"}
                server.on("SIZE", then(
                    lambda session, _: seen.extend(session.server.files),
                    do), 1)
                self.deliver(server, 'publish = "directory"; staging = "%s";'
                             % staging)
                self.assertEqual(seen, [path])
                self.assertIn("RNFR %sout.csv.part" % staging,
                              server.commands())
                self.assertIn("RNTO out.csv", server.commands())
                server.stop()

    def test_directory_missing(self):
        """a staging directory that is not there is refused, or made"""
        server = self.serve()
        more = 'publish = "directory"; staging = "../staging/";'
        self.refuse(server, more, 73, "550", "CWD", stored=0)
        self.deliver(server, more + " mkdirs = true;")
        self.assertIn("/staging", server.directories)

    def test_wrong_staging(self):
        """no staging, or none that can be: 78 before anything is sent"""
        server = self.serve()
        for staging in ("", 'staging = "tmp";', 'staging = "a/../b/";',
                        'staging = "a\\nDELE x/";', 'staging = "a\\\\b/";'):
            with self.subTest(staging=staging):
                self.job(server, 'publish = "directory"; ' + staging)
                result = self.home.run("run", "j", expect=78)
                self.assertIn("staging", result.stderr)
        self.assertEqual(server.commands(), [])

    def test_direct(self):
        """under its own name: no rename is asked for"""
        for publish in ("direct", "marker"):
            with self.subTest(publish=publish):
                server = self.serve()
                server.on("RNFR", say("502 No."))
                server.files["/incoming/out.csv"] = OLD
                self.deliver(server, 'publish = "%s";' % publish)
                self.assertEqual(self.sent(server), ["STOR", "SIZE"])
                server.stop()

    def test_direct_broken(self):
        """half a file under its own name is removed, or told"""
        server = self.serve()
        server.on("STOR", cut(1000, say("426 Broken.")))
        result = self.refuse(server, 'publish = "direct"; retries = 0;', 75)
        self.assertNotIn("out.csv", server.names())
        self.assertNotIn("nothing was shipped", result.stderr)
        server.on("DELE", say("550 No."))
        result = self.refuse(server, 'publish = "direct"; retries = 0;', 75)
        self.assertEqual(len(server.read("out.csv")), 1000)
        self.assertIn("under the final name", result.stderr)
        server.forget()
        self.deliver(server, 'publish = "direct";')

    def test_fail(self):
        """overwrite = "fail": an older file stays, nothing is sent"""
        server = self.serve()
        self.deliver(server, 'overwrite = "fail";')
        server.files["/incoming/out.csv"] = OLD
        self.refuse(server, 'overwrite = "fail";', 73, "there already",
                  "overwrite", stored=1)
        self.assertEqual(server.read("out.csv"), OLD)
        self.refuse(server, 'overwrite = "fail"; publish = "direct";', 73,
                  "there already", stored=1)
        self.assertEqual(server.read("out.csv"), OLD)

    def test_skip(self):
        """overwrite = "skip": an older file stays, and that is right"""
        server = self.serve()
        server.files["/incoming/out.csv"] = OLD
        self.job(server, 'overwrite = "skip";')
        self.assert_silent(self.home.run("run", "j"))
        self.assertEqual(server.read("out.csv"), OLD)
        self.assertEqual(server.count("STOR"), 0)
        row = self.delivery()
        self.assertEqual((row["state"], row["stage"]),
                         ("delivered", "skipped"))
        del server.files["/incoming/out.csv"]
        self.deliver(server, 'overwrite = "skip";')

    def test_cannot_tell(self):
        """who cannot be asked for an older file gets none beside it"""
        for overwrite in ("fail", "skip"):
            with self.subTest(overwrite=overwrite):
                server = self.serve().on("SIZE", say("502 No."))
                self.refuse(server, 'overwrite = "%s";' % overwrite, 73,
                          "cannot tell", stored=0)
                server.stop()

    def test_own_upload_is_no_obstacle(self):
        """overwrite = "fail" does not stumble over its own first attempt"""
        server = self.serve().on("STOR", cut(1000, say("426 Broken.")), 1)
        self.deliver(server, 'overwrite = "fail"; publish = "direct";',
                     attempts=2)

    def test_renaming_server_that_keeps(self):
        """an older file that RNTO does not replace is removed, and told"""
        server = self.serve()
        server.keeps_old = True
        self.deliver(server)
        server.forget()
        self.job(server)
        result = self.home.run("run", "j", "--force")
        self.assertIn("the old file was removed first", result.stderr)
        self.assert_delivered(server)
        self.assertEqual(self.sent(server),
                         ["STOR", "SIZE", "RNFR", "RNTO", "SIZE", "DELE",
                          "RNFR", "RNTO", "SIZE"])

    def test_replaced_only_where_allowed(self):
        """overwrite = "fail" never removes, though the name came late"""
        server = self.serve()
        server.keeps_old = True
        server.on("RNFR", then(
            lambda session, _: session.server.files.update(
                {"/incoming/out.csv": OLD}), do))
        self.refuse(server, 'overwrite = "fail";', 73, "553 It exists.")
        self.assertEqual(server.read("out.csv"), OLD)
        self.assertNotIn("DELE out.csv", server.commands())

    def test_vanishing(self):
        """taken away at once: delivered where the settings say so"""
        server = self.serve()
        server.vanish = True
        self.job(server, "may_vanish = true;")
        self.assert_silent(self.home.run("run", "j"))
        self.assertEqual(server.taken["/incoming/out.csv"], self.content())
        row = self.delivery()
        self.assertEqual((row["state"], row["stage"], row["verified"]),
                         ("delivered", "verified", "size, then gone"))
        server.taken.clear()
        self.refuse(server, "", 75, "takes files away", "may_vanish", stored=2)
        self.assertEqual(self.delivery()["attempts"], 1)


class PublishTls(Publish):
    certificate = CERTS.server


HASHES = [
    ("HASH SHA-256*;SHA-1", "HASH SHA-256"), ("XSHA256", "XSHA256"),
    ("HASH CRC32;MD5;SHA-1*;SHA-512", "HASH SHA-512"),
    ("XSHA512", "XSHA512"), ("HASH MD5;SHA-1*", "HASH SHA-1"),
    ("XSHA1", "XSHA1"), ("XSHA filename;start;end", "XSHA"),
    ("HASH MD5*", "HASH MD5"), ("XMD5 filename", "XMD5"), ("MD5", "MD5"),
    ("HASH CRC32*", "HASH CRC32"), ("XCRC filename;start;end", "XCRC"),
]


class Verify(Steps):
    """verify: the rungs and what stands in for them."""

    hashes = HASHES

    def change(self, server):
        """One byte of what is stored becomes another."""
        def act(session, argument):
            path = session.path(argument)
            content = server.files[path]
            server.files[path] = content[:100] + b"#" + content[101:]
            session.reply("226 Stored.")
        server.on("STORED", act)

    def test_none(self):
        """verify = "none": not a single look"""
        server = self.serve().on("SIZE", say("502 No."))
        self.job(server, 'verify = "none";')
        self.assert_silent(self.home.run("run", "j"))
        self.assertEqual(server.read("out.csv"), self.content())
        self.assertEqual(server.count("SIZE"), 0)
        row = self.delivery()
        self.assertEqual((row["state"], row["stage"], row["verified"]),
                         ("delivered", "published", "none"))
        self.assertIn("not verified",
                      self.home.run("history", "1").stdout)

    def test_without_size(self):
        """SIZE forbidden: MLST, then a listing of Unix or IIS"""
        for features, listing in ((ALL, None), ((), UNIX), ((), IIS)):
            with self.subTest(features=features, listing=listing):
                server = self.serve(features=features)
                server.listing = listing
                server.on("SIZE", say("502 No."))
                self.deliver(server)
                server.on("STORED", keep(100))
                self.refuse(server, "retries = 0;", 75, "100 bytes",
                          "nothing has the final name")
                server.stop()

    def test_listing_without_it(self):
        """a listing that shows others shows that it is not there"""
        server = self.serve()
        server.listing = UNIX
        server.files["/incoming/other out.csv.part"] = b"x"
        server.on("SIZE", say("502 No."))
        server.on("STORED", then(
            lambda session, argument: session.server.files.pop(
                session.path(argument)), do))
        self.refuse(server, "retries = 0;", 75, "is not at the server")

    def test_hashes(self):
        """every kind of hash that FEAT may list"""
        for feature, verified in self.hashes:
            with self.subTest(feature=feature):
                server = self.serve(features=(feature, "SIZE"))
                self.deliver(server, 'verify = "hash";',
                             verified="hash " + verified)
                self.assertEqual(server.count("RETR"), 0)
                server.stop()

    def test_hash_differs(self):
        """a byte that changed: nothing gets the final name"""
        for feature, verified in self.hashes:
            with self.subTest(feature=feature):
                server = self.serve(features=(feature, "SIZE"))
                self.change(server)
                self.refuse(server, 'verify = "hash"; retries = 1;', 75,
                          "is not what was sent", verified, stored=2)
                self.assertEqual(server.names(), [])
                server.stop()

    def test_size_does_not_see_it(self):
        """the same with verify = "size" is delivered: the test can fail"""
        server = self.serve(features=("XSHA256",))
        self.change(server)
        self.job(server)
        self.home.run("run", "j")
        self.assertNotEqual(server.read("out.csv"), self.content())

    def test_hash_falls_back(self):
        """no hash, a refused one or nonsense: the content is read back"""
        for features, reply in (((), None), (("XSHA256",), "502 No."),
                                (("XSHA256",), "250 what?"),
                                (("HASH SHA3-256*",), None)):
            with self.subTest(features=features, reply=reply):
                server = self.serve(features=features)
                if reply is not None:
                    server.on("XSHA256", say(reply))
                self.deliver(server, 'verify = "hash";', verified="reread")
                self.assertEqual(server.count("RETR"), 1)
                server.stop()

    def test_hash_later(self):
        """a hash that is refused for now is asked for again"""
        server = self.serve(features=("XSHA256",))
        server.on("XSHA256", say("450 Busy."), 1)
        self.deliver(server, 'verify = "hash";', verified="hash XSHA256",
                     attempts=2)

    def test_reread(self):
        """read back: right, changed, shorter, broken off, refused"""
        server = self.serve()
        self.deliver(server, 'verify = "reread";', verified="reread")
        self.assertEqual(server.count("RETR"), 1)
        self.change(server)
        self.refuse(server, 'verify = "reread"; retries = 0;', 75,
                  "its content differs")
        self.assertEqual(server.names(), ["out.csv"])
        server.forget()
        server.on("RETR", say("550 Write only."))
        self.refuse(server, 'verify = "reread"; retries = 0;', 73,
                  "550 Write only.", "verify")
        server.forget()
        server.on("RETR", close, 1)
        self.deliver(server, 'verify = "reread";', verified="reread")

    def test_reread_without_size(self):
        """a server that tells no size, but gives the file back"""
        server = self.serve().on("SIZE", say("502 No."))
        self.deliver(server, 'verify = "reread";', verified="reread")

    def test_names_in_replies(self):
        """a name that looks like a hash is not one"""
        name = "0" * 64 + ".csv"
        server = self.serve(features=("HASH SHA-256*",))
        self.job(server, 'verify = "hash"; temporary = "%s";' % ("0" * 64),
                 name=name)
        self.assert_silent(self.home.run("run", "j"))
        self.assertEqual(self.delivery()["verified"], "hash HASH SHA-256")


class VerifyTls(Verify):
    certificate = CERTS.server
    hashes = HASHES[:2]


class Retry(Steps):
    """retries: what passes, and what does not."""

    def test_passing(self):
        """each of these passes, and the next attempt delivers"""
        for moment, action in (
                ("CONNECT", say("421 Too busy.")), ("CONNECT", close),
                ("PASS", say("530 Too many connections.")),
                ("CWD", say("421 Idle.")), ("STOR", say("450 Busy.")),
                ("STOR", say("452 Disk full.")), ("STOR", close),
                ("STOR", cut(1000, say("426 Broken."))),
                ("STOR", cut(1000, close)), ("STORED", say("451 Error.")),
                ("STORED", keep(100)), ("SIZE", say("421 Idle.")),
                ("SIZE", close)):
            with self.subTest(moment=moment):
                server = self.serve().on(moment, action, 1)
                server.files["/incoming/out.csv"] = OLD
                self.deliver(server, attempts=2)
                # one more where the answer may have been lost
                self.assertIn(server.sessions, (2, 3), server.said)
                server.stop()

    def test_rename_again(self):
        """what is there and whole is renamed, not sent again"""
        for moment, action in (("RNFR", say("450 Busy.")), ("RNFR", close),
                               ("RNTO", say("450 Busy.")),
                               ("RNTO", close)):
            with self.subTest(moment=moment):
                server = self.serve().on(moment, action, 1)
                self.deliver(server, attempts=2)
                self.assertEqual(server.count("STOR"), 1, server.said)
                server.stop()

    def test_unknown_rename(self):
        """an answer that was lost is looked for, however late"""
        server = self.serve()
        server.on("RNTO", then(quietly, close), 1)
        server.on("CONNECT", close, 2).on("CONNECT", close, 3)
        self.deliver(server, attempts=3)
        self.assertEqual((server.count("STOR"), server.count("RNTO")),
                         (1, 1), server.said)

    def test_final_look_again(self):
        """after the rename only the look is repeated"""
        server = self.serve().on("SIZE", close, 2)
        self.deliver(server, attempts=2)
        self.assertEqual((server.count("STOR"), server.count("RNTO")),
                         (1, 1), server.said)

    def test_lost_upload(self):
        """a temporary file that is gone meanwhile is sent again"""
        server = self.serve()
        server.on("RNFR", then(
            lambda session, argument: session.server.files.pop(
                session.path(argument)), say("450 Busy.")), 1)
        self.deliver(server, attempts=2)
        self.assertEqual(server.count("STOR"), 2)

    def test_used_up(self):
        """first cause, last cause, attempts and time are told"""
        server = self.serve()
        server.on("STOR", say("450 Busy.")).on("CONNECT", say("421 Full."), 1)
        result = self.refuse(server, "retries = 3;", 75, "450 Busy.",
                           "421 Full.", "attempt 4", stored=3)
        self.assertRegex(result.stderr, r"attempt 4, [0-9.]+ m?s after")
        self.assertEqual(self.delivery()["attempts"], 4)
        self.assertIn("attempts: 4", self.home.run("history", "1").stdout)

    def test_alike(self):
        """the same cause each time is told once"""
        server = self.serve().on("STOR", say("450 Busy."))
        result = self.refuse(server, "retries = 2;", 75, "failed alike",
                           stored=3)
        self.assertEqual(result.stderr.count("450 Busy."), 1)

    def test_refused(self):
        """login, permission and quota are not hammered"""
        for moment, text in (("PASS", "530 Login incorrect."),
                             ("CWD", "550 No such directory."),
                             ("STOR", "553 Not allowed."),
                             ("STOR", "552 Over quota."),
                             ("STORED", "552 Over quota."),
                             ("RNTO", "550 Permission denied.")):
            with self.subTest(moment=moment, text=text):
                server = self.serve().on(moment, say(text))
                result = self.refuse(server, "", 73, text)
                self.assertNotIn("attempt", result.stderr)
                self.assertLessEqual(server.count(moment), 1)
                self.assertEqual(self.delivery()["attempts"], 1)
                server.stop()

    def test_ambiguous(self):
        """what may be delivered is never sent a second time"""
        server = self.serve().on("RNTO", then(quietly, close))
        server.vanish = True
        self.refuse(server, "", 73, "cannot be known whether 'out.csv' was "
                    "delivered", stored=1)
        self.assertEqual(server.count("RNTO"), 1)
        self.assertEqual(self.delivery()["stage"], "renaming")

    def test_ambiguous_again(self):
        """but where the settings say so, which is told"""
        server = self.serve().on("RNTO", then(quietly, close), 1)
        server.vanish = True
        self.job(server, 'ambiguous = "resend"; may_vanish = true;')
        result = self.home.run("run", "j", "--force")
        self.assertIn('it is sent again, as ambiguous = "resend" says',
                      result.stderr)
        self.assertEqual((server.count("STOR"), server.count("RNTO")), (2, 2))
        self.assertEqual(self.delivery()["state"], "delivered")

    def test_deadline(self):
        """no attempt is waited for that limits.runtime does not leave"""
        server = self.serve().on("STOR", say("450 Busy."))
        self.job(server, more='limits: { runtime = "1m"; };\n', wait="1h")
        result = self.home.run("run", "j", expect=75)
        self.assert_message(result, "450 Busy.")
        self.assertEqual(server.count("STOR"), 1)

    def test_signal(self):
        """a signal ends the wait, and the temporary file goes"""
        server = self.serve().on("STORED", say("451 Error."))
        self.job(server, wait="1h")
        process = self.home.start("run", "j", "--verbose")
        said = b""
        while b"the next comes in" not in said:
            said += process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        result = self.home.finish(process, expect=143)
        self.assertIn("while waiting to try again", result.stderr)
        self.assertEqual(server.names(), [])
        self.assertEqual(server.count("STOR"), 1)


class RetryTls(Retry):
    certificate = CERTS.server

    def test_data_connection(self):
        """a data connection that is rejected: a fresh connection"""
        for action in (drop, close):
            server = self.serve().on("DATA", action, 1)
            self.deliver(server, attempts=2)
            self.assertEqual(server.sessions, 2)
            server.stop()


class Cuts(Steps):
    """A server that ends uploads in the middle, each time."""

    def test_cuts(self):
        """after three of them it is refused: a quota that was never said"""
        def cut_off(session, argument):
            session.reply("150 Go ahead.")
            data = session.open_data()
            data.recv(1000)
            session.server.files[session.path(argument)] = b"x" * 1000
            session.close_data(data, rude=True)
            session.line()      # whatever comes next is not heard
            raise ConnectionError
        server = self.serve().on("STOR", cut_off)
        self.job(server, "retries = 9;", rows=400000)
        result = self.home.run("run", "j", expect=73)
        self.assert_message(result, "quotas", "attempt 3")
        self.assertEqual(server.count("STOR"), 3)


class Resume(Steps):
    """resume = true"""

    def test_resume(self):
        """the second attempt goes on where the first broke off"""
        server = self.serve(features=("XSHA256",))
        server.on("STOR", cut(1000, say("426 Broken.")), 1)
        self.deliver(server, "resume = true;", verified="hash XSHA256",
                     attempts=2)
        self.assertEqual((server.count("STOR"), server.count("APPE")),
                         (1, 1), server.said)

    def test_of_another_run(self):
        """a part of another file is found out and sent whole"""
        server = self.serve(features=("XSHA256",))
        server.files["/incoming/out.csv.part"] = b"something else"
        self.deliver(server, "resume = true;", verified="hash XSHA256")
        self.assertEqual((server.count("STOR"), server.count("APPE")),
                         (1, 1), server.said)

    def test_next_run(self):
        """a part that is left is used by the next run"""
        server = self.serve()
        # Whether its reply is read, or the reset seen first, is by chance.
        server.on("STOR", cut(5000, say("426 Broken.")), 1)
        self.refuse(server, "resume = true; retries = 0;", 75)
        self.assertEqual(len(server.read("out.csv.part")), 5000)
        self.deliver(server, "resume = true;", verified="reread")
        self.assertEqual(server.count("STOR"), 1)

    def test_longer(self):
        """what is longer than the file is replaced"""
        server = self.serve()
        server.files["/incoming/out.csv.part"] = b"x" * 1000000
        self.deliver(server, "resume = true;", verified="reread")

    def test_refused(self):
        """a server without APPE"""
        server = self.serve()
        server.on("STOR", cut(1000, say("426 Broken.")), 1)
        server.on("APPE", say("451 Append not allowed."))
        self.refuse(server, "resume = true; retries = 2;", 75, "451 Append")

    def test_without(self):
        """not asked for: from the beginning"""
        server = self.serve().on("STOR", cut(1000, say("426 Broken.")), 1)
        self.deliver(server, attempts=2)
        self.assertEqual((server.count("STOR"), server.count("APPE")),
                         (2, 0))


class ResumeTls(Resume):
    certificate = CERTS.server


class Connection(Steps):
    """active, bandwidth, TLS versions, client certificates"""

    def test_active(self):
        """the server connects to this host"""
        for extra, verb in (("", "EPRT"), ("epsv = false;", "PORT")):
            server = self.serve()
            self.deliver(server, "active = true; " + extra)
            self.assertIn(verb, server.verbs())
            self.assertNotIn("EPSV", server.verbs())
            server.stop()

    def test_active_tls(self):
        """active mode over TLS: refused where libcurl leaks"""
        server = self.serve()
        self.job(server, 'active = true; tls = "required";')
        version = self.home.run("--version").stdout
        number = [int(n) for n in re.search(
            r"libcurl (\d+)\.(\d+)", version).groups()]
        result = self.home.run("check", "j", expect=None)
        if [7, 87] <= number < [8, 0]:
            self.assertEqual(result.status, 78)
            self.assertIn("in clear", result.stderr)
        else:
            self.assertEqual(result.status, 0, str(result))

    def test_versions(self):
        """versions of TLS that contradict each other: 78"""
        self.job(self.serve(), 'min_tls = "1.3"; max_tls = "1.2";')
        result = self.home.run("check", "j", expect=78)
        self.assertIn("min_tls", result.stderr)

    def test_bandwidth(self):
        """a limit is kept to, roughly, and the file is whole"""
        server = self.serve()
        self.job(server, 'bandwidth = "50kB";')
        said = json.loads(self.home.run("run", "j", "--json").stdout)
        self.assert_delivered(server)
        least = 1000 * len(self.content()) / 50000 / 2
        self.assertGreater(said["deliveries"][0]["elapsed_ms"], least)


class Hostile(Steps):
    """A server that means harm."""

    def flood(self, what):
        """Send a lot, until the client goes away."""
        def act(session, argument):
            session.reply("150 Here it comes.")
            data = session.open_data()
            try:
                for _ in range(64 * 16):
                    data.sendall(what * (65536 // len(what)))
            except OSError:
                pass
            session.close_data(data)
            session.reply("226 Sent.")
        return act

    def assert_small(self):
        """kB of the largest child: 64 MB were sent to it"""
        import resource
        self.assertLess(resource.getrusage(
            resource.RUSAGE_CHILDREN).ru_maxrss, 60 * 1024)

    def test_listing(self):
        """a listing without end tells nothing, and costs no memory"""
        server = self.serve().on("SIZE", say("502 No."))
        server.on("LIST", self.flood(b"-rw-r--r-- 1 a b 7 Nov 24 08:30 x\r\n"))
        self.refuse(server, "retries = 0;", 73, "502 No.")
        self.assertEqual(server.names(), [])
        self.assert_small()

    def test_reading(self):
        """content without end is not read to its end"""
        # With SIZE libcurl itself ends it there.
        server = self.serve().on("RETR", self.flood(b"x" * 1024))
        server.on("SIZE", say("502 No."))
        self.refuse(server, 'verify = "reread"; retries = 0;', 75,
                    "more than was sent")
        self.assert_small()

    def test_features(self):
        """FEAT without end, and with bytes for a terminal"""
        for features in (("X" * 900,) * 200, ("\x1b]0;owned\x07 XSHA256",)):
            server = self.serve(features=features)
            self.job(server, 'verify = "hash";')
            result = self.home.run("run", "j", "--force", "--verbose",
                                   "--verbose")
            self.assert_delivered(server, verified="reread")
            probed = self.home.run("probe", "j")
            for text in (result.stderr, probed.stdout, probed.stderr):
                self.assertNotIn("\x1b", text)
                self.assertNotIn("\x07", text)
            server.stop()

    def test_wrong_hash(self):
        """another hash, of another file, of half of it: all differ"""
        for reply in ("250 " + "0" * 64, "250 " + "a" * 63 + "b",
                      "250-" + "f" * 64 + "\r\n250 " + "e" * 64):
            server = self.serve(features=("XSHA256",))
            server.on("XSHA256", say(reply))
            self.refuse(server, 'verify = "hash"; retries = 0;', 75,
                        "is not what was sent")
            self.assertEqual(server.names(), [])
            server.stop()


class Certificates(Steps):
    """client_cert, client_key, client_key_password"""

    certificate = CERTS.server

    def test_client(self):
        """a server that asks for a certificate"""
        import ssl
        import subprocess
        server = self.serve()
        server.context.load_verify_locations(CERTS.ca)
        server.context.verify_mode = ssl.CERT_REQUIRED
        self.refuse(server, "retries = 0;", 73, stored=0)
        cert, key = CERTS.server
        self.deliver(server, "client_cert = %s; client_key = %s;" %
                     (quote(cert), quote(key)))
        locked = os.path.join(self.home.path, "locked.key")
        subprocess.run(["openssl", "pkey", "-in", key, "-aes256", "-out",
                        locked, "-passout", "pass:open sesame"], check=True)
        self.home.secret("key.secret", "open sesame\n")
        more = ('client_cert = %s; client_key = %s; client_key_password = '
                '{ file = "key.secret"; };' % (quote(cert), quote(locked)))
        self.deliver(server, more)
        self.home.secret("key.secret", "wrong\n")
        result = self.refuse(server, more + " retries = 0;", 78)
        self.assertIn("client_key", result.stderr)
        self.assertNotIn("wrong", result.stderr)


if __name__ == "__main__":
    main()
