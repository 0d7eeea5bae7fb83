/*
 * help.c - the table of settings as text for people
 *
 * The manual page odbcship.cfg(5) says the same at more length.
 */
#include <stdio.h>
#include <string.h>

#include "spec/settings.h"

enum { HELP_COLUMNS = 76, HELP_INDENT = 4 };

/* Write words, broken at blanks, each line with an indent. */
static int
put_wrapped(struct buf *out, const char *text, struct err *e)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");
		const char *space = " ";

		if (column == 0 || column + 1 + n > HELP_COLUMNS) {
			space = column == 0 ? "    " : "\n    ";
			column = HELP_INDENT - 1;
		}
		if (buf_puts(out, space, e) < 0 || buf_put(out, text, n, e) < 0)
			return -1;
		column += n + 1;
		text += n;
		text += strspn(text, " ");
	}
	return buf_puts(out, "\n", e);
}

static const char *
type_words(const struct setting *row)
{
	switch (row->type) {
	case SETTING_TEXT:
		return (row->flags & SETTING_FILE) != 0 ? "path" : "text";
	case SETTING_BOOL:
		return "true or false";
	case SETTING_INTEGER:
		return "whole number";
	case SETTING_DURATION:
		return "duration";
	case SETTING_SIZE:
		return "size";
	case SETTING_CHOICE:
		return "one of";
	case SETTING_TEXTS:
		return "list of texts";
	case SETTING_SECRET:
		return "secret: { file | credential | env = \"...\"; } or "
		       "{ command = ( \"...\" ); }";
	case SETTING_PARAMS:
		return "group of names with values";
	case SETTING_GROUP:
		return "group";
	case SETTING_LIST:
		return "list of groups";
	}
	return "";
}

static int
put_choices(struct buf *out, const struct setting *row, struct err *e)
{
	for (size_t i = 0; row->choices != NULL && row->choices[i] != NULL; i++)
		if (buf_printf(
			out, e, "%s %s", i > 0 ? "," : "", row->choices[i]) < 0)
			return -1;
	return 0;
}

static int
put_notes(struct buf *out, const struct setting *row, struct err *e)
{
	static const struct {
		unsigned flag;
		const char *note;
	} notes[] = {
		{ SETTING_REQUIRED, "; required" },
		{ SETTING_TEMPLATE, "; {fields} are replaced" },
		{ SETTING_MAIN, "; only in the main file" },
		{ SETTING_JOB, "; only in a job spec" },
	};

	if (row->fallback != NULL &&
	    buf_printf(out, e, "; default %s", row->fallback) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		if ((row->flags & notes[i].flag) != 0 &&
		    buf_puts(out, notes[i].note, e) < 0)
			return -1;
	return 0;
}

static int
put_row(struct buf *out, const struct setting *row, struct err *e)
{
	if (buf_printf(out, e, "%s%s: %s", out->length > 0 ? "\n" : "",
		row->path, type_words(row)) < 0 ||
	    put_choices(out, row, e) < 0 || put_notes(out, row, e) < 0 ||
	    buf_puts(out, "\n", e) < 0 || put_wrapped(out, row->help, e) < 0)
		return -1;
	if (row->example == NULL)
		return 0;
	return buf_printf(out, e, "        %s\n", row->example);
}

static bool
is_below(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(path, prefix, n) == 0 &&
	    (path[n] == '\0' || path[n] == '.');
}

int
settings_put_help(struct buf *out, const char *prefix, struct err *e)
{
	const struct setting *rows;
	size_t n;

	rows = settings_all(&n);
	for (size_t i = 0; i < n; i++)
		/* What is told of file holds for each of files. */
		if ((prefix == NULL ? (rows[i].flags & SETTING_COPY) == 0 :
				      is_below(rows[i].path, prefix)) &&
		    put_row(out, &rows[i], e) < 0)
			return -1;
	return 0;
}
