/*
 * shell.c - a shell script as the commands that stand in it
 *
 * A reader of scripts that run from top to bottom: functions, loops and
 * conditions are read as the commands in them. What the commands mean for a
 * job is import.c's.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/shell.h"

enum { DOCUMENTS = 8, NAME_MAX_BYTES = 128 };

/* A here-document whose text follows the line. */
struct document {
	struct shell_command *command;
	char end[NAME_MAX_BYTES];
	bool is_raw;	  /* its end was quoted: nothing is expanded */
	bool is_indented; /* <<- */
};

/* Reading one text. */
struct reader {
	struct shell *shell;
	const char *at;
	unsigned line;
	unsigned depth;
	struct shell_command *command; /* the current one, or NULL */
	bool after_pipe;
	struct document documents[DOCUMENTS];
	size_t n_documents;
	struct err *e;
};

static int read_text(struct shell *s, const char *text, unsigned line,
    unsigned depth, struct err *e);
static int expand(struct reader *r, struct buf *out);

bool
shell_is_constant(const char *word)
{
	for (; *word != '\0'; word++)
		if (*word >= SHELL_FIELD && *word <= SHELL_END)
			return false;
	return true;
}

static bool
is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const char *
find_variable(const struct shell *s, const char *name)
{
	for (size_t i = 0; i < s->n_variables; i++)
		if (strcmp(s->variables[i].name, name) == 0)
			return s->variables[i].value;
	return NULL;
}

const char *
shell_variable(const struct shell *s, const struct shell_command *command,
    const char *name)
{
	for (size_t i = 0; i < command->n_sets; i++)
		if (strcmp(command->sets[i].name, name) == 0)
			return command->sets[i].value;
	return find_variable(s, name);
}

static int
set_variable(struct reader *r, const char *name, const char *value)
{
	struct shell *s = r->shell;
	struct draft_pair *grown;

	for (size_t i = 0; i < s->n_variables; i++)
		if (strcmp(s->variables[i].name, name) == 0) {
			s->variables[i].value = value;
			return 0;
		}
	grown = realloc(s->variables, (s->n_variables + 1) * sizeof(*grown));
	if (grown == NULL)
		return err_set(r->e, ERR_INTERNAL, "out of memory");
	s->variables = grown;
	grown[s->n_variables].name = name;
	grown[s->n_variables++].value = value;
	return 0;
}

static int
put_mark(struct buf *out, enum shell_mark mark, const char *text, size_t n,
    struct err *e)
{
	char begin = (char)mark, end = (char)SHELL_END;

	if (buf_put(out, &begin, 1, e) < 0 || buf_put(out, text, n, e) < 0)
		return -1;
	return buf_put(out, &end, 1, e);
}

/* "1 day ago", "-2 weeks", "yesterday" as an offset; false for others. */
static bool
read_offset(const char *text, char offset[32])
{
	static const struct {
		const char *words;
		const char *offset;
	} known[] = { { "today", "" }, { "now", "" }, { "yesterday", "-1d" },
		{ "tomorrow", "+1d" }, { "last day", "-1d" },
		{ "last week", "-1w" }, { "last month", "-1m" },
		{ "last year", "-1y" }, { "next day", "+1d" },
		{ "next month", "+1m" } };
	char unit[16] = "", ago[8] = "";
	int n = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(text, known[i].words) == 0) {
			(void)snprintf(offset, 32, "%s", known[i].offset);
			return true;
		}
	if (sscanf(text, "%d %15s %7s", &n, unit, ago) < 2 || n > 9999 ||
	    n < -9999)
		return false;
	if (unit[strlen(unit) - 1] == 's')
		unit[strlen(unit) - 1] = '\0';
	if (strcmp(ago, "ago") == 0)
		n = -n;
	else if (ago[0] != '\0')
		return false;
	for (size_t i = 0; i < 5; i++) {
		static const char *const units[] = { "hour", "day", "week",
			"month", "year" };

		if (strcmp(unit, units[i]) == 0) {
			(void)snprintf(offset, 32, "%+d%c", n, units[i][0]);
			return true;
		}
	}
	return false;
}

