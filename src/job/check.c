/*
 * check.c - prove that a file is worth sending
 *
 * Each check is a result with what was expected and what was seen; none stops
 * the others. What the values themselves must be: inspect.c; whether a value
 * of a query is what is wanted: condition.c; where results go:
 * state/check.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "job/check.h"
#include "job/wire.h"
#include "state/check.h"

enum { CHECK_LEAST_RUNS = 3, CHECK_NAMES_MAX = 1024 * 1024 };

/* The checks of one file while they are applied. */
struct verdict {
	const struct plan *plan;
	struct ledger *ledger;
	const struct run_outcome *outcome;
	unsigned position; /* results so far */
	unsigned failed;
	struct buf told; /* what failed */
};

void
check_begin(struct guard_result *r, const char *name)
{
	memset(r, 0, sizeof(*r));
	(void)snprintf(r->kind, sizeof(r->kind), "check");
	(void)snprintf(r->name, sizeof(r->name), "%s", name);
}

int
checks_ask(const struct asker *a, struct err *e)
{
	const struct checks *c = &a->plan->guards.checks;

	for (size_t i = 0; i < c->n_conditions; i++) {
		const struct condition *condition = &c->conditions[i];
		struct guard_result r;
		struct answer answer;

		check_begin(&r, condition->name);
		condition_put(condition, r.expected);
		if (question_ask(a, condition->sql, &answer, e) < 0)
			return err_in(e, "check '%s'", condition->name);
		answer_put(&answer, r.seen);
		r.passed = condition_holds(condition, answer_value(&answer));
		if (wire_send(a->fd, WIRE_CHECK, &r, sizeof(r), e) < 0)
			return -1;
	}
	return 0;
}

void
check_tell_gate(
    const struct guard_result *gate, char *said, char *stage, size_t size)
{
	bool is_news = strcmp(said, gate->seen) != 0;
	char waited[32];

	(void)snprintf(stage, size, "waiting for gate '%s'%s%s%s", gate->name,
	    gate->seen[0] != '\0' ? " (last value " : "", gate->seen,
	    gate->seen[0] != '\0' ? ")" : "");
	str_put_duration(waited, sizeof(waited), gate->elapsed_ms);
	if (gate->passed) {
		log_info("gate '%s' holds: %s, after %s", gate->name,
		    gate->seen, waited);
		said[0] = '\0';
	} else if (is_news && gate->seen[0] != '\0') {
		log_info("waiting for gate '%s', which wants %s: %s so far",
		    gate->name, gate->expected, gate->seen);
		(void)snprintf(said, GUARD_TEXT, "%s", gate->seen);
	}
}

static int
record(struct ledger *l, int64_t run, unsigned position,
    const struct guard_result *r, struct err *e)
{
	const struct run_check row = {
		.kind = r->kind,
		.name = r->name,
		.expected = r->expected,
		.seen = r->seen,
		.passed = r->passed,
		.elapsed_ms = r->elapsed_ms,
	};

	return ledger_put_check(l, run, position, &row, e);
}

void
check_record(struct ledger *l, int64_t run, const struct export_result *result)
{
	struct err e = ERR_INIT;

	for (size_t i = 0; i < result->n_checks; i++)
		if (record(l, run, (unsigned)i + 1, &result->checks[i], &e) < 0)
			log_warning("%s", e.text);
}

/* Record a result and remember it when it failed. */
static int
take(struct verdict *v, const struct guard_result *r, struct err *e)
{
	v->position++;
	if (record(v->ledger, v->outcome->run, v->position, r, e) < 0)
		return -1;
	if (strcmp(r->kind, "check") != 0)
		return 0;
	log_info("check '%s' %s: expected %s, seen %s", r->name,
	    r->passed ? "holds" : "failed", r->expected, r->seen);
	if (r->passed)
		return 0;
	v->failed++;
	return buf_printf(&v->told, e, "%s'%s' expects %s and sees %s",
	    v->failed > 1 ? "; " : "", r->name, r->expected, r->seen);
}

