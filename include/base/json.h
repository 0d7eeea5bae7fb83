/*
 * json.h - write JSON, nothing else
 *
 * Members are put in order into a buffer; nesting is tracked and commas are
 * set by the writer. Texts are redacted, and bytes that are not UTF-8 become
 * U+FFFD. Key is NULL inside an array and at the top.
 *
 * Shape	json_init -> json_begin_object ... json_end -> json_finish
 * Errors	latched: check json_finish once at the end
 * Source	RFC 8259
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { JSON_DEPTH = 16 }; /* deepest nesting */

/* A JSON text being written. */
struct json {
	struct buf *out;		 /* borrowed */
	unsigned depth;			 /* open objects and arrays */
	char closers[JSON_DEPTH];	 /* '}' or ']' of each */
	bool has_member[JSON_DEPTH + 1]; /* whether a comma is due */
	bool failed;			 /* an append failed; e holds why */
	struct err e;			 /* the first error */
};

/* Begin writing to out, which is borrowed. */
void json_init(struct json *j, struct buf *out);
/* Open an object. */
void json_begin_object(struct json *j, const char *key);
/* Open an array. */
void json_begin_array(struct json *j, const char *key);
/* Close the innermost object or array. */
void json_end(struct json *j);
/* Put a text; NULL is written as null. */
void json_string(struct json *j, const char *key, const char *value);
/* Put a text of the user's own as it is, even if it looks like a secret. */
void json_exact(struct json *j, const char *key, const char *value);
/* Put what is JSON already, as it is. */
void json_raw(struct json *j, const char *key, const char *text);
/* Put an integer. */
void json_integer(struct json *j, const char *key, int64_t value);
/* Put true or false. */
void json_bool(struct json *j, const char *key, bool value);
/* Put null. */
void json_null(struct json *j, const char *key);
/* 0 when everything was written and closed; else -1 with the first error. */
int json_finish(struct json *j, struct err *e) MUST_CHECK;

#endif
