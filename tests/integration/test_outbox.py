#!/usr/bin/python3
"""What is finished is owed until it is delivered: run, resend, and people.

The batch leaves a row in the database each time it runs and writes their number
into its file, so that a file tells whether it was queried again. Targets are a
directory and an FTP server of ours, which tells what it was told.
"""

import sys
sys.dont_write_bytecode = True
import email
import email.policy
import getpass
import json
import os
import re
import signal
import sqlite3
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))

from harness import Case, children, main, wait_until
from servers.mail import Mail
from servers.scripted_ftp import (PASSWORD, USER, ScriptedFtp, close, do,
                                  quietly, say, stall, then)

HERE = '{ name = "here"; url = "%s"; }'
FTP = ('{ name = "%s"; url = "%s"; tls = "none"; retries = 0; user = "' + USER +
       '"; password = { file = "ftp.secret"; }; %s }')
JOB = """
source: { dsn = "shop"; params = { day = "{date:%%Y-%%m-%%d}"; };
  statements = ( "INSERT INTO asked VALUES (:day)",
                 "SELECT :day AS day, count(*) AS asked FROM asked" ); };
file: { name = "o-{date:%%d}.csv"; };
targets = ( %s );
%s
"""


class Outbox(Case):
    def setUp(self):
        super().setUp()
        self.database = self.home.sqlite(
            "shop", "CREATE TABLE asked (day TEXT);")
        self.home.secret("ftp.secret", PASSWORD + "\n")
        self.out, self.url = self.home.directory()
        self.partner = self.serve()
        self.job()

    def serve(self):
        server = ScriptedFtp().start()
        self.addCleanup(server.stop)
        return server

    def targets(self, *servers, extra=""):
        return ", ".join([HERE % self.url] + [
            FTP % (name, server.url(), extra) for name, server in servers])

    def job(self, more="", extra="", targets=None):
        self.home.job("j", JOB % (targets or self.targets(
            ("partner", self.partner), extra=extra), more))

    @staticmethod
    def date(day):
        return "2026-11-%02d" % day

    def run_on(self, day, *options, expect=0):
        return self.home.run("run", "j", "--date", self.date(day), *options,
                             expect=expect)

    def resend(self, *words, expect=0):
        return self.home.run("resend", *words, expect=expect)

    def owe(self, *days):
        """Runs that find the partner down."""
        self.partner.stop()
        for day in days:
            self.run_on(day, expect=75)
        self.partner.start()

    # What is known without the program.

    def asked(self):
        """The days for which the database was asked."""
        with sqlite3.connect(self.database, timeout=60) as db:
            days = [day for day, in db.execute("SELECT day FROM asked")]
        db.close()
        return [int(day[-2:]) for day in days]

    def content(self, day, asked):
        return ("day,asked\r\n%s,%d\r\n" % (self.date(day), asked)).encode()

    def sent(self, server=None):
        """The days that a server was sent, in order."""
        return [int(c[len("STOR o-"):][:2]) for c in
                (server or self.partner).commands() if c.startswith("STOR")]

    def here(self):
        return sorted(os.listdir(self.out))

    # What the ledger says.

    def states(self):
        return [run["state"] for run in self.home.runs()]

    def deliveries(self, run, target="partner"):
        return [(row["state"], row["by"]) for row in self.home.ledger(
            "SELECT d.* FROM delivery d JOIN file f ON f.id = d.file "
            "WHERE f.run = ? AND d.target = ? ORDER BY d.id", run, target)]

    def status(self):
        (status,) = json.loads(self.home.run("status", "--json",
                                             expect=None).stdout)
        return status

    def history(self, run):
        (found,) = json.loads(self.home.run("history", str(run),
                                            "--json").stdout)
        return found


