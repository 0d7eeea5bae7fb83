/*
 * command.h - commands of the databases' own clients in a script
 *
 * psql's \d, SQLite's .mode, SQL*Plus' SPOOL are no SQL. The table of dialects
 * says what becomes of each; here they are recognised, and how far they reach.
 *
 * Errors	ERR_SPEC for what cannot be done here, with its line
 */
#ifndef SQL_COMMAND_H
#define SQL_COMMAND_H

#include "sql/lexer.h"

/*
 * Commands by their first letters, so that few are looked at. Those that one
 * letter may stand for are looked at whatever the second one is.
 */
struct command_index {
	unsigned char ones[32];	     /* 1 + the first row of a letter, or 0 */
	unsigned char pairs[32][32]; /* the same of two letters */
	unsigned char next[128];     /* 1 + the row behind a row, or 0 */
};

/* A command that was found. */
struct command_found {
	enum client_action action; /* CLIENT_SQL: it is none */
	const char *text;	   /* the rest of its line, without blanks */
	size_t length;		   /* bytes of it */
	const char *end;	   /* behind the command and its line */
};

/* Make the index of a dialect's commands. */
void command_index_init(struct command_index *x, const struct dialect *d);
/*
 * Look at the piece p, the last that was read, for a command; the index is that
 * of the lexer's dialect. Nothing is taken from the lexer.
 */
int command_find(struct lexer *l, const struct command_index *x,
    const struct piece *p, struct command_found *found,
    struct err *e) MUST_CHECK;
/* Take the delimiter out of a CLIENT_DELIMITER and read on behind it. */
int command_set_delimiter(struct lexer *l, const struct command_found *found,
    struct err *e) MUST_CHECK;
/*
 * Note what a command that is left out means for what follows: SQL*Plus' SET
 * DEFINE OFF makes &x text. p is its first piece.
 */
void command_see_set(
    struct lexer *l, const struct piece *p, const struct command_found *found);
/* Take the delimiter out of a comment --#SET TERMINATOR x, if it is one. */
void command_see_comment(struct lexer *l, const struct piece *p);

#endif