/* min_rows and max_rows. */
static int
check_rows(struct verdict *v, struct err *e)
{
	const struct checks *c = &v->plan->guards.checks;
	uint64_t rows = export_rows(&v->outcome->result);
	struct guard_result r;

	if (c->min_rows >= 0) {
		check_begin(&r, "min_rows");
		(void)snprintf(r.expected, sizeof(r.expected),
		    "at least %" PRId64 " row%s", c->min_rows,
		    c->min_rows == 1 ? "" : "s");
		(void)snprintf(r.seen, sizeof(r.seen), "%" PRIu64, rows);
		r.passed = rows >= (uint64_t)c->min_rows;
		if (take(v, &r, e) < 0)
			return -1;
	}
	if (c->max_rows < 0)
		return 0;
	check_begin(&r, "max_rows");
	(void)snprintf(r.expected, sizeof(r.expected),
	    "at most %" PRId64 " row%s", c->max_rows,
	    c->max_rows == 1 ? "" : "s");
	(void)snprintf(r.seen, sizeof(r.seen), "%" PRIu64, rows);
	r.passed = rows <= (uint64_t)c->max_rows;
	return take(v, &r, e);
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t
median(uint64_t *rows, size_t n)
{
	qsort(rows, n, sizeof(*rows), by_size);
	if (n % 2 == 1)
		return rows[n / 2];
	return rows[n / 2 - 1] + (rows[n / 2] - rows[n / 2 - 1]) / 2;
}

static int
check_change(struct verdict *v, struct err *e)
{
	int64_t most = v->plan->guards.checks.max_change;
	uint64_t rows[CHECK_RUNS], now = export_rows(&v->outcome->result);
	uint64_t usual, difference;
	struct guard_result r;
	size_t n;

	if (most < 0)
		return 0;
	if (ledger_last_rows(v->ledger, v->outcome->run, rows, &n, e) < 0)
		return -1;
	if (n < CHECK_LEAST_RUNS) {
		log_info("check 'max_change' is not applied: %zu shipped runs "
			 "are too few for a median, it takes %d",
		    n, CHECK_LEAST_RUNS);
		return 0;
	}
	usual = median(rows, n);
	difference = now > usual ? now - usual : usual - now;
	check_begin(&r, "max_change");
	(void)snprintf(r.expected, sizeof(r.expected),
	    "at most %" PRId64 " %% off %" PRIu64
	    " rows, the median of the last %zu shipped runs",
	    most, usual, n);
	(void)snprintf(r.seen, sizeof(r.seen), "%" PRIu64 " rows, %s%.1f %%",
	    now, now < usual ? "-" : "+",
	    usual > 0 ? 100.0 * (double)difference / (double)usual :
			(difference > 0 ? 100.0 : 0.0));
	/* Exact, whatever is shown; from nothing, anything is too much. */
	r.passed = (long double)difference * 100 <=
	    (long double)most * (long double)usual;
	return take(v, &r, e);
}

/* Names with commas between them. */
static int
add_name(void *arg, const char *name, struct err *e)
{
	struct buf *names = arg;

	return buf_printf(
	    names, e, "%s\"%s\"", names->length > 0 ? ", " : "", name);
}

/* As many of the names as fit. */
static void
put_names(char *text, size_t size, const struct buf *names)
{
	int n = snprintf(text, size, "the columns %s", buf_text(names));

	if (n >= 0 && (size_t)n >= size && size > 4)
		memcpy(text + size - 4, "...", 4);
}

static int
compare_columns(struct verdict *v, const char *name, const struct buf *wanted,
    struct err *e)
{
	struct buf found = BUF_INIT(CHECK_NAMES_MAX);
	struct guard_result r;
	int rc = ledger_each_column(
	    v->ledger, v->outcome->run, add_name, &found, e);

	check_begin(&r, name);
	put_names(r.expected, sizeof(r.expected), wanted);
	put_names(r.seen, sizeof(r.seen), &found);
	r.passed = strcmp(buf_text(wanted), buf_text(&found)) == 0;
	if (rc == 0)
		rc = take(v, &r, e);
	buf_release(&found);
	return rc;
}

static int
check_columns(struct verdict *v, struct err *e)
{
	const struct checks *c = &v->plan->guards.checks;
	struct buf wanted = BUF_INIT(CHECK_NAMES_MAX);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->n_columns; i++)
		rc = add_name(&wanted, c->columns[i], e);
	if (rc == 0 && c->n_columns > 0)
		rc = compare_columns(v, "columns", &wanted, e);
	buf_release(&wanted);
	return rc;
}

static int
check_same_columns(struct verdict *v, struct err *e)
{
	struct buf wanted = BUF_INIT(CHECK_NAMES_MAX);
	int64_t last = 0;
	int rc;

	if (!v->plan->guards.checks.same_columns)
		return 0;
	rc = ledger_last_shipped(v->ledger, v->outcome->run, &last, e);
	if (rc == 0)
		log_info("check 'same_columns' is not applied: nothing was "
			 "shipped before");
	if (rc > 0)
		rc = ledger_each_column(v->ledger, last, add_name, &wanted, e) <
			0 ?
		    -1 :
		    compare_columns(v, "same_columns", &wanted, e);
	buf_release(&wanted);
	return rc;
}

static int
decide(const struct verdict *v, struct err *e)
{
	if (v->failed == 0)
		return 0;
	if (v->failed == 1)
		(void)err_set(e, ERR_DATA, "check %s", buf_text(&v->told));
	else
		(void)err_set(e, ERR_DATA, "%u checks failed: %s", v->failed,
		    buf_text(&v->told));
	return err_hint(e,
	    "The file is held and not shipped: look at it. Mend the data and "
	    "run the job again; or, where it is right all the same, 'odbcship "
	    "resend %lld' with --despite and the name of each check.",
	    (long long)v->outcome->run);
}

int
check_file(const struct plan *p, struct ledger *l,
    const struct run_outcome *outcome, struct err *e)
{
	struct verdict v = {
		.plan = p,
		.ledger = l,
		.outcome = outcome,
		.told = BUF_INIT(CHECK_NAMES_MAX),
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < outcome->result.n_checks; i++)
		rc = take(&v, &outcome->result.checks[i], e);
	if (rc == 0 && check_rows(&v, e) == 0 && check_change(&v, e) == 0 &&
	    check_columns(&v, e) == 0 && check_same_columns(&v, e) == 0)
		rc = decide(&v, e);
	else
		rc = -1;
	buf_release(&v.told);
	return rc;
}