class Owed(Outbox):
    """What a run does about those before it."""

    def test_one_of_two(self):
        """what one target lacks is sent to it alone, and nothing queried"""
        self.owe(1)
        self.assertEqual((self.here(), self.states()), (["o-01.csv"],
                                                        ["failed"]))
        before = os.stat(os.path.join(self.out, "o-01.csv"))
        self.assert_silent(self.run_on(2))
        after = os.stat(os.path.join(self.out, "o-01.csv"))
        self.assertEqual((before.st_ino, before.st_mtime_ns),
                         (after.st_ino, after.st_mtime_ns))
        self.assertEqual(self.asked(), [1, 2])
        self.assertEqual(self.sent(), [1, 2])
        self.assertEqual(self.partner.read("o-01.csv"), self.content(1, 1))
        self.assertEqual(self.partner.read("o-02.csv"), self.content(2, 2))
        self.assertEqual(self.states(), ["shipped", "shipped"])
        self.assertEqual(self.deliveries(1, "here"), [("delivered", "")])
        self.assertEqual(self.deliveries(1), [
            ("failed", ""), ("delivered", "the run for 2026-11-02")])

    def test_same_date(self):
        """a run of the date delivers that file, and is that run"""
        self.owe(1)
        outcome = json.loads(self.run_on(1, "--json").stdout)
        self.assertEqual((outcome["run"], outcome["state"],
                          outcome["status"]), (1, "shipped", 0))
        self.assertEqual(self.asked(), [1])
        self.assertEqual(self.states(), ["shipped"])
        self.assert_silent(self.run_on(1))
        self.assertEqual((self.asked(), self.sent()), ([1], [1]))

    def test_order(self):
        """at one target a later file waits for the older one"""
        self.partner.stop()
        self.run_on(1, expect=75)
        result = self.run_on(2, expect=75)
        self.assert_message(result, "run 1 for 2026-11-01 comes before it and "
                                    "is not delivered: target 'partner'")
        self.assertEqual(self.here(), ["o-01.csv", "o-02.csv"])
        self.partner.start()
        self.run_on(3)
        self.assertEqual(self.sent(), [1, 2, 3])
        self.assertEqual(self.asked(), [1, 2, 3])
        self.assertEqual(self.states(), ["shipped"] * 3)

    def test_refused(self):
        """a file that is refused for good holds up no other"""
        def refuse(session, argument):
            (say("553 That name is not allowed.") if "o-01" in argument
             else do)(session, argument)

        self.partner.on("STOR", refuse)
        self.run_on(1, expect=73)
        result = self.run_on(2, expect=73)
        self.assert_message(
            result, "run 1 for 2026-11-01 is not delivered: target 'partner'")
        self.assertEqual(self.states(), ["failed", "shipped"])
        self.assertEqual(self.partner.names(), ["o-02.csv"])
        self.partner.forget()
        self.assert_silent(self.run_on(3))
        self.assertEqual(self.states(), ["shipped"] * 3)
        self.assertEqual(self.partner.names(),
                         ["o-01.csv", "o-02.csv", "o-03.csv"])

    def spoil(self, damage):
        self.owe(1)
        (path,) = [row["path"] for row in self.home.ledger(
            "SELECT path FROM file")]
        damage(path)
        result = self.run_on(2, expect=74)
        self.assertIn("o-01.csv", result.stderr)
        self.assertIn("run 1 for 2026-11-01 is not delivered", result.stderr)
        self.assertIn("'odbcship run --force' with that --date",
                      result.stderr)
        self.assertEqual(self.sent(), [2])      # it holds up no other
        self.assertEqual(self.states(), ["failed", "shipped"])
        self.assertEqual(self.home.run("resend", "1", expect=74).stdout, "")
        self.assertEqual(self.sent(), [2])
        self.assert_silent(self.run_on(1, "--force"))
        self.assertEqual(self.partner.read("o-01.csv"), self.content(1, 3))
        self.assertEqual(self.deliveries(1)[-1][0], "superseded")
        self.assert_silent(self.run_on(3))

    def test_changed(self):
        """a file that was changed in the spool is not sent"""
        def change(path):
            with open(path, "r+b") as f:
                f.write(b"DAY")
        self.spoil(change)

    def test_gone(self):
        """nor one that is gone from it, and both are told"""
        self.spoil(os.unlink)

    def test_target_gone(self):
        """a target that the job has no more is owed nothing"""
        self.owe(1)
        self.job(targets=HERE % self.url)
        result = self.run_on(2)
        self.assertIn("run 1 for 2026-11-01 was not delivered to 'partner', "
                      "which the job has no more: that is given up",
                      result.stderr)
        self.assertEqual(self.deliveries(1), [("dropped", "")])
        self.assertEqual(self.states(), ["shipped", "shipped"])
        self.assert_silent(self.run_on(3))

    def test_keep(self):
        """what could not be delivered within limits.keep is given up, once"""
        self.owe(1)
        with sqlite3.connect(os.path.join(self.home.state, "ledger.db")) as db:
            db.execute("UPDATE run SET began_ms = began_ms - 1300000000,"
                       " ended_ms = ended_ms - 1300000000")
        db.close()
        result = self.run_on(2, expect=73)
        self.assert_message(result, "could not be delivered within limits.keep "
                            "and is given up", "odbcship run --date 2026-11-01")
        self.assertEqual(self.deliveries(1)[-1][0], "expired")
        self.assertEqual(self.states(), ["failed", "shipped"])
        self.assertEqual(self.sent(), [2])
        self.assertEqual(self.home.spool(), ["j/2/o-02.csv"])
        self.assert_silent(self.run_on(3))
        self.assert_silent(self.run_on(1))
        self.assertEqual(self.asked(), [1, 2, 3, 1])

    def test_force(self):
        """by force it is made anew, and the older one is owed no more"""
        self.owe(1)
        self.assert_silent(self.run_on(1, "--force"))
        self.assertEqual(self.sent(), [1])
        self.assertEqual(self.partner.read("o-01.csv"), self.content(1, 2))
        self.assertEqual(self.deliveries(1)[-1][0], "superseded")
        self.run_on(2)
        self.assertEqual(self.sent(), [1, 2])

    def test_force_while_down(self):
        """then only the newer one is owed"""
        self.partner.stop()
        self.run_on(1, expect=75)
        self.run_on(1, "--force", expect=75)
        self.partner.start()
        self.assert_silent(self.run_on(1))
        self.assertEqual((self.sent(), self.asked()), ([1], [1, 1]))
        self.assertEqual(self.partner.read("o-01.csv"), self.content(1, 2))

    def test_environment(self):
        """environments owe nothing to each other"""
        environments = "environments: { dev: { }; prod: { }; };\n"
        self.job(environments)
        self.partner.stop()
        self.run_on(1, "--env", "dev", expect=75)
        self.partner.start()
        self.run_on(2, "--env", "prod")
        self.assertEqual(self.sent(), [2])
        self.assert_silent(self.resend("1"))    # in its own, as recorded
        self.assertEqual(self.sent(), [2, 1])
        self.assertEqual(self.home.runs()[0]["environment"], "dev")
        self.assertEqual(self.states(), ["shipped", "shipped"])

    def test_dry_run(self):
        """--dry-run says what would come first, and does nothing"""
        self.owe(1, 2)
        said = self.run_on(3, "--dry-run").stdout
        first, second = [said.index(
            "would first deliver what run %d for 2026-11-%02d has not "
            "delivered\n" % (n, n)) for n in (1, 2)]
        self.assertLess(first, second)
        self.assertEqual((self.sent(), self.asked()), ([], [1, 2]))

    def test_json(self):
        """--json says what was owed, and what came of it"""
        self.owe(1)
        outcome = json.loads(self.run_on(2, "--json").stdout)
        self.assertEqual(outcome["earlier"], [
            {"run": 1, "date": "2026-11-01", "delivered": True,
             "error": None}])
        self.partner.stop()
        self.run_on(3, expect=75)
        outcome = json.loads(self.run_on(4, "--json", expect=75).stdout)
        (earlier,) = outcome["earlier"]
        self.assertEqual((earlier["run"], earlier["delivered"]), (3, False))
        self.assertIn("target 'partner'", earlier["error"])
        self.assertEqual(outcome["run"], 4)

    def test_no_ship(self):
        """--no-ship leaves alone what is owed"""
        self.owe(1)
        self.run_on(2, "--no-ship")
        self.assertEqual(self.sent(), [])
        self.assertEqual(self.deliveries(1)[-1][0], "failed")


