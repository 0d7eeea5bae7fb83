/*
 * environment.c - what a run's outcome may depend on besides its job
 *
 * Taken in a copy of this process, since asking the driver manager must not
 * change the supervisor, and since one can be made bare for it. Which run has
 * which is in the ledger (ledger_environment.c); who tells it: run.c, doctor,
 * history.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/redact.h"
#include "base/str.h"
#include "job/environment.h"
#include "odbc/setup.h"
#include "ship/ship.h"
#include "state/ledger_environment.h"

enum { TAKE_MS = 20 * 1000, VALUE_MAX = 8192, SHOWN_MAX = 240 };

extern char **environ;

/* Variables that change what drivers and libraries do; by their beginning. */
static const char *const recorded[] = { "CLASSPATH=", "CREDENTIALS_DIRECTORY=",
	"DB2", "FREETDS", "HOME=", "IBM_", "INFORMIX", "JAVA_HOME=", "KRB5",
	"LANG=", "LANGUAGE=", "LC_",
	"LD_LIBRARY_PATH=", "LD_PRELOAD=", "LOCPATH=", "LOGNAME=", "MARIADB",
	"MYSQL", "NLS_", "ODBC", "OPENSSL_", "ORACLE_", "ORA_", "PATH=", "PG",
	"SHELL=", "SNOWFLAKE_", "SSL_CERT_", "SYBASE", "TDS", "TMPDIR=", "TNS_",
	"TZ=", "TZDIR=", "USER=", "XDG_CONFIG_HOME=", "XDG_STATE_HOME=",
	"all_proxy=", "ftp_proxy=", "http_proxy=", "https_proxy=", "no_proxy=",
	"ALL_PROXY=", "FTP_PROXY=", "HTTPS_PROXY=" };
/* Of their names, in capitals: what is only said to be set. */
static const char *const secret[] = { "PASS", "PWD", "SECRET", "TOKEN", "KEY",
	"CREDENTIAL", "PROXY" };

static bool
is_recorded(const char *assignment)
{
	for (size_t i = 0; i < sizeof(recorded) / sizeof(recorded[0]); i++)
		if (strncmp(assignment, recorded[i], strlen(recorded[i])) == 0)
			return true;
	return false;
}

/* ODBCSHIP_ but the three that odbcship(1) names may be secrets of a job. */
static bool
is_secret(const char *assignment, size_t n)
{
	static const char *const plain[] = { "ODBCSHIP_CONFIG=",
		"ODBCSHIP_ENV=", "ODBCSHIP_STATE=", "CREDENTIALS_DIRECTORY=" };
	char name[128];

	(void)snprintf(name, sizeof(name), "%.*s", (int)n, assignment);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strncmp(assignment, plain[i], strlen(plain[i])) == 0)
			return false;
	if (strncmp(name, "ODBCSHIP_", 9) == 0)
		return true;
	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		if (strcasestr(name, secret[i]) != NULL)
			return true;
	return false;
}

/* One item: no control byte in it, and no secret that is known as one. */
static int
put_item(struct buf *out, const char *name, const char *value, struct err *e)
{
	struct buf line = BUF_INIT(ENVIRONMENT_MAX);
	size_t n = strnlen(value, VALUE_MAX);
	char *copy = NULL;
	int rc = -1;

	if (buf_printf(out, e, "%s\t", name) < 0 ||
	    str_escape(&line, value, n, e) < 0)
		goto out;
	copy = str_dup(buf_text(&line));
	if (copy == NULL) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		goto out;
	}
	redact_text(copy, strlen(copy) + 1);
	rc = buf_printf(out, e, "%s\n",
	    strcmp(copy, buf_text(&line)) == 0 ?
		copy :
		"(not recorded: there is a secret in it)");
out:
	free(copy);
	buf_release(&line);
	return rc;
}

static int
compare_variables(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
put_variables(struct buf *out, struct err *e)
{
	size_t n = 0;
	int rc = 0;

	while (environ[n] != NULL)
		n++;
	qsort(environ, n, sizeof(*environ), compare_variables);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		size_t length = strcspn(environ[i], "=");
		char name[128];

		if (!is_recorded(environ[i]) || length >= sizeof(name))
			continue;
		(void)snprintf(
		    name, sizeof(name), "%.*s", (int)length, environ[i]);
		rc = put_item(out, name,
		    is_secret(environ[i], length) ? "(set)" :
						    environ[i] + length + 1,
		    e);
	}
	return rc;
}

static int
put_limit(struct buf *out, const char *name, int resource, struct err *e)
{
	struct rlimit limit = { 0, 0 };
	char value[64];

	(void)getrlimit((__rlimit_resource_t)resource, &limit);
	if (limit.rlim_cur == RLIM_INFINITY)
		(void)snprintf(value, sizeof(value), "unlimited");
	else
		(void)snprintf(value, sizeof(value), "%llu",
		    (unsigned long long)limit.rlim_cur);
	return put_item(out, name, value, e);
}

