/*
 * column.c - the names of the kinds of columns
 *
 * What kind a driver's type is, is decided in odbc/statement.c.
 */
#include "table/column.h"

const char *
column_kind_name(enum column_kind kind)
{
	static const char *const names[COLUMN_KINDS] = {
		[COLUMN_TEXT] = "text",
		[COLUMN_INTEGER] = "integer",
		[COLUMN_DECIMAL] = "decimal",
		[COLUMN_FLOAT] = "float",
		[COLUMN_BOOLEAN] = "boolean",
		[COLUMN_DATE] = "date",
		[COLUMN_TIME] = "time",
		[COLUMN_TIMESTAMP] = "timestamp",
		[COLUMN_INTERVAL] = "interval",
		[COLUMN_UUID] = "uuid",
		[COLUMN_BINARY] = "binary",
	};

	return (unsigned)kind < COLUMN_KINDS ? names[kind] : "text";
}
