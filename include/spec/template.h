/*
 * template.h - texts with {fields}
 *
 * {job} {env} {host} {run} {name} {part} and {date:STRFTIME} or
 * {date:OFFSET:STRFTIME} of the logical date; "{{" is a brace. An unknown
 * field, an unclosed brace and an unknown offset are errors.
 *
 * Errors	ERR_SPEC
 * Source	design.md 3
 */
#ifndef SPEC_TEMPLATE_H
#define SPEC_TEMPLATE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "spec/date.h"

/* What the fields stand for; NULL where a field has no meaning. */
struct template_fields {
	const char *job;	 /* {job} */
	const char *environment; /* {env} */
	const char *host;	 /* {host} */
	const char *name;	 /* {name}: the file's name */
	const char *part;	 /* {part}: its number among those split */
	int64_t run;		 /* {run}; 0: not known yet, written as 0 */
	const struct date *date; /* {date:...} */
};

/* Whether the text can be expanded; nothing is written. */
int template_check(const char *text, struct err *e) MUST_CHECK;
/* Append the expanded text. A field without a meaning is an error. */
int template_expand(struct buf *out, const char *text,
    const struct template_fields *fields, struct err *e) MUST_CHECK;

#endif
