/*
 * preset.c - the dialect of a loader in a word
 *
 * Each is RFC 4180 but for what that loader wants otherwise. What is set in
 * the spec beside a preset goes before it.
 */
#include <string.h>

#include "csv/preset.h"

static const struct csv_preset presets[] = {
	{ "rfc4180", CSV_OPTIONS_DEFAULT, NULL },
	{ "postgresql", { .header = true, .delimiter = ',' }, NULL },
	/* LOAD DATA: NULL is the bare word where nothing is an escape. */
	{ "mysql", { .header = true, .delimiter = ',', .null = "NULL" }, NULL },
	/* Without the mark Excel reads UTF-8 as the system's charset. */
	{ "excel",
	    { .header = true,
		.delimiter = ',',
		.crlf = true,
		.bom = true,
		.formula = CSV_FORMULA_QUOTE },
	    "a spreadsheet has no NULL" },
	{ "sqlserver", CSV_OPTIONS_DEFAULT,
	    "BULK INSERT takes an empty field for NULL, quoted or not" },
	{ "snowflake", { .header = true, .delimiter = ',' }, NULL },
	{ "bigquery", { .header = true, .delimiter = ',' }, NULL },
	{ "redshift", { .header = true, .delimiter = ',', .null = "\\N" },
	    NULL },
	{ "pandas", { .header = true, .delimiter = ',', .null = "\\N" },
	    "a text \\N becomes NaN too: pandas does not look at quotes" },
};

const struct csv_preset *
csv_preset(const char *name)
{
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (strcmp(presets[i].name, name) == 0)
			return &presets[i];
	return NULL;
}
