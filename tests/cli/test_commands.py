#!/usr/bin/python3
"""Every command and option of odbcship(1), on SQLite and directories."""

import sys
sys.dont_write_bytecode = True
import hashlib
import json
import os
import re
import stat
import subprocess

from cli import CliCase, ENDLESS_FETCH, main, program, source, target

COMMANDS = ("run", "query", "check", "show", "list", "history")
ITEMS = b"id,name\r\n1,one\r\n2,two\r\n"
SECRET = "do-not-show-this"


def files_of(top):
    """Every path below a directory with its size, mode and time."""
    found = {}
    for directory, names, files in os.walk(top):
        for name in names + files:
            path = os.path.join(directory, name)
            st = os.lstat(path)
            found[path] = (st.st_size, st.st_mode, st.st_mtime_ns)
    return found


class Library(CliCase):
    """libcurl is loaded when something is shipped, and only then."""

    def setUp(self):
        super().setUp()
        path = os.path.join(self.home.path, "broken")
        os.mkdir(path)
        with open(os.path.join(path, "libcurl.so.4"), "w") as f:
            f.write("no library\n")
        self.broken = {"LD_LIBRARY_PATH": path}
        linked = subprocess.run(["ldd", program(plain=True)[0]], check=True,
                                stdout=subprocess.PIPE).stdout
        self.is_linked = b"libcurl" in linked   # configure --disable-lazy
        self.home.sqlite("w", "CREATE TABLE t (a INTEGER);")

    def test_query(self):
        """query needs none"""
        result = self.home.run("query", "-d", "w", "-e", "SELECT a FROM t",
                               env=self.broken, expect=None)
        self.assertEqual(result.stdout, "" if self.is_linked else "a\r\n")

    def test_missing(self):
        """a run that cannot load it says so, and --version and doctor too"""
        if self.is_linked:
            self.assertEqual(self.home.run("run", "daily", env=self.broken,
                                           expect=None).status, 127)
            return
        path, url = self.home.directory()
        self.home.job("daily", source("w", sql="SELECT a FROM t") +
                      'file: { name = "a.csv"; };\n' + target(url))
        self.assert_message(
            self.home.run("run", "daily", env=self.broken, expect=74),
            "cannot load libcurl: ", "libcurl.so.4", "hint: Its package")
        self.assertEqual(os.listdir(path), [])
        self.assertIn("libcurl cannot be loaded", self.home.run(
            "--version", env=self.broken).stdout)
        self.assertIn("cannot load libcurl: ", self.home.run(
            "doctor", env=self.broken, expect=None).stdout)
        self.home.run("run", "daily")
        self.assertEqual(len(os.listdir(path)), 1)

    def test_note(self):
        """packaging tools find that it is needed all the same"""
        with open(program(plain=True)[0], "rb") as f:
            data = f.read()
        self.assertEqual(b'"soname":["libcurl.so.4"]' in data,
                         not self.is_linked)


