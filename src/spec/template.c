/*
 * template.c - replace {fields} in names, URLs and parameters
 *
 * Checking is expanding with made-up values into a buffer that is thrown
 * away, so that both know exactly the same fields. Whether the result is fit
 * for a file name is ship's question.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "spec/template.h"

/* Longest text between braces, longest date, longest text when checked. */
enum { FIELD_MAX = 256, FIELD_DATE_MAX = 256, CHECK_MAX = 1024 * 1024 };

static const char *const field_names[] = { "job", "env", "host", "run", "name",
	"part", "date" };

static int
put_date(struct buf *out, char *what, const struct date *date, struct err *e)
{
	char text[FIELD_DATE_MAX];
	struct date moved;
	char *format = what;
	char *colon = strchr(what, ':');

	if (date == NULL)
		return err_set(e, ERR_SPEC, "{date:...} has no meaning here");
	moved = *date;
	/* A colon behind a % belongs to the format, as in %H:%M. */
	if (colon != NULL &&
	    memchr(what, '%', (size_t)(colon - what)) == NULL) {
		*colon = '\0';
		format = colon + 1;
		if (date_shift(&moved, what, e) < 0)
			return -1;
	} else if (strchr(what, '%') == NULL) {
		(void)err_set(e, ERR_SPEC, "{date:%s} has no format", what);
		return err_hint(e,
		    "Write {date:%%Y-%%m-%%d} or "
		    "{date:-1d:%%Y-%%m-%%d}.");
	}
	if (date_format(text, sizeof(text), format, &moved, e) < 0)
		return -1;
	return buf_puts(out, text, e);
}

static int
put_text(struct buf *out, const char *field, const char *text, struct err *e)
{
	if (text != NULL && *text != '\0')
		return buf_puts(out, text, e);
	(void)err_set(e, ERR_SPEC, "{%s} has no meaning here", field);
	if (strcmp(field, "env") == 0)
		(void)err_hint(e,
		    "No environment was chosen: give --env, or "
		    "set environment in the main file.");
	if (strcmp(field, "part") == 0)
		(void)err_hint(e,
		    "It counts the files that file.split makes: set that, or "
		    "leave {part} out.");
	return -1;
}

static int
unknown_field(const char *field, struct err *e)
{
	const char *near;

	(void)err_set(e, ERR_SPEC, "unknown field '{%s}'", field);
	near = str_nearest(
	    field, field_names, sizeof(field_names) / sizeof(field_names[0]));
	if (strcmp(field, "date") == 0)
		return err_hint(e,
		    "Write it with a format: "
		    "{date:%%Y-%%m-%%d}.");
	if (near != NULL)
		return err_hint(e, "Did you mean '{%s}'?", near);
	return err_hint(e,
	    "The fields are {job}, {env}, {host}, {run}, "
	    "{name}, {part} and {date:...}; write {{ for a brace.");
}

static int
put_field(struct buf *out, char *field, const struct template_fields *f,
    struct err *e)
{
	const struct {
		const char *name;
		const char *text;
	} texts[] = {
		{ "job", f->job },
		{ "env", f->environment },
		{ "host", f->host },
		{ "name", f->name },
		{ "part", f->part },
	};

	if (strncmp(field, "date:", 5) == 0)
		return put_date(out, field + 5, f->date, e);
	if (strcmp(field, "run") == 0)
		return buf_printf(out, e, "%" PRId64, f->run);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(field, texts[i].name) == 0)
			return put_text(out, field, texts[i].text, e);
	return unknown_field(field, e);
}

/* The field that begins at a brace; moves *at behind it. */
static int
take_field(struct buf *out, const char **at,
    const struct template_fields *fields, struct err *e)
{
	const char *end = strchr(*at, '}');
	char field[FIELD_MAX];
	size_t n;

	if (end == NULL) {
		(void)err_set(
		    e, ERR_SPEC, "the brace in '%s' is never closed", *at);
		return err_hint(e,
		    "Write {{ for a brace that is meant as "
		    "such.");
	}
	n = (size_t)(end - *at) - 1;
	if (n >= sizeof(field))
		return err_set(e, ERR_SPEC, "a field of more than %d bytes",
		    FIELD_MAX - 1);
	memcpy(field, *at + 1, n);
	field[n] = '\0';
	*at = end + 1;
	return put_field(out, field, fields, e);
}

int
template_expand(struct buf *out, const char *text,
    const struct template_fields *fields, struct err *e)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "{");

		if (buf_put(out, text, n, e) < 0)
			return -1;
		text += n;
		if (strncmp(text, "{{", 2) == 0) {
			if (buf_put(out, "{", 1, e) < 0)
				return -1;
			text += 2;
		} else if (*text == '{' &&
		    take_field(out, &text, fields, e) < 0)
			return -1;
	}
	return 0;
}

int
template_check(const char *text, struct err *e)
{
	static const struct date date = { 2000, 1, 31, 0, 0, 0 };
	static const struct template_fields fields = {
		.job = "job",
		.environment = "env",
		.host = "host",
		.name = "name",
		.part = "001",
		.run = 1,
		.date = &date,
	};
	struct buf out = BUF_INIT(CHECK_MAX);
	int rc = template_expand(&out, text, &fields, e);

	buf_release(&out);
	return rc;
}
