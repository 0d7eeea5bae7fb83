/*
 * explain.h - why a connection failed, in words that an operator can act on
 *
 * Adds what failed to an error of diag.h, and the hint that fits what the
 * driver manager or the database said.
 *
 * Errors	none of its own
 * Source	drivers.md; unixODBC's and the databases' messages
 */
#ifndef ODBC_EXPLAIN_H
#define ODBC_EXPLAIN_H

#include "base/err.h"
#include "odbc/session.h"

/* Explain an error of connecting with these options. Returns -1. */
int explain_failure(const struct session_options *options, struct err *e);

#endif
