/*
 * drain.c - the measure: how fast can this driver deliver this query?
 *
 * Fetches every column as SQL_C_CHAR in blocks of rows and throws them away;
 * nothing else, so that what an exporter takes longer is its own. One JSON
 * line: rows, bytes, seconds, CPU, peak memory. Values are not checked, longer
 * ones than the buffer count with what the indicator says.
 *
 *	drain [-r ROWS] [-w WIDTH] CONNECTION-STRING SQL
 */
#include <sql.h>
#include <sqlext.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { DRAIN_ROWS = 64, DRAIN_LEAST = 32, DRAIN_WIDTH = 4096 };

/* What is drained, and how. */
struct drain {
	SQLHENV environment;
	SQLHDBC connection;
	SQLHSTMT statement;
	size_t rows;  /* of a block */
	size_t width; /* most bytes of a column's buffer */
	SQLSMALLINT n_columns;
	SQLLEN **lengths; /* owned, for each column one of each row */
	char **data;	  /* owned, for each column */
	SQLULEN fetched;
	uint64_t n_rows; /* so far */
	uint64_t n_bytes;
};

static void
say(SQLSMALLINT type, SQLHANDLE handle, const char *what)
{
	SQLCHAR state[6] = "", text[1024] = "";
	SQLINTEGER native = 0;
	SQLSMALLINT n;

	(void)SQLGetDiagRec(type, handle, 1, state, &native, text,
	    (SQLSMALLINT)sizeof(text), &n);
	(void)fprintf(
	    stderr, "drain: %s: %s %s\n", what, (char *)state, (char *)text);
}

/* 0, or -1 when a call failed; then it was said. */
static int
check(const struct drain *d, SQLRETURN rc, const char *what)
{
	if (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA)
		return 0;
	if (d->statement != SQL_NULL_HSTMT)
		say(SQL_HANDLE_STMT, d->statement, what);
	else
		say(SQL_HANDLE_DBC, d->connection, what);
	return -1;
}

static int
open_connection(struct drain *d, const char *string)
{
	(void)SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &d->environment);
	(void)SQLSetEnvAttr(d->environment, SQL_ATTR_ODBC_VERSION,
	    (SQLPOINTER)(uintptr_t)SQL_OV_ODBC3, 0);
	(void)SQLAllocHandle(SQL_HANDLE_DBC, d->environment, &d->connection);
	if (check(d,
		SQLDriverConnect(d->connection, NULL, (SQLCHAR *)string,
		    SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT),
		"SQLDriverConnect") < 0)
		return -1;
	return check(d,
	    SQLAllocHandle(SQL_HANDLE_STMT, d->connection, &d->statement),
	    "SQLAllocHandle");
}

/* Bytes for a column: four a character, within bounds. */
static int
column_width(const struct drain *d, SQLUSMALLINT number, size_t *width)
{
	SQLSMALLINT n, type, scale, nullable;
	SQLLEN display = 0;
	SQLULEN size = 0;

	if (check(d,
		SQLDescribeCol(d->statement, number, NULL, 0, &n, &type, &size,
		    &scale, &nullable),
		"SQLDescribeCol") < 0)
		return -1;
	(void)SQLColAttribute(d->statement, number, SQL_DESC_DISPLAY_SIZE, NULL,
	    0, NULL, &display);
	*width = size < d->width ? 4 * (size_t)size + 1 : d->width;
	if (type != SQL_CHAR && type != SQL_VARCHAR && display > 0)
		*width = (size_t)display + 1;
	if (size == 0 || *width > d->width)
		*width = d->width;
	if (*width < DRAIN_LEAST)
		*width = DRAIN_LEAST;
	return 0;
}

