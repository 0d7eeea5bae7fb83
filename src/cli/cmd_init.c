/*
 * cmd_init.c - odbcship init: the first spec of a job
 *
 * From options, or from the script that did the work so far (job/import.h).
 * Writes the spec, its SQL beside it and secrets in files of their own, never
 * over what is there; checks what it wrote as `check` does; prints how to
 * schedule it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/redact.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/schedule.h"
#include "cli/terminal.h"
#include "job/draft.h"
#include "job/import.h"
#include "job/plan.h"

enum { INIT_FILE_MAX = 64 * 1024 * 1024, INIT_FILES = 2 + 2 * DRAFT_MANY };

static const struct option_row option_rows[] = {
	{ "dsn", 'd', "DSN", "data source name of the database" },
	{ "user", 'u', "NAME", "database user, when the DSN does not say it" },
	{ "sql", 'f', "FILE", "take the batch from FILE" },
	{ "url", 0, "URL",
	    "directory to deliver to: ftp://me@host/dir/, file:///dir/; may "
	    "be given again" },
	{ "file", 0, "NAME",
	    "name of the file, default NAME-{date:%Y%m%d}.csv" },
	{ "description", 0, "TEXT", "what the job is for" },
	{ "owner", 0, "WHO", "who is to be asked about it" },
	{ "mail", 0, "ADDRESS", "who is told when it fails" },
	{ "smtp", 0, "URL",
	    "mail server that takes it, smtp://host:port; default: sendmail" },
	{ "schedule", 0, "CRON",
	    "five fields of cron, or a whole line of a crontab" },
	{ "env", 0, "NAME[=DSN]",
	    "declare an environment; the first has the DSN and targets given "
	    "here" },
	{ "from-script", 0, "FILE",
	    "take SQL, connection and upload out of a shell script" },
	{ NULL, 0, NULL, NULL }
};

/* One file to be written. */
struct output_file {
	char *path;	  /* owned */
	const char *text; /* borrowed */
	mode_t mode;	  /* without the umask */
};

/* One run of init. */
struct init {
	const struct invocation *inv;
	struct draft draft;
	char *dir;	 /* of the jobs, owned */
	struct buf spec; /* what is written */
	struct output_file files[INIT_FILES];
	size_t n;
	bool lacks_secret; /* one is still to be written */
};

static int
take_name(const struct invocation *inv, struct err *e)
{
	const char *name = inv->n_arguments == 1 ? inv->arguments[0] : "";

	if (inv->n_arguments != 1) {
		(void)err_set(e, ERR_USAGE, "what is the job's name?");
		return err_hint(e, "For example: %s", inv->command->example);
	}
	if (name[0] != '\0' && name[0] != '.' && name[0] != '-' &&
	    strspn(name,
		"abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(name) &&
	    strlen(name) <= 80)
		return 0;
	(void)err_set(e, ERR_USAGE, "'%s' cannot be the name of a job", name);
	return err_hint(e,
	    "At most 80 letters, digits, '.', '_' and '-', beginning with none "
	    "of '.' and '-'.");
}

static int
read_file(struct init *in, const char *path, const char **text, struct err *e)
{
	struct buf content = BUF_INIT(INIT_FILE_MAX);
	int rc = file_read(&content, path, FILE_ANY, e);

	if (rc == 0)
		*text = draft_keep_n(
		    &in->draft, buf_text(&content), content.length);
	buf_release(&content);
	return rc;
}

/* ftp://me@host/: the user is a setting of its own. */
static void
add_url(struct init *in, const char *url)
{
	struct draft *d = &in->draft;
	struct draft_target *t = draft_add_target(d);
	const char *host = strstr(url, "://");
	const char *sign = NULL;
	char plain[4096];
	size_t n = strlen(url);

	if (t == NULL)
		return;
	if (host != NULL)
		sign = memchr(host + 3, '@', strcspn(host + 3, "/"));
	if (sign != NULL) {
		t->user = draft_keep_n(d, host + 3, (size_t)(sign - host) - 3);
		(void)snprintf(plain, sizeof(plain), "%.*s%s",
		    (int)(host - url) + 3, url, sign + 1);
	} else
		(void)snprintf(plain, sizeof(plain), "%s", url);
	n = strlen(plain);
	if (n > 0 && plain[n - 1] != '/' && n + 1 < sizeof(plain))
		memcpy(plain + n, "/", 2);
	t->url = draft_keep(d, plain);
	t->mkdirs = strncmp(plain, "file:", 5) == 0;
}

/* A password on the command line is seen by everybody. */
static int
refuse_password(const char *url, struct err *e)
{
	const char *host = strstr(url, "://");
	size_t n = host != NULL ? strcspn(host + 3, "/") : 0;
	const char *sign = n > 0 ? memchr(host + 3, '@', n) : NULL;

	if (sign == NULL ||
	    memchr(host + 3, ':', (size_t)(sign - host) - 3) == NULL)
		return 0;
	(void)err_set(e, ERR_USAGE, "--url has a password in it");
	return err_hint(
	    e, "Leave it out: init says which file to write it into.");
}

/* The five fields of a whole line, too. */
static void
take_schedule(struct init *in, const char *line)
{
	const char *at = line + strspn(line, " \t");
	const char *begin = at;

	for (unsigned i = 0; i < (*begin == '@' ? 1 : 5); i++) {
		at += strcspn(at, " \t");
		at += strspn(at, " \t");
	}
	if (strchr(at, '%') != NULL)
		draft_add_note(&in->draft, 0,
		    "the line of the crontab has a %% in it, which ends the "
		    "command there; the job's own line needs none");
	while (at > begin && strchr(" \t", at[-1]) != NULL)
		at--;
	in->draft.schedule = draft_keep_n(
	    &in->draft, begin, (size_t)(at - begin));
}

static int
take_environments(struct init *in, struct err *e)
{
	struct draft *d = &in->draft;
	size_t n = 0;
	const char **given = invocation_values(in->inv, "env", &n, e);

	if (given == NULL)
		return -1;
	for (size_t i = 0; i < n && i < DRAFT_MANY; i++) {
		size_t length = strcspn(given[i], "=");
		struct draft_pair *p = &d->environments[d->n_environments++];
		char dsn[512];

		p->name = draft_keep_n(d, given[i], length);
		(void)snprintf(dsn, sizeof(dsn), "%s_%s",
		    d->dsn != NULL ? d->dsn : d->name, p->name);
		p->value = given[i][length] == '=' ? given[i] + length + 1 :
						     draft_keep(d, dsn);
	}
	free(given);
	return 0;
}

static void
override(const struct init *in, const char *option, const char **field)
{
	const char *value = invocation_value(in->inv, option);

	if (value != NULL)
		*field = value;
}

static int
take_urls(struct init *in, struct err *e)
{
	size_t n = 0;
	const char **urls = invocation_values(in->inv, "url", &n, e);
	int rc = urls != NULL ? 0 : -1;

	if (n > 0)
		in->draft.n_targets = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = refuse_password(urls[i], e);
		if (rc == 0)
			add_url(in, urls[i]);
	}
	free(urls);
	return rc;
}