class Couriers(Outbox):
    """A process for each target."""

    def test_at_the_same_time(self):
        """targets are served at once: each waits for the other here"""
        other = self.serve()
        both = threading.Barrier(2)

        def meet(session, argument):
            both.wait(60)
            do(session, argument)

        self.partner.on("STOR", meet)
        other.on("STOR", meet)
        self.job(targets=self.targets(("partner", self.partner),
                                      ("other", other)))
        self.assert_silent(self.run_on(1))
        self.assertEqual((self.sent(), self.sent(other)), ([1], [1]))

    def test_slow(self):
        """a slow one holds up no other"""
        fast = self.serve()

        def late(session, argument):
            wait_until(lambda: fast.names() == ["o-01.csv"], 60)
            do(session, argument)

        self.partner.on("STOR", late)
        self.job(targets=self.targets(("partner", self.partner),
                                      ("fast", fast)))
        self.assert_silent(self.run_on(1))
        self.assertEqual(self.partner.names(), ["o-01.csv"])

    def begin(self, *servers):
        """A run that is in the middle of its transfers."""
        for server in servers:
            server.on("STORED", stall)
        process = self.home.start("run", "j", "--date", self.date(1))
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        for server in servers:
            wait_until(lambda: server.names() == ["o-01.csv.part"], 60)
        return process

    def test_killed(self):
        """the process that ships is killed: that is told, and made up for"""
        process = self.begin(self.partner)
        (courier,) = wait_until(
            lambda: len(children(process.pid)) == 1 and children(process.pid),
            60)
        os.kill(courier, signal.SIGKILL)
        result = self.home.finish(process, 70)
        self.assert_message(result, "target 'partner': the process that ships "
                            "was ended by signal 9 (Killed)")
        self.assertEqual((self.here(), self.states()),
                         (["o-01.csv"], ["failed"]))
        self.partner.forget()
        self.assert_silent(self.run_on(1))
        self.assertEqual((self.partner.names(), self.asked(), self.states()),
                         (["o-01.csv"], [1], ["shipped"]))
        self.assertEqual(self.partner.read("o-01.csv"), self.content(1, 1))

    def test_signal(self):
        """SIGTERM: both clean up behind themselves, and owe"""
        other = self.serve()
        self.job(targets=self.targets(("partner", self.partner),
                                      ("other", other)))
        process = self.begin(self.partner, other)
        process.send_signal(signal.SIGTERM)
        self.home.finish(process, 143)
        self.assertEqual((self.partner.names(), other.names()), ([], []))
        self.partner.forget()
        other.forget()
        self.assert_silent(self.run_on(1))
        self.assertEqual((self.partner.names(), other.names(), self.asked()),
                         (["o-01.csv"], ["o-01.csv"], [1]))


