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
	struct lexer lexer;
	unsigned line;	   /* of the text in its script */
	unsigned brackets; /* [ not yet closed */
	unsigned marks;	   /* lines of ? that the user wrote; the first */
	unsigned in;	   /* pieces seen of IN ( marker */
	unsigned in_line;  /* of that marker */
};

/* The last byte before at that is no blank, or a blank at the beginning. */
static char
before(const struct rewriting *r, const char *at)
{
	while (at > r->lexer.begin && isspace((unsigned char)at[-1]))
		at--;
	return at > r->lexer.begin ? at[-1] : ' ';
}

/*
 * Whether a parameter's name follows this colon. Not in "::" and ":=", not
 * behind a word, a number or a closing bracket (label:, a[1:n], 12:30), not
 * as the upper bound of a slice with blanks (a[1 :n]), and not behind a string
 * (JSON_OBJECT('a':b)).
 */
static bool
is_marker(const struct rewriting *r, const char *at)
{
	char previous = at > r->lexer.begin ? at[-1] : ' ';
	char near = before(r, at);

	if (at[1] != '_' && !isalpha((unsigned char)at[1]))
		return false;
	if (previous == ':' || near == '\'')
		return false;
	if (r->brackets > 0)
		previous = near;
	return previous != ')' && previous != ']' && previous != '"' &&
	    previous != '`' && !lexer_is_word(previous);
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
	    "Add it to source.params; if ':%s' is none, write it so that it "
	    "is not taken for one (a blank behind the colon).",
	    name);
}

/* The index of a parameter, or how many there are. */
static size_t
find_name(const struct rewriting *r, const char *name)
{
	size_t which = 0;

	while (which < r->defined->n &&
	    strcmp(r->defined->names[which], name) != 0)
		which++;
	return which;
}

static int
put_marker(struct rewriting *r, const char *name, unsigned line, struct err *e)
{
	struct params *p = r->params;
	size_t which = find_name(r, name);

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
	return buf_puts(&r->out,
	    r->defined->markers != NULL ? r->defined->markers[which] : "?", e);
}

/* The word at s as a name: its length, or 0. */
static size_t
take_name(const char *s, char name[PARAMS_NAME])
{
	size_t n = 0;

	while (lexer_is_word(s[n]) && s[n] != '$')
		n++;
	if (n >= PARAMS_NAME)
		n = 0;
	memcpy(name, s, n);
	name[n] = '\0';
	return n;
}

/*
 * The length of a variable of the client at s, or 0; its name. They are
 * pasted into the text by psql (:'day', :"day"), SQL*Plus (&day) and sqlcmd
 * ($(day)).
 */
static size_t
client_variable(const struct dialect *d, const char *s, char name[PARAMS_NAME])
{
	size_t n;

	if (d->copy_data && *s == ':' && (s[1] == '\'' || s[1] == '"')) {
		n = take_name(s + 2, name);
		return n > 0 && s[2 + n] == s[1] ? n + 3 : 0;
	}
	if (d->ampersands && *s == '&') {
		n = s[1] == '&' ? 2 : 1;
		return take_name(s + n, name) > 0 ? n + strlen(name) : 0;
	}
	if (d->go_splits && s[0] == '$' && s[1] == '(') {
		n = take_name(s + 2, name);
		return n > 0 && s[2 + n] == ')' ? n + 3 : 0;
	}
	return 0;
}

/* It would reach the database as it stands, or find nothing there. */
static int
refuse_variable(const struct rewriting *r, const char *at, size_t n,
    const char *name, struct err *e)
{
	/* Asked once: the lexer's lines need not be in order. */
	struct lexer l = r->lexer;

	(void)err_set(e, ERR_SPEC, "line %u: '%.*s' is a variable of %s",
	    r->line + lexer_line(&l, at) - 1, (int)n, at, l.dialect.client);
	if (*at == ':' && at[1] == '"')
		return err_hint(e,
		    "Write the name itself: what is bound is a value, never "
		    "the name of a table or column.");
	if (*at == '&' && at[-1] == '\'')
		return err_hint(e,
		    "Define '%s' in source.params and write :%s, without "
		    "quotes; if it is only text, write SET DEFINE OFF above.",
		    name, name);
	return err_hint(e,
	    "Define '%s' in source.params and write :%s, without quotes.", name,
	    name);
}

/* A string that is nothing but a variable: '&day', '$(day)'. */
static int
see_quoted(const struct rewriting *r, const struct piece *p, struct err *e)
{
	char name[PARAMS_NAME];
	size_t n;

	if (*p->text != '\'' || p->length < 4)
		return 0;
	n = client_variable(&r->lexer.dialect, p->text + 1, name);
	if (n == 0 || p->text[1] == ':')
		return 0;
	if (n + 3 == p->length && p->text[1 + n] == '.') /* &day. */
		n++;
	return n + 2 == p->length ?
	    refuse_variable(r, p->text + 1, n, name, e) :
	    0;
}

