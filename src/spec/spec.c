/*
 * spec.c - from files and the command line to a job's effective settings
 *
 * The story: find the main file and the job's, read both, choose the
 * environment, lay everything over the defaults in order (overlay.c), check
 * what must hold between values (check.c). Whatever is wrong is collected, so
 * each step goes on as far as it makes sense after errors in those before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "store.h"

enum { JOB_NAME_BYTES = 100, NAMES_MAX = 256, NAMES_TEXT = 1024 };

/* One call of spec_load. */
struct loading {
	const struct spec_request *request;
	struct problems *problems;
	struct spec *spec;
	struct sheet main;   /* what the main file says */
	struct sheet job;    /* what the job spec says */
	bool broken;	     /* a file could not be read */
	struct origin where; /* what says which environment holds */
};

static void
complain(struct loading *l, const struct err *e)
{
	problems_add(l->problems, NULL, 0, e);
}

/* The main file need not be there, unless it was asked for by name. */
static void
load_main(struct loading *l, const char *path)
{
	const char *variable = getenv("ODBCSHIP_CONFIG");
	bool is_wanted = l->request->main_file != NULL ||
	    (variable != NULL && *variable != '\0');
	struct err e = ERR_INIT;

	if (!is_wanted && access(path, F_OK) < 0 &&
	    (errno == ENOENT || errno == ENOTDIR))
		return;
	if (sheet_read(&l->main, &l->spec->pool, path, l->problems, &e) < 0)
		l->broken = true;
}

static bool
is_path(const char *job)
{
	size_t n = strlen(job);

	return strchr(job, '/') != NULL ||
	    (n > 4 && strcmp(job + n - 4, ".cfg") == 0);
}

/* Say that there is no such job, and which one may be meant. */
static void
unknown_job(struct loading *l, const char *job, const char *main_file)
{
	struct job_entry *jobs = NULL;
	const char *names[NAMES_MAX];
	const char *near = NULL;
	struct err ignored = ERR_INIT;
	struct err e = ERR_INIT;
	size_t n = 0, known;

	if (spec_list_jobs(main_file, &jobs, &n, &ignored) == 0) {
		known = n < NAMES_MAX ? n : NAMES_MAX;
		for (size_t i = 0; i < known; i++)
			names[i] = jobs[i].name;
		near = str_nearest(job, names, known);
	}
	(void)err_set(&e, ERR_SPEC,
	    "there is no job '%s' in jobs.d beside "
	    "'%s'",
	    job, main_file);
	if (near != NULL)
		(void)err_hint(&e, "Did you mean '%s'?", near);
	else if (n == 0)
		(void)err_hint(&e,
		    "There is no job at all: 'odbcship init %s --dsn DSN' "
		    "writes the first. Those of another place are found with "
		    "--config.",
		    job);
	else
		(void)err_hint(&e,
		    "'odbcship list' names the jobs; a path to "
		    "a spec holds a '/' or ends in .cfg.");
	complain(l, &e);
	spec_free_jobs(jobs, n);
}

/* Where the spec of a job is to be; the caller frees it. */
static char *
job_path(const char *job, const char *main_file, struct err *e)
{
	struct buf name = BUF_INIT(4096);
	char *dir = NULL, *path = NULL;

	if (is_path(job)) {
		path = str_dup(job);
		if (path == NULL)
			(void)err_set(e, ERR_INTERNAL, "out of memory");
		return path;
	}
	dir = file_dir(main_file, e);
	if (dir != NULL && buf_printf(&name, e, "jobs.d/%s.cfg", job) == 0)
		path = file_join(dir, buf_text(&name), e);
	free(dir);
	buf_release(&name);
	return path;
}

