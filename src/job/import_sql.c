/*
 * import_sql.c - what a client was given as SQL, as the batch of a job
 *
 * Lines that are for the client itself are taken out and obeyed as far as they
 * say how the file looks; COPY ... TO becomes its query; what the shell put
 * into the SQL becomes a parameter, which the job binds.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "job/import_parts.h"

enum { PARAM_NAME = 64 };

static bool
begins(const char *text, const char *word)
{
	size_t n = strlen(word);

	return strncasecmp(text, word, n) == 0 &&
	    !isalnum((unsigned char)text[n]) && text[n] != '_';
}

static const char *
skip_blank(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* The first word of a line's rest, without quotes. */
static const char *
argument(struct import *im, const char *at)
{
	size_t n;

	at += strspn(at, " \t");
	if (*at == '\'' || *at == '"')
		return draft_keep_n(im->draft, at + 1,
		    strcspn(at + 1, (const char[]){ *at, '\n', '\0' }));
	n = strcspn(at, " \t\r\n");
	return draft_keep_n(im->draft, at, n);
}

static void
set_delimiter(struct import *im, const char *text)
{
	if (strcmp(text, "\\t") == 0)
		text = "\t";
	if (strlen(text) == 1)
		im->draft->delimiter = *text != ',' ? text : NULL;
}

/* .mode, .headers and their kin of sqlite3. */
static bool
take_dot(struct import *im, const char *line)
{
	const char *rest = line + strcspn(line, " \t\n");
	const char *value = argument(im, rest);

	if (strncmp(line, ".header", 7) == 0)
		im->draft->no_header = strcmp(value, "on") == 0 ? NULL : "yes";
	else if (begins(line, ".separator"))
		set_delimiter(im, value);
	else if (begins(line, ".mode")) {
		if (strcmp(value, "csv") == 0)
			im->draft->delimiter = NULL;
		else if (strcmp(value, "tabs") == 0)
			set_delimiter(im, "\t");
	} else if (begins(line, ".nullvalue"))
		im->draft->null = value[0] != '\0' ? value : NULL;
	else if (begins(line, ".output") || begins(line, ".once"))
		im->output = strcmp(value, "stdout") != 0 ? value : im->output;
	else
		return begins(line, ".quit") || begins(line, ".exit") ||
		    begins(line, ".bail") || begins(line, ".timeout") ||
		    begins(line, ".echo");
	return true;
}

/* \pset NAME VALUE */
static bool
take_pset(struct import *im, const char *rest)
{
	const char *name = argument(im, rest);
	const char *value = argument(
	    im, rest + strspn(rest, " \t") + strlen(name));

	if (strcmp(name, "format") == 0)
		return true;
	if (strcmp(name, "fieldsep") == 0 || strcmp(name, "csv_fieldsep") == 0)
		set_delimiter(im, value);
	else if (strcmp(name, "null") == 0)
		im->draft->null = value[0] != '\0' ? value : NULL;
	else if (strcmp(name, "tuples_only") == 0)
		im->draft->no_header = strcmp(value, "off") == 0 ? NULL : "yes";
	else
		return strcmp(name, "footer") == 0 ||
		    strcmp(name, "pager") == 0;
	return true;
}

/* \o, \f and their kin of psql. */
static bool
take_backslash(struct import *im, const char *line)
{
	const char *rest = line + strcspn(line, " \t\n");

	if (begins(line, "\\pset"))
		return take_pset(im, rest);
	if (begins(line, "\\t"))
		im->draft->no_header = "yes";
	else if (begins(line, "\\f"))
		set_delimiter(im, argument(im, rest));
	else if (begins(line, "\\o"))
		im->output = *argument(im, rest) != '\0' ? argument(im, rest) :
							   im->output;
	else
		return begins(line, "\\a") || begins(line, "\\q") ||
		    begins(line, "\\set") || begins(line, "\\timing") ||
		    begins(line, "\\echo") || begins(line, "\\encoding");
	return true;
}

/* What stands in round brackets from there to its end; NULL without one. */
static const char *
find_close(const char *at)
{
	unsigned depth = 0;

	for (; *at != '\0'; at++) {
		if (*at == '\'') {
			at = strchr(at + 1, '\'');
			if (at == NULL)
				return NULL;
		} else if (*at == '(')
			depth++;
		else if (*at == ')' && --depth == 0)
			return at;
	}
	return NULL;
}

