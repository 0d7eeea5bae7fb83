/*
 * report.c - what the page of all jobs and runs says
 *
 * What needs a person, then a table of all jobs, then each job with its
 * charts, its last failure and what was shipped where. Charts are
 * report_chart.c's, looks report_style.c's.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/report.h"
#include "state/repair.h"

enum {
	STRIP_RUNS = 30,      /* of the table */
	SHIPPED_RUNS = 5,     /* whose files are shown */
	TREND_RUNS = 5,	      /* that a trend needs before it */
	FEWER_PERCENT = 70,   /* of the median: rows are dropping */
	SLOWER_PERCENT = 200, /* of the median: it is slower */
	SLOWER_MS = 5000      /* and by that at least */
};

/* A page in the making. */
struct page {
	struct html h;
	const struct overview *o;
	struct report_runs *runs; /* owned: of each view */
};

/* Reading the runs of a view. */

static int
take_run(void *arg, const struct run_row *row, struct err *e)
{
	struct report_runs *runs = arg;
	bool is_kept = strcmp(row->state, "kept") == 0;

	(void)e;
	/* Newest first; turned round when all are there. */
	runs->items[runs->n++] = (struct report_run){
		.id = row->id,
		.began_ms = row->began_ms,
		.elapsed_ms = row->ended_ms >= row->began_ms ?
		    row->ended_ms - row->began_ms :
		    -1,
		.rows = row->status == 0 ? (int64_t)row->rows : -1,
		.status = strcmp(row->state, "skipped") == 0 ? 0 : row->status,
		.is_good = row->status == 0 && !is_kept,
	};
	return 0;
}

static int
read_runs(struct page *p, size_t i, struct err *e)
{
	const struct job_view *v = &p->o->views[i];
	struct report_runs *runs = &p->runs[i];
	const struct run_filter filter = { .job = v->job,
		.environment = v->environment,
		.limit = REPORT_RUNS };

	if (p->o->ledger == NULL || v->last.id == 0)
		return 0;
	if (ledger_each_run(p->o->ledger, &filter, take_run, runs, e) < 0)
		return -1;
	for (size_t a = 0; a < runs->n / 2; a++) {
		struct report_run other = runs->items[a];

		runs->items[a] = runs->items[runs->n - 1 - a];
		runs->items[runs->n - 1 - a] = other;
	}
	return 0;
}

/* Texts that stand in several places. */

static void
put_moment(struct html *h, const struct job_view *v, int64_t wall_ms)
{
	char text[DATE_MOMENT];

	date_put_moment(text, v->zone, wall_ms);
	html_text(h, text);
}

static void
put_name(struct html *h, const struct job_view *v)
{
	html_text(h, v->job);
	if (v->environment[0] != '\0')
		html_put(h, ".");
	html_text(h, v->environment);
}

static const char *
class_of(const struct job_view *v)
{
	switch (v->state) {
	case VIEW_BROKEN:
	case VIEW_FAILED:
		return "bad";
	case VIEW_LATE:
	case VIEW_OPEN:
		return "warn";
	case VIEW_OK:
		return "good";
	default:
		return "soft";
	}
}

static void
put_word(struct html *h, const struct job_view *v)
{
	html_format(h, "<span class=\"word %s\">", class_of(v));
	if (view_is_bad(v))
		html_put(h,
		    v->state == VIEW_LATE || v->state == VIEW_OPEN ?
			"&#9888; " :
			"&#10007; ");
	html_text(h, view_word(v));
	html_put(h, "</span>");
}

/* Only what a browser opens without harm becomes a link. */
static void
put_link(struct html *h, const char *url)
{
	bool is_web = strncmp(url, "https://", 8) == 0 ||
	    strncmp(url, "http://", 7) == 0;

	if (is_web) {
		html_put(h, "<a rel=noreferrer href=\"");
		html_text(h, url);
		html_put(h, "\">");
	}
	html_text(h, url);
	if (is_web)
		html_put(h, "</a>");
}

/* Trends. */

