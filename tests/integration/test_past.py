#!/usr/bin/python3
"""A delivery that goes on where another process was killed, step by step.

Each row says which step was recorded last and what is there under the two
names; what must come of it: the steps that are taken (nothing that is there is
sent again), what is there then, what is told. Each runs against a directory of
this machine and against an FTP server. tests/ship/deliver is the caller.

Source: facts/shipping.md 5, K3 to K5.
"""

import sys
sys.dont_write_bytecode = True
import os
import subprocess
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))

from harness import Case, main
from servers.scripted_ftp import (
    PASSWORD, USER, ScriptedFtp, close, quietly, say, then)

OURS = b"n,v\r\n" + b"".join(b"%d,%d\r\n" % (n, n * 7919)
                             for n in range(20000))
PART = OURS[:1000]                  # what a killed upload leaves
TWIN = OURS[:-3] + b"0\r\n"         # as long, and another
OLD = b"what was there before\n"
assert len(TWIN) == len(OURS) and TWIN != OURS

SENT = ["uploading", "uploaded", "renaming", "published"]
RENAMED = ["renaming", "published"]
DIRECT = ["uploading", "published"]
HINT = ("'odbcship resend RUN TARGET'",
        "'odbcship resend RUN TARGET --mark-delivered'")

DELIVER = os.path.join(os.path.dirname(os.environ.get(
    "ODBCPLAY", os.path.abspath("tests/driver"))), "ship", "deliver")


class Row:
    """What is there, and what comes of it."""

    def __init__(self, start, settings="", final=None, temporary=None,
                 steps=(), stage="verified", left=OURS, left_temporary=None,
                 text=None, held=False):
        self.start = start                  # the recorded step
        self.settings = settings.split()
        self.final = final                  # what has the final name
        self.temporary = temporary          # and the temporary one
        self.steps = list(steps)            # that are told
        self.stage = stage                  # of the receipt
        self.left = left                    # under the final name, at last
        self.left_temporary = left_temporary
        self.text = text                    # of the error; None: delivered
        self.held = held                    # ambiguous

    def __str__(self):
        there = [{None: "-", OURS: "ours", PART: "part", TWIN: "twin",
                  OLD: "old"}[c] for c in (self.final, self.temporary)]
        return " ".join([self.start] + self.settings + there)


def back(start):
    """What is true of a rename that turns out not to be done."""
    return ["uploaded"] if start in ("renaming", "published") else []


def sent(start, settings="", final=None, temporary=None, **more):
    return Row(start, settings, final, temporary, SENT, **more)


def renamed(start, settings="", final=None, temporary=OURS, **more):
    return Row(start, settings, final, temporary, back(start) + RENAMED,
               **more)


def found(start, settings="", final=OURS, temporary=None, **more):
    return Row(start, settings, final, temporary,
               ["published"] if start == "renaming" else [], **more)


def held(start, settings="", final=None, temporary=None, text="neither"):
    return Row(start, settings, final, temporary, [], start, final, temporary,
               "cannot be known whether 'out.csv' was delivered: " +
               ".*" + text, True)


def skipped(start, settings, final, temporary=None, **more):
    return Row(start, settings, final, temporary, back(start), "skipped",
               final, **more)


def refused(start, settings, final, temporary=None, stage=None):
    return Row(start, settings, final, temporary, back(start), stage or start,
               final, None, "there already")


RENAME = [
    sent("nothing"),
    sent("nothing", "", OLD, PART),
    sent("uploading"),
    sent("uploading", "", OLD, PART),
    sent("uploading", "", OURS, OURS),
    refused("uploading", "overwrite=fail", OLD, PART),
    refused("uploading", "overwrite=fail", OURS, PART),
    skipped("uploading", "overwrite=skip", OLD),
    renamed("uploaded"),
    renamed("uploaded", "", OLD),
    renamed("uploaded", "verify=none"),
    renamed("uploaded", "verify=reread"),
    sent("uploaded"),
    sent("uploaded", "verify=none"),
    sent("uploaded", "", OLD, PART),
    sent("uploaded", "verify=reread", None, TWIN),
    refused("uploaded", "overwrite=fail", OLD, OURS),
    skipped("uploaded", "overwrite=skip", OLD, OURS),
    found("renaming"),
    found("renaming", "overwrite=fail"),
    found("renaming", "overwrite=skip"),
    found("renaming", "verify=hash"),
    found("renaming", "verify=reread overwrite=fail"),
    found("renaming", "overwrite=fail", OURS, OURS),
    found("renaming", "verify=none"),
    renamed("renaming"),
    renamed("renaming", "", OLD),
    renamed("renaming", "", OURS, OURS),
    renamed("renaming", "verify=hash overwrite=fail"),
    refused("renaming", "overwrite=fail", OLD, OURS, "uploaded"),
    skipped("renaming", "overwrite=skip", OLD, OURS),
    sent("renaming", "", None, PART),
    sent("renaming", "", OLD, PART),
    sent("renaming", "verify=reread", None, TWIN),
    sent("renaming", "verify=reread", OURS, TWIN),
    held("renaming"),
    held("renaming", "may_vanish=1"),
    held("renaming", "overwrite=fail"),
    held("renaming", "", OLD, None, "another file"),
    held("renaming", "ambiguous=resend", OLD, None, "another file"),
    held("renaming", "verify=reread", TWIN, None, "another file"),
    sent("renaming", "ambiguous=resend"),
    sent("renaming", "ambiguous=resend overwrite=fail"),
    found("published"),
    found("published", "overwrite=fail verify=reread"),
    found("published", "", OURS, OURS),
    found("published", "may_vanish=1", None, left=None),
    renamed("published"),
    sent("published", "", None, PART),
    held("published"),
    held("published", "", OLD, None, "another file"),
    held("published", "verify=reread may_vanish=1", TWIN, None,
         "another file"),
    sent("published", "ambiguous=resend"),
    found("verified"),
]

