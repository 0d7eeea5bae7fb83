#!/usr/bin/python3
"""An FTP server that refuses, breaks off, stalls, lies and floods.

Each row says what the server does and what must come of it: the exit status,
what the message holds, how far the ledger says it came, what is there under
the final name, and how often the file was sent. Every row runs in clear and
over TLS where that makes sense.

Source: facts/shipping.md 1.6.
"""

import sys
sys.dont_write_bytecode = True
import itertools
import json
import os
import resource

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))

from harness import (SEEN_ONE_IN, Case, main, quote, source, target,
                     temporary)
from servers.certs import Certs
from servers.scripted_ftp import (
    PASSWORD, USER, ScriptedFtp, close, cut, do, drop, elsewhere, keep,
    quietly, refuse_data, reset, say, stall, then, wait)

CERTS = Certs(temporary())

ROWS = 4000
SQL = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
       "WHERE n < %d) SELECT n, n * 7919 AS v, 'row ' || n AS t FROM c")

SHORT = 'connect_timeout = "2s"; reply_timeout = "2s"; stall_timeout = "2s";'
OLD = b"what was there before\n"
FLOOD = b"226-" + b"x" * 1000 + b"\r\n"


class Fault:
    """What the server does (rules), and what comes of it."""

    def __init__(self, label, *rules, status, texts=(), stage="nothing",
                 final="old", temporary=False, stored=1, settings="",
                 sessions=None, warns=None):
        self.label = label
        self.rules = rules
        self.status = status
        self.texts = texts
        self.stage = stage          # of the ledger
        self.final = final          # "old", "new" or "none"
        self.temporary = temporary  # is left there
        self.stored = stored        # STOR commands
        self.settings = settings
        self.sessions = sessions
        self.warns = warns          # of a delivery


def refused(label, *rules, **more):
    """For a person."""
    return Fault(label, *rules, status=73, **more)


def later(label, *rules, **more):
    """For another try."""
    return Fault(label, *rules, status=75, **more)


def delivered(label, *rules, **more):
    return Fault(label, *rules, status=0, stage="verified", final="new",
                 **more)


LOGIN = [
    later("421 greeting", ("CONNECT", say("421 Too busy.")),
          texts=("421 Too busy.",), stored=0),
    later("closed before the greeting", ("CONNECT", close), stored=0),
    later("reset before the greeting", ("CONNECT", reset), stored=0),
    later("no greeting", ("CONNECT", stall), settings=SHORT, stored=0,
          texts=("connect_timeout",)),
    refused("530 greeting", ("CONNECT", say("530 Not you.")),
            texts=("530 Not you.",), stored=0),
    refused("530 to USER", ("USER", say("530 Not you.")),
            texts=("530 Not you.", "user and password"), stored=0),
    refused("530 to PASS", ("PASS", say("530 Login incorrect.")),
            texts=("530 Login incorrect.", "user and password"), stored=0),
    later("530 that passes", ("PASS", say("530 Too many connections.")),
          texts=("530 Too many connections.",), stored=0),
    later("421 to PASS", ("PASS", say("421 Going down.")),
          texts=("421 Going down.",), stored=0),
    later("closed at PASS", ("PASS", close), stored=0),
    later("stalled at PASS", ("PASS", stall), settings=SHORT, stored=0),
    refused("550 to CWD", ("CWD", say("550 No such directory.")),
            texts=("550 No such directory.", "CWD", "directory"), stored=0),
    later("421 to CWD", ("CWD", say("421 Idle.")), texts=("421",), stored=0),
    later("closed at CWD", ("CWD", close), stored=0),
    refused("500 to TYPE", ("TYPE", say("500 What?")), texts=("500",),
            stored=0),
]

