/*
 * statement.c - execute a statement and walk all of its results
 *
 * The columns of each result are described in describe.c, a query is wrapped
 * to be exact in exact.c, the rows are read in fetch.c. Row counts are told to
 * people and never used to decide (drivers.md).
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "odbc/describe.h"
#include "odbc/diag.h"
#include "odbc/exact.h"
#include "odbc/handle.h"

/* Bytes of a statement that is sent; ODBC counts them in an int. */
enum { STATEMENT_MAX = INT_MAX };

static int
fail(const struct statement *st, const char *function, SQLRETURN rc,
    struct err *e)
{
	const struct diag_place place = { SQL_HANDLE_STMT, st->handle, function,
		st->session->connection };

	return diag_error(&place, rc, e);
}

int
statement_new(struct statement **statement, struct session *s, struct err *e)
{
	struct statement *st = calloc(1, sizeof(*st));
	const struct diag_place place = { SQL_HANDLE_DBC, s->connection,
		"SQLAllocHandle", s->connection };
	SQLRETURN rc;

	*statement = NULL;
	if (st == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	st->session = s;
	rc = SQLAllocHandle(SQL_HANDLE_STMT, s->connection, &st->handle);
	if (!SQL_SUCCEEDED(rc)) {
		free(st);
		return diag_error(&place, rc, e);
	}
	(void)pthread_mutex_lock(&s->mutex);
	s->running = st->handle;
	(void)pthread_mutex_unlock(&s->mutex);
	*statement = st;
	return 0;
}

int
statement_limit(struct statement *st, uint64_t timeout_ms, struct err *e)
{
	uintptr_t seconds = (uintptr_t)((timeout_ms + 999) / 1000);

	(void)e;
	/* Several drivers cannot; the supervisor ends the worker then. */
	if (timeout_ms > 0)
		(void)SQLSetStmtAttr(
		    st->handle, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)seconds, 0);
	return 0;
}

/* What SQLExecDirect and SQLMoreResults may say, but for the end. */
static int
accept(struct statement *st, const char *function, SQLRETURN rc, struct err *e)
{
	const struct diag_place place = { SQL_HANDLE_STMT, st->handle, function,
		st->session->connection };

	switch (rc) {
	case SQL_SUCCESS:
	case SQL_NO_DATA: /* changed no row: ODBC 3.8, FreeTDS */
		return 0;
	case SQL_SUCCESS_WITH_INFO:
		return diag_check_info(&place, st->session, e);
	case SQL_NEED_DATA:
		return err_set(
		    e, ERR_INTERNAL, "%s wants more parameters", function);
	default:
		return diag_error(&place, rc, e);
	}
}

/* Digits after the point, for SQLBindParameter. */
static SQLSMALLINT
scale_of(const char *text)
{
	const char *point = strchr(text, '.');

	return point != NULL ? (SQLSMALLINT)strspn(point + 1, "0123456789") : 0;
}

/*
 * Where an integer goes as text: as a decimal when it is a long one, since
 * Virtuoso's bigint equals no text that is called an integer.
 */
static SQLSMALLINT
text_integer_type(int64_t number)
{
	return number >= INT32_MIN && number <= INT32_MAX ? SQL_INTEGER :
							    SQL_DECIMAL;
}

/* A number as SQL writes it: what is compared with 'abc' finds all rows. */
static int
check_number(const char *text, struct err *e)
{
	const char *s = text + (*text == '-' || *text == '+');
	size_t whole = strspn(s, "0123456789"), part = 0;

	s += whole;
	if (*s == '.') {
		part = strspn(s + 1, "0123456789");
		s += 1 + part;
	}
	if (*s == '\0' && whole + part > 0)
		return 0;
	(void)err_set(e, ERR_SPEC,
	    "'%.60s' is compared with a number, and is none", text);
	return err_hint(e, "Correct the value, or what it is compared with.");
}

/* The driver reads no time from a text, and a text equals no time. */
static int
refuse_time(struct err *e)
{
	(void)err_set(e, ERR_SPEC,
	    "it is compared with a time, and this driver sends none");
	return err_hint(e, "Write CAST(:name AS TIME) instead of :name.");
}

/* What a value is bound as when it meets something of a type, or 0. */
static int
fitting_type(const struct bound_value *v, SQLSMALLINT met, SQLSMALLINT *type,
    struct err *e)
{
	struct err ignored = ERR_INIT;
	int64_t number;

