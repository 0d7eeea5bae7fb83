/*
 * import.c - from a shell script to the draft of a job
 *
 * Goes through the commands: clients of databases (import_client.c), what
 * sends files (import_upload.c), what only belongs to scripts, and the rest,
 * which is told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "job/calendar.h"
#include "job/import.h"
#include "job/import_parts.h"

enum { IMPORT_FILE_MAX = 16 * 1024 * 1024 };

const char *
import_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* The option that a word is, or begins with: its value behind that. */
static const struct import_option *
find_option(const char *word, const struct import_option *options,
    const char **attached)
{
	const struct import_option *found = NULL;

	for (const struct import_option *o = options; o->name != NULL; o++) {
		size_t n = strlen(o->name);

		if (strncmp(word, o->name, n) != 0)
			continue;
		if (word[n] == '\0') {
			*attached = NULL;
			return o;
		}
		if (strncmp(o->name, "--", 2) == 0 && word[n] == '=') {
			*attached = word + n + 1;
			return o;
		}
		if (n == 2 && o->name[1] != '-' && found == NULL) {
			*attached = word + n;
			found = o;
		}
	}
	return found;
}

static bool
has_value(enum import_meaning m)
{
	return m != IMPORT_NOTHING && m != IMPORT_NO_HEADER &&
	    m != IMPORT_HEADER && m != IMPORT_TLS && m != IMPORT_INSECURE &&
	    m != IMPORT_MKDIRS && m != IMPORT_NETRC && m != IMPORT_UNALIGNED &&
	    m != IMPORT_CSV;
}

static void
keep_value(
    struct import_values *v, const struct import_option *o, const char *value)
{
	bool is_file = o->meaning == IMPORT_SQL_FILE;

	v->of[o->meaning] = value;
	if ((o->meaning == IMPORT_SQL || is_file) && v->n_sql < 16) {
		v->sql_is_file[v->n_sql] = is_file;
		v->sql[v->n_sql++] = value;
	}
	if (o->meaning == IMPORT_VARIABLE && v->n_variables < 16)
		v->variables[v->n_variables++] = value;
}

/* One word that begins with a dash; *i moves over its value. */
static void
take_option(struct import *im, const struct shell_command *c, size_t *i,
    const struct import_option *options, struct import_values *v)
{
	const char *attached = NULL;
	const char *word = c->words[*i];
	const struct import_option *o = find_option(word, options, &attached);

	if (o == NULL) {
		draft_add_note(im->draft, c->line,
		    "option '%.*s' of %s is not carried over",
		    (int)(strncmp(word, "--", 2) == 0 ? strcspn(word, "=") : 2),
		    word, import_base_name(c->words[0]));
		return;
	}
	if (has_value(o->meaning)) {
		if (attached == NULL && !o->only_attached && *i + 1 < c->n)
			attached = c->words[++*i];
		keep_value(v, o, attached != NULL ? attached : "");
		return;
	}
	keep_value(v, o, "");
	/* "-At": letters without values in one word. */
	while (attached != NULL && *attached != '\0' && word[1] != '-') {
		char letter[3] = { '-', *attached, '\0' };
		const char *rest = NULL;

		o = find_option(letter, options, &rest);
		if (o != NULL && has_value(o->meaning)) {
			keep_value(v, o,
			    attached[1] != '\0' ? attached + 1 :
				*i + 1 < c->n	? c->words[++*i] :
						  "");
			return;
		}
		if (o != NULL)
			keep_value(v, o, "");
		attached++;
	}
}

void
import_options(struct import *im, const struct shell_command *c,
    const struct import_option *options, struct import_values *v)
{
	memset(v, 0, sizeof(*v));
	for (size_t i = 1; i < c->n; i++) {
		if (c->words[i][0] == '-' && c->words[i][1] != '\0')
			take_option(im, c, &i, options, v);
		else if (v->n < SHELL_WORDS)
			v->words[v->n++] = c->words[i];
	}
}

/* "the variable 'X'", from a mark on. */
static void
put_unknown(char *text, size_t size, const char *mark)
{
	int n = (int)strcspn(mark + 1, (const char[]){ SHELL_END, '\0' });

	switch (*mark) {
	case SHELL_UNKNOWN:
		(void)snprintf(text, size, "the variable '%.*s'", n, mark + 1);
		break;
	case SHELL_FILE:
		(void)snprintf(
		    text, size, "the content of '%.*s'", n, mark + 1);
		break;
	default:
		(void)snprintf(text, size, "the output of '%.*s'", n, mark + 1);
	}
}

