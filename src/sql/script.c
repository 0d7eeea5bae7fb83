/*
 * script.c - a script as the statements it is made of
 *
 * Walks the pieces of the text (lexer.c) and decides where a statement ends:
 * at the delimiter, unless it stands in the body of a trigger or routine; at a
 * line GO or /. It never guesses: what is left open is an error before
 * anything runs. Parameters are params.c's.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/utf8.h"
#include "sql/lexer.h"
#include "sql/script.h"

enum { SCRIPT_NAME = 64 };

/* What is being created: how its body ends. */
enum body {
	BODY_NONE,    /* at the delimiter */
	BODY_TRIGGER, /* at ; END ; (SQLite) */
	BODY_ROUTINE, /* when BEGIN and END are even (PostgreSQL) */
	BODY_BLOCK    /* at a line / (Oracle) */
};

/* A script being split. */
struct splitter {
	struct script *script;
	struct lexer lexer;
	const char *text;	    /* the whole text */
	const char *begin;	    /* of the statement, or NULL */
	const char *content_end;    /* behind its last piece */
	bool has_content;	    /* more than comments */
	struct statement_text next; /* in the making */
	char name[SCRIPT_NAME];	    /* from a comment above */
	enum body body;
	unsigned words;	      /* seen of the statement */
	bool is_create;	      /* its first word is CREATE */
	unsigned depth;	      /* BEGIN and CASE not yet ended */
	unsigned parens;      /* ( not yet closed */
	unsigned opened;      /* line of the outermost BEGIN or ( */
	unsigned trigger_end; /* 1 after ';', 2 after "; END" */
};

static int
add_text(struct script *s, const char *text, size_t length, char **copy,
    struct err *e)
{
	char **texts = realloc(s->texts, (s->n_texts + 1) * sizeof(*texts));

