/*
 * statement.h - execute a statement and walk all of its results
 *
 * Shape	statement_new -> statement_execute -> statement_columns ->
 *		(fetch_* if there are any) -> statement_more ... ->
 *		statement_free
 * Owns		the handle and the description of the columns
 * Errors	as session.h; the text holds every diagnostic of the driver
 * Source	ODBC 3.8 SQLExecDirect, SQLMoreResults; drivers.md
 */
#ifndef ODBC_STATEMENT_H
#define ODBC_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "odbc/session.h"
#include "table/block.h"
#include "table/column.h"

/* How a bound value is sent. */
enum param_type {
	PARAM_TEXT,	/* UTF-8 */
	PARAM_INTEGER,	/* "-42", of 64 bits */
	PARAM_DECIMAL,	/* "-1.50" */
	PARAM_DATE,	/* "2026-11-24" */
	PARAM_TIMESTAMP /* "2026-11-24 05:30:00.123" */
};

/* A value for a marker, as text in the type's ISO form. */
struct param_value {
	const char *text;     /* borrowed; NULL is NULL */
	enum param_type type; /* what it is */
};

struct statement;

/* Allocate a statement on a session. */
int statement_new(
    struct statement **st, struct session *s, struct err *e) MUST_CHECK;
/*
 * Execute length bytes of SQL with n bound values. The first result (or row
 * count) is then current. query_timeout_ms 0 is no limit.
 */
int statement_execute(struct statement *st, const char *sql, size_t length,
    struct err *e) MUST_CHECK;
/* Bind values for the next execution; copied. */
int statement_bind(struct statement *st, const struct param_value *values,
    size_t n, struct err *e) MUST_CHECK;
/* Seconds a statement may run, where the driver honours it; 0 for none. */
int statement_limit(
    struct statement *st, uint64_t timeout_ms, struct err *e) MUST_CHECK;
/* Columns of the current result; 0 when it has none (DDL, row counts). */
size_t statement_column_count(const struct statement *st);
/* Their descriptions; borrowed until the next result. */
const struct column *statement_columns(const struct statement *st);
/* Rows that the current result changed; -1 when the driver does not say. */
int64_t statement_row_count(const struct statement *st);
/* Go to the next result: 1 there is one, 0 there is none. */
int statement_more(struct statement *st, struct err *e) MUST_CHECK;
/* Close and free; NULL is fine. */
void statement_free(struct statement *st);

#endif
