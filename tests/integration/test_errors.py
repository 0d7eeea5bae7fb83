#!/usr/bin/python3
"""What goes wrong on an ordinary day: status, message, hint, record, no file.

SHOW=1 prints every message, to be read aloud.
"""

import sys
sys.dont_write_bytecode = True
import os
import sqlite3

from databases import DatabaseCase, starter
from harness import main, source, target, temporary
from servers.certs import Certs
from servers.postgres import Postgres
from servers.pyftpd import Pyftpd
from servers.server import free_port
from servers.vsftpd import Vsftpd

certs = None


def setUpModule():
    global certs
    starter(Postgres)()
    certs = Certs(temporary())


class Refused(DatabaseCase):
    """Base: a failure says what, why and what to do."""

    kind = Postgres

    def setUp(self):
        super().setUp()
        self.home.sqlite("lite", "CREATE TABLE t (n INTEGER);"
                                 "INSERT INTO t VALUES (1), (2);")

    def lite(self, sql="SELECT n FROM t", rest=None, dsn="lite"):
        """A job on SQLite, as target `rest` says."""
        self.home.job("v", source(dsn=dsn, sql=sql) +
                      'file: { name = "v.csv"; };\n' +
                      (rest or target(self.url)))

    def fails(self, status, *texts, hint):
        """The run fails so; its hint holds a text too."""
        result = self.home.run("run", "v", "--date", "2026-11-23",
                               expect=status)
        if os.environ.get("SHOW"):
            for line in result.stderr.splitlines():
                print("#   " + line)
        self.assert_message(result, *texts)
        hints = [line for line in result.stderr.splitlines()
                 if line.startswith("hint: ")]
        self.assertEqual(len(hints), 1, str(result))
        self.assertIn(hint, hints[0])
        self.assertRegex(hints[0], r"[.?]$")
        self.assertLessEqual(len(result.stderr.splitlines()), 3, str(result))
        self.assertIn("nothing was shipped", result.stderr)
        self.assertEqual(os.listdir(self.out), [])
        self.assert_no_leftovers()
        row = self.assert_recorded(status)
        self.assertEqual((row["job"], row["date"]), ("v", "2026-11-23"))
        said = result.stderr.splitlines()[0]
        self.assertTrue(said.endswith(row["message"]), row["message"])
        self.assertEqual(hints[0], "hint: " + row["hint"])
        return result


