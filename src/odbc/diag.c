/*
 * diag.c - what a driver says, and what kind of failure it is
 *
 * The one place where ODBC's errors become ours. What is worth another try is
 * told by SQLSTATE and, where drivers use HY000 for everything, by the
 * database's own code; the tables name their source.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "odbc/diag.h"

enum { DIAG_RECORDS = 32, DIAG_TEXT = 2048, DIAG_ALL = 64 * 1024 };

static const char hint_grant[] =
    "Let the database's administrator grant the user what the statement "
    "needs, or set source.user to one that may.";
static const char hint_read_only[] =
    "The session may only read (source.read_only), and temporary tables count "
    "as writing here: leave it out, and let the job log in as a user who may "
    "only read.";
static const char hint_later[] =
    "Another session was in the way: the same command can be run again "
    "later.";
static const char hint_limit[] =
    "Somebody or a time limit ended the statement: source.query_timeout, or "
    "a limit of the database server. The same command can be run again.";
static const char hint_lost[] =
    "The connection was lost; the log of the database server says why, if "
    "the server ended it. The same command can be run again.";

/* One record. */
struct record {
	char state[6];
	SQLINTEGER native;
	char text[DIAG_TEXT];
};

static bool
read_record(const struct diag_place *p, SQLSMALLINT i, struct record *r)
{
	SQLSMALLINT length = 0;
	SQLRETURN rc;

	memset(r, 0, sizeof(*r));
	rc = SQLGetDiagRec(p->type, p->handle, i, (SQLCHAR *)r->state,
	    &r->native, (SQLCHAR *)r->text, (SQLSMALLINT)sizeof(r->text),
	    &length);
	r->text[sizeof(r->text) - 1] = '\0';
	return SQL_SUCCEEDED(rc);
}

/* Blanks at the end are of no use; drivers end with a newline or two. */
static void
trim(char *text)
{
	size_t n = strlen(text);

	while (n > 0 && strchr(" \t\r\n;", text[n - 1]) != NULL)
		text[--n] = '\0';
}

static void
join(struct buf *all, struct record *r)
{
	struct err ignored = ERR_INIT;

	trim(r->text);
	if (all->length > 0 && strstr(buf_text(all), r->text) != NULL)
		return;
	/* What does not fit any more is the least of it. */
	if (all->length > 0 && buf_puts(all, "; ", &ignored) < 0)
		return;
	if (buf_puts(all, r->text, &ignored) < 0)
		return;
}

/*
 * PostgreSQL: appendix A of its manual (class 08, 40, 53, 57P0x, 55P03,
 * 25P03, and 57014 for a time limit or an administrator's cancel); ODBC:
 * HYT00, HYT01; Virtuoso: S2801.
 */