class Help(CliCase):
    """--help, --version and what is said about a wrong word."""

    def man(self):
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "..", "..", "doc", "odbcship.1")) as f:
            return f.read()

    def test_program(self):
        """--help and help name every command"""
        for words in (("--help",), ("-h",), ("help",)):
            text = self.home.run(*words).stdout
            for name in COMMANDS:
                self.assertRegex(text, r"(?m)^  %s +[A-Z]" % name)
            self.assertIn("example:\n  odbcship ", text)

    def test_commands(self):
        """--help of a command has an example and every option of the manual"""
        man = self.man()
        for name in COMMANDS:
            text = self.home.run(name, "--help").stdout
            self.assertEqual(text, self.home.run("help", name).stdout)
            self.assertIn("example:\n  odbcship %s" % name, text)
            self.assertIn("usage: odbcship %s " % name, text)
            for option in re.findall(r"--([a-z-]+)", text):
                self.assertTrue(re.search(r"Fl -%s\b" % option, man),
                                (name, option))
            for letter in re.findall(r"(?m)^  -(.), --", text):
                self.assertTrue(re.search(r"Fl %s\b" % letter, man),
                                (name, letter))

    def test_width(self):
        """help fits into 80 columns"""
        for name in COMMANDS:
            for line in self.home.run(name, "--help").stdout.splitlines():
                self.assertLess(len(line), 80, line)

    def test_statuses(self):
        """run --help has the exit statuses of the manual"""
        text = self.home.run("run", "--help").stdout
        for status in re.findall(r"(?m)^\.It (\d+(?:\+n)?)$", self.man()):
            self.assertRegex(text, r"(?m)^  %s +\S" % re.escape(status))

    def test_version(self):
        """--version: libraries, driver manager, protocols, places"""
        for word in ("--version", "-V"):
            lines = self.home.run(word).stdout.splitlines()
            self.assertRegex(lines[0], r"^odbcship \d")
            text = "\n".join(lines)
            for library in ("unixODBC", "libcurl", "libconfig", "SQLite",
                            "OpenSSL"):
                self.assertRegex(text, library + r" \d+\.\d+")
            self.assertRegex(text, r"targets: .*\bftp\b.*\bfile\b")
            self.assertIn("main file: " + self.home.config, lines)
            self.assertIn("state: " + self.home.state, lines)

    def test_nothing(self):
        """no command at all is an error, not a page of help"""
        self.assert_message(self.home.run(expect=64), "which command")
        self.assert_message(self.home.run("-v", expect=64), "-v")

    def test_command(self):
        """an unknown command, and what was meant"""
        for words in (("rnu", "x"), ("help", "rnu")):
            self.assert_message(self.home.run(*words, expect=64),
                                "'rnu'", "'odbcship run'")
        self.assert_message(self.home.run("zzzzzz", expect=64), "--help")

    def test_option(self):
        """an unknown option, and what was meant"""
        for word, meant in (("--dry-rnu", "--dry-run"), ("--forse", "--force"),
                            ("--no-shp", "--no-ship")):
            self.assert_message(self.home.run("run", "x", word, expect=64),
                                "unknown option '%s'" % word, meant)
        self.assert_message(self.home.run("list", "-z", expect=64), "'-z'")
        self.assertEqual(self.home.runs(), [])

    def test_values(self):
        """an option without its value, and one with a value too many"""
        self.assert_message(self.home.run("run", "x", "--date", expect=64),
                            "'--date' needs a value")
        self.assert_message(self.home.run("run", "x", "--json=1", expect=64),
                            "'--json' takes no value")
        for words in (("list", "--color", "red"),
                      ("list", "--log-format", "xml"),
                      ("run", "x", "--wait=soon"),
                      ("history", "--limit=-1"), ("history", "a", "b")):
            self.assert_message(self.home.run(*words, expect=64))

    def test_job(self):
        """an unknown job, and what was meant"""
        self.put("daily-orders")
        for command in ("run", "check", "show"):
            result = self.home.run(command, "daily-order", expect=78)
            self.assert_message(result, "'daily-order'", "'daily-orders'")

    def test_setting(self):
        """an unknown setting, and what was meant"""
        self.put("daily")
        self.assert_message(
            self.home.run("run", "daily", "--set", "file.nmae=x", expect=64),
            "file.nmae", "'file.name'")
        self.assert_message(
            self.home.run("show", "--settings", "sorce.dsn", expect=64),
            "'source.dsn'")

    def test_dsn(self):
        """an unknown DSN, and what was meant"""
        self.assert_message(
            self.home.run("query", "-d", "shpo", "-e", "SELECT 1", expect=69),
            "'shpo'", "'shop'", "IM002")


