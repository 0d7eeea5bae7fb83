/*
 * steps.h - the steps of a delivery, the same for every protocol
 *
 * Shape	deliver: attempts of steps_attempt, waits between them, cleaning
 *		up (retry.c)
 * Errors	as in ship.h
 */
#ifndef SHIP_STEPS_H
#define SHIP_STEPS_H

#include <stdbool.h>

#include "base/err.h"
#include "ship/protocol.h"

/* A delivery over all its attempts. */
struct course {
	struct remote remote;		 /* one connection an attempt */
	const struct target *target;	 /* borrowed */
	const struct shipment *shipment; /* borrowed */
	struct receipt *receipt;	 /* how far it came */
	char upload_name[1024];		 /* temporary, or the final name */
	bool is_unknown; /* whether the last step was done must be looked at */
	bool is_sent;	 /* this process put something there */
	bool is_final;	 /* another attempt would change nothing */
	bool is_checked; /* the content was compared, not the size alone */
	bool is_other;	 /* its content was seen to be another */
	bool is_resumed; /* the last upload went on behind an older part */
	bool no_resume;	 /* such a file was not the right one */
	bool is_removed; /* an older file was removed to make way */
	unsigned cuts;	 /* uploads that the server cut off, in a row */
};

/* Begin: nothing is sent yet. */
int course_begin(struct course *c, const struct target *t,
    const struct shipment *s, struct receipt *r, struct err *e) MUST_CHECK;
/*
 * One attempt, going on from the stage in the receipt. On failure the
 * connection stays as it is.
 */
int steps_attempt(struct course *c, struct err *e) MUST_CHECK;
/* Remove what has the name of the upload, if the server lets it. */
void steps_remove(struct course *c);
/* Remove what is half there, if the server lets it; closes the connection. */
void steps_clean_up(struct course *c);
/* Deliver: attempts until one succeeds or none makes sense any more. */
int deliver(const struct target *t, const struct shipment *s, struct receipt *r,
    struct err *e) MUST_CHECK;

#endif