DIRECTLY = [Row(r.start, "publish=direct " + " ".join(r.settings), *rest)
            for r, *rest in (
    (Row("nothing"), None, None, DIRECT),
    (Row("uploading"), None, None, DIRECT),
    (Row("uploading"), PART, None, DIRECT),
    (Row("uploading"), OLD, None, DIRECT),
    (Row("uploading"), OURS, None, ["published"]),
    (Row("uploading", "verify=reread"), OURS, None, ["published"]),
    (Row("uploading", "verify=reread"), TWIN, None, DIRECT),
    (Row("uploading", "overwrite=fail"), None, None, DIRECT),
    (Row("uploading", "overwrite=fail"), OURS, None, ["published"]),
    (Row("uploading", "overwrite=fail"), PART, None, DIRECT),
    (Row("uploading", "overwrite=skip"), PART, None, DIRECT),
    (Row("uploading", "overwrite=fail"), OLD, None, [], "nothing", OLD, None,
     "there already"),
    (Row("uploading", "overwrite=skip"), OLD, None, [], "skipped", OLD),
    (Row("uploading", "may_vanish=1"), PART, None, DIRECT),
    (Row("uploading", "may_vanish=1"), None, None, [], "uploading", None, None,
     "cannot be known whether 'out.csv' was delivered: its upload", True),
    (Row("uploading", "may_vanish=1 ambiguous=resend"), None, None, DIRECT),
    (Row("uploaded"), OURS, None, ["published"]),
    (Row("uploaded"), None, None, [], "uploaded", None, None,
     "cannot be known", True),
    (Row("uploaded", "ambiguous=resend"), None, None, DIRECT),
    (Row("uploaded", "ambiguous=resend"), OLD, None, [], "uploaded", OLD, None,
     "another file", True),
    (Row("uploaded", "may_vanish=1"), None, None, ["published"], "verified",
     None),
    (Row("published"), OURS, None, []),
    (Row("published", "may_vanish=1"), None, None, [], "verified", None),
    (Row("published"), None, None, [], "published", None, None,
     "cannot be known", True))]


class Past:
    """The rows, against any kind of target."""

    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.home.path, "ours")
        with open(self.path, "wb") as f:
            f.write(OURS)

    def deliver(self, url, *settings):
        """What was told: the steps, and the rest by its word."""
        done = subprocess.run([DELIVER, url, self.path] + list(settings),
                              stdin=subprocess.DEVNULL, timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={"PATH": "/usr/bin:/bin"}, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line.partition(" ") for line in done.stdout.splitlines()]
        said = {word: value for word, _, value in lines if word != "step"}
        return [v for word, _, v in lines if word == "step"], said

    def prove(self, row):
        world = self.world()
        for name, content in (("out.csv", row.final),
                              ("out.csv.part", row.temporary)):
            if content is not None:
                world.put(name, content)
        steps, said = self.deliver(world.url, "from=" + row.start,
                                   *world.settings, *row.settings)
        self.assertEqual(steps, row.steps, said)
        self.assertEqual(world.get("out.csv"), row.left, said)
        self.assertEqual(world.get("out.csv.part"), row.left_temporary, said)
        world.prove(row)
        self.assertEqual((said["stage"], said["ambiguous"], said["open"],
                          said["attempts"]),
                         ("published" if "verify=none" in row.settings
                          else row.stage, "01"[row.held], "1", "1"), said)
        if row.text is None:
            self.assertEqual((said["class"], said["text"]), ("ok", ""), said)
            if row.left == OURS:
                self.assertEqual(said["bytes"], str(len(OURS)), said)
        else:
            self.assertEqual(said["class"], "target", said)
            self.assertRegex(said["text"], row.text)
        for text in HINT if row.held else ():
            self.assertIn(text, said["hint"])
        world.end()

    def prove_all(self, rows):
        for row in rows:
            with self.subTest(row=str(row)):
                self.prove(row)

    def test_rename(self):
        """after each step of a delivery with a temporary name"""
        self.prove_all(RENAME)

    def test_direct(self):
        """after each step of one without"""
        self.prove_all(DIRECTLY)

    def test_forbidden_steps(self):
        """a step that cannot be recorded is not taken, nor tried again"""
        for step, stage, left in (("uploading", "nothing", None),
                                  ("uploaded", "uploaded", None),
                                  ("renaming", "uploaded", None),
                                  ("published", "published", OURS)):
            with self.subTest(step=step):
                world = self.world()
                steps, said = self.deliver(world.url, "refuse=" + step,
                                           *world.settings)
                self.assertEqual(steps, SENT[:SENT.index(step) + 1])
                self.assertEqual((said["text"], said["attempts"],
                                  said["stage"]),
                                 ("this step cannot be recorded", "1", stage))
                self.assertEqual(world.get("out.csv"), left)
                self.assertIsNone(world.get("out.csv.part"))
                world.forbidden(step)
                world.end()


