/*
 * watermark.h - how far rows were shipped, in the ledger
 *
 * Each run of a job with source.watermark records its range: from where, up to
 * where. The ledger itself (a trigger, see schema.h) takes the end of the range
 * over as the job's value in the transaction that marks the run as shipped,
 * whoever marks it; and only where the value still is the beginning of the
 * range, so that it never goes back and never skips rows.
 *
 * Errors	as ledger.h
 */
#ifndef STATE_WATERMARK_H
#define STATE_WATERMARK_H

#include <stdint.h>

#include "base/err.h"
#include "state/ledger.h"

/* The range of a run. */
struct watermark_range {
	int64_t run; /* its number */
	char *date;  /* its logical date; owned */
	char *name;  /* of the watermark; owned */
	char *from;  /* what was shipped before; owned */
	char *to;    /* up to where it exports; owned */
};

#define WATERMARK_RANGE_INIT \
	{ \
		.run = 0 \
	}

/* Record the range of a run. */
int watermark_put(struct ledger *l, const struct watermark_range *range,
    struct err *e) MUST_CHECK;
/* The range of a run: 1, or 0 when it has none. */
int watermark_of_run(struct ledger *l, int64_t run,
    struct watermark_range *range, struct err *e) MUST_CHECK;
/* The value of a job: 1 and a text to free, or 0 when nothing was shipped. */
int watermark_value(struct ledger *l, const struct run_key *key,
    const char *name, char **value, struct err *e) MUST_CHECK;
/*
 * The range that a run of this key must have: that of the run that shipped it,
 * else that of one whose delivery was begun while the value was what it is
 * now. 1, or 0 when it is free.
 */
int watermark_find_range(struct ledger *l, const struct run_key *key,
    const char *name, struct watermark_range *range, struct err *e) MUST_CHECK;
/*
 * The newest run of another date that may have delivered rows beyond the
 * value: 1, or 0 when there is none.
 */
int watermark_find_doubtful(struct ledger *l, const struct run_key *key,
    const char *name, struct watermark_range *range, struct err *e) MUST_CHECK;
/* Free the texts. */
void watermark_range_release(struct watermark_range *range);

#endif
