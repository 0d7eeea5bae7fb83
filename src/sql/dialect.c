/*
 * dialect.c - the table of dialects
 *
 * One row for each kind of database; a new one is a new row here, cases in
 * tests/cases/script and a line in CHANGES.md. How a row is used: lexer.c
 * (quotes and comments), body.c (bodies), command.c (the client's commands),
 * script.c (boundaries).
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

/*
 * Commands of the clients. Those that only show something, or change what is
 * shown, are left out; what reads files, asks people, leaves the connection or
 * sets variables that the script then uses is refused (advice.c says what to
 * write instead). The list in odbcship.cfg(5) is for people.
 */
static const struct client_command no_commands[] = { { .word = NULL } };
static const struct client_command psql_commands[] = {
	{ "g", NULL, 0, true, CLIENT_TERMINATE },
	{ "gx", NULL, 0, true, CLIENT_TERMINATE },
	{ "q", NULL, 0, true, CLIENT_END },
	{ "quit", NULL, 0, true, CLIENT_END },
	{ "o", NULL, 0, true, CLIENT_IGNORE },
	{ "out", NULL, 0, true, CLIENT_IGNORE },
	{ "a", NULL, 0, false, CLIENT_IGNORE },
	{ "C", NULL, 0, false, CLIENT_IGNORE },
	{ "conninfo", NULL, 0, false, CLIENT_IGNORE },
	{ "copyright", NULL, 0, false, CLIENT_IGNORE },
	{ "d", NULL, 0, false, CLIENT_IGNORE },
	{ "echo", NULL, 0, false, CLIENT_IGNORE },
	{ "encoding", "UTF8", 0, false, CLIENT_IGNORE },
	{ "errverbose", NULL, 0, false, CLIENT_IGNORE },
	{ "f", NULL, 0, false, CLIENT_IGNORE },
	{ "H", NULL, 0, false, CLIENT_IGNORE },
	{ "h", NULL, 0, false, CLIENT_IGNORE },
	{ "help", NULL, 0, false, CLIENT_IGNORE },
	{ "l", NULL, 0, false, CLIENT_IGNORE },
	{ "list", NULL, 0, false, CLIENT_IGNORE },
	{ "p", NULL, 0, false, CLIENT_IGNORE },
	{ "print", NULL, 0, false, CLIENT_IGNORE },
	{ "pset", NULL, 0, false, CLIENT_IGNORE },
	{ "qecho", NULL, 0, false, CLIENT_IGNORE },
	{ "r", NULL, 0, true, CLIENT_IGNORE },
	{ "reset", NULL, 0, true, CLIENT_IGNORE },
	{ "restrict", NULL, 0, false, CLIENT_IGNORE },
	{ "set", "COMP_KEYWORD_CASE", 0, false, CLIENT_IGNORE },
	{ "set", "ECHO_HIDDEN", 0, false, CLIENT_IGNORE },
	{ "set", "FETCH_COUNT", 0, false, CLIENT_IGNORE },
	{ "set", "HIDE_TOAST_COMPRESSION", 0, false, CLIENT_IGNORE },
	{ "set", "HISTCONTROL", 0, false, CLIENT_IGNORE },
	{ "set", "HISTFILE", 0, false, CLIENT_IGNORE },
	{ "set", "HISTSIZE", 0, false, CLIENT_IGNORE },
	{ "set", "ON_ERROR_STOP", 0, false, CLIENT_IGNORE },
	{ "set", "PROMPT1", 0, false, CLIENT_IGNORE },
	{ "set", "PROMPT2", 0, false, CLIENT_IGNORE },
	{ "set", "PROMPT3", 0, false, CLIENT_IGNORE },
	{ "set", "VERBOSITY", 0, false, CLIENT_IGNORE },
	{ "set", "QUIET", 0, false, CLIENT_IGNORE },
	{ "set", "ECHO", 0, false, CLIENT_IGNORE },
	{ "set", "HIDE_TABLEAM", 0, false, CLIENT_IGNORE },
	{ "set", "SHOW_CONTEXT", 0, false, CLIENT_IGNORE },
	{ "sf", NULL, 0, false, CLIENT_IGNORE },
	{ "sv", NULL, 0, false, CLIENT_IGNORE },
	{ "t", NULL, 0, false, CLIENT_IGNORE },
	{ "T", NULL, 0, false, CLIENT_IGNORE },
	{ "timing", NULL, 0, false, CLIENT_IGNORE },
	{ "unrestrict", NULL, 0, false, CLIENT_IGNORE },
	{ "warn", NULL, 0, false, CLIENT_IGNORE },
	{ "x", NULL, 0, false, CLIENT_IGNORE },
	{ "z", NULL, 0, false, CLIENT_IGNORE },
	{ .word = NULL },
};
static const struct client_command mysql_commands[] = {
	{ "delimiter", NULL, 0, false, CLIENT_DELIMITER },
	{ "use", NULL, 0, false, CLIENT_STATEMENT },
	{ "go", NULL, 0, true, CLIENT_IGNORE },
	{ "ego", NULL, 0, true, CLIENT_IGNORE },
	{ "clear", NULL, 0, true, CLIENT_IGNORE },
	{ "nopager", NULL, 0, true, CLIENT_IGNORE },
	{ "notee", NULL, 0, true, CLIENT_IGNORE },
	{ "nowarning", NULL, 0, true, CLIENT_IGNORE },
	{ "pager", NULL, 0, false, CLIENT_IGNORE },
	{ "print", NULL, 0, true, CLIENT_IGNORE },
	{ "prompt", NULL, 0, false, CLIENT_IGNORE },
	{ "rehash", NULL, 0, true, CLIENT_IGNORE },
	{ "status", NULL, 0, true, CLIENT_IGNORE },
	{ "warnings", NULL, 0, true, CLIENT_IGNORE },
	{ "exit", NULL, 0, true, CLIENT_END },
	{ "quit", NULL, 0, true, CLIENT_END },
	{ "help", NULL, 0, false, CLIENT_IGNORE },
	{ "charset", "utf8", 0, false, CLIENT_IGNORE },
	{ "charset", "utf8mb4", 0, false, CLIENT_IGNORE },
	{ "charset", NULL, 0, false, CLIENT_REFUSE },
	{ "connect", NULL, 0, false, CLIENT_REFUSE },
	{ "edit", NULL, 0, true, CLIENT_REFUSE },
	{ "source", NULL, 0, false, CLIENT_REFUSE },
	{ "system", NULL, 0, false, CLIENT_REFUSE },
	{ "tee", NULL, 0, false, CLIENT_REFUSE },
	{ .word = NULL },
};
static const struct client_command sqlite_commands[] = {
	{ "bail", NULL, 0, false, CLIENT_IGNORE },
	{ "changes", NULL, 0, false, CLIENT_IGNORE },
	{ "databases", NULL, 0, false, CLIENT_IGNORE },
	{ "dbinfo", NULL, 0, false, CLIENT_IGNORE },
	{ "echo", NULL, 0, false, CLIENT_IGNORE },
	{ "eqp", NULL, 0, false, CLIENT_IGNORE },
	{ "exit", NULL, 0, false, CLIENT_END },
	{ "explain", NULL, 0, false, CLIENT_IGNORE },
	{ "fullschema", NULL, 0, false, CLIENT_IGNORE },
	{ "header", NULL, 0, false, CLIENT_IGNORE },
	{ "headers", NULL, 0, false, CLIENT_IGNORE },
	{ "help", NULL, 0, false, CLIENT_IGNORE },
	{ "indexes", NULL, 0, false, CLIENT_IGNORE },
	{ "indices", NULL, 0, false, CLIENT_IGNORE },
	{ "lint", NULL, 0, false, CLIENT_IGNORE },
	{ "mode", NULL, 0, false, CLIENT_IGNORE },
	{ "nullvalue", NULL, 0, false, CLIENT_IGNORE },
	{ "once", NULL, 0, true, CLIENT_IGNORE },
	{ "output", NULL, 0, true, CLIENT_IGNORE },
	{ "output", "stdout", 0, false, CLIENT_IGNORE },
	{ "print", NULL, 0, false, CLIENT_IGNORE },
	{ "prompt", NULL, 0, false, CLIENT_IGNORE },
	{ "quit", NULL, 0, false, CLIENT_END },
	{ "scanstats", NULL, 0, false, CLIENT_IGNORE },
	{ "schema", NULL, 0, false, CLIENT_IGNORE },
	{ "separator", NULL, 0, false, CLIENT_IGNORE },
	{ "show", NULL, 0, false, CLIENT_IGNORE },
	{ "stats", NULL, 0, false, CLIENT_IGNORE },
	{ "tables", NULL, 0, false, CLIENT_IGNORE },
	{ "timer", NULL, 0, false, CLIENT_IGNORE },
	{ "trace", NULL, 0, false, CLIENT_IGNORE },
	{ "version", NULL, 0, false, CLIENT_IGNORE },
	{ "width", NULL, 0, false, CLIENT_IGNORE },
	{ .word = NULL },
};
static const struct client_command mssql_commands[] = {
	{ "on", "error", 0, false, CLIENT_IGNORE },
	{ "connect", NULL, 0, false, CLIENT_REFUSE },
	{ "ed", NULL, 0, true, CLIENT_REFUSE },
	{ "error", NULL, 0, false, CLIENT_REFUSE },
	{ "exit", NULL, 0, false, CLIENT_REFUSE },
	{ "help", NULL, 0, true, CLIENT_IGNORE },
	{ "list", NULL, 0, true, CLIENT_IGNORE },
	{ "listvar", NULL, 0, true, CLIENT_IGNORE },
	{ "out", NULL, 0, false, CLIENT_REFUSE },
	{ "perftrace", NULL, 0, false, CLIENT_REFUSE },
	{ "quit", NULL, 0, true, CLIENT_END },
	{ "r", NULL, 0, false, CLIENT_REFUSE },
	{ "reset", NULL, 0, true, CLIENT_REFUSE },
	{ "serverlist", NULL, 0, true, CLIENT_IGNORE },
	{ "setvar", NULL, 0, false, CLIENT_REFUSE },
	{ "xml", NULL, 0, false, CLIENT_REFUSE },
	{ .word = NULL },
};
/* SQL*Plus, User's Guide and Reference, "SQL*Plus Command Reference". */
static const struct client_command oracle_commands[] = {
	{ "SET", "ROLE", 0, false, CLIENT_SQL },
	{ "SET", "TRANSACTION", 0, false, CLIENT_SQL },
	{ "SET", "CONSTRAINT", 0, false, CLIENT_SQL },
	{ "SET", "CONSTRAINTS", 0, false, CLIENT_SQL },
	{ "SET", NULL, 0, false, CLIENT_IGNORE },
	{ "PROMPT", NULL, 3, false, CLIENT_IGNORE },
	{ "REMARK", NULL, 3, false, CLIENT_IGNORE },
	{ "COLUMN", NULL, 3, false, CLIENT_IGNORE },
	{ "BREAK", NULL, 3, false, CLIENT_IGNORE },
	{ "COMPUTE", NULL, 4, false, CLIENT_IGNORE },
	{ "TTITLE", NULL, 3, false, CLIENT_IGNORE },
	{ "BTITLE", NULL, 3, false, CLIENT_IGNORE },
	{ "REPHEADER", NULL, 4, false, CLIENT_IGNORE },
	{ "REPFOOTER", NULL, 4, false, CLIENT_IGNORE },
	{ "CLEAR", NULL, 2, false, CLIENT_IGNORE },
	{ "SHOW", NULL, 3, false, CLIENT_IGNORE },
	{ "TIMING", NULL, 4, false, CLIENT_IGNORE },
	{ "PAUSE", NULL, 3, false, CLIENT_IGNORE },
	{ "WHENEVER", "SQLERROR", 0, false, CLIENT_IGNORE },
	{ "WHENEVER", "OSERROR", 0, false, CLIENT_IGNORE },
	{ "EXIT", NULL, 0, false, CLIENT_END },
	{ "QUIT", NULL, 0, false, CLIENT_END },
	{ "ACCEPT", NULL, 3, false, CLIENT_REFUSE },
	{ "APPEND", NULL, 0, false, CLIENT_REFUSE },
	{ "CONNECT", NULL, 4, false, CLIENT_REFUSE },
	{ "COPY", NULL, 0, false, CLIENT_REFUSE },
	{ "DEFINE", NULL, 3, false, CLIENT_REFUSE },
	{ "DESCRIBE", NULL, 4, false, CLIENT_IGNORE },
	{ "DISCONNECT", NULL, 4, false, CLIENT_REFUSE },
	{ "EDIT", NULL, 2, false, CLIENT_REFUSE },
	{ "EXECUTE", NULL, 4, false, CLIENT_REFUSE },
	{ "GET", NULL, 0, false, CLIENT_REFUSE },
	{ "HOST", NULL, 2, false, CLIENT_REFUSE },
	{ "PASSWORD", NULL, 5, false, CLIENT_REFUSE },
	{ "PRINT", NULL, 3, false, CLIENT_REFUSE },
	{ "RUN", NULL, 1, true, CLIENT_REFUSE },
	{ "SAVE", NULL, 3, false, CLIENT_REFUSE },
	{ "SPOOL", NULL, 3, false, CLIENT_REFUSE },
	{ "START", NULL, 3, false, CLIENT_REFUSE },
	{ "STORE", NULL, 0, false, CLIENT_REFUSE },
	{ "UNDEFINE", NULL, 5, false, CLIENT_REFUSE },
	{ "VARIABLE", NULL, 3, false, CLIENT_REFUSE },
	{ .word = NULL },
};
static const struct client_command firebird_commands[] = {
	{ "SET", "TERM", 0, false, CLIENT_DELIMITER },
	{ "SET", "AUTODDL", 0, false, CLIENT_IGNORE },
	{ "SET", "BAIL", 0, false, CLIENT_IGNORE },
	{ "SET", "COUNT", 0, false, CLIENT_IGNORE },
	{ "SET", "ECHO", 0, false, CLIENT_IGNORE },
	{ "SET", "HEADING", 0, false, CLIENT_IGNORE },
	{ "SET", "LIST", 0, false, CLIENT_IGNORE },
	{ "SET", "PLAN", 0, false, CLIENT_IGNORE },
	{ "SET", "SQL", 0, false, CLIENT_IGNORE },
	{ "SET", "STATS", 0, false, CLIENT_IGNORE },
	{ "SET", "WIDTH", 0, false, CLIENT_IGNORE },
	{ "HELP", NULL, 0, false, CLIENT_IGNORE },
	{ "SHOW", NULL, 0, false, CLIENT_IGNORE },
	{ "EXIT", NULL, 0, true, CLIENT_END },
	{ "QUIT", NULL, 0, true, CLIENT_END },
	{ "CONNECT", NULL, 0, false, CLIENT_REFUSE },
	{ "EDIT", NULL, 0, false, CLIENT_REFUSE },
	{ "IN", NULL, 0, false, CLIENT_REFUSE },
	{ "INPUT", NULL, 0, false, CLIENT_REFUSE },
	{ "OUT", NULL, 0, false, CLIENT_REFUSE },
	{ "OUTPUT", NULL, 0, false, CLIENT_REFUSE },
	{ "SHELL", NULL, 0, false, CLIENT_REFUSE },
	{ .word = NULL },
};
static const struct client_command db2_commands[] = {
	{ "CONNECT", "RESET", 0, false, CLIENT_IGNORE },
	{ "CONNECT", NULL, 0, false, CLIENT_REFUSE },
	{ "TERMINATE", NULL, 0, false, CLIENT_END },
	{ "QUIT", NULL, 0, true, CLIENT_END },
	{ "ECHO", NULL, 0, false, CLIENT_IGNORE },
	{ "UPDATE", "COMMAND", 0, false, CLIENT_IGNORE },
	{ "EXPORT", NULL, 0, false, CLIENT_REFUSE },
	{ "IMPORT", NULL, 0, false, CLIENT_REFUSE },
	{ "LOAD", NULL, 0, false, CLIENT_REFUSE },
	{ .word = NULL },
};

