/*
 * kind.h - what a statement is, by its first words
 *
 * Source	SQL:2016 part 2, and what databases added to it
 */
#ifndef SQL_KIND_H
#define SQL_KIND_H

#include "sql/lexer.h"
#include "sql/script.h"

/* The kind that a first word tells. */
enum statement_kind kind_of_word(const struct piece *p);
/* Whether the kind is told by a later word: WITH a AS (...) DELETE. */
bool kind_is_later(const struct piece *p);
/* Put a word in upper case, cut at the size of the field. */
void kind_put_word(struct statement_text *t, const struct piece *p);

#endif