/* A job that tells nobody should not look as if it did. */
static int
check_mail(struct draft *d, struct err *e)
{
	if (d->smtp != NULL && d->mail == NULL) {
		(void)err_set(e, ERR_USAGE, "--smtp without --mail");
		return err_hint(e, "Say who is to be told: --mail=ADDRESS.");
	}
	if (d->mail != NULL && !draft_can_mail(d))
		draft_add_note(d, 0,
		    "'notify' is a comment yet: this host has no "
		    "/usr/sbin/sendmail; say --smtp=smtp://HOST:PORT, or "
		    "complete it");
	return 0;
}

/* What neither options nor a script say. */
static int
fill_gaps(struct init *in, struct err *e)
{
	struct draft *d = &in->draft;
	char text[512], place[4096];

	if (d->dsn == NULL && d->connection == NULL) {
		(void)err_set(e, ERR_USAGE, "which database?");
		return err_hint(
		    e, "Give --dsn; `odbcinst -q -s` lists every DSN.");
	}
	if (d->sql == NULL)
		d->sql = "-- The last statement that returns rows makes the "
			 "file; temporary tables persist.\n"
			 "SELECT 1 AS one;\n";
	if (d->file_name == NULL) {
		(void)snprintf(
		    text, sizeof(text), "%s-{date:%%Y%%m%%d}.csv", d->name);
		d->file_name = draft_keep(d, text);
	}
	if (d->n_targets == 0) {
		if (getcwd(place, sizeof(place) - 256) == NULL)
			(void)snprintf(place, sizeof(place), "/tmp");
		(void)snprintf(text, sizeof(text), "file://%.300s/%s-out/",
		    place, d->name);
		add_url(in, text);
		draft_add_note(
		    d, 0, "no target is known: files go into %s", text + 7);
		d->targets[0].name = "here";
	}
	return 0;
}

static int
make_draft(struct init *in, struct err *e)
{
	const char *script = invocation_value(in->inv, "from-script");
	const char *sql = invocation_value(in->inv, "sql");
	const char *schedule = invocation_value(in->inv, "schedule");
	struct draft *d = &in->draft;
	const char *text = NULL;

	draft_init(d, in->inv->arguments[0]);
	override(in, "dsn", &d->dsn);
	if (script != NULL &&
	    (read_file(in, script, &text, e) < 0 ||
		import_script(d, text, script, e) < 0))
		return err_in(e, "%s", script);
	override(in, "dsn", &d->dsn);
	override(in, "user", &d->user);
	override(in, "file", &d->file_name);
	override(in, "description", &d->description);
	override(in, "owner", &d->owner);
	override(in, "mail", &d->mail);
	override(in, "smtp", &d->smtp);
	if (schedule != NULL)
		take_schedule(in, schedule);
	if ((sql != NULL && read_file(in, sql, &d->sql, e) < 0) ||
	    take_urls(in, e) < 0 || take_environments(in, e) < 0 ||
	    fill_gaps(in, e) < 0 || check_mail(d, e) < 0)
		return -1;
	draft_finish(d);
	return 0;
}