static int
compare_numbers(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* The last number, and the median of those before; false: too few. */
static bool
trend(const struct report_runs *runs, enum report_number number, int64_t *last,
    int64_t *median)
{
	int64_t all[REPORT_RUNS];
	size_t n = 0;

	for (size_t i = 0; i < runs->n; i++) {
		int64_t value = chart_number(&runs->items[i], number);

		if (value >= 0)
			all[n++] = value;
	}
	if (n < TREND_RUNS + 1)
		return false;
	*last = all[--n];
	qsort(all, n, sizeof(all[0]), compare_numbers);
	*median = all[n / 2];
	return true;
}

/* Whether the last run is so far from those before that one should look. */
static bool
is_odd(const struct report_runs *runs, enum report_number number)
{
	int64_t last, median;

	if (!trend(runs, number, &last, &median))
		return false;
	if (number == REPORT_ROWS)
		return (double)last * 100 < (double)median * FEWER_PERCENT;
	return last - median >= SLOWER_MS &&
	    (double)last * 100 >= (double)median * SLOWER_PERCENT;
}

/* "rows 120, the median of the runs before is 4,000: 97 % fewer" */
static void
put_trend(
    struct html *h, const struct report_runs *runs, enum report_number number)
{
	int64_t last, median;
	char now[32], before[32];

	if (!trend(runs, number, &last, &median))
		return;
	chart_put_number(now, sizeof(now), last, number);
	chart_put_number(before, sizeof(before), median, number);
	html_format(h, "<p>%s%s: %s; the median of the runs before is %s",
	    is_odd(runs, number) ? "<strong>&#9888;</strong> " : "",
	    number == REPORT_ROWS ? "Rows" : "Duration", now, before);
	if (median > 0 && last != median)
		html_format(h, ", %d&nbsp;%% %s",
		    (int)((double)(last > median ? last - median :
						   median - last) /
			(double)median * 100),
		    number == REPORT_ROWS ?
			(last > median ? "more" : "fewer") :
			(last > median ? "slower" : "faster"));
	html_put(h, ".</p>");
}

/* What needs a person. */

static void
put_error(struct html *h, const struct run_row *row)
{
	html_put(h, "<p class=error>");
	html_text(h, row->message);
	html_put(h, "</p>");
	if (row->hint[0] != '\0') {
		html_put(h, "<p>What to do: ");
		html_text(h, row->hint);
		html_put(h, "</p>");
	}
}

static void
put_since(struct html *h, const struct job_view *v)
{
	const struct standing *s = &v->standing;

	if (s->failing_ms > 0) {
		html_put(h, "<p>Failing since ");
		put_moment(h, v, s->failing_ms);
		html_format(h, ", %u run%s. ", s->failures,
		    s->failures == 1 ? "" : "s");
	} else
		html_put(h, "<p>");
	if (s->good > 0) {
		html_format(h, "Last good: run %lld, ", (long long)s->good);
		put_moment(h, v, s->good_ms);
		html_put(h, ".</p>");
	} else
		html_put(h, "It never ended well.</p>");
}

static void
put_lateness(struct html *h, const struct job_view *v, int64_t now_ms)
{
	char late[32];

	str_put_duration(late, sizeof(late), (uint64_t)(now_ms - v->late_ms));
	html_format(h, "<p>Late by %s: ", late);
	html_text(h, v->late_date);
	html_put(h, " was expected ");
	put_moment(h, v, v->late_ms);
	html_format(h, "; %zu%s date%s missing. ", v->missed,
	    v->missed_more ? " or more" : "", v->missed == 1 ? " is" : "s are");
	html_put(h, "<code>odbcship run --due ");
	html_text(h, v->job);
	if (v->environment[0] != '\0')
		html_put(h, " --env ");
	html_text(h, v->environment);
	html_put(h, "</code></p>");
}

static void
put_people(struct html *h, const struct job_view *v)
{
	if (v->owner != NULL) {
		html_put(h, "<p>Owner: ");
		html_text(h, v->owner);
		html_put(h, "</p>");
	}
	if (v->runbook != NULL) {
		html_put(h, "<p>Runbook: ");
		put_link(h, v->runbook);
		html_put(h, "</p>");
	}
}

static int
put_open(void *arg, const char *text, const char *hint, struct err *e)
{
	struct html *h = arg;

	(void)e;
	html_put(h, "<p>");
	html_text(h, text);
	html_put(h, "</p><p>What to do: ");
	html_text(h, hint);
	html_put(h, "</p>");
	return 0;
}

static void
put_bad(struct page *p, size_t i)
{
	const struct job_view *v = &p->o->views[i];
	struct html *h = &p->h;
	struct err ignored = ERR_INIT; /* put_open has none */

	html_format(h, "<article class=\"card %s\"><h3><a href=\"#j%zu\">",
	    class_of(v), i);
	put_name(h, v);
	html_put(h, "</a> ");
	put_word(h, v);
	html_put(h, "</h3>");
	if (v->problem != NULL) {
		html_put(h, "<p class=error>");
		html_text(h, v->problem);
		html_put(h, "</p><p>What to do: <code>odbcship check ");
		html_text(h, v->job);
		html_put(h, "</code> says all that is wrong.</p>");
	}
	if (v->state == VIEW_FAILED && v->is_gone)
		html_format(h,
		    "<p>Run %lld says that it runs, but its process is "
		    "gone; the next run records it as lost.</p>",
		    (long long)v->last.id);
	else if (v->state == VIEW_FAILED)
		put_error(h, &v->last);
	if (v->state == VIEW_FAILED)
		put_since(h, v);
	if (v->late_ms > 0)
		put_lateness(h, v, p->o->now_ms);
	if (view_each_open(v, put_open, h, &ignored) < 0)
		html_text(h, ignored.text);
	put_people(h, v);
	html_put(h, "</article>");
}

/* A job whose last run was good, but otherwise than those before. */
static bool
is_strange(const struct page *p, size_t i)
{
	return !view_is_bad(&p->o->views[i]) &&
	    (is_odd(&p->runs[i], REPORT_ROWS) ||
		is_odd(&p->runs[i], REPORT_ELAPSED));
}

static void
put_odd(struct page *p, size_t i)
{
	const struct job_view *v = &p->o->views[i];
	struct html *h = &p->h;
	bool fewer = is_odd(&p->runs[i], REPORT_ROWS);
	bool slower = is_odd(&p->runs[i], REPORT_ELAPSED);

	if (!is_strange(p, i))
		return;
	html_format(
	    h, "<article class=\"card warn\"><h3><a href=\"#j%zu\">", i);
	put_name(h, v);
	html_format(h, "</a> <span class=\"word warn\">&#9888; %s</span></h3>",
	    fewer && slower ? "fewer rows, slower" :
		fewer	    ? "fewer rows" :
			      "slower");
	if (fewer)
		put_trend(h, &p->runs[i], REPORT_ROWS);
	if (slower)
		put_trend(h, &p->runs[i], REPORT_ELAPSED);
	html_put(h, "</article>");
}

static int
put_note(void *arg, const struct repair_note *note, struct err *e)
{
	struct html *h = arg;
	char at[DATE_MOMENT];

	(void)e;
	date_put_moment(at, NULL, note->at_ms);
	html_put(h,
	    "<article class=\"card warn\"><h3><span class=\"word warn\">"
	    "&#9888; ");
	html_text(h, at);
	html_put(h, "</span></h3>");
	html_in(h, "p", note->text);
	html_put(h, "</article>");
	return 0;
}

static int
put_notes(struct page *p, struct err *e)
{
	if (p->o->ledger == NULL)
		return 0;
	return repair_each_note(
	    p->o->ledger, p->o->now_ms - OVERVIEW_NOTES_MS, put_note, &p->h, e);
}

static int
put_attention(struct page *p, struct err *e)
{
	size_t before;

	html_put(&p->h,
	    "<section aria-labelledby=attention><h2 id=attention>What needs a "
	    "person</h2>\n");
	before = p->h.out->length;
	if (put_notes(p, e) < 0)
		return -1;
	for (size_t i = 0; i < p->o->n; i++)
		if (view_is_bad(&p->o->views[i]))
			put_bad(p, i);
	for (size_t i = 0; i < p->o->n; i++)
		put_odd(p, i);
	if (p->h.out->length == before)
		html_put(&p->h, "<p>Nothing: no job failed, none is late.</p>");
	html_put(&p->h, "</section>\n");
	return 0;
}

/* The table of all jobs. */

static void
put_cells(struct html *h, const struct job_view *v, int64_t now_ms)
{
	const struct run_row *last = &v->last;
	char text[DATE_MOMENT] = "";

	if (last->id != 0)
		date_put_brief(text, v->zone, last->began_ms, now_ms);
	html_put(h, "<td class=num>");
	html_text(h, text);
	html_put(h, "</td><td class=num>");
	html_text(h, last->id != 0 ? last->date : "");
	html_put(h, "</td><td class=num>");
	if (last->id != 0 && last->status == 0) {
		str_put_count(text, sizeof(text), last->rows);
		html_text(h, text);
	}
	html_put(h, "</td><td class=num>");
	if (last->ended_ms > last->began_ms) {
		str_put_duration(text, sizeof(text),
		    (uint64_t)(last->ended_ms - last->began_ms));
		html_text(h, text);
	}
	html_put(h, "</td><td class=num>");
	if (v->next_ms > 0) {
		date_put_brief(text, v->zone, v->next_ms, now_ms);
		html_text(h, text);
	}
	html_put(h, "</td>");
}

static void
put_table(struct page *p)
{
	struct html *h = &p->h;

	html_format(h,
	    "<section aria-labelledby=jobs><h2 id=jobs>Jobs and runs</h2>"
	    "<p class=soft>A bar is a run that ended well, a cross one that "
	    "failed, a dot one that was skipped, only kept its file, or still "
	    "runs. Times are in each job's time zone.</p><div class=wide "
	    "tabindex=0 role=region aria-label=\"Table of the jobs\"><table>"
	    "<thead><tr>"
	    "<th scope=col>Job<th scope=col>State<th scope=col>Last %d runs"
	    "<th scope=col class=num>Last run<th scope=col class=num>Date"
	    "<th scope=col class=num>Rows<th scope=col class=num>Took"
	    "<th scope=col class=num>Expected next</tr></thead>"
	    "<tbody>\n",
	    (int)STRIP_RUNS);
	for (size_t i = 0; i < p->o->n; i++) {
		const struct job_view *v = &p->o->views[i];

		html_format(h, "<tr><th scope=row><a href=\"#j%zu\">", i);
		put_name(h, v);
		html_put(h, "</a></th><td>");
		put_word(h, v);
		html_put(h, "</td><td>");
		chart_states(h, &p->runs[i], STRIP_RUNS);
		html_put(h, "</td>");
		put_cells(h, v, p->o->now_ms);
		html_put(h, "</tr>\n");
	}
	html_put(h, "</tbody></table></div></section>\n");
}

/* One job. */

/* The last run that failed, where the last one of all did not. */
static int
put_old_error(void *arg, const struct run_row *row, struct err *e)
{
	struct html *h = arg;

	(void)e;
	html_format(h, "<p>Last failure: run %lld for ", (long long)row->id);
	html_text(h, row->date);
	html_put(h, ".</p>");
	put_error(h, row);
	return 0;
}

static int
put_last_failure(struct page *p, size_t i, struct err *e)
{
	const struct report_runs *runs = &p->runs[i];
	struct run_filter filter = { .limit = 1 };

	for (size_t a = 0; a < runs->n; a++)
		if (runs->items[a].status > 0)
			filter.id = runs->items[a].id;
	if (filter.id == 0 || p->o->views[i].state == VIEW_FAILED)
		return 0;
	return ledger_each_run(p->o->ledger, &filter, put_old_error, &p->h, e);
}

static int
put_delivery(void *arg, const struct run_delivery *d, struct err *e)
{
	struct html *h = arg;

	(void)e;
	if (strcmp(d->state, "delivered") != 0)
		return 0;
	html_put(h, "<br>");
	html_text(h, d->target);
	html_put(h, ": <code>");
	html_text(h, d->url);
	html_put(h, "</code>");
	if (d->verified[0] != '\0') {
		html_put(h, " verified by ");
		html_text(h, d->verified);
	}
	return 0;
}

static int
put_file(void *arg, const struct run_file *f, struct err *e)
{
	struct html *h = arg;
	char size[32];

	(void)e;
	str_put_size(size, sizeof(size), f->bytes);
	html_put(h, "<br><strong>");
	html_text(h, f->name);
	html_format(h, "</strong> %s, SHA-256 <code>", size);
	html_text(h, f->sha256);
	html_put(h, "</code>");
	return 0;
}

static int
put_shipment(struct page *p, const struct job_view *v,
    const struct report_run *run, struct err *e)
{
	struct html *h = &p->h;
	char rows[32];

	str_put_count(
	    rows, sizeof(rows), run->rows >= 0 ? (uint64_t)run->rows : 0);
	html_format(h, "<li>Run %lld, ", (long long)run->id);
	put_moment(h, v, run->began_ms);
	html_format(h, ", %s rows", rows);
	if (ledger_each_file(p->o->ledger, run->id, put_file, h, e) < 0 ||
	    ledger_each_delivery(p->o->ledger, run->id, put_delivery, h, e) < 0)
		return -1;
	html_put(h, "</li>\n");
	return 0;
}

static int
put_shipped(struct page *p, size_t i, struct err *e)
{
	const struct report_runs *runs = &p->runs[i];
	size_t shown = 0;

	for (size_t a = runs->n; a > 0 && shown < SHIPPED_RUNS; a--) {
		if (!runs->items[a - 1].is_good)
			continue;
		if (shown++ == 0)
			html_put(&p->h, "<h4>What was shipped last</h4><ul>");
		if (put_shipment(p, &p->o->views[i], &runs->items[a - 1], e) <
		    0)
			return -1;
	}
	if (shown > 0)
		html_put(&p->h, "</ul>");
	return 0;
}

static int
put_job(struct page *p, size_t i, struct err *e)
{
	const struct job_view *v = &p->o->views[i];
	struct html *h = &p->h;

	html_format(h, "<article class=card id=j%zu><h3>", i);
	put_name(h, v);
	html_put(h, " ");
	put_word(h, v);
	html_put(h, "</h3>");
	if (v->description != NULL)
		html_in(h, "p", v->description);
	if (v->cron != NULL) {
		html_put(h, "<p class=soft>Expected <code>");
		html_text(h, v->cron);
		html_put(h, "</code>, next ");
		put_moment(h, v, v->next_ms);
		html_put(h, "</p>");
	}
	html_put(h, "<figure><figcaption>Runs, oldest first</figcaption>");
	chart_states(h, &p->runs[i], REPORT_RUNS);
	html_put(h, "</figure>");
	chart_bars(h, &p->runs[i], REPORT_ELAPSED);
	chart_bars(h, &p->runs[i], REPORT_ROWS);
	put_trend(h, &p->runs[i], REPORT_ELAPSED);
	put_trend(h, &p->runs[i], REPORT_ROWS);
	if (put_last_failure(p, i, e) < 0 || put_shipped(p, i, e) < 0)
		return -1;
	html_put(h, "</article>\n");
	return 0;
}

static int
put_jobs(struct page *p, struct err *e)
{
	html_put(
	    &p->h, "<section aria-labelledby=each><h2 id=each>Each job</h2>\n");
	for (size_t i = 0; i < p->o->n; i++)
		if (put_job(p, i, e) < 0)
			return -1;
	html_put(&p->h, "</section>\n");
	return 0;
}

/* The page. */

static void
put_head(struct page *p)
{
	char host[256] = "", now[DATE_MOMENT];
	size_t bad = 0;

	(void)gethostname(host, sizeof(host) - 1);
	date_put_moment(now, NULL, p->o->now_ms);
	for (size_t i = 0; i < p->o->n; i++)
		bad += view_is_bad(&p->o->views[i]) || is_strange(p, i);
	html_put(&p->h,
	    "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>"
	    "<meta name=viewport content=\"width=device-width\">"
	    "<meta name=robots content=noindex>"
	    "<meta http-equiv=Content-Security-Policy content=\"default-src "
	    "'none'; style-src 'unsafe-inline'\"><title>");
	html_format(&p->h, "%zu of %zu jobs need a person - odbcship on ", bad,
	    p->o->n);
	html_text(&p->h, host);
	html_put(&p->h, "</title><style>");
	html_put(&p->h, report_style);
	html_put(&p->h, "</style></head>\n<body><header><h1>odbcship on ");
	html_text(&p->h, host);
	html_format(&p->h, "</h1><p>%zu job%s, %zu need%s a person. As of ",
	    p->o->n, p->o->n == 1 ? "" : "s", bad, bad == 1 ? "s" : "");
	html_text(&p->h, now);
	html_put(&p->h, ".</p></header>\n<main>\n");
}

int
report_put(struct buf *out, const struct overview *o, struct err *e)
{
	struct page p = { .o = o };
	int rc = 0;

	html_init(&p.h, out);
	p.runs = calloc(o->n + 1, sizeof(*p.runs));
	if (p.runs == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; rc == 0 && i < o->n; i++)
		rc = read_runs(&p, i, e);
	if (rc == 0) {
		put_head(&p);
		rc = put_attention(&p, e);
		put_table(&p);
		if (rc == 0)
			rc = put_jobs(&p, e);
	}
	html_put(&p.h,
	    "</main><footer class=soft><p>Written by <code>odbcship "
	    "report</code>.</p></footer></body></html>\n");
	free(p.runs);
	return rc == 0 ? html_finish(&p.h, e) : -1;
}