static int
put_process(struct buf *out, struct err *e)
{
	const struct passwd *p = getpwuid(geteuid());
	mode_t mask = umask(077);
	char text[64];

	(void)umask(mask);
	if (put_item(out, "user", p != NULL ? p->pw_name : "(unknown)", e) < 0)
		return -1;
	(void)snprintf(text, sizeof(text), "%04o", (unsigned)mask);
	if (put_item(out, "umask", text, e) < 0 ||
	    put_limit(out, "limit of open files", RLIMIT_NOFILE, e) < 0 ||
	    put_limit(out, "limit of file size", RLIMIT_FSIZE, e) < 0 ||
	    put_limit(out, "limit of memory", RLIMIT_AS, e) < 0)
		return -1;
	return put_limit(out, "limit of CPU seconds", RLIMIT_CPU, e);
}

/* A file that is not there, or says nothing, is told as that. */
static int
put_path(struct buf *out, const char *name, const char *path, struct err *e)
{
	char text[SETUP_PATH + 32];
	const char *what = "";
	struct stat st;

	if (stat(path, &st) < 0)
		what = " (missing)";
	else if (access(path, R_OK) < 0)
		what = " (unreadable)";
	else if (st.st_size == 0)
		what = " (empty)";
	(void)snprintf(text, sizeof(text), "%s%s", path, what);
	return put_item(out, name, text, e);
}

static int
put_drivers(struct buf *out, struct err *e)
{
	struct buf list = BUF_INIT(ENVIRONMENT_MAX);
	char **names = NULL;
	int rc = session_list_drivers(&names, e);

	for (size_t i = 0; rc == 0 && names[i] != NULL; i++)
		rc = buf_printf(&list, e, "%s%s", i > 0 ? ", " : "", names[i]);
	if (rc == 0)
		rc = put_item(out, "drivers",
		    list.length > 0 ? buf_text(&list) : "(none)", e);
	session_free_list(names);
	buf_release(&list);
	return rc;
}

static int
put_source(struct buf *out, const struct session_options *source, struct err *e)
{
	struct buf keys = BUF_INIT(ENVIRONMENT_MAX);
	char driver[SETUP_PATH], library[SETUP_PATH];
	size_t empty;
	int rc = 0;

	if (source == NULL)
		return 0;
	setup_put_driver(source, driver, sizeof(driver));
	setup_put_library(driver, library, sizeof(library));
	if (source->dsn != NULL) {
		rc = buf_printf(&keys, e, "%s: ", source->dsn);
		empty = keys.length;
		if (rc == 0)
			rc = setup_put_dsn(&keys, source->dsn, e);
		if (rc == 0 && keys.length == empty)
			rc = buf_puts(&keys, "(not there)", e);
		if (rc == 0)
			rc = put_item(out, "data source", buf_text(&keys), e);
	}
	if (rc == 0)
		rc = put_item(out, "driver",
		    library[0] != '\0'	  ? library :
			driver[0] != '\0' ? driver :
					    "(not there)",
		    e);
	buf_release(&keys);
	return rc;
}

