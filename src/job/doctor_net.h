/*
 * doctor_net.h - the doctor's look at what shipping needs
 *
 * Shape	each is a look of the table in doctor.c
 */
#ifndef JOB_DOCTOR_NET_H
#define JOB_DOCTOR_NET_H

#include "job/doctor_item.h"

/* The version of libcurl and its faults. */
void doctor_libcurl(struct doctor *d);
/* Certificates. */
void doctor_certificates(struct doctor *d);
/* Proxies of the environment. */
void doctor_proxies(struct doctor *d);
/* Whether hosts can be reached, where that is asked for. */
void doctor_network(struct doctor *d);

#endif
