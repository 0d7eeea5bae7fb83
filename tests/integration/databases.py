"""Real database servers for a test program, and cases that export from them.

    setUpModule = databases.starter(Postgres)

starts a server once, for all cases of the program. A DatabaseCase has the
DSN "db" that leads to it, a secret with its password, and what is needed to
write a job, run it and read its file. Its servers may be stopped and killed by
a test: the next one finds them running again.
"""

import csv
import hashlib
import io
import os
import sys
import time

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import Case, source, target, temporary, wait_until, workers

_running = {}
csv.field_size_limit(1 << 30)


def starter(*kinds):
    """A setUpModule that starts one server of each kind."""
    def start():
        for kind in kinds:
            _running[kind] = kind(temporary()).start()
    return start


def server_of(kind):
    """The server of this kind, running."""
    server = _running[kind]
    if server.process is None or server.process.poll() is not None:
        server.stop()
        server.start()
    wait_until(server.answers, what="an answer of the server")
    return server


def parse(data):
    """The records of a file, as Python's csv module reads them."""
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""),
                           strict=True))


def digest(data):
    return hashlib.sha256(data).hexdigest()


def peak_kib(pid):
    """The most memory that a process had, or None when it is gone."""
    try:
        with open("/proc/%d/status" % pid) as f:
            for line in f:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


# Parameters of every type, in the file's own words, and their values.
TYPED = ('params = { t = "it\'s \\"x\\" \\\\ \U0001f600; --"; '
         'i = { value = "9007199254740993"; type = "integer"; }; '
         'd = { value = "0.10"; type = "decimal"; }; '
         'day = { value = "{date:%Y-%m-%d}"; type = "date"; }; };')
TYPED_TEXT = "it's \"x\" \\ \U0001f600; --"


class DatabaseCase(Case):
    """Exports from a server of `kind`, or one that the case itself connects
    as "db", to a file:// target named out."""

    kind = None

    def setUp(self):
        super().setUp()
        self.out, self.url = self.home.directory()
        if self.kind is not None:
            self.server = server_of(self.kind)
            self.connect_as("db", self.server)

    def connect_as(self, name, server, **keywords):
        """A DSN and a secret of its name that lead to a server."""
        self.home.dsn(name, dict(server.keywords(), **keywords))
        self.home.secret(name + ".secret", server.password + "\n")

    def dsn(self, **keywords):
        """The DSN "db" with more in it."""
        self.connect_as("db", self.server, **keywords)

    def job(self, sql=None, extra="", file="", rest="", name="v"):
        """A job that writes NAME.csv."""
        self.home.job(name, source(
            dsn="db", sql=sql,
            extra='password = { file = "db.secret"; }; ' + extra) +
            'file: { name = "%s.csv"; %s };\n' % (name, file) +
            target(self.url) + rest)

    def delivered(self, name="v"):
        """The file, as it was delivered."""
        with open(os.path.join(self.out, name + ".csv"), "rb") as f:
            return f.read()

    def export(self, sql=None, *arguments, **parts):
        """The bytes that a batch becomes."""
        self.job(sql, **parts)
        self.assert_silent(self.home.run("run", "v", "--force", *arguments))
        return self.delivered()

    def values(self, sql, **parts):
        """The records of a result, without its header."""
        return parse(self.export(sql, **parts))[1:]

    def refuse(self, status, *texts, arguments=()):
        """A run that fails: message, record, and nothing delivered."""
        result = self.home.run("run", "v", *arguments, expect=status)
        self.assert_failed(result, status, *texts)
        return result

    def assert_failed(self, result, status, *texts):
        self.assertEqual(result.status, status, str(result))
        self.assert_message(result, *texts)
        self.assertEqual(os.listdir(self.out), [])
        self.assert_no_leftovers()
        return self.assert_recorded(status)

    # Runs that are looked at while they run.

    def start(self, *arguments):
        """Begin a run that does not outlive the case."""
        process = self.home.start("run", *arguments)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.addCleanup(end)
        return process

    def worker_of(self, process):
        """The pid of the worker of a run."""
        def find():
            self.assertIsNone(process.poll(), "the run has ended")
            return workers(process.pid)
        return wait_until(find, what="a worker")[0]

    def wait_for_file(self, process):
        """Until the file of a run is being written."""
        def begun():
            if process.poll() is not None:
                self.fail("it has ended: %s" % self.home.finish(process))
            return self.home.spool()
        return wait_until(begun, what="the spool file")

    def peak_of_worker(self, process):
        """Peak memory in KiB of the worker of a run, until it ends."""
        worker, peak = self.worker_of(process), 0
        while process.poll() is None:
            peak = max(peak, peak_kib(worker) or 0)
            time.sleep(0.005)
        return peak