/* The text in quotes behind a word of the options of COPY, or NULL. */
static const char *
copy_option(struct import *im, const char *options, const char *word)
{
	const char *at = strcasestr(options, word);
	const char *quote = at != NULL ? strchr(at, '\'') : NULL;

	if (quote == NULL)
		return NULL;
	return draft_keep_n(im->draft, quote + 1, strcspn(quote + 1, "'"));
}

/* "TO STDOUT WITH CSV HEADER", or TO a file: how the file looks. */
static void
take_copy_options(struct import *im, const char *options)
{
	const char *rest = skip_blank(options);
	const char *header = strcasestr(options, "header");
	const char *delimiter, *null;

	if (*rest == '\'') {
		im->output = draft_keep_n(
		    im->draft, rest + 1, strcspn(rest + 1, "'"));
		options = rest + 1 + strcspn(rest + 1, "'");
	} else if (!begins(rest, "stdout") && !begins(rest, "program"))
		im->output = argument(im, rest);
	im->draft->no_header = header != NULL &&
		!begins(skip_blank(header + 6), "false") &&
		!begins(skip_blank(header + 6), "off") ?
	    NULL :
	    "yes";
	delimiter = copy_option(im, options, "delimiter");
	if (delimiter != NULL)
		set_delimiter(im, delimiter);
	else if (strcasestr(options, "csv") == NULL)
		set_delimiter(im, "\t");
	null = copy_option(im, options, "null ");
	if (null != NULL)
		im->draft->null = null[0] != '\0' ? null : NULL;
}

/*
 * COPY (query) TO, COPY table TO: the query, to be read on; NULL when it is
 * none. *end is behind it.
 */
static const char *
take_copy(
    struct import *im, const char *at, const char *until, const char **end)
{
	const char *body = skip_blank(at + 4);
	const char *close = *body == '(' ? find_close(body) : NULL;
	const char *to = close != NULL ? skip_blank(close + 1) : body;
	char query[4096];
	size_t n;

	if (close == NULL)
		while (*to != '\0' && *to != ';' && !begins(to, "to") &&
		    !begins(to, "from"))
			to += *to == '(' && find_close(to) != NULL ?
			    (size_t)(find_close(to) - to) + 1 :
			    strcspn(to, " \t\n(;") +
				strspn(to + strcspn(to, " \t\n(;"), " \t\n");
	if (!begins(to, "to"))
		return NULL;
	n = strcspn(to, until);
	take_copy_options(im, draft_keep_n(im->draft, to + 2, n - 2));
	*end = to + n + (to[n] == ';');
	if (close != NULL) {
		body = skip_blank(body + 1);
		return draft_keep_n(im->draft, body, (size_t)(close - body));
	}
	n = strcspn(body, " \t\n(");
	close = strchr(body, '(');
	if (close != NULL && close < to)
		(void)snprintf(query, sizeof(query), "SELECT %.*s FROM %.*s",
		    (int)(strcspn(close, ")") - 1), close + 1, (int)n, body);
	else
		(void)snprintf(
		    query, sizeof(query), "SELECT * FROM %.*s", (int)n, body);
	return draft_keep(im->draft, query);
}

/* Lines for the client go, the others stay. */
static int
take_commands(
    struct import *im, unsigned line, const char *text, struct buf *out)
{
	char command = im->client->command;

	for (; *text != '\0'; line++) {
		size_t n = strcspn(text, "\n");
		const char *at = text + strspn(text, " \t");
		const char *query = NULL, *end = NULL;
		int rc = 0;

		if (command == '\\' && begins(at, "\\copy"))
			query = take_copy(im, at + 1, "\n", &end);
		if (query != NULL)
			rc = buf_printf(out, im->e, "%s;\n", query);
		else if (command == '\0' || *at != command)
			rc = buf_put(out, text, n + (text[n] == '\n'), im->e);
		else if (!(command == '\\'	? take_backslash(im, at) :
				 command == '.' ? take_dot(im, at) :
						  false))
			draft_add_note(im->draft, line,
			    "'%.*s' is for the client, and not carried over",
			    (int)strcspn(at, " \t\n"), at);
		if (rc < 0)
			return -1;
		text += n + (text[n] == '\n');
	}
	return 0;
}

/*
 * The form in which a variable stands at text, its length, or 0: :'name' and
 * :name of psql, $(name) of sqlcmd.
 */
