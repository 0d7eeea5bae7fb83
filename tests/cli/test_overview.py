#!/usr/bin/python3
"""status, history and run --due: what came of the jobs next to what was
expected of them. Time is made by schedules that are relative to now, and by
moving recorded runs into the past."""

import sys
sys.dont_write_bytecode = True
import datetime
import json
import os
import sqlite3

from cli import CliCase, ENDLESS_FETCH, main, source, target, wait_until

DAY = 86400000
NOW = datetime.datetime.now(datetime.timezone.utc)
# Half a day ago: far from midnight of UTC or not, a day ago is the day before.
ZONE = 'timezone = "UTC";\n'


def ago(**how):
    """A moment before now."""
    return NOW - datetime.timedelta(**how)


def daily(moment, grace="30m"):
    """A schedule that expects a job each day at that time."""
    return ZONE + 'schedule = { cron = "%d %d * * *"; grace = "%s"; };\n' % (
        moment.minute, moment.hour, grace)


class Overview(CliCase):
    """A home with jobs that ran in the past."""

    def status(self, *words, expect=0):
        """The views of status --json, by job and environment."""
        result = self.home.run("status", "--json", *words, expect=expect)
        self.assertEqual(result.stderr, "")
        views = json.loads(result.stdout)
        return {".".join(filter(None, (v["job"], v["environment"]))): v
                for v in views}

    def change(self, sql, *values):
        """Change the ledger."""
        db = sqlite3.connect(os.path.join(self.home.state, "ledger.db"))
        with db:
            self.assertGreater(db.execute(sql, values).rowcount, 0)
        db.close()

    def move(self, job, moment, date=None):
        """Move all runs of a job to a moment."""
        ms = int(moment.timestamp() * 1000)
        self.change("UPDATE run SET began_ms = ?, ended_ms = ? + 1000, date = ?"
                    " WHERE job = ?", ms, ms,
                    date or moment.strftime("%Y-%m-%d"), job)


