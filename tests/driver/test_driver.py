#!/usr/bin/python3
"""The driver that plays a script: that it lies as told, and that the program
never writes a wrong file because of it."""

import sys
sys.dont_write_bytecode = True
import csv
import ctypes
import io
import itertools
import json
import os
import re
import signal
import struct
import subprocess
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "integration")]
from harness import Case, main, program, source, target, wait_until
from play import *

csv.field_size_limit(100 * 1000 * 1000)
LINE = "  column n INTEGER 10 0 notnull\n  column t %s\n"
SMALL = LINE % "VARCHAR 5 0 null"
LONG = LINE % "LONGVARCHAR 0 0 null"
MOST = "info SQL_GETDATA_EXTENSIONS 11\n"   # any column, any order, bound


def result(columns, rows, lies=(), top="", sql="q"):
    """A script with one statement of one result."""
    return "%sstatement %s\n result\n%s%s%s" % (
        top, sql, columns, "".join("  lie %s\n" % lie for lie in lies), rows)


class Manager(Case):
    """The driver as the driver manager shows it."""

    def client(self, script, sql="q", rows=None):
        self.play = Play(self.home, script)
        client = Client(self.play.connection)
        self.addCleanup(client.close)
        if rows is not None:
            self.arrays = client.array(rows)
        if sql is not None:
            self.assertIn(client.execute(sql), (SUCCESS, INFO),
                          client.records())
        return client

    def test_c_types(self):
        """cells become the C type that is asked for"""
        c = self.client(result(
            "  column t VARCHAR 40 0 null\n", "  row -7\n  row 1\n"
            "  row 1.5\n  row \"2024-02-29 23:59:58.120\"\n  row 23:59:58\n"
            "  row hex:00ff\n  row 18446744073709551615\n"))
        wanted = [(C_SBIGINT, struct.pack("q", -7)),
                  (C_BIT, b"\1"), (C_DOUBLE, struct.pack("d", 1.5)),
                  (C_TIMESTAMP, struct.pack("hHHHHHI", 2024, 2, 29, 23, 59,
                                            58, 120000000)),
                  (C_TIME, struct.pack("HHH", 23, 59, 58)),
                  (C_BINARY, b"\0\xff"), (C_UBIGINT, b"\xff" * 8)]
        for c_type, data in wanted:
            self.assertEqual(c.fetch(), SUCCESS)
            rc, got, n = c.get(1, 32, c_type)
            self.assertEqual((rc, got[:len(data) + 1], n),
                             (SUCCESS, data + b"Z", len(data)), c_type)
        self.assertEqual(c.fetch(), NO_DATA)

    def test_no_conversion(self):
        """what does not convert is an error with its SQLSTATE"""
        c = self.client(result("  column t VARCHAR 40 0 null\n",
                               "  row abc\n" * 3 + "  row 2147483648\n"))
        for c_type, state in ((C_SLONG, "22018"), (C_NUMERIC, "HYC00"),
                              (C_WCHAR, "HYC00"), (C_SLONG, "22003")):
            self.assertEqual(c.fetch(), SUCCESS)
            self.assertEqual(c.get(1, c_type=c_type)[0], ERROR)
            self.assertEqual(c.records()[0][0], state)

    def test_blocks(self):
        """row arrays: counter, status and values of a short last block"""
        c = self.client(result(
            SMALL, "  rows 3 counter:8 ab\n  row 11 NULL\n  row 12 abcdef\n"),
            rows=3)
        self.assertEqual(self.arrays, (0, 0, 0))
        c.bind(1, C_SLONG, 4, 3)
        c.bind(2, C_CHAR, 4, 3)
        self.assertEqual((c.fetch(), c.fetched.value, list(c.status)),
                         (SUCCESS, 3, [0, 0, 0]))
        self.assertEqual([c.cell(2, i) for i in range(3)],
                         [(b"ab\0Z", 2)] * 3)
        self.assertEqual([struct.unpack("i", c.cell(1, i)[0])[0]
                          for i in range(3)], [8, 9, 10])
        self.assertEqual((c.fetch(), c.fetched.value, list(c.status)),
                         (INFO, 2, [0, 6, 3]))
        self.assertEqual(c.records()[0][0], "01004")
        self.assertEqual((c.cell(2, 0)[1], c.cell(2, 1)), (-1, (b"abc\0", 6)))
        self.assertEqual((c.fetch(), c.fetched.value), (NO_DATA, 0))

    def cut(self, *lies):
        """How 'aé€x' arrives in a buffer of 4 bytes."""
        c = self.client(result(SMALL, '  row 1 "a\u00e9\u20acx"\n', lies))
        c.bind(2, C_CHAR, 4, indicator=0x5a5a5a5a5a5a5a5a)
        rc = c.fetch()
        states = [r[0] for r in c.records()] if rc == INFO else []
        return (rc, states) + c.cell(2)

    def test_cut(self):
        """how a cut value is told, where it is cut, what its length says"""
        whole = b"a\xc3\xa9\0"
        for lies, wanted in (
                ([], (INFO, ["01004"], whole, 7)),
                (["truncation silent"], (SUCCESS, [], whole, 7)),
                (["truncation record"], (SUCCESS, [], whole, 7)),
                (["nul missing"], (INFO, ["01004"], whole[:3] + b"Z", 7)),
                (["indicator no_total"], (INFO, ["01004"], whole, -4)),
                (["indicator piece"], (INFO, ["01004"], whole, 3)),
                (["indicator larger 5"], (INFO, ["01004"], whole, 12)),
                (["indicator zero32"], (INFO, ["01004"], whole, 7)),
                (["indicator low32"],
                 (INFO, ["01004"], whole, 0x5a5a5a5a00000007))):
            self.home = type(self.home)()
            self.assertEqual(self.cut(*lies), wanted, lies)

    def test_cut_at_character(self):
        """cut char splits no character"""
        c = self.client(result(SMALL, '  row 1 "a\u20acx"\n', ["cut char"]))
        self.assertEqual(c.fetch(), SUCCESS)
        self.assertEqual(c.get(2, 4), (INFO, b"a\0\0Z", 5))
        self.assertEqual(c.get(2, 5), (SUCCESS, b"\xe2\x82\xacx\0", 4))

    def test_null_32(self):
        """NULL as the 32-bit -1"""
        for lie, wanted in (("zero32", 0xffffffff),
                            ("low32", 0x5a5a5a5affffffff)):
            self.home = type(self.home)()
            c = self.client(result(SMALL, "  row 1 NULL\n",
                                   ["indicator " + lie]))
            c.bind(2, indicator=0x5a5a5a5a5a5a5a5a)
            c.fetch()
            self.assertEqual(c.cell(2)[1] & (1 << 64) - 1, wanted)

    def test_counters(self):
        """the lies about rows fetched, status and block size"""
        rows = "  rows 5 1 a\n"
        for lies, wanted in (
                (["fetched never"], [777, 777, 777]),
                (["fetched untouched"], [3, 2, 2]),
                (["fetched garbage 99"], [3, 2, 99]),
                (["fetched full"], [3, 3, 0]),
                (["block short 2"], [2, 2, 1, 0])):
            self.home = type(self.home)()
            c = self.client(result(SMALL, rows, lies), rows=3)
            seen = []
            while True:
                rc = c.fetch()
                seen.append(c.fetched.value)
                if rc != SUCCESS:
                    break
            self.assertEqual((rc, seen), (NO_DATA, wanted), lies)
        for lie, wanted in (("never", [99] * 3), ("all 5", [5] * 3)):
            self.home = type(self.home)()
            c = self.client(result(SMALL, rows, ["status " + lie]), rows=3)
            c.fetch()
            self.assertEqual(list(c.status), wanted)

    def test_array(self):
        """row arrays refused, ignored, changed"""
        for top, arrays, got in (
                ("lie array refused\n", (ERROR, 0, 0), 1),
                ("lie array ignored\n", (SUCCESS, 0, 0), 1),
                ("lie array changed 2\n", (INFO, 0, 0), 2),
                ("lie fetched refused\n", (0, 0, ERROR), 777)):
            self.home = type(self.home)()
            c = self.client(result(SMALL, "  rows 5 1 a\n", top=top), rows=3)
            c.fetch()
            self.assertEqual((self.arrays, c.fetched.value), (arrays, got))

    def test_midblock(self):
        """an error behind rows of its block: told next, as a note, at once"""
        rows = "  rows 4 1 a\n  error 40001 1205 deadlock\n  rows 9 1 a\n"
        for lies, wanted in (
                ([], [(0, 3), (0, 1), (ERROR, 0)]),
                (["midblock info"], [(0, 3), (INFO, 1), (NO_DATA, 0)]),
                (["midblock lose"], [(0, 3), (ERROR, 0)])):
            self.home = type(self.home)()
            c = self.client(result(SMALL, rows, lies), rows=3)
            self.assertEqual([(c.fetch(), c.fetched.value) for _ in wanted],
                             wanted, lies)

    def test_getdata_rules(self):
        """SQL_GETDATA_EXTENSIONS is enforced, unless the script says not"""
        columns = "".join("  column c%d VARCHAR 9 0 null\n" % i
                          for i in range(1, 5))
        for bits, lies, wanted in (
                (0, [], [ERROR, ERROR, SUCCESS, ERROR]),
                (1, [], [SUCCESS, ERROR, SUCCESS, ERROR]),
                (3, [], [SUCCESS, ERROR, SUCCESS, SUCCESS]),
                (11, [], [SUCCESS] * 4),
                (0, ["getdata free"], [SUCCESS] * 4)):
            self.home = type(self.home)()
            c = self.client(result(columns, "  row a b c d\n", lies,
                                   "info SQL_GETDATA_EXTENSIONS %d\n" % bits))
            c.bind(2)
            c.fetch()
            self.assertEqual([c.get(i)[0] for i in (1, 2, 4, 3)], wanted,
                             bits)

    def test_getdata_block(self):
        """SQLGetData with a row array needs SQL_GD_BLOCK"""
        for bits, wanted in ((11, ERROR), (15, SUCCESS)):
            self.home = type(self.home)()
            c = self.client(result(
                SMALL, "  rows 4 1 a\n",
                top="info SQL_GETDATA_EXTENSIONS %d\n" % bits), rows=2)
            c.fetch()
            self.assertEqual(c.get(2)[0], wanted)
            if wanted == ERROR:
                self.assertEqual(c.records()[0][0], "HY109")

    def test_pieces(self):
        """SQLGetData gives a value in pieces, and then no more"""
        for lies, wanted in (
                ([], [(INFO, b"abc\0", 8), (INFO, b"def\0", 5),
                      (SUCCESS, b"gh\0Z", 2), (NO_DATA, b"ZZZZ", 0x5a)]),
                (["indicator total"],
                 [(INFO, b"abc\0", 8), (INFO, b"def\0", 8),
                  (SUCCESS, b"gh\0Z", 8)]),
                (["again repeat"],
                 [(INFO, b"abc\0", 8), (INFO, b"def\0", 5)] +
                 [(SUCCESS, b"gh\0Z", 2)] * 3),
                (["again empty"],
                 [(INFO, b"abc\0", 8), (INFO, b"def\0", 5),
                  (SUCCESS, b"gh\0Z", 2), (SUCCESS, b"\0ZZZ", 0)])):
            self.home = type(self.home)()
            c = self.client(result(SMALL, "  row 1 abcdefgh\n", lies))
            c.fetch()
            self.assertEqual([c.get(2, 4) for _ in wanted], wanted, lies)

    def test_bound_again(self):
        """a bound, cut column again: from its beginning, or the rest"""
        for lies, wanted in (([], b"abcdefgh"), (["bound continue"],
                                                 b"defgh")):
            self.home = type(self.home)()
            c = self.client(result(SMALL, "  row 1 abcdefgh\n", lies, MOST))
            c.bind(2, C_CHAR, 4)
            c.fetch()
            self.assertEqual(c.get(2)[1].split(b"\0")[0], wanted)

    def test_binary(self):
        """binary as text: hexadecimal digits, or raw"""
        for lies, wanted in (([], b"00FF\0"), (["binary raw"], b"\0\xff\0")):
            self.home = type(self.home)()
            c = self.client(result(LINE % "VARBINARY 2 0 null",
                                   "  row 1 hex:00ff\n", lies))
            c.fetch()
            self.assertEqual(c.get(2)[1][:len(wanted)], wanted)

    def test_accidents(self):
        """the nth call fails; records are many; a note is success"""
        c = self.client("fail SQLFetch 2 HYT00 7 late times 3\n"
                        "note SQLFetch 3+ 01000 0 hm\n" +
                        result(SMALL, "  rows 3 1 a\n"))
        self.assertEqual([c.fetch(), c.fetch()], [SUCCESS, ERROR])
        self.assertEqual(c.records(), [("HYT00", 7, "late (%d)" % i)
                                       for i in (1, 2, 3)])
        self.assertEqual([c.fetch() for _ in range(3)], [INFO, INFO, NO_DATA])
        self.assertIn("SQLFetch#1 rows=0 = ERROR HYT00 HYT00 HYT00",
                      self.play.transcript("SQLFetch"))

    def test_results(self):
        """several results, counts and errors of one statement"""
        c = self.client("statement q\n note 01000 0 hello\n rowcount 3\n"
                        " result\n  column a INTEGER 4 0 null\n  row 1\n"
                        " done\n error 42000 5 wrong\n", None)
        self.assertEqual((c.execute("q"), c.records()[0][2]),
                         (INFO, "hello"))
        self.assertEqual(c.odbc.SQLMoreResults(c.stmt), SUCCESS)
        self.assertEqual((c.fetch(), c.fetch()), (SUCCESS, NO_DATA))
        self.assertEqual(c.odbc.SQLMoreResults(c.stmt), ERROR)
        self.assertEqual(c.records()[0][:2], ("42000", 5))

    def test_rules(self):
        """rules by text and glob, so many times"""
        c = self.client('statement "select *" times 1\n rowcount 1\n'
                        'statement "select *"\n error HY000 0 again\n', None)
        self.assertEqual(c.execute("  select 1\n"), SUCCESS)
        self.assertEqual(c.execute("select 1"), ERROR)
        self.assertEqual(c.execute("insert"), ERROR)
        self.assertEqual(c.records()[0][0], "42000")

    def test_two_threads(self):
        """two threads in one connection are written down"""
        c = self.client("pause SQLFetch 1 1500\n" +
                        result(SMALL, "  rows 3 1 a\n"), rows=1)
        driver = ctypes.CDLL(self.play.driver)
        first = threading.Thread(target=c.fetch)
        first.start()
        wait_until(lambda: "pause 1500" in self.play.transcript(), 60, "it")
        # Past the driver manager, which lets one in after the other.
        handle = self.driver_handle(c)
        driver.SQLNumResultCols(handle, ctypes.byref(ctypes.c_short()))
        first.join()
        lines = self.play.transcript()
        self.assertTrue(any(line.startswith(
            "thread-violation: SQLNumResultCols of thread")
            for line in lines), lines)

    def driver_handle(self, client):
        """The driver's own statement handle."""
        handle = ctypes.c_void_p()
        n = ctypes.c_short()
        handle.value = client.stmt.value
        client.odbc.SQLGetInfo(
            client.dbc, 5, ctypes.byref(handle), ctypes.c_short(8),
            ctypes.byref(n))
        return handle

    def test_leak(self):
        """a statement that is not freed is counted"""
        self.play = Play(self.home, "statement q\n")
        c = Client(self.play.connection)
        c.odbc.SQLDisconnect(c.dbc)
        self.assertIn("handles env=1 dbc=1 stmt=1", self.play.transcript())

    def test_wrong_scripts(self):
        """a wrong script names file and line"""
        for script, text in (
                ("statement q\n result\n  rwo 1\n", "line 3"),
                ("lie indicator maybe\n", "lie 'indicator maybe'"),
                ('dbms "x\n', "line 1"),
                (result(SMALL, "  row 1\n"), "1 cells for 2 columns"),
                ("fail SQLFoo 1 HY000 0 x\n", "SQLFoo")):
            self.home = type(self.home)()
            play = Play(self.home, script)
            with self.assertRaises(ConnectionError) as caught:
                Client(play.connection)
            self.assertIn(text, str(caught.exception))

    def test_drain(self):
        """drain counts rows and bytes"""
        play = Play(self.home, result(SMALL, "  rows 1000 counter:1 text:5\n"
                                             "  row 7 NULL\n"))
        for rows in ("64", "1", "1000"):
            done = subprocess.run(
                [os.path.join(built(), "drain"), "-r", rows, play.connection,
                 "q"], stdout=subprocess.PIPE, check=True, timeout=120)
            said = json.loads(done.stdout)
            self.assertEqual((said["rows"], said["bytes"]),
                             (1001, sum(len(str(i)) for i in range(1, 1001)) +
                              5000 + 1))
            self.assertGreater(said["peak_kib"], 0)


