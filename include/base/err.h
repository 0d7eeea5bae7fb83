/*
 * err.h - the one error value: class, native code, text and hint
 *
 * A fallible function returns 0 or a documented positive value on success and
 * -1 on failure, and takes a struct err as its last parameter. On -1 the error
 * is filled in; on success it is untouched. One place fills it, where the
 * cause is known; callers add context with err_in(); it is printed once. It has
 * a fixed size, so it works when memory is gone and crosses a pipe by copy.
 *
 * Shape	ERR_INIT -> err_set/err_sys once -> err_in/err_hint any time
 * Threads	one error belongs to one thread
 * Source	design.md 2 (exit statuses), sysexits.h
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* Marks a function whose result must not be dropped. */
#define MUST_CHECK __attribute__((warn_unused_result))
/* Marks a printf-like function: format at argument f, values from a. */
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* What kind of failure it is; err_statuses[] gives each its exit status. */
enum err_class {
	ERR_NONE,     /* no error */
	ERR_USAGE,    /* wrong use of the command line */
	ERR_DATA,     /* the data failed a check or cannot be written exactly */
	ERR_DATABASE, /* the database refused: login, SQL error */
	ERR_INTERNAL, /* a fault of the program or of a driver */
	ERR_TARGET,   /* a target refused: login, permission, TLS, quota */
	ERR_LOCAL,    /* local files: permission, disk full, I/O */
	ERR_NOT_NOW,  /* the same command may succeed later */
	ERR_SPEC,     /* the job spec or a secret is wrong or missing */
	ERR_SIGNAL,   /* ended by a signal: native is its number */
	ERR_CLASSES   /* how many there are */
};

/* An error with everything that is needed to print it. */
struct err {
	enum err_class class; /* ERR_NONE while there is none */
	int native;	      /* errno, CURLcode, driver's code, signal; or 0 */
	char state[6];	      /* SQLSTATE, or empty */
	char text[2048];      /* what failed on what and why, one line */
	char hint[768];	      /* what to do: a sentence; or empty */
};

#define ERR_INIT \
	{ \
		ERR_NONE, 0, "", "", "" \
	}

/* One row of the table of exit statuses. */
struct err_status {
	enum err_class class; /* the class */
	int status;	      /* exit status; 128 for ERR_SIGNAL (plus n) */
	const char *name;     /* one word for --json and the ledger */
	const char *meaning;  /* as the man page says it */
};

/* All classes in order of enum err_class, ERR_CLASSES rows. */
extern const struct err_status err_statuses[];

/*
 * Fill in class and text (control bytes are escaped, the text is cut at the
 * size of the field) and clear the other fields. Returns -1.
 */
int err_set(struct err *e, enum err_class class, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/*
 * The same for a failed system call: ERR_LOCAL, ": " and strerror(errnum), and
 * a hint where the errno alone says what to do.
 */
int err_sys(struct err *e, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Put "context: " in front of the text. Returns -1. */
int err_in(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Set the hint, a sentence that says what to do. Returns -1. */
int err_hint(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Exit status of the error: 0 for ERR_NONE, 128 + native for ERR_SIGNAL. */
int err_exit_status(const struct err *e);
/* The class as one word ("database"); "ok" for ERR_NONE. */
const char *err_name(const struct err *e);

#endif
