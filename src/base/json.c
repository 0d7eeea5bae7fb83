/*
 * json.c - write JSON (RFC 8259)
 *
 * A writer only; odbcship reads no JSON.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/redact.h"
#include "base/str.h"
#include "base/utf8.h"

void
json_init(struct json *j, struct buf *out)
{
	memset(j, 0, sizeof(*j));
	j->out = out;
}

/* Keep the first error. */
static void
note(struct json *j, int rc, const struct err *e)
{
	if (rc < 0 && !j->failed) {
		j->failed = true;
		j->e = *e;
	}
}

static void
put(struct json *j, const char *data, size_t n)
{
	struct err e = ERR_INIT;

	if (!j->failed)
		note(j, buf_put(j->out, data, n, &e), &e);
}

/* Length of the well-formed character at s, 0 when it is none. */
static size_t
character(const char *s, size_t n)
{
	for (size_t length = 1; length <= 4 && length <= n; length++)
		if (utf8_is_valid(s, length))
			return length;
	return 0;
}

static void
put_escaped(struct json *j, unsigned char c)
{
	static const char plain[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	const char *at = c != '\0' ? strchr(plain, c) : NULL;
	char hex[3], text[7] = "\\u00";

	if (at != NULL) {
		text[1] = letters[at - plain];
		put(j, text, 2);
		return;
	}
	str_put_hex(hex, &c, 1);
	memcpy(text + 4, hex, 3);
	put(j, text, 6);
}

static void
put_string(struct json *j, const char *s)
{
	size_t n = strlen(s);
	size_t from = 0;

	put(j, "\"", 1);
	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)s[i];
		size_t length = c < 0x80 ? 1 : character(s + i, n - i);

		if (length > 0 && c >= 0x20 && c != '"' && c != '\\') {
			i += length;
			continue;
		}
		put(j, s + from, i - from);
		if (length == 0)
			put(j, "\xef\xbf\xbd", 3); /* U+FFFD */
		else
			put_escaped(j, c);
		from = ++i;
	}
	put(j, s + from, n - from);
	put(j, "\"", 1);
}

/* The comma before a member and its key. */
static void
begin_member(struct json *j, const char *key)
{
	if (j->has_member[j->depth])
		put(j, ",", 1);
	j->has_member[j->depth] = true;
	if (key == NULL)
		return;
	put_string(j, key);
	put(j, ":", 1);
}

static void
begin(struct json *j, const char *key, char opener, char closer)
{
	struct err e = ERR_INIT;

	begin_member(j, key);
	if (j->depth >= JSON_DEPTH) {
		note(j, err_set(&e, ERR_INTERNAL, "JSON is nested too deep"),
		    &e);
		return;
	}
	put(j, &opener, 1);
	j->closers[j->depth++] = closer;
	j->has_member[j->depth] = false;
}

void
json_begin_object(struct json *j, const char *key)
{
	begin(j, key, '{', '}');
}

void
json_begin_array(struct json *j, const char *key)
{
	begin(j, key, '[', ']');
}

void
json_end(struct json *j)
{
	struct err e = ERR_INIT;

	if (j->depth == 0) {
		note(j, err_set(&e, ERR_INTERNAL, "JSON is not open"), &e);
		return;
	}
	j->depth--;
	put(j, &j->closers[j->depth], 1);
}

void
json_string(struct json *j, const char *key, const char *value)
{
	struct err e = ERR_INIT;
	char *copy;
	size_t size;

	if (value == NULL) {
		json_null(j, key);
		return;
	}
	begin_member(j, key);
	size = strlen(value) + sizeof("***");
	copy = malloc(size);
	if (copy == NULL) {
		note(j, err_set(&e, ERR_INTERNAL, "out of memory"), &e);
		return;
	}
	memcpy(copy, value, strlen(value) + 1);
	redact_text(copy, size);
	put_string(j, copy);
	free(copy);
}

void
json_exact(struct json *j, const char *key, const char *value)
{
	begin_member(j, key);
	if (!j->failed)
		put_string(j, value);
}

void
json_raw(struct json *j, const char *key, const char *text)
{
	begin_member(j, key);
	put(j, text, strlen(text));
}

void
json_integer(struct json *j, const char *key, int64_t value)
{
	struct err e = ERR_INIT;

	begin_member(j, key);
	if (!j->failed)
		note(j, buf_printf(j->out, &e, "%" PRId64, value), &e);
}

void
json_bool(struct json *j, const char *key, bool value)
{
	begin_member(j, key);
	put(j, value ? "true" : "false", value ? 4 : 5);
}

void
json_null(struct json *j, const char *key)
{
	begin_member(j, key);
	put(j, "null", 4);
}

int
json_finish(struct json *j, struct err *e)
{
	if (!j->failed && j->depth == 0)
		return 0;
	if (j->failed)
		*e = j->e;
	else
		(void)err_set(e, ERR_INTERNAL, "JSON is not closed");
	return -1;
}
