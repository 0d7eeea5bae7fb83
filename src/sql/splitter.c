/*
 * splitter.c - where each statement of a script begins and ends
 *
 * Walks the pieces of the text (lexer.c) and decides where a statement ends:
 * at the delimiter, unless it stands in a body (body.c) or in parentheses that
 * hold it; at a line GO or /; where a command of the client says so
 * (command.c). It never guesses: what is left open is an error. Statements as
 * others see them: script.c.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/kind.h"
#include "sql/script.h"
#include "sql/splitter.h"

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Of a statement without any. */
static const struct piece no_word = { PIECE_END, "", 0 };

static void
begin_statement(struct splitter *s)
{
	struct splitter_item *t = &s->item;

	t->begin = NULL;
	t->word = t->main = no_word;
	t->name[0] = '\0';
	t->repeat = 1;
	t->continues = false;
	memset(&s->body, 0, sizeof(s->body));
	s->has_item = false;
	s->has_content = false;
	s->lexer.is_fresh = true;
	s->mode[0] = '\0';
	s->watch = WATCH_NOTHING;
	s->words = 0;
	s->saw = false;
	s->copies = false;
	s->parens = 0;
}

/* What the statement did to the way quotes are read from here on. */
static void
apply_mode(struct splitter *s)
{
	struct dialect *d = &s->lexer.dialect;

	if (s->mode[0] == '@') {
		d->backslash_escapes = s->first_backslash_escapes;
		d->double_strings = s->first_double_strings;
	} else if (s->mode[0] != '\0')
		dialect_set_mode(d, s->mode);
}

static int
refuse_copy(struct splitter *s, struct err *e)
{
	(void)err_set(e, ERR_SPEC,
	    "line %u: COPY FROM STDIN needs a client that sends the data",
	    lexer_line(&s->lexer, s->item.first));
	return err_hint(e,
	    "Use INSERT, or COPY from a file that the server can read; "
	    "pg_dump --inserts writes such scripts.");
}

/* Whether :x in it may be the database's own. */
static bool
has_body(const struct body_state *b)
{
	return b->body != BODY_NONE && b->verb != NULL &&
	    strcmp(b->verb, "WITH") != 0 && strcmp(b->verb, "BEGIN") != 0 &&
	    strcmp(b->verb, "DECLARE") != 0;
}

/* The statement is whole, up to end; what is only comments is none. */
static int
end_statement(struct splitter *s, const char *end, struct err *e)
{
	struct splitter_item *t = &s->item;

	if (!s->has_content) {
		begin_statement(s);
		return 0;
	}
	if (s->copies)
		return refuse_copy(s, e);
	while (is_blank(end[-1]))
		end--;
	t->end = end;
	t->backslash_escapes = s->lexer.dialect.backslash_escapes;
	t->double_strings = s->lexer.dialect.double_strings;
	t->ampersands = s->lexer.dialect.ampersands;
	t->has_body = has_body(&s->body);
	apply_mode(s);
	s->has_item = true;
	return 0;
}

/* The value of "-- key: value", or NULL. */
static const char *
directive(const struct piece *p, const char *key)
{
	const char *t = p->text, *end = p->text + p->length;
	size_t n = strlen(key);

	if (p->length < 2 || (*t != '#' && (t[0] != '-' || t[1] != '-')))
		return NULL;
	t += *t == '#' ? 1 : 2;
	while (t < end && (*t == ' ' || *t == '\t'))
		t++;
	if ((size_t)(end - t) < n || strncasecmp(t, key, n) != 0)
		return NULL;
	for (t += n; t < end && (*t == ' ' || *t == '\t');)
		t++;
	return t;
}

static void
read_name(struct splitter *s, const char *t)
{
	size_t n = 0;

	while (n < sizeof(s->item.name) - 1 &&
	    (lexer_is_word(*t) || *t == '-' || *t == '.'))
		s->item.name[n++] = *t++;
	s->item.name[n] = '\0';
}

static int
read_on_error(
    struct splitter *s, const struct piece *p, const char *t, struct err *e)
{
	size_t n = (size_t)(p->text + p->length - t);

	while (n > 0 && isspace((unsigned char)t[n - 1]))
		n--;
	s->item.continues = n == 8 && strncasecmp(t, "continue", 8) == 0;
	if (s->item.continues || (n == 4 && strncasecmp(t, "stop", 4) == 0))
		return 0;
	(void)err_set(e, ERR_SPEC,
	    "line %u: '%.*s' is neither continue nor stop",
	    lexer_line(&s->lexer, p->text), n > 40 ? 40 : (int)n, t);
	return err_hint(e, "Write -- on error: continue, or leave it out.");
}

