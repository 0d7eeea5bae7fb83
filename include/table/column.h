/*
 * column.h - what a column of a result is, as plain data
 *
 * Source	ODBC SQL types, named as a reader of the manifest expects
 */
#ifndef TABLE_COLUMN_H
#define TABLE_COLUMN_H

#include <stddef.h>
#include <stdint.h>

/* What the values of a column mean. */
enum column_kind {
	COLUMN_TEXT,
	COLUMN_INTEGER,
	COLUMN_DECIMAL,
	COLUMN_FLOAT,
	COLUMN_BOOLEAN,
	COLUMN_DATE,
	COLUMN_TIME,
	COLUMN_TIMESTAMP,
	COLUMN_INTERVAL,
	COLUMN_UUID,
	COLUMN_BINARY,
	COLUMN_KINDS
};

/* One column of a result set. */
struct column {
	char *name;	       /* owned, UTF-8 as the driver gives it */
	enum column_kind kind; /* what it holds */
	char type_name[64];    /* the database's own name, may be empty */
	uint64_t size;	       /* characters or digits as reported; 0 unknown */
	int scale;	       /* digits after the point; 0 unknown */
};

/* Names of the kinds: "text", "integer", ... */
const char *column_kind_name(enum column_kind kind);

#endif