/* The value of an option of date: "-d x", "-dx", "--date=x". */
static const char *
date_of(const struct shell_command *c, size_t *i)
{
	const char *word = c->words[*i];

	if (strncmp(word, "--date=", 7) == 0)
		return word + 7;
	if ((strcmp(word, "-d") == 0 || strcmp(word, "--date") == 0) &&
	    *i + 1 < c->n)
		return c->words[++*i];
	return strncmp(word, "-d", 2) == 0 && word[2] != '\0' ? word + 2 : NULL;
}

/* What date(1) would print, as a field: 1, or 0 when it cannot be said so. */
static int
put_date(struct buf *out, const struct shell_command *c, struct err *e)
{
	const char *format = NULL;
	char offset[32] = "";
	struct buf field = BUF_INIT(1024);
	size_t n;
	int rc;

	for (size_t i = 1; i < c->n; i++) {
		const char *when;

		if (c->words[i][0] == '+')
			format = c->words[i] + 1;
		else if (strncmp(c->words[i], "-v", 2) == 0)
			(void)snprintf(
			    offset, sizeof(offset), "%.20s", c->words[i] + 2);
		else if (strcmp(c->words[i], "-u") != 0) {
			when = date_of(c, &i);
			if (when == NULL || !read_offset(when, offset))
				return 0;
		}
	}
	if (format == NULL || !shell_is_constant(format) ||
	    strpbrk(format, "{}") != NULL || strstr(format, "%s") != NULL ||
	    strstr(format, "%N") != NULL)
		return 0;
	n = strcspn(format, "%");
	rc = buf_put(out, format, n, e);
	if (rc == 0 && format[n] != '\0')
		rc = buf_printf(&field, e, "date:%s%s%s", offset,
		    offset[0] != '\0' ? ":" : "", format + n);
	if (rc == 0 && format[n] != '\0')
		rc = put_mark(out, SHELL_FIELD, field.data, field.length, e);
	buf_release(&field);
	return rc < 0 ? -1 : 1;
}

/* What is known of a command's output: 1, or 0 when it is not. */
static int
put_known_output(struct buf *out, const struct shell_command *c, struct err *e)
{
	const char *name = c->n > 0 ? c->words[0] : "cat";
	const char *path = c->n > 1 ? c->words[1] : c->input_path;

	if (strcmp(name, "date") == 0)
		return put_date(out, c, e);
	if (strcmp(name, "hostname") == 0)
		return put_mark(out, SHELL_FIELD, "host", 4, e) < 0 ? -1 : 1;
	if (strcmp(name, "cat") != 0 || c->n > 2 || path == NULL ||
	    !shell_is_constant(path))
		return 0;
	return put_mark(out, SHELL_FILE, path, strlen(path), e) < 0 ? -1 : 1;
}

static int
copy_variables(struct reader *r, struct shell *to)
{
	struct reader own = { .shell = to, .e = r->e };

	for (size_t i = 0; i < r->shell->n_variables; i++)
		if (set_variable(&own, r->shell->variables[i].name,
			r->shell->variables[i].value) < 0)
			return -1;
	return 0;
}

/* What $(command) stands for. */
static int
put_output(struct reader *r, struct buf *out, const char *text)
{
	struct shell sub = { .draft = r->shell->draft };
	const char *name = "a command";
	int rc = copy_variables(r, &sub);

	if (rc == 0)
		rc = read_text(&sub, text, r->line, r->depth + 1, r->e);
	if (rc == 0 && sub.n == 1)
		rc = put_known_output(out, sub.commands[0], r->e);
	if (rc == 0 && sub.n > 0 && sub.commands[0]->n > 0 &&
	    shell_is_constant(sub.commands[0]->words[0]))
		name = sub.commands[0]->words[0];
	if (rc == 0)
		rc = put_mark(out, SHELL_OTHER, name, strlen(name), r->e);
	shell_release(&sub);
	return rc < 0 ? -1 : 0;
}

