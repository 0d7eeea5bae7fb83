#!/usr/bin/env python3
"""What a run's environment was: recorded, shown, compared with a success."""

import json
import os
import shutil

from cli import CliCase, main

CANARY = "canary-9f2d"


class Recorded(CliCase):
    """The environment in the ledger."""

    def setUp(self):
        super().setUp()
        self.home.sqlite("w", "CREATE TABLE t (a INTEGER);")
        self.put("daily", "SELECT a FROM t", dsn="w")

    def surroundings(self, run):
        shown = self.home.run("history", str(run), "--json").stdout
        return json.loads(shown)[0]["surroundings"]

    def test_items(self):
        """variables, user, limits, files, driver and data source of a run"""
        self.home.run("run", "daily", env={"NLS_LANG": "GERMAN_GERMANY.UTF8",
                                           "UNRELATED": "x"})
        items = self.surroundings(1)
        self.assertEqual(items["PATH"], "/usr/bin:/bin")
        self.assertEqual(items["NLS_LANG"], "GERMAN_GERMANY.UTF8")
        self.assertEqual(items["ODBCSYSINI"], self.home.odbc)
        self.assertNotIn("UNRELATED", items)
        self.assertRegex(items["umask"], r"\A0[0-7]{3}\Z")
        self.assertEqual(items["odbcinst.ini"],
                         self.home.odbc + "/odbcinst.ini")
        self.assertEqual(items["odbc.ini"], self.home.odbc + "/odbc.ini")
        self.assertIn("SQLite3", items["drivers"].split(", "))
        self.assertTrue(items["driver"].endswith("sqlite3odbc.so"), items)
        self.assertIn("w: Driver=SQLite3; Database=" + self.home.path,
                      items["data source"])
        self.assertIn("libcurl", items["libcurl"])
        self.assertRegex(items["limit of open files"], r"\A(\d+|unlimited)\Z")

    def test_secrets(self):
        """no value that may be a secret is recorded"""
        self.home.dsn("w", {"Driver": "SQLite3",
                            "Database": os.path.join(self.home.path, "w.db"),
                            "Password": CANARY, "SSLKey": CANARY})
        self.home.run("run", "daily", env={
            "PGPASSWORD": CANARY, "MYSQL_PWD": CANARY,
            "ODBCSHIP_SECRET": CANARY, "https_proxy": "http://u:%s@p" % CANARY,
            "ORACLE_CONNECT": "UID=me;PWD=%s;X=1" % CANARY,
            "ORACLE_HOME": "/opt/\x1b[31moracle"})
        items = self.surroundings(1)
        for name in ("PGPASSWORD", "MYSQL_PWD", "ODBCSHIP_SECRET",
                     "https_proxy"):
            self.assertEqual(items[name], "(set)")
        self.assertIn("secret", items["ORACLE_CONNECT"])
        self.assertEqual(items["ORACLE_HOME"], "/opt/\\x1b[31moracle")
        self.assertIn("Password (set)", items["data source"])
        with open(os.path.join(self.home.state, "ledger.db"), "rb") as f:
            self.assertNotIn(CANARY.encode(), f.read())

    def test_secret_of_job(self):
        """nor the job's own secret, wherever it stands"""
        self.home.secret("w.secret", CANARY)
        self.put("daily", "SELECT a FROM t", dsn="w", extra="")
        self.home.run("run", "daily", "--set",
                      "source.password.file=" + os.path.join(
                          self.home.jobs, "w.secret"), "--set",
                      "source.user=me", expect=None,
                      env={"ORACLE_SID": "x%sy" % CANARY})
        self.assertIn("secret", self.surroundings(1)["ORACLE_SID"])

    def test_kept_once(self):
        """runs in the same environment share one record"""
        for _ in range(3):
            self.home.run("run", "daily", "--force")
        self.home.run("run", "daily", "--force", env={"LC_ALL": "C"})
        rows = self.home.ledger("SELECT environment FROM run_environment"
                                " ORDER BY run")
        self.assertEqual([r["environment"] for r in rows], [1, 1, 1, 2])

    def test_text(self):
        """history RUN shows it"""
        self.home.run("run", "daily")
        shown = self.home.run("history", "1").stdout
        self.assertIn("\n  environment\n", shown)
        self.assertIn("\n    PATH = /usr/bin:/bin\n", shown)
        self.assertNotIn("differs", shown)


