/*
 * script.h - a script as the statements it is made of
 *
 * Text between boundaries is kept byte for byte; statements of blanks and
 * comments only are dropped; the terminator is not part of a statement.
 *
 * Shape	SCRIPT_INIT -> script_split | script_add -> script_release
 * Owns		a copy of the text; the statements point into it
 * Units	lines counted from 1; lengths in bytes
 * Errors	ERR_SPEC for an unterminated construct, with its opening line
 */
#ifndef SQL_SCRIPT_H
#define SQL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "sql/dialect.h"

/* Most bytes of one script. */
enum { SCRIPT_MAX = 256 * 1024 * 1024 };

/* One statement as it will be sent. */
struct statement_text {
	const char *text;  /* borrowed from the script, NUL-terminated */
	size_t length;	   /* bytes */
	unsigned line;	   /* where its first word stands */
	unsigned end_line; /* where it ends */
	char *name;	   /* from a "-- name: x" comment above, or NULL */
	char word[16];	   /* its first word in upper case: "SELECT" */
	bool is_query;	   /* SELECT, WITH, VALUES, ...: likely returns rows */
};

/* The statements of a script, in order. */
struct script {
	struct statement_text *items; /* owned */
	size_t n;		      /* how many */
	size_t capacity;	      /* room in items */
	char **texts;		      /* owned: memory behind the items */
	size_t n_texts;		      /* how many */
};

#define SCRIPT_INIT \
	{ \
		NULL, 0, 0, NULL, 0 \
	}

/*
 * Split length bytes of text (copied) by a dialect and append the statements.
 * from names the text in messages ("orders.sql"). A byte order mark is
 * dropped; a NUL byte and text that is not UTF-8 are errors. An empty script
 * gives no statement and no error.
 */
int script_split(struct script *s, const char *text, size_t length,
    const struct dialect *d, struct err *e) MUST_CHECK;
/* Append one statement (copied) unsplit; a trailing ';' is kept. */
int script_add(struct script *s, const char *text, struct err *e) MUST_CHECK;
/* Free everything and be empty. */
void script_release(struct script *s);

#endif
