/*
 * sidefile.h - small files that follow the data: checksum, manifest, marker
 *
 * They are written into the run's spool directory when the data is complete,
 * and recorded and delivered as files of their own.
 *
 * Errors	ERR_LOCAL
 * Source	sha256sum(1); design.md 4
 */
#ifndef JOB_SIDEFILE_H
#define JOB_SIDEFILE_H

#include <stdbool.h>

#include "base/err.h"
#include "job/plan.h"
#include "job/run.h"

/* What a file of a run is, in the order in which they are delivered. */
enum sidefile_kind {
	SIDEFILE_DATA,	   /* the rows */
	SIDEFILE_CHECKSUM, /* NAME.sha256 */
	SIDEFILE_MANIFEST, /* NAME.manifest.json */
	SIDEFILE_DONE,	   /* the marker, last */
	SIDEFILE_KINDS	   /* how many there are */
};

/* Longest name of one, with its NUL; longer ones are cut, and refused. */
enum { SIDEFILE_NAME = 300 };

/* One word for a kind: "data", "checksum", ... as in the ledger. */
const char *sidefile_kind_name(enum sidefile_kind kind);
/* Whether a file of the plan has one that follows it. */
bool sidefile_is_wanted(const struct plan_file *f, enum sidefile_kind kind);
/* What the one that follows a file of that name is called. */
void sidefile_put_name(
    char name[SIDEFILE_NAME], enum sidefile_kind kind, const char *of);
/*
 * Write all that the plan asks for beside the outcome's files into dir, and
 * add them to the outcome, in the order in which they are delivered.
 */
int sidefile_write_all(const struct plan *p, const char *dir,
    struct run_outcome *o, struct err *e) MUST_CHECK;

#endif
