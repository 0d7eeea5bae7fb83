/*
 * sql_property.c - what must hold for any script
 *
 * The reference is a scanner that looks at one byte after the other and knows
 * nothing of the real one. It has no bodies, commands and separators of lines,
 * so it is asked only about texts that have none.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/params.h"
#include "sql/script.h"
#include "sql_property.h"

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
			violated(__LINE__, #condition, text, size); \
	} while (0)

_Noreturn static void
violated(int line, const char *what, const char *text, size_t size)
{
	(void)fprintf(stderr, "property of line %d: %s\n%.*s\n", line, what,
	    (int)size, text);
	abort();
}

static const struct dialect *
choose(uint8_t byte)
{
	size_t n;
	const char *const *names = dialect_names(&n);

	return dialect_by_name(names[byte % n]);
}

uint8_t
sql_property_dialect(const char *name)
{
	size_t n;
	const char *const *names = dialect_names(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (uint8_t)i;
	abort();
}

/* The reference: each byte is code 'c', quoted 'q' or comment '-'. */
struct naive {
	const struct dialect *d;
	const char *text;
	size_t size;
	char *mask;
	size_t i;
};

static bool
sees(const struct naive *n, const char *word)
{
	size_t length = strlen(word);

	return n->size - n->i >= length &&
	    memcmp(n->text + n->i, word, length) == 0;
}

static char
byte(const struct naive *n, size_t i)
{
	return i < n->size ? n->text[i] : '\0';
}

static bool
is_word(char c)
{
	unsigned char u = (unsigned char)c;

	return isalnum(u) || c == '_' || c == '$' || u >= 0x80;
}

static void
put(struct naive *n, size_t bytes, char mark)
{
	while (bytes-- > 0 && n->i < n->size)
		n->mask[n->i++] = mark;
}

static bool
naive_quoted(struct naive *n, char close, bool escapes, bool doubled)
{
	put(n, 1, 'q');
	while (n->i < n->size) {
		char c = n->text[n->i];

		if (escapes && c == '\\')
			put(n, 2, 'q');
		else if (c == close && doubled && byte(n, n->i + 1) == close)
			put(n, 2, 'q');
		else {
			put(n, 1, 'q');
			if (c == close)
				return true;
		}
	}
	return false;
}

static bool
naive_block(struct naive *n)
{
	unsigned depth = 0;

	while (n->i < n->size) {
		if (sees(n, "/*") && (depth == 0 || n->d->nested_comments)) {
			depth++;
			put(n, 2, '-');
		} else if (sees(n, "*/")) {
			put(n, 2, '-');
			if (--depth == 0)
				return true;
		} else
			put(n, 1, '-');
	}
	return false;
}

static bool
naive_line(struct naive *n)
{
	while (n->i < n->size && n->text[n->i] != '\n') {
		if (n->text[n->i] == '\r' && byte(n, n->i + 1) == '\n')
			return true;
		if (n->text[n->i] == '\r' && n->d->cr_ends_comment)
			return true;
		put(n, 1, '-');
	}
	return true;
}

/* 1 it was one, 0 there is none, -1 it does not end. */
static int
naive_dollar(struct naive *n)
{
	size_t tag = 1, start = n->i;

	if ((start > 0 && is_word(n->text[start - 1])) ||
	    isdigit((unsigned char)byte(n, start + 1)))
		return 0;
	while (start + tag < n->size && n->text[start + tag] != '$') {
		if (!is_word(n->text[start + tag]))
			return 0;
		tag++;
	}
	if (start + tag >= n->size)
		return 0;
	tag++;
	put(n, tag, 'q');
	while (n->i + tag <= n->size) {
		if (memcmp(n->text + n->i, n->text + start, tag) == 0) {
			put(n, tag, 'q');
			return 1;
		}
		put(n, 1, 'q');
	}
	return -1;
}

/* Whether the E of E'...' stands in front, alone. */
static bool
naive_has_e(const struct naive *n)
{
	return n->d->escape_strings && n->i > 0 &&
	    tolower((unsigned char)n->text[n->i - 1]) == 'e' &&
	    (n->i < 2 || !is_word(n->text[n->i - 2]));
}

static bool
naive_string(struct naive *n)
{
	bool escapes = n->d->backslash_escapes || naive_has_e(n);

	return naive_quoted(n, '\'', escapes, true);
}

/* Mark all bytes; false when something is not closed. */
static bool
naive_scan(struct naive *n)
{
	const struct dialect *d = n->d;

	while (n->i < n->size) {
		char c = n->text[n->i];
		bool closed = true;
		int dollar = 0;

		if (c == '$' && d->dollar_quotes)
			dollar = naive_dollar(n);
		if (dollar != 0)
			closed = dollar > 0;
		else if (sees(n, "--") || (c == '#' && d->hash_comments))
			closed = naive_line(n);
		else if (sees(n, "/*"))
			closed = naive_block(n);
		else if (c == '\'')
			closed = naive_string(n);
		else if (c == '"')
			closed = naive_quoted(n, '"', d->double_strings, true);
		else if (c == '`' && d->backticks)
			closed = naive_quoted(n, '`', false, true);
		else if (c == '[' && d->brackets)
			closed = naive_quoted(
			    n, ']', false, d->doubled_brackets);
		else
			put(n, 1, 'c');
		if (!closed)
			return false;
	}
	return true;
}

