/*
 * ledger.h - the record of runs: statements, files, deliveries
 *
 * A SQLite database in the state directory, by its native library, so that it
 * works when ODBC does not. Every step is recorded before or at once after
 * it is taken; a run whose process died is found by ledger_close_lost.
 *
 * Shape	ledger_open -> ledger_begin_run -> ledger_* -> ledger_end_run
 * Units	times in milliseconds UTC; durations in milliseconds; bytes
 * Threads	one at a time; several processes at once (WAL, busy timeout)
 * Errors	ERR_LOCAL; a damaged or newer file is named
 * Source	SQLite; design.md 4
 */
#ifndef STATE_LEDGER_H
#define STATE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct ledger;

/* What a run is a run of; texts borrowed. */
struct run_key {
	const char *job;	 /* the job's name */
	const char *environment; /* "" when it has none */
	const char *date;	 /* logical date, "2026-11-24" */
	const char *shard;	 /* "" for the whole */
};

/* What is known of a run when it begins. */
struct run_start {
	struct run_key key;  /* its key */
	const char *dsn;     /* DSN, or "" with a connection string */
	const char *user;    /* the system's user that runs it */
	const char *host;    /* this host */
	const char *version; /* of odbcship */
	bool forced;	     /* --force was given */
};

/* How a run ended. */
struct run_end {
	const char *state;	 /* "shipped", "kept", "failed", ... */
	int status;		 /* exit status */
	uint64_t rows;		 /* of the exported result */
	uint64_t bytes;		 /* of the file */
	const struct err *error; /* why it failed, or NULL */
};

/* One executed statement. */
struct run_statement {
	unsigned index;		 /* from 1 */
	unsigned line;		 /* in the script; 0 unknown */
	const char *source;	 /* "orders.sql", "on_connect" */
	const char *name;	 /* or NULL */
	const char *word;	 /* "SELECT" */
	int64_t began_ms;	 /* wall time */
	uint64_t elapsed_ms;	 /* until its last result was read */
	int64_t rows;		 /* rows read or changed; -1 unknown */
	unsigned results;	 /* result sets it had */
	const struct err *error; /* why it failed, or NULL */
};

/* One finished file, or the news that it has no rows and is skipped. */
struct run_file {
	int64_t id;	     /* its number, when it is recorded */
	const char *name;    /* final name */
	const char *path;    /* in the spool; "" when it is skipped */
	uint64_t rows;	     /* records without the header */
	uint64_t bytes;	     /* size */
	const char *sha256;  /* of its bytes */
	const char *columns; /* JSON array of names and kinds */
	uint64_t lossy;	     /* values that the driver did not give exactly */
	uint64_t replaced;   /* characters that the charset does not have */
	uint64_t prefixed;   /* texts with an apostrophe in front */
	const char *kind;    /* "data", "checksum", "manifest", "done" */
	bool skipped;	     /* no rows: there is no such file */
	uint64_t content_bytes;	    /* before compression and encryption */
	const char *content_sha256; /* before compression and encryption */
};

/* One delivery of a file to a target; how it comes about: state/outbox.h. */
struct run_delivery {
	const char *target;	 /* the target's name */
	const char *url;	 /* final place */
	const char *name;	 /* file name there */
	const char *state;	 /* as state/outbox.h has them */
	const char *stage;	 /* how far it came */
	const char *reply;	 /* server's last reply */
	const char *tls;	 /* protocol and cipher, or "" */
	const char *verified;	 /* how, or "" */
	uint64_t attempts;	 /* how many were made */
	uint64_t bytes;		 /* size seen there */
	uint64_t elapsed_ms;	 /* duration */
	const struct err *error; /* why it failed, or NULL */
	const char *by;		 /* "run 12", "resend by ann"; "": the run */
	int64_t began_ms;	 /* wall time; as read back */
	int64_t file;		 /* number of the file; as read back */
};

