/*
 * effect.h - what a statement does to the database, as far as its words tell
 *
 * For deciding whether it may be executed twice. Functions that a query calls
 * are not looked into; whatever is not known to be harmless counts as writing.
 */
#ifndef SQL_EFFECT_H
#define SQL_EFFECT_H

#include <stdbool.h>

#include "sql/dialect.h"
#include "sql/script.h"

/* Room for the name of a table. */
enum { EFFECT_NAME = 128 };

/* Kinds of effects. */
enum effect {
	EFFECT_NONE,	  /* it reads, or changes the session */
	EFFECT_TEMPORARY, /* it makes a temporary table */
	EFFECT_DROP,	  /* it drops a table */
	EFFECT_ROWS,	  /* it changes rows of a table */
	EFFECT_TABLE,	  /* it changes a table itself */
	EFFECT_OTHER	  /* it may do anything */
};

/*
 * The effect of a statement; table is the one that it makes, drops or changes,
 * in lower case, empty for none.
 */
enum effect effect_of(const struct statement_text *statement,
    const struct dialect *d, char table[EFFECT_NAME]);

#endif
