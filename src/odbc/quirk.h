/*
 * quirk.h - what each ODBC driver must be asked, and must not be asked
 *
 * One row for each driver that is known, found by the name of its library.
 * Each row has a paragraph in drivers.md and a test.
 */
#ifndef ODBC_QUIRK_H
#define ODBC_QUIRK_H

#include <stdbool.h>

/* How a query's values are had exactly. */
enum exact_way {
	EXACT_PLAIN,  /* as the driver gives them */
	EXACT_MARKED, /* by SQLite's own printf(), with marks */
	EXACT_RECORD  /* whole rows as PostgreSQL prints them */
};

/* A driver's habits. */
struct quirk {
	const char *library;	/* part of the library's file name */
	const char *name;	/* as people call it */
	const char *section;	/* its anchor in drivers.md */
	const char *const *add; /* "KEY=VALUE" for the connection string where
				 * the user says nothing; NULL ends */
	const char *const *environment; /* the same for the environment */
	enum exact_way way;		/* how queries are wrapped */
	const char *dialect;		/* by which they are read for that */
	const char *set_time_zone;	/* SQL in front of a literal; or NULL */
	const char *ask_time_zone;	/* a query; or NULL */
	const char *set_read_only; /* SQL after which it writes nothing; NULL */
	const char *ask_file;	   /* a query for the file that is opened again
				    * for reading alone; NULL */
	const char *set_charset;   /* SQL that makes texts UTF-8; or NULL */
	int cursor_attribute; /* of the connection: whether a statement gets a
			       * cursor, which not all can; 0: it has none */
	int batch_attribute;  /* of the connection: rows that it fetches at once
			      * from a cursor; 0: it has none */
	bool add_conn_timeout; /* the login timeout goes as CONN_TIMEOUT */
	bool no_login_timeout; /* SQL_ATTR_LOGIN_TIMEOUT means something else */
	bool native_real;      /* SQL_REAL loses digits as SQL_C_CHAR */
	bool native_double;    /* SQL_DOUBLE loses digits as SQL_C_CHAR */
	bool native_bit;       /* SQL_BIT as SQL_C_CHAR is a raw byte */
	bool rounds_reals;     /* any REAL may have lost digits */
	bool zero_dates;       /* dates it cannot print come as zeros */
	bool short_years;      /* years before 1000 have no zeros in front */
	bool upper_uuid;       /* uuid comes in capitals, unlike the server's */
	bool text_dates;       /* dates are text: bind parameters as text */
	bool naive_parser;     /* misread comments and [x]: see sql/simple.h */
	bool lazy_steps;       /* runs by fetching, or by a static cursor */
	bool label_names;      /* only SQL_DESC_LABEL has the whole name */
	bool binary_timestamp; /* TIMESTAMP is said to be binary */
	bool no_label;	       /* dies of being asked for SQL_DESC_LABEL */
	bool wide_parameters;  /* a VARCHAR parameter is not UTF-8 there */
	bool text_integers;    /* an SQL_C_SBIGINT parameter equals nothing */
	bool strict_parameters; /* a parameter of another type than the column
				 * finds nothing, or ends the server */
	bool double_decimals;	/* a decimal parameter becomes a double */
	bool ucs4_text; /* wide text is '?' as SQL_C_CHAR and UCS-4 as WCHAR */
	bool no_long_binary; /* a long binary column ends the result */
	bool logs_at_end;    /* opens a log as it closes a connection */
	bool is_buffered;    /* holds the whole result in memory */
	bool no_cancel;	     /* dies in SQLCancel while a call is running */
};

/* The row for a driver's library ("psqlodbcw.so", or its path); never NULL. */
const struct quirk *quirk_find(const char *library);

#endif
