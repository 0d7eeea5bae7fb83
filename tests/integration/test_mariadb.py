#!/usr/bin/python3
"""MariaDB through its ODBC connector: batches, values, failures."""

import sys
sys.dont_write_bytecode = True
import struct

from databases import (TYPED, TYPED_TEXT, DatabaseCase, digest, parse,
                       starter)
from harness import REACHED, REACHED_SECONDS, main, wait_until
from servers.mariadb import MariaDB

setUpModule = starter(MariaDB)

# Nearly for ever, a row every 10 ms.
SLOW = "SELECT seq, sleep(0.01) AS s FROM seq_1_to_1000000"


class MariaCase(DatabaseCase):
    kind = MariaDB

    def sql(self, sql):
        return self.server.sql(sql)

    def table(self, columns, *rows):
        """A new table t with these columns and rows of SQL."""
        self.sql("DROP TABLE IF EXISTS t; CREATE TABLE t (%s); "
                 "INSERT INTO t VALUES %s" % (columns, ", ".join(
                     "(%s)" % row for row in rows)))

    def sessions(self):
        """Ids of the sessions of our runs."""
        return self.sql("SELECT id FROM information_schema.processlist "
                        "WHERE user = '%s'" % self.server.role).split()

    def running(self, word):
        """Whether a session of ours runs a statement with this word."""
        return word in self.sql(
            "SELECT info FROM information_schema.processlist WHERE user = "
            "'%s'" % self.server.role)


class Batch(MariaCase):
    """What a batch may hold."""

    def test_temporary_table(self):
        """a table of statement 1 is read by statement 3"""
        self.assertEqual(self.export(
            "CREATE TEMPORARY TABLE tmp (id int, name text);\n"
            "INSERT INTO tmp VALUES (1, 'one'), (2, 'two;');  # a comment;\n"
            "SELECT id, name FROM tmp ORDER BY id;\n"),
            b"id,name\r\n1,one\r\n2,two;\r\n")

    def test_delimiter(self):
        """DELIMITER, a procedure of many statements, and its results"""
        sql = """DROP PROCEDURE IF EXISTS twice;
DELIMITER //
CREATE PROCEDURE twice(IN n INT)
BEGIN
  DECLARE m INT DEFAULT n * 2;   -- it's; a comment
  CREATE TEMPORARY TABLE IF NOT EXISTS seen (n INT);
  INSERT INTO seen VALUES (n);
  SELECT n AS first;
  SELECT m AS second, 'a;b//' AS t;
END //
DELIMITER ;
CALL twice(21);
"""
        self.assertEqual(self.export(sql), b"second,t\r\n42,a;b//\r\n")
        self.assertEqual(
            [tuple(s.values()) for s in self.home.ledger(
                "SELECT line, word FROM statement ORDER BY position")],
            [(1, "DROP"), (3, "CREATE"), (12, "CALL")])

    def test_only(self):
        """a procedure with two results is refused by result = "only" """
        self.sql("DROP PROCEDURE IF EXISTS two;\nDELIMITER //\n"
                 "CREATE PROCEDURE two() BEGIN SELECT 1 AS a; "
                 "SELECT 2 AS b; END //\n")
        self.job("CALL two()", extra='result = "only";')
        self.refuse(65, "more than one result set")
        self.assertEqual(self.export("CALL two()"), b"b\r\n2\r\n")

    def test_last(self):
        """of several results the last becomes the file"""
        self.assertEqual(self.export(
            "SELECT 1 AS a; SELECT 2 AS b; SET @x = 3; "
            "CREATE TEMPORARY TABLE u (n int)"), b"b\r\n2\r\n")

    def test_none(self):
        """a batch without a result is an error"""
        self.job("SET @x = 1; CREATE TEMPORARY TABLE u (n int)")
        self.refuse(65, "no result set")

    def test_on_connect(self):
        """on_connect runs first, on the same connection"""
        self.assertEqual(self.export(
            "SELECT @day AS d, @@time_zone AS z",
            extra='on_connect = ( "SET @day = \'mon\'", '
                  '"SET time_zone = \'+09:00\'" );'),
            b"d,z\r\nmon,+09:00\r\n")

    def test_params(self):
        """parameters are bound with their types; := and strings are none"""
        self.job("SELECT :t AS t, :i + 1 AS i, "
                 "CAST(:d AS DECIMAL(10,2)) * 2 AS d, "
                 "DATE_ADD(:day, INTERVAL 1 DAY) AS day, ':no' AS s, "
                 "@v := 5 AS v",
                 extra=TYPED)
        self.home.run("run", "v", "--date", "2024-02-28")
        self.assertEqual(parse(self.delivered())[1:], [[
            TYPED_TEXT, "9007199254740994", "0.20",
            "2024-02-29", ":no", "5"]])