/* The end of what stands in brackets from there, quotes counted; or NULL. */
static const char *
find_close(const char *at, char open, char close)
{
	unsigned depth = 1;

	for (; *at != '\0'; at++) {
		if (*at == '\\' && at[1] != '\0')
			at++;
		else if (*at == '\'') {
			at = strchr(at + 1, '\'');
			if (at == NULL)
				return NULL;
		} else if (*at == open)
			depth++;
		else if (*at == close && --depth == 0)
			return at;
	}
	return NULL;
}

static unsigned
count_lines(const char *from, const char *to)
{
	unsigned n = 0;

	for (; from < to; from++)
		n += *from == '\n';
	return n;
}

/* $( ), ` `: the text of the command, then what it stands for. */
static int
expand_command(
    struct reader *r, struct buf *out, const char *begin, const char *end)
{
	const char *text;

	if (end == NULL)
		return err_set(r->e, ERR_SPEC,
		    "line %u: a command substitution does not end", r->line);
	text = draft_keep_n(r->shell->draft, begin, (size_t)(end - begin));
	r->line += count_lines(begin, end);
	r->at = end + 1;
	return put_output(r, out, text);
}

static int
put_value(struct reader *r, struct buf *out, const char *name)
{
	const char *value = find_variable(r->shell, name);

	if (value == NULL && strcmp(name, "HOME") == 0)
		value = getenv("HOME");
	if (value != NULL)
		return buf_puts(out, value, r->e);
	if (strcmp(name, "HOSTNAME") == 0)
		return put_mark(out, SHELL_FIELD, "host", 4, r->e);
	return put_mark(out, SHELL_UNKNOWN, name, strlen(name), r->e);
}

/* ${NAME} and ${NAME:-default}; other forms are not known. */
static int
expand_braces(struct reader *r, struct buf *out)
{
	const char *begin = r->at;
	const char *end = find_close(begin, '{', '}');
	size_t n = 0;
	const char *name;

	if (end == NULL)
		return err_set(
		    r->e, ERR_SPEC, "line %u: '${' does not end", r->line);
	while (is_name(begin[n]))
		n++;
	name = draft_keep_n(r->shell->draft, begin, n);
	r->at = end + 1;
	if (begin + n == end || find_variable(r->shell, name) == NULL ||
	    begin[n] == ':') {
		if (begin[n] == ':' && begin[n + 1] == '-' &&
		    find_variable(r->shell, name) == NULL)
			return buf_put(out, begin + n + 2,
			    (size_t)(end - begin) - n - 2, r->e);
		return put_value(r, out, name);
	}
	return put_mark(out, SHELL_UNKNOWN, begin, (size_t)(end - begin), r->e);
}

/* What a dollar or a backquote begins; r->at is on it. */
static int
expand(struct reader *r, struct buf *out)
{
	const char *at = r->at;
	char name[NAME_MAX_BYTES];
	size_t n = 0;

	if (*at == '`') {
		r->at = at + 1;
		return expand_command(r, out, at + 1, strchr(at + 1, '`'));
	}
	if (at[1] == '(') {
		r->at = at + 2;
		return expand_command(
		    r, out, at + 2, find_close(at + 2, '(', ')'));
	}
	if (at[1] == '{') {
		r->at = at + 2;
		return expand_braces(r, out);
	}
	while (is_name(at[1 + n]) && n < sizeof(name) - 1 &&
	    (n > 0 || !isdigit((unsigned char)at[1])))
		n++;
	if (n == 0 && at[1] != '\0' && strchr("0123456789@*#?$!-", at[1]))
		n = 1;
	if (n == 0) {
		r->at++;
		return buf_puts(out, "$", r->e);
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)n, at + 1);
	r->at = at + 1 + n;
	return put_value(r, out, name);
}