const char *
import_template(struct import *im, unsigned line, const char *word)
{
	struct buf out = BUF_INIT(DRAFT_TEXT_MAX);
	struct err ignored = ERR_INIT;
	char what[256];
	const char *kept;
	int rc = 0;

	for (const char *at = word; rc == 0 && *at != '\0'; at++) {
		if (*at < SHELL_FIELD || *at >= SHELL_END) {
			if (*at == '{')
				rc = buf_puts(&out, "{{", &ignored);
			else if (*at == SHELL_END)
				rc = buf_puts(&out, "}", &ignored);
			else
				rc = buf_put(&out, at, 1, &ignored);
			continue;
		}
		if (*at == SHELL_FIELD) {
			rc = buf_puts(&out, "{", &ignored);
			if (strstr(at, "%H") != NULL ||
			    strstr(at, "%T") != NULL)
				draft_add_note(im->draft, line,
				    "the time of day of a logical date is "
				    "00:00:00 unless --date says another");
			continue;
		}
		put_unknown(what, sizeof(what), at);
		draft_add_note(im->draft, line,
		    "%s is not known: write its value where {UNKNOWN} stands",
		    what);
		/* No field of a template: a job with it cannot be run. */
		rc = buf_puts(&out, "{UNKNOWN}", &ignored);
		at += strcspn(at, (const char[]){ SHELL_END, '\0' });
		if (*at == '\0')
			break;
	}
	kept = draft_keep(im->draft, rc == 0 ? buf_text(&out) : "");
	im->draft->failed = im->draft->failed || rc < 0;
	buf_release(&out);
	return kept;
}

const char *
import_plain(
    struct import *im, unsigned line, const char *what, const char *word)
{
	char unknown[256];

	if (word == NULL)
		return NULL;
	for (const char *at = word; *at != '\0'; at++)
		if (*at >= SHELL_FIELD && *at < SHELL_END) {
			if (*at == SHELL_FIELD)
				(void)snprintf(
				    unknown, sizeof(unknown), "a date");
			else
				put_unknown(unknown, sizeof(unknown), at);
			draft_add_note(im->draft, line,
			    "the %s is %s: write it into the spec", what,
			    unknown);
			return NULL;
		}
	return word;
}

const char *
import_value(
    struct import *im, unsigned line, const char *what, const char *word)
{
	const char *plain = import_plain(im, line, what, word);

	return plain == NULL && word != NULL ? "UNKNOWN" : plain;
}

void
import_secret(struct import *im, unsigned line, const char *whose,
    const char *word, struct draft_secret *secret)
{
	const char *end;

	if (word == NULL || *word == '\0')
		return;
	if (shell_is_constant(word)) {
		secret->value = word;
		return;
	}
	end = strchr(word, SHELL_END);
	if (*word == SHELL_FILE && end != NULL && end[1] == '\0') {
		secret->file = draft_keep_n(
		    im->draft, word + 1, (size_t)(end - word) - 1);
		draft_add_note(im->draft, line,
		    "the password of %s stays where the script reads it, in "
		    "'%s'",
		    whose, secret->file);
		return;
	}
	draft_add_note(im->draft, line,
	    "the password of %s is not in the script: write it into its "
	    "secret file",
	    whose);
}

/* The command whose output is this one's input. */
static const struct shell_command *
before(const struct import *im, const struct shell_command *c)
{
	for (size_t i = 1; i < im->shell->n; i++)
		if (im->shell->commands[i] == c)
			return im->shell->commands[i - 1];
	return NULL;
}

/* The words of echo and printf, one after the other. */
static const char *
join_words(struct import *im, const struct shell_command *c)
{
	struct buf out = BUF_INIT(DRAFT_TEXT_MAX);
	struct err ignored = ERR_INIT;
	const char *kept;

	for (size_t i = 1; i < c->n; i++)
		if ((i > 1 || strcmp(c->words[i], "-e") != 0) &&
		    (buf_puts(&out, c->words[i], &ignored) < 0 ||
			buf_puts(&out, i + 1 < c->n ? " " : "\n", &ignored) <
			    0))
			im->draft->failed = true;
	kept = draft_keep(im->draft, buf_text(&out));
	buf_release(&out);
	return kept;
}

static int
read_input_file(struct import *im, const char *name, const char **text)
{
	struct buf content = BUF_INIT(IMPORT_FILE_MAX);
	char *dir = file_dir(im->path, im->e);
	char *path = dir != NULL ? file_join(dir, name, im->e) : NULL;
	int rc = path != NULL ? file_read(&content, path, FILE_ANY, im->e) : -1;

	if (rc == 0)
		*text = draft_keep(im->draft, buf_text(&content));
	buf_release(&content);
	free(path);
	free(dir);
	return rc;
}

