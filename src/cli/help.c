/*
 * help.c - --help and --version, made from the tables
 *
 * The man page odbcship(1) says the same at length.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/command.h"
#include "odbc/session.h"
#include "ship/ship.h"
#include "sink/chain.h"
#include "sink/hash.h"
#include "spec/spec.h"
#include "state/dirs.h"
#include "state/ledger.h"

enum {
	HELP_COLUMN = 26,
	HELP_WIDTH = 78,
	VERSION_TEXT = 512,
	HELP_MAX = 1024 * 1024
};

/* Print words wrapped at HELP_WIDTH, later lines indented. */
static void
put_wrapped(const char *text, int column)
{
	int at = column;

	while (*text != '\0') {
		int n = (int)strcspn(text, " ");

		if (at > column && at + 1 + n > HELP_WIDTH) {
			printf("\n%*s", column, "");
			at = column;
		} else if (at > column) {
			putchar(' ');
			at++;
		}
		printf("%.*s", n, text);
		at += n;
		text += n;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void
put_option(const struct option_row *row)
{
	char left[64];
	const char *argument = row->argument != NULL ? row->argument : "";
	char between = row->argument == NULL ? '\0' : '=';

	if (argument[0] == '[')
		(void)snprintf(left, sizeof(left), "--%s[=%.*s]", row->name,
		    (int)strlen(argument) - 2, argument + 1);
	else if (between != '\0')
		(void)snprintf(
		    left, sizeof(left), "--%s=%s", row->name, argument);
	else
		(void)snprintf(left, sizeof(left), "--%s", row->name);
	if (row->letter != 0)
		printf("  -%c, %-*s", row->letter, HELP_COLUMN - 7, left);
	else
		printf("      %-*s", HELP_COLUMN - 7, left);
	if ((int)strlen(left) > HELP_COLUMN - 8)
		printf("\n%*s", HELP_COLUMN, "");
	else
		putchar(' ');
	put_wrapped(row->help, HELP_COLUMN);
}

static void
put_options(const struct option_row *rows)
{
	for (; rows->name != NULL; rows++)
		put_option(rows);
}

void
help_program(void)
{
	printf("usage: odbcship COMMAND [options] [arguments]\n\n"
	       "Run SQL on an ODBC data source, write an exact CSV file, ship "
	       "it, record it.\n\ncommands:\n");
	for (size_t i = 0; commands[i] != NULL; i++) {
		printf("  %-10s ", commands[i]->name);
		put_wrapped(commands[i]->summary, 13);
	}
	printf("\noptions of every command:\n");
	put_options(common_options);
	printf(
	    "\nexample:\n  odbcship query -d warehouse -e 'SELECT 1 AS "
	    "one'\n\n'odbcship help COMMAND' tells more of a command, "
	    "'odbcship help SETTING' of a\nsetting, 'odbcship show --settings' "
	    "all that a job spec can say, odbcship(1)\neverything.\n");
}

void
help_command(const struct command *command)
{
	printf("usage: odbcship %s %s\n\n", command->name, command->usage);
	put_wrapped(command->summary, 0);
	printf("\nexample:\n  %s\n", command->example);
	if (command->options->name != NULL) {
		printf("\noptions:\n");
		put_options(command->options);
	}
	printf("\noptions of every command:\n");
	put_options(common_options);
	if (strcmp(command->name, "run") != 0)
		return;
	printf("\nexit status:\n");
	for (size_t i = 0; i < ERR_CLASSES; i++) {
		if (err_statuses[i].class == ERR_SIGNAL)
			printf("  128+n  ");
		else
			printf("  %-5d  ", err_statuses[i].status);
		put_wrapped(err_statuses[i].meaning, 9);
	}
}

bool
help_setting(const char *path)
{
	struct buf out = BUF_INIT(HELP_MAX);
	struct err e = ERR_INIT;
	bool found = settings_find(path) != NULL &&
	    settings_put_help(&out, path, &e) == 0 && out.length > 0;

	if (found)
		(void)fputs(buf_text(&out), stdout);
	buf_release(&out);
	return found;
}

void
help_version(void)
{
	struct err e = ERR_INIT;
	char text[VERSION_TEXT];
	char *config = spec_main_file(NULL, &e);
	char *state = dirs_state(NULL, &e);

	printf("odbcship %s\n", PACKAGE_VERSION);
	session_put_manager(text, sizeof(text));
	printf("%s\n", text);
	ship_put_version(text, sizeof(text));
	printf("%s\n", text);
	spec_put_version(text, sizeof(text));
	printf("%s\n", text);
	ledger_put_version(text, sizeof(text));
	printf("%s\n", text);
	chain_put_version(text, sizeof(text));
	printf("%s\n", text);
	hash_put_version(text, sizeof(text));
	printf("%s\n", text);
	printf("main file: %s\n", config != NULL ? config : e.text);
	printf("state: %s\n", state != NULL ? state : e.text);
	free(config);
	free(state);
}
