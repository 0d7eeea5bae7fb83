/*
 * form.h - how the file of a job looks, from its settings
 */
#ifndef JOB_FORM_H
#define JOB_FORM_H

#include "base/err.h"
#include "csv/csv.h"
#include "spec/spec.h"

/*
 * Fill the options from file.preset and what is set beside it; texts are
 * borrowed from the spec, and so is *wrong, the setting that e is about.
 */
int form_build(struct csv_options *o, const struct spec *spec,
    const struct value **wrong, struct err *e) MUST_CHECK;

#endif
