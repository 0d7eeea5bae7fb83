#!/usr/bin/python3
"""What surrounds a run - variables, descriptors, limits, masks - must not
change a byte of the file: the same bytes, or a clear error."""

import sys
sys.dont_write_bytecode = True
import os
import resource
import shutil
import signal
import stat
import subprocess

from cli import CliCase, main, program, source, target, wait_until

# Texts and numbers that a locale or a time zone could spoil.
SQL = ("SELECT 1.5 AS r, 1234567.25 AS m, 'gr\u00fc\u00dfe \u20ac \U0001f600' "
       "AS t, CAST('2026-03-29 02:30:00' AS TIMESTAMP) AS s")
MANY = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT "
        "300000) SELECT n, 'some text to fill a pipe' AS t FROM c")


class Environment(CliCase):
    """Runs in odd surroundings, next to one in the plain one."""

    def setUp(self):
        super().setUp()
        self.put("plain", SQL, dsn="shop")
        self.home.run("run", "plain")
        self.wanted = self.file()
        self.assertIn("gr\u00fc\u00dfe \u20ac \U0001f600".encode(),
                      self.wanted)
        self.assertIn(b"1.5", self.wanted)

    def file(self):
        with open(os.path.join(self.out, "plain.csv"), "rb") as f:
            return f.read()

    def same(self, env=None, words=(), **more):
        """The run delivers the same bytes, and so does a query."""
        os.unlink(os.path.join(self.out, "plain.csv"))
        process = self.home.start("run", "plain", "--force", *words, env=env,
                                  **more)
        self.home.finish(process, 0)
        self.assertEqual(self.file(), self.wanted)
        process = self.home.start("query", "-d", "shop", "-e", SQL, *words,
                                  env=env, **more)
        self.assertEqual(self.home.finish(process, 0).bytes, self.wanted)

    # Variables.

    def test_locales(self):
        """LC_ALL, LANG and charsets that are not ours"""
        for name in ("C", "POSIX", "C.UTF-8", "de_DE.ISO-8859-1",
                     "de_DE.UTF-8", "tr_TR.UTF-8", "nonsense"):
            self.same({"LC_ALL": name, "LANG": name, "LC_NUMERIC": name})

    def test_zones(self):
        """TZ: no time zone is invented"""
        for name in ("Asia/Kolkata", "Europe/Berlin", "Pacific/Kiritimati",
                     "nonsense"):
            self.same({"TZ": name})

    def test_logical_date(self):
        """the logical date is the job's zone's, whatever TZ says"""
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            wanted = subprocess.run(
                ["date", "+%F"], env={"TZ": zone, "PATH": "/usr/bin:/bin"},
                capture_output=True, check=True, text=True).stdout.strip()
            self.put(zone[-9:], extra='timezone = "%s";\n' % zone)
            said = []
            for tz in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
                said.append(self.home.run("run", "-n", zone[-9:],
                                          env={"TZ": tz}).stdout
                            .splitlines()[0])
            self.assertEqual(set(said), {"job %s for %s" % (zone[-9:],
                                                            wanted)})

    def test_bare(self):
        """env -i with nothing but where things are"""
        keep = ("ODBCSHIP_STATE", "ODBCSHIP_CONFIG", "ODBCSYSINI")
        self.same({name: None for name in self.home.env if name not in keep})

    def test_no_variables(self):
        """an empty environment: paths on the command line will do"""
        connection = "Driver=%s;Database=%s" % (
            self.driver(), os.path.join(self.home.path, "shop.db"))
        self.home.main('state = "%s";\n' % self.home.state)
        self.home.job("bare", source(connection=connection, sql=SQL) +
                      'file: { name = "bare.csv"; };\n' + target(self.url))
        for words in (("run", "bare", "-c", self.home.config),
                      ("query", "-d", connection, "-e", SQL)):
            process = subprocess.Popen(
                program() + list(words), env={}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            result = self.home.finish(process, 0)
        self.assertEqual(result.bytes, self.wanted)
        with open(os.path.join(self.out, "bare.csv"), "rb") as f:
            self.assertEqual(f.read(), self.wanted)
        self.assertEqual(self.home.runs()[-1]["job"], "bare")

    def driver(self):
        with open(os.path.join(self.home.odbc, "odbcinst.ini")) as f:
            text = f.read().partition("[SQLite3]")[2]
        path = text.partition("Driver=")[2].splitlines()[0].strip()
        if not path.startswith("/"):
            found = subprocess.run(["find", "/usr/lib", "-name", path],
                                   capture_output=True, text=True, check=True)
            path = found.stdout.split()[0]
        return path

    def test_no_home(self):
        """HOME unset, and pointing at nothing"""
        self.same({"HOME": None})
        self.same({"HOME": "/nonexistent"})

    def test_no_tmpdir(self):
        """TMPDIR that is not there: a clear error, only where it is needed"""
        self.home.plain = True
        self.same({"TMPDIR": "/nonexistent/tmp"})
        result = self.home.run("query", "-d", "shop", "-e",
                               "SELECT 1 AS a; SELECT 2 AS b",
                               env={"TMPDIR": "/nonexistent/tmp"}, expect=74)
        self.assert_message(result, "/nonexistent/tmp")

    def test_proxies(self):
        """proxy variables are nobody's business"""
        self.same({"ALL_PROXY": "http://127.0.0.1:1/",
                   "http_proxy": "http://127.0.0.1:1/"})

    # Descriptors.

    def closed(self, fds, *words):
        """Run with descriptors closed by the shell; its status."""
        script = 'exec "$@" ' + " ".join(
            "%d%s&-" % (fd, "<" if fd == 0 else ">") for fd in fds)
        return subprocess.run(
            ["/bin/sh", "-c", script, "sh"] + program(plain=True) + list(words),
            env=self.home.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
            check=False)

    def test_closed(self):
        """standard descriptors that are closed, in every combination"""
        for fds in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
            os.unlink(os.path.join(self.out, "plain.csv"))
            done = self.closed(fds, "run", "plain", "--force", "-v")
            self.assertEqual(done.returncode, 0, (fds, done.stderr))
            self.assertEqual(self.file(), self.wanted)
        self.assertEqual(self.integrity(), ["ok"])
        self.assertEqual({r["state"] for r in self.home.runs()}, {"shipped"})

    def integrity(self):
        return [list(row.values())[0]
                for row in self.home.ledger("PRAGMA integrity_check")]

    def test_closed_output(self):
        """data for a closed standard output: an error, nowhere else written"""
        for fds in ((1,), (0, 1)):
            done = self.closed(fds, "query", "-d", "shop", "-e", SQL)
            self.assertEqual(done.returncode, 74, done.stderr)
            self.assertIn(b"standard output", done.stderr)
            done = self.closed(fds, "run", "plain", "--json", "--force")
            self.assertEqual(done.returncode, 74, done.stderr)
            self.assertIn(b"standard output", done.stderr)
        done = self.closed((0, 2), "query", "-d", "shop", "-e", SQL)
        self.assertEqual((done.returncode, done.stdout), (0, self.wanted))
        self.assertEqual(self.integrity(), ["ok"])

    def test_closed_input(self):
        """-f - with standard input closed"""
        done = self.closed((0,), "query", "-d", "shop", "-f", "-")
        self.assertEqual((done.returncode, done.stdout), (74, b""))
        self.assertIn(b"standard input", done.stderr)

    def test_pipe(self):
        """a reader that goes away: no death by SIGPIPE, and it is said"""
        process = self.home.start("query", "-d", "shop", "-e", MANY)
        self.assertTrue(process.stdout.read(10))
        process.stdout.close()
        text = process.stderr.read().decode()
        process.stderr.close()
        self.assertEqual(process.wait(timeout=120), 74)
        self.assertIn("standard output: cannot write", text)
        self.assertIn("hint: ", text)

    def test_head(self):
        """`| head` of a list is no reason for a message"""
        for words, status in ((("show", "--settings"), 74),
                              (("list",), 74), (("--help",), 74)):
            text = self.unread(*words, expect=status)
            self.assertEqual(text, "", words)

    def test_unread_json(self):
        """the outcome of a run that nobody could read is another matter"""
        text = self.unread("run", "plain", "--force", "--json", expect=74)
        self.assertIn("standard output", text)
        self.assertEqual(self.home.runs()[-1]["state"], "shipped")

    def unread(self, *words, expect):
        """What is said when nobody reads standard output."""
        read, write = os.pipe()
        os.close(read)
        process = self.home.start(*words, stdout=write)
        os.close(write)
        text = process.stderr.read().decode()
        process.stderr.close()
        self.assertEqual(process.wait(timeout=120), expect, text)
        return text

    def test_pipe_default(self):
        """the same with SIGPIPE's default action inherited"""
        process = self.home.start("query", "-d", "shop", "-e", MANY,
                                  restore_signals=True)
        process.stdout.close()
        process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.wait(timeout=120), 74)

    def test_slow_reader(self):
        """a reader that is slow gets everything"""
        process = self.home.start("query", "-d", "shop", "-e", MANY)
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGCONT)
        data = process.stdout.read()
        process.stdout.close()
        process.stderr.close()
        self.assertEqual(process.wait(timeout=120), 0)
        self.assertEqual(data.count(b"\r\n"), 300001)
        self.assertTrue(data.endswith(b"\r\n300000,some text to fill a "
                                      b"pipe\r\n"))

    # Masks, directories, limits.

    def test_umask(self):
        """umask 077 and 000: the same bytes, and state that is ours alone"""
        for mask in (0o077, 0o000, 0o777):
            shutil.rmtree(self.home.state)
            before = os.umask(mask)
            try:
                process = self.home.start("run", "plain")
            finally:
                os.umask(before)
            self.home.finish(process, 0)
            os.chmod(os.path.join(self.out, "plain.csv"), 0o600)
            self.assertEqual(self.file(), self.wanted)
            for directory, names, files in os.walk(self.home.state):
                for name in [directory] + names + files:
                    st = os.stat(os.path.join(directory, name))
                    self.assertEqual(stat.S_IMODE(st.st_mode) & 0o077, 0,
                                     (oct(mask), name))

    def test_no_cwd(self):
        """a working directory that was removed"""
        gone = os.path.join(self.home.path, "gone")
        os.mkdir(gone)
        script = 'rmdir "$1"; shift; exec "$@"'
        for words in (("run", "plain", "--force"),
                      ("query", "-d", "shop", "-e", SQL)):
            os.makedirs(gone, exist_ok=True)
            done = subprocess.run(
                ["/bin/sh", "-c", script, "sh", gone] +
                program(plain=True) + list(words), cwd=gone, env=self.home.environment(),
                capture_output=True, timeout=120, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, self.wanted)
        self.assertEqual(self.file(), self.wanted)
        os.makedirs(gone, exist_ok=True)
        done = subprocess.run(
            ["/bin/sh", "-c", script, "sh", gone] +
            program(plain=True) + ["query", "-d", "shop", "-e", SQL, "-o", "x.csv"], cwd=gone,
            env=self.home.environment(), capture_output=True, timeout=120,
            check=False)
        self.assertEqual(done.returncode, 74, done.stderr)
        self.assertIn(b"hint: ", done.stderr)

    def limited(self, which, value, *words):
        before = resource.getrlimit(which)
        try:
            resource.setrlimit(which, (value, before[1]))
            process = self.home.start(*words)
        finally:
            resource.setrlimit(which, before)
        return self.home.finish(process)

    def test_descriptors(self):
        """few descriptors: the same bytes, or what is lacking is said"""
        self.home.plain = True
        statuses = []
        for limit in range(64, 12, -4):
            result = self.limited(resource.RLIMIT_NOFILE, limit, "run",
                                  "plain", "--force")
            statuses.append(result.status)
            if result.status == 0:
                self.assertEqual(self.file(), self.wanted)
                continue
            self.assert_message(result)
            self.assertIn(result.status, (69, 70, 73, 74, 75), str(result))
        self.assertEqual(statuses[0], 0)

    def test_few_descriptors(self):
        """hardly any descriptor: a paragraph, no crash"""
        for limit in range(4, 13):
            done = self.shell_limit(limit)
            self.assertGreaterEqual(done.returncode, 0, done.stderr)
            if done.returncode == 0:
                self.assertEqual(self.file(), self.wanted)
            else:       # perhaps of the loader, which needs one as well
                self.assertTrue(done.stderr, limit)

    def shell_limit(self, limit):
        return subprocess.run(
            ["/bin/sh", "-c", 'ulimit -n %d; exec "$@"' % limit, "sh"] +
            program(plain=True) + ["run", "plain", "--force"],
            env=self.home.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, timeout=120, check=False)

    def test_core(self):
        """no core file of a process that holds secrets"""
        self.put("slow", "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT "
                 "n + 1 FROM c) SELECT max(n) FROM c")
        process, worker = self.in_worker("run", "slow")
        wait_until(self.statement_began("slow"), 60, "the statement")
        for pid in (process.pid, worker):
            with open("/proc/%d/limits" % pid) as f:
                (line,) = [x for x in f if x.startswith("Max core file size")]
            self.assertEqual(line.split()[4:6], ["0", "0"])


if __name__ == "__main__":
    main()