class Difference(CliCase):
    """What is otherwise than in the last success."""

    def setUp(self):
        super().setUp()
        self.home.sqlite("w", "CREATE TABLE t (a INTEGER);")
        self.put("daily", "SELECT a FROM t", dsn="w")
        self.empty = os.path.join(self.home.path, "empty")
        os.mkdir(self.empty)

    def break_it(self, **env):
        return self.home.run("run", "daily", "--force", expect=69, env=env)

    def test_broken(self):
        """a failure with another ODBCSYSINI names it, message and record"""
        self.home.run("run", "daily")
        failed = self.break_it(ODBCSYSINI=self.empty)
        told = ("the environment differs from that of run 1, the last "
                "success:\n"
                "  ODBCSYSINI: now '%s', then '%s'\n" % (self.empty,
                                                        self.home.odbc))
        self.assert_message(failed, told, "there is no data source 'w'",
                            "  odbcinst.ini: now '%s/odbcinst.ini (missing)',"
                            " then '%s/odbcinst.ini'" % (self.empty,
                                                         self.home.odbc),
                            "  data source: now 'w: (not there)', then 'w: "
                            "Driver=SQLite3; Database=")
        shown = self.home.run("history", "2").stdout
        self.assertIn("ODBCSYSINI: now '%s'" % self.empty, shown)

    def test_json(self):
        """--json has it too"""
        self.home.run("run", "daily")
        failed = self.home.run("run", "daily", "--force", "--json", expect=69,
                               env={"ODBCSYSINI": self.empty})
        self.assertIn("ODBCSYSINI: now", json.loads(failed.stdout)[
            "environment_difference"])
        again = self.home.run("run", "daily", "--force", "--json")
        self.assertIsNone(json.loads(again.stdout)["environment_difference"])

    def test_gone(self):
        """a variable that is not set any more, one that is new"""
        self.home.run("run", "daily", env={"TNS_ADMIN": "/etc/oracle"})
        failed = self.break_it(ODBCSYSINI=self.empty, LC_ALL="C")
        self.assertIn("  TNS_ADMIN: now not set, then '/etc/oracle'\n",
                      failed.stderr)
        self.assertIn("  LC_ALL: now 'C', then not set\n", failed.stderr)

    def test_same(self):
        """no word when nothing differs, and none before the first success"""
        self.home.dsn("w", {"Driver": "SQLite3", "Database": "/nowhere/x.db"})
        self.assertNotIn("differs", self.break_it().stderr)
        self.home.dsn("w", {"Driver": "SQLite3", "Timeout": "2000",
                            "Database": self.home.path + "/w.db"})
        self.home.run("run", "daily")
        os.remove(os.path.join(self.home.path, "w.db"))
        self.assertNotIn("differs", self.break_it().stderr)

    def test_last_success(self):
        """it is the last success of this job and environment that counts"""
        self.home.run("run", "daily", env={"LC_ALL": "C"})
        self.home.run("run", "daily", "--force")
        self.put("other", "SELECT a FROM t", dsn="w")
        self.home.run("run", "other", env={"LC_ALL": "C"})
        failed = self.break_it(ODBCSYSINI=self.empty)
        self.assertIn("that of run 2,", failed.stderr)
        self.assertNotIn("LC_ALL", failed.stderr)

    def test_many(self):
        """a long list is cut, and says where the rest is"""
        self.home.run("run", "daily")
        failed = self.break_it(ODBCSYSINI=self.empty, **{
            "ORACLE_%02d" % i: "x" for i in range(20)})
        lines = failed.stderr.splitlines()
        self.assertEqual(sum(line.startswith("  ") for line in lines), 11)
        self.assertRegex(lines[-1], r"\A  and \d+ more: see 'odbcship history "
                         r"2'\Z")

    def test_spec(self):
        """also where the spec is wrong, and no plan was made"""
        self.home.run("run", "daily")
        shutil.copy(os.path.join(self.home.jobs, "daily.cfg"), self.empty)
        self.home.job("daily", "nonsense = 1;\n")
        failed = self.home.run("run", "daily", expect=78,
                               env={"LC_ALL": "C"})
        self.assertIn("  LC_ALL: now 'C', then not set", failed.stderr)


main()
