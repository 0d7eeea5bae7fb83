/*
 * fault.h - let the n-th call of a kind fail
 *
 * Our own code's allocations go through here by -Wl,--wrap, SQLite's by its
 * configuration, system calls of both by having their names. Between
 * fault_begin and fault_end the n-th call of the chosen kind fails, and with
 * FAULT_ALWAYS all behind it too.
 *
 * fault_run does it for a scenario with the first call of each kind, then the
 * second, and so on until none fails. After each run: it either did all, or
 * said why; nothing of ours is left in memory or open; and the scenario
 * itself looks at what is on disk.
 *
 * Shape	fault_set_up once -> fault_run*, or
 *		(fault_begin -> code -> fault_end)*
 * Threads	any: the calls of all are counted together
 * Source	sqlite.org/testing.html (OOM and I/O error loops)
 */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What fails, and how. */
enum fault_kind {
	FAULT_MEMORY,	     /* malloc and its kin in our code */
	FAULT_SQLITE_MEMORY, /* the same in SQLite */
	FAULT_WRITE,	     /* write, pwrite: ENOSPC */
	FAULT_SYNC,	     /* fsync, fdatasync: EIO */
	FAULT_RENAME,	     /* EIO */
	FAULT_OPEN,	     /* open, openat: EMFILE */
	FAULT_CLOSE,	     /* closes, and says EIO */
	FAULT_READ,	     /* read, pread: EIO */
	FAULT_MKDIR,	     /* ENOSPC */
	FAULT_TRUNCATE,	     /* ftruncate: EIO */
	FAULT_LIBRARY,	 /* a library's function that a test stands in for */
	FAULT_SHORT,	 /* write takes a part: no failure at all */
	FAULT_INTERRUPT, /* read, write: EINTR: the same */
	FAULT_KINDS
};

/* Whether it goes away. */
enum fault_length { FAULT_ONCE, FAULT_ALWAYS };

/* Prepare SQLite; before it is used. */
void fault_set_up(void);
/* The n-th call from now on fails (n from 1). */
void fault_begin(enum fault_kind kind, unsigned n, enum fault_length length);
/* Whether this call is to fail: for functions that a test stands in for. */
bool fault_is_due(enum fault_kind kind);
/* No more; whether there was an n-th call. */
bool fault_end(void);
/* Calls of the kind since fault_begin. */
unsigned fault_seen(void);
/* Allocations of our code that are not freed. */
size_t fault_live(void);
/* What a kind is called. */
const char *fault_name(enum fault_kind kind);

/* Something that may fail. */
struct fault_scenario {
	void (*prepare)(void);	    /* before each run; or NULL */
	int (*run)(struct err *e);  /* 0, or -1 with e */
	void (*check)(bool worked); /* what it left; or NULL */
	unsigned fatal;		    /* kinds that it must not survive */
	unsigned skipped;	    /* kinds that are not tried */
};

/* A kind as a bit of fatal. */
#define FAULT_BIT(kind) (1U << (kind))

/* Run it with every fault; fails the test that calls. */
void fault_run(const struct fault_scenario *s);
/*
 * A directory of its own, in memory where there is such a place; the umask is
 * 022 then, and only errors are logged.
 */
void fault_make_directory(char path[64]);
/* Remove it, and log no more. */
int fault_remove_directory(const char *path);
/* How many names are in a directory; 0 when there is none. */
unsigned fault_count_entries(const char *path);

#endif
