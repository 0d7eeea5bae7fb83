/*
 * advice.c - what to write instead of a command of the database's client
 *
 * One table for all clients; which commands are refused at all is said in
 * dialect.c. A new user reads these sentences: each says what to do.
 */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "sql/advice.h"

/* Commands that do the same in different clients have one sentence. */
#define INCLUDE "Put the text of that file here: a job has one script."
#define VARIABLE \
	"Define it in source.params and write :name where its value belongs; " \
	"it is bound, never pasted."
#define CONNECT \
	"A job has one connection: source.dsn and source.user say which."
#define OUTPUT \
	"Take it out: the result that source.result chooses becomes the " \
	"file, and file.name names it."
#define IMPORT \
	"Load the data with INSERT, or with a statement that reads a file on " \
	"the server."
#define EXPORT "Write the SELECT by itself: its result becomes the file."
#define SHELL "Only SQL can be sent: run that command before or after the job."

/* What to do about a command. */
struct advice {
	const char *client;  /* whose; as in the dialect */
	const char *command; /* in lower case, without its mark */
	const char *text;    /* the sentence */
};

static const struct advice advices[] = {
	{ "psql", "!", SHELL },
	{ "psql", ";", "Write a semicolon: each statement is sent by itself." },
	{ "psql", "c", CONNECT },
	{ "psql", "cd", INCLUDE },
	{ "psql", "connect", CONNECT },
	{ "psql", "copy",
	    "To export, write the SELECT by itself; to load, use INSERT, or "
	    "COPY from a file on the server." },
	{ "psql", "crosstabview", "End the statement with a semicolon." },
	{ "psql", "elif", "Write conditions in SQL: CASE, WHERE, or DO." },
	{ "psql", "else", "Write conditions in SQL: CASE, WHERE, or DO." },
	{ "psql", "encoding", "Write the script in UTF-8 and take this out." },
	{ "psql", "endif", "Write conditions in SQL: CASE, WHERE, or DO." },
	{ "psql", "g",
	    "End the statement with a semicolon: the result that source.result "
	    "chooses becomes the file." },
	{ "psql", "gdesc", "End the statement with a semicolon." },
	{ "psql", "getenv", VARIABLE },
	{ "psql", "gexec", "Run what the query returns in DO with EXECUTE." },
	{ "psql", "gset",
	    "Keep the value in a temporary table, or use a subquery." },
	{ "psql", "i", INCLUDE },
	{ "psql", "if", "Write conditions in SQL: CASE, WHERE, or DO." },
	{ "psql", "include", INCLUDE },
	{ "psql", "include_relative", INCLUDE },
	{ "psql", "ir", INCLUDE },
	{ "psql", "o", OUTPUT },
	{ "psql", "out", OUTPUT },
	{ "psql", "prompt", VARIABLE },
	{ "psql", "set", VARIABLE },
	{ "psql", "setenv", SHELL },
	{ "psql", "unset", VARIABLE },
	{ "psql", "w", OUTPUT },
	{ "psql", "watch", "Let a gate wait for what the batch needs: gates." },
	{ "psql", "write", OUTPUT },
	{ "mysql", "!", SHELL },
	{ "mysql", ".", INCLUDE },
	{ "mysql", "C", "Write the script in UTF-8 and take this out." },
	{ "mysql", "c", "Take the unfinished statement out." },
	{ "mysql", "charset", "Write the script in UTF-8 and take this out." },
	{ "mysql", "connect", CONNECT },
	{ "mysql", "d", "Write DELIMITER at the beginning of a line." },
	{ "mysql", "q", "End the script there." },
	{ "mysql", "r", CONNECT },
	{ "mysql", "source", INCLUDE },
	{ "mysql", "system", SHELL },
	{ "mysql", "T", OUTPUT },
	{ "mysql", "tee", OUTPUT },
	{ "mysql", "u", "Write USE and the database's name." },
	{ "sqlite3", "cd", INCLUDE },
	{ "sqlite3", "dump", EXPORT },
	{ "sqlite3", "excel", OUTPUT },
	{ "sqlite3", "import", "Load the data with INSERT." },
	{ "sqlite3", "load", "Name the extension in the DSN: LoadExt." },
	{ "sqlite3", "once", OUTPUT },
	{ "sqlite3", "open", CONNECT },
	{ "sqlite3", "output", OUTPUT },
	{ "sqlite3", "param", VARIABLE },
	{ "sqlite3", "parameter", VARIABLE },
	{ "sqlite3", "read", INCLUDE },
	{ "sqlite3", "shell", SHELL },
	{ "sqlite3", "system", SHELL },
	{ "sqlite3", "timeout", "Write PRAGMA busy_timeout." },
	{ "sqlcmd", "!", SHELL },
	{ "sqlcmd", "connect", CONNECT },
	{ "sqlcmd", "exit", "End the script there; what EXIT ran is SQL." },
	{ "sqlcmd", "out", OUTPUT },
	{ "sqlcmd", "r", INCLUDE },
	{ "sqlcmd", "setvar", VARIABLE },
	{ "SQL*Plus", "!", SHELL },
	{ "SQL*Plus", "@", INCLUDE },
	{ "SQL*Plus", "ACCEPT", VARIABLE },
	{ "SQL*Plus", "CONNECT", CONNECT },
	{ "SQL*Plus", "COPY", EXPORT },
	{ "SQL*Plus", "DEFINE", VARIABLE },
	{ "SQL*Plus", "EXECUTE",
	    "Write BEGIN, the call and END; with a line / below." },
	{ "SQL*Plus", "GET", INCLUDE },
	{ "SQL*Plus", "HOST", SHELL },
	{ "SQL*Plus", "PRINT",
	    "Select the value: the result becomes the file." },
	{ "SQL*Plus", "SPOOL", OUTPUT },
	{ "SQL*Plus", "START", INCLUDE },
	{ "SQL*Plus", "UNDEFINE", VARIABLE },
	{ "SQL*Plus", "VARIABLE", VARIABLE },
	{ "isql", "CONNECT", CONNECT },
	{ "isql", "IN", INCLUDE },
	{ "isql", "INPUT", INCLUDE },
	{ "isql", "OUT", OUTPUT },
	{ "isql", "OUTPUT", OUTPUT },
	{ "isql", "SHELL", SHELL },
	{ "db2", "!", SHELL },
	{ "db2", "CONNECT", CONNECT },
	{ "db2", "EXPORT", EXPORT },
	{ "db2", "IMPORT", IMPORT },
	{ "db2", "LOAD", IMPORT },
};

/* mysql's letters are the only ones whose case counts. */
static bool
is_it(const struct advice *a, const char *command, size_t n, bool exact)
{
	return strlen(a->command) == n &&
	    (exact ? memcmp(a->command, command, n) == 0 :
		     strncasecmp(a->command, command, n) == 0);
}

const char *
advice_for(const struct dialect *d, const char *command, size_t n)
{
	bool exact = d->conditional_comments && n == 1;

	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (strcmp(advices[i].client, d->client) == 0 &&
		    is_it(&advices[i], command, n, exact))
			return advices[i].text;
	return "Only SQL can be sent: take the line out, and put what it does "
	       "into the job spec or into SQL.";
}
