/*
 * lexer.h - the pieces of SQL text that matter for finding its boundaries
 *
 * Quotes, comments, words; everything else is single bytes. The pieces, put
 * together, are the text. Each byte has a class by the dialect, and each
 * construct a function that finds its end. Lines are counted only when
 * somebody asks, so that a long script costs little more than looking at it.
 *
 * Shape	lexer_init -> (lexer_skip | lexer_next)* until PIECE_END
 * Units	lines counted from 1
 * Owns		nothing; borrows the text, which ends with NUL
 * Errors	ERR_SPEC for what is never closed, with its first line
 * Source	facts/sql-scripts.md
 */
#ifndef SQL_LEXER_H
#define SQL_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "sql/dialect.h"

enum { LEXER_BLANK = 1 }; /* the class of blanks and line breaks */

/* What a piece of text is. */
enum piece_type {
	PIECE_END,	 /* the text is at its end */
	PIECE_BLANK,	 /* blanks and line breaks */
	PIECE_COMMENT,	 /* a comment, without its line break */
	PIECE_QUOTED,	 /* a string or a quoted name */
	PIECE_WORD,	 /* letters, digits, _ and $ */
	PIECE_DELIMITER, /* what ends a statement */
	PIECE_OTHER	 /* one byte, or the marks of a conditional comment */
};

/* A piece of the text. */
struct piece {
	enum piece_type type; /* what it is */
	const char *text;     /* borrowed from the lexer's text */
	size_t length;	      /* bytes */
};

/* Where the reading is. */
struct lexer {
	const char *begin;	  /* the whole text */
	const char *at;		  /* the next byte */
	const char *end;	  /* behind the last byte: a NUL */
	struct dialect dialect;	  /* a copy: its mode may change on the way */
	char delimiter[32];	  /* what ends a statement; "" for nothing */
	size_t delimiter_length;  /* its bytes */
	bool is_semicolon;	  /* it is ";" */
	bool is_fresh;		  /* the statement has no content so far */
	const char *conditional;  /* where slash-star-! began, or NULL */
	const char *counted;	  /* up to here lines are counted */
	unsigned line;		  /* of the byte at counted */
	bool has_cr;		  /* carriage returns are somewhere */
	unsigned char class[256]; /* of each byte; see lexer.c */
	bool stops[256];	  /* where lexer_skip stops */
	bool words[256];	  /* bytes of words */
};

/* Begin to read; the delimiter is the dialect's. */
void lexer_init(
    struct lexer *l, const char *text, size_t length, const struct dialect *d);
/* Read the rest by another delimiter; "" for none. n is below its size. */
void lexer_set_delimiter(struct lexer *l, const char *text, size_t n);
/* Go on over what cannot matter unless words do; no piece is begun. */
void lexer_skip(struct lexer *l);
/* Go on over blanks that are no delimiter and end no line that matters. */
static inline void
lexer_skip_blanks(struct lexer *l)
{
	while (l->class[(unsigned char)*l->at] == LEXER_BLANK &&
	    !l->stops[(unsigned char)*l->at])
		l->at++;
}

/*
 * Go on, in a body, over what is none of AS, BEGIN, CASE, DECLARE and END, nor
 * a parenthesis: whether that was more than blanks.
 */
bool lexer_skip_words(struct lexer *l);
/* The next piece. */
int lexer_next(struct lexer *l, struct piece *p, struct err *e) MUST_CHECK;
/* The line that a byte of the text is in; forward is fast. */
unsigned lexer_line(struct lexer *l, const char *at);
/* Whether only blanks stand between the beginning of the line and here. */
bool lexer_begins_line(const struct lexer *l, const char *at);
/* The end of the line that at is in: its line break, or the NUL. */
const char *lexer_end_of_line(const char *at);
/* Whether a byte belongs to a word. */
bool lexer_is_word(char c);

/*
 * Whether a piece is that word of letters and _, whatever its case. Asked many
 * times for each word of a script. No other bytes of words differ from these
 * in the bit of the case alone.
 */
static inline bool
piece_is(const struct piece *p, const char *word)
{
	size_t i = 0;

	if (((*p->text ^ *word) & 0xdf) != 0 || p->type != PIECE_WORD)
		return false;
	while (i < p->length && word[i] != '\0' &&
	    ((p->text[i] ^ word[i]) & 0xdf) == 0)
		i++;
	return i == p->length && word[i] == '\0';
}

#endif
