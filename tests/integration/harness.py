"""What the integration and CLI tests share.

A test file is a program: it runs its unittest cases and speaks TAP. Home is
the whole world of one test: configuration, jobs, DSNs, state and targets in a
temporary directory, and an environment built from nothing.

Environment of a test run:
    ODBCSHIP    the program to test, with arguments in front if wanted
                ("valgrind -q /path/odbcship"); default: odbcship in the
                working directory, else from PATH
    ODBCSHIP_PLAIN
                the same without an instrument in front
    SRCDIR      the source tree
    KEEP=1      leave the temporary directories
"""

import atexit
import os
import pty
import shlex
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import unittest

# A shell's "&" ignores it, and what we start would too.
signal.signal(signal.SIGINT, signal.default_int_handler)

PASSED_ON = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LLVM_PROFILE_FILE",
             "GCOV_PREFIX")


def program(plain=False):
    """The words with which the tested program begins.

    Plain is without an instrument in front: valgrind itself needs standard
    error, descriptors, a working directory and TMPDIR, so what is said of
    their lack can only be tested without it.
    """
    words = os.environ.get("ODBCSHIP_PLAIN" if plain else "ODBCSHIP")
    if words:
        return shlex.split(words)
    here = os.path.abspath("odbcship")
    return [here if os.access(here, os.X_OK) else "odbcship"]


# Until any run has ended: a file of 30 MB takes valgrind minutes.
RUN_SECONDS = 900 if len(program()) > 1 else 120

# Until a run is in its slow statement, on a busy machine or under valgrind.
REACHED_SECONDS = 30 if len(program()) > 1 else 3

# Of long lists of cases that are much alike, an instrument that makes each run
# slow sees one in so many; a prime, so that each row and column has its turn.
SEEN_ONE_IN = 5 if len(program()) > 1 else 1

REACHED = "%.*f s" % (1 if REACHED_SECONDS >= 10 else 2, REACHED_SECONDS)


def temporary(prefix="odbcship-test-"):
    """A directory that is gone when the test program ends."""
    path = tempfile.mkdtemp(prefix=prefix)
    if os.environ.get("KEEP") != "1":
        atexit.register(shutil.rmtree, path, True)
    else:
        print("# kept: " + path)
    return path


def quote(text):
    """A text as a libconfig string."""
    out = []
    for c in text:
        if c in "\\\"":
            out.append("\\" + c)
        elif ord(c) < 32 or ord(c) == 127:
            out.append("\\x%02x" % ord(c))
        else:
            out.append(c)
    return '"%s"' % "".join(out)


def source(dsn=None, connection=None, sql=None, sql_file=None, extra=""):
    """A source group."""
    lines = ["source: {"]
    for key, value in (("dsn", dsn), ("connection", connection),
                       ("sql", sql), ("sql_file", sql_file)):
        if value is not None:
            lines.append("  %s = %s;" % (key, quote(value)))
    return "\n".join(lines + ["  " + extra, "};"]) + "\n"


def target(url, name="out", extra=""):
    """A targets list of one."""
    return ("targets = ( { name = %s; url = %s; %s } );\n" %
            (quote(name), quote(url), extra))


class Result:
    """How a run of the program ended."""

    def __init__(self, argv, status, out, err):
        self.argv = argv
        self.status = status
        self.bytes = out
        self.stdout = out.decode("utf-8", "surrogateescape")
        self.stderr = err.decode("utf-8", "surrogateescape")

    def __str__(self):
        return "%s\nstatus %d\nstdout: %s\nstderr: %s" % (
            " ".join(self.argv), self.status, self.stdout, self.stderr)


