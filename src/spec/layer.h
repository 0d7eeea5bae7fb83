/*
 * layer.h - what one file says, before it is laid over the others
 *
 * A sheet is a file: its own settings and those of each environment that it
 * declares. Each of these is a layer: values in the order in which they were
 * written, every one with its file and line. Laying them over each other is
 * overlay.c's.
 *
 * Shape	SHEET_INIT -> sheet_read -> sheet_release
 * Owns		the arrays; texts are in the spec's pool
 */
#ifndef SPEC_LAYER_H
#define SPEC_LAYER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "spec/problem.h"
#include "value.h"

/* One value that was written. */
struct entry {
	struct value value; /* of a list: number is how many members */
	size_t index;	    /* which member of its list */
};

/* What one environment, or a file outside of its environments, says. */
struct layer {
	const char *environment; /* in the pool; NULL: the file itself */
	struct origin origin;	 /* where it begins */
	struct entry *entries;	 /* owned */
	size_t n;		 /* how many */
};

#define LAYER_INIT \
	{ \
		NULL, { NULL, 0 }, NULL, 0 \
	}

/* Which file it is. */
enum sheet_kind {
	SHEET_MAIN, /* the main file */
	SHEET_JOB   /* a job spec */
};

/* What one file says. */
struct sheet {
	enum sheet_kind kind;	    /* what may stand in it */
	const char *path;	    /* in the pool; NULL: no such file */
	struct layer base;	    /* outside of environments */
	struct layer *environments; /* owned */
	size_t n;		    /* how many environments */
};

#define SHEET_INIT(kind) \
	{ \
		kind, NULL, LAYER_INIT, NULL, 0 \
	}

/* Append an entry; borrowed until the next one, NULL when memory is gone. */
struct entry *
layer_add(struct layer *l, const struct setting *row, struct err *e);
/* Append an environment; borrowed as above. */
struct layer *
sheet_add(struct sheet *s, const char *environment, struct err *e);
/*
 * Read a file. What is wrong with its settings goes to problems and the call
 * still succeeds; -1 when there is no reading it at all, with the reason among
 * the problems and in e (native: errno).
 */
int sheet_read(struct sheet *s, struct pool *pool, const char *path,
    struct problems *problems, struct err *e) MUST_CHECK;
/*
 * Whether a secret may stand in the file itself: only where nobody else can
 * read it, as msmtp has it (facts/shipping.md 4). what is for the message.
 */
int sheet_check_private(
    const char *file, const char *what, struct err *e) MUST_CHECK;
/* Free everything but the texts. */
void sheet_release(struct sheet *s);

/*
 * What libconfig would not see: tells of a byte order mark, bytes that are
 * not UTF-8, NUL, numbers that would wrap, @include, and comments and strings
 * without an end. -1 when parsing makes no sense any more.
 */
int scan_text(const char *file, const char *text, size_t length,
    struct problems *problems, struct err *e) MUST_CHECK;

#endif