class Source(Refused):
    """Getting at the data."""

    def test_wrong_password(self):
        """wrong password"""
        self.home.secret("db.secret", "secret that is wrong\n")
        self.job("SELECT 1")
        result = self.fails(
            69, "cannot connect to 'db'", "password authentication failed",
            "SQLSTATE 08001", hint="source.password")
        self.assertNotIn("secret that is wrong", result.stderr)

    def test_no_password(self):
        """no password at all"""
        self.home.job("v", source(dsn="db", sql="SELECT 1") +
                      'file: { name = "v.csv"; };\n' + target(self.url))
        self.fails(69, "cannot connect to 'db'", "no password supplied",
                   hint="Set source.password")

    def test_unknown_dsn(self):
        """unknown DSN, nearly a known one"""
        self.lite(dsn="lit")
        self.fails(69, "there is no data source 'lit'", "IM002",
                   hint="Did you mean 'lite'?")

    def test_no_such_dsn(self):
        """unknown DSN, like no other"""
        self.lite(dsn="warehouse")
        self.fails(69, "there is no data source 'warehouse'",
                   hint="odbc.ini")

    def test_driver_file(self):
        """a DSN whose driver's library is not there"""
        self.home.dsn("lite", {"Driver": "/usr/lib/odbc/libgone.so"})
        self.lite()
        self.fails(69, "the ODBC driver '/usr/lib/odbc/libgone.so' cannot be "
                       "loaded", hint="There is no such file")

    def test_driver_broken(self):
        """a driver's library that cannot be loaded"""
        path = self.home.write(os.path.join(self.home.path, "libbad.so"),
                               "no library")
        self.home.dsn("lite", {"Driver": path})
        self.lite()
        self.fails(69, "the ODBC driver '%s' cannot be loaded" % path,
                   hint="`ldd %s`" % path)

    def test_driver_name(self):
        """a DSN whose driver is not in odbcinst.ini"""
        self.home.dsn("lite", {"Driver": "SQLite 3", "Database": "x"})
        self.lite()
        self.fails(69, "the data source 'lite' names the ODBC driver "
                       "'SQLite 3', which is not installed",
                   hint="Did you mean 'SQLite3'?")

    def test_driver_missing(self):
        """a DSN with a driver that was never installed"""
        self.home.dsn("lite", {"Driver": "Oracle 21 ODBC driver"})
        self.lite()
        self.fails(69, "the data source 'lite' names the ODBC driver "
                       "'Oracle 21 ODBC driver', which is not installed",
                   hint="odbcinst -q -d")

    def test_driver_of_odbcinst(self):
        """a driver of odbcinst.ini whose library was removed"""
        with open(os.path.join(self.home.odbc, "odbcinst.ini"), "a") as f:
            f.write("\n[Gone]\nDriver = /usr/lib/odbc/libgone.so\n")
        self.home.dsn("lite", {"Driver": "Gone"})
        self.lite()
        self.fails(69, "'/usr/lib/odbc/libgone.so' cannot be loaded",
                   hint="odbcinst.ini")

    def test_no_driver(self):
        """a DSN that names no driver"""
        self.home.dsn("lite", {"Database": "x"})
        self.lite()
        self.fails(69, "the data source 'lite' names no driver",
                   hint="odbc.ini")

    def test_connection(self):
        """a connection string without a driver, password and all"""
        self.home.job("v", source(connection="Server=db;UID=me;PWD=hunter2",
                                  sql="SELECT 1") +
                      'file: { name = "v.csv"; };\n' + target(self.url),
                      0o600)
        result = self.fails(69, "the connection string leads to no driver", hint="Driver=")
        self.assertNotIn("hunter2", result.stderr)

    def test_no_database(self):
        """a SQLite file that is not there is not made"""
        path = os.path.join(self.home.path, "gone.db")
        self.home.dsn("lite", {"Driver": "SQLite3", "Database": path})
        self.lite()
        self.fails(69, "cannot connect to 'lite'", hint="Is the file of the data source there")
        self.assertFalse(os.path.exists(path))

    def test_server_down(self):
        """a database server that does not run"""
        self.dsn(Port=str(free_port()))
        self.job("SELECT 1")
        self.fails(75, "cannot connect to 'db'", "Connection refused",
                   hint="Is the database server running")

    def test_sql_error(self):
        """an error in statement 2 of a file"""
        self.home.sql("v.sql", "CREATE TEMP TABLE u AS SELECT 1 AS n;\n\n"
                               "SELECT n,\n       m\nFROM u;\nSELECT 1;\n")
        self.job(extra='sql_file = "v.sql";')
        self.fails(69, "statement 2 (", "v.sql:3)", 'column "m" does not',
                   "SQLSTATE 42703", hint="Correct the statement")

    def test_sql_error_sqlite(self):
        """the same on SQLite"""
        self.lite("CREATE TEMP TABLE u AS SELECT 1 AS n;\nSELECT m FROM u;")
        self.fails(69, "statement 2 (sql:2)", "no such column: m",
                   hint="correct the statement")

    def test_invalid(self):
        """a text that is no UTF-8: its row and column"""
        self.lite("SELECT 'a' AS v UNION ALL SELECT CAST(x'63e9' AS TEXT)")
        self.fails(65, "row 2, column 'v'", "not UTF-8",
                   hint="character set")

    def test_nul(self):
        """a text with a NUL byte, that SQLite's driver cuts"""
        with sqlite3.connect(os.path.join(self.home.path, "lite.db")) as db:
            db.execute("CREATE TABLE z (v TEXT)")
            db.execute("INSERT INTO z VALUES (?)", ("a\0b",))
        db.close()
        self.lite("SELECT v FROM z")
        self.fails(65, "row 1", "NUL", hint=" ")

    def test_no_rows_wanted(self):
        """a batch that returns nothing"""
        self.lite("CREATE TEMP TABLE u AS SELECT 1")
        self.fails(65, "no result set", hint="SELECT")

    def test_unterminated(self):
        """a quote that never ends, before anything runs"""
        self.lite("CREATE TABLE made (n);\nSELECT 'x\nFROM t;")
        self.fails(78, "line 2", "never closed", hint="source.dialect")
        with sqlite3.connect(os.path.join(self.home.path, "lite.db")) as db:
            self.assertEqual(db.execute("SELECT name FROM sqlite_master")
                             .fetchall(), [("t",)])
        db.close()


