#!/usr/bin/env python3
"""Jobs that a real cron starts, and what the doctor says of its crontabs.

make check-cron: as root, with Debian's cron (the package need not be set up;
CRON names another program), systemd-analyze and -journald (package systemd). All happens
in a mount namespace of its own, with an empty /etc/cron.d, /var/spool/cron and
/run, so that no crontab of the machine is seen or changed. Takes a minute,
until cron wakes up.
"""

import email
import email.policy
import json
import os
import re
import shutil
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "integration"), TESTS]

from harness import (Case, main, program, source, target, temporary,
                     wait_until)
from servers.mail import Mail

CRON = os.environ.get("CRON") or "/usr/sbin/cron"
USER = "nobody"
PRIVATE = ("/etc/cron.d", "/var/spool/cron", "/run")
WAKES = 200     # seconds: cron looks once a minute


def bind(what, where):
    """Let a file take the place of another one, here only."""
    subprocess.run(["mount", "--bind", what, where], check=True)


def enter():
    """Begin anew in a namespace where crontabs are ours."""
    if os.environ.get("CRON_NAMESPACE") == "1":
        for path in PRIVATE:
            os.makedirs(path, exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", path], check=True)
        if os.path.exists("/etc/crontab"):
            bind("/dev/null", "/etc/crontab")
        with open("/etc/group", encoding="utf-8") as f:
            groups = f.read()
        if "\ncrontab:" not in groups:      # cron ends without it
            with open("/run/group", "w", encoding="utf-8") as f:
                f.write(groups + "crontab:x:64999:\n")
            bind("/run/group", "/etc/group")
        return
    os.environ["CRON_NAMESPACE"] = "1"
    os.execvp("unshare", ["unshare", "-m", "--propagation", "private",
                          sys.executable, "-B"] + sys.argv)


class CronCase(Case):
    """A job that any user may run, and a cron of our own."""

    def setUp(self):
        super().setUp()
        os.chmod(self.home.path, 0o755)
        database = self.home.sqlite(
            "shop", "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (7);")
        os.chmod(database, 0o644)
        self.out = self.own("out")
        self.state = self.own("state")
        self.told = self.own("told")
        self.post = Mail(temporary())
        self.post.start()
        self.addCleanup(self.post.stop)
        self.home.main('state = "%s";\n' % self.state +
                       'notify = ( { name = "team"; mail = { '
                       'to = ( "data-team@example.com" ); url = "%s"; '
                       'tls = "none"; }; } );\n' % self.post.url())
        self.home.job("daily", source(dsn="shop", sql="SELECT a FROM t") +
                      'owner = "team";\nfile: { name = "t.csv"; };\n' +
                      target("file://%s/" % self.out))

    def own(self, name):
        """A directory of the job's user."""
        path = os.path.join(self.home.path, name)
        os.makedirs(path, mode=0o700)
        subprocess.run(["chown", USER, path], check=True)
        return path

    def crontab(self, name, *lines, mode=0o644):
        path = os.path.join("/etc/cron.d", name)
        self.addCleanup(os.remove, path)
        return self.home.write(path, "\n".join(lines) + "\n", mode)

    def start_cron(self):
        process = subprocess.Popen([CRON, "-f"], stdin=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

    def said(self, name):
        with open(os.path.join(self.told, name), encoding="utf-8") as f:
            return f.read()


class Journal(CronCase):
    """What systemd's journal itself makes of the log."""

    def setUp(self):
        super().setUp()
        journald = subprocess.Popen(["/lib/systemd/systemd-journald"],
                                    stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
        self.addCleanup(shutil.rmtree, "/run/systemd")
        self.addCleanup(journald.wait)
        self.addCleanup(journald.terminate)
        wait_until(lambda: os.path.exists("/run/systemd/journal/socket"), 60,
                   "the journal's socket")

    def records(self):
        said = subprocess.run(
            ["journalctl", "-D", "/run/log/journal", "-o", "json", "-q",
             "ODBCSHIP_JOB=daily"], capture_output=True, check=False).stdout
        return [json.loads(line) for line in said.splitlines()]

    def test_fields(self):
        """a run is found by its job, with its number, date and severity"""
        self.home.run("run", "daily", "--date", "2026-11-24")
        with open(os.path.join(self.home.jobs, "daily.cfg"), "a") as f:
            f.write("nonsense = 1;\n")
        self.home.run("run", "daily", "--date", "2026-11-25", expect=78)
        found = wait_until(lambda: [r for r in self.records() if "nonsense" in
                                    r["MESSAGE"]], 60, "the error") and \
            self.records()
        self.assertEqual({r["SYSLOG_IDENTIFIER"] for r in found}, {"odbcship"})
        first = [r for r in found if r.get("ODBCSHIP_RUN") == "1"]
        self.assertGreater(len(first), 3)
        self.assertLess(len(first), 20)     # design.md 4
        self.assertEqual({(r["ODBCSHIP_DATE"], r["PRIORITY"]) for r in first},
                         {("2026-11-24", "6")})
        self.assertIn("3", {r["PRIORITY"] for r in found
                            if "nonsense" in r["MESSAGE"]})


class Real(CronCase):
    """What cron itself does."""

    def test_runs(self):
        """silent when well; a broken ODBCSYSINI is named, also by mail"""
        command = "%s run daily --force --config %s" % (
            " ".join(program()), self.home.config)
        broken = os.path.join(self.home.path, "broken")
        os.mkdir(broken)
        done = os.path.join(self.told, "%s.done")
        line = ("* * * * * %s %s(%s; echo \"status $?\") >%s/%s.out 2>&1; "
                "touch %s")
        first = "[ -e %s ] || " % (done % "good")
        wait = "until [ -e %s ]; do sleep 1; done; " % (done % "good")
        self.crontab("good", "ODBCSYSINI=" + self.home.odbc, line % (
            USER, first, command, self.told, "good", done % "good"))
        self.crontab("bad", "ODBCSYSINI=" + broken, line % (
            USER, wait, command, self.told, "bad", done % "bad"))
        self.start_cron()
        wait_until(lambda: os.path.exists(done % "bad"), WAKES,
                   "the second job of cron")
        self.assertEqual(self.said("good.out"), "status 0\n")
        with open(os.path.join(self.out, "t.csv"), "rb") as f:
            self.assertEqual(f.read(), b"a\r\n7\r\n")
        said = self.said("bad.out")
        self.assertIn("there is no data source 'shop'", said)
        self.assertIn("owner: team", said)
        self.assertIn("the environment differs from that of run 1, the last "
                      "success:\n  ODBCSYSINI: now '%s', then '%s'\n" % (
                          broken, self.home.odbc), said)
        self.assertTrue(said.endswith("status 69\n"), said)
        self.assert_mailed(broken)
        self.assert_bare()

    def assert_mailed(self, broken):
        """One mail, of the failure, with the difference named."""
        (got,) = self.post.messages()
        mail = email.message_from_bytes(got["data"].encode("latin-1"),
                                        policy=email.policy.default)
        self.assertEqual(got["to"], ["data-team@example.com"])
        self.assertIn("daily failed: there is no data source 'shop'",
                      mail["Subject"])
        text = " ".join(mail.get_content().split())
        self.assertIn("ODBCSYSINI: now '%s', then '%s'" % (
            broken, self.home.odbc), text)
        self.assertIn("Owner: team", text)

    def assert_bare(self):
        """cron gives what --as-cron gives: no more variables, no fewer."""
        run = json.loads(self.home.run(
            "history", "1", "--json", "--config", self.home.config,
            env={"ODBCSHIP_STATE": None}).stdout)[0]
        names = {n for n in run["surroundings"] if re.match(r"[A-Z_]+$", n)}
        self.assertEqual(names, {"HOME", "LOGNAME", "ODBCSYSINI", "PATH",
                                 "SHELL"})
        self.assertEqual(run["surroundings"]["PATH"], "/usr/bin:/bin")
        self.assertEqual(run["surroundings"]["user"], USER)
        self.assertEqual(run["surroundings"]["umask"], "0022")


class Units(Case):
    """What systemd says of the units, where it does not run."""

    def test_units(self):
        """systemd-analyze has nothing to say, but of what is wrong"""
        said = {}
        for wrong in (False, True):
            where = temporary()
            for suffix, name in ((".service.in", ".service"),
                                 (".timer", ".timer")):
                with open(os.path.join(os.path.dirname(TESTS), "etc", "systemd",
                                       "odbcship@" + suffix),
                          encoding="utf-8") as f:
                    text = f.read()
                text = (text.replace("@bindir@/odbcship", program()[0])
                        .replace("@pkgsysconfdir@", "/etc/odbcship"))
                if wrong:
                    text = text.replace("RestartSec=", "RestartSecs=")
                self.home.write(os.path.join(where, "odbcship@daily" + name),
                                text)
            done = subprocess.run(
                ["systemd-analyze", "verify", "--man=no"] +
                [os.path.join(where, "odbcship@daily" + name)
                 for name in (".service", ".timer")],
                capture_output=True, text=True, check=False)
            said[wrong] = (done.returncode, done.stderr)
        self.assertEqual(said[False], (0, ""))
        self.assertIn("RestartSecs", said[True][1])


class Doctor(CronCase):
    """What the doctor says of crontabs."""

    def look(self):
        result = self.home.run("doctor", "--json", expect=None)
        return {(f["subject"] or "").replace("/etc/cron.d/", ""):
                (f["result"], f["message"])
                for f in json.loads(result.stdout) if f["item"] == "crontab"}

    def test_crontabs(self):
        """unescaped %, unknown users, PATH, names and modes of files"""
        whole = "/opt/bin/odbcship run daily"
        self.crontab("right", "# 1 2 * * * nobody odbcship run x%y", "",
                     "PATH=/usr/bin:%s" % os.path.dirname(program()[0]),
                     "1 2 * * * nobody odbcship run daily --date $(date +\\%F)")
        self.crontab("percent", "1 2 * * * nobody %s --date $(date +%%F)" %
                     whole)
        self.crontab("user", "1 2 * * * nobodyy %s" % whole)
        self.crontab("path", "@daily nobody odbcship run daily")
        self.crontab("silent", 'MAILTO=""', "1 2 * * * nobody %s" % whole)
        self.crontab("dot.cron", "1 2 * * * nobody %s" % whole)
        self.crontab("mode", "1 2 * * * nobody %s" % whole, mode=0o666)
        self.crontab("other", "1 2 * * * nobody notodbcship run %")
        found = self.look()
        self.assertEqual(found["right:4"][0], "ok")
        for subject, part in (("percent:1", "not written \\%"),
                              ("user:1", "no user 'nobodyy'"),
                              ("path:1", "no odbcship in its PATH"),
                              ("dot.cron", "passes over a file with"),
                              ("mode", "passes over a file that others")):
            with self.subTest(subject=subject):
                self.assertEqual(found[subject][0], "fail", found)
                self.assertIn(part, found[subject][1])
        self.assertEqual(found["silent:2"][0], "warn")
        self.assertFalse([s for s in found if s.startswith("other")])

    def test_none(self):
        """no crontab that starts it"""
        self.assertEqual(self.look(), {"": (
            "ok", "no crontab that this user can read starts odbcship")})


enter()
main()
