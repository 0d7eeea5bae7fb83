/*
 * params.c - find :name in a statement and put ? in its place
 *
 * What hides a colon is lexer.c's business; which values the names have, and
 * binding them, is job/worker.c's and odbc/statement.h's.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "sql/lexer.h"
#include "sql/params.h"

enum { PARAMS_MAX = 65535, PARAMS_NAME = 128 };

/* A statement being rewritten. */
struct rewriting {
	struct params *params;
	struct buf out;
	const struct param_names *defined;
	const char *text; /* the whole statement */
	const char *end;
	unsigned line;	   /* of the text in its script */
	unsigned brackets; /* [ not yet closed */
};

/* The last byte before at that is no blank, or a blank at the beginning. */
static char
before(const struct rewriting *r, const char *at)
{
	while (at > r->text && isspace((unsigned char)at[-1]))
		at--;
	return at > r->text ? at[-1] : ' ';
}

/*
 * Whether a parameter's name follows this colon. Not in "::" and ":=", not
 * behind a word, a number or a closing bracket (label:, a[1:n], 12:30), and
 * not as the upper bound of a slice with blanks (a[1 :n]).
 */
static bool
is_marker(const struct rewriting *r, const char *at)
{
	char previous = at > r->text ? at[-1] : ' ';
	char next = at + 1 < r->end ? at[1] : ' ';

	if (next != '_' && !isalpha((unsigned char)next))
		return false;
	if (r->brackets > 0)
		previous = before(r, at);
	return previous != ':' && previous != ')' && previous != ']' &&
	    !lexer_is_word(previous);
}

static int
unknown(
    const struct rewriting *r, const char *name, unsigned line, struct err *e)
{
	const char *nearest = str_nearest(
	    name, r->defined->names, r->defined->n);

	(void)err_set(e, ERR_SPEC, "line %u: there is no parameter '%s'",
	    r->line + line - 1, name);
	if (nearest != NULL)
		return err_hint(e, "Did you mean ':%s'?", nearest);
	return err_hint(e,
	    "Add it to source.params, or quote the text if "
	    "':%s' is none.",
	    name);
}

static int
put_marker(struct rewriting *r, const char *name, unsigned line, struct err *e)
{
	struct params *p = r->params;
	size_t which = 0;

	while (which < r->defined->n &&
	    strcmp(r->defined->names[which], name) != 0)
		which++;
	if (which == r->defined->n)
		return unknown(r, name, line, e);
	if (p->n % 16 == 0) {
		size_t *index = realloc(p->index, (p->n + 16) * sizeof(*index));

		if (index == NULL || p->n >= PARAMS_MAX) {
			p->index = index != NULL ? index : p->index;
			return err_set(e, ERR_INTERNAL, "too many parameters");
		}
		p->index = index;
	}
	p->index[p->n++] = which;
	return buf_puts(&r->out, "?", e);
}

/* A colon: a marker with the word behind it, or itself. */
static int
see_colon(struct rewriting *r, struct lexer *l, const struct piece *colon,
    struct err *e)
{
	struct piece word;
	char name[PARAMS_NAME];

	if (!is_marker(r, colon->text))
		return buf_puts(&r->out, ":", e);
	if (lexer_next(l, &word, e) < 0)
		return -1;
	/* :e'...' is a colon and a string where the dialect has such. */
	if (word.type != PIECE_WORD || word.length >= sizeof(name))
		return buf_puts(&r->out, ":", e) < 0 ?
		    -1 :
		    buf_put(&r->out, word.text, word.length, e);
	memcpy(name, word.text, word.length);
	name[word.length] = '\0';
	return put_marker(r, name, colon->line, e);
}

static int
rewrite(struct rewriting *r, struct lexer *l, struct err *e)
{
	struct piece p;

	for (;;) {
		if (lexer_next(l, &p, e) < 0)
			return -1;
		if (p.type == PIECE_END)
			return 0;
		if (p.type == PIECE_OTHER && *p.text == ':') {
			if (see_colon(r, l, &p, e) < 0)
				return -1;
			continue;
		}
		if (p.type == PIECE_OTHER && *p.text == '[')
			r->brackets++;
		if (p.type == PIECE_OTHER && *p.text == ']' && r->brackets > 0)
			r->brackets--;
		if (buf_put(&r->out, p.text, p.length, e) < 0)
			return -1;
	}
}

/* The line where the text begins; a comment may stand above its first word. */
static unsigned
first_line(const struct statement_text *statement)
{
	unsigned line = statement->end_line;

	for (size_t i = 0; i < statement->length; i++)
		if (statement->text[i] == '\n' && line > 1)
			line--;
	return line > 0 ? line : 1;
}

int
params_find(struct params *p, const struct statement_text *statement,
    const struct dialect *d, const struct param_names *defined, struct err *e)
{
	struct rewriting r = {
		.params = p,
		.out = BUF_INIT(SCRIPT_MAX),
		.defined = defined,
		.text = statement->text,
		.end = statement->text + statement->length,
		.line = first_line(statement),
	};
	struct lexer l;
	int rc;

	*p = (struct params)PARAMS_INIT;
	lexer_init(&l, statement->text, statement->length, d);
	l.delimiter[0] = '\0';
	rc = defined->n == 0 ?
	    buf_put(&r.out, statement->text, statement->length, e) :
	    rewrite(&r, &l, e);
	if (rc < 0) {
		buf_release(&r.out);
		params_release(p);
		return -1;
	}
	p->length = r.out.length;
	p->text = buf_take(&r.out);
	return 0;
}

void
params_release(struct params *p)
{
	free(p->text);
	free(p->index);
	*p = (struct params)PARAMS_INIT;
}
