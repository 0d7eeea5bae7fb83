/*
 * doctor_host.h - the doctor's look at user, files, limits and clock
 *
 * Shape	each is a look of the table in doctor.c
 */
#ifndef JOB_DOCTOR_HOST_H
#define JOB_DOCTOR_HOST_H

#include "job/doctor_item.h"

/* The user that runs jobs. */
void doctor_user(struct doctor *d);
/* Home and current directory. */
void doctor_home(struct doctor *d);
/* The state directory: there, ours, on what file system. */
void doctor_state(struct doctor *d);
/* The ledger: readable, and what happened to it. */
void doctor_ledger(struct doctor *d);
/* Bytes and inodes there. */
void doctor_space(struct doctor *d);
/* Whether what is written there is durable. */
void doctor_durability(struct doctor *d);
/* The umask. */
void doctor_umask(struct doctor *d);
/* Limits of the process. */
void doctor_limits(struct doctor *d);
/* LANG and LC_*. */
void doctor_locale(struct doctor *d);
/* TZ and the offset now. */
void doctor_zone(struct doctor *d);
/* Whether the clock is synchronised. */
void doctor_clock(struct doctor *d);
/* Where core dumps go. */
void doctor_core(struct doctor *d);
/* SELinux, AppArmor and Kerberos, where there are any. */
void doctor_security(struct doctor *d);
/* What a process's context (/proc/self/attr/current) means for AppArmor. */
void doctor_confinement(struct doctor *d, const char *context);

#endif