/* Bodies. */
static const struct body_rule no_bodies[] = { { .verb = NULL } };
static const struct body_rule postgresql_bodies[] = {
	{ "CREATE", "FUNCTION", BODY_ATOMIC },
	{ "CREATE", "PROCEDURE", BODY_ATOMIC },
	{ .verb = NULL },
};
static const struct body_rule sqlite_bodies[] = {
	{ "CREATE", "TRIGGER", BODY_TRIGGER },
	{ .verb = NULL },
};
/* SQL/PSM, and what MariaDB, Db2 and Trino make of it. */
static const struct body_rule psm_bodies[] = {
	{ "CREATE", "FUNCTION", BODY_BLOCK },
	{ "CREATE", "PROCEDURE", BODY_BLOCK },
	{ "CREATE", "TRIGGER", BODY_BLOCK },
	{ "CREATE", "EVENT", BODY_BLOCK },
	{ "CREATE", "PACKAGE", BODY_BLOCK },
	{ "CREATE", "MODULE", BODY_BLOCK },
	{ "ALTER", "EVENT", BODY_BLOCK },
	{ "ALTER", "PROCEDURE", BODY_BLOCK },
	{ "WITH", "FUNCTION", BODY_BLOCK },
	{ "BEGIN", "ATOMIC", BODY_BLOCK },
	{ "BEGIN", "NOT", BODY_BLOCK },
	{ "BEGIN", "COMPOUND", BODY_BLOCK },
	{ "BEGIN", "DECLARE", BODY_BLOCK },
	{ .verb = NULL },
};
static const struct body_rule firebird_bodies[] = {
	{ "CREATE", "FUNCTION", BODY_PLAIN },
	{ "CREATE", "PROCEDURE", BODY_PLAIN },
	{ "CREATE", "TRIGGER", BODY_PLAIN },
	{ "CREATE", "PACKAGE", BODY_PLAIN },
	{ "ALTER", "FUNCTION", BODY_PLAIN },
	{ "ALTER", "PROCEDURE", BODY_PLAIN },
	{ "ALTER", "TRIGGER", BODY_PLAIN },
	{ "ALTER", "PACKAGE", BODY_PLAIN },
	{ "RECREATE", "FUNCTION", BODY_PLAIN },
	{ "RECREATE", "PROCEDURE", BODY_PLAIN },
	{ "RECREATE", "TRIGGER", BODY_PLAIN },
	{ "RECREATE", "PACKAGE", BODY_PLAIN },
	{ "EXECUTE", "BLOCK", BODY_PLAIN },
	{ .verb = NULL },
};
static const struct body_rule oracle_bodies[] = {
	{ "CREATE", "JAVA", BODY_RAW },
	{ "CREATE", "FUNCTION", BODY_SLASH },
	{ "CREATE", "PROCEDURE", BODY_SLASH },
	{ "CREATE", "TRIGGER", BODY_SLASH },
	{ "CREATE", "PACKAGE", BODY_SLASH },
	{ "CREATE", "TYPE", BODY_SLASH },
	{ "CREATE", "LIBRARY", BODY_SLASH },
	{ "WITH", "FUNCTION", BODY_SLASH },
	{ "WITH", "PROCEDURE", BODY_SLASH },
	{ "BEGIN", NULL, BODY_SLASH },
	{ "DECLARE", NULL, BODY_SLASH },
	{ .verb = NULL },
};

