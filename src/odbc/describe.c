/*
 * describe.c - the columns of a result, from an executed or prepared handle
 *
 * What a driver says of its columns is taken down here and believed by nobody:
 * how they are fetched is decided in lane.c.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/utf8.h"
#include "odbc/ask.h"
#include "odbc/describe.h"
#include "odbc/diag.h"

enum { DESCRIBE_COLUMNS_MAX = 16384 };

static int
fail(const struct session *s, SQLHSTMT handle, const char *function,
    SQLRETURN rc, struct err *e)
{
	const struct diag_place place = { SQL_HANDLE_STMT, handle, function,
		s->connection };

	return diag_error(&place, rc, e);
}

/* ODBC 3.8 appendix D; what is not named there is taken as text. */
static enum column_kind
kind_of(SQLSMALLINT sql_type)
{
	static const struct {
		SQLSMALLINT type;
		enum column_kind kind;
	} kinds[] = {
		{ SQL_TINYINT, COLUMN_INTEGER },
		{ SQL_SMALLINT, COLUMN_INTEGER },
		{ SQL_INTEGER, COLUMN_INTEGER },
		{ SQL_BIGINT, COLUMN_INTEGER },
		{ SQL_NUMERIC, COLUMN_DECIMAL },
		{ SQL_DECIMAL, COLUMN_DECIMAL },
		{ SQL_REAL, COLUMN_FLOAT },
		{ SQL_FLOAT, COLUMN_FLOAT },
		{ SQL_DOUBLE, COLUMN_FLOAT },
		{ SQL_BIT, COLUMN_BOOLEAN },
		{ SQL_TYPE_DATE, COLUMN_DATE },
		{ SQL_TYPE_TIME, COLUMN_TIME },
		{ SQL_TYPE_TIMESTAMP, COLUMN_TIMESTAMP },
		{ SQL_GUID, COLUMN_UUID },
		{ SQL_BINARY, COLUMN_BINARY },
		{ SQL_VARBINARY, COLUMN_BINARY },
		{ SQL_LONGVARBINARY, COLUMN_BINARY },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == sql_type)
			return kinds[i].kind;
	if (sql_type >= SQL_INTERVAL_YEAR &&
	    sql_type <= SQL_INTERVAL_MINUTE_TO_SECOND)
		return COLUMN_INTERVAL;
	return COLUMN_TEXT;
}

/*
 * Types that are told by their name alone: psqlODBC calls boolean a VARCHAR
 * and bytea a LONGVARBINARY (drivers.md#postgresql).
 */
static enum column_kind
kind_by_name(const struct session *s, const struct column *c)
{
	static const struct {
		const char *name;
		enum column_kind kind;
	} kinds[] = {
		{ "bool", COLUMN_BOOLEAN },
		{ "bytea", COLUMN_BINARY },
		{ "uuid", COLUMN_UUID },
		{ "interval", COLUMN_INTERVAL },
		{ "timestamptz", COLUMN_TIMESTAMP },
		{ "timetz", COLUMN_TIME },
	};

	for (size_t i = 0; s->quirk->way == EXACT_RECORD &&
	     i < sizeof(kinds) / sizeof(kinds[0]);
	     i++)
		if (strcmp(c->type_name, kinds[i].name) == 0)
			return kinds[i].kind;
	return c->kind;
}

static SQLLEN
ask_number(SQLHSTMT handle, size_t i, SQLUSMALLINT what)
{
	SQLLEN value = 0;

	if (!SQL_SUCCEEDED(SQLColAttribute(
		handle, (SQLUSMALLINT)(i + 1), what, NULL, 0, NULL, &value)) ||
	    value < 0)
		return 0;
	return value;
}