	*type = 0;
	switch (met) {
	case SQL_DECIMAL:
	case SQL_NUMERIC:
	case SQL_REAL:
	case SQL_FLOAT:
	case SQL_DOUBLE:
		if (v->type == PARAM_INTEGER || v->type == PARAM_TEXT)
			*type = SQL_DECIMAL;
		break;
	case SQL_SMALLINT:
	case SQL_INTEGER:
	case SQL_BIGINT:
		if (v->type == PARAM_TEXT)
			*type = str_integer(v->text, &number, &ignored) == 0 ?
			    text_integer_type(number) :
			    SQL_DECIMAL;
		break;
	case SQL_TYPE_DATE:
	case SQL_TYPE_TIMESTAMP:
		if (v->type == PARAM_TEXT)
			*type = met;
		return 0;
	case SQL_TYPE_TIME:
		return refuse_time(e);
	default:
		return 0;
	}
	return *type != 0 && v->indicator != SQL_NULL_DATA ?
	    check_number(v->text, e) :
	    0;
}

/* Bind a value as what the server says that it meets, if it says it. */
static int
fit_value(struct statement *st, size_t i, struct err *e)
{
	struct bound_value *v = &st->values[i];
	SQLUSMALLINT number = (SQLUSMALLINT)(i + 1);
	SQLSMALLINT type = 0, scale = 0, nullable = 0;
	SQLULEN size = 0;
	SQLRETURN rc = SQLDescribeParam(
	    st->handle, number, &type, &size, &scale, &nullable);

	if (!SQL_SUCCEEDED(rc))
		return 0;
	if (fitting_type(v, type, &type, e) < 0)
		return err_in(e, "parameter %zu", i + 1);
	if (type == 0)
		return 0;
	size = v->text[0] != '\0' ? strlen(v->text) : 1;
	rc = SQLBindParameter(st->handle, number, SQL_PARAM_INPUT, SQL_C_CHAR,
	    type, size, scale_of(v->text), v->text, (SQLLEN)size + 1,
	    &v->indicator);
	return SQL_SUCCEEDED(rc) ? 0 : fail(st, "SQLBindParameter", rc, e);
}

/*
 * Virtuoso finds nothing for a text that meets an integer or a date, and its
 * server dies of an integer that meets a decimal (drivers.md). What is wrong
 * with the statement is told when it is executed.
 */
static int
fit_values(struct statement *st, const char *sql, size_t length, struct err *e)
{
	if (st->n_values == 0 || !st->session->quirk->strict_parameters ||
	    !SQL_SUCCEEDED(SQLPrepare(
		st->handle, (SQLCHAR *)(uintptr_t)sql, (SQLINTEGER)length)))
		return 0;
	for (size_t i = 0; i < st->n_values; i++)
		if (fit_value(st, i, e) < 0)
			return -1;
	return 0;
}

int
statement_execute(
    struct statement *st, const char *sql, size_t length, struct err *e)
{
	struct buf text = BUF_INIT(STATEMENT_MAX);
	SQLRETURN done;
	int wrapped, rc = -1;

	if (length > STATEMENT_MAX / 2)
		return err_set(e, ERR_SPEC, "the statement is too long");
	st->layout = LAYOUT_PLAIN;
	description_release(&st->shown);
	wrapped = exact_wrap(st, sql, length, &text, e);
	if (wrapped < 0)
		goto out;
	if (text.length > 0) {
		sql = text.data;
		length = text.length;
	}
	if (fit_values(st, sql, length, e) < 0)
		goto out;
	done = SQLExecDirect(st->handle, (SQLCHAR *)sql, (SQLINTEGER)length);
	if (accept(st, "SQLExecDirect", done, e) < 0)
		goto out;
	rc = wrapped > 0 ? exact_check(st, e) :
			   describe(&st->shown, st->session, st->handle, e);
out:
	buf_release(&text);
	return rc;
}

int
statement_more(struct statement *st, struct err *e)
{
	SQLRETURN rc = SQLMoreResults(st->handle);

	if (rc == SQL_NO_DATA)
		return 0;
	if (accept(st, "SQLMoreResults", rc, e) < 0) {
		/* A driver without it has one result (mdbtools). */
		return strcmp(e->state, "IM001") == 0 ? 0 : -1;
	}
	st->layout = LAYOUT_PLAIN;
	return describe(&st->shown, st->session, st->handle, e) < 0 ? -1 : 1;
}

size_t
statement_column_count(const struct statement *st)
{
	return st->shown.n;
}

const struct column *
statement_columns(const struct statement *st)
{
	return st->shown.columns;
}

int64_t
statement_row_count(const struct statement *st)
{
	SQLLEN rows = -1;

	if (!SQL_SUCCEEDED(SQLRowCount(st->handle, &rows)) || rows < 0)
		return -1;
	return rows;
}

static void
release_values(struct statement *st)
{
	for (size_t i = 0; i < st->n_values; i++)
		free(st->values[i].text);
	free(st->values);
	st->values = NULL;
	st->n_values = 0;
}

