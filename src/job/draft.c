/*
 * draft.c - a job that is being written, and its files
 *
 * The spec is for people: what it says is commented, and what it could say as
 * well is there as a comment. Where a draft comes from: import.c and
 * cli/cmd_init.c, which also writes the files.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "job/draft.h"
#include "spec/settings.h"

void
draft_init(struct draft *d, const char *name)
{
	memset(d, 0, sizeof(*d));
	d->name = draft_keep(d, name);
}

void
draft_release(struct draft *d)
{
	for (size_t i = 0; i < d->n_texts; i++) {
		explicit_bzero(d->texts[i], strlen(d->texts[i]));
		free(d->texts[i]);
	}
	free(d->texts);
	memset(d, 0, sizeof(*d));
}

const char *
draft_keep_n(struct draft *d, const char *text, size_t n)
{
	char **texts = realloc(d->texts, (d->n_texts + 1) * sizeof(*texts));
	char *copy = malloc(n + 1);

	if (texts != NULL)
		d->texts = texts;
	if (texts == NULL || copy == NULL) {
		free(copy);
		d->failed = true;
		return "";
	}
	memcpy(copy, text, n);
	copy[n] = '\0';
	d->texts[d->n_texts++] = copy;
	return copy;
}

const char *
draft_keep(struct draft *d, const char *text)
{
	return draft_keep_n(d, text, strlen(text));
}

struct draft_target *
draft_add_target(struct draft *d)
{
	if (d->n_targets == DRAFT_MANY) {
		d->failed = true;
		return NULL;
	}
	return &d->targets[d->n_targets++];
}

void
draft_set_param(struct draft *d, const char *name, const char *value)
{
	for (size_t i = 0; i < d->n_params; i++)
		if (strcmp(d->params[i].name, name) == 0) {
			d->params[i].value = draft_keep(d, value);
			return;
		}
	if (d->n_params == DRAFT_MANY) {
		d->failed = true;
		return;
	}
	d->params[d->n_params].name = draft_keep(d, name);
	d->params[d->n_params++].value = draft_keep(d, value);
}

void
draft_add_note(struct draft *d, unsigned line, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < d->n_notes; i++)
		if (d->notes[i].line == line &&
		    strcmp(d->notes[i].text, text) == 0)
			return;
	if (d->n_notes == DRAFT_MANY)
		return;
	d->notes[d->n_notes].line = line;
	d->notes[d->n_notes++].text = draft_keep(d, text);
}

static const char *
name_secret(struct draft *d, const char *what)
{
	char file[512];

	(void)snprintf(file, sizeof(file), "%s-%s.secret", d->name, what);
	return draft_keep(d, file);
}

/* By line; what has none comes last. */
static int
compare_notes(const void *a, const void *b)
{
	unsigned x = ((const struct draft_note *)a)->line - 1U;
	unsigned y = ((const struct draft_note *)b)->line - 1U;

	return (x > y) - (x < y);
}

void
draft_finish(struct draft *d)
{
	char name[32];

	qsort(d->notes, d->n_notes, sizeof(d->notes[0]), compare_notes);

	if (d->secret.file == NULL &&
	    (d->secret.value != NULL || d->user != NULL))
		d->secret.file = name_secret(d, "database");
	for (size_t i = 0; i < d->n_targets; i++) {
		struct draft_target *t = &d->targets[i];

		if (t->name == NULL) {
			(void)snprintf(name, sizeof(name), "partner%zu", i + 1);
			t->name = i == 0 ? "partner" : draft_keep(d, name);
		}
		if (t->secret.file == NULL &&
		    (t->secret.value != NULL || t->user != NULL))
			t->secret.file = name_secret(d, t->name);
	}
}

int
draft_put_string(struct buf *out, const char *text, struct err *e)
{
	if (buf_puts(out, "\"", e) < 0)
		return -1;
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		int rc;

		if (c == '"' || c == '\\')
			rc = buf_printf(out, e, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			rc = buf_printf(out, e, "\\x%02x", c);
		else
			rc = buf_put(out, text, 1, e);
		if (rc < 0)
			return -1;
	}
	return buf_puts(out, "\"", e);
}

/* "  name     = "value";" unless there is no value. */
static int
put_setting(struct buf *out, const char *indent, const char *name,
    const char *value, struct err *e)
{
	if (value == NULL)
		return 0;
	if (buf_printf(out, e, "%s%-8s = ", indent, name) < 0 ||
	    draft_put_string(out, value, e) < 0)
		return -1;
	return buf_puts(out, ";\n", e);
}