class Directory:
    """A directory of this machine."""

    settings = ()

    def __init__(self, path):
        self.path = path
        self.url = "file://%s/" % path

    def put(self, name, content):
        with open(os.path.join(self.path, name), "wb") as f:
            f.write(content)

    def get(self, name):
        try:
            with open(os.path.join(self.path, name), "rb") as f:
                return f.read()
        except FileNotFoundError:
            return None

    def prove(self, row):
        pass

    def forbidden(self, step):
        pass

    def end(self):
        pass


class Local(Past, Case):
    def world(self):
        return Directory(tempfile.mkdtemp(dir=self.home.path))

    def test_links(self):
        """a file that has both names for a moment keeps the final one"""
        world = self.world()
        world.put("out.csv.part", OURS)
        os.link(os.path.join(world.path, "out.csv.part"),
                os.path.join(world.path, "out.csv"))
        steps, said = self.deliver(world.url, "from=renaming",
                                   "overwrite=fail")
        self.assertEqual((steps, said["stage"]), (["published"], "verified"))
        self.assertEqual(os.listdir(world.path), ["out.csv"])

    def test_not_open(self):
        """a directory that is not there was not reached"""
        said = self.deliver("file://%s/none/" % self.home.path)[1]
        self.assertEqual((said["open"], said["class"]), ("0", "target"))


class Server:
    """An FTP server of ours."""

    settings = ("user=" + USER, "password=" + PASSWORD)

    def __init__(self):
        self.server = ScriptedFtp(features=("XSHA256",)).start()
        self.url = self.server.url()
        self.end = self.server.stop

    def put(self, name, content):
        self.server.files["/incoming/" + name] = content

    def get(self, name):
        return self.server.files.get("/incoming/" + name)

    def prove(self, row):
        """What was told is what was done."""
        for verb, step in (("STOR", "uploading"), ("RNTO", "renaming")):
            assert self.server.count(verb) == row.steps.count(step), \
                self.server.said

    def forbidden(self, step):
        verb = {"uploading": "STOR", "uploaded": "RNFR", "renaming": "RNFR",
                "published": "none"}[step]
        assert self.server.count(verb) == 0, self.server.said


