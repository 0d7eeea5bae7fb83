/*
 * settings.h - the one table of everything a job spec can say
 *
 * Reading, overlaying, checking, showing and documenting all go by this
 * table; a setting exists when it has a row. Lists of groups (targets) have a
 * row of type SETTING_LIST and rows for their members ("targets.url"); those of
 * files are made from the rows of file.
 *
 * Source	design.md 3
 */
#ifndef SPEC_SETTINGS_H
#define SPEC_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* What a value is and how it is written. */
enum setting_type {
	SETTING_TEXT,	  /* a string */
	SETTING_BOOL,	  /* true or false */
	SETTING_INTEGER,  /* a whole number, min..max */
	SETTING_DURATION, /* "90s": kept as milliseconds */
	SETTING_SIZE,	  /* "64MiB": kept as bytes */
	SETTING_CHOICE,	  /* one of a list of words */
	SETTING_TEXTS,	  /* a list of strings */
	SETTING_SECRET,	  /* a group that says where a secret is */
	SETTING_PARAMS,	  /* a group of names with values */
	SETTING_GROUP,	  /* a group of settings */
	SETTING_LIST	  /* a list of groups, each with a name */
};

/* Bits of setting.flags. */
enum setting_flag {
	SETTING_REQUIRED = 1, /* must be set (in each member of a list) */
	SETTING_TEMPLATE = 2, /* {fields} are expanded at run time */
	SETTING_MAIN = 4,     /* only in the main file */
	SETTING_JOB = 8,      /* only in a job spec */
	SETTING_FILE = 16,    /* a path, relative to the file it stands in */
	SETTING_CONTROL = 32, /* line breaks and the like may be in it */
	SETTING_COPY = 64     /* of a member of files: as in file */
};

/* One setting. */
struct setting {
	const char *path;	    /* "source.dsn", "targets.url" */
	enum setting_type type;	    /* what it is */
	const char *fallback;	    /* the default as written, or NULL */
	int64_t min, max;	    /* of numbers, in their unit; of texts,
					 * in bytes; max 0: none */
	const char *const *choices; /* of SETTING_CHOICE, NULL-terminated */
	unsigned flags;		    /* bits of enum setting_flag */
	const char *help;	    /* one or two sentences */
	const char *example;	    /* a line of a job spec */
};

/* All settings, in the order in which they are documented. */
const struct setting *settings_all(size_t *n);
/* The row of a path, or NULL. */
const struct setting *settings_find(const char *path);
/* The path nearest to a misspelt one, or NULL; borrowed. */
const char *settings_nearest(const char *path);
/* Append the documentation of all settings (or of those below prefix). */
int settings_put_help(
    struct buf *out, const char *prefix, struct err *e) MUST_CHECK;

#endif