static bool
is_transient_state(const char *state)
{
	static const char *const prefixes[] = { "08", "40", "53", "HYT00",
		"HYT01", "57014", "57P01", "57P02", "57P03", "55P03", "25P03",
		"S2801" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(state, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/*
 * MariaDB: 1205 lock wait, 1213 deadlock, 1040 and 1203 too many connections,
 * 1053 shutdown, 2002 2003 2005 2006 2013 the connection, 1317 and 1969 a
 * statement ended by KILL QUERY and by max_statement_time; FreeTDS: 20009,
 * 20017; SQL Server: 1205 deadlock.
 */
static bool
is_transient_native(long native)
{
	static const long codes[] = { 1205, 1213, 1040, 1203, 1053, 1317, 1969,
		2002, 2003, 2005, 2006, 2013, 20009, 20017 };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == native)
			return true;
	return false;
}

/* SQLite has one SQLSTATE for everything and small codes: 5 busy, 6 locked. */
static bool
is_sqlite_busy(const char *state, long native, const char *text)
{
	return strcmp(state, "HY000") == 0 && (native == 5 || native == 6) &&
	    strstr(text, "SQLite") != NULL;
}

/* psqlODBC gives 08001 for a wrong password too; only its text tells. */
static bool
is_refused_login(const char *text)
{
	static const char *const words[] = { "authentication failed",
		"does not exist", "no pg_hba.conf entry",
		"no password supplied", "is not permitted to log in" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(text, words[i]) != NULL)
			return true;
	return false;
}

bool
diag_is_transient(
    const char *state, long native, const char *text, bool connecting)
{
	if (connecting && strcmp(state, "08001") == 0 && is_refused_login(text))
		return false;
	return is_transient_state(state) || is_transient_native(native) ||
	    is_sqlite_busy(state, native, text);
}

/* The driver manager knows no such data source, or finds no library. */
static bool
is_setup(const char *state, const char *text)
{
	return strcmp(state, "IM002") == 0 || strcmp(state, "IM003") == 0 ||
	    strcmp(state, "IM004") == 0 || strcmp(state, "IM012") == 0 ||
	    strstr(text, "Can't open lib") != NULL;
}

/* Many drivers lose a connection with any SQLSTATE: ask (ODBC 3.5). */
static bool
is_dead(const struct diag_place *p)
{
	SQLUINTEGER dead = SQL_CD_FALSE;

	return p->connection != SQL_NULL_HDBC &&
	    SQL_SUCCEEDED(SQLGetConnectAttr(
		p->connection, SQL_ATTR_CONNECTION_DEAD, &dead, 0, NULL)) &&
	    dead == SQL_CD_TRUE;
}

static enum err_class
classify(const struct diag_place *p, const struct record *r, const char *all)
{
	bool connecting = p->connection == SQL_NULL_HDBC;

	if (is_setup(r->state, all))
		return ERR_SPEC;
	if (diag_is_transient(r->state, r->native, all, connecting) ||
	    is_dead(p))
		return ERR_NOT_NOW;
	return ERR_DATABASE;
}

/* What to do about a statement that failed; the first row that fits. */
static const struct remedy {
	const char *state; /* how the SQLSTATE begins */
	long native;	   /* the database's own code; 0: any */
	const char *hint;
} remedies[] = {
	{ "25006", 0, hint_read_only }, /* PostgreSQL */
	{ "42501", 0, hint_grant },
	{ "42000", 1142, hint_grant }, /* MariaDB: command on a table */
	{ "42000", 1143, hint_grant }, /* ... on a column */
	{ "42000", 1227, hint_grant }, /* ... without SUPER and the like */
	{ "42000", 1044, hint_grant }, /* ... in a database */
	{ "42000", 1205, hint_later }, /* SQL Server by FreeTDS: deadlock */
	{ "42", 0,
	    "Correct the statement at that line, or what it names: "
	    "the user, schema or database may be another one than you tried "
	    "it with." },
	{ "22", 0,
	    "A value in the data is not what the statement expects: "
	    "find its row, or let the statement allow for it." },
	{ "23", 0, "The statement breaks a constraint of a table." },
	{ "40", 0, hint_later },
	{ "55P03", 0, hint_later },
	{ "HY000", 1205, hint_later },
	{ "57014", 0, hint_limit },
	{ "HYT", 0, hint_limit },
	{ "HY018", 0, hint_limit },
	{ "70100", 0, hint_limit },
	{ "53", 0,
	    "The database server is short of connections, memory or disk: "
	    "tell its administrator, and run the job again later." },
	{ "08", 0, hint_lost },
	{ "57P", 0, hint_lost },
	{ "25P03", 0, hint_lost },
	{ "HY000", 2006, hint_lost },
	{ "HY000", 2013, hint_lost },
	{ "", 0,
	    "These are the database's own words: correct the statement, or "
	    "ask the database's administrator." },
};

bool
session_error_repeats(const struct err *e)
{
	static const char *const prefixes[] = { "08", "40", "57P01", "57P02",
		"57P03" };
	/* MariaDB: deadlock, lost; FreeTDS: lost. SQLite: busy has no end. */
	static const int codes[] = { 1205, 1213, 2006, 2013, 20009, 20017 };

	if (e->class != ERR_NOT_NOW || e->state[0] == '\0')
		return false;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(e->state, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (e->native == codes[i])
			return true;
	return false;
}

int
diag_remedy(const char *state, long native, bool is_transient, struct err *e)
{
	const struct remedy *r = remedies;

	while (strncmp(state, r->state, strlen(r->state)) != 0 ||
	    (r->native != 0 && r->native != native))
		r++;
	/* What passes is no fault of the statement, whatever the SQLSTATE. */
	if (r->state[0] == '\0' && is_transient)
		return err_hint(e, "%s", hint_later);
	return err_hint(e, "%s", r->hint);
}

int
diag_error(const struct diag_place *p, SQLRETURN rc, struct err *e)
{
	struct buf all = BUF_INIT(DIAG_ALL);
	struct record r, first;
	SQLSMALLINT i;

	memset(&first, 0, sizeof(first));
	if (rc == SQL_INVALID_HANDLE)
		return err_set(
		    e, ERR_INTERNAL, "%s: invalid handle", p->function);
	for (i = 1; i <= DIAG_RECORDS && read_record(p, i, &r); i++) {
		if (i == 1 ||
		    (strncmp(first.state, "01", 2) == 0 &&
			strncmp(r.state, "01", 2) != 0))
			first = r;
		join(&all, &r);
	}
	if (i == 1) {
		(void)snprintf(first.state, sizeof(first.state), "HY000");
		(void)snprintf(first.text, sizeof(first.text),
		    "the driver failed in %s (%d) and says nothing",
		    p->function, (int)rc);
		join(&all, &first);
	}
	(void)err_set(e, classify(p, &first, buf_text(&all)),
	    "%s [SQLSTATE %s, native code %ld]", buf_text(&all), first.state,
	    (long)first.native);
	(void)snprintf(e->state, sizeof(e->state), "%s", first.state);
	e->native = (int)first.native;
	if (is_dead(p))
		(void)err_hint(e, "%s", hint_lost);
	else if (p->connection != SQL_NULL_HDBC)
		(void)diag_remedy(first.state, (long)first.native,
		    e->class == ERR_NOT_NOW, e);
	buf_release(&all);
	return -1;
}

int
diag_check_info(
    const struct diag_place *p, const struct session *s, struct err *e)
{
	struct record r;

	for (SQLSMALLINT i = 1; i <= DIAG_RECORDS && read_record(p, i, &r);
	     i++) {
		if (strncmp(r.state, "00", 2) != 0 &&
		    strncmp(r.state, "01", 2) != 0 &&
		    strncmp(r.state, "02", 2) != 0)
			return diag_error(p, SQL_ERROR, e);
		trim(r.text);
		if (s != NULL && s->warn != NULL && r.text[0] != '\0')
			s->warn(s->warn_arg, r.text);
	}
	return 0;
}

int
diag_check_end(const struct diag_place *p, struct err *e)
{
	if (!is_dead(p))
		return 0;
	(void)err_set(e, ERR_NOT_NOW,
	    "the connection to the database was lost, which the driver took "
	    "for the end of the rows");
	return err_hint(e,
	    "Nothing of this result can be trusted; run the "
	    "job again.");
}

bool
diag_has_state(const struct diag_place *p, const char *state)
{
	struct record r;

	for (SQLSMALLINT i = 1; i <= DIAG_RECORDS && read_record(p, i, &r); i++)
		if (strcmp(r.state, state) == 0)
			return true;
	return false;
}