class Told(Outbox):
    """Who is told: once when it breaks, once when all is delivered."""

    def setUp(self):
        super().setUp()
        self.post = Mail(self.home.path)
        self.post.start()
        self.addCleanup(self.post.stop)
        self.job('notify = ( { name = "team"; mail = { to = ( "team@example.com'
                 '" ); from = "odbcship@example.com"; tls = "none"; url = "%s"'
                 '; }; } );\n' % self.post.url())

    def mails(self):
        return [email.message_from_bytes(m["data"].encode("latin-1"),
                                         policy=email.policy.default)
                for m in self.post.messages()]

    def subjects(self):
        return [m["Subject"] for m in self.mails()]

    def refuse(self, name):
        def act(session, argument):
            (say("553 That name is not allowed.") if name in argument
             else do)(session, argument)
        self.partner.on("STOR", act)

    def test_earlier(self):
        """an earlier run that fails is a failure of the run that is shipped"""
        self.run_on(1)
        self.partner.stop()
        self.run_on(2, expect=75)
        self.partner.start()
        (subject,) = self.subjects()
        self.assertIn("j failed: target 'partner'", subject)
        self.refuse("o-02")
        self.run_on(3, expect=73)       # its own is shipped
        self.assertEqual(self.states(), ["shipped", "failed", "shipped"])
        self.assertEqual(len(self.subjects()), 1, self.subjects())
        self.partner.forget()
        self.run_on(4)
        self.assertEqual(len(self.subjects()), 2, self.subjects())
        self.assertRegex(self.subjects()[1], r"j works again .*2 failed runs")
        self.run_on(5)
        self.assertEqual(len(self.subjects()), 2, self.subjects())

    def test_earlier_is_news(self):
        """a killed run whose file is refused is one trouble, told once"""
        self.partner.on("STORED", stall)
        process = self.home.start("run", "j", "--date", self.date(1))
        self.addCleanup(process.communicate)
        wait_until(lambda: self.partner.names() == ["o-01.csv.part"], 60)
        process.kill()
        process.wait()
        self.partner.forget()
        self.partner.files.clear()
        self.refuse("o-01")
        result = self.run_on(2, expect=73)
        why = "run 1 for 2026-11-01 is not delivered: target 'partner'"
        self.assert_message(result, why, "delivered to 'here'; delivered to "
                                         "'partner'")
        self.assertEqual(self.states(), ["failed", "shipped"])
        # That it was killed is what is told; its file is the same trouble.
        (subject,) = self.subjects()
        self.assertIn("j failed: run 1 ended without a word", subject)
        self.partner.forget()
        self.run_on(3)
        self.assertRegex(self.subjects()[-1], r"j works again .*2 failed runs")

    def test_at_once(self):
        """what the run of the date itself makes up for is told too"""
        self.owe(1)
        self.run_on(1)
        self.assertEqual(
            [re.search(r"failed|works again", s).group()
             for s in self.subjects()], ["failed", "works again"])
        self.run_on(1)
        self.assertEqual(len(self.subjects()), 2)

    def test_given_up(self):
        """what is given up is told, though it is known that the job fails"""
        self.owe(1, 2)
        self.assertEqual(len(self.subjects()), 1)
        with sqlite3.connect(os.path.join(self.home.state, "ledger.db")) as db:
            db.execute("UPDATE run SET began_ms = began_ms - 1300000000,"
                       " ended_ms = ended_ms - 1300000000 WHERE id = 1")
        db.close()
        self.owe(3)
        self.assertEqual(len(self.subjects()), 2)
        self.assertIn("error: run 1 for 2026-11-01 could not be delivered "
                      "within limits.keep and is given up", " ".join(
                          self.mails()[1].get_content().split()))
        self.owe(4)
        self.assertEqual(len(self.subjects()), 2)
        self.run_on(5)
        self.assertEqual(self.sent(), [2, 3, 4, 5])
        self.assertIn("j works again", self.subjects()[2])