DATA = [
    delivered("EPSV unknown", ("EPSV", say("500 What?"))),
    refused("no passive mode", ("EPSV", say("500 What?")),
            ("PASV", say("500 What?")), texts=("500",), stored=0),
    later("nobody at the passive port", ("EPSV", refuse_data),
          ("PASV", refuse_data), stored=0),
    later("closed at EPSV", ("EPSV", close), stored=0),
    refused("EPSV points elsewhere", ("EPSV", elsewhere), texts=("EPSV",),
            stored=0),
    delivered("PASV points elsewhere", ("EPSV", say("500 What?")),
              ("PASV", elsewhere)),
    refused("550 to STOR", ("STOR", say("550 Permission denied.")),
            texts=("550 Permission denied.", "directory"),
            stage="uploading"),
    refused("553 to STOR", ("STOR", say("553 Bad name.")),
            texts=("553 Bad name.",), stage="uploading"),
    refused("552 to STOR", ("STOR", say("552 Over quota.")),
            texts=("552 Over quota.", "quota"), stage="uploading"),
    refused("532 to STOR", ("STOR", say("532 Need account.")),
            texts=("532",), stage="uploading"),
    later("452 to STOR", ("STOR", say("452 Disk full.")),
          texts=("452 Disk full.",), stage="uploading"),
    later("450 to STOR", ("STOR", say("450 Busy.")), texts=("450 Busy.",),
          stage="uploading"),
    later("421 to STOR", ("STOR", say("421 Going down.")),
          texts=("421 Going down.",), stage="uploading"),
    later("425 to STOR", ("STOR", say("425 No data connection.")),
          texts=("425", "epsv"), stage="uploading"),
    later("closed at STOR", ("STOR", close), stage="uploading"),
    later("reset at STOR", ("STOR", reset), stage="uploading"),
    later("stalled at STOR", ("STOR", stall), stage="uploading",
          settings=SHORT),
    later("426 in the middle", ("STOR", cut(1000, say("426 Broken."))),
          stage="uploading"),
    later("closed in the middle", ("STOR", cut(1000, close)),
          stage="uploading"),
    later("451 at the end", ("STORED", say("451 Local error.")),
          texts=("451 Local error.",), stage="uploading"),
    later("426 at the end", ("STORED", say("426 Broken.")),
          texts=("426 Broken.",), stage="uploading"),
    refused("552 at the end", ("STORED", say("552 Over quota.")),
            texts=("552 Over quota.", "quota"), stage="uploading"),
    refused("550 at the end", ("STORED", say("550 No.")), texts=("550 No.",),
            stage="uploading"),
    delivered("226 comes late", ("STORED", then(wait(1.5), do))),
    delivered("226 never comes", ("STORED", stall), settings=SHORT,
              sessions=2),
    delivered("closed instead of 226", ("STORED", close), sessions=2),
    later("closed instead of 226, and short", ("STORED",
          then(keep(100), close)), stage="uploading"),
    later("closed instead of 226, nobody there afterwards",
          ("STORED", close), ("CONNECT", close, 2), ("CONNECT", close, 3),
          stage="uploading", temporary=True),
]

VERIFY = [
    later("stores less and says 226", ("STORED", keep(100)),
          texts=("100 bytes", "nothing has the final name"),
          stage="uploading"),
    later("stores more and says 226", ("STORED", keep(-5)),
          texts=("nothing has the final name",), stage="uploading"),
    refused("502 to SIZE", ("SIZE", say("502 Not implemented.")),
            texts=("502 Not implemented.", "SIZE"), stage="uploading"),
    refused("nonsense to SIZE", ("SIZE", say("213 quite large")),
            texts=("213 quite large",), stage="uploading"),
    refused("a negative SIZE", ("SIZE", say("213 -1")), texts=("213 -1",),
            stage="uploading"),
    refused("a SIZE beyond 64 bits",
            ("SIZE", say("213 18446744073709551617")),
            texts=("18446744073709551617",), stage="uploading"),
    later("421 to SIZE", ("SIZE", say("421 Idle.")), texts=("421",),
          stage="uploading"),
    later("taken away before SIZE", ("SIZE", say("550 No such file.")),
          texts=("550 No such file.", "nothing has the final name"),
          stage="uploading"),
    later("closed at SIZE", ("SIZE", close), stage="uploading"),
    later("another size after the rename", ("SIZE", say("213 7"), 2),
          texts=("'out.csv' has 7 bytes", "has its final name"),
          stage="published", final="new"),
    later("gone after the rename", ("SIZE", say("550 No such file."), 2),
          texts=("550 No such file.", "takes files away"),
          stage="published", final="new"),
    refused("502 to SIZE after the rename", ("SIZE", say("502 No."), 2),
            texts=("502 No.", "has its final name"), stage="published",
            final="new"),
    later("closed at SIZE after the rename", ("SIZE", close, 2),
          texts=("has its final name",), stage="published", final="new"),
]