class Values(MariaCase):
    """What the database holds is what the file says."""

    def test_integers(self):
        """integers digit for digit, without a sign too, and zeros in front"""
        self.table("n int, b bigint, u bigint unsigned, t tinyint, "
                   "z int(8) zerofill, m mediumint unsigned, y year",
                   "1, 9223372036854775807, 18446744073709551615, -128, 42, "
                   "16777215, 1901",
                   "2, -9223372036854775808, 0, 127, 123456789, 0, 2155",
                   "3, 9007199254740993, 9223372036854775808, 0, 0, 1, 0",
                   "4, NULL, NULL, NULL, NULL, NULL, NULL")
        self.assertEqual(self.values("SELECT * FROM t ORDER BY n"), [
            ["1", "9223372036854775807", "18446744073709551615", "-128",
             "00000042", "16777215", "1901"],
            ["2", "-9223372036854775808", "0", "127", "123456789", "0",
             "2155"],
            ["3", "9007199254740993", "9223372036854775808", "0", "00000000",
             "1", "0000"],
            ["4"] + [""] * 6])

    def test_decimals(self):
        """decimal(65,30) to the last digit"""
        big = "9" * 35 + "." + "1" * 30
        self.table("n int, d decimal(65,30), e decimal(65,0), f decimal(5,2)",
                   "1, %s, %s, 1.10" % (big, "9" * 65),
                   "2, -%s, -1, -0.01" % big,
                   "3, 0.000000000000000000000000000001, 0, 0")
        self.assertEqual(self.values("SELECT * FROM t ORDER BY n"), [
            ["1", big, "9" * 65, "1.10"], ["2", "-" + big, "-1", "-0.01"],
            ["3", "0.000000000000000000000000000001", "0", "0.00"]])

    def test_doubles(self):
        """doubles and floats read back to the same bits"""
        doubles = [0.1, 0.1 + 0.2, 1 / 3, -1e300, 5e-324,
                   1.7976931348623157e308, 123456.789, 2.0 ** 53, 1e22, 100.0]
        floats = [0.1, 123456.789, 16777216.0, 1e-38, 3.4028234e38, 1 / 3,
                  -2.5, 1e10, 8388607.5, 100.0]
        self.table("n int, d double, f float", *[
            "%d, %r, %r" % (n, d, f)
            for n, (d, f) in enumerate(zip(doubles, floats))])
        rows = self.values("SELECT * FROM t ORDER BY n")
        self.assertEqual([float(r[1]) for r in rows], doubles)
        self.assertEqual([struct.pack("<f", float(r[2])) for r in rows],
                         [struct.pack("<f", f) for f in floats])

    def test_dates(self):
        """zero dates, fractions as they are declared, the ends of the range"""
        self.table("n int, d date, t datetime, t3 datetime(3), t6 "
                   "datetime(6), ts timestamp(6) null",
                   "1, '0000-00-00', '0000-00-00 00:00:00', "
                   "'2024-02-29 12:34:56.7', '2024-02-29 12:34:56.789012', "
                   "'2024-02-29 12:34:56.000001'",
                   "2, '9999-12-31', '1000-01-01 00:00:00', "
                   "'9999-12-31 23:59:59.999', '0000-00-00', NULL",
                   "3, '2024-00-00', '2024-02-00 01:02:03', NULL, NULL, NULL")
        self.assertEqual(self.values("SELECT * FROM t ORDER BY n"), [
            ["1", "0000-00-00", "0000-00-00 00:00:00",
             "2024-02-29 12:34:56.700", "2024-02-29 12:34:56.789012",
             "2024-02-29 12:34:56.000001"],
            ["2", "9999-12-31", "1000-01-01 00:00:00",
             "9999-12-31 23:59:59.999", "0000-00-00 00:00:00.000000", ""],
            ["3", "2024-00-00", "2024-02-00 01:02:03", "", "", ""]])

    def test_times(self):
        """times beyond a day, and before none"""
        self.table("n int, t time, t6 time(6)",
                   "1, '838:59:59', '-838:59:59.000001'",
                   "2, '-00:00:01', '24:00:00.5'", "3, '00:00:00', NULL")
        self.assertEqual(self.values("SELECT * FROM t ORDER BY n"), [
            ["1", "838:59:59", "-838:59:59.000001"],
            ["2", "-00:00:01", "24:00:00.500000"], ["3", "00:00:00", ""]])

    def test_bits(self):
        """bit(1) is 1 or 0, more bits are hexadecimal"""
        self.table("n int, b bit(1), m bit(8), w bit(64), o boolean",
                   "1, b'1', b'10101010', b'1', true",
                   "2, b'0', b'0', ~0, false", "3, NULL, NULL, NULL, NULL")
        self.assertEqual(self.values("SELECT * FROM t ORDER BY n"), [
            ["1", "1", "aa", "0000000000000001", "1"],
            ["2", "0", "00", "f" * 16, "0"], ["3"] + [""] * 4])

    def test_charsets(self):
        """latin1, utf8mb4 and utf16 columns come as UTF-8"""
        texts = "caf\u00e9 \u20ac"
        emoji = "\U0001f468\u200d\U0001f469 e\u0301 \u4e2d\U0010fffd"
        self.table("n int, l varchar(20) character set latin1, u text "
                   "character set utf8mb4, w varchar(20) character set utf16, "
                   "c char(5)",
                   "1, '%s', '%s', '%s', 'ab'" % (texts, emoji, emoji),
                   "2, '', NULL, '', ''")
        self.assertEqual(
            self.export("SELECT * FROM t ORDER BY n").decode(),
            "n,l,u,w,c\r\n1,%s,%s,%s,ab\r\n2,\"\",,\"\",\"\"\r\n" %
            (texts, emoji, emoji))

    def test_locale(self):
        """the environment's locale changes nothing"""
        self.job("SELECT 'caf\u00e9 \u20ac\U0001f600' AS \"n\u00e4me\"")
        for locale in ("C", "C.UTF-8", "en_US.ISO-8859-1"):
            self.home.run("run", "v", "--force", env={"LC_ALL": locale})
            self.assertEqual(
                self.delivered().decode(),
                "n\u00e4me\r\ncaf\u00e9 \u20ac\U0001f600\r\n", locale)

    def test_json(self):
        """json, enum and set as they are stored"""
        text = '{"a": [1, null, "\\"x\\""],  "b": "\u00e9\U0001f600"}'
        self.table("n int, j json, e enum('x','y,\"z'), s set('a','b','c')",
                   "1, '%s', 'y,\"z', 'a,c'" % text.replace("\\", "\\\\"),
                   "2, '[]', NULL, ''")
        self.assertEqual(self.values("SELECT * FROM t ORDER BY n"),
                         [["1", text, 'y,"z', "a,c"], ["2", "[]", "", ""]])

    def test_blobs(self):
        """bytes are lower-case hexadecimal, NUL bytes and all"""
        # The long one is quoted: it is written before its end is known.
        self.table("n int, b blob, v varbinary(4), c binary(4), l longblob",
                   "1, x'00ff0a22', x'00', x'ab', REPEAT(x'00de', 3000000)",
                   "2, x'', x'', x'', NULL")
        self.assertEqual(
            digest(self.export("SELECT * FROM t ORDER BY n")),
            digest(b'n,b,v,c,l\r\n1,00ff0a22,00,ab000000,"' +
                   b"00de" * 3000000 + b'"\r\n2,"","",00000000,\r\n'))

    def test_geometry(self):
        """geometry is bytes: SRID and WKB"""
        self.assertEqual(
            self.values("SELECT ST_GeomFromText('POINT(1 2)') AS g"),
            [["00000000" + struct.pack("<BIdd", 1, 1, 1, 2).hex()]])

    def test_long(self):
        """texts of 12 MB, between small columns"""
        self.table("n int, t longtext, m int",
                   *["%d, CONCAT(REPEAT('\u20acuro %d\"', 1200000), %d), %d" %
                     (n, n, n, n + 1) for n in (1, 2, 3)])
        wanted = "n,t,m\r\n" + "".join(
            '%d,"%s%d",%d\r\n' % (n, '\u20acuro %d""' % n * 1200000, n, n + 1)
            for n in (1, 2, 3))
        self.assertEqual(digest(self.export("SELECT * FROM t ORDER BY n")),
                         digest(wanted.encode()))

    def test_many(self):
        """120000 rows, each where it belongs: the server's own digest"""
        self.sql("DROP TABLE IF EXISTS t; CREATE TABLE t AS SELECT seq AS n, "
                 "seq * 37 MOD 1001 AS m, MD5(seq) AS h, IF(seq MOD 7 = 0, "
                 "NULL, REPEAT('x', 1 + seq MOD 90)) AS t "
                 "FROM seq_1_to_120000")
        wanted = self.sql(
            "SET SESSION group_concat_max_len = 1000000000; "
            "SELECT SHA2(CONCAT('n,m,h,t\\r\\n', GROUP_CONCAT(CONCAT(n, ',', "
            "m, ',', h, ',', IFNULL(t, ''), '\\r\\n') ORDER BY n SEPARATOR "
            "'')), 256) FROM t").strip()
        self.assertEqual(digest(self.export("SELECT * FROM t ORDER BY n")),
                         wanted)

    def test_empty_and_null(self):
        """NULL is nothing, the empty string two quotes"""
        self.table("n int, a varchar(5), b text", "1, NULL, ''", "2, '', NULL",
                   "3, 'a', 'b'")
        self.assertEqual(self.export("SELECT a, b FROM t ORDER BY n"),
                         b'a,b\r\n,""\r\n"",\r\na,b\r\n')


