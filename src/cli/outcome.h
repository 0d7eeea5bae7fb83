/*
 * outcome.h - what came of a run, said to people and programs
 */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

#include "base/err.h"
#include "base/json.h"
#include "job/run.h"

/* Put an error, or null, as the member "error". */
void outcome_json_error(struct json *j, const struct err *error);
/* One line of JSON on standard output. */
void
outcome_put_json(const struct run_outcome *outcome, const struct err *error);
/* Why it failed and what state things are in, on standard error. */
void
outcome_put_failure(const struct run_outcome *outcome, const struct err *error);
/* One line for a person, on standard error. */
void outcome_put_success(const struct run_outcome *outcome);

#endif
