/*
 * doctor_item.h - what the items of the doctor share (job/doctor.h)
 *
 * An item is a function that says something for each thing it looks at.
 *
 * Owns		jobs, plans and texts are the doctor's
 */
#ifndef JOB_DOCTOR_ITEM_H
#define JOB_DOCTOR_ITEM_H

#include "base/err.h"
#include "job/doctor.h"
#include "job/plan.h"
#include "spec/spec.h"

/* One job that is looked at. */
struct doctor_job {
	char *name;	   /* as given, owned */
	struct spec *spec; /* owned; NULL: cannot be read */
	struct plan *plan; /* owned; NULL: wrong */
};

/* One examination. */
struct doctor {
	const struct doctor_request *request; /* borrowed */
	/* Who is told. */
	void (*put)(void *arg, const struct doctor_finding *finding);
	void *arg;		 /* handed to put */
	const char *item;	 /* being looked at */
	enum err_class class;	 /* of the item when it fails */
	char *main_file;	 /* its path, owned */
	char *state;		 /* the state directory, owned, or NULL */
	struct doctor_job *jobs; /* owned */
	size_t n_jobs;		 /* how many */
	unsigned cron_lines;	 /* lines of crontabs that start odbcship */
};

/* What is said of one thing, but for the text. */
struct doctor_words {
	enum doctor_verdict verdict; /* how it is */
	const char *subject;	     /* which one, or "" */
	const char *hint;	     /* what to do, or "" */
};

/* Say something of the item. */
void doctor_say_words(struct doctor *d, const struct doctor_words *words,
    const char *fmt, ...) PRINTF_LIKE(3, 4);
#define doctor_say(d, verdict, subject, hint, ...) \
	doctor_say_words(d, \
	    &(const struct doctor_words){ (verdict), (subject), (hint) }, \
	    __VA_ARGS__)
/* Say what an error says. */
void doctor_tell(struct doctor *d, enum doctor_verdict verdict,
    const char *subject, const struct err *e);

#endif
