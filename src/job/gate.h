/*
 * gate.h - wait until what the batch needs is there
 *
 * Errors	ERR_NOT_NOW for a gate that does not hold in time; those of the
 *		database; ERR_SPEC for a query that is none of one value
 */
#ifndef JOB_GATE_H
#define JOB_GATE_H

#include "base/err.h"
#include "job/question.h"

/* Ask all gates of the plan until they hold at the same time. */
int gates_wait(const struct asker *a, struct err *e) MUST_CHECK;

#endif