/* psql's :'day' is the same as :day when that is defined: 1 when it was one. */
static int
see_variable(struct rewriting *r, const struct piece *p, struct err *e)
{
	char name[PARAMS_NAME];
	size_t n = client_variable(&r->lexer.dialect, p->text, name);

	if (n == 0)
		return 0;
	if (*p->text == ':' &&
	    (r->brackets > 0 || before(r, p->text) == '\'' ||
		before(r, p->text) == ':' ||
		(p->text > r->lexer.begin && lexer_is_word(p->text[-1]))))
		return 0;
	if (p->text[1] != '\'' || find_name(r, name) == r->defined->n)
		return refuse_variable(r, p->text, n, name, e);
	r->lexer.at = p->text + n;
	return put_marker(r, name, lexer_line(&r->lexer, p->text), e) < 0 ? -1 :
									    1;
}

/* A colon: a marker with the word behind it, or itself. */
static int
see_colon(struct rewriting *r, const struct piece *colon, struct err *e)
{
	struct lexer *l = &r->lexer;
	struct piece word;
	char name[PARAMS_NAME];

	if (l->conditional != NULL || !is_marker(r, colon->text))
		return buf_puts(&r->out, ":", e);
	if (lexer_next(l, &word, e) < 0)
		return -1;
	if (word.type != PIECE_WORD || word.length >= sizeof(name))
		return buf_puts(&r->out, ":", e) < 0 ?
		    -1 :
		    buf_put(&r->out, word.text, word.length, e);
	memcpy(name, word.text, word.length);
	name[word.length] = '\0';
	return put_marker(r, name, lexer_line(l, colon->text), e);
}

/* IN (:list): one value, whatever commas are in it. */
static void
watch_in(struct rewriting *r, const struct piece *p, bool is_marker)
{
	if (p->type == PIECE_BLANK || p->type == PIECE_COMMENT)
		return;
	if (piece_is(p, "IN"))
		r->in = 1;
	else if (r->in == 1 && *p->text == '(')
		r->in = 2;
	else if (r->in == 2 && is_marker) {
		r->in = 3;
		r->in_line = lexer_line(&r->lexer, p->text);
	} else {
		if (r->in == 3 && *p->text == ')' && r->params->lone == 0) {
			r->params->lone = r->params->n;
			r->params->line = r->line + r->in_line - 1;
		}
		r->in = 0;
	}
}

static int
see_piece(struct rewriting *r, const struct piece *p, struct err *e)
{
	int rc = 0;

	if (p->type == PIECE_QUOTED)
		rc = see_quoted(r, p, e);
	else if (p->type == PIECE_OTHER ||
	    (p->type == PIECE_WORD && p->length == 1))
		rc = see_variable(r, p, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (p->type == PIECE_OTHER && *p->text == ':')
		return see_colon(r, p, e);
	if (p->type == PIECE_OTHER && *p->text == '?' && r->marks == 0)
		r->marks = lexer_line(&r->lexer, p->text);
	else if (p->type == PIECE_OTHER && *p->text == '[')
		r->brackets++;
	else if (p->type == PIECE_OTHER && *p->text == ']' && r->brackets > 0)
		r->brackets--;
	return buf_put(&r->out, p->text, p->length, e);
}

static int
rewrite(struct rewriting *r, struct err *e)
{
	struct piece p;

	do {
		size_t n = r->params->n;

		if (lexer_next(&r->lexer, &p, e) < 0 || see_piece(r, &p, e) < 0)
			return -1;
		watch_in(r, &p, r->params->n > n);
	} while (p.type != PIECE_END);
	if (r->params->n == 0 || r->marks == 0)
		return 0;
	(void)err_set(e, ERR_SPEC,
	    "line %u: the statement has a ? besides its parameters",
	    r->line + r->marks - 1);
	return err_hint(e,
	    "The driver would take it for one of them: write an operator such "
	    "as jsonb's ? as a function (jsonb_exists), and a value as :name.");
}

int
params_find(struct params *p, const struct statement_text *statement,
    const struct dialect *d, const struct param_names *defined, struct err *e)
{
	struct rewriting r = {
		.params = p,
		.out = BUF_INIT(SCRIPT_MAX),
		.defined = defined,
		.line = statement->text_line,
	};
	int rc;

	*p = (struct params)PARAMS_INIT;
	lexer_init(&r.lexer, statement->text, statement->length, d);
	if (statement->knows_mode) {
		r.lexer.dialect.backslash_escapes =
		    statement->backslash_escapes;
		r.lexer.dialect.double_strings = statement->double_strings;
		r.lexer.dialect.ampersands = statement->ampersands;
	}
	lexer_set_delimiter(&r.lexer, "", 0);
	rc = statement->has_body ?
	    buf_put(&r.out, statement->text, statement->length, e) :
	    rewrite(&r, e);
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
