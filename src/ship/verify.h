/*
 * verify.h - whether what is there is what was sent
 *
 * Shape	verify_upload -> (publish) -> verify_final
 * Source	facts/shipping.md 2
 */
#ifndef SHIP_VERIFY_H
#define SHIP_VERIFY_H

#include "base/err.h"
#include "ship/steps.h"

/*
 * Verify what was uploaded, on the rung that the target's settings ask for or
 * the next that the server offers; the rung is in the receipt.
 */
int verify_upload(struct course *c, struct err *e) MUST_CHECK;
/* Look again under the final name. */
int verify_final(struct course *c, struct err *e) MUST_CHECK;
/*
 * What a name is now, compared by size and, unless that was done already
 * (is_checked), as verify asks.
 */
int verify_sight(struct course *c, const char *name, enum ship_sight *sight,
    struct err *e) MUST_CHECK;
/*
 * Whether what has a name is the beginning of the file, or all of it: 1, or 0;
 * -1 if it cannot be read.
 */
int verify_part(struct course *c, const char *name, struct err *e) MUST_CHECK;
/* Whether that size is there: 1, or 0; what was found goes to found. */
int verify_look(struct course *c, const char *name, struct look *found,
    struct err *e) MUST_CHECK;

#endif
