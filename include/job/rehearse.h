/*
 * rehearse.h - what a run would do, without doing it
 *
 * Everything up to executing SQL: spec, secrets, SQL file, names, targets'
 * URLs, and whether the logical date was shipped already.
 *
 * Errors	as job/plan.h
 */
#ifndef JOB_REHEARSE_H
#define JOB_REHEARSE_H

#include "base/buf.h"
#include "base/err.h"
#include "job/run.h"
#include "spec/problem.h"

/* Append what would happen, as text for people. */
int rehearse_job(const struct run_options *options, struct buf *out,
    struct problems *problems, struct err *e) MUST_CHECK;

#endif
