/*
 * ledger.c - the record of runs: statements, files, deliveries
 *
 * Each call is a transaction of its own, made durable before it returns, so
 * that a crash loses at most the step it was in. Reads are in ledger_read.c,
 * SQLite itself in db.c, the tables in schema.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "state/db.h"
#include "state/ledger_private.h"
#include "state/schema.h"

enum { LEDGER_BUSY_MS = 30 * 1000, SUSPECT_PATH = 4096 };

static int
execute(struct ledger *l, const char *sql, const char *what, struct err *e)
{
	if (sqlite3_exec(l->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(l->db, what, e);
	return 0;
}

static int
read_version(struct ledger *l, int64_t *version, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db, "PRAGMA user_version");
	more = query_next(&q, "read the version of the ledger", e);
	if (more > 0)
		*version = query_integer(&q, 0);
	query_end(&q);
	return more < 0 ? -1 : 0;
}

/* The mark of a ledger in which damage was met. */
static void
put_suspect(char mark[SUSPECT_PATH], const char *path)
{
	(void)snprintf(mark, SUSPECT_PATH, "%s.suspect", path);
}

static void
mark_suspect(struct ledger *l)
{
	const char *path = sqlite3_db_filename(l->db, "main");
	char mark[SUSPECT_PATH];
	int fd;

	if (path == NULL || *path == '\0')
		return;
	put_suspect(mark, path);
	fd = open(mark, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)close(fd);
}

static int
not_ours(struct err *e)
{
	(void)err_set(e, ERR_LOCAL, "this is no ledger of odbcship");
	e->native = SQLITE_NOTADB;
	return db_hint_damage(e);
}

/* How many tables there are: all, or those that every version has. */
static int
count_tables(struct ledger *l, bool ours, int64_t *n, struct err *e)
{
	struct query q;
	int more;

	query_begin(&q, l->db,
	    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND"
	    " (?1 = 0 OR name IN ('run', 'statement', 'file', 'delivery'))");
	query_put_integer(&q, ours);
	more = query_next(&q, "look into the ledger", e);
	if (more > 0)
		*n = query_integer(&q, 0);
	query_end(&q);
	return more < 0 ? -1 : 0;
}

/* Who made it, where that is said; ours say so since the step that does. */
static int
check_application(struct ledger *l, struct err *e)
{
	struct query q;
	int64_t id = 0;
	int more;

	query_begin(&q, l->db, "PRAGMA application_id");
	more = query_next(&q, "read whose ledger it is", e);
	if (more > 0)
		id = query_integer(&q, 0);
	query_end(&q);
	if (more < 0)
		return -1;
	return id == 0 || id == SCHEMA_APPLICATION ? 0 : not_ours(e);
}

/* A database of somebody else's, or one that lost its tables. */
static int
check_schema(struct ledger *l, int64_t version, struct err *e)
{
	int64_t all = 0, ours = 0;

	if (count_tables(l, false, &all, e) < 0 ||
	    count_tables(l, true, &ours, e) < 0)
		return -1;
	if (version < 0 || (version == 0 && all > 0) ||
	    (version > 0 && ours != 4))
		return not_ours(e);
	return 0;
}

/* Whose file it is, and whether this version can use it. */
static int
check_ledger(
    struct ledger *l, const char *path, int64_t *version, struct err *e)
{
	if (read_version(l, version, e) < 0 || check_application(l, e) < 0)
		return -1;
	if (*version <= SCHEMA_VERSION)
		return check_schema(l, *version, e);
	(void)err_set(e, ERR_LOCAL,
	    "the ledger '%s' was written by a newer odbcship (version %lld, "
	    "this one knows %d)",
	    path, (long long)*version, (int)SCHEMA_VERSION);
	return err_hint(e, "Install the newer odbcship here too.");
}