class Status(Overview):
    """What status says."""

    def test_nothing(self):
        """no jobs: said on standard error, and nothing is made"""
        result = self.home.run("status")
        self.assertEqual(result.stdout, "")
        self.assertIn("no jobs", result.stderr)
        self.assertFalse(os.path.exists(self.home.state))
        self.assertEqual(self.status(), {})

    def test_ok(self):
        """a job that ran in time, and when it is expected next"""
        expected = ago(hours=2)
        self.put("daily", extra=daily(expected) + 'owner = "me@example.com";')
        self.home.run("run", "daily", "--date", expected.strftime("%F"))
        view = self.status("--late")["daily"]
        self.assertEqual(
            (view["state"], view["needs_attention"], view["late"]),
            ("ok", False, False))
        self.assertEqual((view["last"]["rows"], view["last"]["state"]),
                         (2, "shipped"))
        wanted = expected + datetime.timedelta(days=1)
        self.assertEqual(view["next_expected"], wanted.strftime("%FT%H:%M:00Z"))
        text = self.home.run("status").stdout
        self.assertIn("ok", text)
        self.assertIn("1 job: 1 ok", text)
        self.assertNotIn("me@example.com", text)    # only where it is needed
        self.assertNotIn("\033", text)

    def test_failed(self):
        """a failure: its words, its hint, since when, and whom to ask"""
        self.put("daily", extra=ZONE + 'owner = "me@example.com"; '
                 'runbook = "https://wiki/x";')
        self.home.run("run", "daily")
        self.move("daily", ago(days=3))
        self.home.sql("daily.sql", "SELECT * FROM nowhere")
        self.home.run("run", "daily", "--date", "2020-01-02", expect=69)
        self.home.run("run", "daily", expect=69)
        self.put("aaa")
        self.home.run("run", "aaa")
        view = self.status()["daily"]
        self.assertEqual((view["state"], view["failures"]), ("failed", 2))
        self.assertEqual(view["last_good_run"], 1)
        self.assertEqual(view["last"]["class"], "database")
        text = self.home.run("status", "--late", expect=1).stdout
        lines = text.splitlines()
        self.assertIn("FAILED", lines[1])       # before the good one
        self.assertIn("no such table: nowhere", text)
        self.assertIn("hint: ", text)
        self.assertIn("2 runs", text)
        self.assertIn("last good: run 1", text)
        self.assertIn("owner: me@example.com", text)
        self.assertIn("runbook: https://wiki/x", text)
        self.assertIn("2 jobs: 1 failed, 1 ok", text)
        self.assertIn("\033[31m", self.home.run(
            "status", "--color", "always").stdout)

    def test_late(self):
        """a run that did not happen is late, by how much, and how many"""
        expected = ago(hours=3)
        self.put("daily", extra=daily(expected))
        self.home.run("run", "daily")
        self.move("daily", ago(days=3, hours=3))
        view = self.status("--late", expect=1)["daily"]
        self.assertEqual((view["state"], view["late"]), ("late", True))
        self.assertEqual(view["missing_dates"], 3)
        self.assertEqual(view["late_date"],
                         ago(days=2, hours=3).strftime("%F"))
        self.assertAlmostEqual(view["late_seconds"], (2 * 24 + 3) * 3600,
                               delta=660)
        text = self.home.run("status").stdout
        self.assertIn("LATE", text)
        self.assertIn("late by 2 d 03 h", text)
        self.assertIn("odbcship run --due daily'", text)

    def test_grace(self):
        """within the grace it is not late"""
        self.put("daily", extra=daily(ago(hours=1), "2h"))
        self.home.run("run", "daily")
        self.move("daily", ago(days=1, hours=1))
        self.assertEqual(self.status("--late")["daily"]["state"], "ok")

    def test_kept_is_not_done(self):
        """a run with --no-ship is no outcome, and not what was expected"""
        expected = ago(hours=3)
        self.put("daily", extra=daily(expected))
        self.home.run("run", "daily")
        self.move("daily", ago(days=1, hours=3))
        self.home.run("run", "daily", "--no-ship", "--date",
                      expected.strftime("%F"))
        view = self.status("--late", expect=1)["daily"]
        self.assertEqual((view["state"], view["last"]["run"]), ("late", 1))

    def test_never_run(self):
        """never run: late once an expected time since its spec has passed"""
        path = self.put("daily", extra=daily(ago(hours=3)))
        self.put("other")
        self.assertEqual({v["state"] for v in self.status("--late").values()},
                         {"never run"})
        old = ago(days=2, hours=12).timestamp()
        os.utime(path, (old, old))
        view = self.status("--late", expect=1)["daily"]
        self.assertEqual((view["state"], view["missing_dates"], view["last"]),
                         ("late", 3, None))

    def test_running(self):
        """a job that runs, and one whose process is gone"""
        self.put("daily", ENDLESS_FETCH)
        process, _ = self.in_worker("run", "daily",
                                    ready=self.statement_began("daily"))
        self.assertEqual(self.status("--late")["daily"]["state"], "running")
        process.kill()
        process.communicate()
        view = self.status("--late", expect=1)["daily"]
        self.assertEqual((view["state"], view["last"]["state"]),
                         ("lost", "running"))
        self.assertIn("its process is gone", self.home.run("status").stdout)

    def test_skipped(self):
        """a run that found the lock held is counted, and hides nothing"""
        self.put("daily", ENDLESS_FETCH)
        process, _ = self.in_worker("run", "daily",
                                    ready=self.statement_began("daily"))
        self.home.run("run", "daily", expect=75)
        view = self.status()["daily"]
        self.assertEqual((view["state"], view["skipped"]), ("running", 1))
        process.kill()
        process.communicate()

    def test_broken(self):
        """a spec that is wrong cannot run, and says so"""
        self.home.job("daily", "source: { dsn = 5; };")
        view = self.status("--late", expect=1)["daily"]
        self.assertEqual(view["state"], "broken")
        self.assertIn("source.dsn", view["problem"])
        self.assertIn("odbcship check daily", self.home.run("status").stdout)

    def test_gone(self):
        """runs without a spec are shown last, and are not bad"""
        self.put("aaa", "SELECT * FROM nowhere")
        self.home.run("run", "aaa", expect=69)
        os.unlink(os.path.join(self.home.jobs, "aaa.cfg"))
        self.put("zzz")
        views = self.status("--late")
        self.assertEqual(list(views), ["zzz", "aaa"])
        self.assertEqual((views["aaa"]["state"], views["aaa"]["has_spec"]),
                         ("no spec", False))

    def test_environments(self):
        """expected where this host is; elsewhere only what came of it"""
        extra = (daily(ago(hours=3)) +
                 "environments: { dev: { }; prod: { }; };\n")
        self.put("daily", extra=extra)
        self.home.run("run", "daily", "--env", "dev")
        self.home.run("run", "daily", "--env", "prod")
        self.move("daily", ago(days=1, hours=3))
        # None is chosen here: both are expected, as both ran.
        self.assertEqual({n: v["state"] for n, v in self.status().items()},
                         {"daily.dev": "late", "daily.prod": "late"})
        self.home.main('environment = "prod";\n')
        views = self.status()
        self.assertEqual({n: v["state"] for n, v in views.items()},
                         {"daily.dev": "ok", "daily.prod": "late"})
        self.assertIsNone(views["daily.dev"]["schedule"])
        self.assertEqual(list(self.status("--env", "dev")), ["daily.dev"])

    def test_mistyped(self):
        """a name that never was a job is nowhere, but where it is asked for"""
        self.put("daily")
        self.home.run("run", "daily")
        self.home.run("run", "dialy", expect=78)
        self.assertEqual(list(self.status()), ["daily"])
        # As it was recorded by earlier versions.
        path = os.path.join(self.home.state, "ledger.db")
        with sqlite3.connect(path) as db:
            columns = [row[1] for row in db.execute("PRAGMA table_info(run)")
                       if row[1] != "id"]
            names = ", ".join(columns)
            for job, kind in (("dialy", "spec"), ("gone", "database")):
                db.execute("INSERT INTO run (%s) SELECT %s FROM run LIMIT 1" %
                           (names, names))
                db.execute("UPDATE run SET job = ?, state = 'failed', "
                           "class = ?, status = 78 WHERE id = "
                           "(SELECT max(id) FROM run)", (job, kind))
        db.close()
        self.assertEqual(list(self.status()), ["daily", "gone"])
        self.assertEqual(list(self.status("dialy")), ["dialy"])
        self.assertNotIn("dialy", self.home.run("report", "-o", "-").stdout)

    def test_unknown(self):
        """a job that nobody knows"""
        self.put("daily")
        self.assert_message(self.home.run("status", "dialy", expect=78),
                            "dialy")

    def test_delivery_missing(self):
        """a delivery that failed is missing until it is made"""
        self.home.sql("daily.sql", "SELECT 1 AS a")
        bad = "file://%s/" % os.path.join(self.home.path, "nowhere")
        self.home.job("daily", source(dsn="shop", sql_file="daily.sql") +
                      'file: { name = "daily.csv"; };\n'
                      'targets = ( { name = "a"; url = "%s"; },\n'
                      '{ name = "b"; url = "%s"; } );' % (self.url, bad))
        self.home.run("run", "daily", expect=None)
        view = self.status()["daily"]
        self.assertEqual((view["state"], view["missing_deliveries"]),
                         ("failed", 1))
        self.assertIn("1 delivery is still owed",
                      self.home.run("status").stdout)