static int
add_file(struct init *in, const char *name, const char *text, mode_t mode,
    struct err *e)
{
	struct output_file *f = &in->files[in->n];

	if (in->n == INIT_FILES)
		return err_set(e, ERR_INTERNAL, "too many files");
	f->path = file_join(in->dir, name, e);
	if (f->path == NULL)
		return -1;
	f->text = text;
	f->mode = mode;
	in->n++;
	if (access(f->path, F_OK) == 0) {
		(void)err_set(e, ERR_USAGE, "'%s' is there already", f->path);
		return err_hint(e,
		    "Nothing was written. Choose another name, or remove "
		    "it.");
	}
	return 0;
}

static int
add_secret(struct init *in, const struct draft_secret *s, struct err *e)
{
	char *path;
	char *line;

	if (s->file == NULL)
		return 0;
	if (s->value != NULL) {
		line = calloc(1, strlen(s->value) + 2);
		if (line == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
		memcpy(line, s->value, strlen(s->value));
		line[strlen(s->value)] = '\n';
		if (redact_add(s->value, e) < 0 ||
		    add_file(in, s->file, draft_keep(&in->draft, line), 0600,
			e) < 0) {
			explicit_bzero(line, strlen(line));
			free(line);
			return -1;
		}
		explicit_bzero(line, strlen(line));
		free(line);
		return 0;
	}
	path = file_join(in->dir, s->file, e);
	if (path == NULL)
		return -1;
	in->lacks_secret = in->lacks_secret || access(path, F_OK) < 0;
	free(path);
	return 0;
}

/* All that is to be written, and nothing of it there yet. */
static int
plan_files(struct init *in, struct err *e)
{
	struct draft *d = &in->draft;
	char name[256];

	(void)snprintf(name, sizeof(name), "%s.cfg", d->name);
	if (add_file(in, name, NULL, 0644, e) < 0)
		return -1;
	(void)snprintf(name, sizeof(name), "%s.sql", d->name);
	if (add_file(in, name, d->sql, 0644, e) < 0 ||
	    add_secret(in, &d->secret, e) < 0)
		return -1;
	for (size_t i = 0; i < d->n_targets; i++)
		if (add_secret(in, &d->targets[i].secret, e) < 0)
			return -1;
	if (draft_put_spec(&in->spec, d, e) < 0)
		return -1;
	in->files[0].text = buf_text(&in->spec);
	return 0;
}

static int
write_one(const struct output_file *f, struct err *e)
{
	int fd = open(f->path,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, f->mode);
	int rc;

	if (fd < 0)
		return err_sys(e, errno, "cannot make '%s'", f->path);
	rc = file_write_all(fd, f->text, strlen(f->text), e);
	if (close(fd) < 0 && rc == 0)
		rc = err_sys(e, errno, "cannot write '%s'", f->path);
	if (rc < 0)
		(void)unlink(f->path);
	return rc;
}

/* All of them, or none. */
static int
write_files(struct init *in, struct err *e)
{
	size_t done = 0;

	if (file_make_dirs(in->dir, 0755, e) < 0)
		return -1;
	for (; done < in->n; done++)
		if (write_one(&in->files[done], e) < 0)
			break;
	if (done == in->n)
		return 0;
	while (done-- > 0)
		(void)unlink(in->files[done].path);
	return -1;
}

static void
tell_secret(const struct init *in, const struct draft_secret *s)
{
	struct err ignored = ERR_INIT;
	char *path;

	if (s->file == NULL || s->value != NULL)
		return;
	path = file_join(in->dir, s->file, &ignored);
	if (path != NULL && access(path, F_OK) < 0)
		printf("still to be written, one line, the password:\n"
		       "    (umask 077; cat > %s)\n",
		    path);
	free(path);
}

static void
tell(const struct init *in)
{
	const struct draft *d = &in->draft;
	struct buf line = BUF_INIT(64 * 1024);
	struct err ignored = ERR_INIT;

	for (size_t i = 0; i < in->n; i++)
		printf("wrote %s%s\n", in->files[i].path,
		    in->files[i].mode == 0600 ? " (a secret: mode 0600)" : "");
	tell_secret(in, &d->secret);
	for (size_t i = 0; i < d->n_targets; i++)
		tell_secret(in, &d->targets[i].secret);
	if (d->n_notes > 0)
		printf("\nWhat to look at:\n");
	for (size_t i = 0; i < d->n_notes; i++) {
		const char *text = d->notes[i].text;

		buf_reset(&line);
		if (str_escape(&line, text, strlen(text), &ignored) < 0)
			continue;
		redact_text(line.data, line.length + 1);
		if (d->notes[i].line > 0)
			printf("    line %u: %s\n", d->notes[i].line,
			    buf_text(&line));
		else
			printf("    %s\n", buf_text(&line));
	}
	buf_release(&line);
}

/* What `check` would say of it. */
static int
check(const struct init *in, const char *environment)
{
	const struct spec_request request = {
		.main_file = invocation_value(in->inv, "config"),
		.job = in->files[0].path,
		.environment = environment,
	};
	const struct plan_options how = {
		.with_secrets = !in->lacks_secret,
		.with_targets = true,
	};
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;
	struct plan *plan = NULL;
	struct err e = ERR_INIT;
	int status = 0;

	if (spec_load(&spec, &request, &problems, &e) < 0 ||
	    plan_build(&plan, spec, &how, &problems, &e) < 0 ||
	    plan_name_run(plan, 0, &e) < 0)
		status = err_exit_status(&e);
	terminal_problems(&problems);
	if (status != 0 && problems.errors == 0)
		terminal_error(in->draft.name, &e);
	plan_free(plan);
	spec_free(spec);
	problems_release(&problems);
	return status;
}

static int
check_all(const struct init *in)
{
	const struct draft *d = &in->draft;
	int status = d->n_environments == 0 ? check(in, NULL) : 0;

	for (size_t i = 0; i < d->n_environments; i++) {
		int own = check(in, d->environments[i].name);

		if (status == 0)
			status = own;
	}
	if (status == 0)
		printf("\n'odbcship check --connect %s%s%s' tries it; "
		       "'odbcship run %s%s%s --no-ship' makes the file and "
		       "sends nothing.\n",
		    d->name, d->n_environments > 0 ? " --env " : "",
		    d->n_environments > 0 ? d->environments[0].name : "",
		    d->name, d->n_environments > 0 ? " --env " : "",
		    d->n_environments > 0 ? d->environments[0].name : "");
	return status;
}

/* What the main file says must be right before a job is written beside it. */
static int
check_main_file(const struct init *in, struct err *e)
{
	const struct spec_request request = {
		.main_file = invocation_value(in->inv, "config"),
	};
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;
	int rc = spec_load(&spec, &request, &problems, e);

	spec_free(spec);
	problems_release(&problems);
	return rc;
}

/* Packages make /etc/odbcship, which is not for everybody to write to. */
static int
check_dir(const struct init *in, struct err *e)
{
	if (access(in->dir, W_OK) == 0 || (errno != EACCES && errno != EROFS))
		return 0;
	(void)err_sys(e, errno, "no job can be written to '%s'", in->dir);
	return err_hint(e,
	    "For jobs of your own: 'mkdir -p ~/.config/odbcship/jobs.d', and "
	    "they are looked for there. Those of this host are for root.");
}

static int
find_dir(struct init *in, struct err *e)
{
	char *main_file = spec_main_file(
	    invocation_value(in->inv, "config"), e);
	char *beside = main_file != NULL ? file_dir(main_file, e) : NULL;

	if (beside != NULL)
		in->dir = file_join(beside, "jobs.d", e);
	free(beside);
	free(main_file);
	return in->dir != NULL ? check_dir(in, e) : -1;
}

static int
run(const struct invocation *inv)
{
	struct init in = { .inv = inv, .spec = BUF_INIT(INIT_FILE_MAX) };
	struct err e = ERR_INIT;
	int status = 0;

	if (take_name(inv, &e) < 0 || check_main_file(&in, &e) < 0 ||
	    find_dir(&in, &e) < 0 || make_draft(&in, &e) < 0 ||
	    plan_files(&in, &e) < 0 || write_files(&in, &e) < 0) {
		terminal_error(NULL, &e);
		status = err_exit_status(&e);
	} else {
		tell(&in);
		status = check_all(&in);
		if (schedule_print(&in.draft, &e) < 0)
			terminal_error(NULL, &e);
	}
	for (size_t i = 0; i < in.n; i++)
		free(in.files[i].path);
	free(in.dir);
	buf_release(&in.spec);
	draft_release(&in.draft);
	return status;
}

const struct command command_init = {
	.name = "init",
	.summary = "Write the first spec of a job, from a few options or from "
		   "the script it replaces.",
	.usage = "[options] NAME",
	.example = "odbcship init nightly --dsn warehouse --schedule "
		   "'30 5 * * 1-5'",
	.options = option_rows,
	.run = run,
};
