/*
 * connect.c - the connection string, and the driver behind it
 *
 * Everything goes through SQLDriverConnect, with or without a DSN. What makes
 * a driver exact and streaming (quirk.c) is added where neither the string nor
 * the DSN's section says anything about it.
 */
#include <odbcinst.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "odbc/connect.h"

enum { CONNECT_VALUE = 1024, CONNECT_KEY = 128 };

/* A string of KEY=VALUE; pairs, read from left to right. */
struct pairs {
	const char *at;
	char key[CONNECT_KEY];
	char value[CONNECT_VALUE]; /* without braces */
};

/* The value at p->at: up to ';', or in braces where "}}" is a brace. */
static void
read_value(struct pairs *p)
{
	const char *s = p->at;
	bool braced = *s == '{';
	size_t n = 0;

	if (braced)
		s++;
	while (*s != '\0') {
		if (braced && *s == '}' && s[1] == '}')
			s++;
		else if (*s == (braced ? '}' : ';'))
			break;
		if (n < sizeof(p->value) - 1)
			p->value[n++] = *s;
		s++;
	}
	p->value[n] = '\0';
	if (braced && *s == '}')
		s++;
	s += strcspn(s, ";");
	p->at = *s == ';' ? s + 1 : s;
}

static bool
next_pair(struct pairs *p)
{
	size_t n = 0;

	p->at += strspn(p->at, "; \t");
	if (*p->at == '\0')
		return false;
	for (; *p->at != '\0' && *p->at != '=' && *p->at != ';'; p->at++)
		if (n < sizeof(p->key) - 1)
			p->key[n++] = *p->at;
	while (n > 0 && p->key[n - 1] == ' ')
		n--;
	p->key[n] = '\0';
	p->value[0] = '\0';
	if (*p->at != '=')
		return true;
	p->at++;
	read_value(p);
	return true;
}

/* The value of a key in a connection string; false when it is not there. */
static bool
find_key(const char *string, const char *key, char value[CONNECT_VALUE])
{
	struct pairs p = { string, "", "" };

	while (next_pair(&p))
		if (strcasecmp(p.key, key) == 0) {
			memcpy(value, p.value, CONNECT_VALUE);
			return true;
		}
	return false;
}

/* A key of a section of odbc.ini or odbcinst.ini. */
static bool
find_profile(const char *section, const char *key, const char *file,
    char value[CONNECT_VALUE])
{
	value[0] = '\0';
	return SQLGetPrivateProfileString(
		   section, key, "", value, CONNECT_VALUE, file) > 0 &&
	    value[0] != '\0';
}

/* The library of a driver that is a name of odbcinst.ini, or a path. */
static const struct quirk *
quirk_of_driver(const char *driver)
{
	char library[CONNECT_VALUE];

	/* unixODBC takes an empty section for the first one. */
	if (driver[0] != '/' && driver[0] != '\0' &&
	    find_profile(driver, "Driver", "odbcinst.ini", library))
		return quirk_find(library);
	return quirk_find(driver);
}

/* Where the user may have said something: the string, or the DSN's section. */
struct said {
	const char *string;
	const char *dsn; /* "" for none */
};

static bool
is_said(const struct said *said, const char *key)
{
	char value[CONNECT_VALUE];

	return find_key(said->string, key, value) ||
	    (said->dsn[0] != '\0' &&
		find_profile(said->dsn, key, "odbc.ini", value));
}

/*
 * Braces only where they are needed: Virtuoso takes them for a part of the
 * password (drivers.md).
 */
static int
put_pair(struct buf *out, const char *key, const char *value, struct err *e)
{
	bool braced = value[0] == '\0' ||
	    strpbrk(value, "[]{}(),;?*=!@") != NULL || value[0] == ' ' ||
	    value[strlen(value) - 1] == ' ';

	if (out->length > 0 && out->data[out->length - 1] != ';' &&
	    buf_puts(out, ";", e) < 0)
		return -1;
	if (!braced || value[0] == '\0')
		return buf_printf(out, e, "%s=%s", key, value);
	if (buf_printf(out, e, "%s={", key) < 0)
		return -1;
	for (; *value != '\0'; value++) {
		if (*value == '}' && buf_put(out, "}", 1, e) < 0)
			return -1;
		if (buf_put(out, value, 1, e) < 0)
			return -1;
	}
	return buf_puts(out, "}", e);
}

static int
put_additions(struct buf *out, const struct session_options *o,
    const struct quirk *quirk, const struct said *said, struct err *e)
{
	char key[CONNECT_KEY], seconds[32];

	for (size_t i = 0; quirk->add[i] != NULL; i++) {
		size_t n = strcspn(quirk->add[i], "=");

		(void)snprintf(key, sizeof(key), "%.*s", (int)n, quirk->add[i]);
		if (!is_said(said, key) &&
		    put_pair(out, key, quirk->add[i] + n + 1, e) < 0)
			return -1;
	}
	if (!quirk->add_conn_timeout || o->login_timeout_ms == 0 ||
	    is_said(said, "CONN_TIMEOUT"))
		return 0;
	(void)snprintf(seconds, sizeof(seconds), "%llu",
	    (unsigned long long)(o->login_timeout_ms + 999) / 1000);
	return put_pair(out, "CONN_TIMEOUT", seconds, e);
}

/* The DSN, given as such or in the string; "" for none. */
static void
find_dsn(const struct session_options *o, char dsn[CONNECT_VALUE])
{
	dsn[0] = '\0';
	if (o->dsn != NULL)
		(void)snprintf(dsn, CONNECT_VALUE, "%s", o->dsn);
	else if (o->connection != NULL)
		(void)find_key(o->connection, "DSN", dsn);
}

void
connect_put_driver(const struct session_options *o, char *driver, size_t size)
{
	char dsn[CONNECT_VALUE], found[CONNECT_VALUE] = "";

	find_dsn(o, dsn);
	if ((o->connection == NULL ||
		!find_key(o->connection, "Driver", found)) &&
	    dsn[0] != '\0')
		(void)find_profile(dsn, "Driver", "odbc.ini", found);
	(void)snprintf(driver, size, "%s", found);
}

int
connect_build(struct buf *out, const struct session_options *o,
    const struct quirk **quirk, struct err *e)
{
	char driver[CONNECT_VALUE], dsn[CONNECT_VALUE];
	const char *string = o->connection != NULL ? o->connection : "";
	struct said said = { string, dsn };

	find_dsn(o, dsn);
	connect_put_driver(o, driver, sizeof(driver));
	*quirk = quirk_of_driver(driver);
	if (o->dsn != NULL ? put_pair(out, "DSN", o->dsn, e) < 0 :
			     buf_puts(out, string, e) < 0)
		return -1;
	/* A driver may lose its way in a password: all else stands before. */
	if (put_additions(out, o, *quirk, &said, e) < 0)
		return -1;
	if (o->user != NULL && put_pair(out, "UID", o->user, e) < 0)
		return -1;
	return o->password != NULL ? put_pair(out, "PWD", o->password, e) : 0;
}

bool
connect_says(const struct session_options *o, const char *key)
{
	char dsn[CONNECT_VALUE] = "";
	const char *string = o->connection != NULL ? o->connection : "";
	const struct said said = { string, dsn };

	if (o->dsn != NULL)
		(void)snprintf(dsn, sizeof(dsn), "%s", o->dsn);
	else
		(void)find_key(string, "DSN", dsn);
	return is_said(&said, key);
}
