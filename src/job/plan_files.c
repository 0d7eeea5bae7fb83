/*
 * plan_files.c - which files a job writes, how they look, what they are called
 *
 * One of `file`, or one for each member of `files`. How a file looks is
 * form.c's; what is done to its bytes sink/chain.h's. The other parts of a
 * plan: plan.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "job/form.h"
#include "job/plan_files.h"
#include "job/sidefile.h"
#include "ship/ship.h"

enum { PART_TEXT = 16 };

/* A file in the making. */
struct making {
	struct builder *builder;
	struct form_source from;
	struct plan_file *file;
};

static const struct value *
setting(const struct making *m, const char *name)
{
	return form_value(&m->from, name);
}

static void
complain(const struct making *m, const struct value *v, const struct err *e)
{
	plan_complain(m->builder, v, e);
}

/* "last", "only", a number, or the name of a statement. */
static void
take_result(const struct making *m, const struct value *v)
{
	struct plan_file *f = m->file;
	const char *result = v != NULL && v->text != NULL ? v->text : "last";
	struct err e = ERR_INIT;
	int64_t number = 0;

	f->result_name = result;
	if (strcmp(result, "last") == 0)
		f->result = PLAN_RESULT_LAST;
	else if (strcmp(result, "only") == 0)
		f->result = PLAN_RESULT_ONLY;
	else if (result[strspn(result, "0123456789")] != '\0')
		f->result = PLAN_RESULT_NAME;
	else {
		f->result = PLAN_RESULT_NUMBER;
		if (str_integer(result, &number, &e) == 0 && number < 1)
			(void)err_set(&e, ERR_SPEC,
			    "%s: result sets are counted from 1",
			    v->setting->path);
		f->result_number = (uint64_t)number;
	}
	if (m->from.member >= 0 && f->result < PLAN_RESULT_NUMBER) {
		(void)err_set(&e, ERR_SPEC,
		    "%s: '%s' says nothing where there are several files",
		    v->setting->path, result);
		(void)err_hint(&e,
		    "Write the number of the result set, or the name that the "
		    "comment -- name: %s gives its statement.",
		    m->builder->plan->job);
	}
	if (e.class != ERR_NONE)
		complain(m, v, &e);
}

/* Whether a name holds the field {part}. */
static bool
has_part(const char *name)
{
	return name != NULL && strstr(name, "{part}") != NULL;
}

static void
take_split(const struct making *m)
{
	const struct value *v = setting(m, "split");
	struct err e = ERR_INIT;

	m->file->split_rows = (uint64_t)v->number;
	if (v->number > 0 && m->builder->options->sql != NULL)
		(void)err_set(&e, ERR_SPEC, "%s: query writes one file",
		    v->setting->path);
	else if (v->number > 0 && m->file->name_template != NULL &&
	    !has_part(m->file->name_template)) {
		(void)err_set(&e, ERR_SPEC,
		    "%s: the name has no {part} to tell the files apart",
		    v->setting->path);
		(void)err_hint(&e,
		    "Write it into the name, as in orders-{part}.csv: it "
		    "becomes 001, 002 and so on.");
	}
	if (e.class != ERR_NONE)
		complain(m, v, &e);
}

/* People look at the name to know what a file is. */
static void
warn_of_ending(const struct making *m)
{
	const struct value *name = setting(m, "name");
	char ending[32];
	size_t n, length;

	chain_put_ending(&m->file->chain, ending, sizeof(ending));
	n = strlen(ending);
	length = name->text != NULL ? strlen(name->text) : 0;
	if (n == 0 || length == 0 ||
	    (length > n && strcmp(name->text + length - n, ending) == 0))
		return;
	problems_warn(m->builder->problems, name->origin.file,
	    name->origin.line,
	    "%s '%s' does not end with %s, as others would expect of what "
	    "compress and encrypt make of it",
	    name->setting->path, name->text, ending);
}

