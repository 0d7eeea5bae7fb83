/*
 * draft.h - a job that is being written, and its files
 *
 * Filled from options or from a script (job/import.h), then written as a
 * commented spec with its SQL beside it and its secrets in files of their own.
 * A text is copied when it is put in; when memory is gone the draft says so at
 * the end.
 *
 * Shape	draft_init -> draft_keep, fields -> draft_finish ->
 *		draft_put_spec -> draft_release
 * Owns		all texts; secrets are wiped
 * Errors	ERR_INTERNAL
 */
#ifndef JOB_DRAFT_H
#define JOB_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* How many of each a draft may have. */
enum { DRAFT_MANY = 64, DRAFT_TEXT_MAX = 64 * 1024 * 1024 };

/* A name with a value. */
struct draft_pair {
	const char *name;  /* what it is called */
	const char *value; /* its value, may be a template */
};

/* A secret: a value that is written into a file, or a file that is there. */
struct draft_secret {
	const char *value; /* NULL: not known */
	const char *file;  /* in the spec; NULL: no secret is needed */
};

/* Where the file goes. */
struct draft_target {
	const char *name;	    /* "partner" */
	const char *url;	    /* directory, may be a template */
	const char *user;	    /* or NULL */
	struct draft_secret secret; /* the password */
	const char *ca_file;	    /* or NULL */
	bool in_clear;		    /* tls = "none" */
	bool mkdirs;		    /* make missing directories */
};

/* What could not be carried over, or is to be known. */
struct draft_note {
	unsigned line;	  /* of the script; 0 for none */
	const char *text; /* a sentence without a full stop */
};

/* A job that is being written; a field is NULL when nothing is known of it. */
struct draft {
	const char *name;	    /* the job's */
	const char *origin;	    /* the script it came from */
	const char *description;    /* what it is for */
	const char *owner;	    /* who is to be asked */
	const char *mail;	    /* who is told */
	const char *smtp;	    /* by which server; NULL for sendmail */
	const char *schedule;	    /* cron's five fields */
	const char *dsn;	    /* where the data is, */
	const char *connection;	    /* or as a string */
	const char *user;	    /* to log in as */
	struct draft_secret secret; /* the password */
	const char *dialect;	    /* of the batch */
	const char *sql;	    /* the batch */
	const char *file_name;	    /* a template */
	const char *no_header;	    /* not NULL: without names of columns */
	const char *delimiter;	    /* one character */
	const char *null;	    /* the word for NULL */
	const char *charset;	    /* by iconv's name */
	const char *newline;	    /* "lf" */
	struct draft_pair params[DRAFT_MANY];	    /* of the batch */
	size_t n_params;			    /* how many */
	struct draft_target targets[DRAFT_MANY];    /* in order */
	size_t n_targets;			    /* how many */
	struct draft_pair environments[DRAFT_MANY]; /* with their DSNs */
	size_t n_environments;			    /* how many */
	struct draft_note notes[DRAFT_MANY];	    /* by line */
	size_t n_notes;				    /* how many */
	char **texts;				    /* owned: all of them */
	size_t n_texts;				    /* how many */
	bool failed; /* something could not be kept */
};

/* Make an empty one for a job. */
void draft_init(struct draft *d, const char *name);
/* Wipe and free. */
void draft_release(struct draft *d);
/* A copy that lives as long as the draft; "" when memory is gone. */
const char *draft_keep(struct draft *d, const char *text);
/* The same of n bytes. */
const char *draft_keep_n(struct draft *d, const char *text, size_t n);
/* A new target at the end, or NULL when there are too many. */
struct draft_target *draft_add_target(struct draft *d);
/* Set a parameter, new or not. */
void draft_set_param(struct draft *d, const char *name, const char *value);
/* Tell what a reader of the draft must know. */
void draft_add_note(struct draft *d, unsigned line, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Whether a mail could be sent at all, by a server or by sendmail. */
bool draft_can_mail(const struct draft *d);
/*
 * Give a file's name to each secret that is needed and has none, and targets
 * their names; then the draft can be written.
 */
void draft_finish(struct draft *d);
/* Append the spec. */
int draft_put_spec(
    struct buf *out, const struct draft *d, struct err *e) MUST_CHECK;
/* Append a text as a string of a spec, quotes and all. */
int
draft_put_string(struct buf *out, const char *text, struct err *e) MUST_CHECK;

#endif