static bool
contains(const char *text, size_t size, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= size; i++)
		if (strncasecmp(text + i, word, n) == 0)
			return true;
	return false;
}

/* No letters but those of the soup: then no word means anything. */
static bool
has_plain_letters(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (isalpha((unsigned char)text[i]) &&
		    strchr("abexnABEXN", text[i]) == NULL)
			return false;
	return true;
}

/* Whether the reference can answer for the text. */
static bool
is_naive(const struct dialect *d, const char *text, size_t size)
{
	if (!d->semicolon_splits || d->slash_splits || d->q_quotes ||
	    d->term_comment || !has_plain_letters(text, size) ||
	    contains(text, size, "\\") || contains(text, size, "on error"))
		return false;
	/* E'a' and a part in the next line; a lone CR is refused. */
	if (d->escape_strings && contains(text, size, "e'"))
		return false;
	if (!d->cr_ends_comment && contains(text, size, "\r"))
		return false;
	if (d->command_mark == '.' &&
	    (contains(text, size, ".") || contains(text, size, "#")))
		return false;
	return !d->conditional_comments ||
	    (!contains(text, size, "/*!") && !contains(text, size, "/*m!") &&
		!contains(text, size, "--"));
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next statement of the reference: false at the end. */
static bool
naive_next(const struct naive *n, size_t *at, size_t *begin, size_t *end)
{
	while (*at < n->size) {
		unsigned parens = 0;
		bool content = false;
		size_t i = *at;

		for (; i < n->size; i++) {
			char c = n->mask[i] == 'c' ? n->text[i] : 'q';

			if (c == ';' && (parens == 0 || !n->d->parens_hold))
				break;
			parens += c == '(';
			parens -= c == ')' && parens > 0;
			content = content ||
			    (n->mask[i] != '-' && !is_blank(n->text[i])) ||
			    n->mask[i] == 'q';
		}
		*begin = *at;
		*end = i;
		*at = i + 1;
		while (*begin < *end && is_blank(n->text[*begin]))
			(*begin)++;
		while (*end > *begin && is_blank(n->text[*end - 1]))
			(*end)--;
		if (content)
			return true;
	}
	return false;
}

static void
compare(const struct naive *n, const struct script *s)
{
	const char *text = n->text;
	size_t size = n->size, at = 0, begin, end;
	struct script_reader *reader = script_reader_new(s);
	const struct statement_text *t;
	struct err e = ERR_INIT;

	while (naive_next(n, &at, &begin, &end)) {
		REQUIRE(script_reader_next(reader, &t, &e) == 1);
		REQUIRE(t->offset == begin);
		REQUIRE(t->length == end - begin);
	}
	REQUIRE(script_reader_next(reader, &t, &e) == 0);
	script_reader_free(reader);
}

/* Whether parentheses are left open, which PostgreSQL's splitter refuses. */
static bool
leaves_parens(const struct naive *n)
{
	unsigned parens = 0;

	for (size_t i = 0; i < n->size; i++) {
		char c = n->mask[i] == 'c' ? n->text[i] : ' ';

		parens += c == '(';
		parens -= c == ')' && parens > 0;
	}
	return parens > 0 && n->d->parens_hold;
}

static void
ask_reference(const struct dialect *d, const char *text, size_t size, int rc,
    const struct script *s)
{
	struct naive n = { d, text, size, malloc(size + 1), 0 };

	if (n.mask != NULL && is_naive(d, text, size)) {
		if (!naive_scan(&n))
			REQUIRE(rc == -1);
		else if (rc == 0)
			compare(&n, s);
		else
			REQUIRE(leaves_parens(&n));
	}
	free(n.mask);
}

static unsigned
lines_before(const char *text, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < offset; i++)
		line += text[i] == '\n' ||
		    (text[i] == '\r' && text[i + 1] != '\n');
	return line;
}

