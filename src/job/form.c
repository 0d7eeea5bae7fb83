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

static const struct value *
given(const struct spec *spec, const char *path)
{
	const struct value *v = spec_value(spec, path);

	return v->is_given && v->text != NULL ? v : NULL;
}

static void
take_text(const char **to, const struct spec *spec, const char *path)
{
	const struct value *v = given(spec, path);

	/* "as it comes" is what an empty text says. */
	if (v != NULL)
		*to = v->text[0] != '\0' ? v->text : NULL;
}

/* What is given among the choices of its setting; -1 when nothing is. */
static int
choice(const struct spec *spec, const char *path)
{
	return given(spec, path) != NULL ? spec_choice(spec, path) : -1;
}

/* The choices stand in the order of the enumerations (spec/settings.c). */
static void
take_choices(struct csv_options *o, const struct spec *spec)
{
	int quote = choice(spec, "file.quote");
	int invalid = choice(spec, "file.invalid");
	int formula = choice(spec, "file.formula");
	int binary = choice(spec, "file.binary");
	int newline = choice(spec, "file.newline");

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
take_flags(struct csv_options *o, const struct spec *spec)
{
	const struct value *header = given(spec, "file.header");
	const struct value *bom = given(spec, "file.bom");
	const struct value *delimiter = given(spec, "file.delimiter");
	const struct value *null = given(spec, "file.null");

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
form_build(struct csv_options *o, const struct spec *spec,
    const struct value **wrong, struct err *e)
{
	char path[64];
	const char *option = NULL;
	const char *name = spec_text(spec, "file.preset");
	const struct csv_preset *preset = csv_preset(
	    name != NULL ? name : "rfc4180");

	*wrong = spec_value(spec, "file.preset");
	if (preset == NULL)
		return err_set(
		    e, ERR_SPEC, "file.preset '%s' does not exist", name);
	*o = preset->options;
	take_flags(o, spec);
	take_choices(o, spec);
	take_text(&o->charset, spec, "file.charset");
	take_text(&o->date, spec, "file.date");
	take_text(&o->time, spec, "file.time");
	take_text(&o->timestamp, spec, "file.timestamp");
	take_text(&o->boolean, spec, "file.boolean");
	if (csv_check_options(o, &option, e) == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "file.%s", option);
	*wrong = spec_value(spec, path);
	return -1;
}
