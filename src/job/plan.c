/*
 * plan.c - resolve the settings of a job into what one run will do
 *
 * Everything that is wrong is collected, each with the file and line of its
 * setting, so that one run of `check` shows all of it. No database and no
 * network here. The SQL of a plan: plan_batch.c. What happens with a plan:
 * run.c (the story), export.c (the batch), deliver.c (the targets).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "job/due.h"
#include "job/plan_files.h"
#include "job/plan_target.h"
#include "ship/ship.h"
#include "spec/secret.h"
#include "spec/template.h"
#include "sql/text.h"
#include "tell/tell.h"

/* Longest expanded name or text. */
enum { PLAN_TEXT_MAX = 64 * 1024 };

void
plan_complain(struct builder *b, const struct value *v, const struct err *e)
{
	problems_add(b->problems, v != NULL ? v->origin.file : NULL,
	    v != NULL ? v->origin.line : 0, e);
}

/* Memory for n items of a size, or NULL and a problem. */
void *
plan_allocate(struct builder *b, size_t n, size_t size)
{
	struct err e = ERR_INIT;
	void *items = calloc(n, size);

	if (items == NULL) {
		(void)err_set(&e, ERR_INTERNAL, "out of memory");
		plan_complain(b, NULL, &e);
	}
	return items;
}

/* A copy, or NULL and a problem. */
static char *
copy_text(struct builder *b, const char *text)
{
	struct err e = ERR_INIT;
	char *copy = str_dup(text);

	if (copy == NULL) {
		(void)err_set(&e, ERR_INTERNAL, "out of memory");
		plan_complain(b, NULL, &e);
	}
	return copy;
}