class Home:
    """One world: odbcship.cfg, jobs.d, odbc.ini, state, target directories."""

    def __init__(self):
        self.path = temporary()
        self.jobs = self._dir("config", "jobs.d")
        self.odbc = self._dir("odbc")
        self.state = os.path.join(self.path, "state")
        self.config = os.path.join(self.path, "config", "odbcship.cfg")
        self.env = {
            "PATH": "/usr/bin:/bin",
            "HOME": self._dir("home"),
            "TMPDIR": self._dir("tmp"),
            "ODBCSYSINI": self.odbc,
            "ODBCSHIP_STATE": self.state,
            "ODBCSHIP_CONFIG": self.config,
        }
        for name in PASSED_ON:
            if name in os.environ:
                self.env[name] = os.environ[name]
        # A sanitizer keeps what was freed, as much as it is let.
        self.env["ASAN_OPTIONS"] = (self.env.get("ASAN_OPTIONS", "") +
                                    ":quarantine_size_mb=1")
        self.plain = False      # run without an instrument (program())
        self.drivers()
        self._dsns = {}
        self._write_dsns()
        self.main("")

    def _dir(self, *names):
        path = os.path.join(self.path, *names)
        os.makedirs(path)
        return path

    @staticmethod
    def write(path, text, mode=0o644):
        """Write a file with exactly this mode."""
        data = text.encode() if isinstance(text, str) else text
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, mode)
        return path

    # What is configured.

    def main(self, text):
        return self.write(self.config, text)

    def job(self, name, text, mode=0o644):
        return self.write(os.path.join(self.jobs, name + ".cfg"), text, mode)

    def sql(self, name, text):
        return self.write(os.path.join(self.jobs, name), text)

    def secret(self, name, text, mode=0o600):
        return self.write(os.path.join(self.jobs, name), text, mode)

    def drivers(self, **more):
        """The system's odbcinst.ini, with more in every section."""
        more.setdefault("CommLog", "0")    # psqlODBC writes to /tmp
        with open("/etc/odbcinst.ini", encoding="utf-8") as f:
            lines = [line.rstrip("\n") for line in f
                     if line.split("=")[0].strip() not in more]
        text = "".join("%s\n%s" % (line, "".join(
            "%s=%s\n" % item for item in more.items()
            if line.startswith("["))) for line in lines)
        self.write(os.path.join(self.odbc, "odbcinst.ini"), text)

    def _write_dsns(self):
        lines = []
        for name, keywords in self._dsns.items():
            lines += ["[%s]" % name]
            lines += ["%s = %s" % item for item in keywords.items()] + [""]
        self.write(os.path.join(self.odbc, "odbc.ini"), "\n".join(lines))

    def dsn(self, name, keywords):
        """Put a DSN into odbc.ini."""
        self._dsns[name] = dict(keywords)
        self._write_dsns()
        return name

    def sqlite(self, name, script="", dsn=None):
        """A SQLite database with a DSN of its name; the path."""
        path = os.path.join(self.path, name + ".db")
        with sqlite3.connect(path) as db:
            db.executescript(script)
        db.close()
        self.dsn(dsn or name, {"Driver": "SQLite3", "Database": path,
                               "Timeout": "2000"})
        return path

    def directory(self, name="out"):
        """A target directory; its path and its URL."""
        path = os.path.join(self.path, name)
        os.makedirs(path, exist_ok=True)
        return path, "file://%s/" % path

    # What is run.

    def environment(self, more=None):
        env = dict(self.env)
        for name, value in (more or {}).items():
            if value is None:
                env.pop(name, None)
            else:
                env[name] = value
        return env

    def start(self, *arguments, env=None, stderr=subprocess.PIPE, **more):
        """Begin a run that is not waited for; more is for Popen."""
        return subprocess.Popen(
            program(self.plain) + list(arguments), env=self.environment(env),
            **{"cwd": self.path, "stdin": subprocess.DEVNULL,
               "stdout": subprocess.PIPE, "stderr": stderr, **more})

    def finish(self, process, expect=None):
        """Wait for a run of start()."""
        try:
            out, err = process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError("no end within %d s: %s" % (
                RUN_SECONDS, Result(process.args, -1, out, err or b"")))
        result = Result(process.args, process.returncode, out, err or b"")
        if expect is not None and result.status != expect:
            raise AssertionError("status %d expected: %s" % (expect, result))
        return result

    def run(self, *arguments, env=None, expect=0):
        """Run the program to its end; expect=None takes any status."""
        return self.finish(self.start(*arguments, env=env), expect)

    def run_on_terminal(self, *arguments, env=None, expect=0):
        """The same with a terminal as standard error."""
        master, slave = pty.openpty()
        process = self.start(*arguments, env=env, stderr=slave)
        os.close(slave)
        seen = []

        def drain():
            try:
                while True:
                    seen.append(os.read(master, 65536))
            except OSError:
                pass

        reader = threading.Thread(target=drain)
        reader.start()
        result = self.finish(process)
        reader.join()
        os.close(master)
        result.stderr = b"".join(seen).decode()
        if result.status != expect:
            raise AssertionError("status %d expected: %s" % (expect, result))
        return result

    # What came of it.

    def ledger(self, sql, *values):
        """Rows of the ledger, as dictionaries."""
        uri = "file:%s?mode=ro" % os.path.join(self.state, "ledger.db")
        db = sqlite3.connect(uri, uri=True)
        db.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in db.execute(sql, values)]
        finally:
            db.close()

    def runs(self):
        """All recorded runs, oldest first."""
        if not os.path.exists(os.path.join(self.state, "ledger.db")):
            return []
        return self.ledger("SELECT * FROM run ORDER BY id")

    def spool(self):
        """Paths of all files in the spool, below it, sorted."""
        return sorted(below(os.path.join(self.state, "spool")))


