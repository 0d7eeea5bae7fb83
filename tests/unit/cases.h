/*
 * cases.h - cases as data: text files that anyone can add to
 *
 * "=== title" begins a case, "--- part head" a part of it; what follows up to
 * the next such line is the part's text, with its line breaks. %<hh> in a text
 * is the byte hh. Files are found below $SRCDIR/tests/cases.
 */
#ifndef TESTS_CASES_H
#define TESTS_CASES_H

#include <stddef.h>

enum { CASE_PARTS = 12 };

/* A part of a case. */
struct case_part {
	char *name;    /* "script" */
	char *head;    /* the rest of its line, may be "" */
	char *text;    /* its lines */
	size_t length; /* bytes of text */
};

/* One case. */
struct test_case {
	char *title;
	struct case_part parts[CASE_PARTS];
	size_t n_parts;
};

/* All cases of tests/cases/NAME; fails the test when there are none. */
struct test_case *cases_load(const char *name, size_t *n);
/* The part of that name, or NULL. */
const struct case_part *case_part(const struct test_case *c, const char *name);
/* The head of a part, or fallback. */
const char *
case_head(const struct test_case *c, const char *name, const char *fallback);
/* Free them. */
void cases_free(struct test_case *cases, size_t n);

#endif