static bool
is_missing(const char *path)
{
	return access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool
spec_is_there(const struct spec_request *request)
{
	struct err ignored = ERR_INIT;
	char *main_file = spec_main_file(request->main_file, &ignored);
	char *path = main_file != NULL ?
	    job_path(request->job, main_file, &ignored) :
	    NULL;
	bool is_there = path == NULL || !is_missing(path);

	free(path);
	free(main_file);
	return is_there;
}

/* The path of a job's spec, for the caller to free; NULL and a problem. */
static char *
find_job(struct loading *l, const char *job, const char *main_file)
{
	struct err e = ERR_INIT;
	char *path = job_path(job, main_file, &e);

	if (path == NULL)
		complain(l, &e);
	else if (!is_path(job) && is_missing(path)) {
		unknown_job(l, job, main_file);
		free(path);
		path = NULL;
	}
	return path;
}

/* The name of a job is the base name of its spec. */
static int
name_job(struct loading *l, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	size_t n = strlen(base);
	char *name;

	if (n > 4 && strcmp(base + n - 4, ".cfg") == 0)
		n -= 4;
	name = pool_allocate(&l->spec->pool, n + 1, e);
	if (name == NULL)
		return -1;
	memcpy(name, base, n);
	l->spec->job = name;
	if (n > 0 && n <= JOB_NAME_BYTES && name[0] != '.' && name[0] != '-' &&
	    strspn(name,
		"abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n)
		return 0;
	(void)err_set(e, ERR_SPEC, "'%s' cannot be the name of a job", name);
	return err_hint(e,
	    "The name of a job is its file's: at most %d "
	    "letters, digits, '.', '_' and '-', beginning with none of '.' "
	    "and '-'.",
	    JOB_NAME_BYTES);
}

static void
load_job(struct loading *l, const char *main_file)
{
	const char *job = l->request->job;
	struct err e = ERR_INIT;
	char *path;

	if (job == NULL)
		return;
	path = find_job(l, job, main_file);
	if (path == NULL)
		l->broken = true;
	if (name_job(l, path != NULL ? path : job, &e) < 0) {
		problems_add(l->problems, path, 0, &e);
		l->broken = true;
	} else if (path != NULL &&
	    sheet_read(&l->job, &l->spec->pool, path, l->problems, &e) < 0)
		l->broken = true;
	l->spec->path = l->job.path;
	free(path);
}

/* Where the environment was named, and its name. */
struct chosen {
	const char *name;     /* NULL: nowhere */
	const char *by;	      /* "--env", "$ODBCSHIP_ENV", "environment" */
	struct origin origin; /* in the main file, or nothing */
};

static struct chosen
choose(const struct loading *l)
{
	struct chosen c = { l->request->environment, "--env", { NULL, 0 } };
	const char *variable = getenv("ODBCSHIP_ENV");

	if (c.name != NULL)
		return c;
	c.by = c.origin.file = "$ODBCSHIP_ENV";
	c.name = variable != NULL && *variable != '\0' ? variable : NULL;
	if (c.name != NULL)
		return c;
	c.by = "environment";
	c.origin.file = NULL;
	for (size_t i = 0; i < l->main.base.n; i++) {
		const struct value *v = &l->main.base.entries[i].value;

		if (strcmp(v->setting->path, "environment") == 0) {
			c.name = v->text;
			c.origin = v->origin;
		}
	}
	return c;
}

static const struct layer *
find_layer(const struct sheet *s, const char *environment)
{
	for (size_t i = 0; environment != NULL && i < s->n; i++)
		if (strcmp(s->environments[i].environment, environment) == 0)
			return &s->environments[i];
	return NULL;
}

/* The names of all environments that the files declare, each once. */
static size_t
declared(const struct loading *l, const char **names)
{
	const struct sheet *sheets[] = { &l->main, &l->job };
	size_t n = 0;

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < sheets[i]->n && n < NAMES_MAX; j++) {
			const char *name =
			    sheets[i]->environments[j].environment;

			if (i == 0 || find_layer(&l->main, name) == NULL)
				names[n++] = name;
		}
	return n;
}

static void
put_names(char *text, size_t size, const char *const *names, size_t n)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(names[i]);

		if (used + length + 3 > size)
			return;
		used += (size_t)(stpcpy(stpcpy(text + used, i > 0 ? ", " : ""),
				     names[i]) -
		    (text + used));
	}
}

/*
 * An environment that nobody declares is only a name. Without a job (history,
 * query) it is not what was asked for, so only --env must be right.
 */
