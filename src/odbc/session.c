/*
 * session.c - one connection to one data source
 *
 * Connecting, what is at the other end, cancelling. The connection string is
 * made in connect.c, statements run in statement.c, errors are read in diag.c;
 * why a connection failed is told in explain.c.
 */
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/redact.h"
#include "base/str.h"
#include "odbc/ask.h"
#include "odbc/connect.h"
#include "odbc/diag.h"
#include "odbc/exact.h"
#include "odbc/explain.h"
#include "odbc/handle.h"

enum { SESSION_NAMES_MAX = 4096 };

static int
new_environment(SQLHENV *environment, struct err *e)
{
	if (!SQL_SUCCEEDED(
		SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, environment)))
		return err_set(
		    e, ERR_INTERNAL, "cannot start the ODBC driver manager");
	/* The cast is how ODBC passes integers as attributes. */
	(void)SQLSetEnvAttr(*environment, SQL_ATTR_ODBC_VERSION,
	    (SQLPOINTER)(intptr_t)SQL_OV_ODBC3, 0);
	return 0;
}

/*
 * Client libraries take their encoding from the environment, and narrow entry
 * points convert by LC_CTYPE; both must be UTF-8 (drivers.md). LC_NUMERIC
 * stays "C", so that a decimal point is a point.
 */
static void
force_utf8(const struct quirk *quirk)
{
	char name[64];

	for (size_t i = 0; quirk->environment[i] != NULL; i++) {
		size_t n = strcspn(quirk->environment[i], "=");

		(void)snprintf(
		    name, sizeof(name), "%.*s", (int)n, quirk->environment[i]);
		(void)setenv(name, quirk->environment[i] + n + 1, 1);
	}
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		log_debug("the locale C.UTF-8 is missing here");
}

/* ODBC counts whole seconds; a part of one is one. */
static void
set_login_timeout(struct session *s, uint64_t timeout_ms)
{
	uintptr_t seconds = (uintptr_t)((timeout_ms + 999) / 1000);

	if (timeout_ms == 0 || s->quirk->no_login_timeout)
		return;
	/* A driver without it fails here; the supervisor has a limit too. */
	(void)SQLSetConnectAttr(
	    s->connection, SQL_ATTR_LOGIN_TIMEOUT, (SQLPOINTER)seconds, 0);
}