RENAME = [
    refused("550 to RNFR", ("RNFR", say("550 No.")), texts=("550 No.",),
            stage="uploaded"),
    refused("502 to RNFR", ("RNFR", say("502 Not implemented.")),
            texts=("502",), stage="uploaded"),
    later("450 to RNFR", ("RNFR", say("450 Busy.")), texts=("450",),
          stage="uploaded"),
    later("closed at RNFR", ("RNFR", close), stage="uploaded"),
    refused("550 to each RNTO", ("RNTO", say("550 It exists.")),
            texts=("550 It exists.", "file of that name",
                   "the old 'out.csv' was removed"),
            stage="uploaded", final="none"),
    refused("553 to RNTO, and DELE refused", ("RNTO", say("553 It exists.")),
            ("DELE", say("550 No."), 1), texts=("neither replaces",),
            stage="uploaded"),
    delivered("550 to RNTO onto a file", ("RNTO", say("550 It exists."), 1),
              warns="the old file was removed first"),
    later("450 to RNTO", ("RNTO", say("450 Busy.")), texts=("450",),
          stage="uploaded"),
    later("421 to RNTO, not done", ("RNTO", then(say("421 Bye."), close)),
          texts=("421",), stage="uploaded"),
    later("closed at RNTO, not done", ("RNTO", close), stage="uploaded"),
    delivered("closed at RNTO, done", ("RNTO", then(quietly, close)),
              sessions=2),
    delivered("reset at RNTO, done", ("RNTO", then(quietly, reset)),
              sessions=2),
    delivered("no word after RNTO, done", ("RNTO", then(quietly, stall)),
              settings=SHORT, sessions=2),
    later("closed at RNTO, nobody there afterwards",
          ("RNTO", then(quietly, close)), ("CONNECT", close, 2),
          texts=("may be there under its final name",), stage="renaming",
          final="new"),
    refused("closed at RNTO, and nothing is there",
            ("RNTO", then(quietly, close)),
            ("SIZE", say("550 No such file."), 2),
            ("SIZE", say("550 No such file."), 3),
            texts=("cannot be known", "neither", "odbcship resend",
                   " partner --mark-delivered"),
            stage="renaming", final="new"),
    refused("closed at RNTO, and half is there",
            ("RNTO", then(quietly, close)), ("SIZE", say("213 5"), 2),
            texts=("cannot be known", "another file"), stage="renaming",
            final="new"),
]

FLOODS = [
    refused("a flood for a greeting",
            ("CONNECT", say(FLOOD.replace(b"226", b"220") * 3000)),
            texts=("floods",), stored=0),
    refused("a flood at login", ("PASS",
            say(FLOOD.replace(b"226", b"230") * 3000)), texts=("floods",),
            stored=0),
    refused("a line without end", ("PWD", then(say(b"257 " + b"x" * 3000000),
                                               stall)),
            texts=("floods",), settings=SHORT, stored=0),
    refused("a flood instead of 226", ("STORED", say(FLOOD * 3000)),
            texts=("floods",), stage="uploading"),
]

TLS_ONLY = [
    refused("no TLS", ("AUTH", say("500 What?")), texts=("offers no TLS",),
            stored=0),
    refused("more than one reply to AUTH",
            ("AUTH", say("234 Go ahead.\r\n230 You are in already.")),
            texts=("does not speak FTP",), stored=0),
    later("closed in the handshake", ("HANDSHAKE", close), stored=0),
    refused("no TLS after AUTH",
            ("HANDSHAKE", say(b"HTTP/1.0 400 Bad Request\r\n\r\n")),
            stored=0),
    refused("no protection of data", ("PROT", say("534 No.")),
            texts=("TLS",), stored=0),
    later("data handshake cut, control too", ("DATA", close),
          stage="uploading", texts=("data connection broke",)),
    later("data handshake cut", ("DATA", drop), stage="uploading",
          texts=("data connection broke",)),
    refused("550 to STOR, then no TLS for data",
            ("STOR", then(say("550 No."), lambda session, _:
                          session.passive.accept()[0].close())),
            texts=("550 No.' to STOR",), stage="uploading"),
]