static const struct dialect dialects[] = {
	{ .name = "ansi",
	    .dbms = no_dbms,
	    .client = "the database's own client",
	    .commands = no_commands,
	    .bodies = psm_bodies,
	    .cr_ends_comment = true,
	    .semicolon_splits = true },
	{ .name = "postgresql",
	    .dbms = postgresql_dbms,
	    .client = "psql",
	    .commands = psql_commands,
	    .command_mark = '\\',
	    .bodies = postgresql_bodies,
	    .nested_comments = true,
	    .cr_ends_comment = true,
	    .dollar_quotes = true,
	    .escape_strings = true,
	    .parens_hold = true,
	    .semicolon_splits = true,
	    /* The server would take an untyped 3.0 for what stands next to
	     * it, an integer, and refuse it (drivers.md#postgresql). */
	    .decimal_marker = "CAST(? AS numeric)",
	    .long_marker = "CAST(? AS bigint)",
	    .copy_data = true },
	{ .name = "mysql",
	    .dbms = mysql_dbms,
	    .client = "mysql",
	    .commands = mysql_commands,
	    .bodies = psm_bodies,
	    .conditional_comments = true,
	    .hash_comments = true,
	    .dash_needs_space = true,
	    .backslash_escapes = true,
	    .double_strings = true,
	    .backticks = true,
	    .semicolon_splits = true },
	{ .name = "sqlite",
	    .dbms = sqlite_dbms,
	    .client = "sqlite3",
	    .commands = sqlite_commands,
	    .command_mark = '.',
	    .bodies = sqlite_bodies,
	    .backticks = true,
	    .brackets = true,
	    .semicolon_splits = true },
	{ .name = "mssql",
	    .dbms = mssql_dbms,
	    .client = "sqlcmd",
	    .commands = mssql_commands,
	    .command_mark = ':',
	    .bodies = no_bodies,
	    .nested_comments = true,
	    .brackets = true,
	    .doubled_brackets = true,
	    .cr_ends_comment = true,
	    .go_splits = true },
	{ .name = "oracle",
	    .dbms = oracle_dbms,
	    .client = "SQL*Plus",
	    .commands = oracle_commands,
	    .bodies = oracle_bodies,
	    .cr_ends_comment = true,
	    .q_quotes = true,
	    .semicolon_splits = true,
	    .slash_splits = true,
	    .ampersands = true },
	{ .name = "db2",
	    .dbms = db2_dbms,
	    .client = "db2",
	    .commands = db2_commands,
	    .bodies = psm_bodies,
	    .nested_comments = true,
	    .cr_ends_comment = true,
	    .semicolon_splits = true,
	    .term_comment = true },
	{ .name = "firebird",
	    .dbms = firebird_dbms,
	    .client = "isql",
	    .commands = firebird_commands,
	    .bodies = firebird_bodies,
	    .cr_ends_comment = true,
	    .q_quotes = true,
	    .semicolon_splits = true },
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

const char *
dialect_mode_query(const struct dialect *d)
{
	if (d->conditional_comments)
		return "SELECT @@sql_mode";
	if (d->escape_strings)
		return "SELECT current_setting('standard_conforming_strings')";
	return NULL;
}

/* Whether a word stands in a list with commas, case-blind. */
static bool
lists(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (*list != '\0') {
		size_t length;

		list += strspn(list, ", '\"");
		length = strcspn(list, ", '\"");
		if (length == n && strncasecmp(list, word, n) == 0)
			return true;
		list += length;
	}
	return false;
}

void
dialect_set_mode(struct dialect *d, const char *mode)
{
	if (d->conditional_comments) {
		d->backslash_escapes = !lists(mode, "NO_BACKSLASH_ESCAPES");
		d->double_strings = !lists(mode, "ANSI_QUOTES") &&
		    !lists(mode, "ANSI");
	} else if (d->escape_strings)
		d->backslash_escapes = lists(mode, "off") ||
		    lists(mode, "false") || lists(mode, "no") ||
		    lists(mode, "0");
}
