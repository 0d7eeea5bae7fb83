#!/usr/bin/python3
"""What is loaded is what was exported, by the very statement that
`odbcship show --loader` prints.

Random rows of all that is hard to write go through each preset and come back
through COPY of PostgreSQL, LOAD DATA of MariaDB, .import of sqlite3 and
read_csv of pandas. Every row is compared; what a loader cannot tell apart is
said here once, and must be what it says itself.

    ROWS    how many rows go through each preset's own loader (20000)
    SEED    what the rows are made from
"""

import sys
sys.dont_write_bytecode = True
import hashlib
import json
import os
import random
import re
import sqlite3
import subprocess
import time

from databases import server_of, starter
from harness import Case, main, source, target
from servers.mariadb import MariaDB
from servers.postgres import Postgres, _program
from servers.server import find_program

ROWS = int(os.environ.get("ROWS") or 20000)
OTHER_ROWS = min(ROWS, 1500)
SEED = int(os.environ.get("SEED") or time.time_ns() % 1000000)
PYTHON = "/usr/bin/python3"     # the one that pandas is installed for
SECONDS = 3600

setUpModule = starter(Postgres, MariaDB)

PIECES = ['"', '""', "'", ",", ";", "|", "\t", "\r", "\n", "\r\n", "\\", "\\.",
          "\\N", "\\n", "\\\\", "NULL", "null", "a", "b", "text", "0012", "1e5",
          "-", "=", "+", "@", " ", "  ", "\u00e9", "e\u0301", "\u4e2d",
          "\u20ac", "\U0001f600", "\ufeff", "\u00a0", "\u0085", "\u2028",
          "\x01", "\x1f", "\x7f", "nan", "NA", "#", "%", "$1", "\b"]
WHOLE = [None, None, "", "", "\\N", "NULL", "null", "\\.", '"', '""', " ", "\r",
         "\n", "\r\n", "\\", ",", "nan", "NA", "None", "N/A", "-1", "=1+1",
         "'quoted'", '"quoted"', " leading", "trailing ", "\nlf", "lf\n",
         "a\n\\.\nb", "\ufeffbom", "x" * 300]


def rows_of(seed, n):
    """The rows of a seed, the same every time."""
    r = random.Random(seed)
    for i in range(n):
        yield (str(i),) + tuple(
            r.choice(WHOLE) if r.random() < 0.3 else
            "".join(r.choice(PIECES) for _ in range(r.randrange(12)))
            for _ in range(3))


def row_hash(row):
    return hashlib.sha256(json.dumps(row).encode()).digest()


class Preset:
    """What a preset writes: its word for NULL, and whether it changes."""

    def __init__(self, null="", formula=False, quotes=False):
        self.null = null
        self.formula = formula
        self.quotes = quotes    # texts, whether they need it or not

    def written(self, value):
        """The value as it stands in the file."""
        if self.formula and value and value[0] in "=+-@\t\r":
            return "'" + value
        return value


PRESETS = {
    "rfc4180": Preset(), "postgresql": Preset(), "mysql": Preset("NULL"),
    "excel": Preset(formula=True), "sqlserver": Preset(),
    "snowflake": Preset(), "bigquery": Preset(), "redshift": Preset("\\N"),
    "pandas": Preset("\\N"),
}


class PostgresLoader:
    """COPY tells everything apart."""

    name = "postgresql"

    def __init__(self, case):
        self.server = server_of(Postgres)
        self.directory = self.server.directory
        self.case = case

    @staticmethod
    def expected(preset, value):
        return preset.written(value)

    def load(self, text):
        self.server.psql('DROP TABLE IF EXISTS v; CREATE TABLE v (n text, '
                         'a text, b text, c text);')
        self.server.psql(text)

    def rows(self):
        env = dict(self.server.environment, PGPASSWORD=self.server.password,
                   PGCLIENTENCODING="UTF8")
        cells = ", ".join("coalesce(encode(convert_to(%s, 'UTF8'), 'hex'), "
                          "'-')" % c for c in "abc")
        return unhex([
            _program("psql"), "-X", "-q", "-A", "-t", "-F", "\t", "-h",
            "127.0.0.1", "-p", str(self.server.port), "-U", self.server.role,
            "-d", self.server.database, "-c",
            "COPY (SELECT n, %s FROM v ORDER BY n::bigint) TO STDOUT" % cells],
            env)