static size_t
variable_length(const char *text, const char *name, size_t n)
{
	char quoted[PARAM_NAME + 8], braced[PARAM_NAME + 8];

	if (n > PARAM_NAME)
		return 0;
	(void)snprintf(quoted, sizeof(quoted), ":'%.*s'", (int)n, name);
	(void)snprintf(braced, sizeof(braced), "$(%.*s)", (int)n, name);
	if (strncmp(text, quoted, n + 3) == 0 ||
	    strncmp(text, braced, n + 3) == 0)
		return n + 3;
	if (*text == ':' && strncmp(text + 1, name, n) == 0 &&
	    !isalnum((unsigned char)text[1 + n]) && text[1 + n] != '_')
		return n + 1;
	return 0;
}

/* A variable that the client puts into the SQL: psql -v, sqlcmd -v. */
static int
take_variables(struct import *im, const char *text,
    const struct import_values *v, struct buf *out)
{
	while (*text != '\0') {
		const char *quote = text[1] == '\'' ? "'" : "";
		const char *value = NULL;
		size_t length = 0;

		for (size_t i = 0; length == 0 && i < v->n_variables; i++) {
			size_t n = strcspn(v->variables[i], "=");

			value = v->variables[i] + n;
			if (*value == '=')
				length = variable_length(
				    text, v->variables[i], n);
		}
		if ((length > 0 ? buf_printf(out, im->e, "%s%s%s", quote,
				      value + 1, quote) :
				  buf_put(out, text, 1, im->e)) < 0)
			return -1;
		text += length > 0 ? length : 1;
	}
	return 0;
}

/* What a parameter is called: after the variable, or what its value is. */
static void
name_param(char name[PARAM_NAME], const char *word)
{
	const char *mark = word;
	size_t n;

	while (*mark != '\0' && (*mark < SHELL_FIELD || *mark > SHELL_END))
		mark++;
	(void)snprintf(name, PARAM_NAME, "value");
	if (*mark == SHELL_FIELD && strncmp(mark + 1, "date:", 5) == 0)
		(void)snprintf(name, PARAM_NAME, "%s",
		    strstr(mark, "%d") != NULL || strstr(mark, "%F") != NULL ||
			    strstr(mark, "%D") != NULL ?
			"day" :
			strstr(mark, "%m") != NULL ? "month" :
						     "date");
	else if (*mark == SHELL_FIELD)
		(void)snprintf(name, PARAM_NAME, "host");
	else if (*mark == SHELL_UNKNOWN && isalpha((unsigned char)mark[1])) {
		n = 0;
		while (
		    isalnum((unsigned char)mark[1 + n]) || mark[1 + n] == '_')
			n++;
		(void)snprintf(name, PARAM_NAME, "%.*s", (int)n, mark + 1);
		for (char *c = name; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
	}
}

/* A parameter of this value: one that is there already, or a new one. */
static int
put_param(struct import *im, struct buf *out, unsigned line, const char *word)
{
	const char *value = import_template(im, line, word);
	char base[PARAM_NAME], name[PARAM_NAME + 16];
	struct draft *d = im->draft;
	unsigned number = 1;

	name_param(base, word);
	(void)snprintf(name, sizeof(name), "%s", base);
	for (size_t i = 0; i < d->n_params; i++) {
		if (strcmp(d->params[i].value, value) == 0 &&
		    strstr(value, "{UNKNOWN}") == NULL) {
			(void)snprintf(
			    name, sizeof(name), "%s", d->params[i].name);
			break;
		}
		if (strcmp(d->params[i].name, name) == 0 &&
		    strcmp(d->params[i].value, value) != 0)
			(void)snprintf(
			    name, sizeof(name), "%s%u", base, ++number);
	}
	draft_set_param(d, name, value);
	return buf_printf(out, im->e, ":%s", name);
}

/* 'text': as it is, or as a parameter when the shell put something into it. */
static int
put_literal(
    struct import *im, struct buf *out, unsigned line, const char *at, size_t n)
{
	struct buf value = BUF_INIT(DRAFT_TEXT_MAX);
	const char *literal = draft_keep_n(im->draft, at, n);
	int rc = 0;

	if (shell_is_constant(literal))
		return buf_put(out, at, n, im->e);
	for (size_t i = 1; rc == 0 && i + 1 < n; i++) {
		rc = buf_put(&value, &literal[i], 1, im->e);
		if (literal[i] == '\'')
			i++; /* '' is one */
	}
	if (rc == 0)
		rc = put_param(im, out, line, buf_text(&value));
	buf_release(&value);
	return rc;
}

static bool
is_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '"' || c == '.';
}

/* A mark outside of quotes: a value of its own, or a part of a name. */
static int
put_bare(
    struct import *im, struct buf *out, unsigned line, const char *at, size_t n)
{
	bool in_name = (out->length > 0 &&
			   is_of_name(out->data[out->length - 1])) ||
	    is_of_name(at[n]);