/* One byte, or what a backslash or a dollar makes of it. */
static int
take_soft(struct reader *r, struct buf *out, const char *escaped)
{
	if (*r->at == '\\' && r->at[1] == '\n') {
		r->line++;
		r->at += 2;
		return 0;
	}
	if (*r->at == '\\' && r->at[1] != '\0' &&
	    strchr(escaped, r->at[1]) != NULL)
		r->at++;
	else if (*r->at == '$' || *r->at == '`')
		return expand(r, out);
	r->line += *r->at == '\n';
	return buf_put(out, r->at++, 1, r->e);
}

static int
unfinished(struct reader *r, const char *what, unsigned line)
{
	(void)err_set(r->e, ERR_SPEC, "line %u: %s does not end", line, what);
	return err_hint(r->e, "Is that a shell script?");
}

/* A part in quotes; r->at is behind the first one. */
static int
take_quoted(struct reader *r, struct buf *out, char quote)
{
	unsigned line = r->line;

	while (*r->at != quote) {
		if (*r->at == '\0')
			return unfinished(r, "a quote", line);
		if (quote == '"') {
			if (take_soft(r, out, "$`\"\\") < 0)
				return -1;
			continue;
		}
		r->line += *r->at == '\n';
		if (buf_put(out, r->at++, 1, r->e) < 0)
			return -1;
	}
	r->at++;
	return 0;
}

/* A word, expanded; whether it was quoted anywhere goes to *quoted. */
static int
take_word(struct reader *r, struct buf *out, bool *quoted)
{
	*quoted = false;
	while (*r->at != '\0' && strchr(" \t\r\n;&|<>()", *r->at) == NULL) {
		int rc;

		if (*r->at == '\'' || *r->at == '"') {
			*quoted = true;
			rc = take_quoted(r, out, *r->at++);
		} else if (*r->at == '\\' && r->at[1] != '\n') {
			*quoted = true;
			r->at++;
			rc = *r->at != '\0' ? buf_put(out, r->at++, 1, r->e) :
					      0;
		} else
			rc = take_soft(r, out, "");
		if (rc < 0)
			return -1;
	}
	return 0;
}

static struct shell_command *
current(struct reader *r)
{
	struct shell *s = r->shell;
	struct shell_command **grown;

	if (r->command != NULL)
		return r->command;
	grown = realloc(s->commands, (s->n + 1) * sizeof(*grown));
	if (grown == NULL)
		goto failed;
	s->commands = grown;
	grown[s->n] = calloc(1, sizeof(**grown));
	if (grown[s->n] == NULL)
		goto failed;
	r->command = grown[s->n++];
	r->command->line = r->line;
	r->command->piped = r->after_pipe;
	r->after_pipe = false;
	return r->command;
failed:
	(void)err_set(r->e, ERR_INTERNAL, "out of memory");
	return NULL;
}

/* NAME=VALUE in front of a command, or as one. */
static bool
is_assignment(const char *word)
{
	size_t n = 0;

	while (is_name(word[n]))
		n++;
	return n > 0 && !isdigit((unsigned char)word[0]) && word[n] == '=';
}

static void
take_assignment(struct reader *r, struct shell_command *c, const char *word)
{
	size_t n = strcspn(word, "=");
	struct draft *d = r->shell->draft;

	if (c->n_sets == sizeof(c->sets) / sizeof(c->sets[0]))
		return;
	c->sets[c->n_sets].name = draft_keep_n(d, word, n);
	c->sets[c->n_sets++].value = draft_keep(d, word + n + 1);
}