class Errors(MariaCase):
    """What the server refuses."""

    def test_sql_error(self):
        """statement 2: its line, the SQLSTATE, the server's own words"""
        self.home.sql("b.sql", "# one\nCREATE TEMPORARY TABLE tmp (n int);\n\n"
                               "SELECT n,\n  no_such_column FROM tmp;\n"
                               "SELECT 3;\n")
        self.job(extra='sql_file = "b.sql";')
        self.refuse(69, "statement 2 (b.sql:4)", "42S22", "1054",
                    "Unknown column 'no_such_column'", "Correct the statement")
        self.assertEqual([s["line"] for s in self.home.ledger(
            "SELECT * FROM statement ORDER BY position")], [2, 4])

    def test_syntax(self):
        """a syntax error quotes what is near it"""
        self.job("SELEC 1")
        self.refuse(69, "statement 1", "42000", "1064", "near 'SELEC 1")

    def test_permission(self):
        """a table that the user may not read"""
        self.sql("CREATE USER IF NOT EXISTS 'poor'@'%' IDENTIFIED BY 'p'; "
                 "GRANT USAGE ON *.* TO 'poor'@'%'; GRANT CREATE TEMPORARY "
                 "TABLES ON shop.* TO 'poor'@'%'; "
                 "CREATE TABLE IF NOT EXISTS private (n int)")
        self.dsn(User="poor")
        self.home.secret("db.secret", "p\n")
        self.job("SELECT * FROM private")
        self.refuse(69, "1142", "SELECT command denied to user 'poor'",
                    "grant")

    def failed_logins(self):
        with open(self.server.log, errors="replace") as log:
            return log.read().count("Access denied for user 'tester'")

    def test_wrong_password(self):
        """a wrong password is refused once: no hammering"""
        self.home.secret("db.secret", "not it\n")
        self.job("SELECT 1")
        before = self.failed_logins()
        result = self.refuse(69, "cannot connect to 'db'", "28000",
                             "Access denied for user 'tester'",
                             "source.password")
        self.assertEqual(self.failed_logins() - before, 1)
        self.assertNotIn("not it", result.stderr)

    def test_unknown_database(self):
        """a database that does not exist"""
        self.dsn(Database="no_such_db")
        self.job("SELECT 1")
        self.refuse(69, "cannot connect to 'db'", "1049",
                    "Unknown database 'no_such_db'")

    def test_server_stopped(self):
        """nobody listens: the same command may succeed later"""
        self.server.stop()
        self.job("SELECT 1 AS n")
        self.refuse(75, "cannot connect to 'db'", "2002")
        self.server.start()
        self.dsn()
        self.home.run("run", "v")
        self.assertEqual(self.delivered(), b"n\r\n1\r\n")

    def test_locked(self):
        """a lock that is not granted in time is for later"""
        self.table("n int", "1")
        self.job("SELECT * FROM t FOR UPDATE",
                 extra='retries = 0; '
                       'on_connect = ( "SET innodb_lock_wait_timeout = 1", '
                       '"START TRANSACTION" );')
        self.job("START TRANSACTION; UPDATE t SET n = 2; "
                 "SELECT sleep(600) AS s", name="holder")
        self.start("holder")
        wait_until(lambda: self.running("sleep(600)"), what="the lock")
        self.assert_message(self.home.run("run", "v", expect=75), "1205",
                            "Lock wait timeout", "Another session")


