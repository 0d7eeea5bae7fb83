/*
 * command.c - parse a command line by its table of options
 *
 * getopt_long(3) does the reading, so that GNU habits hold; its messages are
 * ours, since it cannot suggest what was meant. The commands themselves are
 * one file each, cmd_*.c.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/command.h"

enum { OPTIONS_MAX = 48, FIRST_LONG = 256 };

const struct command *const commands[] = { &command_run, &command_query,
	&command_check, &command_show, &command_list, &command_status,
	&command_history, &command_resend, &command_report, &command_doctor,
	&command_compare, &command_notify, &command_watch, &command_probe,
	&command_init, NULL };

const struct option_row common_options[] = {
	{ "config", 'c', "FILE", "main file, default: see odbcship(1)" },
	{ "verbose", 'v', NULL, "say more; twice: for debugging" },
	{ "quiet", 'q', NULL, "say nothing but errors" },
	{ "log-format", 0, "FORMAT",
	    "text or json, default: by where "
	    "standard error goes" },
	{ "color", 0, "WHEN", "auto, always or never" },
	{ "help", 'h', NULL, "say how it is used, and end" },
	{ "version", 'V', NULL,
	    "versions of the program and of everything it stands on" },
	{ NULL, 0, NULL, NULL }
};

/* The rows of a command and the common ones, as getopt wants them. */
struct option_table {
	const struct option_row *rows[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 3];
	size_t n;
};

static int
argument_kind(const struct option_row *row)
{
	if (row->argument == NULL)
		return no_argument;
	return row->argument[0] == '[' ? optional_argument : required_argument;
}

static void
add_rows(struct option_table *t, const struct option_row *rows)
{
	size_t at = strlen(t->shorts);

	for (; rows->name != NULL && t->n < OPTIONS_MAX; rows++) {
		t->rows[t->n] = rows;
		t->longs[t->n] = (struct option){ rows->name,
			argument_kind(rows), NULL, FIRST_LONG + (int)t->n };
		t->n++;
		if (rows->letter == 0)
			continue;
		t->shorts[at++] = rows->letter;
		if (rows->argument != NULL)
			t->shorts[at++] = ':';
	}
	t->shorts[at] = '\0';
	memset(&t->longs[t->n], 0, sizeof(t->longs[0]));
}

static const struct option_row *
find_row(const struct option_table *t, int code)
{
	if (code >= FIRST_LONG)
		return t->rows[code - FIRST_LONG];
	for (size_t i = 0; code != 0 && i < t->n; i++)
		if (t->rows[i]->letter == code)
			return t->rows[i];
	return NULL;
}

/* An unknown or ambiguous long option: what can have been meant. */
static int
suggest(const struct option_table *t, const struct command *command,
    const char *word, struct err *e)
{
	const char *names[OPTIONS_MAX];
	const char *begun[2] = { NULL, NULL };
	const char *near;
	char name[64];
	size_t n = 0;

	(void)snprintf(name, sizeof(name), "%s", word + strspn(word, "-"));
	name[strcspn(name, "=")] = '\0';
	for (size_t i = 0; i < t->n; i++) {
		names[i] = t->rows[i]->name;
		if (n < 2 && strncmp(names[i], name, strlen(name)) == 0)
			begun[n++] = names[i];
	}
	if (n == 2) {
		(void)err_set(e, ERR_USAGE, "option '--%s' is ambiguous", name);
		return err_hint(e, "It can be '--%s' or '--%s', for example.",
		    begun[0], begun[1]);
	}
	(void)err_set(e, ERR_USAGE, "unknown option '--%s'", name);
	near = str_nearest(name, names, t->n);
	if (near != NULL)
		return err_hint(e, "Did you mean '--%s'?", near);
	return err_hint(e, "See 'odbcship %s --help'.", command->name);
}

/*
 * getopt refused something: say why, and what was meant. optopt is the letter
 * or the code of a known option, and 0 for a long option that is not known.
 */