/* Comments on lines of their own above the statement. */
static int
see_comment(struct splitter *s, const struct piece *p, struct err *e)
{
	const char *value;
	bool client_only = s->lexer.dialect.dash_needs_space && p->length > 2 &&
	    *p->text == '-' && p->text[2] > ' ';

	command_see_comment(&s->lexer, p);
	if (s->has_content)
		return 0;
	if (lexer_begins_line(&s->lexer, p->text)) {
		value = directive(p, "name:");
		if (value != NULL)
			read_name(s, value);
		value = directive(p, "on error:");
		if (value != NULL && read_on_error(s, p, value, e) < 0)
			return -1;
	}
	/* For the server that would be no comment: it stays here. */
	if (client_only)
		s->item.begin = NULL;
	else if (s->item.begin == NULL)
		s->item.begin = p->text;
	return 0;
}

static void
see_first_word(struct splitter *s, const struct piece *p)
{
	const struct dialect *d = &s->lexer.dialect;

	s->item.first = p->text;
	s->item.word = s->item.main = *p;
	if (kind_is_later(p))
		s->watch = WATCH_KIND;
	else if (d->copy_data && piece_is(p, "COPY"))
		s->watch = WATCH_COPY;
	else if (piece_is(p, "SET") &&
	    (d->escape_strings || d->conditional_comments))
		s->watch = WATCH_SET;
}

/* SET standard_conforming_strings, SET sql_mode. */
static void
watch_set(struct splitter *s, const struct piece *p)
{
	bool is_name = piece_is(p, "standard_conforming_strings") ||
	    piece_is(p, "sql_mode");
	size_t n = p->length < sizeof(s->mode) ? p->length :
						 sizeof(s->mode) - 1;

	if (is_name) {
		s->saw = p->text == s->lexer.begin || p->text[-1] != '@' ||
		    s->lexer.dialect.conditional_comments;
		return;
	}
	if (!s->saw || piece_is(p, "TO") || *p->text == '=' || *p->text == ':')
		return;
	s->saw = false;
	if (*p->text == ',') /* @@sql_mode, whose value was asked for */
		return;
	if (p->type == PIECE_QUOTED) {
		memcpy(s->mode, p->text, n);
		s->mode[n] = '\0';
	} else if (p->type == PIECE_WORD && s->lexer.dialect.escape_strings) {
		memcpy(s->mode, p->text, n);
		s->mode[n] = '\0';
	} else /* a variable or DEFAULT: as it was */
		memcpy(s->mode, "@", 2);
}

static void
watch(struct splitter *s, const struct piece *p)
{
	static const char *const mains[] = { "SELECT", "INSERT", "UPDATE",
		"DELETE", "MERGE", "VALUES", "TABLE", "REPLACE" };

	switch (s->watch) {
	case WATCH_KIND:
		for (size_t i = 0;
		     s->parens == 0 && i < sizeof(mains) / sizeof(mains[0]);
		     i++)
			if (piece_is(p, mains[i])) {
				s->item.main = *p;
				s->watch = WATCH_NOTHING;
			}
		return;
	case WATCH_COPY:
		if (s->saw && piece_is(p, "STDIN"))
			s->copies = true;
		s->saw = piece_is(p, "FROM") && s->parens == 0;
		return;
	case WATCH_SET:
		watch_set(s, p);
		return;
	case WATCH_NOTHING:
		return;
	}
}

static void
see_other(struct splitter *s, const struct piece *p)
{
	if (*p->text == '(') {
		if (s->parens++ == 0)
			s->paren = p->text;
	} else if (*p->text == ')' && s->parens > 0)
		s->parens--;
	/* Oracle: a block with a label in front. */
	if (s->words == 0 && s->lexer.dialect.slash_splits &&
	    p->text[0] == '<' && p->text[1] == '<')
		s->body.body = BODY_SLASH;
	body_other(&s->body);
}