/* Under the write lock, so that two processes do not both begin. */
static int
upgrade(struct ledger *l, const char *path, struct err *e)
{
	int64_t version = 0;
	char mark[64];

	if (check_ledger(l, path, &version, e) < 0)
		return -1;
	if (version == SCHEMA_VERSION)
		return 0; /* nothing is written, nothing to wait for */
	for (; version < SCHEMA_VERSION; version++)
		if (execute(l, schema_steps[version], "make the ledger", e) < 0)
			return -1;
	(void)snprintf(mark, sizeof(mark), "PRAGMA user_version = %d",
	    (int)SCHEMA_VERSION);
	return execute(l, mark, "make the ledger", e);
}

/*
 * Before anything is written, not so much as a journal's mode: a file of
 * somebody else's stays as it is. One of no bytes is ours to fill, and all is
 * read at one moment, since another run may be filling it.
 */
static int
recognise(struct ledger *l, const char *path, struct err *e)
{
	struct err own = ERR_INIT;
	int64_t version = 0;
	int rc;

	if (execute(l, "BEGIN", "open the ledger", e) < 0)
		return -1;
	rc = check_ledger(l, path, &version, e);
	(void)execute(l, "ROLLBACK", "roll back", &own);
	return rc;
}

static int
prepare(struct ledger *l, const char *path, struct err *e)
{
	(void)sqlite3_busy_timeout(l->db, LEDGER_BUSY_MS);
	if (recognise(l, path, e) < 0 ||
	    execute(l,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		" PRAGMA foreign_keys = ON",
		"open the ledger", e) < 0 ||
	    execute(l, "BEGIN IMMEDIATE", "open the ledger", e) < 0)
		return -1;
	if (upgrade(l, path, e) < 0) {
		struct err own = ERR_INIT;

		(void)execute(l, "ROLLBACK", "roll back", &own);
		return -1;
	}
	return execute(l, "COMMIT", "open the ledger", e);
}

/*
 * Damage that is met in the middle of a run leaves a mark, by which the next
 * one looks at the whole ledger; each run would pay too much for that.
 */
static int
check_suspect(struct ledger *l, const char *path, struct err *e)
{
	char mark[SUSPECT_PATH];
	struct query q;
	int more;

	put_suspect(mark, path);
	if (access(mark, F_OK) < 0)
		return 0;
	query_begin(&q, l->db, "PRAGMA quick_check(1)");
	more = query_next(&q, "check the ledger", e);
	if (more > 0 && strcmp(query_text(&q, 0), "ok") != 0) {
		(void)err_set(e, ERR_LOCAL, "the ledger is damaged: %s",
		    query_text(&q, 0));
		e->native = SQLITE_CORRUPT;
		more = db_hint_damage(e);
	}
	query_end(&q);
	if (more < 0)
		return -1;
	(void)unlink(mark);
	return 0;
}

/* Open dir/ledger.db with SQLite's flags. */
static int
open_file(struct ledger **ledger, const char *dir, int flags, struct err *e)
{
	struct ledger *l = calloc(1, sizeof(*l));
	char *path = file_join(dir, "ledger.db", e);
	mode_t mask;
	int rc = -1;

	*ledger = NULL;
	if (l == NULL || path == NULL) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		goto out;
	}
	mask = umask(077);
	rc = sqlite3_open_v2(path, &l->db, flags | SQLITE_OPEN_NOFOLLOW,
		 NULL) == SQLITE_OK ?
	    prepare(l, path, e) :
	    db_error(l->db, "open the ledger", e);
	(void)umask(mask);
	if (rc == 0)
		rc = check_suspect(l, path, e);
	if (rc < 0)
		(void)err_in(e, "%s", path);
out:
	free(path);
	if (rc < 0)
		ledger_free(l);
	else
		*ledger = l;
	return rc;
}

