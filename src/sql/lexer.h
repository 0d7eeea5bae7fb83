/*
 * lexer.h - the pieces of SQL text that matter for finding its boundaries
 *
 * Quotes, comments, words; everything else is single bytes. The pieces, put
 * together, are the text.
 *
 * Shape	lexer_init -> lexer_next* (PIECE_END)
 * Units	lines counted from 1
 * Owns		nothing; borrows text and dialect
 * Errors	ERR_SPEC for what is never closed, with its first line
 * Source	facts/sql-scripts.md
 */
#ifndef SQL_LEXER_H
#define SQL_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "sql/dialect.h"

/* What a piece of text is. */
enum piece_type {
	PIECE_END,	 /* the text is at its end */
	PIECE_BLANK,	 /* blanks and line breaks */
	PIECE_COMMENT,	 /* a comment, without its line break */
	PIECE_QUOTED,	 /* a string or a quoted name */
	PIECE_WORD,	 /* letters, digits, _ and $ */
	PIECE_DELIMITER, /* what ends a statement */
	PIECE_OTHER	 /* one byte */
};

/* A piece of the text. */
struct piece {
	enum piece_type type; /* what it is */
	const char *text;     /* borrowed from the lexer's text */
	size_t length;	      /* bytes */
	unsigned line;	      /* where it begins */
};

/* Where the reading is. */
struct lexer {
	const char *at;		       /* the next byte */
	const char *end;	       /* behind the last byte */
	unsigned line;		       /* of the next byte */
	const struct dialect *dialect; /* borrowed */
	char delimiter[32]; /* what ends a statement; "" for nothing */
};

/* Begin to read; the delimiter is the dialect's. */
void lexer_init(
    struct lexer *l, const char *text, size_t length, const struct dialect *d);
/* The next piece. */
int lexer_next(struct lexer *l, struct piece *p, struct err *e) MUST_CHECK;
/* Whether a byte belongs to a word. */
bool lexer_is_word(char c);
/* Whether a piece is that word, whatever its case. */
bool piece_is(const struct piece *p, const char *word);

#endif
