/*
 * splitter.c - how fast a script is split, and what memory that takes
 *
 * Repeats one piece of SQL until it is a script of MEGABYTES (100), splits it
 * and reads its statements, as a run does.
 *
 *	splitter SHAPE [MEGABYTES]
 *
 * One JSON line: statements, megabytes a second of processor time for
 * script_split() and for the reader, and the peak of memory beyond the script.
 * 1 megabyte is for valgrind, which counts. Without SHAPE it lists them.
 */
#include <sys/resource.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sql/script.h"

enum { MEGABYTES = 100, MEGABYTE = 1000 * 1000 };

#define UPDATE \
	"UPDATE orders SET total = total * 1.19, note = 'it''s' " \
	"WHERE order_id = 4711 AND state <> 'x';\n"
#define ROW "  (4711, '2024-01-05 10:00:00', 14.50, 'a text of some words')"
#define INSERT \
	"INSERT INTO orders (order_id, placed_at, total, note) VALUES\n" ROW \
	",\n" ROW ",\n" ROW ",\n" ROW ",\n" ROW ",\n" ROW ";\n"
#define BODY \
	"CREATE FUNCTION f(a int) RETURNS int\n" \
	"BEGIN\n" \
	"  DECLARE x INT DEFAULT 0;\n" \
	"  IF a > 1 THEN\n" \
	"    SET x = CASE WHEN a > 5 THEN 1 ELSE 2 END;\n" \
	"  END IF;\n" \
	"  WHILE x < 10 DO\n" \
	"    SET x = x + 1;\n" \
	"  END WHILE;\n" \
	"  RETURN x;\n" \
	"END"

/* What is split. */
static const struct shape {
	const char *name;
	const char *dialect;
	const char *head; /* once, in front */
	const char *unit; /* again and again */
} shapes[] = {
	{ "postgresql-insert", "postgresql", "", INSERT },
	{ "postgresql-update", "postgresql", "", UPDATE },
	{ "postgresql-tiny", "postgresql", "", "SELECT 1;\n" },
	{ "postgresql-dollar", "postgresql", "",
	    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\n"
	    "BEGIN\n  RETURN 1;\nEND\n$$;\n" },
	{ "postgresql-atomic", "postgresql", "",
	    "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC\n"
	    " SELECT CASE WHEN a > 1 THEN 2 ELSE 3 END FROM t;\nEND;\n" },
	{ "mysql-insert", "mysql", "", INSERT },
	{ "mysql-update", "mysql", "", UPDATE },
	{ "mysql-tiny", "mysql", "", "SELECT 1;\n" },
	{ "mysql-delimiter", "mysql", "DELIMITER $$\n", BODY " $$\n" },
	{ "sqlite-insert", "sqlite", "", INSERT },
	{ "sqlite-update", "sqlite", "", UPDATE },
	{ "sqlite-tiny", "sqlite", "", "SELECT 1;\n" },
	{ "sqlite-trigger", "sqlite", "",
	    "CREATE TRIGGER tr AFTER INSERT ON t BEGIN\n"
	    " UPDATE u SET a = new.a WHERE id = new.id;\n"
	    " DELETE FROM v WHERE id = old.id;\nEND;\n" },
	{ "mssql-go", "mssql", "", UPDATE UPDATE UPDATE "GO\n" },
	{ "mssql-tiny", "mssql", "", "SELECT 1;\nGO\n" },
	{ "oracle-update", "oracle", "", UPDATE },
	{ "oracle-tiny", "oracle", "", "SELECT 1;\n" },
	{ "oracle-slash", "oracle", "",
	    "BEGIN\n  x := x + 1;\n  IF x > 3 THEN NULL; END IF;\nEND;\n/\n" },
	{ "db2-update", "db2", "", UPDATE },
	{ "db2-terminator", "db2", "--#SET TERMINATOR @\n", BODY "@\n" },
	{ "firebird-update", "firebird", "", UPDATE },
	{ "firebird-term", "firebird", "SET TERM ^ ;\n",
	    "CREATE PROCEDURE p (a INTEGER) RETURNS (b INTEGER)\nAS\n"
	    "BEGIN\n  b = a + 1;\n  SUSPEND;\nEND ^\n" },
	{ "ansi-update", "ansi", "", UPDATE },
	{ "ansi-body", "ansi", "", BODY ";\n" },
};

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The most memory that the process had so far. */
static long
peak_kib(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static char *
make(const struct shape *shape, size_t size, size_t *length)
{
	size_t head = strlen(shape->head), unit = strlen(shape->unit);
	size_t n = size / unit + 1;
	char *text = malloc(head + n * unit + 1);

	if (text == NULL)
		return NULL;
	memcpy(text, shape->head, head);
	for (size_t i = 0; i < n; i++)
		memcpy(text + head + i * unit, shape->unit, unit);
	*length = head + n * unit;
	text[*length] = '\0';
	return text;
}

static int
read_all(const struct script *s, struct err *e)
{
	struct script_reader *reader = script_reader_new(s);
	const struct statement_text *statement;
	int more;

	while ((more = script_reader_next(reader, &statement, e)) > 0)
		;
	script_reader_free(reader);
	return more;
}

static int
measure(const struct shape *shape, size_t megabytes)
{
	size_t length = 0;
	char *text = make(shape, megabytes * MEGABYTE, &length);
	struct script script = SCRIPT_INIT;
	struct err e = ERR_INIT;
	long before = peak_kib();
	double began = seconds(), split, read;
	int rc;

	if (text == NULL)
		return 1;
	rc = script_split(
	    &script, text, length, dialect_by_name(shape->dialect), &e);
	split = seconds() - began;
	if (rc == 0)
		rc = read_all(&script, &e);
	read = seconds() - began - split;
	if (rc == 0)
		printf("{\"shape\":\"%s\",\"statements\":%zu,\"split\":%.0f,"
		       "\"read\":%.0f,\"beyond_kib\":%ld}\n",
		    shape->name, script.n, (double)length / split / MEGABYTE,
		    (double)length / read / MEGABYTE, peak_kib() - before);
	else
		(void)fprintf(stderr, "%s\n", e.text);
	script_release(&script);
	free(text);
	return rc == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	size_t megabytes = argc > 2 ? strtoul(argv[2], NULL, 10) : MEGABYTES;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (argc < 2)
			puts(shapes[i].name);
		else if (strcmp(argv[1], shapes[i].name) == 0)
			return measure(&shapes[i], megabytes);
	return argc < 2 ? 0 : 1;
}