class Resend(Outbox):
    """What a person can do."""

    def decisions(self, run):
        return [d["text"] for d in self.history(run)["decisions"]]

    def test_owed(self):
        """what is owed, now; who did it is recorded"""
        self.owe(1)
        self.assert_silent(self.resend("1"))
        self.assertEqual((self.sent(), self.asked(), self.states()),
                         ([1], [1], ["shipped"]))
        self.assertEqual(self.deliveries(1, "here"), [("delivered", "")])
        self.assertEqual(self.deliveries(1)[-1], (
            "delivered", "resend by " + getpass.getuser()))
        (decision,) = self.decisions(1)
        self.assertRegex(decision, r"\A%s on \S+: sent it\Z" %
                         getpass.getuser())
        self.assertIn(decision, self.home.run("history", "1").stdout)

    def test_kept(self):
        """what --no-ship kept"""
        self.run_on(1, "--no-ship")
        self.assertEqual((self.sent(), self.states()), ([], ["kept"]))
        self.assert_silent(self.resend("1"))
        self.assertEqual((self.sent(), self.here(), self.states()),
                         ([1], ["o-01.csv"], ["shipped"]))
        self.assert_silent(self.run_on(1))
        self.assertEqual(self.asked(), [1])

    def test_kept_and_down(self):
        """is owed from then on, like that of any run"""
        self.run_on(1, "--no-ship")
        self.partner.stop()
        self.resend("1", expect=75)
        self.partner.start()
        self.assert_silent(self.run_on(2))
        self.assertEqual((self.sent(), self.states()),
                         ([1, 2], ["shipped", "shipped"]))

    def test_one_target(self):
        """a target that lost it gets it again, and no other"""
        self.run_on(1)
        self.partner.files.clear()
        os.unlink(os.path.join(self.out, "o-01.csv"))
        self.assert_silent(self.resend("1", "partner"))
        self.assertEqual((self.partner.read("o-01.csv"), self.here()),
                         (self.content(1, 1), []))
        self.assertEqual(self.asked(), [1])
        self.assert_silent(self.resend("1"))    # to all, since none lacks it
        self.assertEqual(self.here(), ["o-01.csv"])

    def test_held(self):
        """a check is named before it is passed over"""
        self.job("checks: { min_rows = 5; };\n")
        self.run_on(1, expect=65)
        for words in ((), ("--despite", "max_rows")):
            self.assert_message(
                self.resend("1", *words, expect=65), "run 1 is held: check "
                "'min_rows' (expected ", "--despite")
        self.assertEqual((self.sent(), self.here(), self.states()),
                         ([], [], ["held"]))
        self.assertEqual(self.decisions(1), [])
        self.assertEqual(self.status()["held_dates"], 1)
        self.assert_silent(self.resend("1", "--despite", "min_rows"))
        self.assertEqual((self.sent(), self.here(), self.states()),
                         ([1], ["o-01.csv"], ["shipped"]))
        self.assertRegex(self.decisions(1)[0], r"\A%s on \S+: sent it, despite "
                         r"check 'min_rows'\Z" % getpass.getuser())
        self.assertEqual(self.status()["held_dates"], 0)
        self.assert_silent(self.run_on(1))
        self.assertEqual(self.asked(), [1])

    def test_despite_nothing(self):
        """--despite a check that did not fail is a mistake"""
        self.run_on(1)
        self.assert_message(self.resend("1", "--despite", "min_rows",
                                        expect=64), "no check of run 1 failed")
        self.assertEqual(self.sent(), [1])

    def test_later(self):
        """what a later run replaced is not sent, unless by force"""
        self.run_on(1)
        self.run_on(1, "--force")
        self.assert_message(
            self.resend("1", expect=65), "run 2 was shipped for 2026-11-01 "
            "after run 1", "'odbcship resend 2' sends that one")
        self.assertEqual(self.partner.read("o-01.csv"), self.content(1, 2))
        self.assert_silent(self.resend("1", "--force"))
        self.assertEqual(self.partner.read("o-01.csv"), self.content(1, 1))
        self.assertIn("by force", self.decisions(1)[0])

    def test_range(self):
        """nor rows that are in a later file"""
        with sqlite3.connect(self.database) as db:
            db.execute("CREATE TABLE item (id INTEGER)")
            db.executemany("INSERT INTO item VALUES (?)", [(1,), (2,)])
        db.close()
        self.home.job("w", 'source: { dsn = "shop"; sql = "SELECT id FROM item '
                      'WHERE id > :id_from AND id <= :id_to"; watermark = { '
                      'name = "id"; initial = "0"; sql = "SELECT max(id) FROM '
                      'item"; }; };\nfile: { name = "w-{date:%d}.csv"; };\n'
                      'checks: { min_rows = 3; };\ntargets = ( ' +
                      HERE % self.url + " );\n")
        self.home.run("run", "w", "--date", self.date(1), expect=65)
        with sqlite3.connect(self.database) as db:
            db.execute("INSERT INTO item VALUES (3)")
        db.close()
        self.home.run("run", "w", "--date", self.date(2))
        self.assert_message(
            self.resend("1", "--despite", "min_rows", expect=65),
            "the rows of run 1 begin behind '0', and rows up to '3' were "
            "shipped since", "Its rows are in a later file")
        self.assertEqual(self.here(), ["w-02.csv"])

    def doubt(self):
        """A delivery of which nobody knows."""
        self.partner.vanish = True
        self.partner.on("RNTO", then(quietly, close))
        self.run_on(1, expect=73)
        self.partner.forget()
        self.partner.vanish = False
        self.assertEqual(self.deliveries(1), [("unknown", "")])

    def test_unknown(self):
        """what may be there is not sent again, nor made anew"""
        self.doubt()
        self.assert_message(
            self.run_on(1, expect=73), "whether 'partner' has the files of run "
            "1 is not known", "'odbcship resend 1 partner'",
            "--mark-delivered")
        self.assertEqual((self.sent(), self.asked()), ([], [1]))
        self.assert_silent(self.run_on(2))      # another date
        self.assertEqual(self.sent(), [2])
        status = self.status()
        self.assertEqual((status["state"], status["unknown_deliveries"]),
                         ("open", 1))
        self.assertIn("resend 1 TARGET", self.home.run("status").stdout)
        self.assert_silent(self.resend("1", "partner"))
        self.assertEqual((self.sent(), self.partner.read("o-01.csv")),
                         ([2, 1], self.content(1, 1)))
        self.assertEqual(self.status()["state"], "ok")

    def test_mark_delivered(self):
        """somebody saw it there: nothing is sent"""
        self.doubt()
        self.assert_silent(self.resend("1", "partner", "--mark-delivered"))
        self.assertEqual((self.partner.commands(), self.states()),
                         ([], ["shipped"]))
        self.assertEqual(self.deliveries(1)[-1][0], "delivered")
        self.assertIn("said that it is there, target 'partner'",
                      self.decisions(1)[0])
        self.assert_silent(self.run_on(1))
        self.assertEqual(self.asked(), [1])

    def test_give_up(self):
        """what is given up is owed no more"""
        self.owe(1)
        self.assertEqual(self.status()["missing_deliveries"], 1)
        self.assert_silent(self.resend("1", "--give-up"))
        self.assertEqual(self.deliveries(1), [("dropped", "")])
        self.assertIn("gave it up", self.decisions(1)[0])
        self.assertEqual(self.status()["missing_deliveries"], 0)
        self.assert_silent(self.run_on(2))
        self.assertEqual(self.sent(), [2])

    def test_give_up_held(self):
        """nor is one that a check holds open any longer"""
        self.job("checks: { min_rows = 5; };\n")
        self.run_on(1, expect=65)
        self.job()
        self.run_on(2)
        self.assertEqual(self.status()["state"], "open")
        self.assert_silent(self.resend("1", "--give-up"))
        self.assertEqual(self.status()["state"], "ok")
        self.assertEqual(self.sent(), [2])

    def test_json(self):
        """--json says what was sent"""
        self.run_on(1)
        outcome = json.loads(self.resend("1", "partner", "--json").stdout)
        self.assertEqual((outcome["run"], outcome["state"],
                          outcome["status"], outcome["date"]),
                         (1, "shipped", 0, "2026-11-01"))
        self.assertEqual([d["target"] for d in outcome["deliveries"]],
                         ["partner"])
        outcome = json.loads(self.resend("9", "--json", expect=64).stdout)
        self.assertEqual(outcome["error"]["message"], "there is no run 9")

    def test_locked(self):
        """while a run of the job is at work it is not now"""
        self.run_on(2)
        self.partner.forget()
        self.partner.on("STORED", stall)
        process = self.home.start("run", "j", "--date", self.date(1))
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        wait_until(lambda: "o-01.csv.part" in self.partner.names(), 60)
        self.assert_message(self.resend("1", expect=75),
                            "is running already")

    def test_usage(self):
        """what does not exist is said so"""
        self.assert_message(self.resend("1", expect=64), "there is no run 1")
        self.run_on(1)
        for words, said in (
                (("9",), "there is no run 9"),
                (("one",), "'one' is no number of a run"),
                ((), "resend takes a run and at most one target"),
                (("1", "nobody"), "the job has no target 'nobody'"),
                (("1", "--mark-delivered"), "--mark-delivered needs a target")):
            with self.subTest(words=words):
                self.assert_message(self.resend(*words, expect=64), said)
        self.assertEqual(self.sent(), [1])

    def test_spec_elsewhere(self):
        """a job that is not beside the others is found by --job"""
        path = os.path.join(self.home.path, "elsewhere.cfg")
        with open(os.path.join(self.home.jobs, "j.cfg"),
                  encoding="utf-8") as f:
            self.home.write(path, f.read())
        self.home.write(os.path.join(self.home.path, "ftp.secret"),
                        PASSWORD + "\n", 0o600)
        self.home.run("run", path, "--date", self.date(1), "--no-ship")
        self.assert_message(self.resend("1", expect=78),
                            "--job PATH names it")
        other = os.path.join(self.home.jobs, "j.cfg")
        self.assert_message(
            self.resend("1", "--job", other, expect=64),
            "run 1 is one of 'elsewhere', not of 'j'")
        self.assert_silent(self.resend("1", "--job", path))
        self.assertEqual(self.sent(), [1])


if __name__ == "__main__":
    main()
