/*
 * quirk.h - what each ODBC driver must be asked, and must not be asked
 *
 * One row for each driver that is known, found by the name of its library.
 * Each row has a paragraph in drivers.md and a test against the real driver.
 */
#ifndef ODBC_QUIRK_H
#define ODBC_QUIRK_H

#include <stdbool.h>

/* A driver's habits. */
struct quirk {
	const char *library;	/* part of the library's file name */
	const char *name;	/* as people call it */
	const char *const *add; /* "KEY=VALUE" for the connection string where
				 * the user says nothing; NULL ends */
	bool add_conn_timeout;	/* the login timeout goes as CONN_TIMEOUT */
	bool no_login_timeout; /* SQL_ATTR_LOGIN_TIMEOUT means something else */
	bool native_real;      /* SQL_REAL loses digits as SQL_C_CHAR */
	bool native_double;    /* SQL_DOUBLE loses digits as SQL_C_CHAR */
	bool native_bit;       /* SQL_BIT as SQL_C_CHAR is a raw byte */
	bool zero_dates;       /* dates it cannot print come as zeros */
	bool text_dates;       /* dates are text: bind parameters as text */
	bool no_cancel;	       /* dies in SQLCancel while a call is running */
};

/* The row for a driver's library ("psqlodbcw.so"); never NULL. */
const struct quirk *quirk_find(const char *library);

#endif