class Shown(Overview):
    """What every command has, and what holds."""

    def test_environment(self):
        """show names the environment that holds, and what says so"""
        self.home.main('environment = "prod";\n')
        self.put("daily", extra="environments: { dev: { }; prod: { }; };\n")
        for words, env, wanted in (
                ((), {}, "environment = \"prod\" +# .*odbcship.cfg:1"),
                (("--env", "dev"), {}, "environment = \"dev\" +# command line"),
                ((), {"ODBCSHIP_ENV": "dev"},
                 r"environment = \"dev\" +# \$ODBCSHIP_ENV")):
            text = self.home.run("show", "daily", *words, env=env).stdout
            self.assertRegex(text, "(?m)^%s$" % wanted)
            self.assertEqual(text.count("environment ="), 1)

    def test_version(self):
        """--version is taken wherever --help is"""
        wanted = self.home.run("--version").stdout
        self.assertIn("SQLite", wanted)
        for words in (("run", "--version"), ("-V", "status"),
                      ("history", "-V", "7"), ("report", "--version")):
            self.assertEqual(self.home.run(*words).stdout, wanted)


class History(Overview):
    """What history says."""

    def runs(self, *words):
        """The numbers of the runs that history shows."""
        result = self.home.run("history", "--json", *words)
        return [r["run"] for r in json.loads(result.stdout)]

    def test_nothing(self):
        """no ledger: no runs, and nothing is made"""
        self.assertEqual(self.runs(), [])
        self.assertFalse(os.path.exists(self.home.state))
        self.assert_message(self.home.run("history", "7", expect=64), "run 7")

    def test_filters(self):
        """by job, environment, state and time, newest first"""
        self.put("a", extra="environments: { dev: { }; prod: { }; };")
        self.put("b", "SELECT * FROM nowhere")
        self.home.run("run", "a", "--env", "dev")
        self.home.run("run", "b", expect=69)
        self.home.run("run", "a", "--env", "prod")
        for run, days in ((1, 10), (2, 5)):
            self.change("UPDATE run SET began_ms = began_ms - ? WHERE id = ?",
                        days * DAY, run)
        for words, wanted in (
                ((), [3, 2, 1]), (("a",), [3, 1]), (("--env", "dev"), [1]),
                (("--state", "failed"), [2]), (("--state", "shipped"), [3, 1]),
                (("--since", "6d"), [3, 2]), (("--until", "6d"), [1]),
                (("--since", "11d", "--until", "4d"), [2, 1]),
                (("--since", ago(days=7).strftime("%F")), [3, 2]),
                (("--until", ago(days=7).strftime("%FT%H:%M")), [1]),
                (("--limit", "1"), [3]), (("-l", "0"), [3, 2, 1]),
                (("--since", "1h", "--state", "failed"), [])):
            self.assertEqual(self.runs(*words), wanted, words)

    def test_wrong_filters(self):
        """a filter that cannot be meant is an error"""
        self.assert_message(self.home.run("history", "--state", "faild",
                                          expect=64), "faild", "'failed'")
        self.assert_message(self.home.run("history", "--since", "yesterday",
                                          expect=64), "--since", "2d")
        self.assert_message(self.home.run("history", "--until", "2026-02-30",
                                          expect=64), "--until")

    def test_one_run(self):
        """one run with all there is"""
        self.put("daily", "-- name: first\nSELECT 1 AS a;\n"
                 "SELECT id, name FROM item")
        self.home.run("run", "daily", "--force")
        run = json.loads(self.home.run("history", "1", "--json").stdout)[0]
        self.assertEqual([s["word"] for s in run["statements"]],
                         ["SELECT", "SELECT"])
        self.assertEqual(run["statements"][0]["name"], "first")
        self.assertTrue(run["statements"][0]["began"].endswith("Z"))
        self.assertTrue(run["forced"])
        self.assertTrue(run["user"] and run["host"] and run["version"])
        self.assertEqual(len(run["files"][0]["sha256"]), 64)
        self.assertEqual(run["deliveries"][0]["state"], "delivered")
        text = self.home.run("history", "1").stdout
        for part in ("by ", "--force", "DSN shop", "connected to SQLite",
                     "daily.sql:2", "named first", run["files"][0]["sha256"],
                     "target out  delivered", "verified by size"):
            self.assertIn(part, text)
        self.home.sql("daily.sql", "SELECT * FROM nowhere")
        self.home.run("run", "daily", "--force", expect=69)
        run = json.loads(self.home.run("history", "2", "--json").stdout)[0]
        self.assertEqual((run["class"], run["sqlstate"]),
                         ("database", "HY000"))


