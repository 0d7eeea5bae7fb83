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
	COLUMN_TEXT,	  /* characters, and whatever has no kind here */
	COLUMN_INTEGER,	  /* whole numbers of any size */
	COLUMN_DECIMAL,	  /* exact numbers with a scale */
	COLUMN_FLOAT,	  /* binary floating point, single or double */
	COLUMN_BOOLEAN,	  /* bits: 0 or 1 */
	COLUMN_DATE,	  /* days */
	COLUMN_TIME,	  /* times of a day */
	COLUMN_TIMESTAMP, /* days with a time */
	COLUMN_INTERVAL,  /* spans of time */
	COLUMN_UUID,	  /* GUIDs */
	COLUMN_BINARY,	  /* bytes */
	COLUMN_KINDS	  /* how many there are */
};

/* One column of a result set. */
struct column {
	char *name;	       /* owned, UTF-8 as the driver gives it */
	enum column_kind kind; /* what it holds */
	char type_name[64];    /* the database's own name, may be empty */
	uint64_t size;	       /* characters or digits as reported; 0 unknown */
	int scale;	       /* digits after the point; 0 unknown */
};

/* The columns of a result set. */
struct columns {
	const struct column *items; /* borrowed */
	size_t n;		    /* how many */
};

/* Names of the kinds: "text", "integer", ... */
const char *column_kind_name(enum column_kind kind);

#endif
