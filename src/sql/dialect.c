/*
 * dialect.c - the table of dialects
 *
 * One row for each kind of database; a new one is a new row here, cases in
 * tests/cases/script and a line in CHANGES.md. How a row is used: lexer.c
 * (quotes and comments), script.c (boundaries).
 */
#include <string.h>
#include <strings.h>

#include "sql/dialect.h"

/* What SQL_DBMS_NAME begins with, case-blind. */
static const char *const no_dbms[] = { NULL };
static const char *const postgresql_dbms[] = { "PostgreSQL", "Greenplum",
	"EnterpriseDB", "Redshift", "Amazon Redshift", "CockroachDB",
	"YugabyteDB", NULL };
static const char *const mysql_dbms[] = { "MySQL", "MariaDB", "TiDB",
	"SingleStore", NULL };
static const char *const sqlite_dbms[] = { "SQLite", NULL };
static const char *const mssql_dbms[] = { "Microsoft SQL Server", "SQL Server",
	"Sybase", "Adaptive Server", NULL };
static const char *const oracle_dbms[] = { "Oracle", NULL };
static const char *const db2_dbms[] = { "DB2", NULL };
static const char *const firebird_dbms[] = { "Firebird", "InterBase", NULL };

static const struct dialect dialects[] = {
	{ .name = "ansi", .dbms = no_dbms, .semicolon_splits = true },
	{ .name = "postgresql",
	    .dbms = postgresql_dbms,
	    .nested_comments = true,
	    .dollar_quotes = true,
	    .escape_strings = true,
	    .semicolon_splits = true,
	    .routine_bodies = true },
	{ .name = "mysql",
	    .dbms = mysql_dbms,
	    .hash_comments = true,
	    .dash_needs_space = true,
	    .backslash_escapes = true,
	    .backticks = true,
	    .semicolon_splits = true,
	    .delimiter_command = true },
	{ .name = "sqlite",
	    .dbms = sqlite_dbms,
	    .backticks = true,
	    .brackets = true,
	    .semicolon_splits = true,
	    .trigger_bodies = true },
	{ .name = "mssql",
	    .dbms = mssql_dbms,
	    .nested_comments = true,
	    .brackets = true,
	    .go_splits = true },
	{ .name = "oracle",
	    .dbms = oracle_dbms,
	    .semicolon_splits = true,
	    .slash_splits = true },
	{ .name = "db2",
	    .dbms = db2_dbms,
	    .nested_comments = true,
	    .semicolon_splits = true,
	    .routine_bodies = true },
	{ .name = "firebird", .dbms = firebird_dbms, .semicolon_splits = true },
};

enum { DIALECTS = sizeof(dialects) / sizeof(dialects[0]) };

const struct dialect *
dialect_by_name(const char *name)
{
	for (size_t i = 0; i < DIALECTS; i++)
		if (strcmp(dialects[i].name, name) == 0)
			return &dialects[i];
	return NULL;
}

static bool
is_of(const struct dialect *d, const char *dbms_name)
{
	for (size_t i = 0; d->dbms[i] != NULL; i++)
		if (strncasecmp(dbms_name, d->dbms[i], strlen(d->dbms[i])) == 0)
			return true;
	return false;
}

const struct dialect *
dialect_by_dbms(const char *dbms_name)
{
	for (size_t i = 0; i < DIALECTS; i++)
		if (is_of(&dialects[i], dbms_name))
			return &dialects[i];
	return &dialects[0];
}

const char *const *
dialect_names(size_t *n)
{
	static const char *names[DIALECTS];

	for (size_t i = 0; i < DIALECTS; i++)
		names[i] = dialects[i].name;
	*n = DIALECTS;
	return names;
}
