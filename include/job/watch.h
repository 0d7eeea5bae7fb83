/*
 * watch.h - tell of what no run can tell: that there was none, or it was killed
 *
 * One look at one job, from cron or by hand: a run that is missing is told as
 * late, one whose process is gone is recorded as lost and told as a failure,
 * and what could not be told before is tried again.
 *
 * Errors	none that reach the caller: all are logged
 */
#ifndef JOB_WATCH_H
#define JOB_WATCH_H

#include "job/overview.h"
#include "spec/spec.h"
#include "state/ledger.h"

/* Where a job is looked at; all borrowed. */
struct watch_place {
	const char *state;     /* state directory */
	struct ledger *ledger; /* open for writing */
};

/* Tell what is to be told of one job. */
void watch_job(const struct watch_place *place, const struct job_view *view,
    const struct spec *spec);

#endif
