#!/usr/bin/python3
"""watch: what no run can tell, since there was none or it was killed."""

import json
import os
import signal
import sqlite3
import sys

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "integration"), TESTS]

from harness import Case, main, source, target, wait_until

ENDLESS = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
           "SELECT max(n) FROM c")
DAY_MS = 86400 * 1000


class TestWatch(Case):
    def setUp(self):
        super().setUp()
        self.home.sqlite("shop", "CREATE TABLE item (id INTEGER);"
                         "INSERT INTO item VALUES (1);")
        self.out, self.url = self.home.directory()
        self.kept = os.path.join(self.home.path, "told")
        self.put()

    def put(self, sql="SELECT id FROM item", entry=""):
        path = self.home.job(
            "daily", source(dsn="shop", sql=sql) +
            'file: { name = "a.csv"; };\n' + target(self.url) +
            'timezone = "UTC"; owner = "me";\n'
            'schedule = { cron = "0 0 * * *"; grace = "0"; };\n'
            'notify = ( { name = "c"; %s command = ( "sh", "-c", '
            '"cat >>%s; echo >>%s" ); } );\n' % (entry, self.kept, self.kept))
        os.utime(path, (1, 1))

    def told(self):
        if not os.path.exists(self.kept):
            return []
        with open(self.kept) as f:
            return [json.loads(line) for line in f]

    def kinds(self):
        return [told["kind"] for told in self.told()]

    def age(self, days):
        """Let all that is recorded have happened some days before."""
        with sqlite3.connect(os.path.join(self.home.state,
                                          "ledger.db")) as db:
            db.execute("UPDATE run SET began_ms = began_ms - ?, "
                       "ended_ms = ended_ms - ?", [days * DAY_MS] * 2)
        db.close()

    def test_nothing(self):
        """who has run when it was due is told nothing of"""
        self.home.run("run", "daily")
        self.assert_silent(self.home.run("watch"))
        self.assertEqual(self.told(), [])

    def test_late(self):
        """a run that is missing is told once, and that it came"""
        self.home.run("run", "daily", "--date", "2026-01-01")
        self.age(2)
        self.assert_silent(self.home.run("watch"))
        self.assert_silent(self.home.run("watch", "daily"))
        (told,) = self.told()
        self.assertEqual(
            (told["kind"], told["state"], told["job"], told["owner"]),
            ("late", "late", "daily", "me"))
        self.assertIn("daily is late: it was due at", told["subject"])
        self.assertIn("odbcship run --due daily", told["text"])
        self.assertRegex(told["expected"], r"^20..-..-..T00:00:00Z$")
        self.home.run("run", "daily")
        self.assertEqual(self.kinds(), ["late", "recovery"])
        self.assertRegex(self.told()[1]["subject"], "daily runs again, .* late")

    def test_not_asked_for(self):
        """who did not ask for it is not told"""
        self.home.run("run", "daily", "--date", "2026-01-01")
        self.put(entry='on = ( "failure" );')
        self.age(2)
        self.home.run("watch")
        self.assertEqual(self.told(), [])

    def test_known_failure(self):
        """who knows that it fails is not told that it is late as well"""
        self.put("SELECT nosuch")
        self.home.run("run", "daily", "--date", "2026-01-01", expect=69)
        self.age(2)
        self.home.run("watch")
        self.assertEqual(self.kinds(), ["failure"])
        self.put("SELECT nosuch", entry='remind = "1ms";')
        self.home.run("watch")
        self.assertEqual(self.kinds(), ["failure", "reminder"])

    def is_connected(self):
        try:
            return any(r["dbms"] for r in self.home.runs())
        except sqlite3.OperationalError:    # its tables are being made
            return False

    def test_killed(self):
        """a run that was killed is told as a failure, once"""
        self.put(ENDLESS, entry='on = ( "failure" );')
        process = self.home.start("run", "daily")
        self.addCleanup(process.kill)
        wait_until(self.is_connected, 60, "the start")
        self.home.run("watch")              # it runs
        self.assertEqual(self.told(), [])
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.home.run("watch")
        self.home.run("watch")
        (told,) = self.told()
        self.assertEqual((told["kind"], told["state"], told["run"]),
                         ("failure", "lost", 1))
        self.assertIn("run 1 ended without a word", told["subject"])
        self.assertEqual(self.home.runs()[0]["state"], "lost")

    def kill_one(self):
        """Let a run be killed in the middle of its batch."""
        self.put(ENDLESS)
        process = self.home.start("run", "daily")
        self.addCleanup(process.kill)
        wait_until(self.is_connected, 60, "the start")
        process.send_signal(signal.SIGKILL)
        process.communicate()

    def test_killed_then_run(self):
        """the next run tells that one was killed, and then that it works"""
        self.kill_one()
        self.put()
        result = self.home.run("run", "daily")
        self.assertIn("run 1 ended without a word", result.stderr)
        self.assertEqual(self.kinds(), ["failure", "recovery"])
        told = self.told()[0]
        self.assertEqual(
            (told["state"], told["run"], told["status"], told["again"]),
            ("lost", 1, 70, None))
        (row, _) = self.home.runs()
        self.assertEqual((row["state"], row["status"], row["date"]),
                         ("lost", 70, told["date"]))
        self.assert_silent(self.home.run("run", "daily", "--force"))
        self.home.run("watch")
        self.assertEqual(len(self.told()), 2)

    def test_killed_then_failed(self):
        """who was told that it was killed is not told again that it fails"""
        self.kill_one()
        self.put("SELECT nosuch")
        self.home.run("run", "daily", expect=69)
        self.assertEqual(self.kinds(), ["failure"])
        self.assertEqual(self.told()[0]["state"], "lost")
        self.assertEqual(
            [a["failures"] for a in self.home.ledger("SELECT * FROM alert")
             if not a["entry"].endswith("note")], [2])

    def test_killed_not_shipped(self):
        """a run that ships nothing finds a killed one, and tells that"""
        self.kill_one()
        self.put()
        self.home.run("run", "daily", "--no-ship")
        self.assertEqual(self.kinds(), ["failure"])

    def test_pending(self):
        """what could not be told is tried again"""
        self.put("SELECT nosuch")
        path = os.path.join(self.home.jobs, "daily.cfg")
        with open(path) as f:
            text = f.read()
        self.home.write(path, text.replace('"sh"', '"false"'))
        self.home.run("run", "daily", expect=69)
        result = self.home.run("watch")
        self.assertEqual(result.stderr.count("'failure' could not be told"),
                         1, result)
        self.home.write(path, text)
        self.assertEqual(self.told(), [])
        self.assert_silent(self.home.run("watch"))
        self.assert_silent(self.home.run("watch"))
        self.assertEqual(self.kinds(), ["failure"])

    def test_no_ledger(self):
        """before the first run there is nothing wrong, but lateness"""
        self.assert_silent(self.home.run("watch"))
        self.assert_silent(self.home.run("watch"))
        self.assertEqual(self.kinds(), ["late"])

    def test_unknown_job(self):
        """a job that is not there is named"""
        result = self.home.run("watch", "dialy", expect=None)
        self.assertNotEqual(result.status, 0)
        self.assert_message(result, "dialy")


if __name__ == "__main__":
    main()
