/*
 * quirk.c - the table of drivers' habits
 *
 * Measured, each with its paragraph in drivers.md; a driver that has no row is
 * taken at its word. Not for: the SQL that a database understands
 * (sql/dialect.h).
 */
#include <stddef.h>
#include <string.h>

#include "odbc/quirk.h"

static const char *const nothing[] = { NULL };
/* NO_CREATE: else a misspelt path makes an empty database. */
static const char *const sqlite_add[] = { "StepAPI=1", "NoCreat=1",
	"Timeout=5000", NULL };
static const char *const mariadb_add[] = { "charset=utf8mb4", NULL };
/*
 * Without a cursor the whole result stands in memory. How many rows are
 * fetched at once is said anew while they come (batch.c).
 */
static const char *const psqlodbc_add[] = { "UseDeclareFetch=1", "Fetch=10",
	NULL };
static const char *const freetds_add[] = { "ClientCharset=UTF-8", NULL };
static const char *const firebird_add[] = { "CHARSET=UTF8", NULL };
static const char *const mysql_add[] = { "charset=utf8mb4", "NO_CACHE=1",
	"FORWARDONLY=1", NULL };
/* libpq's encoding comes from the environment, whatever the program says. */
static const char *const psqlodbc_environment[] = { "PGCLIENTENCODING=UTF8",
	NULL };
static const char *const oracle_environment[] = { "NLS_LANG=.AL32UTF8", NULL };
static const char *const db2_environment[] = { "DB2CODEPAGE=1208", NULL };

static const struct quirk quirks[] = {
	{ .library = "psqlodbc",
	    .name = "psqlODBC",
	    .section = "postgresql",
	    .add = psqlodbc_add,
	    .environment = psqlodbc_environment,
	    .way = EXACT_RECORD,
	    .dialect = "postgresql",
	    .set_time_zone = "SET TIME ZONE ",
	    .ask_time_zone = "SHOW TimeZone",
	    .set_read_only =
		"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
	    .cursor_attribute = 65539, /* SQL_ATTR_PGOPT_USE_DECLAREFETCH */
	    .batch_attribute = 65541,  /* SQL_ATTR_PGOPT_FETCH */
	    .logs_at_end = true,
	    .zero_dates = true,
	    .upper_uuid = true },
	{ .library = "maodbc",
	    .name = "MariaDB Connector/ODBC",
	    .section = "mariadb",
	    .add = mariadb_add,
	    .environment = nothing,
	    .set_time_zone = "SET time_zone = ",
	    .ask_time_zone = "SELECT @@session.time_zone",
	    .set_charset = "SET character_set_results = utf8mb4",
	    .set_read_only = "SET SESSION TRANSACTION READ ONLY",
	    .add_conn_timeout = true,
	    .native_real = true,
	    .native_double = true,
	    .native_bit = true,
	    .double_decimals = true,
	    .is_buffered = true },
	{ .library = "sqlite3odbc",
	    .name = "SQLite ODBC",
	    .section = "sqlite",
	    .add = sqlite_add,
	    .environment = nothing,
	    .way = EXACT_MARKED,
	    .dialect = "sqlite",
	    .ask_file = "SELECT file FROM pragma_database_list "
			"WHERE name = 'main'",
	    .no_login_timeout = true,
	    .rounds_reals = true,
	    .text_dates = true,
	    .naive_parser = true,
	    .lazy_steps = true,
	    .label_names = true,
	    .no_cancel = true },
	{ .library = "virtodbc",
	    .name = "Virtuoso",
	    .section = "virtuoso",
	    .add = nothing,
	    .environment = nothing,
	    .native_real = true,
	    .native_double = true,
	    .ucs4_text = true,
	    .text_integers = true,
	    .strict_parameters = true,
	    .binary_timestamp = true,
	    .no_label = true,
	    .no_cancel = true },
	{ .library = "tdsodbc",
	    .name = "FreeTDS",
	    .section = "freetds",
	    .add = freetds_add,
	    .environment = nothing,
	    .native_real = true,
	    .native_double = true,
	    .short_years = true,
	    .wide_parameters = true },
	{ .library = "mdbodbc",
	    .name = "mdbtools",
	    .section = "mdbtools",
	    .add = nothing,
	    .environment = nothing,
	    .no_long_binary = true },
	{ .library = "myodbc",
	    .name = "MySQL Connector/ODBC",
	    .section = "mysql",
	    .add = mysql_add,
	    .environment = nothing,
	    .set_time_zone = "SET time_zone = ",
	    .ask_time_zone = "SELECT @@session.time_zone",
	    .native_real = true,
	    .native_double = true },
	{ .library = "sqora",
	    .name = "Oracle",
	    .section = "oracle",
	    .add = nothing,
	    .environment = oracle_environment,
	    .set_time_zone = "ALTER SESSION SET TIME_ZONE = ",
	    .ask_time_zone = "SELECT SESSIONTIMEZONE FROM dual" },
	{ .library = "libdb2",
	    .name = "Db2",
	    .section = "db2",
	    .add = nothing,
	    .environment = db2_environment },
	{ .library = "OdbcFb",
	    .name = "Firebird",
	    .section = "firebird",
	    .add = firebird_add,
	    .environment = nothing },
};

static const struct quirk unknown = {
	.library = "",
	.name = "",
	.section = "other-drivers",
	.add = nothing,
	.environment = nothing,
};

const struct quirk *
quirk_find(const char *library)
{
	const char *slash = strrchr(library, '/');
	const char *name = slash != NULL ? slash + 1 : library;

	for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++)
		if (strcasestr(name, quirks[i].library) != NULL)
			return &quirks[i];
	return &unknown;
}