static void
choose_environment(struct loading *l)
{
	struct chosen c = choose(l);
	const char *names[NAMES_MAX];
	char list[NAMES_TEXT];
	struct err e = ERR_INIT;
	size_t n = declared(l, names);
	bool is_known = n == 0 || find_layer(&l->main, c.name) != NULL ||
	    find_layer(&l->job, c.name) != NULL;
	const char *near;

	put_names(list, sizeof(list), names, n);
	if (c.name != NULL && value_check_name(c.name, &e) < 0) {
		(void)err_in(&e, "%s", c.by);
	} else if (c.name == NULL && n > 0 && l->request->job != NULL) {
		(void)err_set(
		    &e, ERR_SPEC, "no environment is chosen of %s", list);
		(void)err_hint(&e,
		    "Give --env=NAME, or set environment in "
		    "the main file of this host.");
	} else if (c.name != NULL && !is_known &&
	    (l->request->job != NULL || l->request->environment != NULL)) {
		(void)err_set(&e, ERR_SPEC,
		    "unknown environment '%s' (%s): "
		    "there are %s",
		    c.name, c.by, list);
		near = str_nearest(c.name, names, n);
		if (near != NULL)
			(void)err_hint(&e, "Did you mean '%s'?", near);
	} else if (c.name != NULL) {
		const char *kept = pool_keep(&l->spec->pool, c.name, &e);

		if (kept != NULL)
			l->spec->environment = kept;
		l->where = c.origin;
	}
	if (e.class != ERR_NONE) {
		problems_add(l->problems,
		    c.origin.line > 0  ? c.origin.file :
			c.name == NULL ? l->spec->path :
					 NULL,
		    c.origin.line, &e);
		l->broken = true;
	}
}

/* The entry of a layer for a setting of this path, or NULL. */
static const struct entry *
find_entry(const struct layer *layer, const char *path)
{
	for (size_t i = 0; layer != NULL && i < layer->n; i++)
		if (strcmp(layer->entries[i].value.setting->path, path) == 0)
			return &layer->entries[i];
	return NULL;
}

/*
 * Rows of a development database at the partner's: an environment that says
 * where the data comes from says where it goes, too.
 */
static void
check_destination(struct loading *l, const struct layer *const layers[2])
{
	static const char *const sources[] = { "source.dsn",
		"source.connection" };
	const struct entry *source = NULL;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < 2; i++) {
		if (find_entry(layers[i], "targets") != NULL)
			return;
		for (size_t k = 0; k < 2 && source == NULL; k++)
			source = find_entry(layers[i], sources[k]);
	}
	if (source == NULL || spec_count(l->spec, "targets") == 0)
		return;
	(void)err_set(&e, ERR_SPEC,
	    "environment '%s' has a database of its own, but ships to the "
	    "targets of all environments",
	    l->spec->environment);
	(void)err_hint(&e,
	    "Write targets into environments.%s; to ship to the same ones, "
	    "write them there again.",
	    l->spec->environment);
	problems_add(l->problems, source->value.origin.file,
	    source->value.origin.line, &e);
}

static void
apply_files(struct loading *l)
{
	const char *name = l->spec->environment;
	const struct layer *layers[] = { &l->main.base, &l->job.base,
		find_layer(&l->main, name), find_layer(&l->job, name) };

	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
		struct err e = ERR_INIT;

		if (layers[i] != NULL &&
		    store_apply(l->spec, layers[i], &e) < 0)
			complain(l, &e);
	}
	check_destination(l, layers + 2);
}

/* What holds, though the main file may say another one. */
static void
apply_environment(struct loading *l)
{
	for (size_t i = 0; i < l->spec->n_rows; i++) {
		struct value *v = &l->spec->values[i];

		if (strcmp(v->setting->path, "environment") != 0 ||
		    *l->spec->environment == '\0')
			continue;
		v->text = l->spec->environment;
		v->is_given = true;
		v->origin = l->where;
	}
}

/* --set in order, then --dsn and --param. */
static void
apply_command_line(struct loading *l)
{
	const struct spec_request *r = l->request;
	struct buf dsn = BUF_INIT(4096);

	for (size_t i = 0; i < r->n_sets; i++) {
		struct err e = ERR_INIT;

		if (store_set(l->spec, r->sets[i], &e) < 0)
			complain(l, &e);
	}
	if (r->dsn != NULL) {
		struct err e = ERR_INIT;

		if (buf_printf(&dsn, &e, "source.dsn=%s", r->dsn) < 0 ||
		    store_set(l->spec, buf_text(&dsn), &e) < 0)
			complain(l, &e);
	}
	for (size_t i = 0; i < r->n_params; i++) {
		struct err e = ERR_INIT;

		if (store_set_param(l->spec, r->params[i], &e) < 0)
			complain(l, &e);
	}
	buf_release(&dsn);
}

/* The first error among those added since there were start of them. */
static int
first_error(const struct problems *problems, size_t start, struct err *e)
{
	for (size_t i = start; i < problems->n; i++)
		if (!problems->items[i].is_warning) {
			*e = problems->items[i].error;
			return -1;
		}
	return err_set(e, ERR_INTERNAL, "out of memory");
}