static int
see_content(struct splitter *s, const struct piece *p, struct err *e)
{
	if (s->ended != NULL) {
		(void)err_set(e, ERR_SPEC,
		    "line %u: the script goes on behind the command that "
		    "ends it",
		    lexer_line(&s->lexer, p->text));
		return err_hint(
		    e, "Take that command out, or what follows it.");
	}
	if (s->item.begin == NULL)
		s->item.begin = p->text;
	if (!s->has_content) {
		s->item.first = p->text;
		s->has_content = true;
		s->lexer.is_fresh = false;
	}
	if (s->watch != WATCH_NOTHING)
		watch(s, p);
	if (p->type != PIECE_WORD) {
		see_other(s, p);
		return 0;
	}
	if (s->words++ == 0)
		see_first_word(s, p);
	body_word(&s->body, &s->lexer, p, s->parens > 0);
	return 0;
}

static int
see_delimiter(struct splitter *s, const struct piece *p, struct err *e)
{
	bool in_parens = s->parens > 0 && s->lexer.dialect.parens_hold;
	/* Whoever chose another delimiter means it, in bodies too. */
	bool may_hold = s->lexer.is_semicolon;

	if (in_parens || (may_hold && body_holds(&s->body)))
		return 0;
	return end_statement(s, p->text, e);
}

/* The rest of the line behind at, without blanks around it. */
static size_t
rest_of_line(const char *at, const char **rest)
{
	const char *end = lexer_end_of_line(at);

	while (at < end && is_blank(*at))
		at++;
	while (end > at && is_blank(end[-1]))
		end--;
	*rest = at;
	return (size_t)(end - at);
}

/* A line / (Oracle): 1 when it was one. */
static int
see_slash(struct splitter *s, const struct piece *p, struct err *e)
{
	const char *rest;

	if (!s->lexer.dialect.slash_splits || p->type != PIECE_OTHER ||
	    *p->text != '/' || !lexer_begins_line(&s->lexer, p->text) ||
	    rest_of_line(s->lexer.at, &rest) > 0)
		return 0;
	return end_statement(s, p->text, e) < 0 ? -1 : 1;
}

/* How often: "GO", "GO 5", "GO -- x"; 0 for what is none of it. */
static unsigned
read_count(const char *rest, size_t n)
{
	unsigned long count = 1;
	size_t digits = 0;

	while (digits < n && isdigit((unsigned char)rest[digits]))
		digits++;
	if (digits > 0)
		count = digits < 9 ? strtoul(rest, NULL, 10) : 0;
	if (count > SCRIPT_REPEAT_MAX)
		return 0;
	for (rest += digits, n -= digits; n > 0 && is_blank(*rest); n--)
		rest++;
	if (n > 0 && (n < 2 || memcmp(rest, "--", 2) != 0))
		return 0;
	return (unsigned)count;
}

/*
 * A line GO (SQL Server), before its word is read: 1 when it was one. What
 * looks like it and is none would be taken as a name by the server.
 */
static int
see_go(struct splitter *s, struct err *e)
{
	struct lexer *l = &s->lexer;
	const char *at = l->at, *rest;
	unsigned count;
	size_t n;

	if (toupper((unsigned char)at[0]) != 'G' ||
	    toupper((unsigned char)at[1]) != 'O' ||
	    !(is_blank(at[2]) || at[2] == '\0' || at[2] == ';') ||
	    !lexer_begins_line(l, at))
		return 0;
	n = rest_of_line(at + 2, &rest);
	count = read_count(rest, n);
	if (count == 0) {
		(void)err_set(e, ERR_SPEC,
		    "line %u: 'GO %.*s' does not separate batches",
		    lexer_line(l, at), n > 40 ? 40 : (int)n, rest);
		return err_hint(e,
		    "Write GO alone on its line, or GO and a number from 1 "
		    "to %d.",
		    SCRIPT_REPEAT_MAX);
	}
	s->item.repeat = count;
	if (end_statement(s, at, e) < 0)
		return -1;
	l->at = rest + n;
	return 1;
}

/* A statement without a delimiter, up to the end of its line (USE x). */
static int
take_line(struct splitter *s, const struct piece *p,
    const struct command_found *f, struct err *e)
{
	const struct lexer *l = &s->lexer;
	const char *end = f->text + f->length;

	if (see_content(s, p, e) < 0)
		return -1;
	if (l->delimiter_length > 0 &&
	    memmem(f->text, f->length, l->delimiter, l->delimiter_length) !=
		NULL)
		return 1;
	s->lexer.at = f->end;
	return end_statement(s, end, e) < 0 ? -1 : 1;
}