static int
put_versions(struct buf *out, struct err *e)
{
	char text[512];

	if (put_item(out, "odbcship", PACKAGE_VERSION, e) < 0)
		return -1;
	session_put_manager(text, sizeof(text));
	text[strcspn(text, "(")] = '\0'; /* its files are items */
	if (put_item(out, "driver manager", text, e) < 0)
		return -1;
	ship_put_version(text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	return put_item(out, "libcurl", text, e);
}

/* In the child process. */
static int
put_all(void *arg, struct buf *out, struct err *e)
{
	const struct environment_request *request = arg;
	struct setup_files files;

	if (request->as_cron)
		environment_become_bare();
	setup_find_files(&files);
	if (put_variables(out, e) < 0 || put_process(out, e) < 0 ||
	    put_path(out, "odbcinst.ini", files.drivers, e) < 0 ||
	    put_path(out, "odbc.ini", files.system, e) < 0 ||
	    put_path(out, "user's odbc.ini", files.user, e) < 0 ||
	    put_drivers(out, e) < 0 || put_source(out, request->source, e) < 0)
		return -1;
	return put_versions(out, e);
}

int
environment_take(
    struct buf *out, const struct environment_request *request, struct err *e)
{
	struct environment_request own = *request;

	if (child_call(put_all, &own, TAKE_MS, out, e) < 0)
		return err_in(e, "cannot look at the environment");
	return 0;
}

/* An item of a text: its line there, or NULL. */
static const char *
find_item(const char *text, const char *name, size_t n)
{
	while (text != NULL && *text != '\0') {
		if (strncmp(text, name, n) == 0 && text[n] == '\t')
			return text;
		text = strchr(text, '\n');
		if (text != NULL)
			text++;
	}
	return NULL;
}

/* "now 'X'", "then not set" */
static int
put_state(struct buf *out, const char *word, const char *value, struct err *e)
{
	int n;

	if (value == NULL)
		return buf_printf(out, e, "%s not set", word);
	n = (int)strcspn(value, "\n");
	return buf_printf(out, e, "%s '%.*s%s'", word,
	    n < SHOWN_MAX ? n : SHOWN_MAX, value, n < SHOWN_MAX ? "" : "...");
}

/* One item that differs; the values may be NULL for not there. */
static int
put_change(struct buf *out, const char *name, const char *const values[2],
    const char *const words[2], struct err *e)
{
	if (buf_printf(out, e, "  %.*s: ", (int)strcspn(name, "\t"), name) <
		0 ||
	    put_state(out, words[0], values[0], e) < 0 ||
	    buf_puts(out, ", ", e) < 0 ||
	    put_state(out, words[1], values[1], e) < 0)
		return -1;
	return buf_puts(out, "\n", e);
}

/* The value of an item's line. */
static const char *
value_of(const char *item)
{
	return item != NULL ? item + strcspn(item, "\t") + 1 : NULL;
}

static bool
is_same(const char *a, const char *b)
{
	size_t n = strcspn(a, "\n");

	return b != NULL && strcspn(b, "\n") == n && strncmp(a, b, n) == 0;
}

/* Items of text that are otherwise in other; missing only when is_back. */
static int
put_changes(struct buf *out, const char *const texts[2], bool is_back,
    const char *const words[2], struct err *e)
{
	int n = 0;

	for (const char *item = texts[0]; item != NULL && *item != '\0';
	     item = strchr(item, '\n'), item = item != NULL ? item + 1 : NULL) {
		const char *other = find_item(
		    texts[1], item, strcspn(item, "\t\n"));
		const char *values[2] = { value_of(item), value_of(other) };

		if (is_back ? other != NULL : is_same(item, other))
			continue;
		if (is_back) {
			values[0] = NULL;
			values[1] = value_of(item);
		}
		if (put_change(out, item, values, words, e) < 0)
			return -1;
		n++;
	}
	return n;
}

int
environment_compare(struct buf *out, const char *text, const char *earlier,
    const char *const words[2], struct err *e)
{
	const char *const forth[2] = { text, earlier };
	const char *const back[2] = { earlier, text };
	int changed = put_changes(out, forth, false, words, e);
	int gone = changed < 0 ? -1 : put_changes(out, back, true, words, e);

	return gone < 0 ? -1 : changed + gone;
}

/* Keep the first lines of the differences, and say how many there are more. */
static int
put_shortened(struct buf *out, char *lines, int n, int64_t run, struct err *e)
{
	char *end = lines;

	if (n > ENVIRONMENT_TOLD) {
		for (int i = 0; i < ENVIRONMENT_TOLD; i++)
			end = strchr(end, '\n') + 1;
		*end = '\0';
	}
	if (buf_puts(out, lines, e) < 0)
		return -1;
	if (n <= ENVIRONMENT_TOLD)
		return 0;
	return buf_printf(out, e,
	    "  and %d more: see 'odbcship history %lld'\n",
	    n - ENVIRONMENT_TOLD, (long long)run);
}

int
environment_put_difference(
    struct ledger *l, int64_t run, struct buf *out, struct err *e)
{
	static const char *const words[2] = { "now", "then" };
	struct buf now = BUF_INIT(ENVIRONMENT_MAX);
	struct buf then = BUF_INIT(ENVIRONMENT_MAX);
	struct buf lines = BUF_INIT(4 * ENVIRONMENT_MAX);
	int64_t success = 0;
	int rc = ledger_find_success(l, run, &success, e);
	int n = 0;

	if (rc <= 0)
		return rc;
	rc = ledger_get_environment(l, run, &now, e);
	if (rc == 0)
		rc = ledger_get_environment(l, success, &then, e);
	if (rc == 0 && now.length > 0 && then.length > 0)
		n = environment_compare(
		    &lines, buf_text(&now), buf_text(&then), words, e);
	if (rc == 0 && n > 0)
		rc = buf_printf(out, e,
		    "the environment differs from that of run %lld, the last "
		    "success:\n",
		    (long long)success);
	if (rc == 0 && n > 0)
		rc = put_shortened(out, lines.data, n, run, e);
	buf_release(&now);
	buf_release(&then);
	buf_release(&lines);
	return n < 0 ? -1 : rc;
}

void
environment_become_bare(void)
{
	const struct passwd *p = getpwuid(geteuid());
	char home[SETUP_PATH], name[256];
	struct err ignored = ERR_INIT;

	(void)snprintf(home, sizeof(home), "%s",
	    p != NULL && p->pw_dir != NULL ? p->pw_dir : "/");
	(void)snprintf(name, sizeof(name), "%s", p != NULL ? p->pw_name : "");
	(void)clearenv();
	if (setenv("HOME", home, 1) < 0 || setenv("LOGNAME", name, 1) < 0 ||
	    setenv("PATH", "/usr/bin:/bin", 1) < 0 ||
	    setenv("SHELL", "/bin/sh", 1) < 0)
		(void)err_set(&ignored, ERR_INTERNAL, "out of memory");
	/* Debian's cron goes where its spool is when there is no home. */
	if (chdir(home) < 0 && chdir("/var/spool/cron") < 0 && chdir("/") < 0)
		(void)err_sys(&ignored, errno, "no directory");
	(void)umask(022);
}
