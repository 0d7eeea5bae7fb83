/*
 * setup.h - where the driver manager looks, and what it finds there
 *
 * Nothing is connected and no driver is loaded by this but by setup_load. The
 * answers follow from the environment of the process as it is.
 *
 * Errors	ERR_DATABASE for what is not set up; with a hint
 * Source	unixODBC: ODBCSYSINI, ODBCINI, ODBCINSTINI, odbcinst(1)
 */
#ifndef ODBC_SETUP_H
#define ODBC_SETUP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "odbc/session.h"

/* Room for a path. */
enum { SETUP_PATH = 1024 };

/* The files that are read. */
struct setup_files {
	char user[SETUP_PATH];	  /* ~/.odbc.ini: the user's data sources */
	char system[SETUP_PATH];  /* /etc/odbc.ini: everybody's */
	char drivers[SETUP_PATH]; /* /etc/odbcinst.ini */
};

/* Find the names of the files, whether or not they are there. */
void setup_find_files(struct setup_files *files);
/*
 * Append "KEY=VALUE; ..." of a data source, values that may be secrets masked;
 * nothing when there is none of that name.
 */
int setup_put_dsn(struct buf *out, const char *dsn, struct err *e) MUST_CHECK;
/* The library of a driver by its name (or path) of odbcinst.ini, or "". */
void setup_put_library(const char *driver, char *library, size_t size);
/* The driver that the options lead to: a name, a path, or "". */
void setup_put_driver(
    const struct session_options *options, char *driver, size_t size);
/* Whether the driver manager writes a trace of all calls, and where to. */
bool setup_is_traced(char *file, size_t size);
/* Load a driver's library into this process, which may not survive it. */
int setup_load(const char *library, struct err *e) MUST_CHECK;

#endif
