#!/usr/bin/python3
"""The same script through odbcship and through the database's own client.

Procedures, functions, triggers and bodies in all their forms: the databases
are the same afterwards, by the dump of the database's own tool.
"""

import sys
sys.dont_write_bytecode = True
import os
import subprocess

from harness import Case, main, source, target, temporary
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
from servers.mariadb import MariaDB
from servers.postgres import Postgres
from servers.server import find_program

POSTGRES = r"""
-- a; comment /* nested /* ; */ */
CREATE TABLE t (id int PRIMARY KEY, "a;b" text, n numeric(10,2),
  j jsonb, tags text[]);
INSERT INTO t VALUES (1, 'it''s; C:\', 1.50, '{"k": [1, 2]}', '{a,";"}'),
  (2, E'tab\t\'; --', -3, '{}', ARRAY['x;y', '$$']);
INSERT INTO t VALUES (3, 'first\'
  '\;second', 0, '[]', NULL);  -- continued
CREATE FUNCTION dollars(x int) RETURNS text LANGUAGE plpgsql AS $body$
DECLARE r text := $$in;ner$$;
BEGIN
  IF x > 0 THEN r := r || ';'; END IF;
  RETURN r || $x$ $body $x$;
END;
$body$;
CREATE OR REPLACE FUNCTION atomic(x int, "end" int DEFAULT 1) RETURNS int
LANGUAGE sql
BEGIN ATOMIC
  SELECT CASE WHEN x > 0 THEN 1 ELSE 2 END;
  SELECT (SELECT CASE x WHEN 1 THEN 2 END) AS "case";
  SELECT x /* END; */ + "end";
END;
CREATE PROCEDURE fill(lo int, hi int) LANGUAGE sql
BEGIN ATOMIC
  INSERT INTO t (id, "a;b") SELECT i, 'row;' || i
    FROM generate_series(lo, hi) AS g(i);
  DELETE FROM t WHERE id = hi;
END;
CALL fill(10, 14);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN NEW.n := coalesce(NEW.n, 0) + 1; RETURN NEW; END;';
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON t
  FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TABLE log (what text);
CREATE RULE kept AS ON DELETE TO t DO ALSO
  (INSERT INTO log VALUES ('del;' || OLD.id); INSERT INTO log VALUES ('2'));
DELETE FROM t WHERE id = 2;
DO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO log VALUES (i || ';'); END LOOP;
END $$;
BEGIN;
UPDATE t SET "a;b" = dollars(id) WHERE id = 1;
COMMIT;
CREATE FUNCTION nested(x int) RETURNS SETOF int LANGUAGE sql
BEGIN ATOMIC
  WITH cased AS (SELECT x AS beginning, 1 AS ended)
    SELECT CASE WHEN beginning > 0 THEN CASE ended WHEN 1 THEN 3 END END
    FROM cased; /* END; */
  SELECT "end" FROM (SELECT 1 AS "end") AS "atomic"; -- END;
END;
CREATE FUNCTION one(x int) RETURNS int LANGUAGE sql RETURN CASE x WHEN 1 THEN 2
  ELSE (SELECT max(i) FROM nested(x) AS n(i)) END;
CREATE TYPE pair AS (a int, "b;c" text);
CREATE PROCEDURE loops(INOUT n int) LANGUAGE plpgsql AS $_1$
BEGIN
  <<outer>> WHILE n < 3 LOOP n := n + 1; CONTINUE outer WHEN false; END LOOP;
EXCEPTION WHEN others THEN RAISE NOTICE '%; %', SQLERRM, $q$;$q$;
END $_1$;
CALL loops(0);
\dt
\echo 'all; set'
COMMENT ON FUNCTION one(int) IS 'a; b';
SET standard_conforming_strings = off;
SET escape_string_warning = off;
INSERT INTO log VALUES ('old\';style');
SET standard_conforming_strings = on;
INSERT INTO log VALUES ('new\'), (U&'d\0061t\+000061;');
INSERT INTO log SELECT 'at ' || tags[1:1]::text || (5 # 3) FROM t WHERE id = 1;
SELECT atomic(5) AS a
"""