class MariaLoader:
    """LOAD DATA takes the bare word NULL for NULL, and nothing else."""

    name = "mysql"

    def __init__(self, case):
        self.server = server_of(MariaDB)
        self.directory = case.out
        self.case = case

    @staticmethod
    def expected(preset, value):
        value = preset.written(value)
        if preset.null == "NULL" or (value is not None and
                                     (value != "NULL" or preset.quotes)):
            return value
        # Nor does it look for a word that was not written for NULL.
        return preset.null if value is None else None

    def client(self, *arguments):
        return [find_program("mariadb"), "--no-defaults", "--batch",
                "--skip-column-names", "--default-character-set=utf8mb4",
                "--local-infile=1", "--quick",
                "--socket=" + self.server.socket, "--user=root",
                self.server.database, *arguments]

    def load(self, text):
        self.server.sql("DROP TABLE IF EXISTS v; CREATE TABLE v (n bigint, a "
                        "longtext, b longtext, c longtext) CHARACTER SET "
                        "utf8mb4;")
        subprocess.run(self.client(), input=text.encode(), check=True,
                       env=self.server.environment, timeout=SECONDS)
        # A record that is cut or too long is but a warning.
        self.case.assertEqual(
            self.server.sql("SELECT count(*) FROM v").strip(),
            str(self.case.n))

    def rows(self):
        cells = ", ".join("ifnull(lower(hex(%s)), '-')" % c for c in "abc")
        return unhex(self.client("-e", "SELECT n, %s FROM v ORDER BY n" %
                                 cells), self.server.environment)


class SQLiteLoader:
    """.import has no NULL: it takes the word for it as a text."""

    name = "sqlite"

    def __init__(self, case):
        self.directory = case.out
        self.path = os.path.join(case.home.path, "loaded.db")

    @staticmethod
    def expected(preset, value):
        value = preset.written(value)
        return preset.null if value is None else value

    def load(self, text):
        done = subprocess.run(
            [find_program("sqlite3"), self.path],
            input=("DROP TABLE IF EXISTS v;\n"
                   "CREATE TABLE v (n TEXT, a TEXT, b TEXT, c TEXT);\n" +
                   text).encode(),
            capture_output=True, check=True, timeout=SECONDS)
        if done.stderr or done.stdout:
            raise AssertionError(done.stdout + done.stderr)

    def rows(self):
        db = sqlite3.connect(self.path)
        try:
            yield from db.execute("SELECT n, a, b, c FROM v ORDER BY rowid")
        finally:
            db.close()


class PandasLoader:
    """read_csv does not look at quotes: the word for NULL is always NULL."""

    name = "pandas"
    READ = """
import json, sys
for row in v.itertuples(index=False, name=None):
    print(json.dumps([None if x != x else x for x in row]))
"""

    def __init__(self, case):
        self.directory = case.out

    @staticmethod
    def expected(preset, value):
        value = preset.written(value)
        return None if value == preset.null else value

    def load(self, text):
        self.program = text + self.READ

    def rows(self):
        for line in lines_of([PYTHON, "-B", "-c", self.program],
                             {"PATH": "/usr/bin:/bin"}):
            yield tuple(json.loads(line))


def lines_of(argv, env):
    """The lines that a program prints."""
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL) as process:
        for line in process.stdout:
            yield line.decode("ascii").rstrip("\n")
        if process.wait(SECONDS) != 0:
            raise AssertionError("%s: status %d" % (argv, process.returncode))


def unhex(argv, env):
    for line in lines_of(argv, env):
        n, *cells = line.split("\t")
        yield (n,) + tuple(None if c == "-" else bytes.fromhex(c).decode()
                           for c in cells)


OWN = {"postgresql": PostgresLoader, "rfc4180": PostgresLoader,
       "mysql": MariaLoader, "pandas": PandasLoader}
# Those that pandas, which takes seconds to begin, is tried with.
SLOW = ("rfc4180", "excel", "mysql", "redshift")
LOADERS = (PostgresLoader, MariaLoader, SQLiteLoader, PandasLoader)


