/*
 * scan.c - look at the text of a spec before libconfig does
 *
 * libconfig 1.5 lets several mistakes pass without a word: a number of more
 * than 32 bits wraps, a NUL cuts the rest of the file off, a comment without
 * an end swallows it, and a string without an end is reported at the last
 * line (facts/shipping.md 7, measured). This is its lexer's grammar as far as
 * needed to see them; the settings are read.c's.
 *
 * @include is refused: libconfig would open the file by itself, and nobody
 * would have asked who can write it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "layer.h"

enum { TOKEN_MAX = 64 };

/* Where the scanner is. */
struct scanner {
	const char *file;
	const char *at;
	const char *end; /* the NUL behind the text */
	unsigned line;
	bool is_line_start; /* only blanks since the last break */
	struct problems *problems;
	struct err *e; /* of the first fatal problem */
	bool failed;   /* whether there was one */
};

static void
complain(struct scanner *s, unsigned line, const struct err *e, bool is_fatal)
{
	problems_add(s->problems, s->file, line, e);
	if (is_fatal && !s->failed) {
		*s->e = *e;
		s->failed = true;
	}
}

/* Move on by n bytes, counting lines. */
static void
advance(struct scanner *s, size_t n)
{
	for (; n > 0 && s->at < s->end; n--, s->at++)
		s->line += *s->at == '\n';
}

static bool
looking_at(const struct scanner *s, const char *text)
{
	return strncmp(s->at, text, strlen(text)) == 0;
}

/* Behind the next occurrence of text; false when there is none. */
static bool
skip_past(struct scanner *s, const char *text)
{
	const char *found = strstr(s->at, text);

	advance(s,
	    found != NULL ? (size_t)(found - s->at) + strlen(text) :
			    (size_t)(s->end - s->at));
	return found != NULL;
}

static void
scan_comment(struct scanner *s)
{
	struct err e = ERR_INIT;
	unsigned line = s->line;

	if (*s->at == '#' || looking_at(s, "//")) {
		advance(s, strcspn(s->at, "\n"));
		return;
	}
	advance(s, 2);
	if (skip_past(s, "*/"))
		return;
	(void)err_set(&e, ERR_SPEC, "the comment that begins here never ends");
	complain(s, line, &e, true);
}

static void
scan_string(struct scanner *s)
{
	struct err e = ERR_INIT;
	unsigned line = s->line;

	advance(s, 1);
	while (s->at < s->end && *s->at != '"')
		advance(s, *s->at == '\\' ? 2 : 1);
	if (s->at < s->end) {
		advance(s, 1);
		return;
	}
	(void)err_set(&e, ERR_SPEC, "the string that begins here never ends");
	complain(s, line, &e, true);
}

/* Whether libconfig would read the integer as what it says. */
static bool
is_safe_integer(const char *token)
{
	const char *digits = token + (*token == '+' || *token == '-');
	bool is_hex = digits[0] == '0' && (digits[1] | 0x20) == 'x';
	long long n;
	char *end;

	errno = 0;
	n = strtoll(token, &end, is_hex ? 16 : 10);
	if (errno != 0)
		return false;
	/* libconfig 1.7 reads 010 as 8 and all others as 10. */
	if (!is_hex && digits[0] == '0' && isdigit((unsigned char)digits[1]))
		return false;
	if (*end == 'L')
		return true;
	return n >= INT32_MIN && n <= INT32_MAX;
}

/* A name or a number; other characters are passed over one by one. */
static void
scan_token(struct scanner *s)
{
	struct err e = ERR_INIT;
	char token[TOKEN_MAX];
	size_t n = 1, digits;

	while (s->at[n] != '\0' &&
	    (isalnum((unsigned char)s->at[n]) ||
		strchr("_-+.*", s->at[n]) != NULL))
		n++;
	if (!isalnum((unsigned char)*s->at) && strchr("*+-.", *s->at) == NULL)
		n = 1;
	memcpy(token, s->at, n < TOKEN_MAX ? n : TOKEN_MAX - 1);
	token[n < TOKEN_MAX ? n : TOKEN_MAX - 1] = '\0';
	digits = token[0] == '+' || token[0] == '-';
	if (isdigit((unsigned char)token[digits]) &&
	    strspn(token + digits, "0123456789abcdefABCDEFxXL") ==
		strlen(token + digits) &&
	    !is_safe_integer(token)) {
		(void)err_set(&e, ERR_SPEC,
		    "the number %s cannot be read "
		    "exactly",
		    token);
		(void)err_hint(&e,
		    "Write it in quotes, or without leading "
		    "zeros.");
		complain(s, s->line, &e, false);
	}
	advance(s, n);
}

static void
scan_include(struct scanner *s)
{
	struct err e = ERR_INIT;

	(void)err_set(&e, ERR_SPEC, "@include is not supported");
	(void)err_hint(&e,
	    "Settings that several jobs share belong into the "
	    "main file.");
	complain(s, s->line, &e, true);
	advance(s, strcspn(s->at, "\n"));
}

static void
scan_all(struct scanner *s)
{
	while (s->at < s->end) {
		bool starts = s->is_line_start;
		char c = *s->at;

		s->is_line_start = c == '\n' ||
		    (starts && (c == ' ' || c == '\t'));
		if (c == '#' || looking_at(s, "//") || looking_at(s, "/*"))
			scan_comment(s);
		else if (c == '"')
			scan_string(s);
		else if (starts && looking_at(s, "@include"))
			scan_include(s);
		else
			scan_token(s);
	}
}

/* The line of the first byte that is not part of UTF-8 text. */
static unsigned
bad_line(const char *text, size_t length)
{
	unsigned line = 1;

	for (const char *end = text + length; text < end; line++) {
		const char *next = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((next != NULL ? next : end) - text);

		if (!utf8_is_valid(text, n) || memchr(text, '\0', n) != NULL)
			break;
		text += n + 1;
	}
	return line;
}

int
scan_text(const char *file, const char *text, size_t length,
    struct problems *problems, struct err *e)
{
	struct scanner s = { file, text, text + length, 1, true, problems, e,
		false };
	struct err bad = ERR_INIT;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0) {
		(void)err_set(&bad, ERR_SPEC,
		    "the file begins with a byte "
		    "order mark");
		(void)err_hint(&bad, "Save it as UTF-8 without one.");
		complain(&s, 1, &bad, true);
	} else if (!utf8_is_valid(text, length) || strlen(text) != length) {
		(void)err_set(&bad, ERR_SPEC, "the text is not UTF-8");
		(void)err_hint(&bad, "Save the file as UTF-8.");
		complain(&s, bad_line(text, length), &bad, true);
	} else
		scan_all(&s);
	return s.failed ? -1 : 0;
}