class Values(Case):
    """What the program makes of honest results."""

    def query(self, script, library="libodbcplay.so", expect=0):
        self.play = Play(self.home, script, library)
        return self.play.query("q", expect=expect)

    def rows(self, script, **more):
        text = self.query(script, **more).bytes.decode()
        return list(csv.reader(io.StringIO(text, newline="")))[1:]

    def test_identity(self):
        """the names that the driver gives itself are recorded"""
        play = Play(self.home, result(SMALL, "  row 1 a\n", top=(
            'dbms "Oracle" 19.3\ndriver libsqora.so.19.1 19.1\n')))
        _, url = self.home.directory()
        self.home.job("j", source(connection=play.connection, sql="q") +
                      'file: { name = "j.csv"; };\n' + target(url))
        self.home.run("run", "j")
        row = self.assert_recorded(0, "shipped")
        self.assertEqual((row["dbms"], row["driver"]),
                         ("Oracle 19.3", "libsqora.so.19.1 19.1"))

    def test_impersonation(self):
        """a driver is known by its library, and by what it says"""
        script = ('statement "SET *"\n rowcount 0\n'
                  'statement "SELECT @@*"\n rowcount 0\n' +
                  result(LINE % "REAL 7 0 null", "  row 1 1.5\n"))
        self.query(script, "libmaodbc.so")
        self.assertIn("charset=utf8mb4",
                      self.play.transcript("SQLDriverConnect")[0])
        self.home = type(self.home)()
        self.assertEqual(
            self.query("driver libmaodbc.so 3.1\n" + script).stdout,
            "n,t\r\n1,1.5\r\n")
        self.assertIn("c=%d " % C_FLOAT,
                      self.play.transcript("SQLBindCol")[1])

    # What each driver is asked for: in the connection string, by a variable.
    ADDED = [("libsqlite3odbc.so", "StepAPI=1;NoCreat=1;Timeout=5000", ""),
             ("psqlodbcw.so", "UseDeclareFetch=1;Fetch=10",
              "PGCLIENTENCODING=UTF8"),
             ("libmaodbc.so", "charset=utf8mb4;CONN_TIMEOUT=30", ""),
             ("libmyodbc8a.so", "charset=utf8mb4;NO_CACHE=1;FORWARDONLY=1",
              ""),
             ("libtdsodbc.so", "ClientCharset=UTF-8", ""),
             ("libOdbcFb.so", "CHARSET=UTF8", ""),
             ("libsqora.so.21.1", "", "NLS_LANG=.AL32UTF8"),
             ("libdb2o.so", "", "DB2CODEPAGE=1208"),
             ("libvirtodbc.so", "", ""), ("libmdbodbc.so", "", ""),
             ("libmsodbcsql-18.so", "", "")]

    def test_additions(self):
        """each driver is asked for UTF-8, streaming, and no more"""
        names = sorted(a[2].split("=")[0] for a in self.ADDED if a[2])
        for library, added, variable in self.ADDED:
            self.home = type(self.home)()
            self.home.env.update({"DB2CODEPAGE": "819", "NLS_LANG": "X.WE8",
                                  "PGCLIENTENCODING": "LATIN1"})
            before = dict(self.home.env)
            play = Play(self.home, 'statement "S*"\n rowcount 0\n' + result(
                "".join("  column v%d VARCHAR 20 0 null\n" % i
                        for i in range(len(names))),
                "  row %s\n" % " ".join("env:" + n for n in names)), library)
            done = play.query("q", "--set", "source.wrap=false", "--set",
                              "source.login_timeout=30s")
            wanted = dict((n, before[n]) for n in names)
            wanted.update([variable.split("=")] if variable else [])
            self.assertEqual(done.stdout.splitlines()[1],
                             ",".join(wanted[n] for n in names), library)
            line = play.transcript("SQLDriverConnect")[0]
            rest = line.split("Transcript=%s" % play.log)[1]
            self.assertEqual(re.match(r"[^\s\"]*", rest).group(0),
                             ";" + added if added else "", line)

    def test_buffered(self):
        """a driver that holds results in memory: check and the log say so"""
        for library, tells in (("libmaodbc.so", True),
                               ("libodbcplay.so", False)):
            self.home = type(self.home)()
            play = Play(self.home, 'statement "S*"\n rowcount 0\n' + result(
                SMALL, "  row 1 a\n"), library)
            self.home.job("j", source(connection=play.connection, sql="q") +
                          'file: { name = "j.csv"; };\n' +
                          target(self.home.directory()[1]))
            said = "holds a whole result in memory"
            checked = self.home.run("check", "j", "--connect")
            self.assertEqual(said in checked.stdout, tells, checked)
            ran = self.home.run("run", "j", "-v")
            self.assertEqual(said in ran.stderr, tells, ran)

    def test_long_binary(self):
        """mdbtools ends a result at a long binary column: refused"""
        done = self.query("driver libmdbodbc.so 1.0\n" + result(
            LINE % "LONGVARBINARY 0 0 null", "  row 1 00\n"), expect=65)
        self.assertIn("ends the result at a column of this type", done.stderr)
        self.assertIn("drivers.md#mdbtools", done.stderr)

    def test_password(self):
        """no password in the transcript"""
        play = Play(self.home, result(SMALL, "  row 1 a\n"))
        play.connection += ";PWD=hush"
        play.query("q")
        with open(play.log, encoding="utf-8") as f:
            text = f.read()
        self.assertIn("PWD=***", text)
        self.assertNotIn("hush", text)

    def test_exact(self):
        """text, NULL, empty, bytes"""
        self.assertEqual(
            self.query(result(
                LINE % "VARBINARY 4 0 null", "  row 1 hex:00ff\n"
                "  row 2 NULL\n  row 3 \"\"\n  row 4 repeat:9:\"a\"\n")).bytes,
            b'n,t\r\n1,00ff\r\n2,\r\n3,""\r\n4,' + b"61" * 9 + b"\r\n")

    def test_mixed(self):
        """5000 rows of what a CSV writer must not get wrong"""
        data = self.query(result(SMALL, "  rows 5000 counter:1 mixed:40\n"))
        wanted = [b"n,t"]
        for row in range(5000):
            value = mixed(40, row)
            if value == b"":
                text = b'""'
            elif value is None:
                text = b""
            elif any(c in value for c in b',"\r\n'):
                text = b'"' + value.replace(b'"', b'""') + b'"'
            else:
                text = value
            wanted.append(b"%d,%s" % (row + 1, text))
        self.assertEqual(data.bytes.split(b"\r\n"),
                         (b"\r\n".join(wanted) + b"\r\n").split(b"\r\n"))

    def test_long(self):
        """long values in pieces, and a short column behind them"""
        got = self.rows(result(
            LONG + "  column s VARCHAR 9 0 null\n",
            "  row 1 random:3000000:5 x\n  row 2 NULL y\n"
            "  row 3 repeat:700000:\"\u20ac,\" z\n  row 4 \"\" NULL\n"))
        self.assertEqual(got, [
            ["1", letters(3000000, 5).decode(), "x"], ["2", "", "y"],
            ["3", "\u20ac," * 700000, "z"], ["4", "", ""]])

    def test_parameters(self):
        """parameters arrive as they were given"""
        play = Play(self.home, result(LINE % "VARCHAR 50 0 null",
                                      "  row 1 param:1\n",
                                      sql='"select * ?*"'))
        out = play.query("select x = :who", "--param", "who=O'Neill \u20ac")
        self.assertEqual(out.stdout, "n,t\r\n1,O'Neill \u20ac\r\n")

    def test_last_result(self):
        """counts before the result are no results; rows come from the last"""
        play = Play(self.home, "statement q\n rowcount 3\n result\n"
                    "  column a INTEGER 4 0 null\n  row 1\n done\n"
                    " rowcount 2\n result\n"
                    "  column b INTEGER 4 0 null\n  row 2\n")
        play.query("q", "-o", "out.csv")
        with open(os.path.join(self.home.path, "out.csv"), "rb") as f:
            self.assertEqual(f.read(), b"b\r\n2\r\n")

    def test_discipline(self):
        """nothing leaks, one thread, and SQLSetPos is never called"""
        self.query(MOST + result(SMALL, "  rows 50 counter:1 mixed:400\n"))
        lines = self.play.transcript()
        self.assertEqual(lines[-1], "handles env=0 dbc=0 stmt=0")
        self.assertIn("handles env=1 dbc=1 stmt=0", lines)
        self.assertFalse([line for line in lines if "violation" in line])
        self.assertEqual(self.play.transcript("SQLSetPos"), [])
        # One row at a time, in C types that no driver is known to get wrong.
        self.assertFalse([line for line in self.play.transcript(
            "SQLSetStmtAttr") if " 27 " in line or " 3 " in line])
        given = [line for line in lines if line.startswith(("SQLBindCol",
                                                            "SQLGetData"))]
        self.assertTrue(given)
        self.assertEqual({re.search(r" c=(-?\d+)", line).group(1)
                          for line in given}, {"1"})

    # What is asked for of each type: anything else is wrong with a driver.
    TEXT, BYTES = {C_CHAR}, {C_BINARY}
    ASKED = [("INTEGER 10 0", "1", TEXT), ("SMALLINT 5 0", "1", TEXT),
             ("BIGINT 19 0", "-1", TEXT), ("DECIMAL 12 3", "1.500", TEXT),
             ("NUMERIC 38 0", "7", TEXT), ("VARCHAR 20 0", "a", TEXT),
             ("DATE 10 0", "0000-00-00", TEXT),
             ("TIME 8 0", "23:59:59", TEXT),
             ("TIMESTAMP 19 0", '"0001-01-01 00:00:00"', TEXT),
             ("GUID 36 0", "ab", TEXT), ("BINARY 2 0", "hex:00ff", BYTES),
             ("VARBINARY 2 0", "hex:00ff", BYTES),
             ("REAL 7 0", "1.5", {C_CHAR, C_FLOAT}),
             ("DOUBLE 15 0", "1.5", {C_CHAR, C_DOUBLE}),
             ("BIT 1 0", "1", {C_CHAR, C_BIT}),
             ("WVARCHAR 9 0", "a", TEXT),
             ("LONGVARBINARY 0 0", "hex:00ff", BYTES),
             ("LONGVARCHAR 0 0", "repeat:700000:ab", TEXT),
             ("WLONGVARCHAR 0 0", "b", TEXT)]
    UNLIKE = {"libvirtodbc.so": "W", "libmdbodbc.so": "LONGVARBINARY"}

    def test_asked_types(self):
        """each type as text, bytes or its own floating point, on any driver:
        no SQL_C_SBIGINT, SQL_C_NUMERIC, dates, SQL_C_WCHAR, text as bytes"""
        for library in ("libodbcplay.so", "libmaodbc.so", "libsqlite3odbc.so",
                        "libvirtodbc.so", "libtdsodbc.so", "libmdbodbc.so",
                        "psqlodbcw.so", "libmsodbcsql-18.so"):
            asked = [a for a in self.ASKED if library not in self.UNLIKE or
                     not a[0].startswith(self.UNLIKE[library])]
            columns = "".join("  column c%d %s null\n" % (i, a[0])
                              for i, a in enumerate(asked))
            self.home = type(self.home)()
            self.play = Play(
                self.home, MOST + 'statement "SET *"\n rowcount 0\n'
                'statement "S* *@*"\n rowcount 0\n' + result(
                    columns, "  row %s\n" % " ".join(a[1] for a in asked)),
                library)
            self.play.query("q", "--set", "source.wrap=false", "--set",
                            "source.lossy=warn")
            seen = [set() for _ in asked]
            for line in (self.play.transcript("SQLBindCol") +
                         self.play.transcript("SQLGetData")):
                found = re.match(r"[^ ]+ (\d+) c=(-?\d+)", line)
                seen[int(found.group(1)) - 1].add(int(found.group(2)))
            for i, (kind, _, wanted) in enumerate(asked):
                self.assertTrue(seen[i] and seen[i] <= wanted,
                                (library, kind, seen[i]))

    def test_reals_of_sqlite(self):
        """a SQLite whose printf() has no more digits than a double is
        refused, unless nothing is to be printed by it"""
        sums = ["0.30000000000000004441", "0.33333333333333331483",
                "3.3333333333333332429e+43", "3.3333333333333334532e-45"]
        third, large, small = 1.0 / 3.0, 1.0 / 3.0 * 1e22, 1.0 / 3.0 / 1e22
        self.assertEqual([float(s) for s in sums],
                         [0.1 + 0.2, third, large * 1e22, small / 1e22])
        for i, wrong in enumerate((None, "0.3", "0.33333333333333337034",
                                   "3.3333333333333337e+43", "0.0", "")):
            texts = sums[:]
            if wrong is not None:
                texts[i - 1 if i < 5 else 0] = wrong
            script = ('statement "SELECT printf(*"\n result\n'
                      '  column p VARCHAR 255 0 null\n  row "%s"\n' %
                      " ".join(texts) + result(SMALL, "  row 1 a\n"))
            self.home = type(self.home)()
            play = Play(self.home, script, "libsqlite3odbc.so")
            done = play.query("q", expect=0 if wrong is None else 65)
            if wrong is None:
                self.assertEqual(done.stdout, "n,t\r\n1,a\r\n")
                continue
            self.assertIn("cannot print floating-point numbers exactly: it "
                          "gives '%s'" % " ".join(texts), done.stderr)
            self.assertIn("drivers.md#sqlite", done.stderr)
            self.home = type(self.home)()
            play = Play(self.home, script, "libsqlite3odbc.so")
            self.assertEqual(
                play.query("q", "--set", "source.wrap=false").stdout,
                "n,t\r\n1,a\r\n")

    def test_nothing_between(self):
        """no other statement between the first row and the end: with a cursor
        psqlODBC ends the rows early then"""
        self.query(result(SMALL, "  rows 3000 counter:1 text:40\n"),
                   library="psqlodbcw.so")
        lines = [line.split(" ")[0].split("#")[0] for line in
                 self.play.transcript()]
        first = lines.index("SQLFetch")
        last = len(lines) - lines[::-1].index("SQLFetch")
        self.assertGreater(last - first, 3000)
        self.assertLessEqual({*lines[first:last]},
                             {"SQLFetch", "SQLGetData", "SQLSetConnectAttr"})

    def test_narrow(self):
        """no wide entry point: Virtuoso's are unusable"""
        with open(program()[-1], "rb") as f:
            names = set(re.findall(rb"SQL[A-Z][A-Za-z]+(?=\0)", f.read()))
        self.assertIn(b"SQLDriverConnect", names)
        self.assertEqual([n for n in names if n.endswith(b"W")], [])


