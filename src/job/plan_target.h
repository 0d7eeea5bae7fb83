/*
 * plan_target.h - the settings of one target, as ship/target.h wants them
 */
#ifndef JOB_PLAN_TARGET_H
#define JOB_PLAN_TARGET_H

#include "ship/target.h"
#include "spec/spec.h"

/*
 * Read what needs no expanding, no file and no secret of target i; texts are
 * borrowed from the spec.
 */
void plan_target_read(struct target *t, const struct spec *spec, size_t i);

#endif
