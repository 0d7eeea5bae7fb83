#!/usr/bin/python3
"""The same job gives the same bytes, whatever the environment says."""

import sys
sys.dont_write_bytecode = True

from databases import DatabaseCase, server_of, starter
from harness import main
from servers.mariadb import MariaDB
from servers.postgres import Postgres

setUpModule = starter(Postgres, MariaDB)

# The first is the cleanest: only what leads to the test's own files.
ENVIRONMENTS = (
    {"PATH": None, "HOME": None, "TMPDIR": None},
    {},
    {"LC_ALL": "C"},
    {"LC_ALL": "C.UTF-8", "TZ": "America/St_Johns"},
    {"LC_ALL": "de_DE.ISO-8859-1", "LC_NUMERIC": "de_DE.ISO-8859-1"},
    {"TZ": "Asia/Kolkata"},
    {"TZ": "Asia/Kolkata", "PGTZ": "Asia/Kolkata"},
    {"LANG": "ja_JP.eucJP"},
    {"PGCLIENTENCODING": "LATIN1"},
    {"PGOPTIONS": "-c timezone=Asia/Kolkata -c extra_float_digits=-5"},
    {"PGDATESTYLE": "German, DMY"},
)

TEXT = "caf\u00e9 \u20ac \u6f22\u5b57 \U0001f600 a\u0301"


class SameBytes(DatabaseCase):
    """One job of each database, in all environments."""

    kind = Postgres

    def check(self, sql, wanted):
        """The bytes are these, everywhere."""
        self.job(sql, extra='timezone = "+00:00";' if sql.startswith(
            "/* m") else 'timezone = "UTC";' if sql.startswith("/* p")
            else "")
        for env in ENVIRONMENTS:
            with self.subTest(env=env):
                self.home.run("run", "v", "--force", env=env)
                self.assertEqual(self.delivered().decode(), wanted)

    def test_postgres(self):
        """PostgreSQL, by both of its drivers"""
        sql = ("/* p */ SELECT '%s' AS t, 1234.5::float8 AS f, "
               "'2024-02-29 12:00:00.5+00'::timestamptz AS z, 1234.50 AS n, "
               "DATE '2024-02-29' AS d, '\\x00ff'::bytea AS b" % TEXT)
        wanted = ("t,f,z,n,d,b\r\n%s,1234.5,2024-02-29 12:00:00.5+00,"
                  "1234.50,2024-02-29,00ff\r\n" % TEXT)
        for driver in ("PostgreSQL Unicode", "PostgreSQL ANSI"):
            self.dsn(Driver=driver)
            self.check(sql, wanted)

    def test_mariadb(self):
        """MariaDB"""
        self.connect_as("db", server_of(MariaDB))
        self.check("/* m */ SELECT '%s' AS t, 1234.5e0 AS f, "
                   "from_unixtime(1709208000) AS z, 1234.50 AS n, "
                   "DATE '2024-02-29' AS d, x'00ff' AS b" % TEXT,
                   "t,f,z,n,d,b\r\n%s,1234.5,2024-02-29 12:00:00,1234.50,"
                   "2024-02-29,00ff\r\n" % TEXT)

    def test_sqlite(self):
        """SQLite"""
        self.home.sqlite("db", "")
        self.check("SELECT '%s' AS t, 1234.5 AS f, 0.1 + 0.2 AS g, "
                   "datetime(1709208000, 'unixepoch') AS z, x'00ff' AS b"
                   % TEXT,
                   "t,f,g,z,b\r\n%s,1234.5,0.30000000000000004,"
                   "2024-02-29 12:00:00,00ff\r\n" % TEXT)

    def test_charset(self):
        """a file in another charset, and dates in words of nobody's locale"""
        self.dsn()
        self.job("SELECT 'caf\u00e9 \u20ac' AS t, DATE '2024-03-01' AS d",
                 file='charset = "ISO-8859-15"; date = "%d.%m.%Y";')
        for env in ENVIRONMENTS:
            with self.subTest(env=env):
                self.home.run("run", "v", "--force", env=env)
                self.assertEqual(self.delivered(),
                                 b"t,d\r\ncaf\xe9 \xa4,01.03.2024\r\n")


del DatabaseCase    # it has no cases of its own

if __name__ == "__main__":
    main()
