/*
 * connect.c - environments, connections, and their attributes
 *
 * The connection string names the script (Script=) and the transcript
 * (Transcript=); a DSN's section does the same. When a connection or its
 * environment goes, the transcript says which handles are left.
 */
/* First: odbcinst.h includes sql.h, without its functions being visible. */
#include "play.h"

#include <fcntl.h>
#include <odbcinst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { CONNECT_VALUE = 4096 };

/* Handles that are there, of the whole process. */
static atomic_int n_env, n_dbc, n_stmt;
/* Where the last connection wrote, for what comes after it. */
static int last_transcript = -1;

static void
tell_handles(int fd)
{
	transcript_put(fd, "handles env=%d dbc=%d stmt=%d", atomic_load(&n_env),
	    atomic_load(&n_dbc), atomic_load(&n_stmt));
}

/* The value of a key of a connection string; braces are taken off. */
static bool
find_key(const char *string, const char *key, char value[CONNECT_VALUE])
{
	size_t n = strlen(key);
	const char *end;

	for (; *string != '\0'; string = *end != '\0' ? end + 1 : end) {
		bool is_it = strncasecmp(string, key, n) == 0 &&
		    string[n] == '=';
		const char *from = strchr(string, '=');

		end = string + strcspn(string, ";");
		if (from == NULL || from > end)
			continue;
		if (*++from == '{') {
			from++;
			end = strchr(from, '}');
			if (end == NULL)
				return false;
		}
		if (is_it) {
			(void)snprintf(value, CONNECT_VALUE, "%.*s",
			    (int)(end - from), from);
			return true;
		}
		end += strcspn(end, ";");
	}
	return false;
}

static bool
find_setting(const char *string, const char *key, char value[CONNECT_VALUE])
{
	char dsn[CONNECT_VALUE];

	if (find_key(string, key, value))
		return true;
	return find_key(string, "DSN", dsn) &&
	    SQLGetPrivateProfileString(
		dsn, key, "", value, CONNECT_VALUE, "odbc.ini") > 0;
}

