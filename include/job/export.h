/*
 * export.h - run the batch in a worker process and write the file
 *
 * A driver is foreign code: some crash, some hang whatever timeout is set.
 * export_run forks a worker that alone speaks to the database and writes the
 * file; the caller's process listens on a pipe, holds the limits, and turns a
 * worker that dies, hangs or is killed into an error that names the statement
 * it was in.
 *
 * Units	milliseconds, bytes
 * Errors	those of the worker; ERR_INTERNAL for one that died, ERR_NOT_NOW
 *		for one that was ended for its time, ERR_SIGNAL
 */
#ifndef JOB_EXPORT_H
#define JOB_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/guard.h"
#include "job/plan.h"
#include "odbc/session.h"
#include "sink/hash.h"

/* A statement as it is told while it runs and when it ended. */
struct export_statement {
	unsigned index;	     /* from 1, on_connect included */
	unsigned line;	     /* in its source; 0 unknown */
	char source[128];    /* "orders.sql", "on_connect" */
	char name[64];	     /* result name, or empty */
	char word[16];	     /* "SELECT" */
	int64_t began_ms;    /* wall time */
	uint64_t elapsed_ms; /* when it ended */
	int64_t rows;	     /* read or changed; -1 unknown */
	unsigned results;    /* result sets */
	bool in_doubt;	     /* it had not ended: error or death */
	bool repeats;	     /* it may be executed again after a failure */
};

/* Who listens to an export; every function may be NULL. */
struct export_watch {
	void *arg; /* handed to each */
	/* The database answered. */
	void (*connected)(void *arg, const struct session_info *info);
	/* A statement begins. */
	void (*began)(void *arg, const struct export_statement *s);
	/* A statement ended, or the export ended in it (error not NULL). */
	void (*ended)(void *arg, const struct export_statement *s,
	    const struct err *error);
	/* A gate is asked (seen is empty), does not hold yet, or holds. */
	void (*gate)(void *arg, const struct guard_result *gate);
	/* Rows and bytes of the file so far. */
	void (*progress)(void *arg, uint64_t rows, uint64_t bytes);
	/* A few times a second, whatever happens: to redraw. */
	void (*tick)(void *arg);
};

/* Where the file goes. */
struct export_place {
	const char *dir;  /* directory of the file, or NULL */
	const char *name; /* its name there */
	int fd;		  /* else a descriptor to write to */
};

/* Values that are not as the database holds them, as the job allows. */
struct export_changes {
	uint64_t lossy;	   /* the driver did not give them exactly */
	uint64_t replaced; /* characters that the charset does not have */
	uint64_t prefixed; /* texts with an apostrophe in front */
};

/* What came of it. */
struct export_file {
	struct export_changes changes; /* what was allowed */
	uint64_t rows;		       /* records without the header */
	uint64_t bytes;		       /* size */
	char sha256[HASH_TEXT];	       /* of its content */
	char *columns; /* JSON array of name, kind, type; owned */
	struct guard_result *results; /* of gates and checks; owned */
	size_t n_results;	      /* how many */
	bool may_repeat;	  /* it failed, and the batch can begin anew */
	char *from, *to;	  /* the cut-off, owned; NULL: there is none */
	struct session_info info; /* what it came from */
};

#define EXPORT_FILE_INIT \
	{ \
		.rows = 0 \
	}

/* Run the batch of plan and write the file. */
int export_run(const struct plan *plan, const struct export_place *place,
    const struct export_watch *watch, struct export_file *file,
    struct err *e) MUST_CHECK;
/* Only connect and disconnect again, in a worker. */
int export_check(const struct plan *plan, struct session_info *info,
    struct err *e) MUST_CHECK;
/* Warn of what in the file of this name is not as the database holds it. */
void export_tell_changes(const char *name, const struct export_changes *c);
/* Free what export_run gave. */
void export_file_release(struct export_file *file);

#endif