static void
take_chain(const struct making *m)
{
	struct chain_options *o = &m->file->chain;
	const struct value *compress = setting(m, "compress");
	const struct value *encrypt = setting(m, "encrypt");
	struct err e = ERR_INIT;

	if (chain_parse_compress(o, compress->text, &e) < 0) {
		(void)err_in(&e, "%s", compress->setting->path);
		complain(m, compress, &e);
	}
	o->recipients = encrypt->texts;
	o->n_recipients = encrypt->n_texts;
	e = (struct err)ERR_INIT;
	if (m->builder->options->with_secrets && chain_check_keys(o, &e) < 0) {
		(void)err_in(&e, "%s", encrypt->setting->path);
		complain(m, encrypt, &e);
	}
	warn_of_ending(m);
}

static void
take_name(const struct making *m)
{
	struct plan *p = m->builder->plan;
	const struct value *name = setting(m, "name");
	struct err e = ERR_INIT;
	char *expanded;

	m->file->name_template = name->text;
	m->file->split_rows = (uint64_t)setting(m, "split")->number;
	if (name->text == NULL)
		return;
	expanded = plan_part_name(p, m->file, 1, &e);
	if (expanded == NULL)
		complain(m, name, &e);
	free(expanded);
}

/* The files of a run get one marker: two that differ are a mistake. */
static void
take_done(const struct making *m)
{
	struct plan *p = m->builder->plan;
	const struct value *v = setting(m, "done");
	struct err e = ERR_INIT;

	if (v->text == NULL)
		return;
	if (p->done_template == NULL)
		p->done_template = v->text;
	if (strcmp(p->done_template, v->text) == 0)
		return;
	(void)err_set(&e, ERR_SPEC,
	    "%s: '%s' and '%s' are two markers, and the files of a run have "
	    "one",
	    v->setting->path, p->done_template, v->text);
	(void)err_hint(&e, "Set it in one member of files only.");
	complain(m, v, &e);
}

static void
make_file(const struct making *m, const struct value *result)
{
	struct plan_file *f = m->file;
	const struct value *wrong = NULL;
	struct err e = ERR_INIT;

	f->csv = (struct csv_options)CSV_OPTIONS_DEFAULT;
	if (form_build(&f->csv, &m->from, &wrong, &e) < 0)
		complain(m, wrong, &e);
	take_result(m, result);
	take_name(m);
	take_split(m);
	take_chain(m);
	f->empty = (enum plan_empty)form_choice(&m->from, "empty");
	f->has_checksum = form_choice(&m->from, "checksum") == 1;
	f->has_manifest = setting(m, "manifest")->number != 0;
	take_done(m);
}

/* source.result chooses for one file. */
static void
refuse_result(struct builder *b)
{
	const struct value *v = spec_value(b->spec, "source.result");
	struct err e = ERR_INIT;

	if (!v->is_given)
		return;
	(void)err_set(&e, ERR_SPEC, "source.result and files are both set");
	(void)err_hint(&e, "Each member of files says its result itself.");
	plan_complain(b, v, &e);
}

void
plan_files(struct builder *b)
{
	struct plan *p = b->plan;
	bool is_query = b->options->sql != NULL;
	size_t n = is_query ? 0 : spec_count(b->spec, "files");
	struct making m = { b, { b->spec, -1 }, NULL };

	p->files = plan_allocate(b, n > 0 ? n : 1, sizeof(*p->files));
	if (p->files == NULL)
		return;
	p->n_files = n > 0 ? n : 1;
	if (n > 0)
		refuse_result(b);
	for (size_t i = 0; i < p->n_files; i++) {
		m.file = &p->files[i];
		m.from.member = n > 0 ? (int)i : -1;
		m.file->where = n > 0 ? "files" : "file";
		make_file(&m,
		    n > 0 ? spec_member(b->spec, "files.result", i) :
			    spec_value(b->spec, "source.result"));
	}
}

char *
plan_part_name(const struct plan *p, const struct plan_file *f, unsigned part,
    struct err *e)
{
	char text[PART_TEXT];
	char *name;

