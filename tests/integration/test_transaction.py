#!/usr/bin/python3
"""source.transaction and source.isolation on servers that have them."""

import sys
sys.dont_write_bytecode = True
import os

from harness import Case, main, source, target, temporary
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
from servers.mariadb import MariaDB
from servers.postgres import Postgres

BATCH = """INSERT INTO t VALUES (2);
-- on error: continue
INSERT INTO missing VALUES (1);
INSERT INTO t VALUES (3);
SELECT %s AS a, count(*) AS n FROM t;
"""


class Transaction(Case):

    def check(self, server, ask, isolation, shown, count):
        """Fails: nothing is left. Ends well: all is, at that isolation."""
        out, url = self.home.directory()
        self.home.secret("pw", server.password)
        self.home.dsn("db", server.keywords())
        extra = ('user = "%s"; password = { file = "pw"; }; transaction = '
                 '"batch"; isolation = "%s";' % (server.role, isolation))

        def run(sql, expect):
            self.home.sql("j.sql", sql)
            self.home.job("j", source("db", sql_file="j.sql", extra=extra) +
                          'file: { name = "x.csv"; };\n' + target(url))
            self.home.run("run", "j", "--force", expect=expect)

        run(BATCH % ask + "SELECT * FROM missing;\n", 69)
        self.assertEqual(count(), "1\n")
        self.assertEqual(os.listdir(out), [])
        run(BATCH % ask, 0)
        self.assertEqual(count(), "3\n")
        with open(os.path.join(out, "x.csv")) as f:
            self.assertEqual(f.read().split("\n")[:2], ["a,n", shown + ",3"])

    def test_postgresql(self):
        """PostgreSQL, at serializable"""
        with Postgres(temporary()) as server:
            server.psql("CREATE TABLE t (a int); INSERT INTO t VALUES (1);")
            self.check(server, "current_setting('transaction_isolation')",
                       "serializable", "serializable",
                       lambda: server.psql("SELECT count(*) FROM t;"))

    def test_mariadb(self):
        """MariaDB, at read committed"""
        with MariaDB(temporary()) as server:
            server.sql("CREATE TABLE t (a int); INSERT INTO t VALUES (1);")
            self.check(server, "@@tx_isolation", "read-committed",
                       "READ-COMMITTED",
                       lambda: server.sql("SELECT count(*) FROM t;"))


if __name__ == "__main__":
    main()
