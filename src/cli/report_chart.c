/*
 * report_chart.c - small charts of a job's runs, as SVG in the page
 *
 * All marks of a kind are one path, so that ninety runs are two kilobytes. A
 * mark says by its shape what it is, colour only repeats it, and every chart
 * has a text that says the same.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "cli/report.h"

enum { STEP = 6, STRIP = 14, BARS = 40 };

/* What a mark of the strip can be. */
enum mark { MARK_GOOD, MARK_BAD, MARK_OTHER, MARKS };

static enum mark
mark_of(const struct report_run *run)
{
	if (run->is_good)
		return MARK_GOOD;
	return run->status > 0 ? MARK_BAD : MARK_OTHER;
}

/* A full bar, a cross, a dot at the bottom. */
static void
put_mark(struct html *h, enum mark mark, size_t column)
{
	size_t x = column * STEP;

	switch (mark) {
	case MARK_GOOD:
		html_format(h, "M%zu 1v12", x + 3);
		break;
	case MARK_BAD:
		html_format(h, "M%zu 4l4 6m0-6l-4 6", x + 1);
		break;
	default:
		html_format(h, "M%zu 11v2", x + 3);
	}
}

static void
put_marks(struct html *h, const struct report_runs *runs, size_t first,
    enum mark mark)
{
	static const char *const classes[MARKS] = { "g", "b", "o" };
	bool any = false;

	for (size_t i = first; i < runs->n; i++)
		any = any || mark_of(&runs->items[i]) == mark;
	if (!any)
		return;
	html_format(h, "<path class=%s d=\"", classes[mark]);
	for (size_t i = first; i < runs->n; i++)
		if (mark_of(&runs->items[i]) == mark)
			put_mark(h, mark, i - first);
	html_put(h, "\"/>");
}

void
chart_states(struct html *h, const struct report_runs *runs, size_t n)
{
	size_t first = runs->n > n ? runs->n - n : 0;
	size_t counts[MARKS] = { 0 };

	if (runs->n == 0) {
		html_put(h, "no runs");
		return;
	}
	for (size_t i = first; i < runs->n; i++)
		counts[mark_of(&runs->items[i])]++;
	html_format(h,
	    "<svg class=strip role=img width=%zu height=%d viewBox=\"0 0 %zu "
	    "%d\" aria-label=\"The last %zu runs, oldest first: %zu ended "
	    "well, %zu failed, %zu neither; the last one ",
	    (runs->n - first) * STEP, STRIP, (runs->n - first) * STEP, STRIP,
	    runs->n - first, counts[MARK_GOOD], counts[MARK_BAD],
	    counts[MARK_OTHER]);
	switch (mark_of(&runs->items[runs->n - 1])) {
	case MARK_GOOD:
		html_put(h, "ended well\">");
		break;
	case MARK_BAD:
		html_put(h, "failed\">");
		break;
	default:
		html_put(h, "is neither\">");
	}
	for (enum mark m = MARK_GOOD; m < MARKS; m++)
		put_marks(h, runs, first, m);
	html_put(h, "</svg>");
}

int64_t
chart_number(const struct report_run *run, enum report_number number)
{
	if (!run->is_good)
		return -1;
	return number == REPORT_ELAPSED ? run->elapsed_ms : run->rows;
}

void
chart_put_number(
    char *text, size_t size, int64_t number, enum report_number which)
{
	if (which == REPORT_ELAPSED)
		str_put_duration(text, size, (uint64_t)number);
	else
		str_put_count(text, size, (uint64_t)number);
}

/* Height of a bar: nothing is 1, the largest number all there is. */
static int
height(int64_t number, int64_t largest)
{
	return largest > 0 ?
	    1 + (int)((double)number / (double)largest * (BARS - 2)) :
	    1;
}

void
chart_bars(
    struct html *h, const struct report_runs *runs, enum report_number number)
{
	const char *what = number == REPORT_ELAPSED ? "Duration" : "Rows";
	int64_t least = -1, largest = 0, last = 0;
	char low[32], high[32], now[32];

	for (size_t i = 0; i < runs->n; i++) {
		int64_t n = chart_number(&runs->items[i], number);

		if (n < 0)
			continue;
		least = least < 0 || n < least ? n : least;
		largest = n > largest ? n : largest;
		last = n;
	}
	if (least < 0)
		return;
	chart_put_number(low, sizeof(low), least, number);
	chart_put_number(high, sizeof(high), largest, number);
	chart_put_number(now, sizeof(now), last, number);
	html_format(h,
	    "<figure><figcaption>%s: last %s, least %s, most %s"
	    "</figcaption><svg role=img width=%zu height=%d viewBox=\"0 0 "
	    "%zu %d\" aria-label=\"%s of the last %zu runs, oldest first\">"
	    "<path class=n d=\"",
	    what, now, low, high, runs->n * STEP, BARS, runs->n * STEP, BARS,
	    what, runs->n);
	for (size_t i = 0; i < runs->n; i++) {
		int64_t n = chart_number(&runs->items[i], number);

		if (n >= 0)
			html_format(h, "M%zu %dv-%d", i * STEP + 3, BARS,
			    height(n, largest));
	}
	html_put(h, "\"/></svg></figure>");
}
