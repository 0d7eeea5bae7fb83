/*
 * lexer.c - the pieces of SQL text that matter for finding its boundaries
 *
 * It knows what hides a delimiter (quotes, comments) and nothing of grammar:
 * see script.c for statements, params.c for parameters.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "sql/lexer.h"

void
lexer_init(
    struct lexer *l, const char *text, size_t length, const struct dialect *d)
{
	l->at = text;
	l->end = text + length;
	l->line = 1;
	l->dialect = d;
	l->delimiter[0] = d->semicolon_splits ? ';' : '\0';
	l->delimiter[1] = '\0';
}

bool
lexer_is_word(char c)
{
	unsigned char u = (unsigned char)c;

	return isalnum(u) || u == '_' || u == '$' || u >= 0x80;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == '\x1a';
}

bool
piece_is(const struct piece *p, const char *word)
{
	return p->type == PIECE_WORD && strlen(word) == p->length &&
	    strncasecmp(p->text, word, p->length) == 0;
}

static size_t
left(const struct lexer *l, const char *at)
{
	return (size_t)(l->end - at);
}

static bool
starts(const struct lexer *l, const char *at, const char *text)
{
	size_t n = strlen(text);

	return left(l, at) >= n && memcmp(at, text, n) == 0;
}

static bool
at_delimiter(const struct lexer *l, const char *at)
{
	return l->delimiter[0] != '\0' && starts(l, at, l->delimiter);
}

/* Whether a line comment begins here. */
static bool
at_line_comment(const struct lexer *l)
{
	if (*l->at == '#')
		return l->dialect->hash_comments;
	if (!starts(l, l->at, "--"))
		return false;
	return !l->dialect->dash_needs_space || left(l, l->at) == 2 ||
	    (unsigned char)l->at[2] <= ' ';
}

static int
unclosed(const struct lexer *l, const char *what, struct err *e)
{
	(void)err_set(e, ERR_SPEC,
	    "line %u: the %s that begins here is never "
	    "closed",
	    l->line, what);
	return err_hint(e,
	    "If the text is right, set source.dialect to the "
	    "database's kind: quotes and comments differ.");
}

/* Behind a block comment, or NULL. */
static const char *
skip_block_comment(const struct lexer *l)
{
	const char *s = l->at + 2;
	unsigned depth = 1;

	while (left(l, s) >= 2) {
		if (s[0] == '*' && s[1] == '/') {
			s += 2;
			if (--depth == 0)
				return s;
		} else if (s[0] == '/' && s[1] == '*' &&
		    l->dialect->nested_comments) {
			s += 2;
			depth++;
		} else
			s++;
	}
	return NULL;
}

/*
 * Behind a quoted text that begins at s with an opening byte, or NULL. A
 * closing byte that stands twice is one of the text.
 */
static const char *
skip_quoted(const struct lexer *l, const char *s, char close, bool backslash)
{
	for (s++; s < l->end; s++) {
		if (backslash && *s == '\\')
			s++;
		else if (*s == close) {
			if (left(l, s) < 2 || s[1] != close)
				return s + 1;
			s++;
		}
	}
	return NULL;
}

/* The length of $tag$ at s, or 0. PostgreSQL: a tag is an identifier. */
static size_t
dollar_tag(const struct lexer *l, const char *s)
{
	const char *t = s + 1;

	if (t < l->end && isdigit((unsigned char)*t))
		return 0;
	while (t < l->end && *t != '$' && lexer_is_word(*t))
		t++;
	return t < l->end && *t == '$' ? (size_t)(t + 1 - s) : 0;
}

/* Behind $tag$...$tag$, or NULL. */
static const char *
skip_dollar(const struct lexer *l, size_t tag)
{
	const char *s = memmem(l->at + tag, left(l, l->at) - tag, l->at, tag);

	return s != NULL ? s + tag : NULL;
}

