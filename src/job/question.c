/*
 * question.c - send a statement of the job; ask a query for its one value
 *
 * What the value must be is condition.c's; when it is asked, gate.c's,
 * check.c's and watermark.c's business.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "job/question.h"
#include "odbc/fetch.h"
#include "sql/params.h"
#include "sql/simple.h"

static int
bind_params(const struct plan *p, struct statement *st,
    const struct params *found, struct err *e)
{
	struct param_value *values;
	int rc;

	if (found->n == 0)
		return 0;
	values = calloc(found->n, sizeof(*values));
	if (values == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < found->n; i++) {
		values[i].text = p->params[found->index[i]].value;
		values[i].type = p->params[found->index[i]].type;
	}
	rc = statement_bind(st, values, found->n, e);
	free(values);
	return rc;
}

/* As it is, or as the driver understands it. */
static int
execute(const struct asker *a, struct statement *st, const struct params *found,
    struct err *e)
{
	struct buf simple = BUF_INIT(SCRIPT_MAX);
	int rc;

	if (!session_is_naive(a->session))
		return statement_execute(st, found->text, found->length, e);
	rc = simple_put(&simple, found->text, found->length, a->dialect, e);
	if (rc == 0)
		rc = statement_execute(st, buf_text(&simple), simple.length, e);
	buf_release(&simple);
	return rc;
}

int
question_send(const struct asker *a, const struct statement_text *text,
    struct statement **statement, struct err *e)
{
	struct params found = PARAMS_INIT;
	struct statement *st = NULL;
	int rc = -1;

	if (plan_find_params(a->plan, a->dialect, text, &found, e) == 0 &&
	    statement_new(&st, a->session, e) == 0 &&
	    statement_limit(st, a->plan->query_timeout_ms, e) == 0 &&
	    bind_params(a->plan, st, &found, e) == 0 && a->cancelled(e) == 0)
		rc = execute(a, st, &found, e);
	params_release(&found);
	*statement = rc == 0 ? st : NULL;
	if (rc < 0)
		statement_free(st);
	return rc;
}

static int
refuse(struct err *e, const char *what)
{
	(void)err_set(e, ERR_SPEC, "the query gave %s", what);
	return err_hint(e,
	    "It must be one query whose result is one row of one column, such "
	    "as SELECT count(*) FROM ...");
}

/* The bytes of a value, however it comes. */
static int
take_cell(
    const struct block *block, struct buf *value, bool *is_null, struct err *e)
{
	const struct cell *cell = &block->cells[0];
	struct cell_part part = { cell->data, cell->length, cell->form, false };

	do {
		if ((cell->is_lazy || part.more) &&
		    block->read(block->reader, 0, &part, e) < 0)
			return -1;
		if (part.data == NULL) {
			*is_null = true;
			return 0;
		}
		if (part.form == CELL_BYTES)
			return refuse(e, "bytes, which cannot be compared");
		if (part.length >= ANSWER_MAX - value->length)
			return refuse(e, "a value of more than 4095 bytes");
		if (buf_put(value, part.data, part.length, e) < 0)
			return -1;
	} while (part.more);
	*is_null = false;
	return 0;
}

static int
take_value(struct statement *st, struct answer *answer, struct err *e)
{
	struct buf value = BUF_INIT(ANSWER_MAX);
	struct fetch *fetch = NULL;
	const struct block *block;
	int more = fetch_new(&fetch, st, e) < 0 ? -1 :
						  fetch_next(fetch, &block, e);

	if (more > 0) {
		answer->has_row = true;
		more = block->n_rows > 1 ?
		    refuse(e, "more than one row") :
		    take_cell(block, &value, &answer->is_null, e);
		if (more == 0)
			more = fetch_next(fetch, &block, e);
		if (more > 0)
			more = refuse(e, "more than one row");
	}
	if (more == 0 && value.length > 0)
		memcpy(answer->text, value.data, value.length);
	fetch_free(fetch);
	buf_release(&value);
	return more;
}

/* Results without columns are row counts; there must be one with one. */
static int
take_result(struct statement *st, struct answer *answer, struct err *e)
{
	bool seen = false;
	int more;

	do {
		size_t n = statement_column_count(st);

		if (n > 0 && seen)
			return refuse(e, "more than one result");
		if (n > 1)
			return refuse(e, "more than one column");
		if (n == 1) {
			answer->kind = statement_columns(st)[0].kind;
			if (take_value(st, answer, e) < 0)
				return -1;
			seen = true;
		}
		more = statement_more(st, e);
	} while (more > 0);
	return more == 0 && !seen ? refuse(e, "no result") : more;
}

int
question_ask(const struct asker *a, const char *sql, struct answer *answer,
    struct err *e)
{
	struct script script = SCRIPT_INIT;
	struct script_reader *reader = NULL;
	const struct statement_text *text;
	struct statement *st = NULL;
	int rc = -1;

	memset(answer, 0, sizeof(*answer));
	answer->is_null = true;
	if (script_add(&script, sql, e) < 0)
		goto out;
	reader = script_reader_new(&script);
	if (script_reader_next(reader, &text, e) > 0 &&
	    question_send(a, text, &st, e) == 0)
		rc = take_result(st, answer, e);
out:
	statement_free(st);
	script_reader_free(reader);
	script_release(&script);
	return rc;
}

const char *
answer_value(const struct answer *a)
{
	return a->is_null ? NULL : a->text;
}

void
answer_put(const struct answer *a, char text[GUARD_TEXT])
{
	enum { SHOWN = 100 };
	struct buf shown = BUF_INIT(8 * ANSWER_MAX);
	struct err ignored = ERR_INIT;
	size_t n = strnlen(a->text, SHOWN);

	if (a->is_null) {
		(void)snprintf(
		    text, GUARD_TEXT, "%s", a->has_row ? "NULL" : "no row");
		return;
	}
	/* Not in the middle of a character. */
	while (n > 0 && ((unsigned char)a->text[n] & 0xc0) == 0x80)
		n--;
	text[0] = '\0';
	if (str_escape(&shown, a->text, n, &ignored) == 0)
		(void)snprintf(text, GUARD_TEXT, "%s%s",
		    n == 0 ? "the empty text" : buf_text(&shown),
		    a->text[n] != '\0' ? "..." : "");
	buf_release(&shown);
}
