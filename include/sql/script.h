/*
 * script.h - a script as the statements it is made of
 *
 * Text between boundaries is kept byte for byte; statements of blanks and
 * comments only are dropped; the terminator is not part of a statement, and
 * neither are commands of the database's own client. Two comments above a
 * statement mean something: "-- name: orders" names its result, and
 * "-- on error: continue" lets the batch go on when the database refuses it.
 *
 * A script keeps no list of them. It is read from its beginning to its end to
 * see that nothing is wrong, and again whenever somebody reads it: memory grows
 * with its longest statement, not with their number.
 *
 * Shape	SCRIPT_INIT -> script_split | script_add -> script_release
 *		script_reader_new -> script_reader_next* -> script_reader_free
 * Owns		borrows the texts, for as long as it is read
 * Units	lines counted from 1; lengths and offsets in bytes
 * Errors	ERR_SPEC for an unterminated construct, with its opening line
 */
#ifndef SQL_SCRIPT_H
#define SQL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "sql/dialect.h"

/* Most bytes of one script; most times of GO n. */
enum { SCRIPT_MAX = 256 * 1024 * 1024, SCRIPT_REPEAT_MAX = 1000000 };

/* What a statement is, as far as its first words tell. */
enum statement_kind {
	STATEMENT_OTHER, /* SET, BEGIN, CALL, a T-SQL batch, ... */
	STATEMENT_QUERY, /* SELECT, VALUES, SHOW, ...: it returns rows */
	STATEMENT_DML,	 /* INSERT, UPDATE, DELETE, MERGE, ... */
	STATEMENT_DDL	 /* CREATE, ALTER, DROP, ... */
};

/* One statement as it will be sent. */
struct statement_text {
	const char *text;	  /* borrowed from the reader, with a NUL */
	size_t length;		  /* bytes */
	size_t offset;		  /* of text in what script_split was given */
	unsigned text_line;	  /* where the text begins: comments above */
	unsigned line;		  /* where its first word stands */
	unsigned end_line;	  /* where it ends */
	unsigned repeat;	  /* times to execute it: GO n; else 1 */
	const char *name;	  /* from a "-- name: x" comment, or NULL */
	char word[16];		  /* its first word in upper case: "SELECT" */
	enum statement_kind kind; /* what it is */
	bool continues;		  /* "-- on error: continue" */
	bool knows_mode;	  /* how quotes were read by script_split: */
	bool backslash_escapes;	  /* ... as in struct dialect */
	bool double_strings;	  /* ... the same */
	bool ampersands;	  /* ... the same */
	bool has_body;		  /* of a routine or trigger: :x in it is none
				   * of our parameters */
};

/* A text of a script. */
struct script_part {
	const char *text;	/* borrowed, or the same as owned */
	size_t length;		/* bytes; a NUL stands behind them */
	size_t skipped;		/* bytes of a mark in front of it */
	char *owned;		/* a copy, or NULL */
	bool is_split;		/* or all of it is one statement */
	struct dialect dialect; /* how it is split */
};

/* The statements of a script, in order. */
struct script {
	struct script_part *parts; /* owned */
	size_t n_parts;		   /* how many */
	size_t n;		   /* statements of them all */
};

#define SCRIPT_INIT \
	{ \
		NULL, 0, 0 \
	}

/* Somebody who reads a script. */
struct script_reader;

/*
 * Split length bytes of text by a dialect and append the statements. The text
 * is borrowed and has a NUL behind it. A byte order mark is dropped; a NUL
 * byte in it and text that is not UTF-8 are errors. An empty script gives no
 * statement and no error.
 */
int script_split(struct script *s, const char *text, size_t length,
    const struct dialect *d, struct err *e) MUST_CHECK;
/* Append one statement (borrowed) unsplit; a trailing ';' is kept. */
int script_add(struct script *s, const char *text, struct err *e) MUST_CHECK;
/* Free everything and be empty. */
void script_release(struct script *s);
/* Begin to read a script, or NULL when there is no memory. */
struct script_reader *script_reader_new(const struct script *s);
/*
 * The next statement, which is there until the one after it: 1, or 0 at the
 * end. A reader that is NULL is an error.
 */
int script_reader_next(struct script_reader *r,
    const struct statement_text **statement, struct err *e) MUST_CHECK;
/* Free it; NULL is fine. */
void script_reader_free(struct script_reader *r);
/* A kind as a word: "query", "dml", "ddl", "other". */
const char *statement_kind_name(enum statement_kind kind);

#endif