class Query(CliCase):
    """odbcship query"""

    def query(self, *arguments, **more):
        return self.home.run("query", "-d", "shop", *arguments, **more)

    def test_output(self):
        """-e to standard output, and nothing else"""
        result = self.query("-e", "SELECT * FROM item ORDER BY id")
        self.assertEqual((result.bytes, result.stderr), (ITEMS, ""))
        self.assertFalse(os.path.exists(self.home.state), "recorded")

    def test_no_option(self):
        """SQL without -e: what to type"""
        self.assert_message(self.query("SELECT 1", expect=64),
                            "no -e before 'SELECT 1'", "-e 'SELECT ...'")
        self.assert_message(self.query(expect=64), "no SQL")

    def test_params_of_the_main_file(self):
        """params of the main file need not be used by a query"""
        self.home.main('source: { params = { day = "x"; }; };\n')
        self.assertEqual(self.query("-e", "SELECT 1 AS a").bytes,
                         b"a\r\n1\r\n")
        self.assertEqual(self.query("-e", "SELECT :day AS a").bytes,
                         b"a\r\nx\r\n")

    def test_connection(self):
        """-d takes a whole connection string"""
        string = "Driver=SQLite3;Database=%s" % os.path.join(self.home.path,
                                                             "shop.db")
        result = self.home.run("query", "-d", string, "-e",
                               "SELECT count(*) AS n FROM item")
        self.assertEqual(result.bytes, b"n\r\n2\r\n")

    def test_file(self):
        """-f FILE, with temporary tables and the last result"""
        path = self.home.sql("b.sql", "CREATE TEMP TABLE t AS SELECT 7 AS x;\n"
                             "SELECT 1 AS lost;\nSELECT x FROM t;\n")
        self.assertEqual(self.query("-f", path).bytes, b"x\r\n7\r\n")

    def stdin(self, data, *arguments):
        process = subprocess.Popen(
            program() + ["query", "-d", "shop", *arguments], env=self.home.environment(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        out, err = process.communicate(data, timeout=120)
        return process.returncode, out, err.decode()

    def test_stdin(self):
        """-f - reads standard input"""
        self.assertEqual(self.stdin(b"SELECT 'in' AS v", "-f", "-"),
                         (0, b"v\r\nin\r\n", ""))

    def test_nul(self):
        """SQL behind a NUL byte is not dropped without a word"""
        status, out, err = self.stdin(b"SELECT 1 AS a;\0SELECT 2 AS b",
                                      "-f", "-")
        self.assertEqual((status, out), (64, b""))
        self.assertIn("NUL", err)

    def test_into_file(self):
        """-o FILE: the same bytes, nothing on standard output"""
        path = os.path.join(self.home.path, "o.csv")
        self.home.write(path, "old")
        result = self.query("-e", "SELECT * FROM item ORDER BY id", "-o", path)
        self.assert_silent(result)
        with open(path, "rb") as f:
            self.assertEqual(f.read(), ITEMS)

    def test_failed_file(self):
        """-o FILE keeps the old file when the batch fails"""
        path = os.path.join(self.home.path, "o.csv")
        self.home.write(path, "old")
        before = sorted(os.listdir(self.home.path))
        self.query("-e", "SELECT 1 AS a; SELECT * FROM nosuch", "-o", path,
                   expect=69)
        with open(path) as f:
            self.assertEqual(f.read(), "old")
        self.assertEqual(sorted(os.listdir(self.home.path)), before)

    def test_link(self):
        """-o follows a symbolic link and leaves it"""
        real = self.home.write(os.path.join(self.out, "real.csv"), "old")
        link = os.path.join(self.home.path, "link.csv")
        os.symlink(real, link)
        self.query("-e", "SELECT * FROM item ORDER BY id", "-o", link)
        self.assertTrue(os.path.islink(link))
        with open(real, "rb") as f:
            self.assertEqual(f.read(), ITEMS)

    def test_fifo(self):
        """-o writes into what is no regular file and never replaces it"""
        fifo = os.path.join(self.home.path, "fifo")
        os.mkfifo(fifo)
        process = self.home.start("query", "-d", "shop", "-o", fifo, "-e",
                                  "SELECT * FROM item ORDER BY id")
        with open(fifo, "rb") as f:
            data = f.read()
        self.assert_silent(self.home.finish(process, 0))
        self.assertEqual(data, ITEMS)
        self.assertTrue(stat.S_ISFIFO(os.lstat(fifo).st_mode))

    def test_dash(self):
        """-o - is standard output"""
        self.assertEqual(self.query("-e", "SELECT 1 AS a", "-o", "-").bytes,
                         b"a\r\n1\r\n")
        self.assertFalse(os.path.exists(os.path.join(self.home.path, "-")))

    def test_no_file(self):
        """-o with a directory, or nothing"""
        for path in (self.out, self.out + "/", ""):
            self.assert_message(self.query("-e", "SELECT 1", "-o", path,
                                           expect=64), "-o")
        self.assertEqual(os.listdir(self.out), [])

    def test_set(self):
        """--set KEY=VALUE for file and source"""
        result = self.query("-e", "SELECT 1 AS a, 2 AS b", "--set",
                            "file.delimiter=;", "--set", "file.newline=lf",
                            "--set", "file.header=false")
        self.assertEqual(result.bytes, b"1;2\n")
        self.assert_message(self.query("-e", "SELECT 1", "--set",
                                       "file.delimter=;", expect=64),
                            "file.delimiter")
        self.assert_message(
            self.query("-e", "SELECT 1 AS a; SELECT 2 AS b", "--set",
                       "source.result=only", expect=65))

    def test_param(self):
        """--param binds, --date fills its template"""
        result = self.query("-e", "SELECT :a AS a, :d AS d", "--param",
                            "a=x'; DROP TABLE item; --", "--param",
                            "d={date:%Y}", "--date", "2024-02-29")
        self.assertEqual(result.stdout.splitlines()[1],
                         "x'; DROP TABLE item; --,2024")

    def test_use(self):
        """what is missing is said"""
        self.assert_message(self.home.run("query", "-e", "SELECT 1",
                                          expect=64), "-d DSN")
        self.assert_message(self.query(expect=64), "-e")
        self.assert_message(self.query("-e", "SELECT 1", "-f", "x",
                                       expect=64))
        self.assert_message(self.query("-e", "SELECT", "1", expect=64))
        self.assert_message(self.query("-f", "/nonexistent/x.sql", expect=64),
                            "/nonexistent/x.sql")

    def test_quiet(self):
        """-v says rows, bytes and hash; -q nothing; both the same data"""
        sql = ("-e", "SELECT * FROM item ORDER BY id")
        loud = self.query("-v", *sql)
        self.assertEqual(loud.bytes, ITEMS)
        self.assertIn("2 rows, %d bytes" % len(ITEMS), loud.stderr)
        self.assertIn(hashlib.sha256(ITEMS).hexdigest(), loud.stderr)
        self.assertEqual(self.query("-q", *sql).stderr, "")

    def test_driver_output(self):
        """a driver that prints cannot reach the data"""
        process, worker = self.in_worker("query", "-d", "shop", "-e",
                                         "WITH RECURSIVE c(n) AS (SELECT 1 "
                                         "UNION ALL SELECT n + 1 FROM c) "
                                         "SELECT max(n) FROM c")
        self.settle()
        names = [os.readlink("/proc/%d/fd/%d" % (pid, fd))
                 for pid, fd in ((process.pid, 1), (process.pid, 2),
                                 (worker, 1))]
        self.assertEqual(names[2], names[1])
        self.assertNotEqual(names[2], names[0])
        self.assertEqual(os.readlink("/proc/%d/fd/0" % worker), "/dev/null")


class Run(CliCase):
    """odbcship run"""

    def test_silent(self):
        """without a terminal a run says nothing"""
        self.put("daily")
        self.assert_silent(self.home.run("run", "daily"))
        self.assertEqual(self.delivered(), ["daily.csv"])

    def test_path(self):
        """a job by its path"""
        path = self.put("daily")
        self.home.run("run", path)
        self.assertEqual(self.assert_recorded(0, "shipped")["job"], "daily")

    def test_config(self):
        """--config chooses the main file, before and after the command"""
        other = self.home._dir("other", "jobs.d")
        self.home.write(os.path.join(other, "else.cfg"), source(
            dsn="shop", sql="SELECT 1 AS a") + 'file: { name = "e.csv"; };\n' +
            target(self.url))
        path = os.path.join(self.home.path, "other", "main.cfg")
        self.home.write(path, "")
        for words in (("--config", path, "list", "--names"),
                      ("list", "--names", "-c", path)):
            self.assertEqual(self.home.run(*words).stdout, "else\n")
        self.assert_message(self.home.run("show", "else", "-c", path + "x",
                                          expect=78), path + "x")

    def test_terminal(self):
        """on a terminal one line says what came of it"""
        self.put("daily")
        result = self.home.run_on_terminal("run", "daily")
        self.assertRegex(result.stderr.replace("\r", "").splitlines()[-1],
                         r"daily: shipped daily.csv, 2 rows, .*out.*run 1")
        self.assertEqual(result.stdout, "")
        again = self.home.run_on_terminal("run", "daily")
        self.assertIn("shipped already, by run 1", again.stderr)
        self.assertIn("--force", again.stderr)
        quiet = self.home.run_on_terminal("run", "daily", "--force", "-q")
        self.assertEqual(quiet.stderr, "")

    def test_progress(self):
        """long work shows a line that fits and is taken away"""
        name = "orders-of-the-day-for-the-fulfilment-partner-in-berlin"
        self.put(name, ENDLESS_FETCH + " LIMIT 400000")
        result = self.home.run_on_terminal("run", name)
        drawn = [part for part in result.stderr.split("\r\x1b[K")
                 if "rows/s" in part]
        self.assertTrue(drawn, result.stderr)
        for part in drawn:
            self.assertLess(len(part), 80)
            self.assertRegex(part, r"^statement 1 \(orders-of-.*: [\d,]+ rows, "
                             r"[\d.]+ \w+, [\d,]+ rows/s, [\d.]+ s$")
        self.assertEqual(result.stdout, "")
        self.assertNotIn("statement", result.stderr.split("\r\x1b[K")[-1])

    def test_already(self):
        """a logical date that was shipped is not run again; --force does"""
        self.put("daily")
        self.home.run("run", "daily", "--date", "2026-01-31")
        path = os.path.join(self.out, "daily.csv")
        os.unlink(path)
        self.assert_silent(self.home.run("run", "daily", "--date",
                                         "2026-01-31"))
        self.assertEqual(self.delivered(), [])
        again = self.home.run("run", "daily", "--date", "2026-01-31", "-v")
        self.assertIn("shipped already, by run 1", again.stderr)
        said = json.loads(self.home.run("run", "daily", "--date", "2026-01-31",
                                        "--json").stdout)
        self.assertEqual((said["state"], said["status"],
                          said["shipped_by_run"]),
                         ("already-shipped", 0, 1))
        self.assertEqual(len(self.home.runs()), 1)
        self.home.run("run", "daily", "--date", "2026-01-31", "--force")
        self.assertEqual(self.delivered(), ["daily.csv"])
        self.home.run("run", "daily", "--date", "2026-02-01")
        self.assertEqual([(r["date"], r["forced"]) for r in self.home.runs()],
                         [("2026-01-31", 0), ("2026-01-31", 1),
                          ("2026-02-01", 0)])

    def test_no_ship(self):
        """--no-ship prints where the file is, and the date is not shipped"""
        self.put("daily")
        result = self.home.run("run", "daily", "--no-ship")
        path = result.stdout.rstrip("\n")
        self.assertEqual(result.stderr, "")
        with open(path, "rb") as f:
            self.assertEqual(f.read(), ITEMS)
        self.assertEqual(self.delivered(), [])
        self.assert_recorded(0, "kept")
        self.home.run("run", "daily")
        self.assertEqual(self.delivered(), ["daily.csv"])

    def test_dry_run(self):
        """--dry-run says what would happen and touches nothing"""
        self.home.plain = True
        self.put("daily", "DELETE FROM item;\nSELECT 1 AS a")
        before = files_of(self.home.path)
        for word in ("--dry-run", "-n"):
            text = self.home.run("run", "daily", word).stdout
            for part in ("shop", "2 statements of daily.sql",
                         "write daily.csv", self.url):
                self.assertIn(part, text)
        self.assertEqual(files_of(self.home.path), before)

    def test_dry_run_wrong(self):
        """--dry-run of a wrong job fails as the run would"""
        self.home.job("daily", "sorce: { };\n")
        self.assert_message(self.home.run("run", "daily", "-n", expect=78),
                            "daily.cfg:1", "'source'")
        self.assertFalse(os.path.exists(self.home.state))

    def test_dry_run_json(self):
        """--dry-run --json is a line of JSON as well"""
        self.put("daily")
        lines = self.home.run("run", "daily", "-n",
                              "--json").stdout.splitlines()
        self.assertEqual(len(lines), 1)
        said = json.loads(lines[0])
        self.assertEqual((said["job"], said["state"], said["status"]),
                         ("daily", "dry-run", 0))
        self.assertIn("would write daily.csv", said["would"])

    def test_json(self):
        """--json: one valid line per run, the failed ones too"""
        self.put("good", "SELECT 'a\"\u00e9\n' AS v")
        self.put("bad", "SELECT * FROM \"no'such\\\"")
        result = self.home.run("run", "good", "bad", "nojob", "--json",
                               expect=69)
        good, bad, nojob = map(json.loads, result.stdout.splitlines())
        self.assertEqual((good["job"], good["run"], good["state"],
                          good["status"], good["rows"], good["error"]),
                         ("good", 1, "shipped", 0, 1, None))
        with open(os.path.join(self.out, "good.csv"), "rb") as f:
            data = f.read()
        self.assertEqual((good["files"][0]["name"], good["files"][0]["bytes"],
                          good["files"][0]["sha256"]),
                         ("good.csv", len(data),
                          hashlib.sha256(data).hexdigest()))
        (delivery,) = good["deliveries"]
        self.assertEqual((delivery["target"], delivery["stage"],
                          delivery["url"], delivery["error"]),
                         ("out", "verified", self.url + "good.csv", None))
        self.assertEqual((bad["status"], bad["state"], bad["files"],
                          bad["error"]["class"], bad["error"]["sqlstate"]),
                         (69, "failed", [], "database", "HY000"))
        self.assertIn("bad.sql:1", bad["error"]["message"])
        self.assertEqual((nojob["status"], nojob["error"]["class"]),
                         (78, "spec"))

    def test_verbose(self):
        """-v tells the run in under 20 lines, -q only errors"""
        self.put("daily")
        lines = self.home.run("run", "daily", "-v").stderr.splitlines()
        self.assertLess(len(lines), 20)
        text = "\n".join(lines)
        for part in ("begins", "SQLite", "daily.sql:1", "2 rows", "SHA-256",
                     self.url, "shipped"):
            self.assertIn(part, text)
        self.put("bad", "SELECT * FROM nosuch")
        self.assert_message(self.home.run("run", "bad", "-q", expect=69),
                            "nosuch")

    def test_log_json(self):
        """--log-format json: every line on standard error is JSON"""
        self.put("daily")
        self.put("bad", "SELECT * FROM nosuch")
        result = self.home.run("run", "daily", "bad", "nojob", "-v",
                               "--log-format", "json", expect=69)
        lines = [json.loads(line) for line in result.stderr.splitlines()]
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT.*Z$")
            self.assertIn(line["level"], ("info", "warning", "error"))
            self.assertTrue(line["message"])
        errors = [line["message"] for line in lines
                  if line["level"] == "error"]
        self.assertTrue(any("nosuch" in e and "hint: " in e for e in errors))
        self.assertTrue(any("nothing was shipped" in e for e in errors))
        begun = [line for line in lines if "begins" in line["message"]]
        self.assertEqual([(b["job"], b["run"]) for b in begun[:2]],
                         [("daily", 1), ("bad", 2)])

    def test_journal(self):
        """under systemd lines have priorities, and only there"""
        self.put("bad", "SELECT * FROM nosuch")
        read, write = os.pipe()
        st = os.fstat(write)
        name = "%d:%d" % (st.st_dev, st.st_ino)
        process = self.home.start("run", "bad", "-v", stderr=write,
                                  env={"JOURNAL_STREAM": name})
        os.close(write)
        with open(read) as f:
            lines = f.read().splitlines()
        self.home.finish(process, 69)
        for line in lines:
            self.assertRegex(line, r"^<[346]>", lines)
        self.assertTrue(any(line.startswith("<3>odbcship: ") and
                            "nosuch" in line for line in lines))
        other = self.home.run("run", "bad", "-v", expect=69,
                              env={"JOURNAL_STREAM": "1:2"})
        self.assertNotRegex(other.stderr, r"(?m)^<\d>")

    def test_color(self):
        """--color: always colours, never does not, NO_COLOR is heard"""
        self.put("bad", "SELECT * FROM nosuch")
        always = self.home.run("run", "bad", "--color=always", expect=69)
        self.assertIn("\x1b[31m", always.stderr)
        term = {"TERM": "xterm"}
        on = self.home.run_on_terminal("run", "bad", env=term, expect=69)
        self.assertIn("\x1b[31m", on.stderr)
        for words, env in ((("--color=never",), term),
                           ((), {"TERM": "xterm", "NO_COLOR": "1"}),
                           ((), {"TERM": "dumb"})):
            off = self.home.run_on_terminal("run", "bad", *words, env=env,
                                            expect=69)
            self.assertNotRegex(off.stderr, "\x1b\\[\\d*m")

    def test_overlays(self):
        """--set of a list's member, --dsn and --param"""
        self.home.sqlite("other", "CREATE TABLE item (id INTEGER, name TEXT);"
                         "INSERT INTO item VALUES (9, 'nine');")
        self.put("daily", "SELECT id, name FROM item WHERE id >= :least",
                 source='params = { least = "0"; };')
        elsewhere, url = self.home.directory("elsewhere")
        self.home.run("run", "daily", "--dsn", "other", "--param", "least=5",
                      "--set", "targets.out.url=" + url, "--set",
                      "file.name=x.csv")
        with open(os.path.join(elsewhere, "x.csv"), "rb") as f:
            self.assertEqual(f.read(), b"id,name\r\n9,nine\r\n")
        self.assertEqual(self.delivered(), [])

    def test_secret_never_shown(self):
        """no secret in any output, log or record"""
        self.home.secret("pw", SECRET + "\n")
        self.put("daily", source='user = "u"; password = { file = "pw"; };')
        everything = ""
        for words in (("run", "daily", "-vv", "--json"), ("show", "daily"),
                      ("show", "daily", "--all"), ("check", "daily"),
                      ("run", "daily", "-n"), ("history", "1", "--json"),
                      ("run", "daily", "--force", "--log-format=json", "-vv")):
            result = self.home.run(*words)
            everything += result.stdout + result.stderr
        self.assertNotIn(SECRET, everything)
        with open(os.path.join(self.home.state, "ledger.db"), "rb") as f:
            self.assertNotIn(SECRET.encode(), f.read())


class Look(CliCase):
    """check, show, list, history"""

    def test_first(self):
        """before there is any job, how to begin is said"""
        self.assert_message(self.home.run("run", "daily", expect=78),
                            "'odbcship init daily --dsn DSN' writes the first")
        result = self.home.run("list")
        self.assertEqual(result.stdout, "")
        self.assertIn("'odbcship init NAME --dsn DSN' writes one",
                      result.stderr)

    def test_check_form(self):
        """check names the line of the option that is wrong"""
        for wrong in ('null = "a,b"', 'boolean = "yes"', 'date = "%Q"',
                      'time = "%Q"', 'timestamp = "%Q"',
                      'charset = "klingon"'):
            self.home.job("form", "source: { dsn = \"shop\"; sql = \"SELECT "
                          "1\"; };\nfile: { name = \"a.csv\";\n"
                          "  preset = \"excel\";\n  %s; };\n"
                          "targets = ( { name = \"o\"; url = "
                          "\"file:///tmp/\"; } );\n" % wrong)
            result = self.home.run("check", "form", expect=78)
            self.assertIn("form.cfg:4: file.%s: " % wrong.split(" ")[0],
                          result.stderr)

    def test_check(self):
        """check of all jobs shows all that is wrong, and touches nothing"""
        self.home.plain = True
        self.put("good")
        self.home.job("bad", "source: {\n  dns = \"shop\";\n};\n"
                      "file: { nmae = \"x\"; header = 3; };\n")
        before = files_of(self.home.path)
        result = self.home.run("check", expect=78)
        self.assertIn("good: ok\n", result.stdout)
        self.assertNotIn("bad: ok", result.stdout)
        for part in ("bad.cfg:2: ", "bad.cfg:4: ", "'source.dsn'",
                     "'file.name'"):
            self.assertIn(part, result.stderr)
        self.assertEqual(files_of(self.home.path), before)
        self.home.run("check", "good")

    def test_connect(self):
        """check --connect logs in to the database and every target"""
        self.put("good")
        text = self.home.run("check", "--connect", "good").stdout
        self.assertIn("SQLite 3.", text)
        self.assertIn(self.url, text)
        result = self.home.run("check", "--connect", "good", "--dsn", "shp",
                               expect=69)
        self.assertIn("'shop'", result.stderr)
        self.assertNotIn("good: ok", result.stdout)
        self.put("gone", url="file:///nonexistent/dir/")
        result = self.home.run("check", "--connect", "gone", expect=73)
        self.assertIn("/nonexistent/dir/", result.stderr)
        self.assertNotIn("gone: ok", result.stdout)
        self.assertEqual(self.delivered(), [])

    def test_show(self):
        """show: effective values, each with file:line, secrets masked"""
        self.home.main('owner = "team@example.com";\n')
        self.home.job("daily", '# 1\nsource: {\n  dsn = "shop";\n'
                      '  sql = "SELECT 1 AS a";\n  user = "me";\n'
                      '  password = "%s";\n};\nfile: { name = "d.csv"; };\n'
                      % SECRET + target(self.url) +
                      'environments: {\n dev: { source: { dsn = "dev"; }; %s };'
                      '\n};\n' % target(self.url).strip(), mode=0o600)
        text = self.home.run("show", "daily", "--env", "dev", "--set",
                             "file.delimiter=;").stdout
        path = os.path.join(self.home.jobs, "daily.cfg")
        for key, value, origin in (
                ("source.dsn", '"dev"', path + ":11"),
                ("source.user", '"me"', path + ":5"),
                ("source.password", '"***"', path + ":6"),
                ("file.name", '"d.csv"', path + ":8"),
                ("owner", '"team@example.com"', self.home.config + ":1"),
                ("file.delimiter", '";"', "command line"),
                ("targets.out.url", '"%s"' % self.url, path + ":11")):
            self.assertRegex(text, r"(?m)^%s = %s +# %s$" % tuple(
                map(re.escape, (key, value, origin))))
        self.assertNotIn(SECRET, text)
        self.assertNotIn("# default", text)
        everything = self.home.run("show", "daily", "--env", "dev",
                                   "--all").stdout
        self.assertRegex(everything, r"(?m)^file.newline = \S+ +# default$")

    def test_show_environments(self):
        """show with two environments: what is not the same, and where it is"""
        self.put("daily", extra=(
            'environments: {\n prod: { };\n'
            ' dev: { source: { dsn = "shop_dev"; user = "dev"; };\n'
            '  %s };\n};\n' % target("file:///tmp/x/", name="here").strip()))
        path = os.path.join(self.home.jobs, "daily.cfg")
        text = self.home.run("show", "daily", "--env", "prod", "--env",
                             "dev").stdout
        self.assertIn('source.dsn\n  prod     "shop"  # %s:2\n'
                      '  dev      "shop_dev"  # %s:10\n' % (path, path), text)
        self.assertIn('source.user\n  prod     not set\n  dev      "dev"',
                      text)
        self.assertIn("targets.out.url\n", text)
        self.assertIn("targets.here.url\n  prod     not set\n", text)
        self.assertNotIn("file.name", text)
        self.assertEqual(self.home.run("show", "daily", "--env", "prod",
                                       "--env", "prod").stdout, "")

    def test_help_setting(self):
        """help SETTING documents one setting, or a group; and what was meant"""
        text = self.home.run("help", "targets.tls").stdout
        self.assertTrue(text.startswith("targets.tls: "), text)
        self.assertIn("in clear", text)
        self.assertNotIn("targets.url", text)
        self.assertIn("limits.keep: ", self.home.run("help", "limits").stdout)
        result = self.home.run("help", "targets.tsl", expect=64)
        self.assert_message(result, "there is no setting 'targets.tsl'",
                            "Did you mean 'odbcship help targets.tls'?")

    def test_statements(self):
        """show --statements: the batch as it is split, with lines"""
        self.put("daily", "-- first\nSELECT ';' AS a;\n\n-- name: two\n"
                 "SELECT\n 2 AS b;\n", source='dialect = "sqlite";')
        said = json.loads(self.home.run("show", "daily", "--statements",
                                        "--json").stdout)
        self.assertEqual([(s["line"], s["end_line"], s["name"]) for s in said],
                         [(2, 2, None), (5, 6, "two")])
        text = self.home.run("show", "daily", "--statements").stdout
        self.assertIn("lines 2-2, SELECT (query)", text)
        self.assertIn("lines 5-6, SELECT (query), name two", text)

    def test_settings(self):
        """show --settings documents all, or those below a word"""
        text = self.home.run("show", "--settings").stdout
        for key in ("source.dsn", "file.name", "targets.url",
                    "limits.runtime"):
            self.assertRegex(text, r"(?m)^%s: " % key)
        some = self.home.run("show", "--settings", "limits").stdout
        self.assertRegex(some, r"(?m)^limits.runtime: ")
        self.assertNotIn("source.dsn: ", some)

    def test_list(self):
        """list: names, descriptions, owners; broken jobs too"""
        self.put("one", extra='description = "The \\"first\\"";\n'
                 'owner = "me";\n')
        self.home.job("broken", "source: {\n")
        text = self.home.run("list").stdout
        self.assertRegex(text, r'(?m)^one +The "first" \(me\)$')
        self.assertRegex(text, r"(?m)^broken +\(.+\)$")
        self.assertEqual(self.home.run("list", "--names").stdout,
                         "broken\none\n")
        broken, one = json.loads(self.home.run("list", "--json").stdout)
        self.assertEqual((one["job"], one["description"], one["owner"],
                          one["problem"]), ("one", 'The "first"', "me", None))
        self.assertEqual(one["path"], os.path.join(self.home.jobs, "one.cfg"))
        self.assertTrue(broken["problem"])

    def test_list_empty(self):
        """list without jobs says where it looked"""
        result = self.home.run("list")
        self.assertEqual(result.stdout, "")
        self.assertIn(self.home.config, result.stderr)

    def test_history(self):
        """history: newest first, by job, by environment, limited"""
        self.put("a")
        self.put("b", "SELECT * FROM nosuch")
        self.home.run("run", "a", "b", "a", "--force", expect=69)
        ids = [int(line.split()[0]) for line in
               self.home.run("history").stdout.splitlines()
               if line.split()[0].isdigit()]
        self.assertEqual(ids, [3, 2, 1])
        said = json.loads(self.home.run("history", "--json").stdout)
        self.assertEqual([(r["run"], r["job"], r["state"], r["status"])
                          for r in said],
                         [(3, "a", "shipped", 0), (2, "b", "failed", 69),
                          (1, "a", "shipped", 0)])
        self.assertIn("nosuch", said[1]["message"])
        for words, wanted in ((("a",), [3, 1]), (("--limit=1",), [3]),
                              (("-l", "0"), [3, 2, 1]),
                              (("--env", "prod"), [])):
            said = json.loads(self.home.run("history", "--json",
                                            *words).stdout)
            self.assertEqual([r["run"] for r in said], wanted, words)
        self.assertIn("no such table: nosuch",
                      self.home.run("history", "b").stdout)

    def test_history_run(self):
        """history RUN: statements, file and deliveries"""
        self.put("a")
        self.home.run("run", "a")
        (run,) = json.loads(self.home.run("history", "1", "--json").stdout)
        self.assertEqual([(s["source"], s["line"], s["word"], s["rows"],
                           s["error"]) for s in run["statements"]],
                         [("a.sql", 1, "SELECT", 2, None)])
        self.assertEqual([(f["name"], f["rows"], f["bytes"], f["sha256"])
                          for f in run["files"]],
                         [("a.csv", 2, len(ITEMS),
                           hashlib.sha256(ITEMS).hexdigest())])
        self.assertEqual([(d["target"], d["state"], d["verified"], d["bytes"])
                          for d in run["deliveries"]],
                         [("out", "delivered", "size", len(ITEMS))])
        text = self.home.run("history", "1").stdout
        for part in ("a.sql:1", "a.csv", hashlib.sha256(ITEMS).hexdigest(),
                     self.url + "a.csv", "DSN shop"):
            self.assertIn(part, text)

    def test_history_none(self):
        """history without runs, and of a run that is not there"""
        result = self.home.run("history")
        self.assertEqual((result.stdout, result.stderr),
                         ("", "no runs are recorded\n"))
        self.assertEqual(self.home.run("history", "--json").stdout, "[]\n")
        self.assert_message(self.home.run("history", "12", expect=64), "12")


if __name__ == "__main__":
    main()
