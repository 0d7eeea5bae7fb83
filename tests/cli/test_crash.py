#!/usr/bin/python3
"""Workers that die or hang, supervisors that are ended: nothing half-done."""

import sys
sys.dont_write_bytecode = True
import os
import resource
import signal
import sqlite3
import subprocess
import time

from cli import (CliCase, ENDLESS_FETCH, ENDLESS_STATEMENT, REACHED_SECONDS,
                 is_alive, main, program, wait_until)

HIGH_FD = 1500          # above what a loop to 1024 would close


class Names(CliCase):
    """The program beside the libraries that a driver loads."""

    def test_hidden(self):
        """no function of ours stands in for a library's of the same name"""
        said = subprocess.run(["nm", "-D", "--defined-only", program()[-1]],
                              capture_output=True, text=True, check=True)
        names = [line.split()[-1] for line in said.stdout.splitlines()]
        self.assertEqual([name for name, line in
                          zip(names, said.stdout.splitlines())
                          if line.split()[-2] == "T" and
                          not name.startswith("_")], [])
        # What is looked at is the program, and it has names.
        self.assertIn("_end", names)


class Crash(CliCase):
    """In the middle of a statement, and in the middle of a fetch."""

    def setUp(self):
        super().setUp()
        # A sanitizer is not to turn deaths by signals into exit statuses.
        self.home.env["ASAN_OPTIONS"] = (
            self.home.env.get("ASAN_OPTIONS", "") +
            ":handle_segv=0:handle_abort=0")

    WHERE = (("statement", ENDLESS_STATEMENT), ("fetch", ENDLESS_FETCH))

    def begin(self, job, sql, *words, **more):
        """A run that is in its second statement."""
        self.put(job, "CREATE TEMP TABLE t (a);\n\n" + sql, **more)
        process, worker = self.in_worker(
            "run", job, *words, ready=self.statement_ended(job))
        if "max(" in sql:
            self.settle()
        else:
            wait_until(self.grows(job), 60, "a row in the spool")
        return process, worker

    def assert_clean(self, job, status, state="failed"):
        """Recorded with its statement, nothing left, and the next one runs."""
        row = self.assert_recorded(status, state)
        self.assertEqual(row["job"], job)
        statements = self.home.ledger(
            "SELECT * FROM statement WHERE run = ? ORDER BY position",
            row["id"])
        self.assertEqual([(s["line"], bool(s["message"]))
                          for s in statements], [(1, False), (3, True)])
        self.assertEqual(self.delivered(), [])
        self.assert_no_leftovers()
        self.assertFalse([p for p in self.home.spool()
                          if p.startswith(job + "/")])
        self.put(job)
        self.home.run("run", job)
        self.assertEqual(self.delivered(), [job + ".csv"])
        os.unlink(os.path.join(self.out, job + ".csv"))

    def dies(self, number, word):
        for job, sql in self.WHERE:
            process, worker = self.begin(job, sql)
            os.kill(worker, number)
            result = self.home.finish(process, 70)
            self.assert_message(result, "statement 2 (%s.sql:3)" % job,
                                "signal %d" % number, word,
                                "nothing was shipped")
            self.assert_clean(job, 70)

    def test_killed(self):
        """the worker is killed"""
        self.dies(signal.SIGKILL, "out of memory")

    def test_crashed(self):
        """the worker crashes"""
        self.dies(signal.SIGSEGV, "driver")

    def test_aborted(self):
        """the worker aborts"""
        self.dies(signal.SIGABRT, "driver")

    def test_hang(self):
        """a worker that hangs is ended at limits.runtime"""
        process, worker = self.begin("hang", ENDLESS_STATEMENT,
                                     extra='limits: { runtime = "%ds"; };\n' %
                                     REACHED_SECONDS)
        os.kill(worker, signal.SIGSTOP)
        result = self.home.finish(process, 75)
        self.assert_message(result, "statement 2 (hang.sql:3)",
                            "limits.runtime")
        wait_until(lambda: not is_alive(worker), 30, "the worker's end")
        self.assert_clean("hang", 75)

    def test_hang_query(self):
        """a worker that hangs in a fetch is ended at query_timeout"""
        process, worker = self.begin("hang", ENDLESS_FETCH,
                                     source='query_timeout = "3s";')
        os.kill(worker, signal.SIGSTOP)
        result = self.home.finish(process, 75)
        self.assert_message(result, "statement 2 (hang.sql:3)",
                            "source.query_timeout")
        self.assertFalse(is_alive(worker))
        self.assert_clean("hang", 75)

    def ended(self, number):
        for job, sql in self.WHERE:
            process, worker = self.begin(job, sql)
            process.send_signal(number)
            result = self.home.finish(process, 128 + number)
            self.assert_message(result, "statement 2 (%s.sql:3)" % job,
                                "signal %d" % number, "nothing was shipped")
            self.assertFalse(is_alive(worker))
            self.assert_clean(job, 128 + number)

    def test_term(self):
        """SIGTERM cancels the statement"""
        self.ended(signal.SIGTERM)

    def test_int(self):
        """SIGINT cancels the statement"""
        self.ended(signal.SIGINT)

    def test_hup(self):
        """SIGHUP cancels the statement"""
        self.ended(signal.SIGHUP)

    def test_stopped_and_term(self):
        """SIGTERM while the worker hangs: it is killed in the end"""
        process, worker = self.begin("hang", ENDLESS_FETCH)
        os.kill(worker, signal.SIGSTOP)
        process.terminate()
        self.assert_message(self.home.finish(process, 143), "signal 15")
        self.assertFalse(is_alive(worker))
        self.assert_clean("hang", 143)

    def test_group(self):
        """Ctrl-C: the whole group gets SIGINT, and it is one message"""
        self.put("slow", ENDLESS_STATEMENT)
        process, worker = self.in_worker(
            "run", "slow", ready=self.statement_began("slow"))
        self.settle()
        for pid in (worker, process.pid):
            os.kill(pid, signal.SIGINT)
        result = self.home.finish(process, 130)
        self.assertEqual(result.stderr.count("signal 2"), 1)

    def test_rest_is_told(self):
        """a signal in the first of two jobs: the second is not run, aloud"""
        self.put("second")
        self.put("first", ENDLESS_STATEMENT)
        process, _ = self.in_worker("run", "first", "second",
                                    ready=self.statement_began("first"))
        process.terminate()
        result = self.home.finish(process, 143)
        self.assertIn("second: not run", result.stderr)
        self.assertEqual(self.delivered(), [])

    def test_nohup(self):
        """what nohup ignores stays ignored"""
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            process, worker = self.begin("slow", ENDLESS_STATEMENT)
        finally:
            signal.signal(signal.SIGHUP, before)
        process.send_signal(signal.SIGHUP)
        self.settle()
        self.assertIsNone(process.poll())
        self.assertTrue(is_alive(worker))
        process.terminate()
        self.home.finish(process, 143)

    def test_supervisor(self):
        """kill -9 of the supervisor: the worker dies, the run is lost"""
        for job, sql in self.WHERE:
            process, worker = self.begin(job, sql)
            process.kill()
            self.home.finish(process, -signal.SIGKILL)
            wait_until(lambda: not is_alive(worker), 30, "the worker's end")
            lost = self.home.runs()[-1]
            self.assertEqual((lost["job"], lost["state"]), (job, "running"))
            self.put(job)
            result = self.home.run("run", job)
            self.assertIn("killed", result.stderr)
            rows = self.home.runs()
            self.assertEqual([(r["state"], r["status"]) for r in rows[-2:]],
                             [("lost", 70), ("shipped", 0)])
            self.assertEqual(rows[-2]["id"], lost["id"])
            self.assertEqual(self.home.spool().count(
                "%s/%d/%s.csv" % (job, rows[-1]["id"], job)), 1)
            self.assertFalse([p for p in self.home.spool()
                              if p.startswith("%s/%d/" % (job, lost["id"]))])
            self.assert_no_leftovers()
            # It is told once.
            self.assert_silent(self.home.run("run", job, "--force"))

    def test_finished_file_kept(self):
        """a lost run's finished file is not removed"""
        self.put("done")
        self.home.run("run", "done", "--no-ship")
        self.write_ledger("UPDATE run SET state = 'running', status = -1")
        self.home.run("run", "done")
        self.assertEqual(self.home.runs()[0]["state"], "lost")
        self.assertIn("done/1/done.csv", self.home.spool())

    def write_ledger(self, sql):
        with sqlite3.connect(os.path.join(self.home.state, "ledger.db")) as d:
            d.execute(sql)
        d.close()

    def test_second_signal(self):
        """a second SIGTERM ends it at once; the next run cleans up"""
        process, worker = self.begin("slow", ENDLESS_FETCH)
        os.kill(worker, signal.SIGSTOP)
        process.terminate()
        time.sleep(0.5)
        process.terminate()
        self.home.finish(process, 143)
        wait_until(lambda: not is_alive(worker), 30, "the worker's end")
        self.put("slow")
        self.home.run("run", "slow")
        self.assert_no_leftovers()

    def test_query(self):
        """query -o: a killed worker leaves nothing beside the file"""
        path = os.path.join(self.out, "q.csv")
        process, worker = self.in_worker("query", "-d", "shop", "-o", path,
                                         "-e", ENDLESS_FETCH)
        wait_until(self.delivered, 60, "the temporary file")
        os.kill(worker, signal.SIGKILL)
        result = self.home.finish(process, 70)
        self.assert_message(result, "statement 1 (-e:1)")
        self.assertEqual(self.delivered(), [])

    def test_stdin(self):
        """SIGINT while the batch is read from standard input"""
        process = subprocess.Popen(
            program() + ["query", "-d", "shop", "-f", "-"], env=self.home.environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.addCleanup(self.end, process)
        wait_until(lambda: self.reads(process.pid), 60, "reading")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=120), 130)
        self.assertIn(b"signal 2", process.stderr.read())

    @staticmethod
    def reads(pid):
        """Whether a process has its handler and sleeps in read(2)."""
        with open("/proc/%d/status" % pid) as f:
            caught = [line for line in f if line.startswith("SigCgt:")][0]
        with open("/proc/%d/wchan" % pid) as f:
            return int(caught.split()[1], 16) & 2 and "pipe" in f.read()

    def test_secret_command(self):
        """SIGTERM while a secret's command hangs ends both"""
        mark = os.path.join(self.home.path, "pid")
        self.put("daily", source='user = "u"; password = { command = ( "sh", '
                 '"-c", "echo $$ > %s; exec sleep 600" ); };' % mark)
        process = self.home.start("run", "daily")
        self.addCleanup(self.end, process)
        wait_until(lambda: os.path.exists(mark) and os.path.getsize(mark), 60,
                   "the command's start")
        process.terminate()
        self.assert_message(self.home.finish(process, 143), "signal 15")
        with open(mark) as f:
            pid = int(f.read())
        wait_until(lambda: not is_alive(pid), 30, "the command's end")

    def test_secret_closes(self):
        """a secret's command that goes on after its output is ended too"""
        mark = os.path.join(self.home.path, "mark")
        self.put("daily", source='user = "u"; password = { command = ( "sh", '
                 '"-c", "echo secret; exec >&-; echo > %s; exec sleep 600" ); '
                 '};' % mark)
        process = self.home.start("run", "daily")
        self.addCleanup(self.end, process)
        wait_until(lambda: os.path.exists(mark), 60, "the command's end")
        process.terminate()
        self.assert_message(self.home.finish(process, 143), "signal 15")

    def test_ignored_children(self):
        """SIGCHLD ignored by who started us: deaths are seen all the same"""
        before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        try:
            process, worker = self.begin("slow", ENDLESS_STATEMENT)
        finally:
            signal.signal(signal.SIGCHLD, before)
        os.kill(worker, signal.SIGSEGV)
        self.assert_message(self.home.finish(process, 70), "signal 11")

    def test_descriptors(self):
        """the worker keeps no descriptor of ours, whatever its number"""
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.assertGreater(limits[1], HIGH_FD)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0],
                                                        HIGH_FD + 1),
                                                    limits[1]))
        null = os.open("/dev/null", os.O_RDONLY)
        for fd in (700, HIGH_FD):
            os.dup2(null, fd)
            self.addCleanup(os.close, fd)
        os.close(null)
        self.put("slow", ENDLESS_STATEMENT)
        process, worker = self.in_worker(
            "run", "slow", ready=self.statement_began("slow"),
            pass_fds=(700, HIGH_FD))
        kept = os.listdir("/proc/%d/fd" % process.pid)
        self.assertIn(str(HIGH_FD), kept)
        held = os.listdir("/proc/%d/fd" % worker)
        self.assertNotIn("700", held)
        self.assertNotIn(str(HIGH_FD), held)
        names = [os.readlink("/proc/%d/fd/%s" % (worker, fd)) for fd in held]
        self.assertFalse([n for n in names if n.startswith(self.home.state +
                                                           "/l")], names)


if __name__ == "__main__":
    main()
