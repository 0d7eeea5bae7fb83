/*
 * plan_files.h - the files of a plan, and what the parts of a plan share
 *
 * A plan is built by plan.c, part by part; its files are plan_files.c's.
 */
#ifndef JOB_PLAN_FILES_H
#define JOB_PLAN_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "job/plan.h"

/* A plan in the making. */
struct builder {
	struct plan *plan;		    /* owned until it is done */
	const struct spec *spec;	    /* borrowed */
	const struct plan_options *options; /* borrowed */
	struct problems *problems;	    /* all that is wrong */
};

/* Tell of an error at a value, or of none. */
void
plan_complain(struct builder *b, const struct value *v, const struct err *e);
/* Memory for n items of a size, or NULL and a problem. */
void *plan_allocate(struct builder *b, size_t n, size_t size);
/* A text with its fields replaced; fields that have none here are NULL. */
char *plan_expand(const struct plan *p, const char *text, const char *name,
    const char *part, struct err *e);

/* Which files the job writes, and how. */
void plan_files(struct builder *b);
/* Their names, when the run has its number. */
int plan_name_files(struct plan *p, struct err *e) MUST_CHECK;
/* Free them. */
void plan_release_files(struct plan *p);

#endif
