/*
 * form.h - how the file of a job looks, from its settings
 */
#ifndef JOB_FORM_H
#define JOB_FORM_H

#include "base/err.h"
#include "csv/csv.h"
#include "spec/spec.h"

/* Where a file's settings stand: in file, or in a member of files. */
struct form_source {
	const struct spec *spec; /* borrowed */
	int member;		 /* of files, from 0; -1: in file */
};

/*
 * The value of a setting ("header"): what the member says, else what file
 * says, else its default. Never NULL.
 */
const struct value *
form_value(const struct form_source *from, const char *setting);
/* Where its text stands among the setting's choices, from 0. */
int form_choice(const struct form_source *from, const char *setting);
/*
 * Fill the options from the preset and what is set beside it; texts are
 * borrowed from the spec, and so is *wrong, the setting that e is about.
 */
int form_build(struct csv_options *o, const struct form_source *from,
    const struct value **wrong, struct err *e) MUST_CHECK;

#endif