class Spec(Refused):
    """A spec that says something else than was meant."""

    def test_unknown_key(self):
        """an unknown key: file and line, and what was meant"""
        self.lite(rest=target(self.url) + "limits = { runtyme = \"2h\"; };\n")
        self.fails(78, "v.cfg:", "limits.runtyme", hint="runtime")

    def test_secret_in_string(self):
        """a password in a spec that others can read"""
        self.home.job("v", source(connection="Driver=SQLite3;PWD=hunter2",
                                  sql="SELECT 1") +
                      'file: { name = "v.csv"; };\n' + target(self.url))
        result = self.fails(78, "v.cfg:", "source.connection",
                            hint="chmod 600")
        self.assertNotIn("hunter2", result.stderr)

    def test_missing_secret(self):
        """a secret's file that is not there"""
        os.unlink(os.path.join(self.home.jobs, "db.secret"))
        self.job("SELECT 1")
        self.fails(78, "v.cfg:", "source.password", "db.secret",
                   hint="0600")

    def test_open_secret(self):
        """a secret's file that others can read"""
        self.home.secret("db.secret", "x\n", 0o644)
        self.job("SELECT 1")
        result = self.fails(78, "db.secret", hint="chmod")
        self.assertNotIn("\nx\n", result.stderr)


class Target(Refused):
    """Bringing the file to where it belongs. The file is kept."""

    def kept(self, result):
        """The message says where the finished file is."""
        (path,) = self.home.spool()
        with open(os.path.join(self.home.state, "spool", path), "rb") as f:
            self.assertEqual(f.read(), b"n\r\n1\r\n2\r\n")
        self.assertIn("the file is kept as run 1: ", result.stderr)
        self.assertIn(path, result.stderr)
        (row,) = self.home.ledger("SELECT * FROM delivery")
        self.assertEqual(row["state"], "failed")

    def test_refused(self):
        """connection refused"""
        port = free_port()
        self.lite(rest=target("ftp://localhost:%d/in/" % port, "partner",
                              "retries = 0;"))
        self.kept(self.fails(75, "target 'partner'", "%d" % port,
                             hint="Is the server running"))

    def test_no_host(self):
        """a host that does not exist"""
        self.lite(rest=target("ftp://no-such-host.invalid/in/", "partner",
                              "retries = 0;"))
        self.kept(self.fails(75, "target 'partner'", "no-such-host.invalid",
                             hint="host name"))

    def test_certificate(self):
        """a certificate from an authority that nobody trusts"""
        with Vsftpd(temporary(), certs.stranger) as server:
            self.lite(rest=target(server.url(), "partner",
                                  'ca_file = "%s";' % certs.ca))
            self.kept(self.fails(73, "target 'partner'", "certificate",
                                 hint="ca_file"))
            self.assertEqual(server.files(), [])

    def test_other_name(self):
        """a trusted certificate of another host"""
        with Vsftpd(temporary(), certs.misnamed) as server:
            self.lite(rest=target(server.url(), "partner",
                                  'ca_file = "%s";' % certs.ca))
            self.kept(self.fails(73, "target 'partner'", "localhost",
                                 hint="another host's"))
            self.assertEqual(server.files(), [])

    def test_no_tls(self):
        """a server without TLS gets neither password nor file"""
        with Pyftpd(temporary()) as server:
            self.home.secret("ftp.secret", server.password)
            self.lite(rest=target(
                server.url(), "partner", 'user = "%s"; password = { file = '
                '"ftp.secret"; };' % server.user_name))
            self.kept(self.fails(73, "target 'partner'", "no TLS",
                                 hint="FTPS"))
            self.assertEqual(server.files(), [])
            self.assertFalse([c for c in server.commands()
                              if c.startswith(("USER", "PASS"))])

    def test_ftp_password(self):
        """a wrong password at the target, said once"""
        with Pyftpd(temporary()) as server:
            self.home.secret("ftp.secret", "wrong one\n")
            self.lite(rest=target(
                server.url(), "partner", 'tls = "none"; user = "%s"; '
                'password = { file = "ftp.secret"; };' % server.user_name))
            result = self.fails(73, "target 'partner'", "530",
                                hint="user and password")
            self.kept(result)
            self.assertNotIn("wrong one", result.stderr)
            self.assertEqual(len([c for c in server.commands()
                                  if c.startswith("PASS")]), 1)

    def test_no_directory(self):
        """a directory that is not there"""
        self.lite(rest=target("file://%s/gone/" % self.home.path, "partner"))
        self.kept(self.fails(73, "target 'partner'", "gone",
                             hint="mkdirs"))


del Refused, DatabaseCase   # they have no cases of their own

if __name__ == "__main__":
    main()
