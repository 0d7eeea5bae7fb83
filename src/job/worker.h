/*
 * worker.h - the process that speaks to the database
 *
 * Started by export.c with fork(2); never returns into the supervisor's code.
 */
#ifndef JOB_WORKER_H
#define JOB_WORKER_H

#include <stdbool.h>

#include "job/export.h"
#include "job/plan.h"

/* What a worker is to do. */
struct worker_order {
	const struct plan *plan;	  /* borrowed */
	const struct export_place *place; /* NULL: only connect */
	int fd;				  /* the pipe to the supervisor */
};

/* Do it and return the exit status of the process. */
int worker_run(const struct worker_order *order);

#endif
