/*
 * courier.h - one target's deliveries, in a process of their own
 *
 * Errors	those of the ledger; what came of each delivery is told over the
 *		pipe (wire.h)
 */
#ifndef JOB_COURIER_H
#define JOB_COURIER_H

#include "job/deliver.h"

/* What a courier carries. */
struct courier_order {
	const struct delivery_order *order; /* borrowed */
	struct consignment *list;	    /* the oldest first; borrowed */
	size_t n;			    /* how many */
	const char *target;		    /* to which */
	int fd;				    /* where it tells */
};

/* Whether a delivery is to be made by the courier to a target. */
bool courier_takes(const struct run_delivery_outcome *d, const char *target);
/* Whether a delivery that failed makes later ones to its target wait. */
bool courier_stops(const struct run_delivery_outcome *d);
/* In a child process: deliver, tell, and the status to exit with. */
int courier_run(const struct courier_order *order);

#endif
