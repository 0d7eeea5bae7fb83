/*
 * lexer.c - the pieces of SQL text that matter for finding its boundaries
 *
 * It knows what hides a delimiter (quotes, comments) and nothing of grammar:
 * see script.c for statements, params.c for parameters. The text ends with a
 * NUL that is not part of it and holds no other, so that looking one byte
 * ahead needs no test.
 */
#include <ctype.h>
#include <string.h>

#include "sql/lexer.h"

/* What a byte may begin. */
enum byte_class {
	BYTE_OTHER,
	BYTE_BLANK = LEXER_BLANK,
	BYTE_END,
	BYTE_WORD,
	BYTE_DOLLAR,
	BYTE_STRING,
	BYTE_NAME,
	BYTE_DASH,
	BYTE_SLASH,
	BYTE_STAR,
	BYTE_HASH
};

bool
lexer_is_word(char c)
{
	unsigned char u = (unsigned char)c;

	return isalnum(u) || u == '_' || u == '$' || u >= 0x80;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void
classify(struct lexer *l)
{
	const struct dialect *d = &l->dialect;

	for (unsigned c = 0; c < 256; c++)
		l->class[c] = lexer_is_word((char)c) ? BYTE_WORD :
		    is_blank((char)c)		     ? BYTE_BLANK :
						       BYTE_OTHER;
	for (unsigned c = 0; c < 256; c++)
		l->words[c] = l->class[c] == BYTE_WORD;
	l->class['\0'] = BYTE_END;
	l->class['\''] = BYTE_STRING;
	l->class['"'] = BYTE_NAME;
	l->class['-'] = BYTE_DASH;
	l->class['/'] = BYTE_SLASH;
	if (d->backticks)
		l->class['`'] = BYTE_NAME;
	if (d->brackets)
		l->class['['] = BYTE_NAME;
	if (d->hash_comments)
		l->class['#'] = BYTE_HASH;
	if (d->dollar_quotes)
		l->class['$'] = BYTE_DOLLAR;
	if (d->conditional_comments)
		l->class['*'] = BYTE_STAR;
}

/* What the splitter must see even where words do not matter. */
static void
set_stops(struct lexer *l)
{
	const struct dialect *d = &l->dialect;

	for (unsigned c = 0; c < 256; c++)
		l->stops[c] = l->class[c] != BYTE_OTHER &&
		    l->class[c] != BYTE_WORD && l->class[c] != BYTE_BLANK;
	if (d->command_mark == '\\' || d->conditional_comments)
		l->stops['\\'] = true;
	if (d->parens_hold)
		l->stops['('] = l->stops[')'] = true;
	if (d->go_splits)
		l->stops['\n'] = l->stops['\r'] = true;
	if (l->delimiter_length > 0)
		l->stops[(unsigned char)l->delimiter[0]] = true;
}

void
lexer_init(
    struct lexer *l, const char *text, size_t length, const struct dialect *d)
{
	memset(l, 0, sizeof(*l));
	l->begin = l->at = l->counted = text;
	l->end = text + length;
	l->line = 1;
	l->has_cr = length > 0 && memchr(text, '\r', length) != NULL;
	l->dialect = *d;
	classify(l);
	lexer_set_delimiter(l, ";", d->semicolon_splits ? 1 : 0);
}

void
lexer_set_delimiter(struct lexer *l, const char *text, size_t n)
{
	memcpy(l->delimiter, text, n);
	l->delimiter[n] = '\0';
	l->delimiter_length = n;
	l->is_semicolon = n == 1 && *text == ';';
	set_stops(l);
}

void
lexer_skip(struct lexer *l)
{
	const unsigned char *s = (const unsigned char *)l->at;

	/* The NUL at the end stops it. */
	for (;; s += 4) {
		if (l->stops[s[0]])
			break;
		if (l->stops[s[1]]) {
			s += 1;
			break;
		}
		if (l->stops[s[2]]) {
			s += 2;
			break;
		}
		if (l->stops[s[3]]) {
			s += 3;
			break;
		}
	}
	l->at = (const char *)s;
}

/* Whether a word may be one of those that count in a body. */
static bool
may_count(const unsigned char *s)
{
	switch (s[0] | 0x20) {
	case 'a':
		return (s[1] | 0x20) == 's';
	case 'b':
	case 'd':
		return (s[1] | 0x20) == 'e';
	case 'c':
		return (s[1] | 0x20) == 'a';
	case 'e':
		return (s[1] | 0x20) == 'n';
	default:
		return false;
	}
}

bool
lexer_skip_words(struct lexer *l)
{
	const unsigned char *s = (const unsigned char *)l->at;
	bool passed = false;

	/* A word must not be looked at from its middle on. */
	if (isalpha((unsigned char)l->delimiter[0]))
		return false;
	/* The NUL at the end stops it. */
	for (;;) {
		if (l->words[*s] && !l->stops[*s]) {
			if (may_count(s))
				break;
			while (l->words[*s] && !l->stops[*s])
				s++;
		} else if (l->class[*s] == BYTE_BLANK && !l->stops[*s]) {
			s++;
			continue;
		} else if (l->stops[*s] || *s == '(' || *s == ')')
			break;
		else
			s++;
		passed = true;
	}
	l->at = (const char *)s;
	return passed;
}

static size_t
left(const struct lexer *l, const char *at)
{
	return (size_t)(l->end - at);
}

static bool
starts(const struct lexer *l, const char *at, const char *text, size_t n)
{
	return left(l, at) >= n && memcmp(at, text, n) == 0;
}

static bool
at_delimiter(const struct lexer *l, const char *at)
{
	return *at == l->delimiter[0] && l->delimiter_length > 0 &&
	    (l->delimiter_length == 1 ||
		starts(l, at, l->delimiter, l->delimiter_length));
}

/* A line break: \n, \r\n, or \r alone. */
unsigned
lexer_line(struct lexer *l, const char *at)
{
	const char *s = l->counted;

	if (at < s) {
		s = l->begin;
		l->line = 1;
	}
	if (l->has_cr)
		for (; s < at; s++)
			l->line += *s == '\n' || (*s == '\r' && s[1] != '\n');
	else
		while ((s = memchr(s, '\n', (size_t)(at - s))) != NULL) {
			l->line++;
			s++;
		}
	l->counted = at;
	return l->line;
}

bool
lexer_begins_line(const struct lexer *l, const char *at)
{
	while (at > l->begin && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	return at == l->begin || at[-1] == '\n' || at[-1] == '\r';
}

const char *
lexer_end_of_line(const char *at)
{
	while (*at != '\n' && *at != '\r' && *at != '\0')
		at++;
	return at;
}

/* Whether a line comment begins at a dash. */
static bool
at_dashes(const struct lexer *l)
{
	if (l->at[1] != '-')
		return false;
	/* mysql.cc: before any content the client needs no blank. */
	return !l->dialect.dash_needs_space || l->is_fresh ||
	    (unsigned char)l->at[2] <= ' ';
}

static int
unclosed(struct lexer *l, const char *at, const char *what, struct err *e)
{
	(void)err_set(e, ERR_SPEC,
	    "line %u: the %s that begins here is never closed",
	    lexer_line(l, at), what);
	return err_hint(e,
	    "If the text is right, set source.dialect to the "
	    "database's kind: quotes and comments differ.");
}

/* Behind a block comment that does not nest, or NULL. */
static const char *
skip_flat_comment(const struct lexer *l)
{
	const char *s = l->at + 2;

	while ((s = memchr(s, '*', left(l, s))) != NULL)
		if (*++s == '/')
			return s + 1;
	return NULL;
}

/* Behind a block comment, or NULL. */
static const char *
skip_nested_comment(const struct lexer *l)
{
	const char *s = l->at + 2;
	unsigned depth = 1;

	while (left(l, s) >= 2) {
		if (s[0] == '*' && s[1] == '/') {
			s += 2;
			if (--depth == 0)
				return s;
		} else if (s[0] == '/' && s[1] == '*') {
			s += 2;
			depth++;
		} else
			s++;
	}
	return NULL;
}

/*
 * Behind a quoted text that begins at s with an opening byte, or NULL. A
 * closing byte that stands twice is one of the text: then another text begins
 * where this one ended, which comes to the same.
 */
static const char *
skip_quoted(const struct lexer *l, const char *s, char close)
{
	s = memchr(s + 1, close, left(l, s + 1));
	while (s != NULL && s[1] == close && left(l, s) > 1)
		s = memchr(s + 2, close, left(l, s + 2));
	return s != NULL ? s + 1 : NULL;
}

/* The same where a backslash takes the meaning from the byte behind it. */
static const char *
skip_escaped(const struct lexer *l, const char *s, char close)
{
	for (s++; s < l->end; s++) {
		if (*s == '\\')
			s++;
		else if (*s == close) {
			if (s[1] != close)
				return s + 1;
			s++;
		}
	}
	return NULL;
}

/*
 * Whether another part of the string follows: blanks with a line break in
 * them (and comments), then a quote. psqlscan.l quotecontinue.
 */
static const char *
continued(const char *s)
{
	bool broken = false;

	for (;;) {
		while (is_blank(*s)) {
			broken = broken || *s == '\n' || *s == '\r';
			s++;
		}
		if (s[0] != '-' || s[1] != '-')
			break;
		s = lexer_end_of_line(s);
	}
	return broken && *s == '\'' ? s : NULL;
}

/* Behind E'...' and what continues it on the next line, or NULL. */
static const char *
skip_continued(const struct lexer *l, const char *s)
{
	const char *more = s;

	while (more != NULL) {
		s = skip_escaped(l, more, '\'');
		more = s != NULL ? continued(s) : NULL;
	}
	return s;
}

/* The letter in front of a quote, when it stands alone; else 0. */
static char
prefix_of(const struct lexer *l, const char *quote)
{
	if (quote == l->begin || !isalpha((unsigned char)quote[-1]))
		return '\0';
	if (quote - 1 > l->begin && lexer_is_word(quote[-2]))
		return '\0';
	return (char)tolower((unsigned char)quote[-1]);
}

/* Whether U& stands in front of a quote: no backslash escapes in it, ever. */
static bool
has_unicode(const struct lexer *l, const char *quote)
{
	return quote - l->begin >= 2 && quote[-1] == '&' &&
	    tolower((unsigned char)quote[-2]) == 'u' &&
	    (quote - l->begin == 2 || !lexer_is_word(quote[-3]));
}

/* Whether q or nq stands in front of a quote. */
static bool
has_q(const struct lexer *l, const char *quote)
{
	const char *s = quote;

	if (s == l->begin || tolower((unsigned char)*--s) != 'q')
		return false;
	if (s > l->begin && tolower((unsigned char)s[-1]) == 'n')
		s--;
	return s == l->begin || !lexer_is_word(s[-1]);
}

/* Bytes of the UTF-8 character that begins with c. */
static size_t
character_bytes(char c)
{
	unsigned char u = (unsigned char)c;

	return u < 0xc0 ? 1 : u < 0xe0 ? 2 : u < 0xf0 ? 3 : 4;
}

/* Behind q'[...]', or NULL. Oracle: the delimiter is any character. */
static const char *
skip_q(const struct lexer *l, const char *quote)
{
	static const char pairs[] = "[]{}()<>";
	char close[6] = "";
	size_t n = character_bytes(quote[1]);
	const char *pair, *s;

	if (left(l, quote) <= n + 1 || is_blank(quote[1]))
		return NULL;
	memcpy(close, quote + 1, n);
	pair = strchr(pairs, quote[1]);
	if (pair != NULL && (pair - pairs) % 2 == 0)
		close[0] = pair[1];
	close[n] = '\'';
	s = memmem(quote + 1 + n, left(l, quote + 1 + n), close, n + 1);
	return s != NULL ? s + n + 1 : NULL;
}

/* The length of $tag$ at s, or 0. PostgreSQL: a tag is an identifier. */
static size_t
dollar_tag(const struct lexer *l, const char *s)
{
	const char *t = s + 1;

	if (isdigit((unsigned char)*t) ||
	    (s > l->begin && lexer_is_word(s[-1])))
		return 0;
	while (*t != '$' && lexer_is_word(*t))
		t++;
	return *t == '$' ? (size_t)(t + 1 - s) : 0;
}

/* Make the text up to until the piece. */
static int
take(struct lexer *l, struct piece *p, enum piece_type type, const char *until)
{
	p->type = type;
	p->text = l->at;
	p->length = (size_t)(until - l->at);
	l->at = until;
	return 0;
}

static int
take_closed(struct lexer *l, struct piece *p, const char *until,
    const char *what, struct err *e)
{
	if (until == NULL)
		return unclosed(l, l->at, what, e);
	return take(l, p, PIECE_QUOTED, until);
}

static int
take_string(struct lexer *l, struct piece *p, struct err *e)
{
	const struct dialect *d = &l->dialect;
	const char *s = l->at;
	char prefix = d->escape_strings ? prefix_of(l, s) : '\0';
	const char *until;

	if (d->q_quotes && has_q(l, s))
		until = skip_q(l, s);
	else if (prefix == 'e' ||
	    (d->escape_strings && d->backslash_escapes && prefix != 'b' &&
		prefix != 'x' && !has_unicode(l, s)))
		until = skip_continued(l, s);
	else if (d->backslash_escapes && !d->escape_strings)
		until = skip_escaped(l, s, '\'');
	else
		until = skip_quoted(l, s, '\'');
	return take_closed(l, p, until, "string", e);
}

static int
take_name(struct lexer *l, struct piece *p, struct err *e)
{
	const struct dialect *d = &l->dialect;
	const char *s = l->at;

	if (*s == '`')
		return take_closed(l, p, skip_quoted(l, s, '`'), "backtick", e);
	if (*s == '"')
		return take_closed(l, p,
		    d->double_strings && d->backslash_escapes ?
			skip_escaped(l, s, '"') :
			skip_quoted(l, s, '"'),
		    "double quote", e);
	if (d->doubled_brackets)
		s = skip_quoted(l, s, ']');
	else {
		s = memchr(s, ']', left(l, s));
		s = s != NULL ? s + 1 : NULL;
	}
	return take_closed(l, p, s, "bracket", e);
}

static int take_word(struct lexer *l, struct piece *p);

static int
take_dollar(struct lexer *l, struct piece *p, struct err *e)
{
	size_t tag = dollar_tag(l, l->at);
	const char *s;

	if (tag == 0)
		return take_word(l, p);
	s = memmem(l->at + tag, left(l, l->at) - tag, l->at, tag);
	return take_closed(l, p, s != NULL ? s + tag : NULL, "dollar quote", e);
}

/*
 * A lone carriage return ends the line for some databases and not for others;
 * where it does not, statements would be lost in the comment without a word.
 */
static int
take_line_comment(struct lexer *l, struct piece *p, struct err *e)
{
	const char *end = lexer_end_of_line(l->at);

	if (*end == '\r' && end[1] != '\n' && end[1] != '\0' &&
	    !l->dialect.cr_ends_comment) {
		(void)err_set(e, ERR_SPEC,
		    "line %u: a carriage return without a line feed stands "
		    "in the comment",
		    lexer_line(l, l->at));
		return err_hint(e,
		    "This database does not end the line there; "
		    "convert the line ends: tr '\\r' '\\n'.");
	}
	return take(l, p, PIECE_COMMENT, end);
}

/* MySQL runs what is in these comments: slash-star-!, a version. */
static size_t
conditional_mark(const struct lexer *l)
{
	size_t n = 0;

	if (!l->dialect.conditional_comments || l->conditional != NULL)
		return 0;
	if (starts(l, l->at, "/*!", 3))
		n = 3;
	else if (starts(l, l->at, "/*M!", 4))
		n = 4;
	while (n > 0 && isdigit((unsigned char)l->at[n]))
		n++;
	return n;
}

static int
take_block_comment(struct lexer *l, struct piece *p, struct err *e)
{
	size_t mark = conditional_mark(l);
	const char *until;

	if (mark > 0) {
		l->conditional = l->at;
		return take(l, p, PIECE_OTHER, l->at + mark);
	}
	until = l->dialect.nested_comments ? skip_nested_comment(l) :
					     skip_flat_comment(l);
	if (until == NULL)
		return unclosed(l, l->at, "comment", e);
	return take(l, p, PIECE_COMMENT, until);
}

static int
take_word(struct lexer *l, struct piece *p)
{
	const char *s = l->at + 1;

	if (l->words[(unsigned char)l->delimiter[0]])
		while (l->words[(unsigned char)*s] && !at_delimiter(l, s))
			s++;
	else
		while (l->words[(unsigned char)*s])
			s++;
	return take(l, p, PIECE_WORD, s);
}

static int
take_blank(struct lexer *l, struct piece *p)
{
	const char *s = l->at;

	while (is_blank(*s) && !at_delimiter(l, s))
		s++;
	return take(l, p, PIECE_BLANK, s);
}

static int
take_end(struct lexer *l, struct piece *p, struct err *e)
{
	if (l->conditional != NULL)
		return unclosed(l, l->conditional, "comment", e);
	return take(l, p, PIECE_END, l->at);
}

int
lexer_next(struct lexer *l, struct piece *p, struct err *e)
{
	const char *s = l->at;

	if (s >= l->end)
		return take_end(l, p, e);
	if (at_delimiter(l, s))
		return take(l, p,
		    l->conditional != NULL ? PIECE_OTHER : PIECE_DELIMITER,
		    s + l->delimiter_length);
	switch (l->class[(unsigned char)*s]) {
	case BYTE_BLANK:
		return take_blank(l, p);
	case BYTE_WORD:
		return take_word(l, p);
	case BYTE_STRING:
		return take_string(l, p, e);
	case BYTE_NAME:
		return take_name(l, p, e);
	case BYTE_DOLLAR:
		return take_dollar(l, p, e);
	case BYTE_HASH:
		return take_line_comment(l, p, e);
	case BYTE_DASH:
		if (at_dashes(l))
			return take_line_comment(l, p, e);
		break;
	case BYTE_SLASH:
		if (s[1] == '*')
			return take_block_comment(l, p, e);
		break;
	case BYTE_STAR:
		if (s[1] == '/' && l->conditional != NULL) {
			l->conditional = NULL;
			return take(l, p, PIECE_OTHER, s + 2);
		}
		break;
	default:
		break;
	}
	return take(l, p, PIECE_OTHER, s + 1);
}
