/*
 * store.h - the effective values of a spec, and what is laid over them
 *
 * One value for each row of the table; for rows of a list, one for each
 * member; for parameters, one for each name. Later layers replace what
 * earlier ones said: a setting by setting, a list as a whole, a parameter by
 * its name. Of settings that exclude each other (dsn and connection), the
 * layer that sets one drops what earlier layers said of the others.
 *
 * Shape	store_init -> store_apply, store_set* -> store_finish
 * Owns		arrays and texts
 */
#ifndef SPEC_STORE_H
#define SPEC_STORE_H

#include "layer.h"
#include "spec/spec.h"
#include "value.h"

/* The members of one list, or the parameters. */
struct members {
	struct value *cells;	/* owned: n times width values */
	struct origin *origins; /* owned: where each member begins */
	size_t n;		/* how many members */
	size_t width;		/* settings of a member */
	struct origin origin;	/* of the list itself */
};

/* A job's effective settings. */
struct spec {
	struct pool pool;	 /* all texts */
	const char *job;	 /* in the pool, "" for none */
	const char *environment; /* in the pool, "" for none */
	const char *path;	 /* in the pool: the job spec, or NULL */
	struct value *values;	 /* owned: one for each row */
	struct members *members; /* owned: one for each row; most are unused */
	size_t n_rows;		 /* of the table */
};

/* Settings that exclude each other, NULL-terminated, and what for. */
struct exclusion {
	const char *what;     /* "where the data comes from" */
	const char *paths[4]; /* NULL-terminated */
};

/* All of them; a row without what ends the list. */
extern const struct exclusion store_exclusions[];

/* Every row at its default, no members. */
int store_init(struct spec *s, struct err *e) MUST_CHECK;
/* Lay a layer over what is there. */
int store_apply(
    struct spec *s, const struct layer *layer, struct err *e) MUST_CHECK;
/* Lay one "KEY=VALUE" of the command line over it; key is for messages. */
int store_set(struct spec *s, const char *assignment, struct err *e) MUST_CHECK;
/* Lay one "NAME=VALUE" of --param over it. */
int store_set_param(
    struct spec *s, const char *assignment, struct err *e) MUST_CHECK;
/* The members of a row, with its number in the table. */
struct members *store_members(const struct spec *s, const char *path);
/* Number of a row in the table. */
size_t store_row(const struct setting *row);
/* The value of a row of a member; row is a list's own or one below it. */
struct value *
store_cell(const struct spec *s, const struct setting *row, size_t member);
/* The list that a row is a member of (or is), else NULL. */
const struct setting *store_list_of(const struct setting *row);
/* Give every value the name of its member. */
void store_finish(struct spec *s);
/* Free everything. */
void store_release(struct spec *s);

/* Add all that the effective values lack or contradict to problems. */
void check_spec(const struct spec *s, const struct spec_request *request,
    struct problems *problems);

#endif