class Loading(Case):
    """Each preset through each loader."""

    def setUp(self):
        super().setUp()
        self.out, self.url = self.home.directory()
        self.n = 0

    def fill(self, seed, n):
        """The rows, in a table of SQLite."""
        path = self.home.sqlite("t", "DROP TABLE IF EXISTS t; CREATE TABLE t "
                                     "(n TEXT, a TEXT, b TEXT, c TEXT);",
                                dsn="db")
        with sqlite3.connect(path) as db:
            db.executemany("INSERT INTO t VALUES (?, ?, ?, ?)",
                           rows_of(seed, n))
        db.close()
        self.n = n

    def export(self, preset, more=""):
        """Write v.csv; its path."""
        self.home.job("v", source(dsn="db", sql="SELECT n, a, b, c FROM t "
                                  "ORDER BY rowid") +
                      'file: { name = "v.csv"; preset = "%s"; %s };\n' %
                      (preset, more) + target(self.url))
        self.home.run("run", "v", "--force")
        return os.path.join(self.out, "v.csv")

    def statement(self, loader):
        """What show --loader prints, with the directory put in."""
        text = self.home.run("show", "v", "--loader", loader.name).stdout
        self.assertEqual(text.count("/path/to/"), 1, text)
        return text.replace("/path/to/", loader.directory + "/")

    def check(self, preset, kind, seed, n, more=""):
        loader = kind(self)
        form = PRESETS[preset]
        if "quote" in more:
            form = Preset(form.null, form.formula, True)
        path = self.export(preset, more)
        if loader.directory != self.out:    # the server reads it itself
            with open(path, "rb") as f:
                data = f.read()
            path = os.path.join(loader.directory, "v.csv")
            with open(path, "wb") as f:
                f.write(data)
            os.chmod(path, 0o644)
        began = time.monotonic()
        loader.load(self.statement(loader))
        seen = 0
        for got, row in zip(loader.rows(), rows_of(seed, n)):
            wanted = (row[0],) + tuple(loader.expected(form, v)
                                       for v in row[1:])
            got = tuple(got)
            if row_hash(got) != row_hash(wanted):
                self.assertEqual(got, wanted, "row %d of seed %d, preset %s" %
                                 (seen, seed, preset))
            seen += 1
        self.assertEqual(seen, n)
        print("# %s by %s: %d rows in %.1f s, seed %d" % (
            preset, loader.name, n, time.monotonic() - began, seed),
            flush=True)

    def test_own(self):
        """many rows through the loader that a preset is for"""
        self.fill(SEED, ROWS)
        for preset, kind in OWN.items():
            with self.subTest(preset=preset):
                self.check(preset, kind, SEED, ROWS)
        self.check("rfc4180", SQLiteLoader, SEED, ROWS)

    def test_all(self):
        """every preset through every loader"""
        self.fill(SEED + 1, OTHER_ROWS)
        for preset in PRESETS:
            for kind in LOADERS:
                if kind is PandasLoader and preset not in SLOW:
                    continue    # it differs from others in nothing it sees
                with self.subTest(preset=preset, loader=kind.name):
                    self.check(preset, kind, SEED + 1, OTHER_ROWS)

    def test_dialects(self):
        """delimiters, quotes, line breaks and words of one's own"""
        self.fill(SEED + 2, OTHER_ROWS)
        for more in ('delimiter = ";";', 'delimiter = "\\t"; newline = "crlf";',
                     'delimiter = "|"; quote = "nonnull";',
                     'header = false; quote = "text";'):
            for kind in LOADERS if "|" in more else LOADERS[:3]:
                with self.subTest(more=more, loader=kind.name):
                    self.check("postgresql", kind, SEED + 2, OTHER_ROWS, more)