class Believing(Case):
    """Either the right bytes or an error, never a wrong file."""

    VALUES = [None, "", "abc", "long text here 0123456789", "\u20ac" * 9,
              "x" * 5000, "a" + "\u20ac" * 3000]
    ROWS = ("  row 1 NULL\n  row 2 \"\"\n  row 3 abc\n"
            "  row 4 \"long text here 0123456789\"\n"
            "  row 5 repeat:9:\u20ac\n  row 6 repeat:5000:x\n"
            "  row 7 a%s\n" % ("\u20ac" * 3000))

    def assert_right(self, data, what):
        """Rows as they are; NULL and the empty string differ; long values
        may be quoted without need."""
        rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
        self.assertEqual(rows, [["n", "t"]] + [
            [str(i + 1), value or ""] for i, value in enumerate(self.VALUES)],
            what)
        self.assertTrue(data.startswith(b'n,t\r\n1,\r\n2,""\r\n'), what)
        self.assertTrue(data.endswith(b"\r\n"), what)

    def lie(self, *lies, columns=SMALL, top=MOST, must=None):
        """Right bytes, or an error of the data; must says which."""
        self.home = type(self.home)()
        play = Play(self.home, result(columns, self.ROWS, lies, top))
        done = play.query("q", "-o", "out.csv", expect=None)
        path = os.path.join(self.home.path, "out.csv")
        what = "%s %s %s\n%s" % (lies, columns, top, done)
        self.assertIn(done.status, (0, 65, 69) if must is None else (must,),
                      what)
        if done.status == 0:
            with open(path, "rb") as f:
                self.assert_right(f.read(), what)
        else:
            self.assertFalse(os.path.exists(path), what)
            self.assertTrue(done.stderr.startswith("odbcship: "), what)
        return done

    def everywhere(self, *lies, must=None):
        """With bound and long columns; with a driver that gives a value
        again (then must holds), and with one that does not."""
        for columns in (SMALL, LONG):
            self.lie(*lies, columns=columns, must=must)
            self.lie(*lies, columns=columns, top="")