char *
plan_expand(const struct plan *p, const char *text, const char *name,
    const char *part, struct err *e)
{
	struct template_fields fields = {
		.job = p->job,
		.environment = p->environment,
		.host = p->host,
		.name = name,
		.part = part,
		.run = p->run,
		.date = &p->date,
	};
	struct buf out = BUF_INIT(PLAN_TEXT_MAX);
	char *expanded;

	if (template_expand(&out, text, &fields, e) < 0) {
		buf_release(&out);
		return NULL;
	}
	expanded = buf_take(&out);
	if (expanded == NULL)
		expanded = str_dup("");
	if (expanded == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	return expanded;
}

static char *
expand_value(struct builder *b, const struct value *v)
{
	struct err e = ERR_INIT;
	char *text = plan_expand(b->plan, v->text, NULL, NULL, &e);

	if (text == NULL)
		plan_complain(b, v, &e);
	return text;
}

static char *
read_secret(struct builder *b, const struct value *v)
{
	struct err e = ERR_INIT;
	char *secret = NULL;

	if (b->options->with_secrets && secret_read(v, &secret, &e) < 0)
		plan_complain(b, v, &e);
	return secret;
}

/*
 * Today in the job's time zone; with a schedule that has several times on a
 * day, the last one of them, since else only the first would be shipped.
 */
static int
default_date(struct date *d, const struct spec *s, struct err *e)
{
	int64_t now_ms = clock_wall_ms(), at;
	struct expectation x;
	int rc = expect_from(&x, s, e);

	if (rc == 0 && x.is_set && schedule_is_often(&x.schedule)) {
		rc = schedule_before(&x.schedule, x.zone, now_ms, &at, e);
		if (rc > 0)
			return schedule_date(&x.schedule, x.zone, at, d, e);
	}
	return rc < 0 ? -1 : date_today(d, x.zone, now_ms, e);
}

static void
plan_date(struct builder *b)
{
	struct plan *p = b->plan;
	const struct value *zone = spec_value(b->spec, "timezone");
	struct err e = ERR_INIT;

	if (b->options->date != NULL) {
		if (date_parse(&p->date, b->options->date, &e) < 0)
			plan_complain(b, NULL, &e);
	} else if (default_date(&p->date, b->spec, &e) < 0)
		plan_complain(b, zone, &e);
	date_put(p->date_text, &p->date);
}

static void
plan_source(struct builder *b)
{
	struct plan *p = b->plan;
	const struct spec *s = b->spec;
	const char *dialect = spec_text(s, "source.dialect");

	p->password = read_secret(b, spec_value(s, "source.password"));
	p->login_timeout_ms = (uint64_t)spec_number(s, "source.login_timeout");
	p->query_timeout_ms = (uint64_t)spec_number(s, "source.query_timeout");
	p->session.dsn = spec_text(s, "source.dsn");
	p->session.connection = spec_text(s, "source.connection");
	p->session.user = spec_text(s, "source.user");
	p->session.password = p->password;
	p->session.login_timeout_ms = p->login_timeout_ms;
	p->session.time_zone = spec_text(s, "source.timezone");
	p->session.no_wrap = spec_number(s, "source.wrap") == 0;
	p->session.allows_loss = spec_choice(s, "source.lossy") == 1;
	if (dialect != NULL)
		p->dialect = dialect_by_name(dialect);
	/* Of these the choices stand in the order of the enumeration. */
	p->in_transaction = spec_choice(s, "source.transaction") == 1;
	if (spec_choice(s, "source.isolation") > 0)
		p->isolation = (enum session_isolation)spec_choice(
		    s, "source.isolation");
	p->session.read_only = spec_number(s, "source.read_only") != 0;
	p->retries = (unsigned)spec_number(s, "source.retries");
}

/* The text behind source.sql or source.sql_file; statements stay apart. */
static int
load_sql(struct builder *b, const struct value *v, struct err *e)
{
	struct plan *p = b->plan;
	struct buf text = BUF_INIT(SCRIPT_MAX);
	char *path = NULL;
	int rc = -1;

	if (v->setting->type == SETTING_TEXT &&
	    (v->setting->flags & SETTING_FILE) == 0) {
		p->sql_name = str_dup("sql");
		p->sql = str_dup(v->text);
		p->sql_length = strlen(v->text);
		rc = p->sql != NULL && p->sql_name != NULL ?
		    0 :
		    err_set(e, ERR_INTERNAL, "out of memory");
		goto out;
	}
	path = spec_resolve(v, e);
	if (path == NULL || file_read(&text, path, FILE_TRUSTED, e) < 0)
		goto out;
	if (text_decode(&text, e) < 0) {
		(void)err_in(e, "%s", v->text);
		goto out;
	}
	p->sql_name = str_dup(v->text);
	p->sql_length = text.length;
	p->sql = text.length > 0 ? buf_take(&text) : str_dup("");
	rc = p->sql != NULL && p->sql_name != NULL ?
	    0 :
	    err_set(e, ERR_INTERNAL, "out of memory");
out:
	free(path);
	buf_release(&text);
	return rc;
}

static void
plan_sql(struct builder *b)
{
	static const char *const paths[] = { "source.sql", "source.sql_file" };
	struct plan *p = b->plan;
	struct err e = ERR_INIT;

	if (b->options->sql != NULL) {
		p->sql = copy_text(b, b->options->sql);
		p->sql_length = strlen(b->options->sql);
		p->sql_name = copy_text(b, b->options->sql_name);
		return;
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const struct value *v = spec_value(b->spec, paths[i]);

		if (v->text != NULL && load_sql(b, v, &e) < 0) {
			plan_complain(b, v, &e);
			return;
		}
	}
}

/* The setting that the batch comes from; NULL for query. */
static const struct value *
batch_value(const struct builder *b)
{
	static const char *const paths[] = { "source.sql", "source.sql_file",
		"source.statements" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const struct value *v = spec_value(b->spec, paths[i]);

		if (b->options->sql == NULL &&
		    (v->text != NULL || v->n_texts > 0))
			return v;
	}
	return NULL;
}

/* Show what the splitter says, as far as the dialect is known by now. */
static void
plan_try_split(struct builder *b)
{
	const struct value *v = batch_value(b);
	struct script script = SCRIPT_INIT;
	struct err e = ERR_INIT;

	/* A file that cannot be read was told already. */
	if (b->options->only_split || b->plan->dialect == NULL ||
	    (b->plan->sql == NULL && (v == NULL || v->n_texts == 0)))
		return;
	if (plan_split(b->plan, NULL, &script, &e) < 0 ||
	    plan_check_batch(b->plan, b->plan->dialect, &script, &e) < 0)
		plan_complain(b, v, &e);
	script_release(&script);
}

static enum param_type
param_type(const char *word)
{
	static const struct {
		const char *word;
		enum param_type type;
	} types[] = {
		{ "integer", PARAM_INTEGER },
		{ "decimal", PARAM_DECIMAL },
		{ "date", PARAM_DATE },
		{ "timestamp", PARAM_TIMESTAMP },
	};

	for (size_t i = 0; word != NULL && i < sizeof(types) / sizeof(types[0]);
	     i++)
		if (strcmp(types[i].word, word) == 0)
			return types[i].type;
	return PARAM_TEXT;
}

static void
plan_params(struct builder *b)
{
	struct plan *p = b->plan;
	const char *job = spec_path(b->spec); /* NULL for query */
	size_t n = spec_count(b->spec, "source.params");

	if (n == 0)
		return;
	p->params = plan_allocate(b, n, sizeof(*p->params));
	if (p->params == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		const struct value *v = spec_member(
		    b->spec, "source.params", i);

		p->params[i].name = copy_text(b, v->member);
		if (p->params[i].name == NULL)
			return;
		p->params[i].value = expand_value(b, v);
		p->params[i].type = param_type(v->type);
		p->params[i].must_be_used = v->origin.file == NULL ||
		    (job != NULL && strcmp(v->origin.file, job) == 0);
		p->n_params++;
	}
}

/* :NAME_from or :NAME_to, whose value comes with the run. */
static void
add_cutoff(struct builder *b, struct plan_param *param, const char *end)
{
	const struct watermark *w = &b->plan->guards.watermark;
	struct err e = ERR_INIT;
	char name[128];

	(void)snprintf(name, sizeof(name), "%s_%s", w->name, end);
	param->name = copy_text(b, name);
	if (param->name == NULL)
		return;
	param->type = w->type >= 0 ? (enum param_type)w->type : PARAM_TEXT;
	param->is_cutoff = true;
	b->plan->n_params++;
	for (size_t i = 0; i + 1 < b->plan->n_params; i++) {
		if (strcmp(b->plan->params[i].name, name) != 0)
			continue;
		(void)err_set(&e, ERR_SPEC,
		    "the parameter '%s' is bound by source.watermark", name);
		(void)err_hint(&e,
		    "It cannot be given by hand: take it out of source.params "
		    "and the command line, or rename the watermark.");
		problems_add(b->problems, w->origin.file, w->origin.line, &e);
	}
}

/* Gates, checks and the watermark, of a job that ships. */
static void
plan_guards(struct builder *b)
{
	struct plan *p = b->plan;
	struct plan_param *more;

	if (!b->options->with_targets && !b->options->with_guards)
		return;
	guard_build(&p->guards, b->spec, b->problems);
	if (p->guards.watermark.name == NULL)
		return;
	more = plan_allocate(b, p->n_params + 2, sizeof(*more));
	if (more == NULL)
		return;
	if (p->n_params > 0)
		memcpy(more, p->params, p->n_params * sizeof(*more));
	free(p->params);
	p->params = more;
	add_cutoff(b, &more[p->n_params], "from");
	add_cutoff(b, &more[p->n_params], "to");
}

/* The path of a file that a target's setting names, or NULL. */
static char *
resolve_member(struct builder *b, const char *path, size_t i)
{
	const struct value *v = spec_member(b->spec, path, i);
	struct err e = ERR_INIT;
	char *resolved;

	if (v->text == NULL)
		return NULL;
	resolved = spec_resolve(v, &e);
	if (resolved == NULL)
		plan_complain(b, v, &e);
	return resolved;
}

static void
plan_one_target(struct builder *b, struct plan_target *pt, size_t i)
{
	const struct spec *s = b->spec;
	const struct value *url = spec_member(s, "targets.url", i);
	struct target *t = &pt->target;
	struct err e = ERR_INIT;

	plan_target_read(t, s, i);
	t->url = pt->url = url->text != NULL ? expand_value(b, url) : NULL;
	t->password = pt->secret = read_secret(
	    b, spec_member(s, "targets.password", i));
	t->client_key_password = pt->key_secret = read_secret(
	    b, spec_member(s, "targets.client_key_password", i));
	t->token = pt->token_secret = read_secret(
	    b, spec_member(s, "targets.token", i));
	t->known_hosts = pt->known_hosts = resolve_member(
	    b, "targets.known_hosts", i);
	t->ca_file = pt->ca_file = resolve_member(b, "targets.ca_file", i);
	t->client_cert = pt->client_cert = resolve_member(
	    b, "targets.client_cert", i);
	t->client_key = pt->client_key = resolve_member(
	    b, "targets.client_key", i);
	/* Where nothing is renamed the default is what there is. */
	if (t->url != NULL && ship_is_whole(t->url) &&
	    !spec_member(s, "targets.publish", i)->is_given)
		t->publish = TARGET_DIRECT;
	if (t->url != NULL && ship_check_target(t, &e) < 0)
		plan_complain(b, url, &e);
}

static void
plan_targets(struct builder *b)
{
	struct plan *p = b->plan;
	size_t n = spec_count(b->spec, "targets");
	struct err e = ERR_INIT;

	if (n == 0) {
		(void)err_set(&e, ERR_SPEC, "the job has no targets");
		(void)err_hint(&e,
		    "Add targets = ( { name = \"partner\"; url "
		    "= \"ftp://ftp.example.com/incoming/\"; } ); a "
		    "directory on this machine is a file:// URL.");
		problems_add(b->problems, spec_path(b->spec), 0, &e);
		return;
	}
	p->targets = plan_allocate(b, n, sizeof(*p->targets));
	if (p->targets == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		plan_one_target(b, &p->targets[p->n_targets++], i);
}

static int
begin_plan(struct plan **plan, const struct spec *spec, struct err *e)
{
	struct plan *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	p->spec = spec;
	p->job = spec_job(spec);
	p->environment = spec_environment(spec);
	if (gethostname(p->host, sizeof(p->host) - 1) < 0)
		(void)memcpy(p->host, "localhost", sizeof("localhost"));
	p->runtime_ms = (uint64_t)spec_number(spec, "limits.runtime");
	p->lock_wait_ms = (uint64_t)spec_number(spec, "limits.lock_wait");
	p->memory_bytes = (uint64_t)spec_number(spec, "limits.memory");
	p->keep_ms = (uint64_t)spec_number(spec, "limits.keep");
	*plan = p;
	return 0;
}

static int
first_problem(const struct problems *problems, struct err *e)
{
	for (size_t i = 0; i < problems->n; i++)
		if (!problems->items[i].is_warning) {
			*e = problems->items[i].error;
			return -1;
		}
	/* One that there was no memory to keep is counted. */
	return problems->errors == 0 ?
	    0 :
	    err_set(e, ERR_INTERNAL, "out of memory");
}

int
plan_build(struct plan **plan, const struct spec *spec,
    const struct plan_options *options, struct problems *problems,
    struct err *e)
{
	struct builder b = { NULL, spec, options, problems };

	*plan = NULL;
	if (begin_plan(&b.plan, spec, e) < 0)
		return -1;
	if (options->with_secrets && secret_take_variables(spec, e) < 0) {
		plan_free(b.plan);
		return -1;
	}
	plan_date(&b);
	plan_source(&b);
	plan_sql(&b);
	plan_params(&b);
	plan_guards(&b);
	plan_files(&b);
	plan_try_split(&b);
	if (options->with_targets) {
		plan_targets(&b);
		tell_check(spec, problems);
	}
	if (first_problem(problems, e) < 0) {
		plan_free(b.plan);
		return -1;
	}
	*plan = b.plan;
	return 0;
}

int
plan_name_run(struct plan *p, int64_t run, struct err *e)
{
	p->run = run;
	return plan_name_files(p, e);
}

void
plan_bind_cutoff(struct plan *p, const char *from, const char *to)
{
	for (size_t i = 0; i + 1 < p->n_params; i++)
		if (p->params[i].is_cutoff) {
			p->params[i].value = (char *)(uintptr_t)from;
			p->params[i + 1].value = (char *)(uintptr_t)to;
			return;
		}
}

void
plan_free(struct plan *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n_params; i++) {
		free(p->params[i].name);
		if (!p->params[i].is_cutoff)
			free(p->params[i].value);
	}
	guard_release(&p->guards);
	for (size_t i = 0; i < p->n_targets; i++) {
		free(p->targets[i].temporary);
		free(p->targets[i].ca_file);
		free(p->targets[i].known_hosts);
		free(p->targets[i].client_cert);
		free(p->targets[i].client_key);
		free(p->targets[i].url);
		secret_free(p->targets[i].secret);
		secret_free(p->targets[i].key_secret);
		secret_free(p->targets[i].token_secret);
	}
	free(p->params);
	free(p->targets);
	plan_release_files(p);
	free(p->sql);
	free(p->sql_name);
	secret_free(p->password);
	free(p);
}