int
ledger_open(struct ledger **ledger, const char *dir, struct err *e)
{
	return open_file(
	    ledger, dir, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
}

int
ledger_open_existing(struct ledger **ledger, const char *dir, struct err *e)
{
	char *path = file_join(dir, "ledger.db", e);
	bool is_there;

	*ledger = NULL;
	if (path == NULL)
		return -1;
	is_there = access(path, F_OK) == 0 ||
	    (errno != ENOENT && errno != ENOTDIR);
	free(path);
	if (!is_there)
		return 0;
	return open_file(ledger, dir, SQLITE_OPEN_READWRITE, e) < 0 ? -1 : 1;
}

/*
 * The locks of connections and the count of allocated bytes, which nobody
 * asks for, are a quarter of what an export from SQLite takes
 * (sqlite.org/threadsafe.html: the locks of the library itself stay). If they
 * cannot be left out, nothing else changes.
 */
void
ledger_global_init(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

void
ledger_put_version(char *text, size_t size)
{
	(void)snprintf(text, size, "SQLite %s", sqlite3_libversion());
}

void
ledger_free(struct ledger *l)
{
	if (l == NULL)
		return;
	if (l->db != NULL && db_has_damage())
		mark_suspect(l);
	(void)sqlite3_close(l->db);
	free(l);
}

static const char *
text_or(const char *text)
{
	return text != NULL ? text : "";
}

static void
put_key(struct query *q, const struct run_key *key)
{
	query_put_text(q, key->job);
	query_put_text(q, text_or(key->environment));
	query_put_text(q, text_or(key->date));
	query_put_text(q, text_or(key->shard));
}

int
ledger_close_lost(struct ledger *l, const struct run_key *key, struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "UPDATE run SET state = 'lost', status = 70,"
	    " class = 'internal', ended_ms = ?, message ="
	    " 'the process ended without a word (killed, or the host went"
	    " down)' WHERE state = 'running' AND job = ? AND environment = ?");
	query_put_integer(&q, clock_wall_ms());
	query_put_text(&q, key->job);
	query_put_text(&q, text_or(key->environment));
	if (query_run(&q, "record lost runs", e) < 0)
		return -1;
	return sqlite3_changes(l->db);
}

int
ledger_begin_run(struct ledger *l, const struct run_start *start, int64_t *run,
    struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "INSERT INTO run (job, environment, date,"
	    " shard, dsn, user, host, version, began_ms, pid, forced, state,"
	    " status, ended_ms, rows, bytes, class, message, hint, sqlstate,"
	    " native, dbms, driver) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
	    " 'running', -1, 0, 0, 0, '', '', '', '', 0, '', '')");
	put_key(&q, &start->key);
	query_put_text(&q, text_or(start->dsn));
	query_put_text(&q, text_or(start->user));
	query_put_text(&q, text_or(start->host));
	query_put_text(&q, text_or(start->version));
	query_put_integer(&q, clock_wall_ms());
	query_put_integer(&q, getpid());
	query_put_integer(&q, start->forced);
	if (query_run(&q, "record the run", e) < 0)
		return -1;
	*run = sqlite3_last_insert_rowid(l->db);
	return 0;
}

int
ledger_set_connection(struct ledger *l, int64_t run, const char *dbms,
    const char *driver, struct err *e)
{
	struct query q;

	query_begin(
	    &q, l->db, "UPDATE run SET dbms = ?, driver = ? WHERE id = ?");
	query_put_text(&q, text_or(dbms));
	query_put_text(&q, text_or(driver));
	query_put_integer(&q, run);
	return query_run(&q, "record the connection", e);
}

int
ledger_put_statement(
    struct ledger *l, int64_t run, const struct run_statement *s, struct err *e)
{
	const struct err none = ERR_INIT;
	const struct err *error = s->error != NULL ? s->error : &none;
	struct query q;

