/*
 * redact.c - the one list of secrets, and the grammar of connection strings
 *
 * Replacing is done in place and never makes a text longer than it may be:
 * a "***" that does not fit is cut.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/redact.h"
#include "base/str.h"

enum { REDACT_MIN = 4 };

static const char stars[] = "***";

/* The registered values, longest first, each also percent-encoded. */
static struct {
	char **values;
	size_t n;
} secrets;

/* Keys whose values are secrets, as ODBC drivers and libpq know them. */
static const char *const secret_keys[] = { "PWD", "PASSWORD", "Secret", "Token",
	"AccessKey", "AccessToken", "sslpassword", "ClientSecret" };

static int
add_value(const char *value, struct err *e)
{
	char **values = realloc(
	    secrets.values, (secrets.n + 1) * sizeof(*values));
	size_t at = secrets.n;

	if (values == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	secrets.values = values;
	while (at > 0 && strlen(values[at - 1]) < strlen(value)) {
		values[at] = values[at - 1];
		at--;
	}
	values[at] = str_dup(value);
	secrets.n++;
	if (values[at] != NULL)
		return 0;
	memmove(values + at, values + at + 1,
	    (secrets.n - at - 1) * sizeof(*values));
	secrets.n--;
	return err_set(e, ERR_INTERNAL, "out of memory");
}

int
redact_add(const char *secret, struct err *e)
{
	struct buf encoded = BUF_INIT(1024 * 1024);
	int rc = 0;

	if (strlen(secret) < REDACT_MIN)
		return 0;
	for (const char *c = secret; rc == 0 && *c != '\0'; c++) {
		if (isalnum((unsigned char)*c) || strchr("-._~", *c) != NULL)
			rc = buf_put(&encoded, c, 1, e);
		else
			rc = buf_printf(
			    &encoded, e, "%%%02X", (unsigned char)*c);
	}
	if (rc == 0)
		rc = add_value(secret, e);
	if (rc == 0 && strcmp(buf_text(&encoded), secret) != 0)
		rc = add_value(buf_text(&encoded), e);
	if (encoded.data != NULL)
		explicit_bzero(encoded.data, encoded.length);
	buf_release(&encoded);
	return rc;
}

/* Put stars in place of n bytes at at; returns where the text goes on. */
static char *
replace(char *text, size_t size, char *at, size_t n)
{
	size_t tail = strlen(at + n);
	size_t room = size - (size_t)(at - text) - 1;
	size_t width = sizeof(stars) - 1;

	if (width > room)
		width = room;
	if (tail > room - width)
		tail = room - width;
	memmove(at + width, at + n, tail);
	memcpy(at, stars, width);
	at[width + tail] = '\0';
	return at + width;
}

/* Bytes of the longest secret that begins there, or 0. */
static size_t
secret_length(const char *at)
{
	for (size_t i = 0; i < secrets.n; i++) {
		size_t n = strlen(secrets.values[i]);

		if (strncmp(at, secrets.values[i], n) == 0)
			return n;
	}
	return 0;
}

/* Secrets that share a part are taken as one: no rest of either stays. */
static void
redact_values(char *text, size_t size)
{
	char *at = text;

	while (secrets.n > 0 && *at != '\0') {
		size_t n = secret_length(at);

		for (size_t i = 1; i < n; i++) {
			size_t more = secret_length(at + i);

			if (i + more > n)
				n = i + more;
		}
		at = n > 0 ? replace(text, size, at, n) : at + 1;
	}
}

/* Length of a value: {...} with }} as an escape, or up to ';' or the end. */
static size_t
value_length(const char *at)
{
	size_t n = 1;

	if (*at != '{')
		return strcspn(at, ";");
	while (at[n] != '\0') {
		if (at[n] == '}' && at[n + 1] != '}')
			return n + 1;
		n += at[n] == '}' ? 2 : 1;
	}
	return n;
}

/* Whether a value is stars already; a password may begin with them. */
static bool
is_redacted(const char *at)
{
	size_t n = sizeof(stars) - 1;

	return strncmp(at, stars, n) == 0 && strchr("; ", at[n]) != NULL;
}

static void
redact_key(char *text, size_t size, const char *key)
{
	size_t n = strlen(key);
	char *at = text;

	while ((at = strcasestr(at, key)) != NULL) {
		bool begins = at == text || !isalnum((unsigned char)at[-1]);

		at += n;
		if (!begins)
			continue;
		at += strspn(at, " ");
		if (*at != '=')
			continue;
		at++;
		at += strspn(at, " ");
		n = value_length(at);
		if (n > 0 && !is_redacted(at))
			at = replace(text, size, at, n);
		n = strlen(key);
	}
}

void
redact_text(char *text, size_t size)
{
	redact_values(text, size);
	for (size_t i = 0; i < sizeof(secret_keys) / sizeof(secret_keys[0]);
	     i++)
		redact_key(text, size, secret_keys[i]);
}

void
redact_release(void)
{
	for (size_t i = 0; i < secrets.n; i++) {
		explicit_bzero(secrets.values[i], strlen(secrets.values[i]));
		free(secrets.values[i]);
	}
	free(secrets.values);
	secrets.values = NULL;
	secrets.n = 0;
}