def below(top):
    """The files in a tree, by their path below its top."""
    for directory, _, names in os.walk(top):
        for name in names:
            yield os.path.relpath(os.path.join(directory, name), top)


def children(pid):
    """The processes that a process started."""
    found = []
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, task)) as f:
            found += [int(p) for p in f.read().split()]
    return found


def workers(pid):
    """Those among them that are at work: a worker has a second thread."""
    found = []
    for child in children(pid):
        try:
            if len(os.listdir("/proc/%d/task" % child)) > 1:
                found.append(child)
        except OSError:         # it has just ended
            continue
    return found


def wait_until(condition, seconds=30, what="it"):
    """The first true value of condition(); fails when time is up."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("%s did not happen within %d s" % (what, seconds))


class Case(unittest.TestCase):
    """A case with a home of its own."""

    maxDiff = 4000

    def setUp(self):
        self.home = Home()

    def assert_silent(self, result):
        self.assertEqual((result.stdout, result.stderr), ("", ""))

    def assert_message(self, result, *texts):
        """One paragraph for a person: what failed, and a hint."""
        lines = result.stderr.splitlines()
        self.assertTrue(lines, "nothing was said: %s" % result)
        self.assertTrue(lines[0].startswith("odbcship: "), str(result))
        self.assertTrue(any(line.startswith("hint: ") and len(line) > 10
                            for line in lines), "no hint: %s" % result)
        self.assertNotIn("", lines, "more than a paragraph: %s" % result)
        self.assertNotIn("usage:", result.stderr)
        self.assertEqual(result.stdout, "", str(result))
        for text in texts:
            self.assertIn(text, result.stderr)

    def assert_recorded(self, status, state="failed"):
        """The last run of the ledger ended so; the row."""
        rows = self.home.runs()
        self.assertTrue(rows, "nothing is recorded")
        self.assertEqual((rows[-1]["state"], rows[-1]["status"]),
                         (state, status), rows[-1])
        self.assertGreaterEqual(rows[-1]["ended_ms"], rows[-1]["began_ms"])
        return rows[-1]

    def assert_no_leftovers(self):
        """Nothing unfinished in the spool."""
        self.assertEqual([p for p in self.home.spool()
                          if p.endswith((".part", ".tmp"))
                          or os.path.basename(p).startswith(".")], [])

    def assert_mode(self, path, mode):
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), mode, path)


# TAP.

def _cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _cases(item)
        else:
            yield item


class _Tap(unittest.TestResult):
    """Says each case as a line of TAP."""

    def __init__(self, total):
        super().__init__()
        self.number = 0
        self.failed = 0
        print("1..%d" % total, flush=True)

    @staticmethod
    def _name(test):
        text = test.shortDescription() or getattr(test, "_testMethodName",
                                                  str(test))
        return "%s: %s" % (type(test).__name__, text.replace("#", "no."))

    def _say(self, ok, test):
        self.number += 1
        print("%s %d - %s" % ("ok" if ok else "not ok", self.number,
                              self._name(test)), flush=True)

    def _fail(self, test, error):
        self.failed += 1
        self._say(False, test)
        for line in "".join(traceback.format_exception(*error)).splitlines():
            print("# " + line, flush=True)

    def addSuccess(self, test):
        self._say(True, test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(test, err)

    def addSkip(self, test, reason):    # there are no skipped tests
        self.failed += 1
        self._say(False, test)
        print("# skipped: " + reason, flush=True)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            print("# in " + str(subtest), flush=True)
            self._fail(test, err)


def main():
    """Run the cases of the calling program; ends the process."""

    def interrupt(*unused):     # what unittest does not take for a failure
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    loader = unittest.TestLoader()
    if len(sys.argv) > 1:
        loader.testNamePatterns = ["*%s*" % word for word in sys.argv[1:]]
    suite = loader.loadTestsFromModule(sys.modules["__main__"])
    result = _Tap(sum(1 for _ in _cases(suite)))
    try:
        suite.run(result)
    except KeyboardInterrupt:
        sys.exit(143)
    if result.number < 1:
        print("Bail out! no tests")
    sys.exit(1 if result.failed or result.number < 1 else 0)
