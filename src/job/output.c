/*
 * output.c - write result sets, keep the one that is wanted
 *
 * Which rows come is worker.c's business; how they look is csv/csv.h's; what
 * is done to the bytes sink/chain.h's; how a file gets its name is
 * sink/spool.h's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "job/output.h"

enum { OUTPUT_COLUMNS_MAX = 3 * 1024 * 1024 };

void
output_init(struct output *o, const struct plan *plan,
    const struct plan_file *file, const struct export_place *place)
{
	memset(o, 0, sizeof(*o));
	o->plan = plan;
	o->file = file;
	o->place = place;
	o->temporary_fd = -1;
	o->csv = (struct csv)CSV_INIT;
	buf_init(&o->description, OUTPUT_COLUMNS_MAX);
}

/* A file without a name, for what may have to be taken back. */
static int
open_temporary(struct output *o, struct err *e)
{
	const char *dir = getenv("TMPDIR");
	char *path = file_join(
	    dir != NULL && *dir != '\0' ? dir : "/tmp", "odbcship-XXXXXX", e);

	if (path == NULL)
		return -1;
	o->temporary_fd = mkstemp(path);
	if (o->temporary_fd < 0)
		(void)err_sys(
		    e, errno, "cannot make the temporary file '%s'", path);
	else
		(void)unlink(path);
	free(path);
	return o->temporary_fd < 0 ? -1 : 0;
}

/* A part with the name that the plan or the place gives it. */
static int
open_named(struct output *o, struct output_part *part, struct err *e)
{
	const struct export_place *p = o->place;
	char *name;
	int rc;

	if (p->name != NULL)
		return spool_open(&part->spool, p->dir, p->name, e);
	name = plan_part_name(o->plan, o->file, (unsigned)o->n_parts, e);
	if (name == NULL)
		return -1;
	rc = spool_open(&part->spool, p->dir, name, e);
	free(name);
	return rc;
}

static int
open_spool(struct output *o, struct output_part *part, bool last, struct err *e)
{
	const struct export_place *p = o->place;

	if (p->dir != NULL)
		return open_named(o, part, e);
	if (last) {
		o->direct = true;
		return spool_open_fd(&part->spool, p->fd, p->name, e);
	}
	if (open_temporary(o, e) < 0)
		return -1;
	return spool_open_fd(&part->spool, o->temporary_fd, p->name, e);
}

/* The result before this one was not the last: forget it. */
static void
drop_candidate(struct output *o)
{
	csv_release(&o->csv);
	for (size_t i = 0; i < o->n_parts; i++) {
		chain_free(o->parts[i].chain);
		spool_free(o->parts[i].spool);
	}
	free(o->parts);
	o->parts = NULL;
	o->n_parts = 0;
	o->rows = o->bytes = o->told_lossy = 0;
	if (o->temporary_fd >= 0)
		(void)close(o->temporary_fd);
	o->temporary_fd = -1;
}

static int
refuse_second(const struct output *o, struct err *e)
{
	if (o->file->result == PLAN_RESULT_ONLY) {
		(void)err_set(e, ERR_DATA,
		    "the batch gave more than one "
		    "result set, and source.result is \"only\"");
		return err_hint(e,
		    "Set source.result = \"last\", or let only "
		    "one statement return rows.");
	}
	if (o->file->result == PLAN_RESULT_NAME) {
		(void)err_set(e, ERR_DATA,
		    "the statement named '%s' gave more than one result set",
		    o->file->result_name);
		return err_hint(e, "Ask for it by its number.");
	}
	if (o->direct) {
		(void)err_set(e, ERR_DATA,
		    "the last statement gave more than "
		    "one result set, and the first is already written");
		return err_hint(e,
		    "Write to a file with -o FILE: there the "
		    "last result set takes the place of the ones before.");
	}
	return 0;
}

/*
 * Whoever looks at values forgets those of the result before. With several
 * files it is the first one that is looked at.
 */
static int
begin_inspect(struct output *o, const struct columns *columns, struct err *e)
{
	if (o->inspect == NULL && o->file == o->plan->files &&
	    inspect_new(
		&o->inspect, &o->plan->guards.checks, o->place->dir, e) < 0)
		return -1;
	return o->inspect != NULL ? inspect_begin(o->inspect, columns, e) : 0;
}

