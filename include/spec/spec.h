/*
 * spec.h - a job's effective settings after all overlays
 *
 * Order, later wins: defaults of the table, main file, job spec,
 * environments.NAME of the main file, environments.NAME of the job, --set and
 * its kin. A list in an overlay replaces the list. Each value knows the file
 * and line it came from.
 *
 * Shape	spec_load -> spec_* -> spec_free
 * Owns		all values; everything returned is borrowed
 * Errors	problems (all of them); ERR_SPEC, ERR_LOCAL
 * Source	design.md 3, facts/shipping.md 7
 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "spec/problem.h"
#include "spec/settings.h"

struct spec;

/* What to load. */
struct spec_request {
	const char *main_file;	   /* --config, or NULL: looked up */
	const char *job;	   /* name or path; NULL: no job (query) */
	const char *environment;   /* --env, or NULL: looked up */
	const char *const *sets;   /* "KEY=VALUE" each, in order */
	size_t n_sets;		   /* how many */
	const char *const *params; /* "NAME=VALUE" each (--param) */
	size_t n_params;	   /* how many */
	const char *dsn;	   /* --dsn, or NULL */
};

/* Where a value comes from. */
struct origin {
	const char *file; /* NULL: the table's default; or "$VARIABLE" */
	unsigned line;	  /* 0: no file, but a default or what was typed */
};

/* One effective value. */
struct value {
	const struct setting *setting; /* its row */
	const char *member;	       /* list member or parameter; or NULL */
	const char *text;	       /* as written; NULL when unset */
	int64_t number;		       /* bool, integer, ms, bytes */
	const char *const *texts; /* of SETTING_TEXTS and secrets by argv */
	size_t n_texts;		  /* how many */
	const char *secret;	  /* "file", "credential", "command", "env",
					 * "inline" for SETTING_SECRET */
	const char *type;	  /* of a parameter: "text", "date"... */
	bool is_given;		  /* set anywhere but in the table */
	struct origin origin;	  /* where it was set */
};

/* A job that exists. */
struct job_entry {
	char *name; /* base name of its file */
	char *path; /* its spec */
};

/*
 * Load a job's settings. Everything that is wrong goes to problems; -1 with
 * e when there is any error among them (e is the first). *s may be usable for
 * spec_show even then; it is NULL when nothing could be read.
 */
int spec_load(struct spec **s, const struct spec_request *request,
    struct problems *problems, struct err *e) MUST_CHECK;
/* Whether there is a file for the job's spec, whatever is in it. */
bool spec_is_there(const struct spec_request *request);
/* Free; NULL is fine. */
void spec_free(struct spec *s);

/* The job's name ("" without one). */
const char *spec_job(const struct spec *s);
/* The environment's name ("" without one). */
const char *spec_environment(const struct spec *s);
/* The path of the job spec, or NULL. */
const char *spec_path(const struct spec *s);
/* The value of a path; never NULL for a path of the table without list. */
const struct value *spec_value(const struct spec *s, const char *path);
/* Its text, or NULL when it is unset. */
const char *spec_text(const struct spec *s, const char *path);
/* Its number: bool as 0 or 1, duration in ms, size in bytes; 0 when unset. */
int64_t spec_number(const struct spec *s, const char *path);
/* Where its text stands among the setting's choices, from 0; -1 when unset. */
int spec_choice(const struct spec *s, const char *path);
/* How many members a list ("targets") or params group has. */
size_t spec_count(const struct spec *s, const char *path);
/*
 * The value of a setting of member i: spec_member(s, "targets.url", 0), or
 * parameter i: spec_member(s, "source.params", 0), whose text is the value.
 */
const struct value *
spec_member(const struct spec *s, const char *path, size_t i);
/* A path that stands in the job's files, made absolute or relative to the
 * current directory; the caller frees it. */
char *spec_resolve(const struct value *v, struct err *e) MUST_CHECK;
/* Append what a value is called: "file.name", "targets.partner.url". */
int
spec_put_name(const struct value *v, struct buf *out, struct err *e) MUST_CHECK;
/* Call put for each effective value, in the table's order. */
int spec_each(const struct spec *s,
    int (*put)(void *arg, const struct value *v, struct err *e), void *arg,
    struct err *e) MUST_CHECK;

/* The main file's path by the rules of design.md 3; the caller frees it. */
char *spec_main_file(const char *option, struct err *e) MUST_CHECK;
/* The jobs beside the main file, sorted by name; free with spec_free_jobs. */
int spec_list_jobs(const char *main_file, struct job_entry **jobs, size_t *n,
    struct err *e) MUST_CHECK;
/* The version of libconfig, for --version. */
void spec_put_version(char *text, size_t size);
/* Free such a list; NULL is fine. */
void spec_free_jobs(struct job_entry *jobs, size_t n);

#endif
