/*
 * sidefile.c - write checksum, manifest and marker beside the data
 *
 * What is in them follows from the plan and from what the export told; when
 * they are delivered is deliver.c's business.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "job/sidefile.h"
#include "sink/spool.h"

enum { MANIFEST_MAX = 16 * 1024 * 1024, MANIFEST_VERSION = 1 };

/* The files of an outcome in the making. */
struct writing {
	const struct plan *plan;
	const char *dir;
	struct run_outcome *outcome;
};

static const struct {
	const char *name;
	const char *ending;
} kinds[SIDEFILE_KINDS] = {
	[SIDEFILE_DATA] = { "data", "" },
	[SIDEFILE_CHECKSUM] = { "checksum", ".sha256" },
	[SIDEFILE_MANIFEST] = { "manifest", ".manifest.json" },
	[SIDEFILE_DONE] = { "done", "" },
};

const char *
sidefile_kind_name(enum sidefile_kind kind)
{
	return kinds[kind].name;
}

bool
sidefile_is_wanted(const struct plan_file *f, enum sidefile_kind kind)
{
	return kind == SIDEFILE_CHECKSUM ?
	    f->has_checksum :
	    kind == SIDEFILE_MANIFEST && f->has_manifest;
}

void
sidefile_put_name(
    char name[SIDEFILE_NAME], enum sidefile_kind kind, const char *of)
{
	(void)snprintf(name, SIDEFILE_NAME, "%s%s", of, kinds[kind].ending);
}