class Lost(MariaCase):
    """A connection that ends while the result is coming."""

    def begin(self):
        self.job(SLOW, extra="retries = 0;")
        process = self.start("v")
        wait_until(lambda: self.running("seq_1_to_1000000"), what="the query")
        return process

    def lose(self, process, *texts):
        self.assert_failed(self.home.finish(process), 75, "statement 1",
                           *texts)

    def test_connection_killed(self):
        """KILL CONNECTION"""
        process = self.begin()
        (session,) = self.sessions()
        self.sql("KILL CONNECTION " + session)
        self.lose(process, "08S01", "connection was lost")

    def test_query_killed(self):
        """KILL QUERY"""
        process = self.begin()
        (session,) = self.sessions()
        self.sql("KILL QUERY " + session)
        self.lose(process, "1317", "interrupted")

    def test_server_killed(self):
        """kill -9 of the server"""
        process = self.begin()
        self.server.process.kill()
        self.server.process.wait()
        self.lose(process, "08S01", "2013")

    def test_server_stopped(self):
        """a shutdown in the middle of the query"""
        process = self.begin()
        self.server.stop()
        self.lose(process)


class Limits(MariaCase):
    """Time limits and signals."""

    def gone(self):
        wait_until(lambda: not self.running("sleep(600)"),
                   what="the end of the query")

    def test_query_timeout(self):
        """source.query_timeout, which this driver does not know"""
        self.job("SELECT sleep(600) AS s", extra='query_timeout = "1s";')
        self.refuse(75, "statement 1", "query_timeout")
        self.gone()

    def test_server_limit(self):
        """the server's own limit"""
        self.job("SELECT sleep(600) AS s",
                 extra='on_connect = ( "SET max_statement_time = 0.3" );')
        self.refuse(75, "1969", "max_statement_time")

    def test_runtime(self):
        """limits.runtime ends the run and the statement"""
        self.job("SELECT sleep(600) AS s",
                 rest='limits = { runtime = "%ds"; };' %
                 REACHED_SECONDS)
        self.refuse(75, "statement 1", REACHED, "limits.runtime")
        self.gone()

    def test_signal(self):
        """SIGTERM cancels the statement; status 143"""
        self.job("SELECT sleep(600) AS s")
        process = self.start("v")
        wait_until(lambda: self.running("sleep(600)"), what="the query")
        process.terminate()
        self.assert_failed(self.home.finish(process), 143, "statement 1")
        self.gone()


if __name__ == "__main__":
    main()
