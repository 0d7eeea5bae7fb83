/*
 * inspect.h - look at the values of a file while they are written
 *
 * checks.not_null and checks.unique. Whole values are looked at in their block;
 * of values that are read part by part (table/block.h), a copy is heard on
 * their way to the file. A job without these checks pays nothing.
 *
 * Shape	inspect_new -> (inspect_begin -> (inspect_listen -> write ->
 *		inspect_block)*)* -> inspect_report -> inspect_free
 * Units	rows counted from 1
 * Errors	ERR_LOCAL; ERR_DATA for a key that is too long
 */
#ifndef JOB_INSPECT_H
#define JOB_INSPECT_H

#include "base/err.h"
#include "job/guard.h"
#include "table/block.h"
#include "table/column.h"

struct inspect;

/* Begin; *i is NULL when there is nothing to look at. dir is borrowed. */
int inspect_new(struct inspect **i, const struct checks *checks,
    const char *dir, struct err *e) MUST_CHECK;
/* A result set of these columns begins: what was seen before is forgotten. */
int inspect_begin(
    struct inspect *i, const struct columns *columns, struct err *e) MUST_CHECK;
/* The block to write, in which parts of values are heard; borrowed. */
const struct block *
inspect_listen(struct inspect *i, const struct block *block);
/* Look at a block that was written. */
int inspect_block(
    struct inspect *i, const struct block *block, struct err *e) MUST_CHECK;
/* Tell how each check came out. */
int inspect_report(struct inspect *i,
    int (*tell)(void *arg, const struct guard_result *r, struct err *e),
    void *arg, struct err *e) MUST_CHECK;
/* Free; NULL is fine. */
void inspect_free(struct inspect *i);

#endif
