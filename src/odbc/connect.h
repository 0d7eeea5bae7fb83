/*
 * connect.h - the connection string, and the driver behind it
 *
 * Source	ODBC 3.8 SQLDriverConnect; unixODBC odbc.ini, odbcinst.ini
 */
#ifndef ODBC_CONNECT_H
#define ODBC_CONNECT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "odbc/quirk.h"
#include "odbc/session.h"

/* Most bytes of a connection string. */
enum { CONNECT_MAX = 64 * 1024 };

/*
 * Find the habits of the driver that the options lead to, and append the
 * whole connection string to out. Wipe it after use.
 */
int connect_build(struct buf *out, const struct session_options *options,
    const struct quirk **quirk, struct err *e) MUST_CHECK;
/*
 * The driver that the options lead to, as the string or the DSN's section
 * names it: a name of odbcinst.ini, a path, or "".
 */
void connect_put_driver(
    const struct session_options *options, char *driver, size_t size);

/* Whether the connection string or the DSN says something about a key. */
bool connect_says(const struct session_options *options, const char *key);

#endif