/* Describe the columns for the manifest and the ledger. */
static int
describe_columns(struct output *o, struct err *e)
{
	const struct columns *columns = &o->columns;
	struct json j;

	buf_reset(&o->description);
	json_init(&j, &o->description);
	json_begin_array(&j, NULL);
	for (size_t i = 0; i < columns->n; i++) {
		json_begin_object(&j, NULL);
		json_string(&j, "name", columns->items[i].name);
		json_string(
		    &j, "kind", column_kind_name(columns->items[i].kind));
		json_string(&j, "type", columns->items[i].type_name);
		json_end(&j);
	}
	json_end(&j);
	return json_finish(&j, e);
}

/* Begin the next part, which becomes the last one. */
static int
open_part(struct output *o, bool last, struct err *e)
{
	struct output_part *parts = realloc(
	    o->parts, (o->n_parts + 1) * sizeof(*parts));
	struct output_part *part;

	if (parts == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	o->parts = parts;
	part = &parts[o->n_parts++];
	memset(part, 0, sizeof(*part));
	if (open_spool(o, part, last, e) < 0 ||
	    chain_open(&part->chain, &o->file->chain, part->spool, e) < 0 ||
	    csv_open(&o->csv, &o->file->csv, chain_out(part->chain),
		&o->columns, e) < 0)
		return -1;
	return csv_put_header(&o->csv, e);
}

/* All rows of the last part are there: hand its last bytes to the spool. */
static int
close_part(struct output *o, struct err *e)
{
	struct output_part *part = &o->parts[o->n_parts - 1];

	if (csv_finish(&o->csv, e) < 0 ||
	    chain_finish(part->chain, &part->content, e) < 0)
		return -1;
	chain_free(part->chain);
	part->chain = NULL;
	part->rows = o->csv.rows;
	part->changes.replaced = o->csv.counts.replaced;
	part->changes.prefixed = o->csv.counts.prefixed;
	part->changes.lossy = o->lossy - o->told_lossy;
	o->told_lossy = o->lossy;
	o->rows += o->csv.rows;
	o->bytes += o->csv.bytes;
	csv_release(&o->csv);
	o->csv.rows = o->csv.bytes = 0;
	return 0;
}

int
output_begin(
    struct output *o, const struct columns *columns, bool last, struct err *e)
{
	if (o->results > 0 && refuse_second(o, e) < 0)
		return -1;
	drop_candidate(o);
	o->results++;
	o->columns = *columns;
	o->lossy = 0;
	if (describe_columns(o, e) < 0 || begin_inspect(o, columns, e) < 0)
		return -1;
	return open_part(o, last, e);
}

/* A part that is full is complete: it need not be kept open. */
static int
next_part(struct output *o, struct err *e)
{
	struct output_part *part = &o->parts[o->n_parts - 1];

	if (close_part(o, e) < 0 ||
	    spool_finish(part->spool, &part->receipt, e) < 0)
		return -1;
	return open_part(o, true, e);
}

/* To one part after the other. */
static int
write_rows(struct output *o, const struct block *block, struct err *e)
{
	struct block part = *block;
	uint64_t most = o->file->split_rows;
	size_t left = block->n_rows;

	if (most == 0)
		return csv_put_block(&o->csv, block, e);
	for (; left > 0; left -= part.n_rows) {
		if (o->csv.rows == most && next_part(o, e) < 0)
			return -1;
		part.n_rows = left;
		if (left > most - o->csv.rows)
			part.n_rows = (size_t)(most - o->csv.rows);
		if (csv_put_block(&o->csv, &part, e) < 0)
			return -1;
		part.cells += part.n_rows * part.n_columns;
	}
	return 0;
}

int
output_put(struct output *o, const struct block *block, struct err *e)
{
	const struct block *heard = block;

	if (o->inspect != NULL)
		heard = inspect_listen(o->inspect, block);
	if (write_rows(o, heard, e) < 0)
		return -1;
	return o->inspect != NULL ? inspect_block(o->inspect, block, e) : 0;
}

int
output_end(struct output *o, struct err *e)
{
	return close_part(o, e);
}

void
output_count(const struct output *o, uint64_t *rows, uint64_t *bytes)
{
	*rows = o->rows + o->csv.rows;
	*bytes = o->bytes + o->csv.bytes;
}

static int
refuse_none(const struct output *o, struct err *e)
{
	const char *setting = strcmp(o->file->where, "file") == 0 ? "source" :
								    "files";

	if (o->file->result >= PLAN_RESULT_NUMBER) {
		(void)err_set(e, ERR_DATA,
		    "the batch gave no result set '%s', which "
		    "%s.result asks for",
		    o->file->result_name, setting);
		return err_hint(e,
		    "`odbcship show JOB --statements` lists the "
		    "statements with their names.");
	}
	(void)err_set(e, ERR_DATA, "the batch gave no result set");
	return err_hint(e,
	    "One of its statements must return rows: "
	    "end the batch with a SELECT.");
}

int
output_check(const struct output *o, struct err *e)
{
	if (o->results == 0)
		return refuse_none(o, e);
	if (o->rows > 0 || o->file->empty != PLAN_EMPTY_FAIL)
		return 0;
	(void)err_set(e, ERR_DATA, "the result%s%s%s has no rows",
	    o->file->result >= PLAN_RESULT_NUMBER ? " '" : "",
	    o->file->result >= PLAN_RESULT_NUMBER ? o->file->result_name : "",
	    o->file->result >= PLAN_RESULT_NUMBER ? "'" : "");
	return err_hint(e,
	    "%s.empty is \"fail\": was the data there yet? \"skip\" or "
	    "\"ship\" would let it pass.",
	    o->file->where);
}

/* What was written to a descriptor cannot be taken back. */
static bool
is_skipped(const struct output *o)
{
	return o->rows == 0 && o->file->empty == PLAN_EMPTY_SKIP &&
	    o->place->dir != NULL;
}

int
output_flush(struct output *o, struct err *e)
{
	for (size_t i = 0; i < o->n_parts && !is_skipped(o); i++)
		if (spool_finish(o->parts[i].spool, &o->parts[i].receipt, e) <
		    0)
			return -1;
	return 0;
}

static int
copy_temporary(struct output *o, struct err *e)
{
	enum { CHUNK = 64 * 1024 };
	static char chunk[CHUNK];
	ssize_t n;

	if (lseek(o->temporary_fd, 0, SEEK_SET) < 0)
		return err_sys(e, errno, "cannot read the temporary file");
	for (;;) {
		n = read(o->temporary_fd, chunk, sizeof(chunk));
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(
			    e, errno, "cannot read the temporary file");
		if (file_write_all(o->place->fd, chunk, (size_t)n, e) < 0)
			return err_in(e, "%s", o->place->name);
	}
}

int
output_commit(struct output *o, struct err *e)
{
	for (size_t i = 0; i < o->n_parts && !is_skipped(o); i++)
		if (spool_commit(o->parts[i].spool, &o->parts[i].receipt, e) <
		    0)
			return -1;
	return o->temporary_fd >= 0 ? copy_temporary(o, e) : 0;
}

void
output_describe(const struct output *o, size_t i, struct wire_file *file)
{
	const struct output_part *part = &o->parts[i];
	bool is_plain = part->content.sha256[0] == '\0';

	memset(file, 0, sizeof(*file));
	file->index = (unsigned)(o->file - o->plan->files);
	file->part = (unsigned)i + 1;
	file->skipped = is_skipped(o);
	file->rows = part->rows;
	file->changes = part->changes;
	if (file->skipped)
		return;
	file->bytes = part->receipt.bytes;
	file->content_bytes = part->content.bytes;
	memcpy(file->sha256, part->receipt.sha256, sizeof(file->sha256));
	memcpy(file->content_sha256,
	    is_plain ? part->receipt.sha256 : part->content.sha256,
	    sizeof(file->content_sha256));
}

void
output_release(struct output *o)
{
	drop_candidate(o);
	inspect_free(o->inspect);
	o->inspect = NULL;
	buf_release(&o->description);
}
