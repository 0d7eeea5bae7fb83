/*
 * schedule.h - a job's schedule, as a person types it for cron and systemd
 */
#ifndef CLI_SCHEDULE_H
#define CLI_SCHEDULE_H

#include "base/err.h"
#include "job/draft.h"

/* Print the crontab's line, the file of cron.d, and the timer of a job. */
int schedule_print(const struct draft *d, struct err *e) MUST_CHECK;

#endif