/* Before is what goes in front of all else, "KEY=VALUE;", or empty. */
static int
connect_driver(struct session *s, const struct session_options *o,
    const char *before, struct err *e)
{
	struct buf string = BUF_INIT(CONNECT_MAX);
	struct diag_place place = { SQL_HANDLE_DBC, s->connection,
		"SQLDriverConnect", SQL_NULL_HDBC };
	SQLRETURN rc;

	if (buf_puts(&string, before, e) < 0 ||
	    connect_build(&string, o, &s->quirk, e) < 0) {
		buf_release(&string);
		return -1;
	}
	force_utf8(s->quirk);
	set_login_timeout(s, o->login_timeout_ms);
	/* No string comes back: it would hold the password in clear. */
	rc = SQLDriverConnect(s->connection, NULL, (SQLCHAR *)string.data,
	    (SQLSMALLINT)SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
	explicit_bzero(string.data, string.length);
	buf_release(&string);
	if (!SQL_SUCCEEDED(rc)) {
		(void)diag_error(&place, rc, e);
		return explain_failure(o, e);
	}
	s->is_connected = true;
	return 0;
}

/* Some drivers (mdbtools) fail every question; then it stays empty. */
static void
ask(struct session *s, SQLUSMALLINT what, char *text, size_t size)
{
	SQLSMALLINT length = 0;

	if (!SQL_SUCCEEDED(SQLGetInfo(
		s->connection, what, text, (SQLSMALLINT)(size - 1), &length)))
		text[0] = '\0';
	text[size - 1] = '\0';
}

static void
ask_everything(struct session *s)
{
	struct session_info *i = &s->info;

	ask(s, SQL_DBMS_NAME, i->dbms, sizeof(i->dbms));
	ask(s, SQL_DBMS_VER, i->dbms_version, sizeof(i->dbms_version));
	ask(s, SQL_DRIVER_NAME, i->driver, sizeof(i->driver));
	ask(s, SQL_DRIVER_VER, i->driver_version, sizeof(i->driver_version));
	ask(s, SQL_DATABASE_NAME, i->database, sizeof(i->database));
	if (!SQL_SUCCEEDED(SQLGetInfo(s->connection, SQL_GETDATA_EXTENSIONS,
		&s->getdata, sizeof(s->getdata), NULL)))
		s->getdata = 0;
	if (s->quirk->library[0] == '\0')
		s->quirk = quirk_find(i->driver);
	i->is_buffered = s->quirk->is_buffered;
}

/* Bytes of a path as they stand in a URI. */
static int
put_uri_path(struct buf *out, const char *path, struct err *e)
{
	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;
		int rc = isalnum(c) || strchr("/._-", c) != NULL ?
		    buf_put(out, path, 1, e) :
		    buf_printf(out, e, "%%%02x", c);

		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Connect again, to the same file, which is opened for reading then. */
static int
reopen(struct session *s, const struct session_options *o, struct err *e)
{
	struct buf before = BUF_INIT(CONNECT_MAX);
	char path[4096];
	int rc = -1;

	if (ask_value(s, s->quirk->ask_file, path, sizeof(path), e) < 0)
		return -1;
	if (path[0] != '/')
		return err_set(e, ERR_SPEC,
		    "source.read_only: the database is no file that could be "
		    "opened for reading alone");
	if (buf_puts(&before, "Database=file:", e) < 0 ||
	    put_uri_path(&before, path, e) < 0 ||
	    buf_puts(&before, "?mode=ro;", e) < 0)
		goto out;
	(void)SQLDisconnect(s->connection);
	s->is_connected = false;
	rc = connect_driver(s, o, buf_text(&before), e);
out:
	buf_release(&before);
	return rc;
}

/* Only where it is true: a driver's SQL_ATTR_ACCESS_MODE is none's business
 * but its own (drivers.md). */
static int
make_read_only(
    struct session *s, const struct session_options *o, struct err *e)
{
	char unused[16];

	if (s->quirk->ask_file != NULL)
		return reopen(s, o, e);
	if (s->quirk->set_read_only != NULL)
		return ask_value(
		    s, s->quirk->set_read_only, unused, sizeof(unused), e);
	(void)err_set(e, ERR_SPEC,
	    "source.read_only: %s cannot be made to refuse writing",
	    s->info.dbms[0] != '\0' ? s->info.dbms : "this database");
	return err_hint(e,
	    "Leave it out, and let the job log in as a user who may only "
	    "read.");
}

int
session_open(
    struct session **session, const struct session_options *o, struct err *e)
{
	struct session *s = calloc(1, sizeof(*s));

	*session = NULL;
	if (s == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	s->wraps = !o->no_wrap;
	s->allows_loss = o->allows_loss;
	s->warn = o->warn;
	s->warn_arg = o->warn_arg;
	s->running = SQL_NULL_HSTMT;
	s->environment = SQL_NULL_HENV;
	s->connection = SQL_NULL_HDBC;
	(void)pthread_mutex_init(&s->mutex, NULL);
	if (new_environment(&s->environment, e) < 0)
		goto failed;
	if (!SQL_SUCCEEDED(SQLAllocHandle(
		SQL_HANDLE_DBC, s->environment, &s->connection))) {
		(void)err_set(e, ERR_INTERNAL, "cannot allocate a connection");
		goto failed;
	}
	if (connect_driver(s, o, "", e) < 0)
		goto failed;
	ask_everything(s);
	if (o->read_only && make_read_only(s, o, e) < 0)
		goto failed;
	s->sets_batch = s->quirk->batch_attribute != 0 &&
	    !connect_says(o, "Fetch");
	s->sets_cursor = s->quirk->cursor_attribute != 0 &&
	    !connect_says(o, "UseDeclareFetch");
	if (exact_settle(s, o->time_zone, e) < 0)
		goto failed;
	*session = s;
	return 0;
failed:
	session_free(s);
	return -1;
}

const struct session_info *
session_info(const struct session *s)
{
	return &s->info;
}

void
session_ask(struct session *s, const char *sql, char *text, size_t size)
{
	struct err e = ERR_INIT;

	if (ask_value(s, sql, text, size, &e) < 0)
		log_debug("no answer to '%s': %s", sql, e.text);
}

static int
set_attribute(
    struct session *s, SQLINTEGER attribute, uintptr_t value, struct err *e)
{
	const struct diag_place place = { SQL_HANDLE_DBC, s->connection,
		"SQLSetConnectAttr", s->connection };
	/* The cast is how ODBC passes integers as attributes. */
	SQLRETURN rc = SQLSetConnectAttr(
	    s->connection, attribute, (SQLPOINTER)value, 0);

	return SQL_SUCCEEDED(rc) ? 0 : diag_error(&place, rc, e);
}

int
session_isolate(
    struct session *s, enum session_isolation isolation, struct err *e)
{
	static const uintptr_t levels[] = { 0, SQL_TXN_READ_UNCOMMITTED,
		SQL_TXN_READ_COMMITTED, SQL_TXN_REPEATABLE_READ,
		SQL_TXN_SERIALIZABLE };
	SQLUINTEGER possible = 0;

	if (isolation == ISOLATION_DEFAULT)
		return 0;
	/* A driver may take any number and do nothing with it. */
	if (SQL_SUCCEEDED(SQLGetInfo(s->connection, SQL_TXN_ISOLATION_OPTION,
		&possible, sizeof(possible), NULL)) &&
	    (possible & levels[isolation]) == 0) {
		(void)err_set(e, ERR_SPEC,
		    "the driver does not offer that source.isolation");
		return err_hint(e, "Leave it out, or ask for another one.");
	}
	return set_attribute(s, SQL_ATTR_TXN_ISOLATION, levels[isolation], e);
}

int
session_begin(struct session *s, struct err *e)
{
	if (set_attribute(s, SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_OFF, e) < 0)
		return err_in(e, "source.transaction");
	s->in_transaction = true;
	return 0;
}

int
session_commit(struct session *s, struct err *e)
{
	const struct diag_place place = { SQL_HANDLE_DBC, s->connection,
		"SQLEndTran", s->connection };
	SQLRETURN rc = SQLEndTran(SQL_HANDLE_DBC, s->connection, SQL_COMMIT);

	if (!SQL_SUCCEEDED(rc)) {
		(void)diag_error(&place, rc, e);
		return err_in(e, "cannot commit");
	}
	s->in_transaction = false;
	return 0;
}

bool
session_is_naive(const struct session *s)
{
	return s->quirk->naive_parser;
}

bool
session_cancel(struct session *s)
{
	if (s->quirk->no_cancel)
		return false;
	(void)pthread_mutex_lock(&s->mutex);
	if (s->running != SQL_NULL_HSTMT)
		(void)SQLCancel(s->running);
	(void)pthread_mutex_unlock(&s->mutex);
	return true;
}

/*
 * psqlODBC takes CommLog = 0 back before it closes a connection: then what
 * odbcinst.ini says counts again, which is 1 on Debian, and each run would
 * leave a file of one line in /tmp. Without a descriptor there is no file.
 */
static void
forbid_files(struct rlimit *before)
{
	struct rlimit now;
	int lowest = dup(STDIN_FILENO);

	before->rlim_cur = 0;
	if (lowest < 0)
		return;
	(void)close(lowest);
	if (getrlimit(RLIMIT_NOFILE, before) < 0)
		return;
	now = *before;
	now.rlim_cur = (rlim_t)lowest;
	(void)setrlimit(RLIMIT_NOFILE, &now);
}

static void
close_connection(struct session *s)
{
	struct rlimit before = { 0, 0 };

	if (s->quirk != NULL && s->quirk->logs_at_end)
		forbid_files(&before);
	if (s->is_connected && !SQL_SUCCEEDED(SQLDisconnect(s->connection)))
		log_debug("the driver failed to disconnect");
	if (s->connection != SQL_NULL_HDBC)
		(void)SQLFreeHandle(SQL_HANDLE_DBC, s->connection);
	if (before.rlim_cur > 0)
		(void)setrlimit(RLIMIT_NOFILE, &before);
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	if (s->in_transaction &&
	    !SQL_SUCCEEDED(
		SQLEndTran(SQL_HANDLE_DBC, s->connection, SQL_ROLLBACK)))
		log_debug("the driver failed to roll back");
	close_connection(s);
	if (s->environment != SQL_NULL_HENV)
		(void)SQLFreeHandle(SQL_HANDLE_ENV, s->environment);
	(void)pthread_mutex_destroy(&s->mutex);
	free(s);
}

void
session_put_manager(char *text, size_t size)
{
	struct err e = ERR_INIT;
	SQLHENV environment = SQL_NULL_HENV;
	char version[64] = "", path[256] = "";

	if (new_environment(&environment, &e) < 0) {
		(void)snprintf(text, size, "unixODBC (unusable)");
		return;
	}
	(void)SQLGetEnvAttr(environment, SQL_ATTR_UNIXODBC_VERSION, version,
	    (SQLINTEGER)sizeof(version), NULL);
	(void)SQLGetEnvAttr(environment, SQL_ATTR_UNIXODBC_SYSPATH, path,
	    (SQLINTEGER)sizeof(path), NULL);
	(void)SQLFreeHandle(SQL_HANDLE_ENV, environment);
	(void)snprintf(
	    text, size, "unixODBC %s (system files in %s)", version, path);
}

/* The first column of SQLDataSources or SQLDrivers, as a list. */
static int
list(SQLRETURN (*next)(SQLHENV, SQLUSMALLINT, SQLCHAR *), char ***names,
    struct err *e)
{
	SQLHENV environment = SQL_NULL_HENV;
	SQLUSMALLINT direction = SQL_FETCH_FIRST;
	SQLCHAR name[256];
	char **all = calloc(SESSION_NAMES_MAX + 1, sizeof(*all));
	size_t n = 0;

	*names = NULL;
	if (all == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (new_environment(&environment, e) < 0) {
		free(all);
		return -1;
	}
	while (n < SESSION_NAMES_MAX &&
	    SQL_SUCCEEDED(next(environment, direction, name))) {
		direction = SQL_FETCH_NEXT;
		all[n] = str_dup((const char *)name);
		if (all[n] == NULL)
			break;
		n++;
	}
	(void)SQLFreeHandle(SQL_HANDLE_ENV, environment);
	*names = all;
	return 0;
}

static SQLRETURN
next_dsn(SQLHENV environment, SQLUSMALLINT direction, SQLCHAR *name)
{
	SQLCHAR about[256];
	SQLSMALLINT length;

	return SQLDataSources(environment, direction, name, 256, &length, about,
	    (SQLSMALLINT)sizeof(about), &length);
}

static SQLRETURN
next_driver(SQLHENV environment, SQLUSMALLINT direction, SQLCHAR *name)
{
	SQLCHAR about[1024];
	SQLSMALLINT length;

	return SQLDrivers(environment, direction, name, 256, &length, about,
	    (SQLSMALLINT)sizeof(about), &length);
}

int
session_list_dsns(char ***names, struct err *e)
{
	return list(next_dsn, names, e);
}

int
session_list_drivers(char ***names, struct err *e)
{
	return list(next_driver, names, e);
}

void
session_free_list(char **names)
{
	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		free(names[i]);
	free(names);
}