class Ftp(Past, Case):
    def world(self):
        world = Server()
        self.addCleanup(world.end)
        return world

    def test_untold(self):
        """a server that does not tell what is there"""
        for start, settings, steps, stage in (
                ("uploading", "", SENT, "published"),
                ("uploaded", "", RENAMED, "published"),
                ("renaming", "", [], "renaming"),
                ("renaming", "ambiguous=resend", SENT, "published"),
                ("published", "", [], "published")):
            with self.subTest(start=start, settings=settings):
                world = self.world()
                world.server.on("SIZE", say("502 No."))
                world.put("out.csv.part", OURS)
                got, said = self.deliver(
                    world.url, "from=" + start, "verify=none",
                    *world.settings, *settings.split())
                self.assertEqual((got, said["stage"]), (steps, stage), said)
                held = start == "renaming" and not settings
                self.assertEqual(said["ambiguous"], "01"[held])
                self.assertEqual("does not tell" in said["text"], held)
                world.end()

    def test_untold_content(self):
        """the same server gives files back, which tells as well"""
        for final, steps, held in ((OURS, ["published"], "0"),
                                   (OLD, [], "1"), (OURS + OLD, [], "1")):
            with self.subTest(final=len(final)):
                world = self.world()
                world.server.on("SIZE", say("502 No."))
                world.put("out.csv", final)
                got, said = self.deliver(world.url, "from=renaming",
                                         "verify=reread", *world.settings)
                self.assertEqual((got, said["ambiguous"]), (steps, held),
                                 said)
                world.end()

    def test_untold_upload(self):
        """whole by another's word, and not to be looked at: sent again"""
        world = self.world()
        world.server.on("SIZE", say("502 No.")).on("RETR", say("550 No."), 1)
        world.put("out.csv.part", OURS)
        steps, said = self.deliver(world.url, "from=uploaded",
                                   "verify=reread", *world.settings)
        self.assertEqual((steps, said["stage"]), (SENT, "verified"), said)

    def test_untold_direct(self):
        """published by another's word, and not to be verified: told"""
        world = self.world()
        world.server.on("SIZE", say("502 No."))
        world.put("out.csv", OURS)
        steps, said = self.deliver(world.url, "from=published",
                                   "publish=direct", *world.settings)
        self.assertEqual((steps, said["stage"], said["class"]),
                         ([], "published", "target"), said)
        self.assertIn("could not be verified", said["text"])

    def vanish(self, *settings):
        world = self.world()
        world.server.vanish = True
        world.server.on("RNTO", then(quietly, close), 1)
        return world.server, *self.deliver(
            world.url, "may_vanish=1", *world.settings, *settings)

    def test_lost_answer(self):
        """within one process: the answer is lost, and both names are gone"""
        server, steps, said = self.vanish()
        self.assertEqual(steps, SENT[:3])
        self.assertEqual((said["class"], said["ambiguous"], said["attempts"],
                          said["stage"]), ("target", "1", "1", "renaming"))
        self.assertEqual(server.count("STOR"), 1)
        server, steps, said = self.vanish("ambiguous=resend")
        self.assertEqual(steps, SENT[:3] + SENT)
        self.assertEqual((said["class"], said["ambiguous"], said["attempts"],
                          said["stage"]), ("ok", "0", "2", "verified"))
        self.assertEqual(server.count("STOR"), 2)
        server, steps, said = self.vanish("ambiguous=resend", "retries=0")
        self.assertEqual((said["class"], said["stage"]),
                         ("not-now", "renaming"))
        self.assertEqual(server.count("STOR"), 1)

    def test_lost_answer_direct(self):
        """the same without a temporary name"""
        for settings, stored, held in (("may_vanish=1", 1, "1"),
                                       ("may_vanish=1 ambiguous=resend", 2,
                                        "0"), ("", 2, "0")):
            with self.subTest(settings=settings):
                world = self.world()
                world.server.on("STORED", then(
                    lambda session, argument: session.server.files.pop(
                        session.path(argument)), close), 1)
                said = self.deliver(world.url, "publish=direct",
                                    *world.settings, *settings.split())[1]
                self.assertEqual((world.server.count("STOR"),
                                  said["ambiguous"]), (stored, held), said)
                world.end()

    def test_open(self):
        """a target that lets us in is told from one that does not"""
        for moment, reply, is_open in (
                ("CONNECT", "421 Too busy.", "0"),
                ("PASS", "530 Login incorrect.", "0"),
                ("CWD", "550 No such directory.", "0"),
                ("STOR", "553 Bad name.", "1"), ("RNTO", "550 No.", "1")):
            with self.subTest(moment=moment):
                world = self.world()
                world.server.on(moment, say(reply))
                said = self.deliver(world.url, "retries=0",
                                    *world.settings)[1]
                self.assertEqual(said["open"], is_open, said)
                self.assertIn(reply, said["text"])
                world.end()

    def test_later(self):
        """what cannot be looked at now is looked at by the next attempt"""
        world = self.world()
        world.put("out.csv", OURS)
        world.server.on("SIZE", say("421 Idle."), 1).on("CONNECT", close, 2)
        steps, said = self.deliver(world.url, "from=renaming",
                                   *world.settings)
        self.assertEqual((steps, said["attempts"], said["stage"]),
                         (["published"], "3", "verified"), said)
        self.assertEqual(world.server.count("STOR"), 0)
        world.server.forget()
        world.server.on("SIZE", say("421 Idle."))
        steps, said = self.deliver(world.url, "from=renaming", "retries=0",
                                   *world.settings)
        self.assertEqual((steps, said["stage"], said["class"],
                          said["ambiguous"]),
                         ([], "renaming", "not-now", "0"), said)
        self.assertIn("may be there under its final name", said["text"])
        self.assertEqual(world.get("out.csv"), OURS)

    def test_foreign_stays(self):
        """what another has put there is not removed when all fails"""
        world = self.world()
        world.put("out.csv", OLD)
        world.server.on("SIZE", say("421 Idle."))
        said = self.deliver(world.url, "from=uploading", "publish=direct",
                            "retries=1", *world.settings)[1]
        self.assertEqual(said["class"], "not-now")
        self.assertEqual(world.get("out.csv"), OLD)


if __name__ == "__main__":
    main()
