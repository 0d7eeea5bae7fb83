/*
 * retry.c - when a delivery is tried again
 *
 * What a single attempt does is steps.c's business.
 */
#include <string.h>

#include "base/log.h"
#include "ship/steps.h"

int
remote_open(struct remote *r, struct err *e)
{
	remote_close(r);
	r->protocol = protocol_find(r->target->url);
	if (r->protocol == NULL)
		return err_set(
		    e, ERR_SPEC, "'%s' is of no known kind", r->target->url);
	return r->protocol->open(r, e);
}

void
remote_close(struct remote *r)
{
	if (r->link != NULL)
		r->protocol->close(r);
}

int
deliver(const struct target *t, const struct shipment *s, struct receipt *r,
    struct err *e)
{
	struct course c;
	int rc;

	if (course_begin(&c, t, s, r, e) < 0)
		return -1;
	rc = steps_attempt(&c, e);
	if (rc < 0)
		steps_clean_up(&c);
	remote_close(&c.remote);
	return rc;
}
