/*
 * calendar.h - a schedule as cron writes it, as systemd writes it
 *
 * Errors	ERR_USAGE for what is no schedule of cron, or one that systemd
 *		has no words for (@reboot)
 * Source	crontab(5) of cron 3.0pl1 and cronie; systemd.time(7)
 */
#ifndef JOB_CALENDAR_H
#define JOB_CALENDAR_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Append the values of OnCalendar= that mean the same as the five fields (or
 * "@daily" and its kin) of cron, a line each: two where cron takes days of the
 * month or days of the week.
 */
int calendar_put(struct buf *out, const char *cron, struct err *e) MUST_CHECK;

#endif
