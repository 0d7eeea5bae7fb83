/*
 * guards.h - gates, checks and the watermark of a recorded run
 */
#ifndef CLI_GUARDS_H
#define CLI_GUARDS_H

#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "state/ledger.h"

/* Print them for people, a line each. */
int guards_put_text(struct ledger *l, int64_t run, struct err *e) MUST_CHECK;
/* The members "checks" (an array) and "watermark" (a group or null). */
int guards_put_json(
    struct ledger *l, int64_t run, struct json *j, struct err *e) MUST_CHECK;

#endif