static int
refuse(const struct option_table *t, const struct command *command,
    char *const *argv, int code, struct err *e)
{
	const struct option_row *row = find_row(t, optopt);
	char name[64];

	if (optopt == 0)
		return suggest(t, command, argv[optind - 1], e);
	if (optopt < FIRST_LONG)
		(void)snprintf(name, sizeof(name), "-%c", optopt);
	else
		(void)snprintf(name, sizeof(name), "--%s", row->name);
	if (code == ':')
		(void)err_set(e, ERR_USAGE, "option '%s' needs a value", name);
	else if (row != NULL)
		(void)err_set(e, ERR_USAGE, "option '%s' takes no value", name);
	else
		(void)err_set(e, ERR_USAGE, "unknown option '%s'", name);
	return err_hint(e, "See 'odbcship %s --help'.", command->name);
}

static int
keep(struct invocation *inv, const struct option_row *row, const char *value,
    struct err *e)
{
	struct option_given *given = realloc(
	    inv->given, (inv->n_given + 1) * sizeof(*given));

	if (given == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	inv->given = given;
	inv->given[inv->n_given].row = row;
	inv->given[inv->n_given].value = value;
	inv->n_given++;
	return 0;
}

int
invocation_parse(struct invocation *inv, const struct command *command,
    int argc, char **argv, struct err *e)
{
	struct option_table table;
	int code;

	memset(&table, 0, sizeof(table));
	memset(inv, 0, sizeof(*inv));
	inv->command = command;
	memcpy(table.shorts, ":", sizeof(":"));
	add_rows(&table, command->options);
	add_rows(&table, common_options);
	opterr = 0;
	optind = 0;
	while ((code = getopt_long(
		    argc, argv, table.shorts, table.longs, NULL)) != -1) {
		if (code == '?' || code == ':')
			return refuse(&table, command, argv, code, e);
		if (keep(inv, find_row(&table, code), optarg, e) < 0)
			return -1;
	}
	inv->arguments = argv + optind;
	inv->n_arguments = (size_t)(argc - optind);
	return 0;
}

void
invocation_release(struct invocation *inv)
{
	free(inv->given);
	inv->given = NULL;
	inv->n_given = 0;
}

size_t
invocation_count(const struct invocation *inv, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < inv->n_given; i++)
		if (strcmp(inv->given[i].row->name, name) == 0)
			n++;
	return n;
}

bool
invocation_has(const struct invocation *inv, const char *name)
{
	return invocation_count(inv, name) > 0;
}

const char *
invocation_value(const struct invocation *inv, const char *name)
{
	for (size_t i = inv->n_given; i > 0; i--)
		if (strcmp(inv->given[i - 1].row->name, name) == 0)
			return inv->given[i - 1].value;
	return NULL;
}

const char **
invocation_values(
    const struct invocation *inv, const char *name, size_t *n, struct err *e)
{
	const char **values = calloc(inv->n_given + 1, sizeof(*values));

	*n = 0;
	if (values == NULL) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < inv->n_given; i++)
		if (strcmp(inv->given[i].row->name, name) == 0)
			values[(*n)++] = inv->given[i].value;
	return values;
}

int
overlay_take(struct overlay *o, const struct invocation *inv, struct err *e)
{
	struct spec_request *r = &o->request;

	memset(o, 0, sizeof(*o));
	o->sets = invocation_values(inv, "set", &r->n_sets, e);
	o->params = invocation_values(inv, "param", &r->n_params, e);
	if (o->sets == NULL || o->params == NULL)
		return -1;
	r->sets = o->sets;
	r->params = o->params;
	r->main_file = invocation_value(inv, "config");
	r->environment = invocation_value(inv, "env");
	r->dsn = invocation_value(inv, "dsn");
	return 0;
}

void
overlay_release(struct overlay *o)
{
	free(o->sets);
	free(o->params);
	o->sets = NULL;
	o->params = NULL;
}
