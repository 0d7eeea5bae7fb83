#!/usr/bin/python3
"""Memory: the same whatever the rows are, and however long a value is.

The most memory of the supervisor and its worker, as the kernel counts it
(ru_maxrss of wait4). ROWS says how many rows are many, LONG how many bytes a
value has: make check-soak, where they do not fit into 31 bits.
"""

import sys
sys.dont_write_bytecode = True
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "driver")]
from databases import starter, server_of
from harness import (RUN_SECONDS, Case, Home, main, program, source, target,
                     temporary)
from play import Play
from servers.mariadb import MariaDB
from servers.postgres import Postgres
from servers.virtuoso import Virtuoso

setUpModule = starter(Postgres, Virtuoso, MariaDB)

FEW, MANY = 10000, int(os.environ.get("ROWS", "1000000"))
SLACK_KIB = 16 * 1024
LONG = int(os.environ.get("LONG", str(1 << 30)))


# A process begins with the memory of the one that started it, so that one is
# small; it tells the most KiB of all that it waited for.
LAUNCHER = """
import os, sys
pid = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
"""


class Memory(Case):
    def launch(self, *arguments, env=None):
        """Run it; the most KiB, and the process."""
        words = program(plain=True)
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", LAUNCHER,
             shutil.which(words[0])] + words[1:] + list(arguments),
            env=self.home.environment(env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=RUN_SECONDS * max(1, MANY // 1000000))
        return int(done.stdout.split()[-1]), done

    def peak(self, *arguments):
        """The most KiB of a query, and what it said."""
        kib, done = self.launch(*arguments, "-o", "/dev/null", "-v")
        self.assertEqual(done.returncode, 0, done.stderr)
        return kib, done.stderr

    def assert_flat(self, few, many):
        """Within a tenth of each other, or of a mebibyte."""
        print("# %d and %d KiB" % (few, many))
        self.assertLess(abs(many - few), max(few // 10, 1024))

    def test_sqlite(self):
        """SQLite: as much for a million rows as for ten thousand"""
        self.home.sqlite("s")
        sql = ("WITH RECURSIVE x(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
               "x WHERE i < %d) SELECT i, i * 1.1 AS r, 'text ' || i AS t "
               "FROM x")
        few, many = (self.peak("query", "-d", "s", "-e", sql % n)[0]
                     for n in (FEW, MANY))
        self.assert_flat(few, many)

    def test_postgresql(self):
        """PostgreSQL: as much for a million rows as for ten thousand"""
        server = server_of(Postgres)
        connection = "%s;PWD={%s}" % (server.connection(),
                                      server.password.replace("}", "}}"))
        sql = ("SELECT i, i * 1.1::float8 AS r, 'text ' || i AS t "
               "FROM generate_series(1, %d) i")
        few, many = (self.peak("query", "-d", connection, "-e", sql % n)[0]
                     for n in (FEW, MANY))
        self.assert_flat(few, many)

    def test_virtuoso(self):
        """Virtuoso: as much for a million rows as for ten thousand"""
        server = server_of(Virtuoso)
        server.sql("create table hundred (x integer);\n" + "".join(
            "insert into hundred values (%d);\n" % n for n in range(100)))
        connection = "%s;PWD=%s" % (server.connection(), server.password)
        sql = ("select top %d a.x, b.x * 1.1e0 as r, 'text' as t from hundred "
               "a, hundred b, hundred c, hundred d")
        few, many = (self.peak("query", "-d", connection, "-e", sql % n)[0]
                     for n in (FEW, MANY))
        self.assert_flat(few, many)

    def play(self, rows):
        """A query of the driver that plays a script; its peak."""
        self.home = Home()
        play = Play(self.home, 'dbms Play 1\ninfo SQL_GETDATA_EXTENSIONS 11\n'
                    'statement q\n result\n'
                    '  column n INTEGER 10 0 null\n'
                    '  column t LONGVARCHAR 0 0 null\n' + rows)
        return self.peak("query", "-d", play.connection.split(
            ";Transcript")[0], "-e", "q")

    def test_rows(self):
        """any driver: as much for a million rows as for ten thousand"""
        few, many = (self.play("  rows %d counter text:40\n" % n)[0]
                     for n in (FEW, MANY))
        self.assert_flat(few, many)

    @staticmethod
    def ring():
        """A keyring with the key of partner@example.com."""
        ring = temporary()
        os.chmod(ring, 0o700)
        subprocess.run(
            ["gpg", "--homedir", ring, "--batch", "--quiet", "--passphrase",
             "", "--quick-generate-key", "Partner <partner@example.com>",
             "future-default", "default", "never"],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
            timeout=RUN_SECONDS)
        subprocess.run(["gpgconf", "--homedir", ring, "--kill", "all"],
                       check=True, timeout=RUN_SECONDS)
        return ring

    def packed(self, rows, file, ring):
        """The most KiB of a job under limits.memory."""
        self.home = Home()
        play = Play(self.home, 'dbms Play 1\nstatement q\n result\n'
                    '  column n INTEGER 10 0 null\n'
                    '  column t VARCHAR 80 0 null\n'
                    '  rows %d counter:1 random:40:5\n' % rows)
        self.home.job("j", source(connection=play.connection.split(
            ";Transcript")[0], sql="q") + 'file: { name = "j"; %s };\n' % file
            + 'limits: { memory = "8MiB"; };\n' +
            target(self.home.directory()[1]))
        kib, done = self.launch("run", "j", "--no-ship",
                                env={"GNUPGHOME": ring})
        self.assertEqual(done.returncode, 0, done.stderr)
        return kib

    def test_packed(self):
        """the same through gzip, zstd and OpenPGP, whose memory is known:
        limits.memory holds beside it"""
        ring = self.ring()
        plain = self.packed(FEW, "", ring)
        sealed = 'encrypt = ( "partner@example.com" );'
        for file, mib in (('compress = "gzip";', 3), ('compress = "zstd";', 6),
                          (sealed, 2),
                          ('compress = "gzip"; ' + sealed, 5),
                          ('compress = "zstd"; ' + sealed, 8)):
            # The fewer ones fill zstd's window, too.
            few, many = (self.packed(n, file, ring)
                         for n in (MANY // 20, MANY // 4))
            with self.subTest(file=file):
                self.assert_flat(few, many)
                self.assertLess(many - plain, mib * 1024)

    def test_limit(self):
        """a driver that holds the result in memory is refused more than
        limits.memory, and the hint says so"""
        server = server_of(MariaDB)
        for rows, status in ((1000, 0), (1000000, 69)):
            self.home = Home()
            self.home.secret("db.secret", server.password + "\n")
            self.home.job("j", source(
                connection=server.connection(),
                sql="SELECT seq, repeat('x', 50) AS t FROM seq_1_to_%d" % rows,
                extra='password = { file = "db.secret"; };') +
                'file: { name = "j"; };\nlimits: { memory = "32MiB"; };\n' +
                target(self.home.directory()[1]))
            _, done = self.launch("run", "j", "--no-ship")
            self.assertEqual(done.returncode, status, done.stderr)
            if status != 0:
                self.assertIn("limits.memory is 33.6 MB", done.stderr)
                self.assertIn("this driver holds whole results in memory",
                              done.stderr)

    def test_long_value(self):
        """a value of a gibibyte passes through in 16 MiB"""
        small, _ = self.play("  row 1 x\n")
        long, said = self.play("  row 1 repeat:%d:x\n" % LONG)
        print("# %d and %d KiB" % (small, long))
        self.assertLess(long - small, SLACK_KIB)
        self.assertRegex(said, r"1 rows?, %d bytes" %
                         (len("n,t\r\n1,\"\"\r\n") + LONG))


if __name__ == "__main__":
    main()