class Due(Overview):
    """run --due."""

    def dates(self):
        """The logical dates of all runs, in order."""
        return [(r["date"], r["state"]) for r in self.home.runs()]

    def test_missing_dates(self):
        """what is missing since the first run, oldest first, each once"""
        expected = ago(hours=1)
        days = [(expected - datetime.timedelta(days=n)).strftime("%F")
                for n in range(4)]
        self.put("daily", "SELECT :day AS d",
                 source='params = { day = "{date:%Y-%m-%d}"; };',
                 extra=daily(expected))
        self.home.run("run", "daily")
        self.move("daily", expected - datetime.timedelta(days=3))
        self.home.run("run", "daily", "--date", days[1])
        result = self.home.run("run", "--due", "daily", "--json")
        self.assertEqual([json.loads(line)["date"]
                          for line in result.stdout.splitlines()],
                         [days[2], days[0]])
        self.assertEqual([d for d, _ in self.dates()],
                         [days[3], days[1], days[2], days[0]])
        again = self.home.run("run", "--due", "daily")
        self.assert_silent(again)
        self.assertEqual(len(self.dates()), 4)
        self.assertEqual(self.status("--late")["daily"]["state"], "ok")

    def test_first(self):
        """a job that never ran: only the last expected date"""
        expected = ago(hours=1)
        self.put("daily", extra=daily(expected))
        self.home.run("run", "--due", "daily")
        self.assertEqual(self.dates(), [(expected.strftime("%F"), "shipped")])

    def test_first_failed(self):
        """the date of the first run is due when that run failed"""
        expected = ago(hours=1)
        self.put("daily", extra=daily(expected))
        self.home.sql("daily.sql", "SELECT * FROM nowhere")
        self.home.run("run", "--due", "daily", expect=69)
        self.home.sql("daily.sql", "SELECT 1 AS a")
        self.home.run("run", "--due", "daily")
        day = expected.strftime("%F")
        self.assertEqual(self.dates(), [(day, "failed"), (day, "shipped")])

    def test_stops(self):
        """the first failure ends a job, not the jobs after it"""
        expected = ago(hours=1)
        for name in ("a", "b"):
            self.put(name, extra=daily(expected))
            self.home.run("run", name)
            self.move(name, ago(days=3, hours=1))
        self.home.sql("a.sql", "SELECT * FROM nowhere")
        self.home.run("run", "--due", "a", "b", expect=69)
        rows = self.home.runs()[2:]
        self.assertEqual([(r["job"], r["state"]) for r in rows],
                         [("a", "failed")] + 3 * [("b", "shipped")])

    def test_bound(self):
        """no further back than limits.keep"""
        expected = ago(hours=1)
        self.put("daily", extra=daily(expected) + 'limits: { keep = "2d"; };')
        self.home.run("run", "daily")
        self.move("daily", ago(days=30))
        self.home.run("run", "--due", "daily")
        self.assertEqual(len(self.dates()), 3)

    def test_dry(self):
        """--dry-run says which dates, and does nothing"""
        self.put("daily", extra=daily(ago(hours=1)))
        result = self.home.run("run", "--due", "--dry-run", "daily")
        self.assertIn(ago(hours=1).strftime("%F"), result.stdout)
        self.assertEqual(self.home.runs(), [])

    def test_often(self):
        """several times a day: each has a logical date with its time"""
        def hour(moment):
            return moment.strftime("%FT%H:00:00").replace("T00:00:00", "")

        before = datetime.datetime.now(datetime.timezone.utc)
        first = before - datetime.timedelta(hours=3)
        self.put("often", extra=ZONE + 'schedule = { cron = "@hourly"; };')
        self.home.run("run", "often")
        after = datetime.datetime.now(datetime.timezone.utc)
        self.assertIn(self.home.runs()[0]["date"], (hour(before), hour(after)))
        self.move("often", first, hour(first))
        self.home.run("run", "--due", "often")
        wanted = [hour(first + datetime.timedelta(hours=n)) for n in range(4)]
        dates = [d for d, _ in self.dates()]
        self.assertEqual(dates[:4], wanted)
        self.assertEqual(len(set(dates)), len(dates))

    def test_usage(self):
        """without a schedule, and with a date, there is nothing due"""
        self.put("daily")
        self.assert_message(self.home.run("run", "--due", "daily", expect=78),
                            "no schedule")
        for words in (("--date", "2026-01-01"), ("--force",), ("--no-ship",)):
            self.assert_message(self.home.run("run", "--due", "daily", *words,
                                              expect=64), "--due")
        self.assertEqual(self.home.runs(), [])

    def test_broken(self):
        """a spec that is wrong is told and recorded, as without --due"""
        self.home.job("daily", "source: { dsn = 5; };")
        result = self.home.run("run", "--due", "daily", expect=78)
        self.assertIn("daily.cfg:1", result.stderr)
        self.assert_recorded(78)


if __name__ == "__main__":
    main()
