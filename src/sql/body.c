/*
 * body.c - whether a delimiter stands in the body of a routine or trigger
 *
 * Words of the language are counted, not understood: BEGIN and CASE open, END
 * closes, and END IF and its like close what was never counted. Which
 * statements have bodies is in the table of dialects.
 */
#include <string.h>

#include "sql/body.h"

enum { BODY_SEARCH = 16 }; /* words in which the object must come */

static bool
is_one_of(const struct piece *p, const char *const *words)
{
	for (; *words != NULL; words++)
		if (piece_is(p, *words))
			return true;
	return false;
}

/* Objects whose statements have no body, whatever is in them. */
static bool
is_plain_object(const struct piece *p)
{
	static const char *const objects[] = { "TABLE", "VIEW", "INDEX",
		"SEQUENCE", "DATABASE", "SCHEMA", "USER", "ROLE", "SYNONYM",
		"DOMAIN", "EXTENSION", "RULE", "TYPE", "TRIGGER", "EVENT",
		"POLICY", "SERVER", "TABLESPACE", NULL };

	return is_one_of(p, objects);
}

static void
see_verb(struct body_state *b, const struct lexer *l, const struct piece *p)
{
	const struct body_rule *r = l->dialect.bodies;

	for (; r->verb != NULL; r++) {
		if (!piece_is(p, r->verb))
			continue;
		b->verb = r->verb;
		b->searching = r->object != NULL;
		if (r->object == NULL)
			b->body = r->body;
		if (strcmp(r->verb, "BEGIN") == 0)
			b->opened = p->text;
		return;
	}
}

static void
see_object(struct body_state *b, const struct lexer *l, const struct piece *p)
{
	const struct body_rule *r = l->dialect.bodies;
	bool is_begin = strcmp(b->verb, "BEGIN") == 0;

	for (; r->verb != NULL; r++)
		if (strcmp(r->verb, b->verb) == 0 && piece_is(p, r->object)) {
			b->body = r->body;
			b->searching = false;
			b->depth = is_begin ? 1 : 0;
			b->awaits_name = !is_begin &&
			    strcmp(b->verb, "EXECUTE") != 0;
			return;
		}
	/* CREATE OR REPLACE DEFINER = a@b FUNCTION, but BEGIN ATOMIC. */
	if (strstr(b->verb, "CREATE") == NULL && strcmp(b->verb, "ALTER") != 0)
		b->searching = false;
	if (b->words >= BODY_SEARCH || is_plain_object(p))
		b->searching = false;
}

/* A name that is spelt like a word of the language. */
static bool
is_qualified(const struct lexer *l, const struct piece *p)
{
	char before = p->text > l->begin ? p->text[-1] : ' ';

	if (before == ':') /* :end of Firebird, but label:BEGIN */
		return !piece_is(p, "BEGIN");
	return before == '.' || before == '@' || before == '#';
}

static void
open_one(struct body_state *b, const char *at)
{
	if (b->depth++ == 0)
		b->opened = at;
}

/* PostgreSQL: only BEGIN ATOMIC opens a body, and any word may follow AS. */
static void
see_atomic(struct body_state *b, const struct piece *p)
{
	if (b->behind_as)
		return;
	if (piece_is(p, "ATOMIC") && b->begin != NULL && b->depth == 0)
		open_one(b, b->begin);
	else if (piece_is(p, "CASE") && b->depth > 0)
		open_one(b, p->text);
	else if (piece_is(p, "END") && b->depth > 0)
		b->depth--;
}

static void
see_block(struct body_state *b, const struct piece *p)
{
	static const char *const uncounted[] = { "IF", "LOOP", "WHILE", "FOR",
		"REPEAT", NULL };
	bool compound = b->body == BODY_BLOCK && b->behind_end;

	b->behind_end = false;
	if (piece_is(p, "BEGIN")) {
		open_one(b, p->text);
		b->awaits_begin = false;
	} else if (piece_is(p, "DECLARE") && b->depth == 0) {
		b->awaits_begin = true;
		b->opened = p->text;
	} else if (piece_is(p, "CASE") && b->depth > 0 && !compound)
		open_one(b, p->text);
	else if (compound && is_one_of(p, uncounted))
		b->depth++;
	else if (piece_is(p, "END") && b->depth > 0 && !b->behind_as) {
		b->depth--;
		b->behind_end = true;
	}
}

/* CREATE FUNCTION IF NOT EXISTS begin(): whether the word is that name. */
static bool
is_name(struct body_state *b, const struct piece *p)
{
	static const char *const before[] = { "IF", "NOT", "EXISTS", "BODY",
		NULL };

	if (!b->awaits_name)
		return false;
	b->awaits_name = is_one_of(p, before);
	return true;
}

static void
see_body(struct body_state *b, const struct lexer *l, const struct piece *p,
    bool in_parens)
{
	if (b->body == BODY_TRIGGER)
		b->trigger_end = b->trigger_end == 1 && piece_is(p, "END") ? 2 :
									     0;
	if (in_parens || is_qualified(l, p) || is_name(b, p))
		return;
	if (b->body == BODY_ATOMIC)
		see_atomic(b, p);
	else if (b->body == BODY_BLOCK || b->body == BODY_PLAIN)
		see_block(b, p);
}

void
body_word(struct body_state *b, const struct lexer *l, const struct piece *p,
    bool in_parens)
{
	/* EXPLAIN QUERY PLAN CREATE ... */
	if (b->words == 0 &&
	    (piece_is(p, "EXPLAIN") || piece_is(p, "QUERY") ||
		piece_is(p, "PLAN")))
		return;
	b->words++;
	if (b->words == 1)
		see_verb(b, l, p);
	else if (b->searching && !in_parens)
		see_object(b, l, p);
	else if (b->body != BODY_NONE)
		see_body(b, l, p, in_parens);
	b->begin = piece_is(p, "BEGIN") ? p->text : NULL;
	b->behind_as = piece_is(p, "AS");
}

void
body_other(struct body_state *b)
{
	b->trigger_end = 0;
	b->begin = NULL;
	b->behind_as = false;
	b->behind_end = false;
	b->awaits_name = false;
}

bool
body_holds(struct body_state *b)
{
	bool ends;

	switch (b->body) {
	case BODY_SLASH:
	case BODY_RAW:
		ends = false;
		break;
	case BODY_TRIGGER:
		ends = b->trigger_end == 2;
		break;
	default:
		ends = b->depth == 0 && !b->awaits_begin;
	}
	if (ends)
		return false;
	body_other(b);
	b->trigger_end = 1;
	return true;
}

const char *
body_open(const struct body_state *b, const char **opened)
{
	*opened = b->opened;
	if (b->depth > 0 || b->awaits_begin)
		return "the BEGIN that stands here has no END";
	if (b->body == BODY_TRIGGER && b->trigger_end != 2) {
		*opened = NULL;
		return "the trigger that begins here has no END";
	}
	return NULL;
}