	if (!in_name)
		return put_param(im, out, line, draft_keep_n(im->draft, at, n));
	draft_add_note(im->draft, line,
	    "a name in the SQL is made by the script, which a parameter "
	    "cannot be: write it where UNKNOWN stands");
	return buf_puts(out, "UNKNOWN", im->e);
}

/* The length of what stands together: a literal, a comment, a mark, a byte. */
static size_t
piece_length(const char *at)
{
	size_t n = 1;

	if (*at == '\'') {
		while (at[n] != '\0' && (at[n] != '\'' || at[n + 1] == '\''))
			n += at[n] == '\'' ? 2 : 1;
		return n + (at[n] == '\'');
	}
	if (strncmp(at, "--", 2) == 0)
		return strcspn(at, "\n");
	if (strncmp(at, "/*", 2) == 0)
		return strstr(at, "*/") != NULL ?
		    (size_t)(strstr(at, "*/") - at) + 2 :
		    strlen(at);
	if (*at >= SHELL_FIELD && *at < SHELL_END) {
		n = strcspn(at, (const char[]){ SHELL_END, '\0' });
		return n + (at[n] == SHELL_END);
	}
	return 1;
}

static int
put_piece(
    struct import *im, struct buf *out, unsigned line, const char *at, size_t n)
{
	if (*at == '\'')
		return put_literal(im, out, line, at, n);
	if (*at >= SHELL_FIELD && *at < SHELL_END)
		return put_bare(im, out, line, at, n);
	return buf_put(out, at, n, im->e);
}

/* A comment may hold marks; they mean nothing there. */
static int
put_comment(
    struct import *im, struct buf *out, unsigned line, const char *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((at[i] < SHELL_FIELD || at[i] > SHELL_END) &&
		    buf_put(out, &at[i], 1, im->e) < 0)
			return -1;
	(void)line;
	return 0;
}

static int
take_statements(
    struct import *im, unsigned line, const char *text, struct buf *out)
{
	bool at_start = true;

	while (*text != '\0') {
		size_t n = piece_length(text);
		const char *query = NULL, *end = NULL;
		bool is_comment = n > 1 && (*text == '-' || *text == '/');
		int rc;

		if (at_start && im->client->command == '\\' &&
		    begins(text, "copy"))
			query = take_copy(im, text, ";", &end);
		if (query != NULL) {
			rc = take_statements(im, line, query, out);
			if (rc == 0)
				rc = buf_puts(out, ";", im->e);
			n = (size_t)(end - text);
		} else if (is_comment)
			rc = put_comment(im, out, line, text, n);
		else
			rc = put_piece(im, out, line, text, n);
		if (rc < 0)
			return -1;
		for (size_t i = 0; i < n; i++)
			line += text[i] == '\n';
		if (!is_comment && !isspace((unsigned char)*text))
			at_start = *text == ';' || query != NULL;
		text += n;
	}
	return 0;
}

/* End the batch so far, so that what follows is another statement. */
static int
divide(struct import *im)
{
	size_t n = im->sql.length;

	while (n > 0 && isspace((unsigned char)im->sql.data[n - 1]))
		n--;
	if (n == 0)
		return 0;
	im->sql.length = n;
	im->sql.data[n] = '\0';
	if (im->client->command == ':')
		return buf_puts(&im->sql, "\nGO\n", im->e);
	return buf_puts(
	    &im->sql, im->sql.data[n - 1] == ';' ? "\n\n" : ";\n\n", im->e);
}

int
import_sql(struct import *im, unsigned line, const char *text,
    const struct import_values *v)
{
	struct buf lines = BUF_INIT(DRAFT_TEXT_MAX);
	struct buf whole = BUF_INIT(DRAFT_TEXT_MAX);
	size_t n;
	int rc = -1;

	if (take_commands(im, line, text, &lines) < 0 ||
	    take_variables(im, buf_text(&lines), v, &whole) < 0)
		goto out;
	text = skip_blank(buf_text(&whole));
	rc = 0;
	if (*text == '\0')
		goto out;
	rc = divide(im);
	if (rc == 0)
		rc = take_statements(im, line, text, &im->sql);
	n = im->sql.length;
	while (rc == 0 && n > 0 && isspace((unsigned char)im->sql.data[n - 1]))
		n--;
	if (rc == 0 && n > 0) {
		im->sql.length = n;
		rc = buf_puts(&im->sql, "\n", im->e);
	}
out:
	buf_release(&lines);
	buf_release(&whole);
	return rc;
}