static int
bind_columns(struct drain *d)
{
	size_t n, width;

	if (check(d, SQLNumResultCols(d->statement, &d->n_columns),
		"SQLNumResultCols") < 0)
		return -1;
	n = (size_t)d->n_columns;
	d->data = calloc(n + 1, sizeof(*d->data));
	d->lengths = calloc(n + 1, sizeof(*d->lengths));
	if (d->data == NULL || d->lengths == NULL)
		return -1;
	for (size_t i = 0; i < n; i++) {
		SQLUSMALLINT number = (SQLUSMALLINT)(i + 1);

		if (column_width(d, number, &width) < 0)
			return -1;
		d->data[i] = malloc(width * d->rows);
		d->lengths[i] = calloc(d->rows, sizeof(SQLLEN));
		if (d->data[i] == NULL || d->lengths[i] == NULL ||
		    check(d,
			SQLBindCol(d->statement, number, SQL_C_CHAR, d->data[i],
			    (SQLLEN)width, d->lengths[i]),
			"SQLBindCol") < 0)
			return -1;
	}
	return 0;
}

static int
execute(struct drain *d, const char *sql)
{
	(void)SQLSetStmtAttr(d->statement, SQL_ATTR_ROW_ARRAY_SIZE,
	    (SQLPOINTER)(uintptr_t)d->rows, 0);
	(void)SQLSetStmtAttr(
	    d->statement, SQL_ATTR_ROWS_FETCHED_PTR, &d->fetched, 0);
	if (check(d, SQLExecDirect(d->statement, (SQLCHAR *)sql, SQL_NTS),
		"SQLExecDirect") < 0)
		return -1;
	return bind_columns(d);
}

static void
add_lengths(struct drain *d)
{
	for (size_t i = 0; i < (size_t)d->n_columns; i++)
		for (size_t row = 0; row < d->fetched; row++)
			if (d->lengths[i][row] > 0)
				d->n_bytes += (uint64_t)d->lengths[i][row];
	d->n_rows += d->fetched;
}

static int
fetch_all(struct drain *d)
{
	SQLRETURN rc;

	for (;;) {
		d->fetched = 0;
		rc = SQLFetch(d->statement);
		if (rc == SQL_NO_DATA)
			return 0;
		if (check(d, rc, "SQLFetch") < 0)
			return -1;
		add_lengths(d);
	}
}

static double
seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
cpu(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static void
report(const struct drain *d, double took)
{
	struct rusage used;

	(void)getrusage(RUSAGE_SELF, &used);
	(void)printf("{\"rows\":%llu,\"bytes\":%llu,\"seconds\":%.3f,"
		     "\"user\":%.3f,\"system\":%.3f,\"peak_kib\":%ld}\n",
	    (unsigned long long)d->n_rows, (unsigned long long)d->n_bytes, took,
	    cpu(&used.ru_utime), cpu(&used.ru_stime), used.ru_maxrss);
}

static void
release(struct drain *d)
{
	if (d->statement != SQL_NULL_HSTMT)
		(void)SQLFreeHandle(SQL_HANDLE_STMT, d->statement);
	if (d->connection != SQL_NULL_HDBC) {
		(void)SQLDisconnect(d->connection);
		(void)SQLFreeHandle(SQL_HANDLE_DBC, d->connection);
	}
	if (d->environment != SQL_NULL_HENV)
		(void)SQLFreeHandle(SQL_HANDLE_ENV, d->environment);
	for (size_t i = 0; i < (size_t)d->n_columns; i++) {
		if (d->data != NULL)
			free(d->data[i]);
		if (d->lengths != NULL)
			free(d->lengths[i]);
	}
	free(d->data);
	free(d->lengths);
}

int
main(int argc, char **argv)
{
	struct drain d = { .rows = DRAIN_ROWS, .width = DRAIN_WIDTH };
	double began;
	int rc = 1;
	int option;

	while ((option = getopt(argc, argv, "r:w:")) != -1)
		if (option == 'r')
			d.rows = strtoul(optarg, NULL, 10);
		else if (option == 'w')
			d.width = strtoul(optarg, NULL, 10);
	if (argc - optind != 2 || d.rows == 0 || d.width == 0) {
		(void)fprintf(stderr,
		    "usage: drain [-r ROWS] [-w WIDTH] CONNECTION-STRING "
		    "SQL\n");
		return 64;
	}
	began = seconds();
	if (open_connection(&d, argv[optind]) == 0 &&
	    execute(&d, argv[optind + 1]) == 0 && fetch_all(&d) == 0) {
		report(&d, seconds() - began);
		rc = 0;
	}
	release(&d);
	return rc;
}
