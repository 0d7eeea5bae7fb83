/*
 * command.h - the commands, as one table
 *
 * A command is one file with one struct command; its options are rows, from
 * which parsing, --help and the did-you-mean are made.
 *
 * Source	design.md 2
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "spec/spec.h"

/* One option. */
struct option_row {
	const char *name;     /* long name without "--"; NULL ends a list */
	char letter;	      /* short name, or 0 */
	const char *argument; /* NULL: none; "[TIME]": optional */
	const char *help;     /* a line or two */
};

/* An option as given. */
struct option_given {
	const struct option_row *row; /* which */
	const char *value;	      /* its argument, or NULL */
};

/* A command line, parsed. */
struct invocation {
	const struct command *command; /* which command */
	struct option_given *given;    /* owned, in order */
	size_t n_given;		       /* how many */
	char **arguments;	       /* borrowed from argv */
	size_t n_arguments;	       /* how many */
};

/* One command. */
struct command {
	const char *name;		  /* "run" */
	const char *summary;		  /* one line */
	const char *usage;		  /* what follows the name */
	const char *example;		  /* a whole line to type */
	const struct option_row *options; /* its own; NULL name ends */
	/* Do it; the exit status. Everything is printed when it returns. */
	int (*run)(const struct invocation *inv);
};

/* Run jobs: cmd_run.c. */
extern const struct command command_run;
/* Run a batch without a job: cmd_query.c. */
extern const struct command command_query;
/* Check job specs: cmd_check.c. */
extern const struct command command_check;
/* odbcship probe */
extern const struct command command_probe;
/* Show what the settings of a job come to: cmd_show.c. */
extern const struct command command_show;
/* List the jobs: cmd_list.c. */
extern const struct command command_list;
/* How the jobs stand: cmd_status.c. */
extern const struct command command_status;
/* Show recorded runs: cmd_history.c. */
extern const struct command command_history;
/* A page of all jobs and runs: cmd_report.c. */
extern const struct command command_report;
/* Ship recorded files again: cmd_resend.c. */
extern const struct command command_resend;
/* Try whether telling works: cmd_notify.c. */
extern const struct command command_notify;
/* Tell of runs that never were: cmd_watch.c. */
extern const struct command command_watch;

/* Compare a result in two environments: cmd_compare.c. */
extern const struct command command_compare;
/* Look at the environment: cmd_doctor.c. */
extern const struct command command_doctor;

/* Write the first spec of a job: cmd_init.c. */
extern const struct command command_init;

/* All commands in the order of --help; NULL ends. */
extern const struct command *const commands[];
/* Options that every command takes. */
extern const struct option_row common_options[];
/* Options of run, check and show that choose what a job's settings are. */
#define OVERLAY_OPTIONS \
	{ "env", 0, "NAME", "environment: which overlay of the job holds" }, \
	    { "dsn", 0, "DSN", "data source instead of source.dsn" }, \
	    { "date", 0, "DATE", \
		    "logical date, default today in the job's " \
		    "time zone" }, \
	    { "param", 0, "NAME=VALUE", "value of :NAME in the batch" }, \
	{ \
		"set", 0, "KEY=VALUE", \
		    "any other setting, e.g. " \
		    "targets.partner.url=..." \
	}

/* Parse argv[first...] by the command's and the common options. */
int invocation_parse(struct invocation *inv, const struct command *command,
    int argc, char **argv, struct err *e) MUST_CHECK;
/* Free what parsing allocated. */
void invocation_release(struct invocation *inv);
/* Whether an option was given. */
bool invocation_has(const struct invocation *inv, const char *name);
/* How often. */
size_t invocation_count(const struct invocation *inv, const char *name);
/* Its last value, or NULL. */
const char *invocation_value(const struct invocation *inv, const char *name);
/* All its values in order: *n of them; the caller frees the array. */
const char **invocation_values(const struct invocation *inv, const char *name,
    size_t *n, struct err *e) MUST_CHECK;

/* The overlay options as a request for spec_load; arrays to be freed. */
struct overlay {
	struct spec_request request; /* job not yet set */
	const char **sets;	     /* owned array */
	const char **params;	     /* owned array */
};

/* Take the overlay options. */
int overlay_take(
    struct overlay *o, const struct invocation *inv, struct err *e) MUST_CHECK;
/* Free the arrays. */
void overlay_release(struct overlay *o);

/* Print --help of the program. */
void help_program(void);
/* Print --help of a command. */
void help_command(const struct command *command);
/* Print what a setting is; false when there is none of that name. */
bool help_setting(const char *path);
/* Print --version. */
void help_version(void);

#endif
