/*
 * past.h - what an earlier attempt left decides where this one goes on
 *
 * The earlier attempt was one of this process, or of one that was killed.
 *
 * Shape	remote_open -> past_settle -> the steps that are left
 * Errors	as in ship.h
 * Source	facts/shipping.md 1.6, 5 K3 to K5
 */
#ifndef SHIP_PAST_H
#define SHIP_PAST_H

#include "base/err.h"
#include "ship/steps.h"

/* Look what the two names of a course are; on an open connection. */
int past_look(struct course *c, enum ship_sight *final,
    enum ship_sight *temporary, struct err *e) MUST_CHECK;
/*
 * Find out how far the delivery came, which is the receipt's stage then. -1
 * when it cannot be found out, or not be known at all.
 */
int past_settle(struct course *c, struct err *e) MUST_CHECK;
/*
 * The answer to a rename was lost, *e says how: look on a fresh connection. 0
 * if it turns out to be done, else -1; the next attempt settles the rest.
 */
int past_settle_rename(struct course *c, struct err *e) MUST_CHECK;

#endif
