/*
 * call.c - what every call has in common
 *
 * One call at a time uses a connection, or the transcript says so; accidents
 * of the script happen here; a line is written when the call ends. Counts of
 * handles are the process's, since the driver manager may share environments.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "play.h"

enum { LINE_BYTES = 8192, HANG_TICK_MS = 2 };

const char *const function_names[FUNCTIONS] = {
	"SQLAllocHandle",
	"SQLFreeHandle",
	"SQLSetEnvAttr",
	"SQLGetEnvAttr",
	"SQLConnect",
	"SQLDriverConnect",
	"SQLDisconnect",
	"SQLGetInfo",
	"SQLGetFunctions",
	"SQLGetTypeInfo",
	"SQLSetConnectAttr",
	"SQLGetConnectAttr",
	"SQLSetStmtAttr",
	"SQLGetStmtAttr",
	"SQLEndTran",
	"SQLExecDirect",
	"SQLPrepare",
	"SQLExecute",
	"SQLNumParams",
	"SQLBindParameter",
	"SQLDescribeParam",
	"SQLNumResultCols",
	"SQLDescribeCol",
	"SQLColAttribute",
	"SQLRowCount",
	"SQLBindCol",
	"SQLFetch",
	"SQLFetchScroll",
	"SQLGetData",
	"SQLMoreResults",
	"SQLCloseCursor",
	"SQLFreeStmt",
	"SQLCancel",
	"SQLSetPos",
};

/* Threads are numbered as they come. */
static atomic_int last_thread;
static _Thread_local int this_thread;

static int
thread_number(void)
{
	if (this_thread == 0)
		this_thread = atomic_fetch_add(&last_thread, 1) + 1;
	return this_thread;
}

/* A line being made; what does not fit is left out. */
struct line {
	char text[LINE_BYTES + 1];
	size_t n;
};

static void __attribute__((format(printf, 2, 0)))
line_putv(struct line *line, const char *format, va_list ap)
{
	size_t room = LINE_BYTES - line->n;
	int n = vsnprintf(line->text + line->n, room, format, ap);

	if (n > 0)
		line->n += (size_t)n < room ? (size_t)n : room - 1;
}

static void __attribute__((format(printf, 2, 3)))
line_put(struct line *line, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	line_putv(line, format, ap);
	va_end(ap);
}

/* A line is one write, so that those of several threads do not mix. */
static void
line_write(struct line *line, int fd)
{
	ssize_t written;

	line->text[line->n++] = '\n';
	do
		written = write(fd, line->text, line->n);
	while (written < 0 && errno == EINTR);
}

void
transcript_put(int fd, const char *format, ...)
{
	struct line line = { .n = 0 };
	va_list ap;

	if (fd < 0)
		return;
	va_start(ap, format);
	line_putv(&line, format, ap);
	va_end(ap);
	line_write(&line, fd);
}

const char *
transcript_quote(char to[512], const char *text, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	to[n++] = '"';
	for (size_t i = 0; i < length && n < 504; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 32 || c == 127) {
			to[n++] = '\\';
			to[n++] = 'x';
			to[n++] = digits[c >> 4];
			to[n++] = digits[c & 15];
			continue;
		}
		if (c == '"' || c == '\\')
			to[n++] = '\\';
		to[n++] = (char)c;
	}
	to[n++] = '"';
	to[n] = '\0';
	return to;
}

/* Records. */

void
diags_clear(struct diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		free((char *)(uintptr_t)d->all[i].text);
	d->n = 0;
}

void
diags_release(struct diags *d)
{
	diags_clear(d);
	free(d->all);
	memset(d, 0, sizeof(*d));
}

static void
add_one(struct diags *d, const struct record *r, size_t number)
{
	char text[1024];

	if (r->times > 1)
		(void)snprintf(text, sizeof(text), "%s (%zu)", r->text, number);
	else
		(void)snprintf(text, sizeof(text), "%s", r->text);
	if (d->n == d->capacity) {
		d->capacity = d->capacity > 0 ? 2 * d->capacity : 4;
		d->all = realloc(d->all, d->capacity * sizeof(*d->all));
		if (d->all == NULL)
			abort();
	}
	d->all[d->n] = *r;
	d->all[d->n].text = strdup(text);
	if (d->all[d->n++].text == NULL)
		abort();
}

