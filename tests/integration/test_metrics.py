#!/usr/bin/python3
"""Figures for Prometheus, read by its own client library."""

import os
import stat
import sys
import time
import time

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "integration"), TESTS]

from harness import Case, main, quote, source, target
from prometheus_client.parser import text_string_to_metric_families

NAMES = ["last_run_timestamp_seconds", "last_success_timestamp_seconds",
         "last_run_duration_seconds", "last_run_exit_code", "rows", "bytes",
         "failures_since_success", "outbox_files",
         "outbox_oldest_timestamp_seconds"]
LATE = ["late_since_timestamp_seconds", "missing_dates",
        "last_watch_timestamp_seconds"]


class TestMetrics(Case):
    def setUp(self):
        super().setUp()
        self.home.sqlite("shop", "CREATE TABLE item (id INTEGER);"
                         "INSERT INTO item VALUES (1), (2), (3);")
        self.out, self.url = self.home.directory()
        self.figures = os.path.join(self.home.path, "figures")
        os.mkdir(self.figures)
        self.home.main("metrics = { directory = %s; };\n" %
                       quote(self.figures))
        self.put()

    def put(self, sql="SELECT id FROM item", name="daily", extra=""):
        self.home.job(name, source(dsn="shop", sql=sql) +
                      'file: { name = "a.csv"; };\n' + target(self.url) +
                      extra)

    def read(self, name="odbcship_daily.prom", names=NAMES, **labels):
        """The figures of a file by name, all with these labels."""
        path = os.path.join(self.figures, name)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.assertTrue(text.endswith("\n"))
        found = {}
        for family in text_string_to_metric_families(text):
            self.assertEqual(family.type, "gauge")
            self.assertTrue(family.documentation)
            (sample,) = family.samples
            self.assertEqual(sample.name, family.name)
            self.assertIsNone(sample.timestamp)
            self.assertEqual(sample.labels, {"job": "daily", "environment": "",
                                             **labels})
            found[family.name.replace("odbcship_", "", 1)] = sample.value
        self.assertEqual(list(found), names)
        return found

    def test_owed(self):
        """what a target does not have yet, and since when"""
        self.run_on(1)
        found = self.read()
        self.assertEqual((found["outbox_files"],
                          found["outbox_oldest_timestamp_seconds"]), (0, 0))
        self.home.job("daily", source(dsn="shop", sql="SELECT id FROM item") +
                      'file: { name = "a.csv"; };\n' +
                      target("ftp://127.0.0.1:1/", extra='tls = "none"; '
                             'retries = 0; user = "u"; password = "p";'),
                      0o600)
        self.run_on(2, expect=75)
        found = self.read()
        began = self.home.runs()[-1]["began_ms"] / 1000
        self.assertEqual((found["outbox_files"],
                          found["outbox_oldest_timestamp_seconds"]),
                         (1, began))

    def test_late(self):
        """watch says which run is missing, and that none is any more"""
        path = self.home.job(
            "daily", source(dsn="shop", sql="SELECT id FROM item") +
            'file: { name = "a.csv"; };\n' + target(self.url) +
            'schedule = { cron = "@daily"; grace = "0"; }; '
            'timezone = "UTC";\n')
        then = time.time() - 1.5 * 86400
        os.utime(path, (then, then))
        self.home.run("watch")
        name = "odbcship-late_daily.prom"
        found = self.read(name, LATE)
        self.assertEqual(found["late_since_timestamp_seconds"] % 86400, 0)
        self.assertGreater(found["late_since_timestamp_seconds"], 0)
        self.assertIn(found["missing_dates"], (1, 2))
        self.assertGreaterEqual(found["last_watch_timestamp_seconds"],
                                found["late_since_timestamp_seconds"])
        self.home.run("run", "daily")
        self.home.run("watch")
        found = self.read(name, LATE)
        self.assertEqual((found["late_since_timestamp_seconds"],
                          found["missing_dates"]), (0, 0))

    def run_on(self, day, expect=0, **more):
        self.home.run("run", "daily", "--date", "2026-11-%02d" % day,
                      expect=expect, **more)

    def test_success_and_failure(self):
        """after each run; the last success stays what it was"""
        before = time.time() - 1
        self.run_on(1)
        first = self.read()
        self.assertEqual(
            [first[n] for n in ("last_run_exit_code", "rows", "bytes",
                                "failures_since_success")], [0, 3, 13, 0])
        for name in ("last_run_timestamp_seconds",
                     "last_success_timestamp_seconds"):
            self.assertLess(before, first[name])
            self.assertLess(first[name], time.time() + 1)
        self.put("SELECT nosuch FROM item")
        self.run_on(2, expect=69)
        self.run_on(2, expect=69)
        second = self.read()
        self.assertEqual(
            [second[n] for n in ("last_run_exit_code", "rows", "bytes",
                                 "failures_since_success")], [69, 0, 0, 2])
        self.assertEqual(second["last_success_timestamp_seconds"],
                         first["last_success_timestamp_seconds"])
        self.assertGreater(second["last_run_timestamp_seconds"],
                           first["last_run_timestamp_seconds"])

    def test_files(self):
        """one for each job and environment, for all to read, nothing beside"""
        extra = 'environments: { dev: { }; "prod": { }; };\n'.replace('"', "")
        self.put(name="other", extra=extra)
        old = os.umask(0o077)
        try:
            self.run_on(1)
            for env in ("dev", "prod"):
                self.home.run("run", "other", "--env", env)
        finally:
            os.umask(old)
        self.assertEqual(sorted(os.listdir(self.figures)), [
            "odbcship_daily.prom", "odbcship_other.dev.prom",
            "odbcship_other.prod.prom"])
        self.read("odbcship_other.dev.prom", job="other", environment="dev")
        mode = os.stat(os.path.join(self.figures, "odbcship_daily.prom"))
        self.assertEqual(stat.S_IMODE(mode.st_mode), 0o644)

    def test_all_files_agree(self):
        """HELP and TYPE are the same in all, or node_exporter takes none"""
        self.put(name="other")
        self.run_on(1)
        self.home.run("run", "other")
        heads = []
        for name in sorted(os.listdir(self.figures)):
            with open(os.path.join(self.figures, name)) as f:
                heads.append([line for line in f if line.startswith("#")])
        self.assertEqual(len(heads[0]), 2 * len(NAMES))
        self.assertEqual(heads[0], heads[1])

    def test_skipped(self):
        """what was shipped already changes nothing"""
        self.run_on(1)
        first = self.read()
        self.run_on(1)
        self.assertEqual(self.read(), first)

    def test_cannot_be_written(self):
        """no figures are no failure of the job, but told"""
        self.home.main('metrics = { directory = "/nonexistent"; };\n')
        result = self.home.run("run", "daily")
        self.assertIn("warning: daily: metrics: cannot make '/nonexistent/",
                      result.stderr)
        self.assertEqual(os.listdir(self.out), ["a.csv"])


if __name__ == "__main__":
    main()
