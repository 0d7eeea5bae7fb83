/*
 * wire.h - what a child process tells the supervisor, over a pipe
 *
 * Both ends are the same program, so the messages are its own structs behind
 * a small head. A message is whole or it is not delivered at all.
 *
 * Shape	worker: wire_send*; supervisor: wire_read -> wire_next*
 * Errors	ERR_INTERNAL
 */
#ifndef JOB_WIRE_H
#define JOB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "job/export.h"
#include "ship/ship.h"

/* Room for a value of the watermark. */
enum { WIRE_VALUE = 4096 };

/* What a message is about, and the struct that it carries. */
enum wire_type {
	WIRE_CONNECTED = 1, /* struct session_info */
	WIRE_BEGAN,	    /* struct export_statement */
	WIRE_ENDED,	    /* struct export_statement */
	WIRE_PROGRESS,	    /* struct wire_progress */
	WIRE_WARNING,	    /* text */
	WIRE_COLUMNS,	    /* text, JSON: of the files that follow */
	WIRE_FILE,	    /* struct wire_file */
	WIRE_GATE,	    /* struct wire_gate */
	WIRE_CHECK,	    /* struct guard_result */
	WIRE_CUTOFF,	    /* struct wire_cutoff */
	WIRE_FINAL,	    /* nothing: from here on nothing is repeated */
	WIRE_ERROR,	    /* struct err */
	WIRE_DONE,	    /* nothing */
	/* From a process that delivers (courier.c). */
	WIRE_LOG,     /* struct wire_log */
	WIRE_SHIPPED, /* struct wire_shipped */
	WIRE_RECORD,  /* struct wire_record; WIRE_ERROR or WIRE_DONE answers */
};

/* Room for a line of the log. */
enum { WIRE_LINE = 8192 };

/* A line of the log. */
struct wire_log {
	enum log_level level; /* its severity */
	char text[WIRE_LINE]; /* redacted */
};

/* How far a transfer is. */
struct wire_shipped {
	uint64_t done;	/* bytes sent */
	uint64_t total; /* of these */
};

/* What is to be recorded of a delivery. */
enum wire_moment { WIRE_BEGINS, WIRE_STEPS, WIRE_ENDS };

/* It is recorded before the process that delivers goes on. */
struct wire_record {
	enum wire_moment moment; /* of the delivery */
	size_t run;		 /* of the consignments */
	size_t index;		 /* of its deliveries */
	enum ship_stage stage;	 /* WIRE_STEPS: which is taken next */
	struct receipt receipt;	 /* as far as it came */
	struct err error;	 /* ERR_NONE: delivered */
};

/* Rows and bytes of the file so far. */
struct wire_progress {
	uint64_t rows;	/* records without the header */
	uint64_t bytes; /* written */
};

/* A finished file. */
struct wire_file {
	unsigned index;			/* of the plan's files */
	unsigned part;			/* of those split, from 1 */
	bool skipped;			/* no rows: there is no such file */
	uint64_t rows;			/* records without the header */
	uint64_t bytes;			/* its size */
	uint64_t content_bytes;		/* before compression */
	char sha256[HASH_TEXT];		/* of its bytes, in hexadecimal */
	char content_sha256[HASH_TEXT]; /* before compression */
	struct export_changes changes;	/* what was allowed */
};

/* A gate that is being asked, or that holds. */
struct wire_gate {
	struct guard_result result; /* so far */
	uint64_t left_ms;	    /* until it is given up */
};

/* What the watermark binds; texts with their NUL. */
struct wire_cutoff {
	char from[WIRE_VALUE]; /* shipped so far */
	char to[WIRE_VALUE];   /* up to where this run exports */
};

/* One message as received; data is borrowed until the next wire_read. */
struct wire_message {
	enum wire_type type; /* what data is */
	const char *data;    /* borrowed */
	size_t length;	     /* its bytes */
};

/* Messages on their way in. */
struct wire {
	int fd;	       /* borrowed */
	struct buf in; /* bytes not yet taken */
	size_t taken;  /* bytes of in that were handed out */
};

/* Begin to receive from fd. */
void wire_init(struct wire *w, int fd);
/* Free the buffer; the descriptor stays open. */
void wire_release(struct wire *w);
/* Send one message, all of it. */
int wire_send(int fd, enum wire_type type, const void *data, size_t length,
    struct err *e) MUST_CHECK;
/* Take what is there now: 1, or 0 at the end of the pipe. */
int wire_read(struct wire *w, struct err *e) MUST_CHECK;
/* The next whole message: 1, or 0 when there is none yet. */
int wire_next(struct wire *w, struct wire_message *m, struct err *e) MUST_CHECK;
/* Copy a message's struct of exactly that size. */
int wire_take(const struct wire_message *m, void *to, size_t size,
    struct err *e) MUST_CHECK;

#endif
