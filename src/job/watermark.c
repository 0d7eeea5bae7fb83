/*
 * watermark.c - which rows are new since the last file that was shipped
 *
 * Nothing is remembered here: what was shipped is in the ledger, what is new
 * in the database. See state/watermark.h for when the one becomes the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "job/watermark.h"
#include "job/wire.h"
#include "spec/date.h"
#include "state/watermark.h"

static int
keep(char **to, const char *text, struct err *e)
{
	char *copy = str_dup(text);

	if (copy == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	free(*to);
	*to = copy;
	return 0;
}

/* The range of an earlier run of this date is that of this one too. */
static int
repeat_range(
    struct watermark *w, const struct watermark_range *r, struct err *e)
{
	w->repeats = true;
	log_info("run %lld may have shipped this date: its rows are exported "
		 "again, from '%s' to '%s'",
	    (long long)r->run, r->from, r->to);
	if (keep(&w->from, r->from, e) < 0)
		return -1;
	return keep(&w->to, r->to, e);
}

static int
settle_range(struct watermark *w, struct ledger *l, const struct run_key *key,
    struct err *e)
{
	struct watermark_range r = WATERMARK_RANGE_INIT;
	int rc = watermark_find_range(l, key, w->name, &r, e);

	if (rc > 0)
		rc = repeat_range(w, &r, e);
	else if (rc == 0) {
		rc = watermark_find_doubtful(l, key, w->name, &r, e);
		if (rc > 0)
			log_warning(
			    "run %lld of %s may have delivered rows up to '%s' "
			    "and is not recorded as shipped: this run exports "
			    "them again",
			    (long long)r.run, r.date, r.to);
	}
	watermark_range_release(&r);
	return rc < 0 ? -1 : 0;
}

int
watermark_begin(
    struct plan *p, struct ledger *l, const struct run_key *key, struct err *e)
{
	struct watermark *w = &p->guards.watermark;
	char *value = NULL;
	int rc;

	if (w->name == NULL)
		return 0;
	rc = watermark_value(l, key, w->name, &value, e);
	if (rc >= 0)
		rc = keep(&w->from, value != NULL ? value : w->initial, e);
	if (value == NULL && rc == 0)
		log_info("no run of '%s' was shipped yet: the watermark '%s' "
			 "begins at '%s'",
		    key->job, w->name, w->initial);
	free(value);
	if (rc < 0 || settle_range(w, l, key, e) < 0)
		return -1;
	plan_bind_cutoff(p, w->from, w->to);
	return 0;
}

int
watermark_begin_anew(struct plan *p, struct err *e)
{
	struct watermark *w = &p->guards.watermark;

	if (w->name == NULL)
		return 0;
	if (keep(&w->from, w->initial, e) < 0)
		return -1;
	plan_bind_cutoff(p, w->from, w->to);
	return 0;
}

int
watermark_record(struct ledger *l, int64_t run, const struct plan *p,
    const struct export_result *result, struct err *e)
{
	const struct watermark_range range = {
		.run = run,
		.name = (char *)(uintptr_t)p->guards.watermark.name,
		.from = result->from,
		.to = result->to,
	};

	if (range.name == NULL)
		return 0;
	log_info("the watermark '%s' goes from '%s' to '%s'", range.name,
	    range.from, range.to);
	return watermark_put(l, &range, e);
}

/* YYYY-MM-DD HH:MM:SS[.fraction] and nothing behind it. */
static bool
is_plain_timestamp(const char *text)
{
	static const char form[] = "0000-00-00 00:00:00";
	size_t i = 0;

	for (; form[i] != '\0'; i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' :
				     text[i] != form[i])
			return false;
	if (text[i] == '.')
		i += 1 + strspn(text + i + 1, "0123456789");
	return text[i] == '\0';
}

static bool
is_date(const char *text)
{
	struct err ignored = ERR_INIT;
	struct date date;

	return strlen(text) == 10 && date_parse(&date, text, &ignored) == 0;
}

/* How a value of a column is bound where the job does not say. */
static enum param_type
type_of(enum column_kind kind, const char *value)
{
	struct err ignored = ERR_INIT;
	int64_t number;
	int order;

	switch (kind) {
	case COLUMN_INTEGER:
		return str_integer(value, &number, &ignored) == 0 ?
		    PARAM_INTEGER :
		    PARAM_DECIMAL;
	case COLUMN_DECIMAL:
		return decimal_compare(value, value, &order) ? PARAM_DECIMAL :
							       PARAM_TEXT;
	case COLUMN_DATE:
		return is_date(value) ? PARAM_DATE : PARAM_TEXT;
	case COLUMN_TIMESTAMP:
		return is_plain_timestamp(value) ? PARAM_TIMESTAMP : PARAM_TEXT;
	default:
		return PARAM_TEXT;
	}
}

static void
set_types(struct plan *p, enum column_kind kind)
{
	for (size_t i = 0; i < p->n_params; i++)
		if (p->params[i].is_cutoff && p->params[i].value != NULL)
			p->params[i].type = type_of(kind, p->params[i].value);
}

/* Whether it lies before; texts of no order that is known here never do. */
static bool
is_before(const char *value, const char *from)
{
	int order;

	if (decimal_compare(value, from, &order))
		return order < 0;
	return ((is_plain_timestamp(value) && is_plain_timestamp(from)) ||
		   (is_date(value) && is_date(from))) &&
	    strcmp(value, from) < 0;
}

static int
warn_back(const struct asker *a, const char *value, struct err *e)
{
	const struct watermark *w = &a->plan->guards.watermark;
	char text[512];

	(void)snprintf(text, sizeof(text),
	    "the watermark's query says %.100s, which is before %.100s, up to "
	    "where rows were shipped: nothing counts as new",
	    value, w->from);
	return wire_send(a->fd, WIRE_WARNING, text, strlen(text), e);
}

int
watermark_read(const struct asker *a, struct err *e)
{
	struct plan *p = a->plan;
	struct watermark *w = &p->guards.watermark;
	struct answer answer;
	const char *to;

	if (w->name == NULL)
		return 0;
	if (question_ask(a, w->sql, &answer, e) < 0)
		return err_in(e, "source.watermark.sql");
	to = answer_value(&answer);
	if (to != NULL && is_before(to, w->from) && !w->repeats) {
		if (warn_back(a, to, e) < 0)
			return -1;
		to = NULL;
	}
	if (!w->repeats && keep(&w->to, to != NULL ? to : w->from, e) < 0)
		return -1;
	plan_bind_cutoff(p, w->from, w->to);
	if (w->type < 0)
		set_types(p, answer.kind);
	return 0;
}

int
watermark_tell(const struct asker *a, struct err *e)
{
	const struct watermark *w = &a->plan->guards.watermark;
	struct wire_cutoff message;

	if (w->name == NULL)
		return 0;
	memset(&message, 0, sizeof(message));
	(void)snprintf(message.from, sizeof(message.from), "%s", w->from);
	(void)snprintf(message.to, sizeof(message.to), "%s", w->to);
	return wire_send(a->fd, WIRE_CUTOFF, &message, sizeof(message), e);
}
