/*
 * command.c - commands of the databases' own clients in a script
 *
 * Whoever wrote the script ran it in such a client. What only changes how
 * things look there is left out; the rest is refused, since a script without
 * it would do something else. Sources: psql(1), mysql.cc find_command(),
 * sqlite3 shell.c, SQL*Plus, isql and sqlcmd references.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "sql/advice.h"
#include "sql/command.h"

/* The word at s; its length. */
static size_t
word_at(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

static bool
is_word(const char *s, size_t n, const char *word, size_t least)
{
	size_t i = 0;

	/* As in piece_is(). */
	while (i < n && word[i] != '\0' && ((s[i] ^ word[i]) & 0xdf) == 0)
		i++;
	return i == n && (word[n] == '\0' || (least > 0 && n >= least));
}

/* SQL*Plus: a line that ends with - goes on. */
static const char *
end_of_command(const struct lexer *l, const char *s)
{
	const char *end = lexer_end_of_line(s);

	while (l->dialect.slash_splits && end > s && end[-1] == '-' &&
	    *end != '\0') {
		end += end[0] == '\r' && end[1] == '\n' ? 2 : 1;
		end = lexer_end_of_line(end);
	}
	return end;
}

/* Nothing or a delimiter. */
static bool
is_alone(const struct lexer *l, const struct command_found *f)
{
	return f->length == 0 ||
	    (f->length == l->delimiter_length &&
		memcmp(f->text, l->delimiter, f->length) == 0);
}

static void
set_rest(struct command_found *f, const char *s, const char *end)
{
	f->end = end;
	while (s < end && isspace((unsigned char)*s))
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	f->text = s;
	f->length = (size_t)(end - s);
}

/* Letters differ in their last five bits, whatever their case. */
static size_t
letter_of(const char *word)
{
	return (unsigned char)*word & 0x1f;
}

void
command_index_init(struct command_index *x, const struct dialect *d)
{
	size_t n = 0;

	memset(x, 0, sizeof(*x));
	while (d->commands[n].word != NULL && n + 1 < sizeof(x->next))
		n++;
	/* From the last to the first: each row then leads to one below it. */
	for (; n > 0; n--) {
		const char *word = d->commands[n - 1].word;
		bool is_one = d->commands[n - 1].least == 1 || word[1] == '\0';
		unsigned char *head = is_one ?
		    &x->ones[letter_of(word)] :
		    &x->pairs[letter_of(word)][letter_of(word + 1)];

		x->next[n - 1] = *head;
		*head = (unsigned char)n;
	}
}

/* Whether a command is that of n bytes at word; sets the rest of their line. */
static bool
is_command(const struct lexer *l, const struct client_command *c,
    const char *word, size_t n, struct command_found *f)
{
	if (!is_word(word, n, c->word, c->least))
		return false;
	if (f->text == NULL)
		set_rest(f, word + n, end_of_command(l, word + n));
	if (c->lone && !is_alone(l, f))
		return false;
	/* psql's commands are the only ones whose case counts. */
	if (l->dialect.command_mark == '\\' && strncmp(word, c->word, n) != 0)
		return false;
	return c->next == NULL ||
	    is_word(f->text, word_at(f->text), c->next, 0);
}

/* The row for the n bytes at word, or NULL. */
static const struct client_command *
find_row(const struct lexer *l, const struct command_index *x, const char *word,
    size_t n, struct command_found *f)
{
	const struct client_command *rows = l->dialect.commands;
	size_t letter = letter_of(word);
	size_t i = n > 0 ? x->ones[letter] : 0;

	for (; i > 0; i = x->next[i - 1])
		if (is_command(l, &rows[i - 1], word, n, f))
			return &rows[i - 1];
	i = n > 1 ? x->pairs[letter][letter_of(word + 1)] : 0;
	for (; i > 0; i = x->next[i - 1]) {
		/* Cheap, and SELECT is no SET. */
		if (n > 2 && ((word[2] ^ rows[i - 1].word[2]) & 0xdf) != 0)
			continue;
		if (is_command(l, &rows[i - 1], word, n, f))
			return &rows[i - 1];
	}
	return NULL;
}

static int
refuse(struct lexer *l, const char *at, const char *end, const char *advice,
    struct err *e)
{
	size_t n;

	while (end > at && isspace((unsigned char)end[-1]))
		end--;
	n = (size_t)(end - at);
	(void)err_set(e, ERR_SPEC, "line %u: '%.*s' is a command of %s",
	    lexer_line(l, at), n > 60 ? 60 : (int)n, at, l->dialect.client);
	return err_hint(e, "%s", advice);
}

/* psql: anywhere outside of quotes. */
static int
find_backslash(struct lexer *l, const struct command_index *x,
    const struct piece *p, struct command_found *f, struct err *e)
{
	const char *word = p->text + 1;
	size_t n = word_at(word);
	const struct client_command *c;

	set_rest(f, word + n, lexer_end_of_line(word));
	if (*word == 'd') /* \dt, \dn and all the others show something */
		n = 1;
	c = find_row(l, x, word, n, f);
	if (c == NULL || memchr(f->text, '\\', f->length) != NULL ||
	    (!l->is_fresh && c->action != CLIENT_TERMINATE))
		return refuse(l, p->text, f->text + f->length,
		    advice_for(&l->dialect, word, n > 0 ? n : 1), e);
	f->action = c->action;
	return 0;
}

/*
 * mysql: \g and \G end a statement, \N is NULL, and some change what is shown.
 */
static int
find_letter(struct lexer *l, const struct piece *p, struct command_found *f,
    struct err *e)
{
	char letter = p->text[1];

	if (letter == 'N')
		return 0;
	if (letter == 'g' || letter == 'G')
		f->action = CLIENT_TERMINATE;
	else if (l->is_fresh && letter != '\0' &&
	    strchr("hnpstwW#?", letter) != NULL)
		f->action = CLIENT_IGNORE;
	else
		return refuse(l, p->text, lexer_end_of_line(p->text),
		    advice_for(&l->dialect, &letter, 1), e);
	f->end = p->text + 2;
	return 0;
}

/* What follows a delimiter on the line is the next statement. */
static void
cut_at_delimiter(const struct lexer *l, struct command_found *f)
{
	const char *s = l->delimiter_length > 0 ?
	    memmem(f->text, f->length, l->delimiter, l->delimiter_length) :
	    NULL;

	if (s != NULL)
		f->end = s + l->delimiter_length;
}

static int
find_word(struct lexer *l, const struct command_index *x, const struct piece *p,
    struct command_found *f, struct err *e)
{
	bool is_marked = p->type != PIECE_WORD;
	const char *word = p->text + is_marked;
	size_t n = is_marked ? word_at(word) : p->length;
	const struct client_command *c = find_row(l, x, word, n, f);

	if (c == NULL) {
		/* SQLite reads no SQL from such a line, whatever it holds. */
		if (is_marked && l->dialect.command_mark == '.')
			return refuse(l, p->text, lexer_end_of_line(word),
			    advice_for(&l->dialect, word, n), e);
		return 0;
	}
	if (c->action == CLIENT_REFUSE)
		return refuse(l, p->text, f->text + f->length,
		    advice_for(&l->dialect, c->word, strlen(c->word)), e);
	f->action = c->action;
	if (c->action == CLIENT_IGNORE && l->dialect.command_mark == '\0' &&
	    !l->dialect.slash_splits)
		cut_at_delimiter(l, f);
	return 0;
}

/*
 * mysql: DELIMITER behind a statement on its line, when a delimiter follows
 * (mysql.cc add_line).
 */
static void
find_late_delimiter(
    const struct lexer *l, const struct piece *p, struct command_found *f)
{
	const char *old;

	if (!l->dialect.conditional_comments || !piece_is(p, "DELIMITER"))
		return;
	set_rest(f, p->text + p->length, lexer_end_of_line(p->text));
	old = memmem(f->text, f->length, l->delimiter, l->delimiter_length);
	if (old == NULL)
		return;
	f->action = CLIENT_DELIMITER;
	f->length = (size_t)(old - f->text);
	f->end = old + l->delimiter_length;
}

/* A line that is no SQL by its first byte: @file of SQL*Plus, !ls, !!dir. */
static bool
begins_command(const struct dialect *d, const char *at)
{
	if (*at == '!')
		return d->slash_splits || d->term_comment ||
		    (d->go_splits && at[1] == '!');
	return *at == '@' && d->slash_splits;
}

int
command_find(struct lexer *l, const struct command_index *x,
    const struct piece *p, struct command_found *f, struct err *e)
{
	const struct dialect *d = &l->dialect;
	bool is_mark = p->type == PIECE_OTHER && *p->text == d->command_mark &&
	    d->command_mark != '\0';

	f->action = CLIENT_SQL;
	f->text = NULL;
	f->length = 0;
	if (p->type == PIECE_OTHER && *p->text == '\\') {
		if (is_mark)
			return find_backslash(l, x, p, f, e);
		return d->conditional_comments ? find_letter(l, p, f, e) : 0;
	}
	if (!l->is_fresh)
		return 0;
	if (!lexer_begins_line(l, p->text)) {
		find_late_delimiter(l, p, f);
		return 0;
	}
	if (is_mark)
		return find_word(l, x, p, f, e);
	if (p->type == PIECE_OTHER && *p->text == '#' &&
	    d->command_mark == '.') { /* shell.c: a comment */
		f->action = CLIENT_IGNORE;
		f->end = lexer_end_of_line(p->text);
		return 0;
	}
	if (p->type == PIECE_OTHER && begins_command(d, p->text))
		return refuse(l, p->text, lexer_end_of_line(p->text),
		    advice_for(d, p->text, 1), e);
	if (p->type == PIECE_WORD && d->command_mark == '\0')
		return find_word(l, x, p, f, e);
	return 0;
}

static int
refuse_delimiter(struct lexer *l, const struct command_found *f, struct err *e)
{
	return err_set(e, ERR_SPEC,
	    "line %u: DELIMITER needs a short text without backslashes",
	    lexer_line(l, f->text));
}

/* DELIMITER 'x' anything */
static int
take_delimiter(struct lexer *l, const struct command_found *f, struct err *e)
{
	const char *s = f->text, *end;
	size_t n = strcspn(s, " \t\r\n");

	if (n > f->length)
		n = f->length;
	if (n > 0 && (*s == '\'' || *s == '"' || *s == '`')) {
		end = memchr(s + 1, *s, f->length - 1);
		n = end != NULL ? (size_t)(end - s - 1) : 0;
		s++;
	}
	if (n == 0 || n >= sizeof(l->delimiter) || memchr(s, '\\', n) != NULL)
		return refuse_delimiter(l, f, e);
	lexer_set_delimiter(l, s, n);
	l->at = f->end;
	return 0;
}

/* SET TERM ^ ;  of Firebird's isql: the new one, then the old one. */
static int
take_term(struct lexer *l, const struct command_found *f, struct err *e)
{
	const char *end = f->text + f->length;
	const char *s = f->text + strlen("TERM");
	size_t length;
	const char *old = NULL;
	size_t n;

	while (s < end && isspace((unsigned char)*s))
		s++;
	length = (size_t)(end - s);
	if (length > 1 && l->delimiter_length > 0)
		old = memmem(
		    s + 1, length - 1, l->delimiter, l->delimiter_length);
	n = old != NULL ? (size_t)(old - s) : length;
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		n--;
	if (n == 0 || n >= sizeof(l->delimiter) || memchr(s, '\'', n) != NULL)
		return err_set(e, ERR_SPEC,
		    "line %u: SET TERM needs the new terminator and then the "
		    "old one",
		    lexer_line(l, f->text));
	l->at = old != NULL ? old + l->delimiter_length : f->end;
	lexer_set_delimiter(l, s, n);
	return 0;
}

int
command_set_delimiter(
    struct lexer *l, const struct command_found *f, struct err *e)
{
	if (l->dialect.conditional_comments)
		return take_delimiter(l, f, e);
	return take_term(l, f, e);
}

/* SET [ECHO OFF] DEFINE {OFF | ON | '^'}; its other name is SCAN. */
void
command_see_set(
    struct lexer *l, const struct piece *p, const struct command_found *f)
{
	const char *s = f->text, *end = f->text + f->length;
	bool is_define = false;

	if (!l->dialect.slash_splits || !piece_is(p, "SET"))
		return;
	while (s < end) {
		size_t n = strcspn(s, " \t\r\n;");

		if (n > (size_t)(end - s))
			n = (size_t)(end - s);
		if (is_define)
			l->dialect.ampersands = is_word(s, n, "ON", 0) ||
			    memchr(s, '&', n) != NULL;
		is_define = n > 0 && !is_define &&
		    (is_word(s, n, "DEFINE", 3) || is_word(s, n, "SCAN", 0));
		s += n > 0 ? n : 1;
		while (s < end && isspace((unsigned char)*s))
			s++;
	}
}

void
command_see_comment(struct lexer *l, const struct piece *p)
{
	static const char mark[] = "--#SET TERMINATOR";
	const char *s = p->text + sizeof(mark) - 1, *end = p->text + p->length;
	size_t n = 0;

	if (!l->dialect.term_comment || p->length < sizeof(mark) ||
	    strncasecmp(p->text, mark, sizeof(mark) - 1) != 0)
		return;
	while (s < end && isspace((unsigned char)*s))
		s++;
	while (s + n < end && !isspace((unsigned char)s[n]))
		n++;
	if (n > 0 && n < sizeof(l->delimiter))
		lexer_set_delimiter(l, s, n);
}