class Faults(Case):
    """Each row in clear, and over TLS."""

    certificate = None

    def setUp(self):
        super().setUp()
        self.home.sqlite("db")
        self.home.secret("ftp.secret", PASSWORD + "\n")

    def serve(self, **more):
        server = ScriptedFtp(certificate=self.certificate, **more)
        server.files["/incoming/out.csv"] = OLD
        self.addCleanup(server.stop)
        return server.start()

    def job(self, server, extra=""):
        tls = ("ca_file = %s;" % quote(CERTS.ca) if self.certificate
               else 'tls = "none";')
        self.home.job("j", source(dsn="db", sql=SQL % ROWS) +
                      'file: { name = "out.csv"; };\n' +
                      target(server.url(), "partner",
                             'user = "%s"; password = { file = "ftp.secret"; '
                             '}; retry_wait = "20ms"; %s %s%s' %
                             (USER, tls, extra, "" if "retries" in extra
                              else " retries = 0;")))

    def delivery(self):
        return self.home.ledger("SELECT * FROM delivery ORDER BY id")[-1]

    def content(self):
        row = self.home.ledger("SELECT * FROM file ORDER BY id")[-1]
        with open(row["path"], "rb") as f:
            return f.read()

    def prove(self, fault):
        server = self.serve()
        for rule in fault.rules:
            server.on(*rule)
        self.job(server, fault.settings)
        result = self.home.run("run", "j", "--force", expect=fault.status)
        row = self.delivery()
        said = (result.stderr, row, server.said)
        self.assertEqual(row["stage"], fault.stage, said)
        if fault.status == 0:
            if fault.warns is None:
                self.assert_silent(result)
            else:
                self.assertIn(fault.warns, result.stderr)
            self.assertEqual(row["state"], "delivered", said)
        else:
            self.assert_message(result, "target 'partner'", *fault.texts)
            unknown = "cannot be known" in fault.texts
            self.assertEqual(row["state"], "unknown" if unknown else "failed",
                             said)
            self.assertEqual(row["class"], {73: "target", 75: "not-now"}[
                fault.status], said)
            self.assertIn(row["message"], result.stderr)
        there = {"old": OLD, "none": None}
        self.assertEqual(server.files.get("/incoming/out.csv"),
                         there[fault.final] if fault.final in there
                         else self.content(), said)
        self.assertEqual("nothing was shipped" in result.stderr,
                         fault.status != 0 and fault.final in there, said)
        self.assertEqual("out.csv.part" in server.names(), fault.temporary,
                         said)
        self.assertEqual(server.count("STOR"), fault.stored, said)
        self.assertLessEqual(server.count("PASS"), server.sessions)
        self.assertNotIn(PASSWORD, result.stderr)
        self.assertEqual(server.strays, 0)
        if fault.sessions is not None:
            self.assertEqual(server.sessions, fault.sessions, said)
        server.stop()

    def prove_all(self, faults):
        for fault in faults:
            with self.subTest(fault=fault.label):
                self.prove(fault)

    def test_login(self):
        """before anything is sent"""
        self.prove_all(LOGIN)

    def test_data(self):
        """while the file is sent"""
        self.prove_all(DATA)

    def test_verify(self):
        """what the server says of sizes"""
        self.prove_all(VERIFY)

    def test_rename(self):
        """the final name"""
        self.prove_all(RENAME)

    def test_floods(self):
        """replies without end cost no memory"""
        self.prove_all(FLOODS)
        # kB, of the largest child of all: the flood is 3 MB, ten times 300 kB
        self.assertLess(resource.getrusage(
            resource.RUSAGE_CHILDREN).ru_maxrss, 400 * 1024)

    def test_control_bytes(self):
        """what a terminal would act on is escaped everywhere"""
        nasty = "530 \x1b[31m\x1b]0;owned\x07 \x9b2J\rcome in"
        server = self.serve().on("PASS", say(nasty))
        self.job(server)
        result = self.home.run("run", "j", "--verbose", expect=73)
        row = self.delivery()
        shown = self.home.run("history", "1").stdout
        for text in (result.stderr, row["reply"], row["message"], shown):
            self.assertIn("530 ", text)
            for byte in ("\x1b", "\x07", "\r", "\x9b"):
                self.assertNotIn(byte, text)

    def test_complete(self):
        """without faults: every byte, and the connection closed in order"""
        server = self.serve()
        self.job(server)
        said = json.loads(self.home.run("run", "j", "--json").stdout)
        self.assertEqual(server.read("out.csv"), self.content())
        self.assertEqual(server.names(), ["out.csv"])
        self.assertEqual(server.truncated, 0)
        verbs = server.verbs()
        self.assertEqual(verbs[verbs.index("STOR"):],
                         ["STOR", "TYPE", "SIZE", "RNFR", "RNTO", "TYPE",
                          "SIZE", "QUIT"])
        self.assertEqual(said["deliveries"][0]["stage"], "verified")


