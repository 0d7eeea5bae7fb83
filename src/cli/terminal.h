/*
 * terminal.h - colour, the progress line, and how an error is printed
 *
 * Everything here goes to standard error but colour, which is asked for by
 * stream. Texts are redacted and escaped before they are printed.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "job/run.h"
#include "spec/problem.h"

/* What a word means, shown by colour where there is any. */
enum tone {
	TONE_PLAIN, /* nothing in particular */
	TONE_GOOD,  /* it went well */
	TONE_BAD,   /* it failed */
	TONE_WARN,  /* somebody should look */
	TONE_FAINT, /* beside the point */
	TONE_STRONG /* a heading */
};

/* Take --color ("auto", "always", "never"); 0, or -1 for another word. */
int terminal_set_color(const char *when);
/* Print text in a tone. */
void terminal_put(FILE *to, enum tone tone, const char *text);
/* Print an error: "odbcship: subject: text" and its hint. */
void terminal_error(const char *subject, const struct err *e);
/* Print all problems, "file:line: text" each with its hint. */
void terminal_problems(const struct problems *problems);

/* Print a further line of an error's paragraph: what state things are in. */
void terminal_more(const char *text);

/* Begin to show progress, when standard error is a terminal. */
void progress_begin(bool wanted);
/* The watch that draws it; for run_job. */
const struct run_watch *progress_watch(void);
/* Rows and bytes so far; for export_run. */
void progress_rows(void *arg, uint64_t rows, uint64_t bytes);
/* Redraw when it is time; for export_run. */
void progress_tick(void *arg);
/* Take the line away and stop. */
void progress_end(void);

#endif