int
import_input(struct import *im, const struct shell_command *c,
    const char **text, unsigned *line)
{
	const struct shell_command *source = c->piped ? before(im, c) : NULL;
	const char *path = c->input_path;

	*text = c->input;
	*line = c->input_line;
	if (*text == NULL && source != NULL && source->n > 0) {
		*line = source->input_line;
		*text = source->input;
		if (*text == NULL &&
		    (strcmp(source->words[0], "echo") == 0 ||
			strcmp(source->words[0], "printf") == 0)) {
			*text = join_words(im, source);
			*line = source->line;
		} else if (*text == NULL &&
		    strcmp(source->words[0], "cat") == 0 && source->n == 2)
			path = source->words[1];
	}
	if (*text != NULL || path == NULL)
		return 0;
	*line = 1;
	path = import_plain(im, c->line, "file of SQL", path);
	return path != NULL ? read_input_file(im, path, text) : 0;
}

/* What scripts do around a job, which the job does by itself. */
static bool
is_of_scripts(const char *name)
{
	static const char *const names[] = { ":", "[", "[[", "awk", "break",
		"cat", "cd", "chmod", "cp", "date", "declare", "echo", "exit",
		"export", "false", "fi", "done", "esac", "local", "logger",
		"ls", "mkdir", "printf", "pwd", "readonly", "return", "rm",
		"rmdir", "set", "shift", "shopt", "sleep", "test", "touch",
		"trap", "true", "ulimit", "umask", "unset", "wait", "find",
		"tee", "head", "tail", "wc", "grep" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* What changes the data on its way from the client to the file. */
static bool
is_filter(const char *name)
{
	static const char *const names[] = { "awk", "sed", "tr", "grep", "cut",
		"sort", "uniq", "head", "tail", "perl", "python", "python3",
		"tee", "paste" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* "-t latin1", "-tlatin1" */
static void
take_charset(struct import *im, const struct shell_command *c)
{
	for (size_t i = 1; i < c->n; i++) {
		const char *to = NULL;

		if (strncmp(c->words[i], "--to-code=", 10) == 0)
			to = c->words[i] + 10;
		else if (strcmp(c->words[i], "-t") == 0 && i + 1 < c->n)
			to = c->words[i + 1];
		else if (strncmp(c->words[i], "-t", 2) == 0)
			to = c->words[i] + 2;
		if (to == NULL)
			continue;
		im->draft->charset = draft_keep_n(
		    im->draft, to, strcspn(to, "/"));
		if (strstr(to, "//") != NULL)
			draft_add_note(im->draft, c->line,
			    "iconv changed what the character set does not "
			    "have (%s); here that is an error unless "
			    "file.invalid = \"replace\"",
			    strstr(to, "//"));
	}
}

/* "mail -s subject to": who was told. */
static void
take_mail(struct import *im, const struct shell_command *c)
{
	const char *last = c->n > 1 ? c->words[c->n - 1] : "";

	if (strchr(last, '@') != NULL && shell_is_constant(last)) {
		if (im->draft->mail == NULL)
			im->draft->mail = last;
		draft_add_note(im->draft, c->line,
		    "'%s' told %s: odbcship tells of failures by itself",
		    c->words[0], last);
	} else
		draft_add_note(im->draft, c->line,
		    "'%s': odbcship tells of failures by itself", c->words[0]);
}

static bool
is_one_of(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static void
take_other(struct import *im, const struct shell_command *c, const char *name)
{
	static const char *const loops[] = { "for", "case", "select",
		"function", NULL };
	static const char *const mailers[] = { "mail", "mailx", "sendmail",
		"mutt", NULL };
	static const char *const packers[] = { "gzip", "bzip2", "xz", "zstd",
		"zip", NULL };

	if (is_one_of(name, loops))
		draft_add_note(im->draft, c->line,
		    "'%s' is not carried over: the job does once what is in "
		    "it",
		    name);
	else if (is_one_of(name, mailers))
		take_mail(im, c);
	else if (is_one_of(name, packers))
		draft_add_note(im->draft, c->line,
		    "'%s' is not carried over: see file.compress, where this "
		    "odbcship has it",
		    name);
	else if (strcmp(name, "iconv") == 0)
		take_charset(im, c);
	else if (strcmp(name, "unix2dos") == 0)
		im->draft->newline = NULL;
	else if (c->piped && is_filter(name))
		draft_add_note(im->draft, c->line,
		    "'| %s' is not carried over: odbcship writes CSV by "
		    "itself; what else it changed belongs into the SQL",
		    name);
	else if (!is_of_scripts(name))
		draft_add_note(
		    im->draft, c->line, "'%s' is not carried over", name);
}

static int
take_command(struct import *im, const struct shell_command *c)
{
	const char *name;
	bool taken = false;

	if (c->n == 0 || strchr(c->words[0], ')') != NULL)
		return 0;
	if (!shell_is_constant(c->words[0])) {
		draft_add_note(im->draft, c->line,
		    "a command whose name is in a variable is not carried "
		    "over");
		return 0;
	}
	name = import_base_name(c->words[0]);
	if (import_client(im, c, &taken) < 0)
		return -1;
	if (!taken)
		import_upload(im, c, &taken);
	if (!taken)
		take_other(im, c, name);
	/* psql | sed > file: the file is the last one's. */
	if (c->piped && c->output_path != NULL && im->sessions > 0)
		im->output = c->output_path;
	return 0;
}

/* The name of the file: as it was sent, else as it was written. */
static void
name_file(struct import *im)
{
	const char *word = im->sent != NULL ? im->sent : im->output;
	char name[256];
	size_t n;

	if (word == NULL) {
		(void)snprintf(name, sizeof(name), "%s-{date:%%Y%%m%%d}.csv",
		    im->draft->name);
		im->draft->file_name = draft_keep(im->draft, name);
		draft_add_note(im->draft, 0,
		    "the script does not say the file's name: it is '%s'",
		    name);
		return;
	}
	word = import_template(im, 0, import_base_name(word));
	n = strlen(word);
	if (n > 3 && strcmp(word + n - 3, ".gz") == 0)
		n -= 3;
	im->draft->file_name = draft_keep_n(im->draft, word, n);
}

/* The comments at the top: the first sentence is what the script is for. */
static void
describe(struct import *im, const char *text)
{
	char line[256];

	for (; *text != '\0'; text += strcspn(text, "\n"), text += *text != 0) {
		size_t n = strcspn(text, "\n");
		size_t skip = strspn(text, "# \t");

		if (*text != '#' && n > 0)
			return;
		if (strncmp(text, "#!", 2) == 0 || skip >= n)
			continue;
		(void)snprintf(
		    line, sizeof(line), "%.*s", (int)(n - skip), text + skip);
		if (str_has_control(line) || strstr(line, "-*-") != NULL)
			continue;
		im->draft->description = draft_keep(im->draft, line);
		return;
	}
}

/* A comment that is a line of a crontab: five fields and a command. */
static void
find_schedule(struct import *im, const char *text)
{
	for (; *text != '\0'; text += strcspn(text, "\n"), text += *text != 0) {
		struct buf ignored = BUF_INIT(4096);
		struct err e = ERR_INIT;
		const char *at = text + strspn(text, "# \t");
		const char *begin = at;
		const char *fields;

		if (*text != '#')
			continue;
		for (unsigned i = 0; i < (*begin == '@' ? 1 : 5); i++) {
			at += strcspn(at, " \t\n");
			at += strspn(at, " \t");
		}
		if (*at == '\n' || *at == '\0' || at == begin)
			continue;
		while (at > begin && (at[-1] == ' ' || at[-1] == '\t'))
			at--;
		fields = draft_keep_n(im->draft, begin, (size_t)(at - begin));
		if (im->draft->schedule == NULL &&
		    calendar_put(&ignored, fields, &e) == 0)
			im->draft->schedule = fields;
		buf_release(&ignored);
	}
}

static int
go_through(struct import *im)
{
	for (size_t i = 0; i < im->shell->n; i++)
		if (take_command(im, im->shell->commands[i]) < 0)
			return err_in(
			    im->e, "line %u", im->shell->commands[i]->line);
	if (im->sql.length == 0) {
		(void)err_set(im->e, ERR_SPEC,
		    "no SQL for psql, mysql, mariadb, sqlite3, isql or sqlcmd "
		    "is in it");
		return err_hint(im->e,
		    "Write the SQL into a file, and use 'odbcship init %s "
		    "--sql FILE'.",
		    im->draft->name);
	}
	im->draft->sql = draft_keep(im->draft, buf_text(&im->sql));
	return 0;
}

int
import_script(
    struct draft *d, const char *text, const char *path, struct err *e)
{
	struct shell shell;
	struct import im = {
		.draft = d,
		.shell = &shell,
		.path = path,
		.sql = BUF_INIT(DRAFT_TEXT_MAX),
		.e = e,
	};
	int rc;

	if (shell_read(&shell, d, text, e) < 0)
		return -1;
	rc = go_through(&im);
	if (rc == 0) {
		name_file(&im);
		describe(&im, text);
		find_schedule(&im, text);
		d->origin = draft_keep(d, import_base_name(path));
	}
	buf_release(&im.sql);
	shell_release(&shell);
	return rc;
}