/* A command of the client: 1 when it was one. */
static int
see_command(struct splitter *s, const struct piece *p, struct err *e)
{
	struct command_found f;

	if (command_find(&s->lexer, &s->commands, p, &f, e) < 0)
		return -1;
	switch (f.action) {
	case CLIENT_TERMINATE:
		if (end_statement(s, p->text, e) < 0)
			return -1;
		s->lexer.at = f.end;
		return 1;
	case CLIENT_STATEMENT:
		return take_line(s, p, &f, e);
	case CLIENT_DELIMITER:
		begin_statement(s);
		return command_set_delimiter(&s->lexer, &f, e) < 0 ? -1 : 1;
	case CLIENT_END:
		s->ended = p->text;
		/* FALLTHROUGH */
	case CLIENT_IGNORE:
		command_see_set(&s->lexer, p, &f);
		begin_statement(s);
		s->lexer.at = f.end;
		return 1;
	default:
		return 0;
	}
}

/* Java source is no SQL: on to the line with the slash. */
static void
skip_raw(struct lexer *l)
{
	const char *s = lexer_end_of_line(l->at), *rest;

	while (s < l->end) {
		const char *line = s + 1;

		if (rest_of_line(line, &rest) == 1 && *rest == '/') {
			l->at = rest;
			return;
		}
		s = lexer_end_of_line(line);
	}
	l->at = l->end;
}

static int
see(struct splitter *s, const struct piece *p, struct err *e)
{
	int rc = 0;

	switch (p->type) {
	case PIECE_BLANK:
	case PIECE_END:
		return 0;
	case PIECE_DELIMITER:
		return see_delimiter(s, p, e);
	case PIECE_COMMENT:
		return see_comment(s, p, e);
	case PIECE_QUOTED:
		return see_content(s, p, e);
	default:
		rc = see_command(s, p, e);
		if (rc == 0)
			rc = see_slash(s, p, e);
		if (rc == 0)
			rc = see_content(s, p, e);
		if (s->body.body == BODY_RAW && !s->has_item)
			skip_raw(&s->lexer);
		return rc < 0 ? -1 : 0;
	}
}

static bool
wants_words(const struct splitter *s)
{
	return !s->has_content || s->watch != WATCH_NOTHING ||
	    body_wants_words(&s->body);
}

/* The end of the text ends the last statement, unless it is open. */
static int
end_script(struct splitter *s, struct err *e)
{
	const char *at = NULL;
	const char *what = s->has_content ? body_open(&s->body, &at) : NULL;

	if (s->has_content && s->parens > 0 && s->lexer.dialect.parens_hold)
		return err_set(e, ERR_SPEC,
		    "line %u: the parenthesis that opens here is never closed",
		    lexer_line(&s->lexer, s->paren));
	if (what != NULL)
		return err_set(e, ERR_SPEC, "line %u: %s",
		    lexer_line(&s->lexer, at != NULL ? at : s->item.first),
		    what);
	return end_statement(s, s->lexer.end, e);
}

/* Go on over what cannot matter. */
static void
skip(struct splitter *s)
{
	if (!wants_words(s)) {
		lexer_skip(&s->lexer);
		return;
	}
	lexer_skip_blanks(&s->lexer);
	if (s->has_content && s->watch == WATCH_NOTHING &&
	    body_wants_few(&s->body) && lexer_skip_words(&s->lexer))
		body_other(&s->body);
}

void
splitter_init(struct splitter *s, const char *text, size_t length,
    const struct dialect *d)
{
	memset(s, 0, sizeof(*s));
	lexer_init(&s->lexer, text, length, d);
	command_index_init(&s->commands, d);
	s->first_backslash_escapes = d->backslash_escapes;
	s->first_double_strings = d->double_strings;
	begin_statement(s);
}

int
splitter_next(struct splitter *s, struct err *e)
{
	struct lexer *l = &s->lexer;
	struct piece p = { PIECE_BLANK, NULL, 0 };
	int rc;

	if (s->has_item)
		begin_statement(s);
	while (!s->has_item) {
		if (p.type == PIECE_END)
			return 0;
		rc = l->dialect.go_splits ? see_go(s, e) : 0;
		if (rc < 0)
			return -1;
		if (rc > 0)
			continue;
		skip(s);
		if (lexer_next(l, &p, e) < 0 || see(s, &p, e) < 0)
			return -1;
		if (p.type == PIECE_END && end_script(s, e) < 0)
			return -1;
	}
	return 1;
}
