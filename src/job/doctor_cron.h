/*
 * doctor_cron.h - the doctor's look at crontabs and users' timers
 *
 * Shape	each is a look of the table in doctor.c
 */
#ifndef JOB_DOCTOR_CRON_H
#define JOB_DOCTOR_CRON_H

#include "job/doctor_item.h"

/* Crontabs that start odbcship. */
void doctor_cron(struct doctor *d);
/* Who gets the mail of cron. */
void doctor_mail(struct doctor *d);
/* Timers of a user that is not logged in. */
void doctor_linger(struct doctor *d);

#endif
