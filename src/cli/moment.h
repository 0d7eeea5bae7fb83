/*
 * moment.h - wall time in JSON
 */
#ifndef CLI_MOMENT_H
#define CLI_MOMENT_H

#include "base/json.h"

/* Put wall time as "2026-11-24T13:20:59Z"; 0 is null. */
void moment_json(struct json *j, const char *key, int64_t wall_ms);
/*
 * Read a moment that was typed: "2026-11-24", "2026-11-24T05:30" (in the
 * system's zone), or a duration ago ("2d", "12h"). ERR_USAGE.
 */
int moment_parse(const char *text, int64_t now_ms, int64_t *wall_ms,
    struct err *e) MUST_CHECK;

#endif
