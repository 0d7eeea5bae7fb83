/*
 * explain.c - why a connection failed, in words that an operator can act on
 *
 * Two kinds: what is not set up on this host (no DSN, no driver, a library
 * that is missing), and what the database refused. What kind of error it is,
 * and whether it passes, is decided in diag.c.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "odbc/connect.h"
#include "odbc/explain.h"

enum { EXPLAIN_NAME = 1024 };

static const char lists_dsns[] = "`odbcinst -q -s` lists every DSN, "
				 "`odbcinst -j` the files that are read.";
static const char lists_drivers[] = "`odbcinst -q -d` lists every driver.";

static size_t
count(char **names)
{
	size_t n = 0;

	while (names != NULL && names[n] != NULL)
		n++;
	return n;
}

static bool
is_among(const char *name, char **names)
{
	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* "did you mean" among the names that exist here, else otherwise. */
static int
suggest(struct err *e, const char *name, char **names, const char *otherwise)
{
	const char *nearest = str_nearest(
	    name, (const char *const *)names, count(names));

	if (nearest == NULL)
		return err_hint(e, "%s", otherwise);
	return err_hint(e, "Did you mean '%s'? %.*s.", nearest,
	    (int)strcspn(strchr(otherwise, '`'), ",."), strchr(otherwise, '`'));
}

static int
suggest_driver(struct err *e, const char *name)
{
	struct err ignored = ERR_INIT;
	char otherwise[256];
	char **names = NULL;

	if (session_list_drivers(&names, &ignored) < 0)
		names = NULL;
	(void)snprintf(otherwise, sizeof(otherwise),
	    "Install the package of the driver, or correct the name; %s",
	    lists_drivers);
	(void)suggest(e, name, names, otherwise);
	session_free_list(names);
	return -1;
}

/* The DSN is there; what of its driver? */
static int
explain_driver(const struct session_options *o, struct err *e)
{
	char driver[EXPLAIN_NAME];

	connect_put_driver(o, driver, sizeof(driver));
	if (driver[0] == '\0') {
		(void)err_hint(e,
		    "Write Driver = NAME into its section of odbc.ini; %s",
		    lists_drivers);
		return err_in(
		    e, "the data source '%s' names no driver", o->dsn);
	}
	(void)suggest_driver(e, driver);
	return err_in(e,
	    "the data source '%s' names the ODBC driver '%s', which is not "
	    "installed",
	    o->dsn, driver);
}

static int
explain_dsn(const struct session_options *o, struct err *e)
{
	struct err ignored = ERR_INIT;
	char otherwise[256];
	char **names = NULL;
	int rc;

	if (session_list_dsns(&names, &ignored) < 0)
		names = NULL;
	if (is_among(o->dsn, names))
		rc = explain_driver(o, e);
	else {
		(void)snprintf(otherwise, sizeof(otherwise),
		    "Add it to odbc.ini, or correct the name; %s", lists_dsns);
		(void)suggest(e, o->dsn, names, otherwise);
		rc = err_in(e, "there is no data source '%s'", o->dsn);
	}
	session_free_list(names);
	return rc;
}

/* The driver manager could not load this; it calls all causes "not found". */
static int
explain_library(const char *quoted, struct err *e)
{
	char name[EXPLAIN_NAME];

	(void)snprintf(
	    name, sizeof(name), "%.*s", (int)strcspn(quoted, "'"), quoted);
	if (name[0] == '/' && access(name, F_OK) == 0)
		(void)err_hint(e,
		    "The file is there, but no library for this machine, or "
		    "one that it needs is missing: `ldd %s` names it.",
		    name);
	else if (strchr(name, '/') != NULL || strstr(name, ".so") != NULL)
		(void)err_hint(e,
		    "There is no such file: install the package of the driver,"
		    " or correct Driver in odbc.ini or odbcinst.ini "
		    "(`odbcinst -j` says where they are).");
	else
		(void)suggest_driver(e, name);
	return err_in(e, "the ODBC driver '%s' cannot be loaded", name);
}

static int
explain_setup(const struct session_options *o, struct err *e)
{
	static const char opening[] = "Can't open lib '";
	const char *library = strstr(e->text, opening);

	e->class = ERR_DATABASE; /* what is wrong is not the spec's text */
	if (library != NULL)
		return explain_library(library + sizeof(opening) - 1, e);
	if (o->dsn != NULL)
		return explain_dsn(o, e);
	(void)err_hint(e,
	    "The connection string needs Driver= or DSN= with a name that "
	    "`odbcinst -q -d` or `odbcinst -q -s` lists.");
	return err_in(e, "the connection string leads to no driver");
}

static const char *
hint_of(const struct err *e)
{
	static const struct {
		const char *words; /* of the message */
		const char *hint;
	} hints[] = {
		{ "no password supplied",
		    "Set source.password: it says where the password is." },
		{ "authentication failed",
		    "Check source.user and the secret of source.password." },
		{ "Access denied for user",
		    "Check source.user and the secret of source.password." },
		{ "no pg_hba.conf entry",
		    "The server does not let this user in from this host: "
		    "its administrator allows that in pg_hba.conf." },
		{ "Login failed for user",
		    "Check source.user and the secret of source.password." },
		{ "is unavailable or does not exist", /* FreeTDS */
		    "Is the database server running, and can this host "
		    "reach it?" },
		{ "Unknown database",
		    "Check the database that the data source names." },
		{ "does not exist",
		    "Check the database and the user that the data source "
		    "names." },
		{ "[SQLite]connect failed",
		    "Is the file of the data source there, and may this user "
		    "read it? A missing one is not made." },
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (strstr(e->text, hints[i].words) != NULL)
			return hints[i].hint;
	if (e->class == ERR_NOT_NOW)
		return "Is the database server running, and can this host "
		       "reach it?";
	return "Check source.user, source.password and what the data source "
	       "names.";
}

int
explain_failure(const struct session_options *o, struct err *e)
{
	if (e->class == ERR_SPEC)
		return explain_setup(o, e);
	if (o->dsn == NULL) {
		(void)err_hint(e, "%s", hint_of(e));
		return err_in(e, "cannot connect by the connection string");
	}
	(void)err_hint(e, "%s Try `isql -v %s`.", hint_of(e), o->dsn);
	return err_in(e, "cannot connect to '%s'", o->dsn);
}