class Said(Case):
    """What show --loader says."""

    def setUp(self):
        super().setUp()
        self.url = self.home.directory()[1]

    def said(self, loader, file="", expect=0, name="daily-orders"):
        self.home.job(name, source(dsn="db", sql="SELECT 1") +
                      'file: { name = "o-{date:%%Y}.csv"; %s };\n' % file +
                      target(self.url))
        done = self.home.run("show", name, "--loader", loader, "--date",
                             "2026-01-02", expect=expect)
        return done.stdout if expect == 0 else done.stderr

    def test_statements(self):
        """table, file, form and character set stand in it"""
        text = self.said("postgresql", 'preset = "redshift"; delimiter = "|"; '
                         'charset = "ISO-8859-1"; header = false;')
        self.assertTrue(text.endswith(
            "COPY \"daily_orders\" FROM '/path/to/o-2026.csv' WITH (FORMAT "
            "csv, HEADER false, DELIMITER '|', NULL '\\N', ENCODING "
            "'LATIN1');\n"), text)
        text = self.said("snowflake", 'preset = "snowflake"; '
                         'compress = "gzip";')
        for part in ("NULL_IF = ()", "EMPTY_FIELD_AS_NULL = TRUE",
                     "COMPRESSION = GZIP", "SKIP_HEADER = 1",
                     "ESCAPE_UNENCLOSED_FIELD = NONE"):
            self.assertIn(part, text)
        self.assertIn("ROWTERMINATOR = '0x0a'",
                      self.said("sqlserver", 'newline = "lf";'))
        self.assertIn("allow_quoted_newlines = true", self.said("bigquery"))
        self.assertIn("NULL AS '\\N'", self.said("redshift",
                                                 'preset = "redshift";'))
        self.assertIn("Data > From Text/CSV", self.said("excel"))

    def test_notes(self):
        """what a loader cannot express is said"""
        for loader, file, note in (
                ("mysql", "", "NULL is loaded as the empty string"),
                ("mysql", 'null = "x";', "NULL is loaded as the text x"),
                ("mysql", "", "A text NULL is loaded as NULL"),
                ("mysql", 'charset = "UTF-16LE";', "convert it first"),
                ("sqlite", "", ".import has no NULL"),
                ("sqlite", 'charset = "ISO-8859-1";', "convert it first"),
                ("sqlite", 'compress = "zstd";', "unpack it first (zstd -d)"),
                ("sqlserver", "", "The empty string is loaded as NULL"),
                ("snowflake", 'null = "x";', "A text x is loaded as NULL"),
                ("pandas", "", "The empty string is loaded as NULL"),
                ("postgresql", 'quote = "all";', "quotes NULL too"),
                ("postgresql", 'encrypt = ( "a@b" );', "decrypt it first"),
                ("postgresql", 'preset = "excel";', "the apostrophe"),
                ("postgresql", 'bom = true; header = false;', "the mark"),
                ("excel", "", "Without file.bom"),
                ("bigquery", 'compress = "zstd";', "unpack it first")):
            with self.subTest(loader=loader, file=file):
                self.assertIn(note, self.said(loader, file))

    def test_silent(self):
        """what is loaded exactly needs no note but where the file is"""
        text = self.said("mysql", 'preset = "mysql";')
        self.assertTrue(text.startswith("LOAD DATA"), text)
        self.assertNotIn("--", text)
        text = self.said("snowflake", 'preset = "snowflake";')
        self.assertTrue(text.split("\n", 1)[1].startswith("COPY INTO"), text)

    def test_manuals(self):
        """what was never tried says so, and nothing else does"""
        for loader, name in (
                ("sqlserver", "-- By the manual of SQL Server,"),
                ("snowflake", "-- By the manual of Snowflake,"),
                ("bigquery", "-- By the manual of BigQuery,"),
                ("redshift", "-- By the manual of Redshift,"),
                ("excel", "note: By the manual of Excel,"),
                ("postgresql", None), ("mysql", None), ("mariadb", None),
                ("sqlite", None), ("pandas", None)):
            with self.subTest(loader=loader):
                said = self.said(loader).split("\n", 1)[0]
                if name is None:
                    self.assertNotIn("manual", said)
                else:
                    self.assertTrue(said.startswith(name), said)

    def test_unknown(self):
        """a loader that does not exist"""
        self.assertIn("Did you mean 'postgresql'?",
                      self.said("postgres", expect=64))
        self.assertIn("There are postgresql, mysql",
                      self.said("xyzzy", expect=64))

    def test_files(self):
        """each of several files has its statement"""
        self.home.job("v", source(dsn="db", sql="SELECT 1; SELECT 2") +
                      'files = ( { result = "1"; name = "a.csv"; },\n'
                      '{ result = "orders"; name = "b.csv"; } );\n' +
                      target(self.url))
        text = self.home.run("show", "v", "--loader", "postgresql").stdout
        self.assertEqual(re.findall(r'COPY (".*?") FROM \'(.*?)\'', text),
                         [('"v"', "/path/to/a.csv"),
                          ('"orders"', "/path/to/b.csv")])


if __name__ == "__main__":
    main()