void
diags_add(struct diags *d, const struct record *r)
{
	for (size_t i = 0; i < r->times; i++)
		add_one(d, r, i + 1);
}

SQLRETURN
diags_fail(struct diags *d, const char *state, const char *format, ...)
{
	struct record r = { .native = 0, .times = 1 };
	char text[1024];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	(void)snprintf(r.state, sizeof(r.state), "%s", state);
	r.text = text;
	diags_add(d, &r);
	return SQL_ERROR;
}

/* Accidents. */

static void
sleep_ms(long long ms)
{
	struct timespec left = { (time_t)(ms / 1000),
		(long)(ms % 1000) * 1000000 };

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		continue;
}

/* The program dies, whoever watches over the signal. */
static void
crash(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	(void)sigaction(SIGSEGV, &action, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGSEGV);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(SIGSEGV);
	abort();
}

/* Until SQLCancel, or the time limit, when these are honoured. */
static SQLRETURN
hang(struct handle *h)
{
	struct stmt *st = h->type == SQL_HANDLE_STMT ? (struct stmt *)h : NULL;
	const struct script *s = h->dbc != NULL ? h->dbc->script : NULL;
	SQLULEN limit = 0;
	long long ms = 0;

	if (st != NULL && s != NULL &&
	    s->lies.how[LIE_TIMEOUT] == TIMEOUT_HONOURED)
		(void)attributes_get(
		    &st->attributes, SQL_ATTR_QUERY_TIMEOUT, &limit);
	for (;;) {
		sleep_ms(HANG_TICK_MS);
		ms += HANG_TICK_MS;
		if (st != NULL && atomic_load(&st->is_cancelled))
			return diags_fail(
			    &h->diags, "HY008", "operation canceled");
		if (limit > 0 && ms > (long long)limit * 1000)
			return diags_fail(
			    &h->diags, "HYT00", "timeout expired");
	}
}

SQLRETURN
call_step(struct handle *h, const struct step *step)
{
	int fd = h->dbc != NULL ? h->dbc->transcript : -1;

	if (step->record.state[0] != '\0')
		diags_add(&h->diags, &step->record);
	switch (step->kind) {
	case STEP_NOTE:
		return SQL_SUCCESS_WITH_INFO;
	case STEP_ERROR:
		if (h->dbc != NULL && memcmp(step->record.state, "08", 2) == 0)
			atomic_store(&h->dbc->is_dead, true);
		return SQL_ERROR;
	case STEP_END:
		return SQL_NO_DATA;
	case STEP_HANG:
		transcript_put(fd, "hang");
		return hang(h);
	case STEP_CRASH:
		crash();
		return SQL_ERROR;
	case STEP_DIE:
		_exit((int)step->count);
	case STEP_PAUSE:
		transcript_put(fd, "pause %lld", step->count);
		sleep_ms(step->count);
		return SQL_SUCCESS;
	case STEP_DEAD:
		if (h->dbc != NULL)
			atomic_store(&h->dbc->is_dead, true);
		return SQL_SUCCESS;
	default:
		return SQL_SUCCESS;
	}
}

/* All that the script holds for this call. */
static void
happen(struct call *c)
{
	const struct script *s = c->dbc != NULL ? c->dbc->script : NULL;
	uint64_t nth;

	if (c->dbc == NULL)
		return;
	nth = ++c->dbc->calls[c->function];
	for (size_t i = 0; s != NULL && i < s->n_accidents; i++) {
		const struct accident *a = &s->accidents[i];
		SQLRETURN rc;

		if (a->function != c->function || nth < a->first ||
		    nth > a->last)
			continue;
		rc = call_step(c->handle, &a->step);
		if (rc == SQL_SUCCESS_WITH_INFO)
			c->has_note = true;
		else if (rc != SQL_SUCCESS) {
			c->is_decided = true;
			c->rc = rc;
		}
	}
}

