#!/usr/bin/python3
"""A ledger that is damaged or gone: told, set aside and begun anew; and what
is forgotten in time."""

import sys
sys.dont_write_bytecode = True
import json
import os
import sqlite3
import time

from cli import CliCase, main

DAY = 86400000


class Ledger(CliCase):
    """A home with two shipped runs."""

    def setUp(self):
        super().setUp()
        self.kept = os.path.join(self.home.path, "told")
        self.put("daily", extra='notify = ( { command = ( "sh", "-c", '
                 '"cat >>%s; echo >>%s" ); }, { on = ( "late" ); command = '
                 '( "false" ); } );\n' % (self.kept, self.kept))
        self.home.run("run", "daily", "--date", "2026-01-01")
        self.home.run("run", "daily", "--date", "2026-01-02")
        self.path = os.path.join(self.home.state, "ledger.db")

    def change(self, *statements):
        """Change the ledger, all of it in its one file."""
        db = sqlite3.connect(self.path)
        with db:
            for sql in statements:
                db.execute(sql)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()

    def content(self):
        """The ledger as bytes."""
        self.change()
        with open(self.path, "rb") as f:
            return f.read()

    def put_bytes(self, data):
        for end in ("", "-wal", "-shm"):
            if os.path.exists(self.path + end):
                os.unlink(self.path + end)
        self.home.write(self.path, data, 0o600)

    def aside(self):
        """Names of ledgers that were set aside."""
        return sorted(n for n in os.listdir(self.home.state)
                      if n.startswith("ledger.db.damaged-"))

    def begun_anew(self, damaged, *texts):
        """A run sets the ledger aside, goes on, and everybody is told."""
        for words in (("history",), ("status",), ("report", "-o", "-")):
            result = self.home.run(*words, expect=74)
            self.assert_message(result, "ledger.db", "the next run")
        self.assertEqual(self.aside(), [])      # by reading nothing changes
        result = self.home.run("run", "daily", "--date", "2026-01-03", "-q")
        for text in texts + ("a new one is begun", "would be shipped again",
                             "look at the targets"):
            self.assertIn(text, result.stderr)
        names = self.aside()
        self.assertEqual(len(names), 1)
        self.assertRegex(names[0], r"damaged-\d{8}T\d{6}Z$")
        self.assertIn(names[0], result.stderr)
        with open(os.path.join(self.home.state, names[0]), "rb") as f:
            self.assertEqual(f.read(), damaged)
        self.noted("damaged")

    def noted(self, text):
        """The new ledger works, its runs have new numbers, and it is noted."""
        rows = self.home.runs()
        self.assertEqual([(r["id"], r["state"]) for r in rows],
                         [(3, "shipped")])
        self.assertEqual(len(self.home.spool()), 3)
        shown = self.home.run("status").stdout
        self.assertRegex(shown, "(?m)^NOTE .*" + text)
        self.assertIn(text, self.home.run("report", "-o", "-").stdout)
        for job in json.loads(self.home.run("status", "--json").stdout):
            (note,) = job["ledger_notes"]
            self.assertIn(text, note["text"])
            self.assertRegex(note["time"], r"^20..-..-..T")
        self.assertEqual(self.looked("warn", text), 1)
        self.told(text)
        again = self.home.run("run", "daily", "--date", "2026-01-04")
        self.assert_silent(again)               # told once

    def looked(self, verdict, text):
        """How many findings of the doctor on the ledger are of that kind."""
        findings = json.loads(self.home.run(
            "doctor", "daily", "--json", expect=None).stdout)
        return len([f for f in findings if f["item"] == "ledger" and
                    f["result"] == verdict and text in f["message"]])

    def told(self, text):
        """Once, as something of its own, to those who hear of failures."""
        with open(self.kept) as f:
            (note,) = [json.loads(line) for line in f]
        self.assertEqual((note["kind"], note["state"], note["job"],
                          note["error"]["class"]),
                         ("note", "note", "daily", "local"))
        self.assertIn("met trouble with the ledger", note["subject"])
        self.assertIn(text, note["text"])
        self.assertIn("It concerns all jobs", note["text"])

    def test_garbage(self):
        """bytes that are no database"""
        data = b"not a database " * 1000
        self.put_bytes(data)
        self.begun_anew(data, "file is not a database")

    def test_truncated(self):
        """the first half of a ledger"""
        data = self.content()
        data = data[:len(data) // 8192 * 4096]
        self.put_bytes(data)
        self.begun_anew(data, "malformed")

    def test_odd_size(self):
        """a ledger that ends in the middle of its first page"""
        data = self.content()[:1000]
        self.put_bytes(data)
        self.begun_anew(data)

    def test_other_database(self):
        """a database of somebody else's"""
        self.put_bytes(b"")
        db = sqlite3.connect(self.path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE shopping (item TEXT)")
        db.commit()
        db.close()
        with open(self.path, "rb") as f:
            data = f.read()
        self.begun_anew(data, "no ledger of odbcship")

    def foreign(self, *statements):
        """A database of somebody else's in an old journal mode; its bytes."""
        self.put_bytes(b"")
        db = sqlite3.connect(self.path)
        for sql in statements:
            db.execute(sql)
        db.commit()
        db.close()
        with open(self.path, "rb") as f:
            data = f.read()
        self.assertEqual(data[18:20], b"\1\1")      # no write-ahead log
        return data

    def test_foreign_mode(self):
        """a database of somebody else's is not changed by being looked at"""
        data = self.foreign("CREATE TABLE shopping (item TEXT)")
        for words in (("history",), ("status",), ("doctor",)):
            self.home.run(*words, expect=None)
            with open(self.path, "rb") as f:
                self.assertEqual(f.read(), data, words)
        self.begun_anew(data, "no ledger of odbcship")

    def test_foreign_application(self):
        """a database with our tables that says it is another program's"""
        tables = ("run", "statement", "file", "delivery")
        data = self.foreign(
            "PRAGMA application_id = 252006674", "PRAGMA user_version = 5",
            *("CREATE TABLE %s (x)" % name for name in tables))
        self.begun_anew(data, "no ledger of odbcship")

    def test_application(self):
        """a ledger says whose it is; one that does not yet is taken as well"""
        (row,) = self.home.ledger("PRAGMA application_id")
        self.assertEqual(row["application_id"].to_bytes(4, "big"), b"ODBs")
        self.change("PRAGMA application_id = 0")
        self.assert_silent(self.home.run("run", "daily", "--date",
                                         "2026-01-03"))
        self.assertEqual(self.aside(), [])

    def test_lost_table(self):
        """a ledger without one of its tables"""
        self.change("DROP TABLE delivery")
        data = self.content()
        self.begun_anew(data, "no ledger of odbcship")

    def test_newer(self):
        """a ledger of a newer version is no damage"""
        self.change("PRAGMA user_version = 999")
        self.assert_message(self.home.run(
            "run", "daily", "--date", "2026-01-03", expect=74),
            "newer odbcship")
        self.assertEqual(self.aside(), [])

    def test_empty(self):
        """an empty file, though there were runs"""
        self.put_bytes(b"")
        result = self.home.run("run", "daily", "--date", "2026-01-03")
        self.assertIn("missing or empty", result.stderr)
        self.assertIn("up to 2", result.stderr)
        self.assertEqual(self.aside(), [])
        self.noted("missing or empty")

    def test_missing(self):
        """no file, though there were runs"""
        for end in ("", "-wal", "-shm"):
            if os.path.exists(self.path + end):
                os.unlink(self.path + end)
        result = self.home.run("run", "daily", "--date", "2026-01-03")
        self.assertIn("missing or empty", result.stderr)
        self.noted("missing or empty")

    def test_page(self):
        """damage in the middle fails one run, and the next one mends it"""
        db = sqlite3.connect(self.path)
        root, = db.execute("SELECT rootpage FROM sqlite_master "
                           "WHERE name = 'file'").fetchone()
        size, = db.execute("PRAGMA page_size").fetchone()
        db.close()
        data = bytearray(self.content())
        data[(root - 1) * size:root * size] = b"\xa5" * size
        self.put_bytes(bytes(data))
        before = self.delivered()
        os.unlink(os.path.join(self.out, before[0]))
        result = self.home.run("run", "daily", "--date", "2026-01-03",
                               expect=74)
        self.assertIn("damaged", result.stderr)
        self.assertEqual(self.delivered(), [])      # never shipped unrecorded
        result = self.home.run("run", "daily", "--date", "2026-01-03")
        self.assertIn("a new one is begun", result.stderr)
        self.assertEqual(len(self.aside()), 1)
        self.assertEqual(self.delivered(), before)
        self.assertEqual([r["state"] for r in self.home.runs()], ["shipped"])
        self.assert_silent(self.home.run("run", "daily", "--date",
                                         "2026-01-05"))

    def test_two_at_once(self):
        """two runs that find it damaged set it aside once"""
        self.put("other")
        self.put_bytes(b"x" * 5000)
        runs = [self.home.start("run", job, "--date", "2026-01-03")
                for job in ("daily", "other")]
        for process in runs:
            self.home.finish(process, 0)
        self.assertEqual(len(self.aside()), 1)
        self.assertEqual(sorted(r["job"] for r in self.home.runs()),
                         ["daily", "other"])

    # What is forgotten in time.

    def age(self, run, days):
        """Let a run have been so long ago."""
        self.change("UPDATE run SET began_ms = began_ms - %d, ended_ms = "
                    "ended_ms - %d WHERE id = %d" % (
                        days * DAY, days * DAY, run))

    def test_forgotten(self):
        """runs are forgotten after limits.history, files after limits.keep"""
        for run, days in ((1, 500), (2, 100)):
            self.age(run, days)
        self.home.run("run", "daily", "--date", "2026-01-03")
        self.assertEqual([r["id"] for r in self.home.runs()], [2, 3])
        for sql in ("SELECT DISTINCT run FROM statement ORDER BY run",
                    "SELECT DISTINCT run FROM file ORDER BY run"):
            self.assertEqual([r["run"] for r in self.home.ledger(sql)], [2, 3])
        self.assertEqual(len(self.home.ledger("SELECT id FROM delivery")), 2)
        self.assertEqual(self.home.spool(), ["daily/3/daily.csv"])

    def test_said(self):
        """limits.history says how long"""
        self.age(1, 40)
        self.age(2, 20)
        self.home.run("run", "daily", "--date", "2026-01-03", "--set",
                      "limits.history=30d")
        self.assertEqual([r["id"] for r in self.home.runs()], [2, 3])

    def test_not_before_its_file(self):
        """a run is not forgotten while its file is kept"""
        self.age(1, 40)
        self.home.run("run", "daily", "--date", "2026-01-03", "--set",
                      "limits.history=30d", "--set", "limits.keep=60d")
        self.assertEqual([r["id"] for r in self.home.runs()], [1, 2, 3])

    def test_others_stay(self):
        """only runs of the job and environment that runs"""
        self.put("other")
        self.age(1, 500)
        self.home.run("run", "other")
        self.assertEqual([r["id"] for r in self.home.runs()], [1, 2, 3])

    def test_unknown_files(self):
        """files of runs that no ledger knows go when they are old"""
        top = os.path.join(self.home.state, "spool", "daily")
        for number, days in (("900", 30), ("901", 1)):
            path = os.path.join(top, number)
            os.mkdir(path, 0o700)
            self.home.write(os.path.join(path, "x.csv"), "x", 0o600)
            then = time.time() - days * 86400
            os.utime(path, (then, then))
        self.home.run("run", "daily", "--date", "2026-01-03")
        self.assertEqual(sorted(os.listdir(top)), ["1", "2", "3", "901"])


if __name__ == "__main__":
    main()