class Lies(Believing):
    """Lies that the program stands."""

    def test_sizes(self):
        """sizes that are missing, zero, negative, too small"""
        for size in (0, -1, -4, 3, 255, 2147483647, 4294967295):
            for more in ("", " display 0 octets 0", " display -4 octets -4",
                         " display none octets none", " display 2 octets 1"):
                self.lie(columns=LINE % ("VARCHAR %d 0 null%s" % (size, more)),
                         must=0)

    def test_truncation(self):
        """01004 missing, or given with success; no NUL behind the text"""
        for lie in ("silent", "record", "always"):
            self.everywhere("truncation " + lie, must=0)
            self.everywhere("truncation " + lie, "nul missing", must=0)
        self.everywhere("nul missing", must=0)

    def test_cut(self):
        """characters cut in their middle, or never"""
        self.everywhere("cut byte", must=0)
        self.everywhere("cut char", must=0)
        self.everywhere("cut char", "truncation silent", must=0)

    def test_cut_long(self):
        """the same in values of many pieces"""
        parts = ("\u20ac", "a\u20ac", "\u00e9", "\U0001f600bc",
                 "\U0001f600\U0001f600x")
        rows = "".join("  row 1 repeat:400000:%s\n" % part for part in parts)
        for lies in (["cut byte"], ["cut char"],
                     ["cut char", "indicator no_total"]):
            self.home = type(self.home)()
            done = Play(self.home, result(LONG, rows, lies)).query("q")
            got = list(csv.reader(io.StringIO(done.bytes.decode())))[1:]
            self.assertTrue(got == [["1", part * 400000] for part in parts],
                            lies)

    def test_no_total(self):
        """the length of a cut value is not known"""
        self.everywhere("indicator no_total", must=0)
        self.everywhere("indicator no_total", "truncation silent", must=0)

    def test_indicator_32(self):
        """NULL is 4294967295; 32 bits written into a length of 64"""
        for lie in ("indicator zero32", "indicator low32"):
            self.everywhere(lie, must=0)

    def test_indicator_total(self):
        """each piece says the whole length"""
        self.everywhere("indicator total")

    def test_indicator_piece(self):
        """the length is that of the piece, with 01004"""
        self.everywhere("indicator piece")

    def test_indicator_larger(self):
        """the length of a whole value is larger than what was given"""
        self.everywhere("indicator larger 5")

    def test_pairs(self):
        """two lies at once"""
        lies = ("indicator no_total", "indicator total", "indicator piece",
                "indicator larger 5000", "truncation silent", "nul missing",
                "again repeat", "again empty", "bound continue")
        for one, two in itertools.combinations(lies, 2):
            if one.split()[0] != two.split()[0]:
                self.lie(one, two)
                self.lie(one, two, columns=LONG, top="")

    def test_again(self):
        """SQLGetData behind the end"""
        self.everywhere("again repeat", must=0)
        self.everywhere("again empty", must=0)

    def test_continue(self):
        """a bound, cut column goes on where it was cut"""
        self.lie("bound continue")
        self.lie("bound continue", "truncation silent")
        self.lie("bound continue", "indicator no_total")

    def test_counters(self):
        """rows fetched and row status are wrong"""
        for lie in ("fetched never", "fetched untouched", "fetched full",
                    "fetched garbage 500", "status never", "status all 5",
                    "block short 1"):
            self.lie(lie, must=0)

    def test_refusals(self):
        """what a driver may refuse is not needed"""
        for top in ("lie array refused\n", "lie fetched refused\n",
                    "lie array ignored\n", "lie array changed 2\n",
                    "lie more refused\n",
                    "fail SQLSetStmtAttr * HYC00 0 no\n",
                    "fail SQLGetConnectAttr * HYC00 0 no\n",
                    "fail SQLColAttribute * HYC00 0 no\n"):
            self.lie(top=MOST + top, must=0)
        self.lie(top="fail SQLGetInfo * HYC00 0 no\n")

    def test_fatal_note(self):
        """success with a record that is none of class 01"""
        for state in ("08S01", "HY000", "22003", "40001"):
            for note in ("  note %s 1 gone\n", "  note 01000 0 hm\n"
                         "  note %s 1 gone\n"):
                self.home = type(self.home)()
                play = Play(self.home, result(
                    SMALL, "  rows 70 1 a\n" + note % state + "  rows 9 1 a\n"))
                done = play.query("q", expect=None)
                self.assertIn(done.status, (69, 75), done)
                self.assertIn("gone", done.stderr)

    def test_error_in_block(self):
        """an error behind rows, told as a note and then as the end"""
        for lies in ([], ["midblock info"], ["midblock lose"]):
            self.home = type(self.home)()
            play = Play(self.home, result(
                SMALL, "  rows 553 counter:1 a\n"
                "  error 40001 1205 deadlock\n  rows 9 1 a\n", lies))
            done = play.query("q", expect=75)
            self.assertIn("deadlock", done.stderr)
            self.assertIn("1205", done.stderr)

    def test_many_records(self):
        """the fatal record is the last of many"""
        play = Play(self.home, result(
            SMALL, "  row 1 a\n  note 01000 0 hm times 20\n"
            "  note HY000 9 fatal\n  row 2 b\n"))
        self.assertIn("fatal", play.query("q", expect=69).stderr)

    def test_harmless_note(self):
        """a warning at fetching ends nothing"""
        play = Play(self.home, "note SQLFetch * 01000 0 hm\n" + result(
            SMALL, "  rows 3 counter:1 a\n"))
        self.assertEqual(play.query("q").stdout,
                         "n,t\r\n1,a\r\n2,a\r\n3,a\r\n")

    def test_notes_of_statements(self):
        """SQL_SUCCESS_WITH_INFO: each record is logged with its statement"""
        play = Play(self.home, 'statement "first*"\n'
                    '  note 01000 0 "mind this"\n  rowcount 3\n'
                    'statement "second*"\n  note 01S02 7 changed\n  result\n'
                    '    column n INTEGER 10 0 notnull\n    row 1\n')
        done = play.query("first one;\nsecond one", "-v")
        self.assertEqual(done.stdout, "n\r\n1\r\n")
        said = [line for line in done.stderr.splitlines()
                if "mind this" in line or "changed" in line]
        self.assertEqual(len(said), 2)
        self.assertRegex(said[0], r"statement 1 \(.*:1\): .*mind this")
        self.assertRegex(said[1], r"statement 2 \(.*:2\): .*changed")
        self.assertEqual(play.query("first one;\nsecond one").stderr, "")

    def test_short_blocks(self):
        """a short block is not the end"""
        play = Play(self.home, result(
            SMALL, "  rows 2 counter:1 a\n  short\n  rows 3 counter:3 b\n"))
        self.assertEqual(play.query("q").stdout, "n,t\r\n1,a\r\n2,a\r\n"
                         "3,b\r\n4,b\r\n5,b\r\n")

    def test_not_utf8(self):
        """bytes that are no UTF-8 are an error, with row and column"""
        play = Play(self.home, result(
            SMALL, "  row 1 a\n  row 2 hex:63c328\n"))
        done = play.query("q", expect=65)
        self.assertIn("row 2, column 't'", done.stderr)


