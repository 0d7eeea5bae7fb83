/*
 * export.h - run the batch in a worker process and write the files
 *
 * A driver is foreign code: some crash, some hang whatever timeout is set.
 * export_run forks a worker that alone speaks to the database and writes the
 * files; the caller's process listens on a pipe, holds the limits, and turns a
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

/* Where the files go. */
struct export_place {
	const char *dir;  /* directory of the files, or NULL */
	const char *name; /* of the only file there; NULL: as the plan says */
	int fd;		  /* without a directory: a descriptor to write to */
};

/* Values that are not as the database holds them, as the job allows. */
struct export_changes {
	uint64_t lossy;	   /* the driver did not give them exactly */
	uint64_t replaced; /* characters that the charset does not have */
	uint64_t prefixed; /* texts with an apostrophe in front */
};

/* One file that was written, or was not since it has no rows. */
struct export_file {
	char *name;		       /* owned */
	unsigned index;		       /* of the plan's files, from 0 */
	unsigned part;		       /* of those split, from 1 */
	bool skipped;		       /* no rows: there is no such file */
	struct export_changes changes; /* what was allowed */
	uint64_t rows;		       /* records without the header */
	uint64_t bytes;		       /* size */
	char sha256[HASH_TEXT];	       /* of its bytes */
	uint64_t content_bytes; /* before it was compressed or encrypted */
	char content_sha256[HASH_TEXT]; /* of those */
	char *columns; /* JSON array of name, kind, type; owned */
};

/* What came of an export. */
struct export_result {
	struct export_file *files;   /* owned, in the order of the plan */
	size_t n_files;		     /* how many */
	struct guard_result *checks; /* of gates and checks; owned */
	size_t n_checks;	     /* how many */
	bool may_repeat;	  /* it failed, and the batch can begin anew */
	char *from, *to;	  /* the cut-off, owned; NULL: there is none */
	struct session_info info; /* what they came from */
};

#define EXPORT_RESULT_INIT \
	{ \
		.files = NULL \
	}

/* Run the batch of plan and write the files. */
int export_run(const struct plan *plan, const struct export_place *place,
    const struct export_watch *watch, struct export_result *result,
    struct err *e) MUST_CHECK;
/* Only connect and disconnect again, in a worker. */
int export_check(const struct plan *plan, struct session_info *info,
    struct err *e) MUST_CHECK;
/* Warn of what in the file of this name is not as the database holds it. */
void export_tell_changes(const char *name, const struct export_changes *c);
/* Rows of all files. */
uint64_t export_rows(const struct export_result *result);
/* Bytes of all files. */
uint64_t export_bytes(const struct export_result *result);
/* Free what export_run gave. */
void export_result_release(struct export_result *result);

#endif
