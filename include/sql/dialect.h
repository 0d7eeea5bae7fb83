/*
 * dialect.h - what the SQL of one kind of database looks like
 *
 * A row of the table says which constructs exist; the splitter and the
 * parameter scanner ask it and nothing else. Not for: ODBC drivers' habits
 * (odbc/quirk.h).
 *
 * Source	facts/sql-scripts.md; psqlscan.l, mysql.cc, sqlite complete.c
 */
#ifndef SQL_DIALECT_H
#define SQL_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

/* How the text of one kind of database is read. */
struct dialect {
	const char *name;	 /* as in the setting: "postgresql" */
	const char *const *dbms; /* prefixes of SQL_DBMS_NAME; NULL ends */
	bool nested_comments;	 /* slash-star comments nest */
	bool hash_comments;	 /* # to the end of the line */
	bool dash_needs_space;	 /* -- is a comment only before a blank */
	bool dollar_quotes;	 /* $tag$ ... $tag$ */
	bool backslash_escapes;	 /* in every '...' */
	bool escape_strings;	 /* in E'...' only */
	bool backticks;		 /* `...` quotes a name */
	bool brackets;		 /* [...] quotes a name */
	bool semicolon_splits;	 /* ; ends a statement */
	bool go_splits;		 /* a line GO ends a batch */
	bool slash_splits;	 /* a line / ends a block */
	bool delimiter_command;	 /* DELIMITER x */
	bool trigger_bodies;	 /* CREATE TRIGGER ... BEGIN ... END */
	bool routine_bodies;	 /* BEGIN ATOMIC ... END */
};

/* The row of that name, or NULL; "auto" has no row. */
const struct dialect *dialect_by_name(const char *name);
/* The row for what the driver says in SQL_DBMS_NAME; never NULL (ansi). */
const struct dialect *dialect_by_dbms(const char *dbms_name);
/* Names of all rows, for the setting and for suggestions; sets *n. */
const char *const *dialect_names(size_t *n);

#endif
