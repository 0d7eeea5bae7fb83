/*
 * form.c - how the file of a job looks, from its settings
 *
 * A preset first; what the spec sets itself goes before it. What the options
 * mean is csv/csv.h's.
 */
#include <stdio.h>
#include <string.h>

#include "csv/preset.h"
#include "job/form.h"

const struct value *
form_value(const struct form_source *from, const char *setting)
{
	const struct value *v = NULL;
	char path[64];

	if (from->member >= 0) {
		(void)snprintf(path, sizeof(path), "files.%s", setting);
		v = spec_member(from->spec, path, (size_t)from->member);
	}
	if (v != NULL && v->is_given)
		return v;
	(void)snprintf(path, sizeof(path), "file.%s", setting);
	return spec_value(from->spec, path);
}

int
form_choice(const struct form_source *from, const char *setting)
{
	const struct value *v = form_value(from, setting);

	for (int i = 0; v->text != NULL && v->setting->choices[i] != NULL; i++)
		if (strcmp(v->setting->choices[i], v->text) == 0)
			return i;
	return -1;
}

static const struct value *
given(const struct form_source *from, const char *setting)
{
	const struct value *v = form_value(from, setting);

	return v->is_given && v->text != NULL ? v : NULL;
}

static void
take_text(const char **to, const struct form_source *from, const char *setting)
{
	const struct value *v = given(from, setting);

	/* "as it comes" is what an empty text says. */
	if (v != NULL)
		*to = v->text[0] != '\0' ? v->text : NULL;
}

/* What is given among the choices of its setting; -1 when nothing is. */
static int
choice(const struct form_source *from, const char *setting)
{
	return given(from, setting) != NULL ? form_choice(from, setting) : -1;
}

/* The choices stand in the order of the enumerations (spec/settings.c). */
static void
take_choices(struct csv_options *o, const struct form_source *from)
{
	int quote = choice(from, "quote");
	int invalid = choice(from, "invalid");
	int formula = choice(from, "formula");
	int binary = choice(from, "binary");
	int newline = choice(from, "newline");

	if (quote >= 0)
		o->quote = (enum csv_quote)quote;
	if (invalid >= 0)
		o->invalid = (enum csv_invalid)invalid;
	if (formula >= 0)
		o->formula = (enum csv_formula)formula;
	if (binary >= 0)
		o->binary = (enum csv_binary)binary;
	if (newline >= 0)
		o->crlf = newline == 0;
}

static void
take_flags(struct csv_options *o, const struct form_source *from)
{
	const struct value *header = given(from, "header");
	const struct value *bom = given(from, "bom");
	const struct value *delimiter = given(from, "delimiter");
	const struct value *null = given(from, "null");

	if (header != NULL)
		o->header = header->number != 0;
	if (bom != NULL)
		o->bom = bom->number != 0;
	if (delimiter != NULL)
		o->delimiter = delimiter->text[0];
	if (null != NULL)
		o->null = null->text;
}

int
form_build(struct csv_options *o, const struct form_source *from,
    const struct value **wrong, struct err *e)
{
	const char *option = NULL;
	const char *name = form_value(from, "preset")->text;
	const struct csv_preset *preset = csv_preset(
	    name != NULL ? name : "rfc4180");

	*wrong = form_value(from, "preset");
	if (preset == NULL)
		return err_set(
		    e, ERR_SPEC, "file.preset '%s' does not exist", name);
	*o = preset->options;
	take_flags(o, from);
	take_choices(o, from);
	take_text(&o->charset, from, "charset");
	take_text(&o->date, from, "date");
	take_text(&o->time, from, "time");
	take_text(&o->timestamp, from, "timestamp");
	take_text(&o->boolean, from, "boolean");
	if (csv_check_options(o, &option, e) == 0)
		return 0;
	*wrong = form_value(from, option);
	return -1;
}