	/* Sorted by name they are sorted by number, up to 999. */
	(void)snprintf(text, sizeof(text), "%03u", part);
	name = plan_expand(p,
	    f->name_template != NULL ? f->name_template : "result.csv", NULL,
	    f->split_rows > 0 ? text : NULL, e);
	if (name != NULL && ship_check_name(name, e) == 0)
		return name;
	free(name);
	return NULL;
}

char *
plan_temporary(const struct plan *p, const struct plan_target *t,
    const char *name, struct err *e)
{
	char *temporary = plan_expand(p, t->target.temporary, name, NULL, e);

	if (temporary == NULL || ship_check_name(temporary, e) < 0)
		(void)err_in(e, "targets.%s.temporary", t->target.name);
	else if (strcmp(temporary, name) == 0)
		(void)err_set(e, ERR_SPEC,
		    "targets.%s.temporary is the file's own name '%s'",
		    t->target.name, name);
	else
		return temporary;
	free(temporary);
	return NULL;
}

/* Whether a name can be given at every target, also until it is complete. */
static int
check_at_targets(const struct plan *p, const char *name, struct err *e)
{
	if (ship_check_name(name, e) < 0)
		return err_in(e, "'%s'", name);
	for (size_t i = 0; i < p->n_targets; i++) {
		char *temporary = plan_temporary(p, &p->targets[i], name, e);

		if (temporary == NULL)
			return -1;
		free(temporary);
	}
	return 0;
}

static int
check_side_files(const struct plan *p, const struct plan_file *f, struct err *e)
{
	char name[SIDEFILE_NAME];

	for (enum sidefile_kind k = SIDEFILE_CHECKSUM; k < SIDEFILE_DONE; k++) {
		if (!sidefile_is_wanted(f, k))
			continue;
		sidefile_put_name(name, k, f->name);
		if (check_at_targets(p, name, e) < 0)
			return -1;
	}
	return 0;
}

/* Two files of one name would be one. */
static int
check_distinct(const struct plan *p, size_t i, struct err *e)
{
	for (size_t k = 0; k < i; k++) {
		if (strcmp(p->files[k].name, p->files[i].name) != 0)
			continue;
		(void)err_set(e, ERR_SPEC, "two files have the name '%s'",
		    p->files[i].name);
		return err_hint(e, "Give each member of files its own name.");
	}
	return 0;
}

static int
name_done(struct plan *p, struct err *e)
{
	const char *first = p->files[0].name;

	free(p->done_name);
	p->done_name = NULL;
	if (p->done_template == NULL)
		return 0;
	p->done_name = plan_expand(p, p->done_template, first, NULL, e);
	if (p->done_name == NULL || check_at_targets(p, p->done_name, e) < 0)
		return err_in(e, "%s.done", p->files[0].where);
	for (size_t i = 0; i < p->n_files; i++)
		if (strcmp(p->done_name, p->files[i].name) == 0) {
			(void)err_set(e, ERR_SPEC,
			    "%s.done is the file's own name '%s'",
			    p->files[i].where, p->done_name);
			return err_hint(e, "Write done = \"{name}.done\";");
		}
	return 0;
}

/* The names at the targets of the first file, for who shows a plan. */
static int
name_targets(struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n_targets; i++) {
		struct plan_target *t = &p->targets[i];

		free(t->temporary);
		t->temporary = plan_temporary(p, t, p->files[0].name, e);
		if (t->temporary == NULL)
			return -1;
	}
	return 0;
}

int
plan_name_files(struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n_files; i++) {
		struct plan_file *f = &p->files[i];

		free(f->name);
		f->name = plan_part_name(p, f, 1, e);
		if (f->name == NULL)
			return err_in(e, "%s.name", f->where);
		if (check_distinct(p, i, e) < 0 ||
		    check_at_targets(p, f->name, e) < 0 ||
		    check_side_files(p, f, e) < 0)
			return -1;
	}
	if (name_targets(p, e) < 0)
		return -1;
	return name_done(p, e);
}

void
plan_release_files(struct plan *p)
{
	for (size_t i = 0; i < p->n_files; i++)
		free(p->files[i].name);
	free(p->files);
	free(p->done_name);
}