/* A run as read back; texts owned by the row set. */
struct run_row {
	int64_t id;				      /* number of the run */
	const char *job, *environment, *date, *shard; /* its key */
	const char *state;		   /* "running" while it runs */
	int status;			   /* exit status; -1 while it runs */
	int64_t began_ms, ended_ms;	   /* wall time; 0 while it runs */
	uint64_t rows, bytes;		   /* of the exported result */
	const char *class_name;		   /* of the error, "" for none */
	const char *message, *hint;	   /* of the error, "" for none */
	const char *dsn, *dbms, *driver;   /* what it was connected to */
	int64_t pid;			   /* process that runs or ran it */
	const char *user, *host, *version; /* who ran it, where, of odbcship */
	bool forced;			   /* --force was given */
	const char *sqlstate;		   /* of the error, or "" */
	int64_t native;			   /* its native code, or 0 */
};

/* Which runs to read. */
struct run_filter {
	const char *job;	 /* NULL for all */
	const char *environment; /* NULL for all */
	int64_t id;		 /* 0 for all */
	unsigned limit;		 /* newest first; 0 for all */
	const char *state;	 /* "failed"...; NULL for all */
	int64_t since_ms;	 /* began then or later; 0 for all */
	int64_t until_ms;	 /* began before; 0 for all */
};

/* Open (or make) dir/ledger.db. */
int ledger_open(struct ledger **l, const char *dir, struct err *e) MUST_CHECK;
/*
 * The same to read only: 0 and *l is NULL when there is no ledger yet, 1 when
 * it is open. Nothing is made, and a damaged one is left as it is.
 */
int ledger_open_existing(
    struct ledger **l, const char *dir, struct err *e) MUST_CHECK;
/*
 * Tell the library that no connection is used by two threads at once, before
 * any is opened. It holds for the driver of SQLite too, which shares it.
 */
void ledger_global_init(void);
/* The version of SQLite, for --version. */
void ledger_put_version(char *text, size_t size);
/* Close and free; NULL is fine. */
void ledger_free(struct ledger *l);
/*
 * The shipped run of a key: 1 and its number in *run, or 0.
 */
int ledger_find_shipped(struct ledger *l, const struct run_key *key,
    int64_t *run, struct err *e) MUST_CHECK;
/*
 * Mark runs of this job and environment that still say "running" as "lost":
 * called with the lock held, so their process is gone. Returns how many.
 */
int ledger_close_lost(
    struct ledger *l, const struct run_key *key, struct err *e) MUST_CHECK;
/* Record that a run begins; its number goes to *run. */
int ledger_begin_run(struct ledger *l, const struct run_start *start,
    int64_t *run, struct err *e) MUST_CHECK;
/* Record what the run is connected to. */
int ledger_set_connection(struct ledger *l, int64_t run, const char *dbms,
    const char *driver, struct err *e) MUST_CHECK;
/* Record a statement. */
int ledger_put_statement(struct ledger *l, int64_t run,
    const struct run_statement *s, struct err *e) MUST_CHECK;
/*
 * Record all files of a run, in the order of their delivery, or none; each is
 * given its number.
 */
int ledger_put_files(struct ledger *l, int64_t run, struct run_file *f,
    size_t n, struct err *e) MUST_CHECK;
/*
 * Let work record several things in one transaction: all of them, or none when
 * it returns -1. One within another is part of the outer one.
 */
int ledger_atomically(struct ledger *l, int (*work)(void *arg, struct err *e),
    void *arg, struct err *e) MUST_CHECK;
/* Record how the run ended. */
int ledger_end_run(struct ledger *l, int64_t run, const struct run_end *end,
    struct err *e) MUST_CHECK;
/* Call put for each run that the filter lets through, newest first. */
int ledger_each_run(struct ledger *l, const struct run_filter *filter,
    int (*put)(void *arg, const struct run_row *row, struct err *e), void *arg,
    struct err *e) MUST_CHECK;
/* Call put for each statement of a run, in order. */
int ledger_each_statement(struct ledger *l, int64_t run,
    int (*put)(void *arg, const struct run_statement *s, struct err *e),
    void *arg, struct err *e) MUST_CHECK;
/* Call put for each file of a run. */
int ledger_each_file(struct ledger *l, int64_t run,
    int (*put)(void *arg, const struct run_file *f, struct err *e), void *arg,
    struct err *e) MUST_CHECK;
/* Call put for each delivery of a run. */
int ledger_each_delivery(struct ledger *l, int64_t run,
    int (*put)(void *arg, const struct run_delivery *d, struct err *e),
    void *arg, struct err *e) MUST_CHECK;

#endif