static void
load(struct loading *l, const char *main_file)
{
	load_main(l, main_file);
	load_job(l, main_file);
	if (!l->broken)
		choose_environment(l);
	apply_files(l);
	apply_environment(l);
	if (!l->broken)
		apply_command_line(l);
	store_finish(l->spec);
	/* What is missing may only be what could not be read. */
	if (!l->broken)
		check_spec(l->spec, l->request, l->problems);
}

int
spec_load(struct spec **s, const struct spec_request *request,
    struct problems *problems, struct err *e)
{
	struct loading l = { request, problems, NULL, SHEET_INIT(SHEET_MAIN),
		SHEET_INIT(SHEET_JOB), false, { NULL, 0 } };
	size_t start = problems->n, errors = problems->errors;
	char *main_file = NULL;
	int rc = -1;

	*s = NULL;
	l.spec = calloc(1, sizeof(*l.spec));
	if (l.spec == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (store_init(l.spec, e) < 0)
		goto out;
	main_file = spec_main_file(request->main_file, e);
	if (main_file == NULL)
		goto out;
	load(&l, main_file);
	rc = problems->errors == errors ? 0 : first_error(problems, start, e);
out:
	free(main_file);
	if (rc == 0 || l.main.path != NULL || l.job.path != NULL)
		*s = l.spec;
	else
		spec_free(l.spec);
	sheet_release(&l.main);
	sheet_release(&l.job);
	return rc;
}

void
spec_free(struct spec *s)
{
	if (s == NULL)
		return;
	store_release(s);
	free(s);
}

const char *
spec_job(const struct spec *s)
{
	return s->job;
}

const char *
spec_environment(const struct spec *s)
{
	return s->environment;
}

const char *
spec_path(const struct spec *s)
{
	return s->path;
}

const struct value *
spec_value(const struct spec *s, const char *path)
{
	const struct setting *row = settings_find(path);

	return row != NULL ? &s->values[store_row(row)] : NULL;
}

const char *
spec_text(const struct spec *s, const char *path)
{
	const struct value *v = spec_value(s, path);

	return v != NULL ? v->text : NULL;
}

int64_t
spec_number(const struct spec *s, const char *path)
{
	const struct value *v = spec_value(s, path);

	return v != NULL ? v->number : 0;
}

int
spec_choice(const struct spec *s, const char *path)
{
	const struct value *v = spec_value(s, path);

	for (int i = 0; v->text != NULL && v->setting->choices[i] != NULL; i++)
		if (strcmp(v->setting->choices[i], v->text) == 0)
			return i;
	return -1;
}

size_t
spec_count(const struct spec *s, const char *path)
{
	const struct members *m = store_members(s, path);

	return m != NULL ? m->n : 0;
}

const struct value *
spec_member(const struct spec *s, const char *path, size_t i)
{
	const struct setting *row = settings_find(path);

	return row != NULL ? store_cell(s, row, i) : NULL;
}

char *
spec_resolve(const struct value *v, struct err *e)
{
	char *dir, *path;

	if (v->text == NULL) {
		(void)err_set(
		    e, ERR_INTERNAL, "%s is not set", v->setting->path);
		return NULL;
	}
	if (v->origin.file == NULL)
		return file_join(NULL, v->text, e);
	dir = file_dir(v->origin.file, e);
	if (dir == NULL)
		return NULL;
	path = file_join(dir, v->text, e);
	free(dir);
	return path;
}

/* All members of a list, each with its settings in the table's order. */
static int
each_member(const struct members *m,
    int (*put)(void *arg, const struct value *v, struct err *e), void *arg,
    struct err *e)
{
	for (size_t i = 0; i < m->n * m->width; i++)
		if (put(arg, &m->cells[i], e) < 0)
			return -1;
	return 0;
}

int
spec_put_name(const struct value *v, struct buf *out, struct err *e)
{
	const char *path = v->setting->path;
	size_t n;

	if (v->member == NULL)
		return buf_puts(out, path, e);
	n = strlen(store_list_of(v->setting)->path);
	return buf_printf(
	    out, e, "%.*s.%s%s", (int)n, path, v->member, path + n);
}

int
spec_each(const struct spec *s,
    int (*put)(void *arg, const struct value *v, struct err *e), void *arg,
    struct err *e)
{
	for (size_t i = 0; i < s->n_rows; i++) {
		const struct value *v = &s->values[i];
		const struct setting *list = store_list_of(v->setting);

		if (list == v->setting) {
			if (each_member(&s->members[i], put, arg, e) < 0)
				return -1;
		} else if (list == NULL && v->setting->type != SETTING_GROUP &&
		    put(arg, v, e) < 0)
			return -1;
	}
	return 0;
}