static int
copy_name(struct column *column, const char *name, size_t length, struct err *e)
{
	/* Room for less than what a driver may have cut. */
	if (length >= DESCRIBE_NAME - 2)
		return err_set(e, ERR_DATA,
		    "the name of a column is longer than %d bytes",
		    DESCRIBE_NAME - 3);
	if (!utf8_is_valid(name, strlen(name)))
		return err_set(
		    e, ERR_DATA, "the name of a column is not UTF-8");
	column->name = str_dup(name);
	return column->name != NULL ? 0 :
				      err_set(e, ERR_INTERNAL, "out of memory");
}

/*
 * SQLite's driver drops all up to a dot in names, and some cut long ones: then
 * the label has the whole name (drivers.md).
 */
static bool
is_whole_name(const struct session *s, const char *label, const char *name)
{
	if (s->quirk->label_names)
		return true;
	return strlen(label) > strlen(name) &&
	    strncmp(label, name, strlen(name)) == 0;
}

static int
describe_column(struct description *d, const struct session *s, SQLHSTMT handle,
    size_t i, struct err *e)
{
	struct column *column = &d->columns[i];
	struct column_type *type = &d->types[i];
	char name[DESCRIBE_NAME] = "", label[DESCRIBE_NAME] = "",
	     table[256] = "";
	SQLSMALLINT length = 0, scale = 0, nullable;
	SQLULEN size = 0;
	SQLRETURN rc;

	rc = SQLDescribeCol(handle, (SQLUSMALLINT)(i + 1), (SQLCHAR *)name,
	    (SQLSMALLINT)(sizeof(name) - 1), &length, &type->sql_type, &size,
	    &scale, &nullable);
	if (!SQL_SUCCEEDED(rc))
		return fail(s, handle, "SQLDescribeCol", rc, e);
	if (!s->quirk->no_label)
		ask_column(handle, i, SQL_DESC_LABEL, label, sizeof(label));
	if (is_whole_name(s, label, name)) {
		memcpy(name, label, sizeof(name));
		length = (SQLSMALLINT)strlen(name);
	}
	if (copy_name(column, name, (size_t)length, e) < 0)
		return err_in(e, "column %zu", i + 1);
	column->size = size;
	column->scale = scale;
	type->display = ask_number(handle, i, SQL_DESC_DISPLAY_SIZE);
	type->octets = ask_number(handle, i, SQL_DESC_OCTET_LENGTH);
	ask_column(handle, i, SQL_DESC_TYPE_NAME, column->type_name,
	    sizeof(column->type_name));
	if (s->quirk->binary_timestamp &&
	    strcasecmp(column->type_name, "TIMESTAMP") == 0)
		type->sql_type = SQL_TYPE_TIMESTAMP;
	column->kind = kind_of(type->sql_type);
	column->kind = kind_by_name(s, column);
	if (s->quirk->way == EXACT_MARKED) {
		ask_column(
		    handle, i, SQL_DESC_BASE_TABLE_NAME, table, sizeof(table));
		type->is_plain = table[0] != '\0';
	}
	return 0;
}

int
describe(struct description *d, const struct session *s, SQLHSTMT handle,
    struct err *e)
{
	SQLSMALLINT n = 0;
	SQLRETURN rc = SQLNumResultCols(handle, &n);

	description_release(d);
	if (!SQL_SUCCEEDED(rc))
		return fail(s, handle, "SQLNumResultCols", rc, e);
	if (n <= 0)
		return 0;
	if (n > DESCRIBE_COLUMNS_MAX)
		return err_set(e, ERR_DATA, "a result of %d columns", (int)n);
	d->columns = calloc((size_t)n, sizeof(*d->columns));
	d->types = calloc((size_t)n, sizeof(*d->types));
	if (d->columns == NULL || d->types == NULL) {
		description_release(d);
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	d->n = (size_t)n;
	for (size_t i = 0; i < d->n; i++)
		if (describe_column(d, s, handle, i, e) < 0)
			return -1;
	return 0;
}

void
description_release(struct description *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->columns[i].name);
	free(d->columns);
	free(d->types);
	memset(d, 0, sizeof(*d));
}