MARIADB = r"""
# a; comment with a 'quote
CREATE TABLE t (id INT PRIMARY KEY, `a;b` VARCHAR(99), n DECIMAL(10,2));
INSERT INTO t VALUES (1, 'it\'s; C:\\', 5--3), (2, 'it''s;', 1.5);
/*!50001 INSERT INTO t VALUES (3, '*/;', 0) */;
INSERT INTO t (id, "a;b") VALUES (4, '--;');
DELIMITER $$
CREATE PROCEDURE fill(lo INT, hi INT)
BEGIN
  -- a comment; in the body
  DECLARE i INT DEFAULT lo;
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
  WHILE i < hi DO
    CASE i WHEN 12 THEN SET i = i + 1; ELSE BEGIN END; END CASE;
    INSERT INTO t VALUES (i, CONCAT('row;', i), IF(i > 11, 1, 2));
    SET i = i + 1;
  END WHILE;
END$$
CREATE FUNCTION twice(x INT) RETURNS INT DETERMINISTIC
BEGIN
  IF x IS NULL THEN RETURN 0; END IF;
  RETURN 2 * x;
END $$
CREATE TRIGGER touch BEFORE INSERT ON t FOR EACH ROW
BEGIN
  SET NEW.n = COALESCE(NEW.n, 0) + 1;
END $$
DELIMITER ;
CALL fill(10, 15);
INSERT INTO t VALUES (twice(20), 'twice', NULL)\g
CREATE VIEW v AS SELECT id, `a;b` AS "end" FROM t;
delimiter |
CREATE PROCEDURE loops(INOUT n INT)
outer_loop: BEGIN
  DECLARE ended INT DEFAULT 0; DECLARE c CURSOR FOR SELECT id FROM t;
  DECLARE EXIT HANDLER FOR NOT FOUND SET ended = 1;
  OPEN c;
  inner_loop: LOOP
    FETCH c INTO n;
    IF n > 3 THEN LEAVE inner_loop; ELSEIF n < 0 THEN ITERATE inner_loop;
    END IF;
    REPEAT SET n = n + 1; UNTIL n > 0 END REPEAT;
  END LOOP inner_loop; -- END|
  CLOSE c;
  SELECT CASE n WHEN 1 THEN 'END;' ELSE "x" END AS `end`;
END outer_loop|
CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1|
delimiter ;
warnings
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE
  DO DELETE FROM t WHERE id < 0;
DELIMITER //
BEGIN NOT ATOMIC
  DECLARE x INT DEFAULT 50;
  INSERT INTO t VALUES (x, 'not atomic;', 4//2);
END //
delimiter ;
SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES';
INSERT INTO t VALUES (60, 'C:\', 1);
SET sql_mode = 'ANSI_QUOTES';
INSERT INTO t VALUES (61, 'a\';b', 1);
SELECT COUNT(*) AS a FROM t
""".replace("4//2", "4/2")

SQLITE = r"""
-- a; comment
CREATE TABLE t (id INTEGER PRIMARY KEY, [a;b] TEXT, "c;d" REAL, `e;f`);
INSERT INTO t VALUES (1, 'it''s; C:\', 1.5, X'00ff'), (2, ';--', NULL, '/*');
CREATE TABLE log (what TEXT);
CREATE TRIGGER touch AFTER INSERT ON t WHEN new.id > 2 BEGIN
  INSERT INTO log VALUES (CASE WHEN new.id > 3 THEN 'end;' ELSE '-' END);
  UPDATE t SET [a;b] = 'END;' WHERE id = new.id; /* ; */
END;
CREATE TEMP TRIGGER other BEFORE DELETE ON t BEGIN
  SELECT RAISE(IGNORE) WHERE old.id = 1; -- END;
  INSERT INTO log VALUES ('del;' || old.id);
END;
INSERT INTO t (id) VALUES (3), (4);
CREATE VIEW shown AS SELECT id, "c;d" FROM t;
CREATE TRIGGER instead INSTEAD OF UPDATE OF id ON shown FOR EACH ROW BEGIN
  DELETE FROM log WHERE what = CASE new.id WHEN 1 THEN CASE WHEN 1 THEN ';'
    END ELSE 'x' END; -- END
  INSERT INTO log SELECT 'begin' AS [end;] WHERE EXISTS (SELECT 1);
  END;
UPDATE shown SET id = 9 WHERE id = 4;
.mode csv
.schema shown
DELETE FROM t;
BEGIN;
INSERT INTO log VALUES ('in a transaction');
END;
CREATE VIEW v AS SELECT id AS "end", [a;b] AS "begin" FROM t;
;;
SELECT count(*) AS a FROM log
"""