/* SQLCancel alone may come while another thread is in a call. */
static void
take_connection(struct call *c)
{
	int other = 0;

	if (c->dbc == NULL || c->function == F_CANCEL)
		return;
	c->is_user = atomic_compare_exchange_strong(
	    &c->dbc->user, &other, thread_number());
	if (!c->is_user)
		transcript_put(c->dbc->transcript,
		    "thread-violation: %s of thread %d while thread %d is in a "
		    "call",
		    function_names[c->function], thread_number(), other);
}

bool
call_begin(struct call *c, enum function f, struct handle *h)
{
	memset(c, 0, sizeof(*c));
	c->function = f;
	c->handle = h;
	c->dbc = h->dbc;
	c->stmt = h->type == SQL_HANDLE_STMT ? (struct stmt *)h : NULL;
	take_connection(c);
	if (f == F_CANCEL)
		return true;
	if (c->stmt != NULL) {
		atomic_store(&c->stmt->is_cancelled, false);
		atomic_store(&c->stmt->in_call, true);
	}
	diags_clear(&h->diags);
	happen(c);
	return !c->is_decided;
}

static const char *
code_name(SQLRETURN rc)
{
	switch (rc) {
	case SQL_SUCCESS:
		return "SUCCESS";
	case SQL_SUCCESS_WITH_INFO:
		return "INFO";
	case SQL_NO_DATA:
		return "NO_DATA";
	case SQL_ERROR:
		return "ERROR";
	default:
		return "?";
	}
}

/* FUNCTION#STATEMENT ARGUMENTS = CODE STATE..., behind the thread's number. */
static void __attribute__((format(printf, 3, 0)))
tell(const struct call *c, SQLRETURN rc, const char *format, va_list ap)
{
	const struct diags *d = &c->handle->diags;
	struct line line = { .n = 0 };
	int thread = thread_number();

	if (thread > 1)
		line_put(&line, "[%d] ", thread);
	line_put(&line, "%s", function_names[c->function]);
	if (c->stmt != NULL)
		line_put(&line, "#%u", c->stmt->number);
	line_put(&line, " ");
	line_putv(&line, format, ap);
	line_put(&line, "%s= %s", line.text[line.n - 1] == ' ' ? "" : " ",
	    code_name(rc));
	for (size_t i = 0; c->function != F_CANCEL && i < d->n && i < 8; i++)
		line_put(&line, " %s", d->all[i].state);
	line_write(&line, c->dbc->transcript);
}

SQLRETURN
call_end(struct call *c, SQLRETURN rc, const char *format, ...)
{
	va_list ap;

	if (c->is_decided)
		rc = c->rc;
	else if (c->has_note && rc == SQL_SUCCESS)
		rc = SQL_SUCCESS_WITH_INFO;
	if (c->dbc != NULL && c->dbc->transcript >= 0 &&
	    (rc == SQL_ERROR || c->dbc->script == NULL ||
		!c->dbc->script->quiet[c->function])) {
		va_start(ap, format);
		tell(c, rc, format, ap);
		va_end(ap);
	}
	if (c->stmt != NULL && c->function != F_CANCEL)
		atomic_store(&c->stmt->in_call, false);
	if (c->is_user)
		atomic_store(&c->dbc->user, 0);
	return rc;
}

void
attributes_set(struct attributes *a, SQLINTEGER id, SQLULEN value)
{
	size_t i = 0;

	while (i < a->n && a->ids[i] != id)
		i++;
	if (i == ATTRIBUTES)
		return;
	a->ids[i] = id;
	a->values[i] = value;
	if (i == a->n)
		a->n++;
}

bool
attributes_get(const struct attributes *a, SQLINTEGER id, SQLULEN *value)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->ids[i] == id) {
			*value = a->values[i];
			return true;
		}
	return false;
}

SQLRETURN
put_string(const char *text, void *to, SQLINTEGER size, SQLINTEGER *length)
{
	size_t n = strlen(text);
	size_t room = size > 0 ? (size_t)size - 1 : 0;

	if (length != NULL)
		*length = (SQLINTEGER)n;
	if (to == NULL || size <= 0)
		return SQL_SUCCESS;
	memcpy(to, text, n < room ? n : room);
	((char *)to)[n < room ? n : room] = '\0';
	return n > room ? SQL_SUCCESS_WITH_INFO : SQL_SUCCESS;
}