/* MySQL runs what is in these comments. */
static bool
is_conditional(const struct lexer *l)
{
	return l->dialect->hash_comments &&
	    (starts(l, l->at, "/*!") || starts(l, l->at, "/*M!"));
}

static void
count_lines(struct lexer *l, const char *until)
{
	for (; l->at < until; l->at++)
		if (*l->at == '\n')
			l->line++;
}

/* Make the text up to until the piece. */
static int
take(struct lexer *l, struct piece *p, enum piece_type type, const char *until)
{
	p->type = type;
	p->text = l->at;
	p->length = (size_t)(until - l->at);
	p->line = l->line;
	count_lines(l, until);
	return 0;
}

static int
take_closed(struct lexer *l, struct piece *p, const char *until,
    const char *what, struct err *e)
{
	if (until == NULL)
		return unclosed(l, what, e);
	return take(l, p, PIECE_QUOTED, until);
}

static int
take_block_comment(struct lexer *l, struct piece *p, struct err *e)
{
	const char *until = skip_block_comment(l);

	if (until == NULL)
		return unclosed(l, "comment", e);
	return take(
	    l, p, is_conditional(l) ? PIECE_OTHER : PIECE_COMMENT, until);
}

static int
take_line_comment(struct lexer *l, struct piece *p)
{
	const char *s = memchr(l->at, '\n', left(l, l->at));

	return take(l, p, PIECE_COMMENT, s != NULL ? s : l->end);
}

/* E'...' has escapes where the dialect has such strings. */
static int
take_word(struct lexer *l, struct piece *p, struct err *e)
{
	const char *s = l->at;

	if ((*s == 'E' || *s == 'e') && l->dialect->escape_strings &&
	    left(l, s) > 1 && s[1] == '\'')
		return take_closed(
		    l, p, skip_quoted(l, s + 1, '\'', true), "string", e);
	while (s < l->end && lexer_is_word(*s) &&
	    (s == l->at || !at_delimiter(l, s)))
		s++;
	return take(l, p, PIECE_WORD, s);
}

/* Quotes of all kinds; 1 when none begins here. */
static int
take_quoted(struct lexer *l, struct piece *p, struct err *e)
{
	const struct dialect *d = l->dialect;
	size_t tag;

	switch (*l->at) {
	case '\'':
		return take_closed(l, p,
		    skip_quoted(l, l->at, '\'', d->backslash_escapes), "string",
		    e);
	case '"':
		return take_closed(l, p,
		    skip_quoted(l, l->at, '"', d->backslash_escapes),
		    "double quote", e);
	case '`':
		return !d->backticks ?
		    1 :
		    take_closed(
			l, p, skip_quoted(l, l->at, '`', false), "backtick", e);
	case '[':
		return !d->brackets ?
		    1 :
		    take_closed(
			l, p, skip_quoted(l, l->at, ']', false), "bracket", e);
	case '$':
		tag = d->dollar_quotes ? dollar_tag(l, l->at) : 0;
		return tag == 0 ?
		    1 :
		    take_closed(l, p, skip_dollar(l, tag), "dollar quote", e);
	default:
		return 1;
	}
}

int
lexer_next(struct lexer *l, struct piece *p, struct err *e)
{
	const char *s = l->at;
	int rc;

	if (s == l->end)
		return take(l, p, PIECE_END, s);
	if (at_delimiter(l, s))
		return take(l, p, PIECE_DELIMITER, s + strlen(l->delimiter));
	if (is_blank(*s)) {
		while (s < l->end && is_blank(*s))
			s++;
		return take(l, p, PIECE_BLANK, s);
	}
	if (at_line_comment(l))
		return take_line_comment(l, p);
	if (starts(l, s, "/*"))
		return take_block_comment(l, p, e);
	rc = take_quoted(l, p, e);
	if (rc <= 0)
		return rc;
	if (lexer_is_word(*s))
		return take_word(l, p, e);
	return take(l, p, PIECE_OTHER, s + 1);
}
