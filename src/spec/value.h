/*
 * value.h - one value: from the text as written to what it means
 *
 * The one place that knows what each type of setting accepts; the reader of
 * files, the command line and the defaults of the table all come here.
 *
 * Owns		nothing: texts are kept in the pool, which belongs to the spec
 * Errors	ERR_SPEC, with the setting's path in front
 */
#ifndef SPEC_VALUE_H
#define SPEC_VALUE_H

#include "base/err.h"
#include "spec/spec.h"

/* Texts and arrays that live as long as the spec; wiped at its end. */
struct pool {
	struct pool_item *items; /* owned */
	size_t n;		 /* how many */
	size_t capacity;	 /* room for how many */
};

/* One piece of memory in a pool. */
struct pool_item {
	void *data;  /* owned */
	size_t size; /* bytes to wipe */
};

#define POOL_INIT \
	{ \
		NULL, 0, 0 \
	}

/* Memory of n > 0 zero bytes, or NULL. */
void *pool_allocate(struct pool *p, size_t n, struct err *e);
/* A copy of a text, or NULL when memory is gone. */
const char *pool_keep(struct pool *p, const char *text, struct err *e);
/* Wipe and free everything. */
void pool_release(struct pool *p);

/* The value of a row that nobody has set: its default, or unset. */
void value_init(struct value *v, const struct setting *row);
/* Set from a text as written; v->setting says what is accepted. */
int value_set(struct pool *p, struct value *v, const char *text,
    struct err *e) MUST_CHECK;
/* Set a SETTING_TEXTS or the argv of a secret by command. */
int value_set_texts(struct pool *p, struct value *v, const char *const *texts,
    size_t n, struct err *e) MUST_CHECK;
/* Set a SETTING_SECRET that is at a place: "file", "env", "inline"... */
int value_set_secret(struct pool *p, struct value *v, const char *place,
    const char *text, struct err *e) MUST_CHECK;
/* The word of a place where secrets can be ("file"...), borrowed, or NULL. */
const char *value_secret_place(const char *word);
/* Say that the word is no such place. Returns -1. */
int value_unknown_place(const char *word, struct err *e);
/* Set the type of a parameter. */
int value_set_type(struct value *v, const char *type, struct err *e) MUST_CHECK;
/* Whether the text of a parameter is what its type says, as far as known. */
int value_check_param(const struct value *v, struct err *e) MUST_CHECK;
/* Whether a text can name a target, a parameter or an environment. */
int value_check_name(const char *name, struct err *e) MUST_CHECK;

#endif
