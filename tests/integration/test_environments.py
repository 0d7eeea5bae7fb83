#!/usr/bin/python3
"""One job file, three environments: SQLite, PostgreSQL and MariaDB."""

import sys
sys.dont_write_bytecode = True
import json
import os

from databases import DatabaseCase, digest, server_of, starter
from harness import main, temporary
from servers.mariadb import MariaDB
from servers.postgres import Postgres
from servers.pyftpd import Pyftpd

ftp = None


def setUpModule():
    global ftp
    starter(Postgres, MariaDB)()
    ftp = Pyftpd(temporary()).start()


# Written to work on all three.
BATCH = """-- Orders of the day; temporary tables on one connection.
CREATE TEMPORARY TABLE wanted AS
  SELECT id, name FROM customer WHERE id > 1;
CREATE TEMPORARY TABLE total AS
  SELECT customer, sum(cents) AS cents, count(*) AS orders
  FROM orders WHERE day = :day GROUP BY customer;
INSERT INTO total VALUES (4, 0, 0);
UPDATE wanted SET name = 'th;ree, "3"' WHERE id = 3;
SELECT 'not this one' AS other;
/* the last result; is the file */
SELECT w.id, w.name, t.cents, t.orders  -- the columns; all four
  FROM wanted w  /* and; this */
  LEFT JOIN total t ON t.customer = w.id ORDER BY w.id;
"""

SCHEMA = """
CREATE TABLE customer (id INTEGER, name VARCHAR(40));
CREATE TABLE orders (customer INTEGER, cents INTEGER, day DATE);
INSERT INTO customer VALUES (1, 'one'), (2, '%s'), (3, 'three'), (4, ''),
  (5, NULL);
INSERT INTO orders VALUES (1, 5, '2026-11-23'), (2, 10, '2026-11-23'),
  (2, 20, '2026-11-23'), (3, 40, '2026-11-23'), (3, 50, '2026-11-22');
"""

JOB = """
description = "Orders of the day";
timezone = "UTC";
source: {
  sql_file = "daily.sql";
  params = { day = { value = "{date:%%Y-%%m-%%d}"; type = "date"; }; };
};
file: { name = "orders-{date:%%Y%%m%%d}.csv"; };
environments: {
  dev: {
    source: { dsn = "shop_dev"; };
    targets = ( { name = "here"; url = "%(dev)s"; } );
  };
  prod: {
    source: { dsn = "shop_prod"; password = { file = "pg.secret"; }; };
    targets = ( { name = "partner"; url = "%(prod)s"; tls = "none";
                  user = "%(user)s"; password = { file = "ftp.secret"; }; } );
  };
  maria: {
    source: { dsn = "shop_maria"; password = { file = "maria.secret"; }; };
    targets = ( { name = "partner"; url = "%(prod)s"; tls = "none";
                  user = "%(user)s"; password = { file = "ftp.secret"; }; },
                { name = "copy"; url = "%(dev)s"; } );
  };
};
"""

NAME = "orders-20261123.csv"


def wanted(where):
    return ('id,name,cents,orders\r\n2,%s,30,2\r\n3,"th;ree, ""3""",40,1\r\n'
            '4,"",0,0\r\n5,,,\r\n' % where).encode()