class Accidents(Case):
    """Calls that fail, hang or kill the process."""

    FUNCTIONS = ("SQLDriverConnect", "SQLAllocHandle", "SQLExecDirect",
                 "SQLNumResultCols", "SQLDescribeCol", "SQLBindCol",
                 "SQLFetch", "SQLGetData", "SQLMoreResults")

    def run_job(self, script):
        self.home = type(self.home)()
        self.play = Play(self.home, script)
        self.out, url = self.home.directory()
        self.home.job("j", source(connection=self.play.connection, sql="q") +
                      'file: { name = "j.csv"; };\n' + target(url))
        return self.home.run("run", "j", expect=None)

    def assert_nothing(self):
        self.assertEqual(os.listdir(self.out), [])
        self.assert_no_leftovers()

    def test_each_call_fails(self):
        """each call fails once: nothing is shipped, and why is told"""
        script = result(LONG, "  rows 3 counter:1 repeat:9000:a\n")
        for function in self.FUNCTIONS:
            for nth in (1, 2):
                done = self.run_job("fail %s %d HY000 4711 broken\n%s" % (
                    function, nth, script))
                if done.status == 0:   # it is not called as often
                    self.assertLess(len(self.play.transcript(function)), nth)
                    continue
                self.assertEqual(done.status, 69, done)
                self.assertIn("broken", done.stderr)
                self.assertIn("4711", done.stderr)
                self.assert_nothing()

    def test_leaks(self):
        """a call that fails leaves no handle behind"""
        for function in self.FUNCTIONS[2:]:
            self.run_job("fail %s 1 HY000 1 broken\n%s" % (function, result(
                LONG, "  rows 3 counter:1 repeat:9000:a\n")))
            self.assertEqual(self.play.transcript()[-1],
                             "handles env=0 dbc=0 stmt=0", function)

    def test_death(self):
        """a driver that kills the process is a failure that is told"""
        for how in ("crash", "die"):
            for function in ("SQLDriverConnect", "SQLExecDirect", "SQLFetch"):
                done = self.run_job("%s %s 1 %s\n%s" % (
                    how, function, "0" if how == "die" else "",
                    result(SMALL, "  rows 3 1 a\n")))
                self.assertEqual(done.status, 70, done)
                self.assertIn("worker", done.stderr)
                self.assert_nothing()

    def test_lost(self):
        """a connection that is lost is worth another try"""
        for line in ("error 08S01 0 lost", "dead\n  error HY000 0 lost"):
            done = self.run_job(result(
                SMALL, "  rows 3 1 a\n  %s\n" % line))
            self.assertEqual(done.status, 75, done)
            self.assertIn("lost", done.stderr)
            self.assert_nothing()

    def hang(self, script):
        """A query that hangs, interrupted; how it ended."""
        play = Play(self.home, script)
        self.play = play
        running = self.home.start("query", "-d", play.connection, "-e", "q",
                                  "-o", "out.csv")
        wait_until(lambda: "hang" in play.transcript(), 60, "the hang")
        running.send_signal(signal.SIGINT)
        done = self.home.finish(running)
        self.assertEqual(done.status, 130, done)
        self.assertFalse(os.path.exists(
            os.path.join(self.home.path, "out.csv")))
        return done

    def test_cancel(self):
        """a call that hangs is cancelled, and all is freed"""
        self.hang(result(SMALL, "  row 1 a\n  short\n  hang\n"))
        self.assertTrue(self.play.transcript("SQLCancel"))
        self.assertIn("= ERROR HY008", "\n".join(
            self.play.transcript("SQLFetch")))
        self.assertEqual(self.play.transcript()[-1],
                         "handles env=0 dbc=0 stmt=0")
        self.assertFalse([line for line in self.play.transcript()
                          if "violation" in line])

    def test_cancel_ignored(self):
        """a call that cannot be cancelled is ended with its process"""
        self.hang("lie cancel ignored\n" +
                  result(SMALL, "  row 1 a\n  short\n  hang\n"))
        self.assertTrue(self.play.transcript("SQLCancel"))

    def test_cancel_crash(self):
        """a driver that dies in SQLCancel changes nothing"""
        self.hang("lie cancel crash\n" +
                  result(SMALL, "  row 1 a\n  short\n  hang\n"))

    def test_hang_at_the_end(self):
        """a driver that hangs in SQLDisconnect is ended, and what came of it
        stays: the file, or the error"""
        for rows, status, said in (
                ("  row 1 a\n", 0, "n,t\r\n1,a\r\n"),
                ("  row 1 a\n  error 42000 7 \"hm\"\n", 69, "hm")):
            self.home = type(self.home)()
            play = Play(self.home, "hang SQLDisconnect *\n" +
                        result(SMALL, rows))
            done = play.query("q", "-o", "out.csv", expect=status)
            self.assertEqual(play.transcript()[-1], "hang")
            path = os.path.join(self.home.path, "out.csv")
            if status == 0:
                with open(path, newline="") as f:
                    self.assertEqual(f.read(), said)
            else:
                self.assertIn(said, done.stderr)
                self.assertFalse(os.path.exists(path))

    def test_slow(self):
        """slow rows arrive all the same"""
        play = Play(self.home, result(
            SMALL, "  slow 5\n  rows 20 counter:1 a\n"))
        self.assertEqual(len(play.query("q").stdout.split("\r\n")), 22)


if __name__ == "__main__":
    main()
