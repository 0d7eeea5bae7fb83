/*
 * loader.h - the statement with which a database loads exactly this file
 *
 * Made from the options that the file is written with. What a loader cannot
 * express, or cannot tell apart, is said in comments before the statement, in
 * the loader's own syntax, so that the whole text can be given to it.
 *
 * Errors	ERR_USAGE for an unknown loader; ERR_INTERNAL
 * Source	the manuals of the loaders; PostgreSQL 15, MariaDB 10.11,
 *		sqlite3 3.40 and pandas 1.5 load what tests/integration/
 *		test_loading.py writes; the others were not at hand
 */
#ifndef CSV_LOADER_H
#define CSV_LOADER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "csv/csv.h"

/* The file that is to be loaded; texts are borrowed. */
struct loader_file {
	const char *table;	       /* to load into */
	const char *name;	       /* of the file */
	const char *compress;	       /* "gzip", "zstd", or NULL */
	bool is_encrypted;	       /* by OpenPGP */
	const struct csv_options *csv; /* how it is written */
};

/* Names of all loaders, NULL-terminated; "mariadb" is another for "mysql". */
extern const char *const loader_names[];

/* Append notes and statement of a loader for a file. */
int loader_put(struct buf *out, const char *loader,
    const struct loader_file *file, struct err *e) MUST_CHECK;

#endif