/* The next file of the outcome, which has room for it. */
static struct run_file_outcome *
add(struct writing *w, enum sidefile_kind kind, const char *name, struct err *e)
{
	struct run_file_outcome *f = &w->outcome->files[w->outcome->n_files];

	f->kind = kinds[kind].name;
	f->name = str_dup(name);
	f->path = f->name != NULL ? file_join(w->dir, name, e) : NULL;
	w->outcome->n_files++;
	if (f->name == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	return f->path != NULL ? f : NULL;
}

static int
write_file(struct writing *w, enum sidefile_kind kind, const char *name,
    const struct buf *text, struct err *e)
{
	struct run_file_outcome *f = add(w, kind, name, e);
	struct spool_receipt receipt;
	struct spool *s = NULL;
	int rc = -1;

	if (f == NULL || spool_open(&s, w->dir, name, e) < 0)
		return -1;
	if (out_write(spool_out(s), buf_text(text), text->length, e) == 0 &&
	    spool_commit(s, &receipt, e) == 0) {
		f->bytes = receipt.bytes;
		memcpy(f->sha256, receipt.sha256, sizeof(f->sha256));
		rc = 0;
	}
	spool_free(s);
	return rc;
}

static int
add_data(struct writing *w, const struct export_file *data, struct err *e)
{
	struct run_file_outcome *f = add(w, SIDEFILE_DATA, data->name, e);

	if (f == NULL)
		return -1;
	f->data = data;
	f->bytes = data->bytes;
	memcpy(f->sha256, data->sha256, sizeof(f->sha256));
	if (data->skipped) {
		free(f->path);
		f->path = NULL;
	}
	return 0;
}

/* How the file is to be read. */
static void
put_form(struct json *j, const struct plan_file *f)
{
	static const char *const quotes[] = { "minimal", "all", "text",
		"nonnull" };
	const char delimiter[] = { f->csv.delimiter, '\0' };

	json_begin_object(j, "csv");
	json_bool(j, "header", f->csv.header);
	json_string(j, "delimiter", delimiter);
	json_string(j, "newline", f->csv.crlf ? "crlf" : "lf");
	json_string(j, "quote", quotes[f->csv.quote]);
	json_string(j, "null", f->csv.null != NULL ? f->csv.null : "");
	json_string(
	    j, "charset", f->csv.charset != NULL ? f->csv.charset : "UTF-8");
	json_bool(j, "bom", f->csv.bom);
	json_end(j);
}

static void
put_source(struct json *j, const struct writing *w)
{
	const struct session_info *info = &w->outcome->result.info;
	const char *dsn = w->plan->session.dsn;

	json_begin_object(j, "source");
	json_string(j, "dsn", dsn);
	json_string(j, "dbms", info->dbms);
	json_string(j, "dbms_version", info->dbms_version);
	json_string(j, "driver", info->driver);
	json_string(j, "driver_version", info->driver_version);
	json_end(j);
}

static void
put_chain(struct json *j, const struct plan_file *f)
{
	static const char *const methods[] = { NULL, "gzip", "zstd" };

	json_string(j, "compress", methods[f->chain.compress]);
	json_begin_array(j, "encrypted_for");
	for (size_t i = 0; i < f->chain.n_recipients; i++)
		json_string(j, NULL, f->chain.recipients[i]);
	json_end(j);
}

static void
put_manifest(
    struct json *j, const struct writing *w, const struct export_file *data)
{
	const struct plan_file *f = &w->plan->files[data->index];
	const struct run_outcome *o = w->outcome;
	char now[CLOCK_TEXT];

	clock_put_utc(now, clock_wall_ms());
	json_begin_object(j, NULL);
	json_integer(j, "manifest", MANIFEST_VERSION);
	json_string(j, "name", data->name);
	json_integer(j, "rows", (int64_t)data->rows);
	json_integer(j, "bytes", (int64_t)data->bytes);
	json_string(j, "sha256", data->sha256);
	json_integer(j, "content_bytes", (int64_t)data->content_bytes);
	json_string(j, "content_sha256", data->content_sha256);
	put_chain(j, f);
	if (f->split_rows > 0)
		json_integer(j, "part", data->part);
	json_string(j, "job", o->job);
	json_string(j, "environment", o->environment);
	json_string(j, "date", o->date);
	json_integer(j, "run", o->run);
	json_string(j, "written", now);
	json_string(j, "host", w->plan->host);
	json_string(j, "odbcship", PACKAGE_VERSION);
	put_source(j, w);
	put_form(j, f);
	json_integer(j, "lossy", (int64_t)data->changes.lossy);
	json_integer(j, "replaced", (int64_t)data->changes.replaced);
	json_integer(j, "prefixed", (int64_t)data->changes.prefixed);
	json_raw(j, "columns", data->columns);
	json_end(j);
}

static int
build(const struct writing *w, enum sidefile_kind kind,
    const struct export_file *data, struct buf *text, struct err *e)
{
	struct json j;

	/* Two blanks: sha256sum(1) writes and reads bytes, not text. */
	if (kind == SIDEFILE_CHECKSUM)
		return buf_printf(
		    text, e, "%s  %s\n", data->sha256, data->name);
	json_init(&j, text);
	put_manifest(&j, w, data);
	if (json_finish(&j, e) < 0)
		return -1;
	return buf_puts(text, "\n", e);
}

static int
write_side(struct writing *w, enum sidefile_kind kind,
    const struct export_file *data, struct err *e)
{
	struct buf text = BUF_INIT(MANIFEST_MAX);
	char name[SIDEFILE_NAME];
	int rc = build(w, kind, data, &text, e);

	sidefile_put_name(name, kind, data->name);
	if (rc == 0)
		rc = write_file(w, kind, name, &text, e);
	buf_release(&text);
	return rc;
}

int
sidefile_write_all(
    const struct plan *p, const char *dir, struct run_outcome *o, struct err *e)
{
	struct writing w = { p, dir, o };
	const struct buf nothing = BUF_INIT(0);
	const struct export_file *data = o->result.files;
	size_t n = o->result.n_files;
	bool any = false;

	o->files = calloc(3 * n + 1, sizeof(*o->files));
	if (o->files == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < n; i++)
		if (add_data(&w, &data[i], e) < 0)
			return -1;
	for (enum sidefile_kind k = SIDEFILE_CHECKSUM; k < SIDEFILE_DONE; k++)
		for (size_t i = 0; i < n; i++) {
			any = any || !data[i].skipped;
			if (!data[i].skipped &&
			    sidefile_is_wanted(&p->files[data[i].index], k) &&
			    write_side(&w, k, &data[i], e) < 0)
				return -1;
		}
	if (!any || p->done_name == NULL)
		return 0;
	return write_file(&w, SIDEFILE_DONE, p->done_name, &nothing, e);
}