static SQLRETURN
connect_to(struct dbc *dbc, const char *string)
{
	char path[CONNECT_VALUE], error[1024];

	if (find_setting(string, "Transcript", path)) {
		dbc->transcript = open(
		    path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		if (dbc->transcript < 0)
			return diags_fail(&dbc->h.diags, "HY000",
			    "cannot write the transcript %s", path);
		last_transcript = dbc->transcript;
	}
	if (!find_setting(string, "Script", path))
		return diags_fail(&dbc->h.diags, "HY000",
		    "Script= is missing in the connection string");
	dbc->script = script_load(path, error, sizeof(error));
	if (dbc->script == NULL)
		return diags_fail(&dbc->h.diags, "HY000", "%s", error);
	return SQL_SUCCESS;
}

/* The string without what stands behind PWD=. */
static void
hide_password(char *to, size_t size, const char *string)
{
	const char *at = strcasestr(string, "PWD=");
	int before = at != NULL ? (int)(at - string) + 4 : (int)strlen(string);

	(void)snprintf(to, size, "%.*s%s%s", before, string,
	    at != NULL ? "***" : "", at != NULL ? at + strcspn(at, ";") : "");
}

/* The script is read first, so that it can make connecting fail. */
static SQLRETURN
driver_connect(struct dbc *dbc, enum function f, const char *string)
{
	char shown[CONNECT_VALUE], quoted[512];
	SQLRETURN rc;
	struct call c;

	diags_clear(&dbc->h.diags);
	rc = connect_to(dbc, string);
	if (rc == SQL_SUCCESS)
		(void)call_begin(&c, f, &dbc->h);
	else
		c = (struct call){
			.function = f, .handle = &dbc->h, .dbc = dbc
		};
	hide_password(shown, sizeof(shown), string);
	rc = call_end(
	    &c, rc, "%s", transcript_quote(quoted, shown, strlen(shown)));
	if (!SQL_SUCCEEDED(rc)) {
		script_free(dbc->script);
		dbc->script = NULL;
	}
	return rc;
}

SQLRETURN SQL_API
SQLDriverConnect(SQLHDBC handle, SQLHWND window, SQLCHAR *string,
    SQLSMALLINT length, SQLCHAR *to, SQLSMALLINT size, SQLSMALLINT *to_length,
    SQLUSMALLINT completion)
{
	char *copy = length == SQL_NTS ?
	    strdup((const char *)string) :
	    strndup((const char *)string, (size_t)length);
	SQLINTEGER n = 0;
	SQLRETURN rc;

	(void)window;
	(void)completion;
	if (copy == NULL)
		abort();
	rc = driver_connect(handle, F_DRIVER_CONNECT, copy);
	(void)put_string(copy, to, size, &n);
	if (to_length != NULL)
		*to_length = (SQLSMALLINT)n;
	free(copy);
	return rc;
}

SQLRETURN SQL_API
SQLConnect(SQLHDBC handle, SQLCHAR *dsn, SQLSMALLINT dsn_length, SQLCHAR *user,
    SQLSMALLINT user_length, SQLCHAR *password, SQLSMALLINT password_length)
{
	char string[CONNECT_VALUE];
	int n = dsn_length == SQL_NTS ? CONNECT_VALUE : dsn_length;

	(void)user;
	(void)user_length;
	(void)password;
	(void)password_length;
	(void)snprintf(
	    string, sizeof(string), "DSN=%.*s", n, (const char *)dsn);
	return driver_connect(handle, F_CONNECT, string);
}

SQLRETURN SQL_API
SQLDisconnect(SQLHDBC handle)
{
	struct dbc *dbc = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	(void)call_begin(&c, F_DISCONNECT, &dbc->h);
	rc = call_end(&c, rc, "%s", "");
	tell_handles(dbc->transcript);
	if (!SQL_SUCCEEDED(rc))
		return rc;
	script_free(dbc->script);
	dbc->script = NULL;
	return rc;
}

static struct env *
new_env(void)
{
	struct env *env = calloc(1, sizeof(*env));

	if (env == NULL)
		abort();
	env->h.type = SQL_HANDLE_ENV;
	atomic_fetch_add(&n_env, 1);
	return env;
}

static struct dbc *
new_dbc(struct env *env)
{
	struct dbc *dbc = calloc(1, sizeof(*dbc));

	if (dbc == NULL)
		abort();
	dbc->h.type = SQL_HANDLE_DBC;
	dbc->h.dbc = dbc;
	dbc->env = env;
	dbc->transcript = -1;
	atomic_fetch_add(&n_dbc, 1);
	return dbc;
}

SQLRETURN SQL_API
SQLAllocHandle(SQLSMALLINT type, SQLHANDLE from, SQLHANDLE *to)
{
	struct dbc *dbc = from;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	*to = SQL_NULL_HANDLE;
	switch (type) {
	case SQL_HANDLE_ENV:
		*to = new_env();
		return SQL_SUCCESS;
	case SQL_HANDLE_DBC:
		*to = new_dbc(from);
		return SQL_SUCCESS;
	case SQL_HANDLE_STMT:
		if (call_begin(&c, F_ALLOC_HANDLE, &dbc->h)) {
			*to = stmt_new(dbc);
			atomic_fetch_add(&n_stmt, 1);
		}
		return call_end(&c, rc, "stmt");
	default:
		return diags_fail(&dbc->h.diags, "HYC00", "descriptors");
	}
}

static void
free_env(struct env *env)
{
	atomic_fetch_sub(&n_env, 1);
	tell_handles(last_transcript);
	if (last_transcript >= 0 && atomic_load(&n_env) == 0) {
		(void)close(last_transcript);
		last_transcript = -1;
	}
	diags_release(&env->h.diags);
	free(env);
}

static void
free_dbc(struct dbc *dbc)
{
	atomic_fetch_sub(&n_dbc, 1);
	tell_handles(dbc->transcript);
	/* The last one stays for the environment. */
	if (dbc->transcript >= 0 && dbc->transcript != last_transcript)
		(void)close(dbc->transcript);
	script_free(dbc->script);
	diags_release(&dbc->h.diags);
	free(dbc);
}

static SQLRETURN
free_stmt_handle(struct stmt *st)
{
	unsigned number = st->number;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (call_begin(&c, F_FREE_HANDLE, &st->h)) {
		c.stmt = NULL;
		c.handle = &st->h.dbc->h;
		stmt_free(st);
		atomic_fetch_sub(&n_stmt, 1);
	}
	return call_end(&c, rc, "stmt %u", number);
}

SQLRETURN SQL_API
SQLFreeHandle(SQLSMALLINT type, SQLHANDLE handle)
{
	switch (type) {
	case SQL_HANDLE_ENV:
		free_env(handle);
		return SQL_SUCCESS;
	case SQL_HANDLE_DBC:
		free_dbc(handle);
		return SQL_SUCCESS;
	case SQL_HANDLE_STMT:
		return free_stmt_handle(handle);
	default:
		return SQL_ERROR;
	}
}

SQLRETURN SQL_API
SQLSetEnvAttr(
    SQLHENV handle, SQLINTEGER id, SQLPOINTER value, SQLINTEGER length)
{
	struct env *env = handle;

	(void)length;
	if (id == SQL_ATTR_ODBC_VERSION)
		env->version = (SQLINTEGER)(intptr_t)value;
	return SQL_SUCCESS;
}

SQLRETURN SQL_API
SQLGetEnvAttr(SQLHENV handle, SQLINTEGER id, SQLPOINTER to, SQLINTEGER size,
    SQLINTEGER *length)
{
	struct env *env = handle;

	(void)size;
	if (id != SQL_ATTR_ODBC_VERSION)
		return diags_fail(
		    &env->h.diags, "HYC00", "attribute %d", (int)id);
	*(SQLINTEGER *)to = env->version;
	if (length != NULL)
		*length = sizeof(SQLINTEGER);
	return SQL_SUCCESS;
}

static const struct answer *
find_attribute(const struct dbc *dbc, SQLINTEGER id)
{
	return dbc->script != NULL ?
	    answers_find(&dbc->script->attributes, id) :
	    NULL;
}

SQLRETURN SQL_API
SQLSetConnectAttr(
    SQLHDBC handle, SQLINTEGER id, SQLPOINTER value, SQLINTEGER length)
{
	struct dbc *dbc = handle;
	const struct answer *said = find_attribute(dbc, id);
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	(void)length;
	if (call_begin(&c, F_SET_CONNECT_ATTR, &dbc->h)) {
		if (said != NULL && said->is_refused)
			rc = diags_fail(
			    &dbc->h.diags, "HYC00", "attribute %d", (int)id);
		else
			attributes_set(
			    &dbc->attributes, id, (SQLULEN)(uintptr_t)value);
	}
	return call_end(&c, rc, "%d", (int)id);
}

static SQLRETURN
get_connect_attr(struct dbc *dbc, SQLINTEGER id, SQLPOINTER to, SQLINTEGER size)
{
	const struct answer *said = find_attribute(dbc, id);
	SQLULEN value = 0;
	int how;

	if (id == SQL_ATTR_CONNECTION_DEAD && dbc->script != NULL) {
		how = dbc->script->lies.how[LIE_DEAD];
		value = how == DEAD_ALWAYS ||
		    (how == DEAD_RIGHT && atomic_load(&dbc->is_dead));
	} else if (said != NULL && said->is_refused)
		return diags_fail(
		    &dbc->h.diags, "HYC00", "attribute %d", (int)id);
	else if (said != NULL && said->text != NULL)
		return put_string(said->text, to, size, NULL);
	else if (!attributes_get(&dbc->attributes, id, &value)) {
		if (said == NULL && id != SQL_ATTR_AUTOCOMMIT)
			return diags_fail(
			    &dbc->h.diags, "HYC00", "attribute %d", (int)id);
		value = said != NULL ? said->number : SQL_AUTOCOMMIT_ON;
	}
	*(SQLUINTEGER *)to = (SQLUINTEGER)value;
	return SQL_SUCCESS;
}

SQLRETURN SQL_API
SQLGetConnectAttr(SQLHDBC handle, SQLINTEGER id, SQLPOINTER to, SQLINTEGER size,
    SQLINTEGER *length)
{
	struct dbc *dbc = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (length != NULL)
		*length = sizeof(SQLUINTEGER);
	if (call_begin(&c, F_GET_CONNECT_ATTR, &dbc->h))
		rc = get_connect_attr(dbc, id, to, size);
	return call_end(&c, rc, "%d", (int)id);
}

SQLRETURN SQL_API
SQLEndTran(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT how)
{
	struct dbc *dbc = handle;
	SQLRETURN rc = SQL_SUCCESS;
	struct call c;

	if (type != SQL_HANDLE_DBC)
		return SQL_SUCCESS;
	(void)call_begin(&c, F_END_TRAN, &dbc->h);
	return call_end(
	    &c, rc, "%s", how == SQL_COMMIT ? "commit" : "rollback");
}

/* What a handle has to say. Not counted: the driver manager asks by itself. */

SQLRETURN SQL_API
SQLGetDiagRec(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number,
    SQLCHAR *state, SQLINTEGER *native, SQLCHAR *to, SQLSMALLINT size,
    SQLSMALLINT *length)
{
	const struct handle *h = handle;
	const struct record *r;
	SQLINTEGER n = 0;
	SQLRETURN rc;

	(void)type;
	if (number < 1)
		return SQL_ERROR;
	if ((size_t)number > h->diags.n)
		return SQL_NO_DATA;
	r = &h->diags.all[number - 1];
	if (state != NULL)
		memcpy(state, r->state, sizeof(r->state));
	if (native != NULL)
		*native = r->native;
	rc = put_string(r->text, to, size, &n);
	if (length != NULL)
		*length = (SQLSMALLINT)n;
	return rc;
}

static const char *
record_field(const struct record *r, SQLSMALLINT id)
{
	switch (id) {
	case SQL_DIAG_SQLSTATE:
		return r->state;
	case SQL_DIAG_MESSAGE_TEXT:
		return r->text;
	case SQL_DIAG_CLASS_ORIGIN:
	case SQL_DIAG_SUBCLASS_ORIGIN:
		return "ODBC 3.0";
	case SQL_DIAG_CONNECTION_NAME:
	case SQL_DIAG_SERVER_NAME:
		return "play";
	default:
		return NULL;
	}
}

SQLRETURN SQL_API
SQLGetDiagField(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number,
    SQLSMALLINT id, SQLPOINTER to, SQLSMALLINT size, SQLSMALLINT *length)
{
	const struct handle *h = handle;
	const struct record *r;
	SQLINTEGER n = 0;
	SQLRETURN rc;

	(void)type;
	if (number == 0 && id == SQL_DIAG_NUMBER) {
		*(SQLINTEGER *)to = (SQLINTEGER)h->diags.n;
		return SQL_SUCCESS;
	}
	if (number < 1 || (size_t)number > h->diags.n)
		return number < 1 ? SQL_ERROR : SQL_NO_DATA;
	r = &h->diags.all[number - 1];
	if (id == SQL_DIAG_NATIVE) {
		*(SQLINTEGER *)to = r->native;
		return SQL_SUCCESS;
	}
	if (record_field(r, id) == NULL)
		return SQL_ERROR;
	rc = put_string(record_field(r, id), to, size, &n);
	if (length != NULL)
		*length = (SQLSMALLINT)n;
	return rc;
}
