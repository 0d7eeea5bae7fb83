/*
 * body.h - whether a delimiter stands in the body of a routine or trigger
 *
 * Sees the words of one statement and says what it is that is being created
 * and whether its body is over. Not for: quotes and comments (lexer.h).
 *
 * Shape	BODY_STATE_INIT -> body_word, body_other, body_delimiter*
 * Source	facts/sql-scripts.md 1; psqlscan.l; sqlite complete.c
 */
#ifndef SQL_BODY_H
#define SQL_BODY_H

#include <stdbool.h>

#include "sql/lexer.h"

/* What was seen of one statement. */
struct body_state {
	enum body body;	      /* how it ends */
	const char *verb;     /* its first word, as the rules have it */
	unsigned words;	      /* so far */
	bool searching;	      /* the object of the verb may still come */
	bool awaits_name;     /* what is created has yet to be named */
	unsigned depth;	      /* BEGIN and CASE without END */
	const char *opened;   /* the outermost of them */
	bool awaits_begin;    /* declarations stand in front of BEGIN */
	unsigned trigger_end; /* 1 behind ';', 2 behind "; END" */
	const char *begin;    /* the word before was this BEGIN */
	bool behind_end;      /* the word before was END, and counted */
	bool behind_as;	      /* the word before was AS */
};

/* See a word; in_parens says whether it stands in parentheses. */
void body_word(struct body_state *b, const struct lexer *l,
    const struct piece *p, bool in_parens);
/* See something else that is no comment. */
void body_other(struct body_state *b);
/* See a delimiter: whether it belongs to the body. */
bool body_holds(struct body_state *b);
/*
 * Whether nothing but AS, BEGIN, CASE, DECLARE, END and parentheses matters
 * next: all else is the same to it as body_other.
 */
static inline bool
body_wants_few(const struct body_state *b)
{
	return b->body != BODY_NONE && b->words > 0 && !b->searching &&
	    !b->awaits_name && b->begin == NULL && !b->behind_as &&
	    !b->behind_end;
}

/* Whether the words of the rest of the statement matter. */
static inline bool
body_wants_words(const struct body_state *b)
{
	return b->words == 0 || b->searching ||
	    (b->body != BODY_NONE && b->body != BODY_SLASH &&
		b->body != BODY_RAW);
}

/*
 * What is wrong when the text ends there, or NULL; sets *opened to where, or
 * to NULL for the statement's first word.
 */
const char *body_open(const struct body_state *b, const char **opened);

#endif