/* How a type is bound; where dates are text, text they are (SQLite). */
static SQLSMALLINT
sql_type_of(const struct statement *st, enum param_type type)
{
	if (st->session->quirk->text_dates &&
	    (type == PARAM_DATE || type == PARAM_TIMESTAMP))
		return SQL_VARCHAR;
	/* A text never equals a number there, unless the column has a type. */
	if (st->session->quirk->text_dates && type == PARAM_DECIMAL)
		return SQL_DOUBLE;
	switch (type) {
	case PARAM_INTEGER:
		return SQL_BIGINT;
	case PARAM_DECIMAL:
		return SQL_DECIMAL;
	case PARAM_DATE:
		return SQL_TYPE_DATE;
	case PARAM_TIMESTAMP:
		return SQL_TYPE_TIMESTAMP;
	case PARAM_TEXT:
	default:
		return SQL_VARCHAR;
	}
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* A double has 15 digits for sure. */
static int
check_decimal(
    const struct statement *st, const struct param_value *value, struct err *e)
{
	size_t digits = 0;

	if (!st->session->quirk->double_decimals || value->text == NULL ||
	    value->type != PARAM_DECIMAL)
		return 0;
	for (const char *s = value->text; *s != '\0'; s++)
		digits += *s >= '0' && *s <= '9';
	if (digits <= 15)
		return 0;
	(void)err_set(e, ERR_SPEC,
	    "this driver sends '%s' as a double, which has 15 digits",
	    value->text);
	return err_hint(e,
	    "Declare the parameter as text, and write CAST(:name AS "
	    "DECIMAL(40, 10)) with the digits that it needs.");
}

static int
bind_value(struct statement *st, size_t i, const struct param_value *value,
    struct err *e)
{
	struct bound_value *to = &st->values[i];
	bool is_integer = value->type == PARAM_INTEGER && value->text != NULL;
	size_t length = value->text != NULL ? strlen(value->text) : 0;
	SQLSMALLINT type = sql_type_of(st, value->type);
	SQLULEN size = length > 0 ? length : 1;
	SQLSMALLINT scale = 0, c_type = SQL_C_CHAR;
	SQLPOINTER place;
	int64_t number = 0;
	SQLRETURN rc;

	to->text = str_dup(value->text != NULL ? value->text : "");
	if (to->text == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	/* FreeTDS sends the bytes of a VARCHAR as they are, in any charset. */
	if (type == SQL_VARCHAR && st->session->quirk->wide_parameters &&
	    !is_ascii(to->text))
		type = SQL_WVARCHAR;
	to->type = value->type;
	to->indicator = value->text != NULL ? (SQLLEN)length : SQL_NULL_DATA;
	if (check_decimal(st, value, e) < 0)
		return -1;
	if (is_integer && str_integer(value->text, &number, e) < 0)
		return -1;
	to->integer = number;
	place = to->text;
	if (is_integer && st->session->quirk->text_integers)
		type = text_integer_type(number);
	else if (is_integer) {
		c_type = SQL_C_SBIGINT;
		place = &to->integer;
	} else if (type == SQL_DOUBLE && value->text != NULL) {
		c_type = SQL_C_DOUBLE;
		to->real = strtod(to->text, NULL);
		place = &to->real;
	}
	if (type == SQL_DECIMAL || type == SQL_TYPE_TIMESTAMP)
		scale = scale_of(to->text);
	rc = SQLBindParameter(st->handle, (SQLUSMALLINT)(i + 1),
	    SQL_PARAM_INPUT, c_type, type, size, scale, place,
	    (SQLLEN)length + 1, c_type == SQL_C_CHAR ? &to->indicator : NULL);
	return SQL_SUCCEEDED(rc) ? 0 : fail(st, "SQLBindParameter", rc, e);
}

int
statement_bind(struct statement *st, const struct param_value *values, size_t n,
    struct err *e)
{
	release_values(st);
	if (n == 0)
		return 0;
	st->values = calloc(n, sizeof(*st->values));
	if (st->values == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	st->n_values = n;
	for (size_t i = 0; i < n; i++)
		if (bind_value(st, i, &values[i], e) < 0)
			return err_in(e, "parameter %zu", i + 1);
	return 0;
}

void
statement_free(struct statement *st)
{
	if (st == NULL)
		return;
	(void)pthread_mutex_lock(&st->session->mutex);
	st->session->running = SQL_NULL_HSTMT;
	(void)pthread_mutex_unlock(&st->session->mutex);
	/* An open cursor would keep SQLite from disconnecting. */
	(void)SQLFreeStmt(st->handle, SQL_CLOSE);
	(void)SQLFreeHandle(SQL_HANDLE_STMT, st->handle);
	description_release(&st->shown);
	release_values(st);
	free(st);
}