	query_begin(&q, l->db,
	    "INSERT OR REPLACE INTO statement (run,"
	    " position, line, source, name, word, began_ms, elapsed_ms, rows,"
	    " results, message, sqlstate, native)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	query_put_integer(&q, run);
	query_put_integer(&q, s->index);
	query_put_integer(&q, s->line);
	query_put_text(&q, text_or(s->source));
	query_put_text(&q, s->name);
	query_put_text(&q, text_or(s->word));
	query_put_integer(&q, s->began_ms);
	query_put_integer(&q, (int64_t)s->elapsed_ms);
	query_put_integer(&q, s->rows);
	query_put_integer(&q, s->results);
	query_put_text(&q, error->text);
	query_put_text(&q, error->state);
	query_put_integer(&q, error->native);
	return query_run(&q, "record a statement", e);
}

static int
put_file(struct ledger *l, int64_t run, struct run_file *f, struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "INSERT INTO file (run, name, path, rows,"
	    " bytes, sha256, columns, lossy, replaced, prefixed, kind, skipped,"
	    " content_bytes, content_sha256)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	query_put_integer(&q, run);
	query_put_text(&q, f->name);
	query_put_text(&q, text_or(f->path));
	query_put_integer(&q, (int64_t)f->rows);
	query_put_integer(&q, (int64_t)f->bytes);
	query_put_text(&q, text_or(f->sha256));
	query_put_text(&q, text_or(f->columns));
	query_put_integer(&q, (int64_t)f->lossy);
	query_put_integer(&q, (int64_t)f->replaced);
	query_put_integer(&q, (int64_t)f->prefixed);
	query_put_text(&q, f->kind != NULL ? f->kind : "data");
	query_put_integer(&q, f->skipped);
	query_put_integer(&q, (int64_t)f->content_bytes);
	query_put_text(&q, text_or(f->content_sha256));
	if (query_run(&q, "record the file", e) < 0)
		return -1;
	f->id = sqlite3_last_insert_rowid(l->db);
	return 0;
}

int
ledger_atomically(struct ledger *l, int (*work)(void *arg, struct err *e),
    void *arg, struct err *e)
{
	struct err own = ERR_INIT;
	int rc = 0;

	if (l->depth == 0)
		rc = execute(l, "BEGIN IMMEDIATE", "begin to record", e);
	if (rc < 0)
		return -1;
	l->depth++;
	rc = work(arg, e);
	l->depth--;
	if (l->depth > 0)
		return rc;
	if (rc == 0)
		rc = execute(l, "COMMIT", "record", e);
	if (rc < 0)
		(void)execute(l, "ROLLBACK", "roll back", &own);
	return rc;
}

/* The files of a run on their way into the ledger. */
struct files {
	struct ledger *ledger;
	int64_t run;
	struct run_file *files;
	size_t n;
};

static int
put_files(void *arg, struct err *e)
{
	const struct files *f = arg;

	for (size_t i = 0; i < f->n; i++)
		if (put_file(f->ledger, f->run, &f->files[i], e) < 0)
			return -1;
	return 0;
}

/* One transaction: a run that is finished later needs all of them. */
int
ledger_put_files(
    struct ledger *l, int64_t run, struct run_file *f, size_t n, struct err *e)
{
	struct files files = { l, run, f, n };

	return ledger_atomically(l, put_files, &files, e);
}

int
ledger_end_run(
    struct ledger *l, int64_t run, const struct run_end *end, struct err *e)
{
	const struct err none = ERR_INIT;
	const struct err *error = end->error != NULL ? end->error : &none;
	struct query q;

	query_begin(&q, l->db,
	    "UPDATE run SET state = ?, status = ?,"
	    " ended_ms = ?, rows = ?, bytes = ?, class = ?, message = ?,"
	    " hint = ?, sqlstate = ?, native = ? WHERE id = ?");
	query_put_text(&q, end->state);
	query_put_integer(&q, end->status);
	query_put_integer(&q, clock_wall_ms());
	query_put_integer(&q, (int64_t)end->rows);
	query_put_integer(&q, (int64_t)end->bytes);
	query_put_text(&q, error->class != ERR_NONE ? err_name(error) : "");
	query_put_text(&q, error->text);
	query_put_text(&q, error->hint);
	query_put_text(&q, error->state);
	query_put_integer(&q, error->native);
	query_put_integer(&q, run);
	return query_run(&q, "record the end of the run", e);
}
