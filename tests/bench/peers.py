"""Who is measured: the drain, odbcship, other exporters, native clients.

A Peer is a name and, for a database, the words of a command that writes a
table to standard output; `read` says how its output is read, or None where it
is no format that can be read back. What is not installed has no command.
"""

import os
import shutil
import subprocess
import sys

import data

HERE = os.path.dirname(os.path.abspath(__file__))
BUILT = os.path.join(os.environ.get("BUILDDIR", os.getcwd()), "tests")
PROGRAM = os.environ.get("ODBCSHIP") or os.path.abspath("odbcship")


class Peer:
    """One contestant."""

    def __init__(self, name, command, read=data.read_csv, has_header=True,
                 needs=(), native=False, stdin=None):
        self.name = name
        self.command = command      # (database, sql) -> words, or None
        self.read = read
        self.has_header = has_header
        self.needs = needs          # programs and how to ask for modules
        self.native = native        # not through ODBC
        self.stdin = stdin          # (database, sql) -> what it reads

    def is_there(self):
        """Whether everything it needs is installed."""
        return all(
            shutil.which(need[0]) and
            (len(need) == 1 or subprocess.run(
                need, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL).returncode == 0)
            for need in self.needs)


def _drain(db, sql):
    return [os.path.join(BUILT, "driver", "drain"), "-w",
            "4096" if " big " not in sql else "1100000", "-r",
            "64" if " big " not in sql else "1", db.connection, sql]


def _odbcship(db, sql):
    return [PROGRAM, "query", "-q", "-d", db.plain, "-e", sql]


def _isql(db, sql):
    return ["isql", "-b", "-d,", "-m100000", "-k", db.connection]


def _native(db, sql):
    return db.native(sql)


PEERS = [
    Peer("drain", _drain, read=None),
    Peer("odbcship", _odbcship),
    Peer("isql -b", _isql, read=None, needs=[("isql",)],
         stdin=lambda db, sql: sql + "\n"),
    Peer("Perl DBI + Text::CSV_XS",
         lambda db, sql: ["perl", os.path.join(HERE, "peer.pl"),
                          db.connection, sql],
         needs=[("perl", "-MDBD::ODBC", "-MText::CSV_XS", "-e", "1")]),
    Peer("PHP odbc + fputcsv",
         lambda db, sql: ["php", os.path.join(HERE, "peer.php"),
                          db.connection, sql],
         needs=[("php", "-r", "exit(function_exists('odbc_connect')?0:1);")]),
    Peer("pyodbc + csv",
         lambda db, sql: ["/usr/bin/python3",
                          os.path.join(HERE, "peer_pyodbc.py"),
                          db.connection, sql],
         needs=[("/usr/bin/python3", "-c", "import pyodbc")]),
    Peer("native client", _native, native=True),
]


class Sqlite:
    """A file, and the sqlite3 shell."""

    name = "SQLite"

    def __init__(self, path):
        self.path = path
        self.plain = "Driver=SQLite3;Database=" + path
        self.connection = self.plain + ";StepAPI=1"
        self.client = "sqlite3 -csv"
        self.read = data.read_csv

    def native(self, sql):
        return ["sqlite3", "-header", "-csv", self.path, sql]


class Postgres:
    """A server, and psql's \\copy."""

    name = "PostgreSQL"

    def __init__(self, server):
        self.server = server
        self.plain = server.connection() + ";PWD=" + server.password
        self.connection = self.plain + ";UseDeclareFetch=1;Fetch=10000"
        self.client = "psql \\copy"
        self.read = data.read_csv

    def native(self, sql):
        return ["psql", "-X", "-q", "-h", "127.0.0.1", "-p",
                str(self.server.port), "-U", self.server.role, "-d",
                self.server.database, "-c",
                "\\copy (%s) to stdout csv header" % sql]


class Mariadb:
    """A server, and the mariadb client."""

    name = "MariaDB"

    def __init__(self, server):
        self.server = server
        self.plain = server.connection() + ";PWD=" + server.password
        self.connection = self.plain + ";charset=utf8mb4"
        self.client = "mariadb --batch --quick"
        self.read = data.read_batch

    def native(self, sql):
        return ["mariadb", "--no-defaults", "--batch", "--quick",
                "--default-character-set=utf8mb4", "--user=root",
                "--socket=" + self.server.socket, self.server.database,
                "-e", sql]


if __name__ == "__main__":
    sys.exit("run bench.py")