# What a server may do at each command of a delivery, and the statuses that may
# come of it, beside 0.
ANYTHING = {
    "421 and closed": (then(say("421 Going down."), close), {75}),
    "450": (say("450 Busy."), {75}),
    "530": (say("530 Not you."), {73}),
    "550": (say("550 No."), {73, 75}),      # to SIZE: taken away
    "closed": (close, {75}),
    "reset": (reset, {75}),
    "stalled": (stall, {75}),
    "done, and closed": (then(quietly, close), {75}),
    "nonsense": (then(say("What?"), close), {73, 75}),
    "a wrong reply": (say("100 Wait."), {73, 75}),
    "a long line": (say(b"2" + b"x" * 1000000 + b"\r\n"), {73, 75}),
}
COMMANDS = ("CONNECT", "USER", "PASS", "PWD", "CWD", "EPSV", "TYPE", "STOR",
            "STORED", "SIZE", "RNFR", "RNTO")
SOON = ('connect_timeout = "5s"; reply_timeout = "2s"; '
        'stall_timeout = "2s"; ')


class Everywhere(Faults):
    """Everything a server may do wrong, at each command: never a wrong file,
    never a false success, never a false failure where it passed."""

    def prove_sound(self, server, result, said):
        """What must hold whatever happened; whether it is delivered."""
        there = server.files.get("/incoming/out.csv")
        row = self.delivery()
        if result.status == 0:
            self.assertEqual(there, self.content(), said)
            self.assertEqual((row["state"], row["stage"]),
                             ("delivered", "verified"), said)
            self.assertNotIn("out.csv.part", server.names(), said)
            return
        self.assert_message(result, "target 'partner'")
        self.assertEqual(row["state"], "failed", said)
        if there != OLD:
            self.assertEqual(there, self.content(), said)
            self.assertNotIn("nothing was shipped", result.stderr, said)
        if row["stage"] in ("renaming", "published"):
            self.assertNotIn("nothing was shipped", result.stderr, said)
        self.assertNotIn(PASSWORD, result.stderr)

    def each(self, faults, settings, statuses=None):
        """Every command with every fault, the first time it occurs."""
        cases = list(itertools.product(COMMANDS, faults or ANYTHING))
        for command, name in cases[::SEEN_ONE_IN]:
            with self.subTest(command=command, does=name):
                action, usual = ANYTHING[name]
                server = self.serve().on(command, action, 1)
                self.job(server, settings)
                result = self.home.run("run", "j", "--force", expect=None)
                said = (command, name, str(result), server.said)
                self.assertIn(result.status, statuses or usual | {0}, said)
                self.prove_sound(server, result, said)
                if "retries" not in settings:
                    self.assertLessEqual(server.count("STOR"), 1, said)
                server.stop()

    def test_once(self):
        """each fault at each command, one attempt"""
        self.each(self.faults, SOON)

    def test_passing(self):
        """the same once, and the retries deliver what passes"""
        self.each(self.passing, "retries = 2;", {0})

    faults = None
    passing = ("421 and closed", "450", "closed", "done, and closed")
    # Those of the class above are run by it.
    test_login = test_data = test_verify = test_rename = None
    test_floods = test_control_bytes = test_complete = None


class EverywhereTls(Everywhere):
    certificate = CERTS.server
    faults = ("421 and closed", "550", "closed", "done, and closed")
    passing = ("closed",)


class FaultsTls(Faults):
    certificate = CERTS.server

    def test_tls(self):
        """TLS refused, cut and faked: nothing in clear"""
        self.prove_all(TLS_ONLY)


if __name__ == "__main__":
    main()