/* Bytes with a NUL behind them, and no more: what reads on is found out. */
static char *
copy_of(const void *text, size_t size)
{
	char *copy = malloc(size + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

/* Split by itself it is nothing: blanks, comments, delimiters, commands. */
static void
check_gap(const struct dialect *d, const char *text, size_t size)
{
	struct script s = SCRIPT_INIT;
	struct err e = ERR_INIT;
	bool known = !d->conditional_comments && !d->term_comment &&
	    strcmp(d->name, "firebird") != 0;
	char *copy = copy_of(text, size);

	if (known && script_split(&s, copy, size, d, &e) == 0)
		REQUIRE(s.n == 0);
	script_release(&s);
	free(copy);
}

static void
check_item(const struct statement_text *t, const char *text, size_t size)
{
	REQUIRE(t->length > 0 && t->offset <= size);
	REQUIRE(t->length <= size - t->offset);
	REQUIRE(memcmp(text + t->offset, t->text, t->length) == 0);
	REQUIRE(t->text[t->length] == '\0');
	REQUIRE(!is_blank(t->text[0]) && !is_blank(t->text[t->length - 1]));
	REQUIRE(t->repeat >= 1);
	REQUIRE(t->text_line <= t->line && t->line <= t->end_line);
}

/* Counting is slow: only where a text is short. */
static void
check_lines(const struct statement_text *t, const char *text, size_t size)
{
	if (size > 4096)
		return;
	REQUIRE(t->text_line == lines_before(text, t->offset));
	REQUIRE(t->end_line == lines_before(text, t->offset + t->length - 1));
}

static void
check_whole(const struct dialect *d, const char *text, size_t size,
    const struct script *s)
{
	struct script_reader *reader = script_reader_new(s);
	const struct statement_text *t;
	struct err e = ERR_INIT;
	size_t at = 0, n = 0;

	for (; script_reader_next(reader, &t, &e) > 0; n++) {
		check_item(t, text, size);
		check_lines(t, text, size);
		REQUIRE(t->offset >= at);
		check_gap(d, text + at, t->offset - at);
		at = t->offset + t->length;
	}
	check_gap(d, text + at, size - at);
	/* Read again it is the same. */
	REQUIRE(e.class == ERR_NONE && n == s->n);
	script_reader_free(reader);
}

void
sql_property_split(const uint8_t *data, size_t size)
{
	struct script s = SCRIPT_INIT;
	struct err e = ERR_INIT;
	const struct dialect *d;
	char *text;
	int rc;

	if (size < 1)
		return;
	d = choose(data[0]);
	size--;
	/* Marks around the script are taken off before it is split. */
	if ((size > 0 && data[size] == '\x1a') ||
	    (size >= 3 && memcmp(data + 1, "\xef\xbb\xbf", 3) == 0))
		return;
	text = copy_of(data + 1, size);
	rc = script_split(&s, text, size, d, &e);
	if (rc == 0)
		check_whole(d, text, size, &s);
	else {
		REQUIRE(e.class == ERR_SPEC);
		REQUIRE(e.text[0] != '\0');
	}
	if (memchr(text, '\0', size) == NULL && e.class != ERR_INTERNAL &&
	    strstr(e.text, "UTF-8") == NULL)
		ask_reference(d, text, size, rc, &s);
	script_release(&s);
	free(text);
}

static const char *const param_names[] = { "a", "b", "day" };

/* Undo the rewriting; marks may say which bytes are code. */
static void
check_params(
    const struct statement_text *t, const struct params *p, const char *mask)
{
	const char *text = t->text, *out = p->text;
	size_t size = t->length, i = 0, marker = 0;

	while (i < size) {
		const char *name;
		size_t quote = 0;

		if (*out == text[i]) {
			out++;
			i++;
			continue;
		}
		REQUIRE(text[i] == ':' && *out == '?' && marker < p->n);
		REQUIRE(mask == NULL || mask[i] == 'c');
		REQUIRE(p->index[marker] < 3);
		name = param_names[p->index[marker++]];
		quote = text[i + 1] == '\''; /* psql's :'name' */
		REQUIRE(size - i > strlen(name) + 2 * quote);
		i += 1 + quote;
		REQUIRE(memcmp(text + i, name, strlen(name)) == 0);
		i += strlen(name);
		REQUIRE(quote ? text[i] == '\'' : !is_word(text[i]));
		i += quote;
		out++;
	}
	REQUIRE(marker == p->n);
	REQUIRE(out == p->text + p->length && *out == '\0');
}

void
sql_property_params(const uint8_t *data, size_t size)
{
	const struct param_names defined = { param_names, 3, NULL };
	struct script s = SCRIPT_INIT;
	struct script_reader *reader;
	const struct statement_text *t;
	struct err e = ERR_INIT;
	const struct dialect *d;
	char *text;
	int rc;

	if (size < 1)
		return;
	d = choose(data[0]);
	text = copy_of(data + 1, size - 1);
	rc = script_split(&s, text, size - 1, d, &e);
	reader = script_reader_new(&s);
	while (rc == 0 && script_reader_next(reader, &t, &e) > 0) {
		struct naive n = { d, t->text, t->length, malloc(t->length + 1),
			0 };
		struct params p = PARAMS_INIT;
		bool naive = n.mask != NULL && is_naive(d, n.text, n.size) &&
		    naive_scan(&n);

		if (params_find(&p, t, d, &defined, &e) == 0)
			check_params(t, &p, naive ? n.mask : NULL);
		params_release(&p);
		free(n.mask);
	}
	script_reader_free(reader);
	script_release(&s);
	free(text);
}