class Environments(DatabaseCase):
    """The same job file, --env dev, --env prod and --env maria."""

    kind = Postgres

    def setUp(self):
        super().setUp()
        self.maria = server_of(MariaDB)
        drop = ("DROP TABLE IF EXISTS customer; "
                "DROP TABLE IF EXISTS orders;\n")
        self.home.sqlite("shop_dev", SCHEMA % "dev")
        self.server.psql(drop + SCHEMA % "prod")
        self.maria.sql(drop + SCHEMA % "maria")
        self.home.dsn("shop_prod", self.server.keywords())
        self.home.dsn("shop_maria", self.maria.keywords())
        self.home.secret("pg.secret", self.server.password)
        self.home.secret("maria.secret", self.maria.password)
        self.home.secret("ftp.secret", ftp.password)
        self.home.sql("daily.sql", BATCH)
        self.home.job("daily", JOB % {
            "dev": self.url, "prod": ftp.url(), "user": ftp.user_name})
        for name in ftp.files():
            os.unlink(os.path.join(ftp.root, "incoming", name))

    def deliver(self, env, *arguments):
        self.assert_silent(self.home.run(
            "run", "daily", "--env", env, "--date", "2026-11-23", *arguments))

    def here(self):
        return self.delivered("orders-20261123")

    def test_dev_and_prod(self):
        """dev and prod go their own ways, with the same bytes but one name"""
        self.deliver("dev")
        self.assertEqual(os.listdir(self.out), [NAME])
        self.assertEqual(self.here(), wanted("dev"))
        self.assertEqual(ftp.files(), [])
        self.deliver("prod")
        self.assertEqual(ftp.files(), [NAME])
        self.assertEqual(ftp.read(NAME), wanted("prod"))
        self.assertEqual(self.here(), wanted("dev"))

    def test_maria(self):
        """MariaDB, to two targets at once"""
        self.deliver("maria")
        self.assertEqual(ftp.read(NAME), wanted("maria"))
        self.assertEqual(self.here(), wanted("maria"))

    def test_records(self):
        """the ledger tells the environments apart"""
        for env in ("dev", "prod", "maria"):
            self.deliver(env)
        runs = self.home.ledger(
            "SELECT r.environment, r.dsn, r.dbms, r.state, r.rows, f.sha256 "
            "FROM run r JOIN file f ON f.run = r.id ORDER BY r.id")
        self.assertEqual(
            [(r["environment"], r["dsn"], r["state"], r["rows"], r["sha256"])
             for r in runs],
            [(e, "shop_" + e, "shipped", 4, digest(wanted(e)))
             for e in ("dev", "prod", "maria")])
        self.assertEqual([r["dbms"].split(" ")[0] for r in runs],
                         ["SQLite", "PostgreSQL", "MariaDB"])
        self.assertEqual(
            [d["target"] for d in self.home.ledger(
                "SELECT target FROM delivery WHERE state = 'delivered' "
                "ORDER BY id")], ["here", "partner", "partner", "copy"])

    def test_once_each(self):
        """shipped in dev is not shipped in prod, and each ships once"""
        self.deliver("dev")
        self.deliver("prod")
        sent = len(ftp.commands())
        again = self.home.run("run", "daily", "--env", "prod", "--date",
                              "2026-11-23", "--json")
        self.assertEqual(json.loads(again.stdout)["state"], "already-shipped")
        self.assertEqual(len(ftp.commands()), sent)
        self.deliver("prod", "--force")
        self.assertGreater(len(ftp.commands()), sent)
        self.assertEqual(ftp.files(), [NAME])

    def test_prod_down(self):
        """prod's database down: 75 there, and dev goes on"""
        self.server.stop()
        result = self.home.run("run", "daily", "--env", "prod", expect=75)
        self.assert_message(result, "cannot connect to 'shop_prod'")
        self.assertEqual(ftp.files(), [])
        self.assert_recorded(75)
        self.deliver("dev")
        self.assertEqual(self.here(), wanted("dev"))

    def test_dsn(self):
        """--dsn runs prod's job on the database of development"""
        self.deliver("prod", "--dsn", "shop_dev")
        self.assertEqual(ftp.read(NAME), wanted("dev"))

    def test_nothing_is_left(self):
        """temporary tables end with the run"""
        self.deliver("prod", "--force")
        self.deliver("prod", "--force")
        self.deliver("maria")
        self.assertEqual(self.server.psql(
            "SELECT count(*) FROM pg_class WHERE relname IN ('wanted', "
            "'total')").strip(), "0")
        self.assertEqual(self.maria.sql(
            "SELECT count(*) FROM information_schema.tables WHERE table_name "
            "IN ('wanted', 'total')").strip(), "0")


if __name__ == "__main__":
    main()
