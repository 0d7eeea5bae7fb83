#!/usr/bin/python3
"""Each exit status: its paragraph, its record, and nothing half-done."""

import sys
sys.dont_write_bytecode = True
import os
import resource
import subprocess

from cli import (CliCase, ENDLESS_STATEMENT, REACHED_SECONDS, is_alive, main,
                 program, target, wait_until)
from servers.pyftpd import Pyftpd


class Status(CliCase):
    """One failure at a time."""

    def fails(self, status, *texts, job="daily", words=(), recorded=True,
              **more):
        """A run ends so, says why and is recorded; nothing is delivered."""
        before = self.delivered()
        result = self.home.run("run", job, *words, expect=status, **more)
        self.assert_message(result, *texts)
        self.assertIn("nothing was shipped", result.stderr)
        self.assertEqual(self.delivered(), before)
        if recorded:
            row = self.assert_recorded(status)
            self.assertTrue(row["message"])
            self.assertIn("run %d" % row["id"], result.stderr)
            self.assert_no_leftovers()
        return result

    # 64, 78: what was typed and what was written.

    def test_usage(self):
        """64: a date that is none, a setting that is unknown"""
        self.put("daily")
        self.fails(64, "2026-02-30", words=("--date", "2026-02-30"))
        self.fails(64, "file.nmae", words=("--set", "file.nmae=x"))
        self.assert_message(self.home.run("run", expect=64), "which job")

    def test_spec(self):
        """78: every error of a spec, each with file and line"""
        self.home.job("daily", 'source: { dsn = "shop"; sql = "SELECT 1"; };\n'
                      'file: { name = "../x"; delimiter = 7; };\n' +
                      target(self.url))
        result = self.fails(78, "daily.cfg:2: ")
        self.assertGreaterEqual(result.stderr.count("daily.cfg:2: "), 1)

    def test_syntax(self):
        """78: a spec that cannot be read"""
        self.home.job("daily", "source: {\n  dsn = \n};\n")
        self.fails(78, "daily.cfg:")

    def test_no_job(self):
        """78: no such job"""
        self.put("daily")
        self.fails(78, "'dialy'", "'daily'", job="dialy", recorded=False)
        self.fails(78, "nosuch.cfg", recorded=False, job=os.path.join(
            self.home.jobs, "nosuch.cfg"))
        self.assertEqual(self.home.runs(), [])      # it is no job

    def test_no_job_any_more(self):
        """78: a job that is gone, though a crontab still has it"""
        self.put("daily")
        self.home.run("run", "daily")
        os.unlink(os.path.join(self.home.jobs, "daily.cfg"))
        self.fails(78, "there is no job 'daily'")

    def test_secret(self):
        """78: a secret that is missing, or readable by others"""
        self.put("daily", source='user = "u"; password = { file = "pw"; };')
        self.fails(78, "pw")
        self.home.secret("pw", "secret\n", mode=0o644)
        result = self.fails(78, "pw", "0644")
        self.assertIn("chmod 600", result.stderr)

    def test_sql_file(self):
        """a batch that is not there, is empty, or is unterminated"""
        self.put("daily")
        os.unlink(os.path.join(self.home.jobs, "daily.sql"))
        result = self.home.run("run", "daily", expect=None)
        self.assertIn(result.status, (74, 78))
        self.assert_message(result, "daily.sql")
        for text, part in (("-- nothing\n", "no statement"),
                           ("SELECT 'open", "daily.sql")):
            self.home.sql("daily.sql", text)
            self.fails(78, part)

    # 65: the data.

    def test_no_result(self):
        """65: a batch without a result"""
        self.put("daily", "CREATE TEMP TABLE t (a)")
        self.fails(65, "no result set")

    def test_two_results(self):
        """65: two results where one is wanted"""
        self.put("daily", "SELECT 1 AS a; SELECT 2 AS a",
                 source='result = "only";')
        self.fails(65, "daily.sql:1", "only")

    def test_not_utf8(self):
        """65: a text that cannot be written exactly names row and column"""
        self.put("daily", "SELECT 1 AS a, 'x' AS b UNION ALL "
                 "SELECT 2, CAST(x'ff41' AS TEXT)")
        self.fails(65, "2", "'b'")

    # 69: the database.

    def test_table(self):
        """69: SQLSTATE, native code, the driver's words, file:line"""
        self.put("daily", "CREATE TEMP TABLE t (a);\n\nSELECT *\nFROM nosuch")
        self.fails(69, "no such table: nosuch", "SQLSTATE HY000",
                   "native code 1", "daily.sql:3", "statement 2")
        rows = self.home.ledger("SELECT * FROM statement ORDER BY position")
        self.assertEqual([(r["line"], bool(r["message"])) for r in rows],
                         [(1, False), (3, True)])

    def test_dsn(self):
        """69: an unknown DSN"""
        self.put("daily", dsn="shpo")
        self.fails(69, "'shpo'", "'shop'", "IM002")

    def test_driver(self):
        """69: a driver that is missing"""
        self.home.dsn("gone", {"Driver": "/usr/lib/odbc/libgone.so"})
        self.put("daily", dsn="gone")
        self.fails(69, "/usr/lib/odbc/libgone.so", "cannot be loaded")

    # 73: the target.

    def refused(self, *texts):
        result = self.fails(73, "target 'out'", *texts)
        path = result.stderr.split("the file is kept as run 1: ")[1].strip()
        with open(path, "rb") as f:
            self.assertEqual(f.read(), b"id,name\r\n1,one\r\n2,two\r\n")
        self.assertEqual([(d["state"], d["class"]) for d in
                          self.home.ledger("SELECT * FROM delivery")],
                         [("failed", "target")])

    def test_no_directory(self):
        """73: a directory that is not there; the file is kept"""
        self.put("daily", url="file:///nonexistent/dir/")
        self.refused("/nonexistent/dir/")

    def test_file_for_directory(self):
        """73: a file in the place of the directory"""
        path = self.home.write(os.path.join(self.home.path, "f"), "")
        self.put("daily", url="file://%s/" % path)
        self.refused(path)

    def test_name_taken(self):
        """73: a directory has the file's name; no part of ours is left"""
        os.makedirs(os.path.join(self.out, "daily.csv", "x"))
        self.put("daily")
        self.refused("daily.csv")
        self.assertEqual(os.listdir(os.path.join(self.out, "daily.csv")),
                         ["x"])

    def test_two_targets(self):
        """73: the other target gets the file, and that is said"""
        self.put("daily")
        with open(os.path.join(self.home.jobs, "daily.cfg")) as f:
            spec = f.read()
        self.home.job("daily", spec.replace(
            "targets = (", 'targets = ( { name = "gone"; url = '
            '"file:///nonexistent/"; },'))
        result = self.home.run("run", "daily", expect=73)
        self.assert_message(result, "target 'gone'", "delivered to 'out'")
        self.assertNotIn("nothing was shipped", result.stderr)
        self.assertEqual(self.delivered(), ["daily.csv"])
        self.assert_recorded(73)

    # What is known of the file after a failure.

    def by_ftp(self, server):
        self.home.secret("pw", server.password + "\n")
        self.put("daily", url=server.url(),
                 extra='limits: { runtime = "10m"; };\n')
        with open(os.path.join(self.home.jobs, "daily.cfg")) as f:
            spec = f.read()
        self.home.job("daily", spec.replace(
            "url = ", 'tls = "none"; retries = 0; user = "%s"; '
            'password = { file = "pw"; }; url = ' % server.user_name))

    def test_rename_unknown(self):
        """the answer to the rename is lost with the server: that is said"""
        server = Pyftpd(self.home.path, refuse={"RNTO": ""})
        with server:
            self.by_ftp(server)
            process = self.home.start("run", "daily")
            self.addCleanup(self.end, process)
            wait_until(lambda: any(line.startswith("RNTO") for line in
                                   server.commands()), 60, "the rename")
            server.stop()
            result = self.home.finish(process)
        self.assertIn(result.status, (73, 75), str(result))
        self.assert_message(result, "not known", "look there before",
                            "the file is kept as run 1")
        self.assertNotIn("nothing was shipped", result.stderr)
        (row,) = self.home.ledger("SELECT * FROM delivery")
        self.assertEqual((row["state"], row["stage"]), ("failed", "renaming"))

    def test_rename_refused(self):
        """the rename is refused: nothing was shipped"""
        with Pyftpd(self.home.path, refuse={"RNTO": "550 no"}) as server:
            self.by_ftp(server)
            self.fails(73, "550", "nothing was shipped")
            self.assertEqual(server.files(), [])

    # 74: files of this machine.

    def test_state(self):
        """74: the state directory cannot be made"""
        self.put("daily")
        path = self.home.write(os.path.join(self.home.path, "f"), "")
        for state in (path, path + "/state", "/proc/nonexistent/x"):
            self.fails(74, "cannot make the directory", "ODBCSHIP_STATE",
                       recorded=False, env={"ODBCSHIP_STATE": state})

    def test_ledger(self):
        """74: the ledger cannot be opened"""
        self.put("daily")
        os.makedirs(os.path.join(self.home.state, "ledger.db"), mode=0o700)
        self.fails(74, "ledger.db", recorded=False)

    def test_spool(self):
        """74: a file in the place of the spool directory"""
        self.put("daily")
        os.makedirs(os.path.join(self.home.state, "spool"), mode=0o700)
        self.home.write(os.path.join(self.home.state, "spool", "daily"), "")
        self.fails(74, "spool/daily")

    def limited(self, bytes_, *arguments):
        """The program with a limit on the size of its files."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, before[1]))
            process = self.home.start(*arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return self.home.finish(process)

    def test_file_size(self):
        """74: no room for the file (a limit): no crash, no part of it"""
        self.put("daily", "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT "
                 "n + 1 FROM c LIMIT 400000) SELECT n, 'some text' AS t FROM c")
        self.home.run("history")        # the ledger's file is there
        result = self.limited(2 * 1024 * 1024, "run", "daily")
        self.assertEqual(result.status, 74, str(result))
        self.assert_message(result, "File too large", "daily.sql:1",
                            "ulimit -f")
        self.assert_recorded(74)
        self.assert_no_leftovers()
        self.assertEqual(self.delivered(), [])

    def test_full_output(self):
        """74: query, and any other command, to a full device"""
        for words in (("query", "-d", "shop", "-e", "SELECT * FROM item"),
                      ("show", "--settings"), ("--help",), ("--version",)):
            full = os.open("/dev/full", os.O_WRONLY)
            process = subprocess.Popen(
                program() + list(words),
                env=self.home.environment(), stdin=subprocess.DEVNULL,
                stdout=full, stderr=subprocess.PIPE)
            os.close(full)
            text = process.communicate(timeout=120)[1].decode()
            self.assertEqual(process.returncode, 74, (words, text))
            self.assertIn("standard output", text, words)
            self.assertIn("hint: ", text)

    # 75: not now.

    def test_runtime(self):
        """75: limits.runtime ends the statement"""
        self.put("daily", "SELECT 1 AS a;\n" + ENDLESS_STATEMENT,
                 extra='limits: { runtime = "%ds"; };\n' % REACHED_SECONDS)
        self.fails(75, "daily.sql:2", "limits.runtime")

    def test_query_timeout(self):
        """75: source.query_timeout ends the statement"""
        self.put("daily", ENDLESS_STATEMENT, source='query_timeout = "1s";')
        self.fails(75, "daily.sql:1", "source.query_timeout")

    def test_lock(self):
        """75: another run holds the lock, and who it is"""
        self.put("daily", ENDLESS_STATEMENT)
        process, worker = self.in_worker(
            "run", "daily", ready=self.statement_began("daily"))
        result = self.home.run("run", "daily", expect=75)
        self.assert_message(result, "process %d (run 1," % process.pid,
                            "--wait")
        self.assert_recorded(75, "skipped")
        waited = self.home.run("run", "daily", "--wait=1s", expect=75)
        self.assert_message(waited, "waited 1.00 s")
        self.assertTrue(is_alive(worker))
        # Another environment or job has a lock of its own.
        self.put("other")
        self.home.run("run", "other")

    def test_wait(self):
        """--wait runs when the other run has ended"""
        self.put("daily", ENDLESS_STATEMENT)
        first, _ = self.in_worker("run", "daily",
                                  ready=self.statement_began("daily"))
        self.put("daily")
        second = self.home.start("run", "daily", "--wait")
        self.settle()
        self.assertIsNone(second.poll())
        first.terminate()
        self.home.finish(first, 143)
        self.assert_silent(self.home.finish(second, 0))
        self.assertEqual(self.delivered(), ["daily.csv"])

    # Several jobs.

    def test_several(self):
        """all jobs are run; the status is that of the first failure"""
        self.put("good")
        self.put("table", "SELECT * FROM nosuch")
        self.put("gone", url="file:///nonexistent/")
        self.home.run("run", "good", "gone", "table", "nojob", expect=73)
        self.home.run("run", "table", "gone", "good", "--force", expect=69)
        self.home.run("run", "nojob", "table", expect=78)
        self.assertEqual(
            [(r["job"], r["status"]) for r in self.home.runs()],
            [("good", 0), ("gone", 73), ("table", 69),
             ("table", 69), ("gone", 73), ("good", 0), ("table", 69)])
        self.assertEqual(self.delivered(), ["good.csv"])


if __name__ == "__main__":
    main()
