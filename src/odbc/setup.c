/*
 * setup.c - where the driver manager looks, and what it finds there
 *
 * For records and for `doctor`. Why a connection failed is explain.c's; what a
 * driver needs is quirk.c's.
 */
#include <dlfcn.h>
#include <odbcinst.h>
#include <pwd.h>
#include <sql.h>
#include <sqlext.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/str.h"
#include "odbc/connect.h"
#include "odbc/setup.h"

enum { SETUP_KEYS = 8192, SETUP_VALUE = 1024 };

/*
 * The directory of the system's files, $ODBCSYSINI or the built-in one. The
 * driver manager is not asked without need: it makes files that are missing.
 */
static void
find_directory(char *dir, size_t size)
{
	const char *said = getenv("ODBCSYSINI");
	SQLHENV environment = SQL_NULL_HENV;

	(void)snprintf(dir, size, "%s", said != NULL ? said : "");
	if (said != NULL ||
	    !SQL_SUCCEEDED(
		SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment)))
		return;
	(void)SQLGetEnvAttr(environment, SQL_ATTR_UNIXODBC_SYSPATH, dir,
	    (SQLINTEGER)size, NULL);
	(void)SQLFreeHandle(SQL_HANDLE_ENV, environment);
}

/* unixODBC asks the password database for the home, and not $HOME. */
static void
find_user_file(char *path, size_t size)
{
	const char *said = getenv("ODBCINI");
	const struct passwd *p = getpwuid(getuid());

	if (said != NULL)
		(void)snprintf(path, size, "%s", said);
	else
		(void)snprintf(path, size, "%s/.odbc.ini",
		    p != NULL && p->pw_dir != NULL ? p->pw_dir : "/home");
}

void
setup_find_files(struct setup_files *f)
{
	const char *name = getenv("ODBCINSTINI");
	char dir[SETUP_PATH];

	find_directory(dir, sizeof(dir));
	find_user_file(f->user, sizeof(f->user));
	(void)snprintf(f->system, sizeof(f->system), "%.1000s/odbc.ini", dir);
	if (name != NULL && name[0] == '/')
		(void)snprintf(f->drivers, sizeof(f->drivers), "%s", name);
	else
		(void)snprintf(f->drivers, sizeof(f->drivers), "%.700s/%.300s",
		    dir, name != NULL && *name != '\0' ? name : "odbcinst.ini");
}

static bool
is_secret(const char *key)
{
	static const char *const words[] = { "pwd", "pass", "secret", "token",
		"key", "credential" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(key, words[i]) != NULL)
			return true;
	return false;
}

static int
put_key(struct buf *out, const char *section, const char *key, struct err *e)
{
	char value[SETUP_VALUE] = "";

	(void)SQLGetPrivateProfileString(
	    section, key, "", value, (int)sizeof(value), "odbc.ini");
	if (buf_printf(out, e, "%s%s", out->length > 0 ? "; " : "", key) < 0)
		return -1;
	if (value[0] != '\0' && is_secret(key))
		return buf_puts(out, " (set)", e);
	return buf_printf(out, e, "=%s", value);
}

int
setup_put_dsn(struct buf *out, const char *dsn, struct err *e)
{
	struct buf text = BUF_INIT(out->max);
	char keys[SETUP_KEYS] = "";
	int n = SQLGetPrivateProfileString(
	    dsn, NULL, "", keys, (int)sizeof(keys) - 1, "odbc.ini");
	int rc = 0;

	/* Names follow each other, each ended by NUL, the list by one more. */
	for (const char *key = keys;
	     rc == 0 && n > 0 && key < keys + sizeof(keys) - 1 && *key != '\0';
	     key += strlen(key) + 1)
		rc = put_key(&text, dsn, key, e);
	if (rc == 0)
		rc = buf_put(out, buf_text(&text), text.length, e);
	buf_release(&text);
	return rc;
}

void
setup_put_library(const char *driver, char *library, size_t size)
{
	char found[SETUP_VALUE] = "";

	if (driver[0] == '/' || driver[0] == '\0') {
		(void)snprintf(library, size, "%s", driver);
		return;
	}
	(void)SQLGetPrivateProfileString(
	    driver, "Driver64", "", found, (int)sizeof(found), "odbcinst.ini");
	if (found[0] == '\0')
		(void)SQLGetPrivateProfileString(driver, "Driver", "", found,
		    (int)sizeof(found), "odbcinst.ini");
	(void)snprintf(library, size, "%s", found);
}

void
setup_put_driver(
    const struct session_options *options, char *driver, size_t size)
{
	connect_put_driver(options, driver, size);
}

bool
setup_is_traced(char *file, size_t size)
{
	char value[SETUP_VALUE] = "", name[SETUP_VALUE] = "";

	(void)SQLGetPrivateProfileString(
	    "ODBC", "Trace", "", value, (int)sizeof(value), "odbcinst.ini");
	(void)SQLGetPrivateProfileString("ODBC", "TraceFile", "/tmp/sql.log",
	    name, (int)sizeof(name), "odbcinst.ini");
	(void)snprintf(file, size, "%s", name);
	/* As unixODBC's DriverManager/SQLAllocHandle.c reads it. */
	return value[0] == '1' || strcasecmp(value, "yes") == 0 ||
	    strcasecmp(value, "on") == 0 || value[0] == 'y' || value[0] == 'Y';
}

/*
 * By its name alone a driver is looked for where the loader looks, and in the
 * directory of the driver manager's modules, beside its library.
 */
static void *
load(const char *library, char *path, size_t size)
{
	Dl_info manager;
	const char *slash;
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	(void)snprintf(path, size, "%s", library);
	if (handle != NULL || strchr(library, '/') != NULL ||
	    dladdr((void *)(uintptr_t)&SQLAllocHandle, &manager) == 0 ||
	    (slash = strrchr(manager.dli_fname, '/')) == NULL)
		return handle;
	(void)snprintf(path, size, "%.*s/odbc/%s",
	    (int)(slash - manager.dli_fname), manager.dli_fname, library);
	if (access(path, F_OK) == 0)
		return dlopen(path, RTLD_NOW | RTLD_LOCAL);
	(void)snprintf(path, size, "%s", library);
	return dlopen(library, RTLD_NOW | RTLD_LOCAL);
}

int
setup_load(const char *library, struct err *e)
{
	char path[SETUP_PATH];
	const char *why;

	if (load(library, path, sizeof(path)) != NULL)
		return 0;
	why = dlerror();
	(void)err_set(e, ERR_DATABASE, "cannot be loaded: %s",
	    why != NULL ? why : "the loader does not say why");
	if (why != NULL && strncmp(why, path, strlen(path)) != 0)
		return err_hint(e,
		    "The driver needs that library: install its package, or "
		    "name its directory in /etc/ld.so.conf.d and run ldconfig "
		    "(LD_LIBRARY_PATH is not set under cron).");
	return err_hint(e,
	    "Install the package of the driver, or correct its path in "
	    "odbcinst.ini or odbc.ini.");
}
