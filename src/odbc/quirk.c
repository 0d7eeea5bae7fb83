/*
 * quirk.c - the table of drivers' habits
 *
 * Measured, each with its paragraph in drivers.md; a driver that has no row is
 * taken at its word. Not for: the SQL that a database understands
 * (sql/dialect.h).
 */
#include <stddef.h>
#include <strings.h>

#include "odbc/quirk.h"

/* NO_CREATE: else a misspelt path makes an empty database. */
static const char *const sqlite_add[] = { "StepAPI=1", "NoCreat=1",
	"Timeout=5000", NULL };
static const char *const mariadb_add[] = { "charset=utf8mb4", NULL };
static const char *const nothing[] = { NULL };

static const struct quirk quirks[] = {
	{ .library = "psqlodbc",
	    .name = "psqlODBC",
	    .add = nothing,
	    .zero_dates = true },
	{ .library = "maodbc",
	    .name = "MariaDB Connector/ODBC",
	    .add = mariadb_add,
	    .add_conn_timeout = true,
	    .native_real = true,
	    .native_bit = true },
	{ .library = "sqlite3odbc",
	    .name = "SQLite ODBC",
	    .add = sqlite_add,
	    .no_login_timeout = true,
	    .text_dates = true },
	{ .library = "virtodbc",
	    .name = "Virtuoso",
	    .add = nothing,
	    .native_real = true,
	    .native_double = true,
	    .no_cancel = true },
};

static const struct quirk unknown = {
	.library = "", .name = "", .add = nothing
};

/* strcasestr() is no part of POSIX. */
static bool
contains(const char *text, const char *part)
{
	size_t n = 0;

	while (part[n] != '\0')
		n++;
	for (; *text != '\0'; text++)
		if (strncasecmp(text, part, n) == 0)
			return true;
	return false;
}

const struct quirk *
quirk_find(const char *library)
{
	for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++)
		if (contains(library, quirks[i].library))
			return &quirks[i];
	return &unknown;
}
