/*
 * shell.h - a shell script as the commands that stand in it
 *
 * Nothing is run. Words are expanded as far as their values are known from the
 * script: constants at once, dates and the host's name as fields of a template
 * (spec/template.h), what is not known as its name. These stand between two
 * control bytes, so that whoever takes a word sees what it is made of.
 *
 * Owns		texts are the draft's; the arrays are the shell's
 * Errors	ERR_SPEC for a script that cannot be read as one
 * Source	POSIX.1-2017 Shell Command Language 2; GNU date(1)
 */
#ifndef JOB_SHELL_H
#define JOB_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "job/draft.h"

/* What begins a part that is not constant; SHELL_END ends it. */
enum shell_mark {
	SHELL_FIELD = 1,   /* a field of a template: date:-1d:%Y-%m-%d */
	SHELL_UNKNOWN = 2, /* a variable that the script does not set */
	SHELL_FILE = 3,	   /* what stands in a file, by its path */
	SHELL_OTHER = 4,   /* the output of another command, by its name */
	SHELL_END = 5	   /* ends each of them */
};

/* Most words of a command; deepest substitutions. */
enum { SHELL_WORDS = 128, SHELL_DEPTH = 6 };

/* One command. */
struct shell_command {
	unsigned line;			/* where it begins */
	const char *words[SHELL_WORDS]; /* expanded */
	size_t n;			/* how many */
	struct draft_pair sets[16];	/* NAME=VALUE before it */
	size_t n_sets;			/* how many */
	const char *input;		/* a here-document, or NULL */
	unsigned input_line;		/* where that begins */
	const char *input_path;		/* < path, or NULL */
	const char *output_path;	/* > path, or NULL */
	bool piped;			/* its input is the one before it */
};

/* A script that was read. */
struct shell {
	struct draft *draft;		 /* borrowed: keeps the texts */
	struct shell_command **commands; /* owned, in order */
	size_t n;			 /* how many */
	struct draft_pair *variables;	 /* owned: the last value of each */
	size_t n_variables;		 /* how many */
};

/* Read a script. */
int shell_read(struct shell *s, struct draft *draft, const char *text,
    struct err *e) MUST_CHECK;
/* Free the arrays. */
void shell_release(struct shell *s);
/* A variable as a command sees it, or NULL. */
const char *shell_variable(const struct shell *s,
    const struct shell_command *command, const char *name);
/* Whether all of a word is known: no mark in it. */
bool shell_is_constant(const char *word);

#endif
