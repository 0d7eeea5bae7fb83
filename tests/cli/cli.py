"""What the tests of the command line share: a database, jobs, slow SQL."""

import os
import signal
import sys
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "integration"), TESTS]

from harness import (REACHED_SECONDS, Case, main, program, source, target,
                     wait_until, workers)

__all__ = ["Case", "CliCase", "ENDLESS_FETCH", "ENDLESS_STATEMENT",
           "REACHED_SECONDS", "is_alive", "main", "program", "source",
           "target", "wait_until", "workers"]

COUNT = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)\n"
         "SELECT ")
ENDLESS_FETCH = COUNT + "n, 'row ' || n AS t FROM c"
ENDLESS_STATEMENT = COUNT + "max(n) AS n FROM c"

STATE = 0       # index in /proc/PID/stat after the name


def is_alive(pid):
    """Whether a process still runs: one that nobody reaped does not."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rpartition(")")[2].split()[STATE] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class CliCase(Case):
    """A case with a SQLite database `shop` and a target directory."""

    def setUp(self):
        super().setUp()
        self.home.sqlite("shop", "CREATE TABLE item (id INTEGER, name TEXT);"
                         "INSERT INTO item VALUES (1, 'one'), (2, 'two');")
        self.out, self.url = self.home.directory()

    def put(self, name, sql="SELECT id, name FROM item ORDER BY id", url=None,
            extra="", **more):
        """A job whose batch is in NAME.sql and whose file is NAME.csv."""
        self.home.sql(name + ".sql", sql)
        return self.home.job(
            name, source(dsn=more.pop("dsn", "shop"), sql_file=name + ".sql",
                         extra=more.pop("source", "")) +
            'file: { name = "%s.csv"; };\n' % name +
            target(url or self.url, **more) + extra)

    def delivered(self):
        """What stands in the target directory."""
        return sorted(os.listdir(self.out))

    def in_worker(self, *arguments, ready=None, **more):
        """Start the program; it and its worker once that is at work."""
        process = self.home.start(*arguments, **more)
        self.addCleanup(self.end, process)
        found = wait_until(lambda: process.poll() is not None or
                           workers(process.pid), 60, "the worker's start")
        self.assertIsNot(found, True, "it ended: %s" % (process.args,))
        if ready is not None:
            wait_until(ready, 60, "the worker's work")
        return process, found[0]

    @staticmethod
    def end(process):
        """Whatever a failed test left running."""
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.communicate()

    def statement_began(self, worker_of):
        """A condition: the ledger has a running run that is connected."""
        return lambda: any(r["state"] == "running" and r["dbms"]
                           and r["job"] == worker_of
                           for r in self.home.runs())

    def statement_ended(self, job):
        """A condition: its first statement ended, so the second one began."""
        began = self.statement_began(job)
        return lambda: began() and self.home.ledger(
            "SELECT 1 FROM statement JOIN run ON run.id = statement.run "
            "WHERE run.job = ? AND run.state = 'running'", job)

    def grows(self, job):
        """A condition: the spool holds an unfinished file with rows."""
        top = os.path.join(self.home.state, "spool", job)

        def look():
            for path in self.home.spool():
                if path.startswith(job + "/") and path.endswith(".tmp"):
                    full = os.path.join(self.home.state, "spool", path)
                    try:
                        return os.path.getsize(full) > 0
                    except FileNotFoundError:
                        return False
            return False
        self.assertTrue(top)
        return look

    @staticmethod
    def settle():
        """Long enough for a statement to be on its way in the driver."""
        time.sleep(REACHED_SECONDS / 10)
