/*
 * test_plan.c - from the text of a job spec to what a run will do
 *
 * What is wrong with settings themselves is test_spec.c's; here is what comes
 * out when they are put together.
 */
#include "unit.h"

#include "base/file.h"
#include "base/redact.h"
#include "job/plan.h"

static char dir[64];

static const char spec_head[] =
    "source: { dsn = \"w\"; sql = \"SELECT 1\"; };\n"
    "file: { name = \"a.csv\"; };\n";
static const char one_target[] =
    "targets = ( { name = \"here\"; url = \"file:///out/\"; } );\n";

static int
setup(void **state)
{
	(void)state;
	(void)umask(022);
	(void)unsetenv("ODBCSHIP_ENV");
	(void)unsetenv("ODBCSHIP_CONFIG");
	make_directory(dir);
	/* No main file but the one that is not there. */
	assert_int_equal(setenv("XDG_CONFIG_HOME", dir, 1), 0);
	return 0;
}

static int
teardown(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return file_remove_tree(dir, &e);
}

static const char *
path_of(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static struct spec *
load(const char *text)
{
	const struct spec_request request = { .job = path_of("job.cfg") };
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;
	struct err e = ERR_INIT;

	write_file(path_of("job.cfg"), text, strlen(text), 0600);
	if (spec_load(&spec, &request, &problems, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	problems_release(&problems);
	return spec;
}

static const struct plan_options usual = {
	.date = "2026-11-24", .with_secrets = true, .with_targets = true
};

static struct plan *
build(const struct spec *spec)
{
	struct problems problems = PROBLEMS_INIT;
	struct plan *plan = NULL;
	struct err e = ERR_INIT;

	OK(plan_build(&plan, spec, &usual, &problems, &e), &e);
	assert_int_equal(problems.n, 0);
	assert_non_null(plan);
	problems_release(&problems);
	return plan;
}

/* What only some kinds of targets have. */
static void
test_kinds_of_targets(void **state)
{
	static const char text[] =
	    "source: { dsn = \"w\"; sql = \"SELECT 1\"; };\n"
	    "file: { name = \"a.csv\"; };\n"
	    "targets = (\n"
	    "  { name = \"bucket\"; url = \"s3://b/in/\"; user = \"id\";\n"
	    "    password = { file = \"secret\"; };\n"
	    "    token = { file = \"secret\"; };\n"
	    "    endpoint = \"https://e/\"; region = \"here\";\n"
	    "    addressing = \"host\"; },\n"
	    "  { name = \"shell\"; url = \"sftp://h/~/in/\"; user = \"me\";\n"
	    "    client_key = \"me.key\"; known_hosts = \"kh\"; } );\n";
	struct err e = ERR_INIT;
	struct spec *spec;
	struct target *t;
	struct plan *p;

	(void)state;
	write_file(path_of("secret"), "hunter2hunter2\n", 15, 0600);
	spec = load(text);
	p = build(spec);
	OK(plan_name_run(p, 42, &e), &e);
	t = &p->targets[0].target;
	assert_string_equal(t->token, "hunter2hunter2");
	assert_string_equal(t->endpoint, "https://e/");
	assert_string_equal(t->region, "here");
	assert_int_equal(t->addressing, TARGET_ADDRESS_HOST);
	assert_int_equal(t->publish, TARGET_DIRECT);
	t = &p->targets[1].target;
	assert_string_equal(t->known_hosts, path_of("kh"));
	assert_string_equal(t->client_key, path_of("me.key"));
	assert_int_equal(t->publish, TARGET_RENAME);
	plan_free(p);
	spec_free(spec);
}

static void
test_everything(void **state)
{
	static const char text[] =
	    "timezone = \"Europe/Berlin\";\n"
	    "source: { dsn = \"w\"; user = \"u\";\n"
	    "  password = { file = \"secret\"; }; sql_file = \"a.sql\";\n"
	    "  dialect = \"sqlite\"; result = \"only\";\n"
	    "  login_timeout = \"5s\"; query_timeout = \"1m\";\n"
	    "  params = { day = { value = \"{date:-1d:%Y-%m-%d}\";\n"
	    "      type = \"date\"; }; word = \"{job}\"; }; };\n"
	    "file: { name = \"{job}-{date:%Y%m%d}-{run}.csv\";\n"
	    "  header = false; delimiter = \";\"; newline = \"lf\"; };\n"
	    "targets = (\n"
	    "  { name = \"here\"; url = \"file:///out/{job}/\"; },\n"
	    "  { name = \"there\"; url = \"ftp://h/in/\"; user = \"acme\";\n"
	    "    password = { file = \"secret\"; }; tls = \"none\";\n"
	    "    max_tls = \"1.2\"; ca_file = \"ca.pem\"; mkdirs = true;\n"
	    "    temporary = \".{name}.{run}\"; epsv = false;\n"
	    "    min_tls = \"1.2\"; client_cert = \"me.pem\";\n"
	    "    client_key = \"me.key\"; active = true;\n"
	    "    client_key_password = { file = \"secret\"; };\n"
	    "    publish = \"directory\"; staging = \"../tmp/\";\n"
	    "    overwrite = \"skip\"; verify = \"size\"; resume = true;\n"
	    "    may_vanish = true; ambiguous = \"resend\";\n"
	    "    bandwidth = \"1MB\"; retries = 7; retry_wait = \"8s\";\n"
	    "    connect_timeout = \"1s\"; reply_timeout = \"2s\";\n"
	    "    stall_timeout = \"3s\"; } );\n"
	    "limits: { runtime = \"1h\"; lock_wait = \"7s\"; keep = \"1d\"; "
	    "};\n";
	struct script script = SCRIPT_INIT;
	struct err e = ERR_INIT;
	struct spec *spec;
	struct target *t;
	struct plan *p;

	(void)state;
	write_file(path_of("secret"), "hunter2hunter2\n", 15, 0600);
	write_file(path_of("a.sql"), "SELECT :day; SELECT :word", 25, 0644);
	spec = load(text);
	p = build(spec);
	OK(plan_name_run(p, 42, &e), &e);
	assert_string_equal(p->job, "job");
	assert_string_equal(p->environment, "");
	assert_string_equal(p->date_text, "2026-11-24");
	assert_string_equal(p->session.dsn, "w");
	assert_string_equal(p->session.user, "u");
	assert_string_equal(p->session.password, "hunter2hunter2");
	assert_int_equal(p->login_timeout_ms, 5000);
	assert_int_equal(p->query_timeout_ms, 60000);
	assert_int_equal(p->files[0].result, PLAN_RESULT_ONLY);
	assert_string_equal(p->dialect->name, "sqlite");
	assert_int_equal(p->n_params, 2);
	assert_string_equal(p->params[0].name, "day");
	assert_string_equal(p->params[0].value, "2026-11-23");
	assert_int_equal(p->params[0].type, PARAM_DATE);
	assert_string_equal(p->params[1].value, "job");
	assert_int_equal(p->params[1].type, PARAM_TEXT);
	assert_string_equal(p->files[0].name, "job-20261124-42.csv");
	assert_false(p->files[0].csv.header);
	assert_int_equal(p->files[0].csv.delimiter, ';');
	assert_false(p->files[0].csv.crlf);
	assert_int_equal(p->n_targets, 2);
	assert_string_equal(p->targets[0].target.url, "file:///out/job/");
	assert_string_equal(
	    p->targets[0].temporary, "job-20261124-42.csv.part");
	t = &p->targets[1].target;
	assert_string_equal(t->password, "hunter2hunter2");
	assert_int_equal(t->tls, TARGET_TLS_NONE);
	assert_string_equal(t->max_tls, "1.2");
	assert_string_equal(t->ca_file, path_of("ca.pem"));
	assert_true(t->mkdirs && !t->epsv);
	assert_string_equal(t->min_tls, "1.2");
	assert_string_equal(t->client_cert, path_of("me.pem"));
	assert_string_equal(t->client_key, path_of("me.key"));
	assert_string_equal(t->client_key_password, "hunter2hunter2");
	assert_int_equal(t->publish, TARGET_DIRECTORY);
	assert_string_equal(t->staging, "../tmp/");
	assert_int_equal(t->overwrite, TARGET_SKIP);
	/* What is put together of parts is never judged by its size. */
	assert_int_equal(t->verify, TARGET_VERIFY_HASH);
	assert_true(t->resume && t->may_vanish && t->active);
	assert_int_equal(t->ambiguous, TARGET_RESEND);
	assert_int_equal(t->bandwidth, 1000000);
	assert_int_equal(t->retries, 7);
	assert_int_equal(t->retry_wait_ms, 8000);
	assert_int_equal(t->connect_timeout_ms, 1000);
	assert_int_equal(t->reply_timeout_ms, 2000);
	assert_int_equal(t->stall_timeout_ms, 3000);
	assert_string_equal(p->targets[1].temporary, ".job-20261124-42.csv.42");
	assert_int_equal(p->runtime_ms, 3600000);
	assert_int_equal(p->lock_wait_ms, 7000);
	assert_int_equal(p->keep_ms, 86400000);
	OK(plan_split(p, NULL, &script, &e), &e);
	assert_int_equal(script.n, 2);
	script_release(&script);
	plan_free(p);
	spec_free(spec);
	redact_release();
}

/* Whatever a plan says by itself. */
static void
test_defaults(void **state)
{
	char text[1024];
	struct err e = ERR_INIT;
	struct spec *spec;
	const struct target *t;
	struct plan *p;

	(void)state;
	(void)snprintf(text, sizeof(text), "%s%s", spec_head, one_target);
	spec = load(text);
	p = build(spec);
	OK(plan_name_run(p, 1, &e), &e);
	assert_null(p->dialect);
	assert_null(p->password);
	assert_int_equal(p->login_timeout_ms, 30000);
	assert_int_equal(p->query_timeout_ms, 0);
	assert_int_equal(p->files[0].result, PLAN_RESULT_LAST);
	assert_true(p->files[0].csv.header && p->files[0].csv.crlf);
	assert_int_equal(p->files[0].csv.delimiter, ',');
	t = &p->targets[0].target;
	assert_int_equal(t->tls, TARGET_TLS_REQUIRED);
	assert_int_equal(t->publish, TARGET_RENAME);
	assert_int_equal(t->overwrite, TARGET_REPLACE);
	assert_int_equal(t->verify, TARGET_VERIFY_SIZE);
	assert_false(t->resume || t->may_vanish || t->active || t->mkdirs);
	assert_true(t->epsv);
	/* Never twice by accident. */
	assert_int_equal(t->ambiguous, TARGET_HOLD);
	assert_int_equal(t->bandwidth, 0);
	assert_int_equal(t->retries, 5);
	assert_int_equal(t->retry_wait_ms, 5000);
	assert_null(t->client_cert);
	assert_string_equal(p->targets[0].temporary, "a.csv.part");
	assert_int_equal(p->keep_ms, INT64_C(14) * 86400000);
	plan_free(p);
	spec_free(spec);
}

/* What is wrong, and where. */
struct bad_case {
	const char *text; /* the spec; NULL parts are usual */
	const char *date; /* --date */
	enum err_class class;
	unsigned line; /* 0: of the command line or of the file */
	const char *says;
};

#define HEAD "source: { dsn = \"w\"; sql = \"SELECT 1\"; };\n"
#define FILE_ "file: { name = \"a.csv\"; };\n"
#define TARGET "targets = ( { name = \"here\"; url = \"file:///out/\"; } );\n"

static const struct bad_case bad[] = {
	{ HEAD FILE_ TARGET, "yesterday", ERR_USAGE, 0, "yesterday" },
	{ HEAD FILE_ TARGET, "2026-02-30", ERR_USAGE, 0, "2026-02-30" },
	{ HEAD FILE_, NULL, ERR_SPEC, 0, "the job has no targets" },
	{ "source: { dsn = \"w\"; sql = \"SELECT 1\";\n"
	  "  password = { file = \"missing\"; }; };\n" FILE_ TARGET,
	    NULL, ERR_SPEC, 2, "source.password: cannot open" },
	{ "source: { dsn = \"w\"; sql = \"SELECT 1\";\n"
	  "  password = { file = \"open\"; }; };\n" FILE_ TARGET,
	    NULL, ERR_SPEC, 2, "can be read by other users" },
	{ "source: { dsn = \"w\"; sql = \"SELECT 1\";\n"
	  "  password = { env = \"NOT_SET_AT_ALL\"; }; };\n" FILE_ TARGET,
	    NULL, ERR_SPEC, 2, "'NOT_SET_AT_ALL' is not set" },
	{ "source: { dsn = \"w\";\n dialect = \"sqlite\";\n"
	  " sql_file = \"missing.sql\"; };\n" FILE_ TARGET,
	    NULL, ERR_LOCAL, 3, "missing.sql" },
	{ "source: { dsn = \"w\";\n sql_file = \"wide.sql\"; };\n" FILE_ TARGET,
	    NULL, ERR_SPEC, 2, "can be written by other users" },
	{ "source: { dsn = \"w\"; dialect = \"sqlite\";\n"
	  "sql = \"SELECT 'a\"; };\n" FILE_ TARGET,
	    NULL, ERR_SPEC, 2, "is never closed" },
	{ "source: { dsn = \"w\"; dialect = \"sqlite\";\n"
	  "sql = \"-- nothing\"; };\n" FILE_ TARGET,
	    NULL, ERR_SPEC, 2, "holds no statement" },
	{ "source: { dsn = \"w\"; sql = \"SELECT :a\";\n"
	  " params = {\n a = \"{name}\"; }; };\n" FILE_ TARGET,
	    NULL, ERR_SPEC, 3, "name" },
	{ HEAD "file: {\n name = \"{date:%d/%m}.csv\"; };\n" TARGET, NULL,
	    ERR_SPEC, 3, "'24/11.csv' holds a slash" },
	{ HEAD "file: {\n name = \"{env}\"; };\n" TARGET, NULL, ERR_SPEC, 3,
	    "{env} has no meaning here" },
	{ HEAD FILE_ "targets = ( { name = \"t\";\n url = \"ftp://h/a\"; } );",
	    NULL, ERR_SPEC, 4, "does not end with '/'" },
	{ HEAD FILE_ "targets = ( { name = \"t\";\n"
		     " url = \"ftp://h/../{job}/\"; } );",
	    NULL, ERR_SPEC, 4, "holds '..'" },
	{ HEAD FILE_ "targets = ( { name = \"t\"; url = \"ftp://h/\";\n"
		     " password = { file = \"missing\"; }; } );",
	    NULL, ERR_SPEC, 4, "targets.password: cannot open" },
	{ HEAD FILE_ "targets = ( { name = \"t\"; tls = \"none\";\n"
		     " url = \"ftps://h/\"; } );",
	    NULL, ERR_SPEC, 4, "tls is \"none\"" },
};

static void
test_bad(void **state)
{
	(void)state;
	write_file(path_of("open"), "hunter2", 7, 0644);
	write_file(path_of("wide.sql"), "SELECT 1", 8, 0666);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct bad_case *c = &bad[i];
		struct plan_options options = usual;
		struct problems problems = PROBLEMS_INIT;
		struct spec *spec = load(c->text);
		struct plan *plan = NULL;
		struct err e = ERR_INIT;

		if (c->date != NULL)
			options.date = c->date;
		if (plan_build(&plan, spec, &options, &problems, &e) == 0)
			fail_msg("%s: is planned", c->text);
		assert_null(plan);
		assert_int_equal(problems.n, 1);
		if (e.class != c->class || strstr(e.text, c->says) == NULL ||
		    problems.items[0].line != c->line)
			fail_msg("%s: %s %u '%s'", c->text, err_name(&e),
			    problems.items[0].line, e.text);
		assert_string_equal(problems.items[0].error.text, e.text);
		problems_release(&problems);
		spec_free(spec);
	}
	redact_release();
}

/* All that is wrong is told at once. */
static void
test_all_at_once(void **state)
{
	struct plan_options options = usual;
	struct problems problems = PROBLEMS_INIT;
	struct plan *plan = NULL;
	struct err e = ERR_INIT;
	struct spec *spec = load(
	    "source: { dsn = \"w\"; sql_file = \"missing.sql\";\n"
	    "  password = { file = \"missing\"; }; };\n"
	    "file: { name = \"{date:%d/%m}\"; };\n"
	    "targets = ( { name = \"t\"; url = \"ftp://h/a\"; },\n"
	    "  { name = \"u\"; url = \"file://h/a/\"; } );\n");

	(void)state;
	options.date = "nonsense";
	assert_int_equal(plan_build(&plan, spec, &options, &problems, &e), -1);
	assert_int_equal(problems.n, 6);
	assert_string_equal(problems.items[0].error.text, e.text);
	problems_release(&problems);
	/* What is not wanted is not looked at. */
	e = (struct err)ERR_INIT;
	options = (struct plan_options){
		.date = "2026-11-24", .sql = "SELECT 1", .sql_name = "-e"
	};
	assert_int_equal(plan_build(&plan, spec, &options, &problems, &e), -1);
	assert_int_equal(problems.n, 1);
	assert_non_null(strstr(e.text, "holds a slash"));
	problems_release(&problems);
	spec_free(spec);
}

/* Names that are known only when the run has its number. */
static void
test_names_of_a_run(void **state)
{
	static const char *const specs[][2] = {
		{ HEAD FILE_ "targets = ( { name = \"t\"; url = "
			     "\"file:///o/\"; temporary = \"{name}\"; } );",
		    "targets.t.temporary is the file's own name 'a.csv'" },
		{ HEAD FILE_ "targets = ( { name = \"t\"; url = "
			     "\"file:///o/\"; temporary = \"x/{name}\"; } );",
		    "targets.t.temporary: the file name 'x/a.csv' holds" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct spec *spec = load(specs[i][0]);
		struct plan *p = build(spec);
		struct err e = ERR_INIT;

		FAILS(plan_name_run(p, 1, &e), &e, ERR_SPEC, specs[i][1]);
		plan_free(p);
		spec_free(spec);
	}
}

static void
test_split(void **state)
{
	struct script script = SCRIPT_INIT;
	struct err e = ERR_INIT;
	struct spec *spec = load(
	    "source: { dsn = \"w\";\n"
	    "  statements = ( \"SELECT 1; SELECT 2\", \"SELECT 3\" );"
	    " };\n" FILE_ TARGET);
	struct plan *p = build(spec);

	(void)state;
	/* Statements are sent as they are. */
	OK(plan_split(p, NULL, &script, &e), &e);
	assert_int_equal(script.n, 2);
	script_release(&script);
	plan_free(p);
	spec_free(spec);
	/* The database's dialect goes before what the words alone say. */
	spec = load(
	    "source: { dsn = \"w\"; sql = \"SELECT $$a;b$$\"; };\n" FILE_
		TARGET);
	p = build(spec);
	script = (struct script)SCRIPT_INIT;
	OK(plan_split(p, dialect_by_name("postgresql"), &script, &e), &e);
	assert_int_equal(script.n, 1);
	script_release(&script);
	script = (struct script)SCRIPT_INIT;
	OK(plan_split(p, dialect_by_name("sqlite"), &script, &e), &e);
	assert_int_equal(script.n, 2);
	script_release(&script);
	plan_free(p);
	plan_free(NULL);
	spec_free(spec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_kinds_of_targets),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_names_of_a_run),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests_name("plan", tests, setup, teardown);
}
