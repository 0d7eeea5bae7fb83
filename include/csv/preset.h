/*
 * preset.h - the dialect of a loader in a word
 *
 * Source	the manuals of the loaders; drivers of NULL and of the empty
 *		string were tried with PostgreSQL 15, MariaDB 10.11 and Python
 */
#ifndef CSV_PRESET_H
#define CSV_PRESET_H

#include "base/buf.h"
#include "base/err.h"
#include "csv/csv.h"

/* A dialect. */
struct csv_preset {
	const char *name;	    /* "postgresql" */
	struct csv_options options; /* what it means */
	const char *null_is_empty;  /* NULL, or why this reader cannot tell NULL
				     * from the empty string */
};

/* The preset of that name, or NULL. */
const struct csv_preset *csv_preset(const char *name);

#endif