static int
put_secret(struct buf *out, const struct draft_secret *s, struct err *e)
{
	if (s->file == NULL)
		return 0;
	if (buf_puts(out, "  password = { file = ", e) < 0 ||
	    draft_put_string(out, s->file, e) < 0)
		return -1;
	return buf_puts(
	    out, "; };	# one line, readable by the job's user only\n", e);
}

/* A text in a comment: one line. */
static int
put_comment(struct buf *out, const char *text, struct err *e)
{
	return str_escape(out, text, strlen(text), e);
}

static int
put_notes(struct buf *out, const struct draft *d, struct err *e)
{
	if (d->origin == NULL)
		return 0;
	if (buf_puts(out, "# Made from ", e) < 0 ||
	    put_comment(out, d->origin, e) < 0 ||
	    buf_puts(out,
		d->n_notes > 0 ? ". What is not as it was there:\n" : ".\n",
		e) < 0)
		return -1;
	for (size_t i = 0; i < d->n_notes; i++) {
		if ((d->notes[i].line > 0 ? buf_printf(out, e, "#   line %u: ",
						d->notes[i].line) :
					    buf_puts(out, "#   ", e)) < 0 ||
		    put_comment(out, d->notes[i].text, e) < 0 ||
		    buf_puts(out, "\n", e) < 0)
			return -1;
	}
	return 0;
}

/* What this odbcship knows is a setting, what it does not, a comment. */
static const char *
unless_known(const char *path)
{
	return settings_find(path) != NULL ? "" : "#";
}

static int
put_head(struct buf *out, const struct draft *d, struct err *e)
{
	if (buf_printf(out, e,
		"# The job '%s': 'odbcship run %s' runs it. What a spec can "
		"say is in\n# odbcship.cfg(5); 'odbcship check %s' tells what "
		"is wrong with this one.\n",
		d->name, d->name, d->name) < 0 ||
	    put_notes(out, d, e) < 0 || buf_puts(out, "\n", e) < 0 ||
	    put_setting(out, "", "description",
		d->description != NULL ? d->description : d->name, e) < 0)
		return -1;
	if (d->owner != NULL) {
		if (put_setting(out, "", "owner", d->owner, e) < 0)
			return -1;
	} else if (buf_puts(out,
		       "#owner = \"data-team@example.com\";	"
		       "# who is to be asked\n",
		       e) < 0)
		return -1;
	if (d->schedule == NULL)
		return 0;
	if (buf_printf(out, e,
		"# What cron was told; it is the crontab or the timer that "
		"starts the job.\n%sschedule = { cron = ",
		unless_known("schedule.cron")) < 0 ||
	    draft_put_string(out, d->schedule, e) < 0)
		return -1;
	return buf_puts(out, "; };\n", e);
}

static int
put_params(struct buf *out, const struct draft *d, struct err *e)
{
	if (d->n_params == 0)
		return 0;
	if (buf_puts(out,
		"  # Bound to :name in the batch, never pasted into it.\n"
		"  params   = {\n",
		e) < 0)
		return -1;
	for (size_t i = 0; i < d->n_params; i++)
		if (put_setting(out, "    ", d->params[i].name,
			d->params[i].value, e) < 0)
			return -1;
	return buf_puts(out, "  };\n", e);
}

static int
put_source(struct buf *out, const struct draft *d, struct err *e)
{
	char file[256];

	(void)snprintf(file, sizeof(file), "%s.sql", d->name);
	if (buf_puts(out, "\nsource: {\n", e) < 0 ||
	    put_setting(out, "  ", "dsn", d->dsn, e) < 0 ||
	    put_setting(out, "  ", "connection",
		d->dsn == NULL ? d->connection : NULL, e) < 0 ||
	    put_setting(out, "  ", "user", d->user, e) < 0 ||
	    put_secret(out, &d->secret, e) < 0 ||
	    buf_puts(out,
		"  # All on one connection; the last result set becomes the "
		"file.\n",
		e) < 0 ||
	    put_setting(out, "  ", "sql_file", file, e) < 0 ||
	    put_setting(out, "  ", "dialect", d->dialect, e) < 0 ||
	    put_params(out, d, e) < 0)
		return -1;
	return buf_puts(out, "};\n", e);
}

