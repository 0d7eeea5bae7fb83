/*
 * splitter.h - where each statement of a script begins and ends
 *
 * A machine that stops at each end and keeps nothing of what it has passed:
 * its memory does not grow with the script. Everything that it finds is a
 * place in the text, so that finding allocates nothing. Not for: whoever wants
 * statements (sql/script.h).
 *
 * Shape	splitter_init -> splitter_next* until 0 or -1
 * Owns		nothing; borrows the text, which ends with NUL and holds none
 * Errors	ERR_SPEC for an unterminated construct, with its opening line
 */
#ifndef SQL_SPLITTER_H
#define SQL_SPLITTER_H

#include <stdbool.h>
#include <stddef.h>

#include "sql/body.h"
#include "sql/command.h"
#include "sql/lexer.h"

/* Most bytes of a name, and of a mode that SET gives. */
enum { SPLITTER_NAME = 64, SPLITTER_MODE = 256 };

/* A statement that is watched for what it says to the splitter. */
enum watch {
	WATCH_NOTHING, /* it says nothing */
	WATCH_KIND,    /* WITH: its kind comes later */
	WATCH_COPY,    /* COPY: does it read the script? */
	WATCH_SET      /* SET: does it change how quotes are read? */
};

/* A statement's places in the text. */
struct splitter_item {
	const char *begin;	  /* of it, or NULL so far */
	const char *end;	  /* behind it */
	const char *first;	  /* its first word; its content without one */
	struct piece word;	  /* its first word; length 0 without one */
	struct piece main;	  /* the word that tells what it is; likewise */
	char name[SPLITTER_NAME]; /* from a comment above; "" for none */
	unsigned repeat;	  /* times to execute it */
	bool continues;		  /* "-- on error: continue" */
	bool backslash_escapes;	  /* how its quotes were read */
	bool double_strings;	  /* the same */
	bool ampersands;	  /* &x in it is a variable of the client */
	bool has_body;		  /* of a routine or trigger */
};

/* A script being split. */
struct splitter {
	struct lexer lexer;	       /* where it is */
	struct command_index commands; /* of the dialect's client */
	struct splitter_item item;     /* in the making, or made */
	bool has_item;		       /* it is made */
	bool has_content;	       /* more than comments */
	struct body_state body;	       /* whether a delimiter is one */
	enum watch watch;	       /* what is looked for in it */
	unsigned words;		       /* seen of the statement */
	bool saw;		       /* the word that the watch waits for */
	bool copies;		       /* COPY ... FROM STDIN */
	char mode[SPLITTER_MODE];      /* that it sets */
	bool first_backslash_escapes;  /* the modes at the beginning */
	bool first_double_strings;     /* the same */
	unsigned parens;	       /* ( not yet closed */
	const char *paren;	       /* the outermost of them */
	const char *ended;	       /* EXIT stood here, or NULL */
};

/* Begin to split length bytes of text by a dialect. */
void splitter_init(struct splitter *s, const char *text, size_t length,
    const struct dialect *d);
/* Go on to the end of the next statement, `item`: 1, or 0 at the end. */
int splitter_next(struct splitter *s, struct err *e) MUST_CHECK;

#endif