	if (texts != NULL)
		s->texts = texts;
	*copy = texts != NULL ? malloc(length + 1) : NULL;
	if (*copy == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	memcpy(*copy, text, length);
	(*copy)[length] = '\0';
	s->texts[s->n_texts++] = *copy;
	return 0;
}

static int
add_item(struct script *s, const struct statement_text *item, struct err *e)
{
	if (s->n == s->capacity) {
		size_t capacity = s->capacity > 0 ? 2 * s->capacity : 16;
		struct statement_text *items = realloc(
		    s->items, capacity * sizeof(*items));

		if (items == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
		s->items = items;
		s->capacity = capacity;
	}
	s->items[s->n++] = *item;
	return 0;
}

static void
set_word(struct statement_text *t, const struct piece *p)
{
	static const char *const queries[] = { "SELECT", "WITH", "VALUES",
		"TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "PRAGMA",
		"CALL", "EXEC", "EXECUTE", "FETCH" };
	size_t n = p->length < sizeof(t->word) ? p->length :
						 sizeof(t->word) - 1;

	for (size_t i = 0; i < n; i++)
		t->word[i] = (char)toupper((unsigned char)p->text[i]);
	t->word[n] = '\0';
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		if (piece_is(p, queries[i]))
			t->is_query = true;
}

static void
begin_statement(struct splitter *s)
{
	memset(&s->next, 0, sizeof(s->next));
	s->begin = NULL;
	s->content_end = NULL;
	s->has_content = false;
	s->name[0] = '\0';
	s->body = BODY_NONE;
	s->words = 0;
	s->is_create = false;
	s->depth = 0;
	s->parens = 0;
	s->trigger_end = 0;
}

/* The statement is whole; what is only comments is none. */
static int
end_statement(struct splitter *s, struct err *e)
{
	struct statement_text *t = &s->next;

	if (!s->has_content) {
		begin_statement(s);
		return 0;
	}
	t->text = s->begin;
	t->length = (size_t)(s->content_end - s->begin);
	t->name = NULL;
	if (s->name[0] != '\0') {
		t->name = str_dup(s->name);
		if (t->name == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
	}
	if (add_item(s->script, t, e) < 0) {
		free(t->name);
		return -1;
	}
	begin_statement(s);
	return 0;
}

/* "-- name: orders", the only comment that means something. */
static void
read_name(struct splitter *s, const struct piece *p)
{
	const char *t = p->text + 2, *end = p->text + p->length;
	size_t n = 0;

	if (p->length < 2 || memcmp(p->text, "--", 2) != 0)
		return;
	while (t < end && (*t == ' ' || *t == '\t'))
		t++;
	if (end - t < 5 || strncasecmp(t, "name:", 5) != 0)
		return;
	for (t += 5; t < end && (*t == ' ' || *t == '\t'); t++)
		;
	while (t < end && n < sizeof(s->name) - 1 &&
	    (lexer_is_word(*t) || *t == '-' || *t == '.'))
		s->name[n++] = *t++;
	s->name[n] = '\0';
}

/* CREATE ... TRIGGER | FUNCTION | ...: among the first words. */
static void
find_body(struct splitter *s, const struct piece *p)
{
	static const char *const routines[] = { "FUNCTION", "PROCEDURE",
		"TRIGGER", "PACKAGE", "TYPE" };
	const struct dialect *d = s->lexer.dialect;

	if (s->words == 1 && d->slash_splits &&
	    (piece_is(p, "BEGIN") || piece_is(p, "DECLARE")))
		s->body = BODY_BLOCK;
	if (!s->is_create || s->body != BODY_NONE || s->words > 5)
		return;
	if (d->trigger_bodies && s->words <= 3 && piece_is(p, "TRIGGER"))
		s->body = BODY_TRIGGER;
	for (size_t i = 0; i < sizeof(routines) / sizeof(routines[0]); i++)
		if (piece_is(p, routines[i]) && d->slash_splits)
			s->body = BODY_BLOCK;
		else if (piece_is(p, routines[i]) && i < 2 && d->routine_bodies)
			s->body = BODY_ROUTINE;
}

static void
open_one(struct splitter *s, unsigned *count, unsigned line)
{
	if (s->depth + s->parens == 0)
		s->opened = line;
	(*count)++;
}

static void
see_word(struct splitter *s, const struct piece *p)
{
	s->words++;
	if (s->words == 1) {
		s->next.line = p->line;
		set_word(&s->next, p);
		s->is_create = piece_is(p, "CREATE");
	}
	find_body(s, p);
	if (s->body == BODY_ROUTINE && s->parens == 0) {
		if (piece_is(p, "BEGIN") ||
		    (s->depth > 0 && piece_is(p, "CASE")))
			open_one(s, &s->depth, p->line);
		else if (piece_is(p, "END") && s->depth > 0)
			s->depth--;
	}
	s->trigger_end = s->trigger_end == 1 && piece_is(p, "END") ? 2 : 0;
}

/* PostgreSQL's rules hold statements in parentheses. */
static void
see_other(struct splitter *s, const struct piece *p)
{
	if (s->lexer.dialect->dollar_quotes && *p->text == '(')
		open_one(s, &s->parens, p->line);
	else if (*p->text == ')' && s->parens > 0)
		s->parens--;
	s->trigger_end = 0;
}

static void
see_content(struct splitter *s, const struct piece *p)
{
	if (s->begin == NULL)
		s->begin = p->text;
	s->content_end = p->text + p->length;
	if (p->type == PIECE_COMMENT)
		return;
	if (!s->has_content)
		s->next.line = p->line;
	s->has_content = true;
	s->next.end_line = s->lexer.line;
	if (p->type == PIECE_WORD)
		see_word(s, p);
	else
		see_other(s, p);
}

static int
see_delimiter(struct splitter *s, const struct piece *p, struct err *e)
{
	bool ends = s->body != BODY_BLOCK &&
	    (s->body != BODY_TRIGGER || s->trigger_end == 2) && s->depth == 0 &&
	    s->parens == 0;

	if (ends)
		return end_statement(s, e);
	see_content(s, p);
	s->trigger_end = 1;
	return 0;
}

/* Whether a piece is the first on its line. */
static bool
begins_line(const struct splitter *s, const struct piece *p)
{
	const char *t = p->text;

	while (t > s->text && (t[-1] == ' ' || t[-1] == '\t'))
		t--;
	return t == s->text || t[-1] == '\n';
}

/* The rest of the line behind a piece, without blanks around it. */
static size_t
rest_of_line(const struct splitter *s, const char **rest)
{
	const char *t = s->lexer.at, *end;

	end = memchr(t, '\n', (size_t)(s->lexer.end - t));
	if (end == NULL)
		end = s->lexer.end;
	while (t < end && isspace((unsigned char)*t))
		t++;
	while (end > t && isspace((unsigned char)end[-1]))
		end--;
	*rest = t;
	return (size_t)(end - t);
}

/* A line GO (SQL Server) or / (Oracle): 1 when it was one. */
static int
see_separator(struct splitter *s, const struct piece *p, struct err *e)
{
	const struct dialect *d = s->lexer.dialect;
	bool is_go = d->go_splits && piece_is(p, "GO");
	bool is_slash = d->slash_splits && p->type == PIECE_OTHER &&
	    *p->text == '/';
	const char *rest;
	size_t n;

	if ((!is_go && !is_slash) || !begins_line(s, p))
		return 0;
	n = rest_of_line(s, &rest);
	if (n > 0 && is_go && isdigit((unsigned char)*rest)) {
		(void)err_set(e, ERR_SPEC,
		    "line %u: GO with a count is not "
		    "supported",
		    p->line);
		return err_hint(e, "Write the batch as often as it is to run.");
	}
	if (n > 0 && !(n >= 2 && memcmp(rest, "--", 2) == 0))
		return 0;
	s->lexer.at = rest + n;
	return end_statement(s, e) < 0 ? -1 : 1;
}

/* DELIMITER at the beginning of a statement (MySQL): 1 when it was one. */
static int
see_command(struct splitter *s, const struct piece *p, struct err *e)
{
	const char *rest;
	size_t n;

	if (!s->lexer.dialect->delimiter_command || s->has_content ||
	    !piece_is(p, "DELIMITER") || !begins_line(s, p))
		return 0;
	n = rest_of_line(s, &rest);
	if (n == 0 || n >= sizeof(s->lexer.delimiter) ||
	    memchr(rest, '\\', n) != NULL)
		return err_set(e, ERR_SPEC,
		    "line %u: DELIMITER needs a short "
		    "text without backslashes",
		    p->line);
	memcpy(s->lexer.delimiter, rest, n);
	s->lexer.delimiter[n] = '\0';
	s->lexer.at = rest + n;
	begin_statement(s);
	return 1;
}

static int
see(struct splitter *s, const struct piece *p, struct err *e)
{
	int rc;

	switch (p->type) {
	case PIECE_BLANK:
	case PIECE_END:
		return 0;
	case PIECE_DELIMITER:
		return see_delimiter(s, p, e);
	case PIECE_COMMENT:
		if (!s->has_content)
			read_name(s, p);
		see_content(s, p);
		return 0;
	default:
		rc = see_command(s, p, e);
		if (rc == 0)
			rc = see_separator(s, p, e);
		if (rc == 0)
			see_content(s, p);
		return rc < 0 ? -1 : 0;
	}
}

/* The end of the text ends the last statement, unless it is open. */
static int
end_script(struct splitter *s, struct err *e)
{
	if (s->has_content && s->parens > 0)
		return err_set(e, ERR_SPEC,
		    "line %u: the parenthesis that "
		    "opens here is never closed",
		    s->opened);
	if (s->has_content && s->depth > 0)
		return err_set(e, ERR_SPEC,
		    "line %u: the BEGIN that stands "
		    "here has no END",
		    s->opened);
	if (s->has_content && s->body == BODY_TRIGGER && s->trigger_end != 2)
		return err_set(e, ERR_SPEC,
		    "line %u: the trigger that begins "
		    "here has no END",
		    s->next.line);
	return end_statement(s, e);
}

static int
check_text(const char *text, size_t length, struct err *e)
{
	const char *nul = memchr(text, '\0', length);

	if (length > SCRIPT_MAX)
		return err_set(e, ERR_SPEC, "more than %d MiB of SQL",
		    SCRIPT_MAX / (1024 * 1024));
	if (nul != NULL) {
		(void)err_set(e, ERR_SPEC, "the SQL holds a NUL byte");
		return err_hint(e, "Is it UTF-16? Save it as UTF-8.");
	}
	if (!utf8_is_valid(text, length)) {
		(void)err_set(e, ERR_SPEC, "the SQL is not UTF-8");
		return err_hint(e, "Convert it: iconv -f LATIN1 -t UTF-8.");
	}
	return 0;
}

/* The statements' texts end with NUL, where a blank or delimiter was. */
static void
terminate(struct script *script, size_t from)
{
	for (size_t i = from; i < script->n; i++) {
		const struct statement_text *t = &script->items[i];

		/* The text is script's own copy, with a byte behind it. */
		((char *)(uintptr_t)t->text)[t->length] = '\0';
	}
}

int
script_split(struct script *script, const char *text, size_t length,
    const struct dialect *d, struct err *e)
{
	struct splitter s = { .script = script };
	struct piece p;
	size_t from = script->n;
	char *copy;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		length -= 3;
	}
	if (check_text(text, length, e) < 0 ||
	    add_text(script, text, length, &copy, e) < 0)
		return -1;
	s.text = copy;
	lexer_init(&s.lexer, copy, length, d);
	begin_statement(&s);
	do {
		if (lexer_next(&s.lexer, &p, e) < 0 || see(&s, &p, e) < 0)
			return -1;
	} while (p.type != PIECE_END);
	if (end_script(&s, e) < 0)
		return -1;
	terminate(script, from);
	return 0;
}

int
script_add(struct script *script, const char *text, struct err *e)
{
	const struct dialect *ansi = dialect_by_name("ansi");
	struct statement_text item;
	struct lexer lexer;
	struct piece p = { PIECE_END, NULL, 0, 0 };
	char *copy;

	memset(&item, 0, sizeof(item));
	if (check_text(text, strlen(text), e) < 0 ||
	    add_text(script, text, strlen(text), &copy, e) < 0)
		return -1;
	item.text = copy;
	item.length = strlen(copy);
	item.line = 1;
	/* Its first word, for people; what cannot be read has none. */
	lexer_init(&lexer, copy, item.length, ansi);
	do {
		struct err ignored = ERR_INIT;

		if (lexer_next(&lexer, &p, &ignored) < 0)
			break;
	} while (p.type != PIECE_WORD && p.type != PIECE_END);
	if (p.type == PIECE_WORD)
		set_word(&item, &p);
	item.end_line = lexer.line;
	return add_item(script, &item, e);
}

void
script_release(struct script *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->items[i].name);
	for (size_t i = 0; i < s->n_texts; i++)
		free(s->texts[i]);
	free(s->items);
	free(s->texts);
	*s = (struct script)SCRIPT_INIT;
}
