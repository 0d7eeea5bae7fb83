/*
 * lock.h - one run of a job and environment at a time on this machine
 *
 * flock(2) on a file that is never unlinked; the kernel lets go of it when the
 * holder ends, however it ends. What the file says is for people only.
 *
 * Owns		the descriptor (close-on-exec); a forked child must close it
 *		(lock_fd)
 * Errors	ERR_NOT_NOW when held, naming the holder; ERR_LOCAL
 * Source	flock(2); facts/shipping.md 5
 */
#ifndef STATE_LOCK_H
#define STATE_LOCK_H

#include <stdint.h>

#include "base/err.h"

struct lock;

/*
 * Take the lock of key ("job.environment") in directory dir, waiting up to
 * wait_ms; a cancellation ends the wait. The directory must exist.
 */
int lock_take(struct lock **l, const char *dir, const char *key,
    uint64_t wait_ms, struct err *e) MUST_CHECK;
/* Say in the file which run holds it. */
void lock_describe(struct lock *l, int64_t run);
/* The descriptor, to be closed in a forked child. */
int lock_fd(const struct lock *l);
/* Let go and free; NULL is fine. */
void lock_free(struct lock *l);

#endif