static bool
is_declaration(const char *word)
{
	static const char *const words[] = { "export", "readonly", "declare",
		"local", "typeset" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/* Words that only say how the command behind them is run. */
static bool
is_skipped(const char *word)
{
	static const char *const words[] = { "if", "then", "else", "elif", "do",
		"while", "until", "!", "{", "}", "time", "exec", "nohup",
		"command", "env" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static int
add_word(struct reader *r)
{
	struct buf word = BUF_INIT(DRAFT_TEXT_MAX);
	struct shell_command *c = current(r);
	bool quoted = false;
	const char *kept;
	int rc = c == NULL ? -1 : take_word(r, &word, &quoted);

	if (rc == 0) {
		kept = draft_keep_n(
		    r->shell->draft, buf_text(&word), word.length);
		if ((c->n == 0 || is_declaration(c->words[0])) &&
		    is_assignment(kept))
			take_assignment(r, c, kept);
		else if (c->n == 0 && !quoted && is_skipped(kept))
			c->line = r->line;
		else if (c->n < SHELL_WORDS)
			c->words[c->n++] = kept;
	}
	buf_release(&word);
	return rc;
}

/* Assignments without a command, and those of export, hold from here on. */
static int
end_command(struct reader *r)
{
	struct shell_command *c = r->command;

	r->command = NULL;
	if (c == NULL || (c->n > 0 && !is_declaration(c->words[0])))
		return 0;
	for (size_t i = 0; i < c->n_sets; i++)
		if (set_variable(r, c->sets[i].name, c->sets[i].value) < 0)
			return -1;
	return 0;
}

/* << and <<-; the text comes behind the line. */
static int
begin_document(struct reader *r, struct shell_command *c)
{
	struct buf word = BUF_INIT(NAME_MAX_BYTES);
	struct document *d;
	bool quoted = false;
	int rc;

	if (r->n_documents == DOCUMENTS)
		return err_set(r->e, ERR_SPEC,
		    "line %u: too many here-documents", r->line);
	d = &r->documents[r->n_documents++];
	d->command = c;
	d->is_indented = *r->at == '-';
	r->at += d->is_indented;
	r->at += strspn(r->at, " \t");
	rc = take_word(r, &word, &quoted);
	d->is_raw = quoted;
	(void)snprintf(d->end, sizeof(d->end), "%s", buf_text(&word));
	buf_release(&word);
	return rc;
}

/* < and >, with what they go to. */
static int
take_redirection(struct reader *r)
{
	struct shell_command *c = current(r);
	struct buf word = BUF_INIT(DRAFT_TEXT_MAX);
	bool is_input = *r->at == '<', quoted, is_string;
	int rc;

	if (c == NULL)
		return -1;
	is_string = strncmp(r->at, "<<<", 3) == 0;
	if (strncmp(r->at, "<<", 2) == 0 && !is_string) {
		r->at += 2;
		return begin_document(r, c);
	}
	r->at += strspn(r->at, is_input ? "<" : ">|");
	if (*r->at == '&') { /* 2>&1 */
		r->at += 1 + strspn(r->at + 1, "0123456789-");
		return 0;
	}
	r->at += strspn(r->at, " \t");
	rc = take_word(r, &word, &quoted);
	if (rc == 0 && is_string) {
		c->input = draft_keep(r->shell->draft, buf_text(&word));
		c->input_line = r->line;
	} else if (rc == 0 && is_input)
		c->input_path = draft_keep(r->shell->draft, buf_text(&word));
	else if (rc == 0 && strcmp(buf_text(&word), "/dev/null") != 0)
		c->output_path = draft_keep(r->shell->draft, buf_text(&word));
	buf_release(&word);
	return rc;
}

/* "2>file": the errors are not what is exported. 1 it was that. */
static int
take_numbered(struct reader *r)
{
	size_t n = strspn(r->at, "0123456789");
	bool is_output = n == 1 && *r->at == '1';
	struct shell_command *c;
	const char *before;

	if (n == 0 || (r->at[n] != '>' && r->at[n] != '<'))
		return 0;
	c = current(r);
	if (c == NULL)
		return -1;
	before = c->output_path;
	r->at += n;
	if (take_redirection(r) < 0)
		return -1;
	if (!is_output)
		c->output_path = before;
	return 1;
}

/* One line of a here-document, or its end: 0. */
static int
take_line(struct reader *r, const struct document *d, struct buf *out)
{
	size_t skip = d->is_indented ? strspn(r->at, "\t") : 0;
	const char *begin = r->at + skip;
	size_t n = strcspn(begin, "\n");

	if (*r->at == '\0')
		return 0;
	if (n == strlen(d->end) && strncmp(begin, d->end, n) == 0) {
		r->at = begin + n;
		return 0;
	}
	r->at = begin;
	if (d->is_raw) {
		if (buf_put(out, begin, n, r->e) < 0)
			return -1;
		r->at = begin + n;
	}
	while (!d->is_raw && *r->at != '\n' && *r->at != '\0')
		if (take_soft(r, out, "$`\\") < 0)
			return -1;
	if (*r->at == '\n') {
		r->at++;
		r->line++;
	}
	return buf_puts(out, "\n", r->e) < 0 ? -1 : 1;
}

static int
take_documents(struct reader *r)
{
	for (size_t i = 0; i < r->n_documents; i++) {
		struct buf text = BUF_INIT(DRAFT_TEXT_MAX);
		struct document *d = &r->documents[i];
		int more;

		d->command->input_line = r->line;
		while ((more = take_line(r, d, &text)) > 0)
			continue;
		if (more == 0 && *r->at == '\n') {
			r->at++;
			r->line++;
		}
		d->command->input = draft_keep_n(
		    r->shell->draft, buf_text(&text), text.length);
		buf_release(&text);
		if (more < 0)
			return -1;
	}
	r->n_documents = 0;
	return 0;
}

/* What is between words: 1 it was that. */
static int
take_between(struct reader *r)
{
	switch (*r->at) {
	case ' ':
	case '\t':
	case '\r':
		r->at++;
		return 1;
	case '#':
		r->at += strcspn(r->at, "\n");
		return 1;
	case '\n':
		r->at++;
		r->line++;
		return end_command(r) < 0 || take_documents(r) < 0 ? -1 : 1;
	case '|':
		r->after_pipe = r->at[1] != '|';
		r->at += r->after_pipe ? 1 : 2;
		return end_command(r) < 0 ? -1 : 1;
	case ';':
	case '(':
	case ')':
		r->at++;
		return end_command(r) < 0 ? -1 : 1;
	case '&':
		r->at++;
		if (*r->at == '>') /* &>file */
			return take_redirection(r) < 0 ? -1 : 1;
		return end_command(r) < 0 ? -1 : 1;
	case '<':
	case '>':
		return take_redirection(r) < 0 ? -1 : 1;
	default:
		return 0;
	}
}

static int
read_text(struct shell *s, const char *text, unsigned line, unsigned depth,
    struct err *e)
{
	struct reader r = {
		.shell = s, .at = text, .line = line, .depth = depth, .e = e
	};

	if (depth > SHELL_DEPTH)
		return err_set(e, ERR_SPEC,
		    "line %u: command substitutions go too deep", line);
	while (*r.at != '\0') {
		int rc = take_between(&r);

		if (rc == 0)
			rc = take_numbered(&r);
		if (rc < 0 || (rc == 0 && add_word(&r) < 0))
			return -1;
	}
	return end_command(&r);
}

int
shell_read(
    struct shell *s, struct draft *draft, const char *text, struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->draft = draft;
	if (read_text(s, text, 1, 0, e) < 0) {
		shell_release(s);
		return -1;
	}
	return 0;
}

void
shell_release(struct shell *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->commands[i]);
	free(s->commands);
	free(s->variables);
	s->commands = NULL;
	s->variables = NULL;
	s->n = s->n_variables = 0;
}