class Clients(Case):

    def run_job(self, text, sql):
        """Run the script as it is; the file of its last statement."""
        out, url = self.home.directory()
        self.home.sql("j.sql", sql)
        self.home.job("j", text + 'file: { name = "x.csv"; };\n' + target(url))
        self.home.run("run", "j")
        with open(os.path.join(out, "x.csv"), newline="") as f:
            return f.read()

    @staticmethod
    def tool(argv, **options):
        done = subprocess.run(argv, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, **options)
        if done.returncode != 0:
            raise AssertionError("%s: %s" % (argv, done.stderr.decode()))
        return done.stdout.decode()

    def test_sqlite(self):
        """SQLite: triggers, quotes of all kinds"""
        ours = self.home.sqlite("ours")
        theirs = self.home.sqlite("theirs")
        sqlite3 = find_program("sqlite3")
        self.tool([sqlite3, "-bail", theirs], input=SQLITE.encode())
        text = self.run_job(source("ours", sql_file="j.sql"), SQLITE)
        self.assertEqual(text, "a\r\n7\r\n")
        dumps = [self.tool([sqlite3, path, ".dump"])
                 for path in (ours, theirs)]
        self.assertIn("CREATE TRIGGER touch", dumps[1])
        self.assertEqual(dumps[0], dumps[1])

    def test_postgresql(self):
        """PostgreSQL: dollar quotes, BEGIN ATOMIC, rules, escape strings"""
        with Postgres(temporary()) as server:
            server.psql("CREATE DATABASE ours; ")
            server.psql("CREATE DATABASE theirs;")
            server.psql(POSTGRES, "-d", "theirs")
            self.home.secret("pw", server.password)
            keywords = dict(server.keywords(), Database="ours")
            self.home.dsn("pg", keywords)
            text = self.run_job(
                source("pg", sql_file="j.sql", extra='user = "%s"; '
                       'password = { file = "pw"; };' % server.role),
                POSTGRES)
            self.assertEqual(text, "a\r\n6\r\n")
            dumps = [self.pg_dump(server, name) for name in ("ours", "theirs")]
        self.assertIn("    BEGIN ATOMIC", dumps[1])
        self.assertEqual(dumps[0], dumps[1])

    def pg_dump(self, server, database):
        text = self.tool(
            [find_program("pg_dump"), "--inserts", "-h", "127.0.0.1", "-p",
             str(server.port), "-U", server.role, database],
            env=dict(server.environment, PGPASSWORD=server.password))
        return [line for line in text.splitlines()
                if not line.startswith(("\\restrict", "\\unrestrict"))]

    def test_mariadb(self):
        """MariaDB: DELIMITER, procedures, triggers, conditional comments"""
        with MariaDB(temporary()) as server:
            server.sql("CREATE DATABASE ours; CREATE DATABASE theirs;")
            done = server._client(MARIADB, "--comments", "theirs")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.home.secret("pw", server.password)
            self.home.dsn("my", dict(server.keywords(), Database="ours"))
            text = self.run_job(
                source("my", sql_file="j.sql", extra='user = "%s"; '
                       'password = { file = "pw"; };' % server.role),
                MARIADB)
            self.assertEqual(text, "a\r\n12\r\n")
            dumps = [self.mariadb_dump(server, name)
                     for name in ("ours", "theirs")]
        self.assertIn("PROCEDURE", dumps[1])
        self.assertEqual(dumps[0], dumps[1])

    def mariadb_dump(self, server, database):
        text = self.tool(
            [find_program("mariadb-dump"), "--no-defaults", "--routines",
             "--triggers", "--events", "--skip-dump-date", "--compact",
             "--socket=" + server.socket, "--user=root", database],
            env=server.environment)
        # Who made them differs, as it must.
        return (text.replace('"tester"@"%"', '"root"@"localhost"')
                .replace("`tester`@`%`", "`root`@`localhost`"))


if __name__ == "__main__":
    main()