static int
put_file(struct buf *out, const struct draft *d, struct err *e)
{
	if (buf_puts(out, "\nfile: {\n", e) < 0 ||
	    put_setting(out, "  ", "name", d->file_name, e) < 0 ||
	    (d->no_header != NULL &&
		buf_puts(out, "  header   = false;\n", e) < 0) ||
	    put_setting(out, "  ", "delimiter", d->delimiter, e) < 0 ||
	    put_setting(out, "  ", "null", d->null, e) < 0 ||
	    put_setting(out, "  ", "charset", d->charset, e) < 0 ||
	    put_setting(out, "  ", "newline", d->newline, e) < 0)
		return -1;
	return buf_puts(out, "};\n", e);
}

static int
put_target(struct buf *out, const struct draft_target *t, struct err *e)
{
	if (put_setting(out, "  ", "name", t->name, e) < 0 ||
	    put_setting(out, "  ", "url", t->url, e) < 0 ||
	    put_setting(out, "  ", "user", t->user, e) < 0 ||
	    put_secret(out, &t->secret, e) < 0)
		return -1;
	if (t->in_clear) {
		if (buf_puts(out,
			"  # In clear: whoever is on the way can read the "
			"password and the data, and\n  # change both. Take "
			"this line away when the server knows TLS.\n",
			e) < 0 ||
		    put_setting(out, "  ", "tls", "none", e) < 0)
			return -1;
	}
	if (put_setting(out, "  ", "ca_file", t->ca_file, e) < 0)
		return -1;
	return t->mkdirs ? buf_puts(out, "  mkdirs   = true;\n", e) : 0;
}

static int
put_targets(struct buf *out, const struct draft *d, struct err *e)
{
	if (buf_puts(out, "\ntargets = (", e) < 0)
		return -1;
	for (size_t i = 0; i < d->n_targets; i++)
		if (buf_puts(out, i > 0 ? ", {\n" : " {\n", e) < 0 ||
		    put_target(out, &d->targets[i], e) < 0 ||
		    buf_puts(out, "}", e) < 0)
			return -1;
	return buf_puts(out, " );\n", e);
}

/* The first environment is what stands above; another one says where to. */
static int
put_environments(struct buf *out, const struct draft *d, struct err *e)
{
	if (d->n_environments == 0)
		return 0;
	if (buf_puts(out,
		"\n# Which one holds says --env, $ODBCSHIP_ENV or the main "
		"file of the host. One that\n# has another database says where "
		"its files go.\nenvironments: {\n",
		e) < 0)
		return -1;
	for (size_t i = 0; i < d->n_environments; i++) {
		const struct draft_pair *p = &d->environments[i];

		if (buf_printf(out, e, "  %s: {", p->name) < 0)
			return -1;
		if (i == 0) {
			if (buf_puts(out, " };\n", e) < 0)
				return -1;
			continue;
		}
		if (buf_puts(out, " source: { dsn = ", e) < 0 ||
		    draft_put_string(out, p->value, e) < 0 ||
		    buf_printf(out, e,
			"; };\n    targets = ( { name = \"here\"; url = "
			"\"file:///tmp/odbcship-%s/\"; mkdirs = true; } );\n"
			"  };\n",
			p->name) < 0)
			return -1;
	}
	return buf_puts(out, "};\n", e);
}

bool
draft_can_mail(const struct draft *d)
{
	return d->smtp != NULL || access("/usr/sbin/sendmail", X_OK) == 0;
}

static int
put_notify(struct buf *out, const struct draft *d, struct err *e)
{
	/* A job that could tell nobody would not be run. */
	const char *sign = draft_can_mail(d) ? "" : "#";

	if (d->mail == NULL)
		return 0;
	if (buf_printf(out, e,
		"\n# Who is told when it fails, and when it works again; "
		"sendmail needs a mail server\n# on this host, mail = { to; "
		"url = \"smtp://...\"; } does not.\n"
		"%snotify = ( {\n%s  name = \"mail\";\n%s  %s = { to = ( ",
		sign, sign, sign, d->smtp != NULL ? "mail" : "sendmail") < 0 ||
	    draft_put_string(out, d->mail, e) < 0 ||
	    buf_puts(out, " ); ", e) < 0)
		return -1;
	if (d->smtp != NULL &&
	    (buf_puts(out, "url = ", e) < 0 ||
		draft_put_string(out, d->smtp, e) < 0 ||
		buf_puts(out, "; ", e) < 0))
		return -1;
	return buf_printf(out, e, "};\n%s} );\n", sign);
}

int
draft_put_spec(struct buf *out, const struct draft *d, struct err *e)
{
	if (d->failed)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (put_head(out, d, e) < 0 || put_source(out, d, e) < 0 ||
	    put_file(out, d, e) < 0 || put_targets(out, d, e) < 0 ||
	    put_environments(out, d, e) < 0)
		return -1;
	return put_notify(out, d, e);
}
