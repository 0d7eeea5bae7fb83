/*
 * test_log.c - lines for operators
 *
 * Standard error is a file or a terminal of the test's own; syslog(3) is
 * replaced below, under the name that _FORTIFY_SOURCE gives it too.
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include "base/journal.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/str.h"

#undef syslog /* for clang, _FORTIFY_SOURCE makes it a macro */

enum { CAPTURE_MAX = 1024 * 1024 };

static char dir[64];
static char path[128];
static char syslog_lines[4096];

/* clang's fortified syslog() is a macro. */
#undef syslog

static void
keep_line(int priority, const char *format, va_list ap) PRINTF_LIKE(2, 0);
void
__syslog_chk(int priority, int flag, const char *format, ...) PRINTF_LIKE(3, 4);

static void
keep_line(int priority, const char *format, va_list ap)
{
	size_t n = strlen(syslog_lines);
	char line[2048];

	(void)vsnprintf(line, sizeof(line), format, ap);
	(void)snprintf(syslog_lines + n, sizeof(syslog_lines) - n, "<%d>%s\n",
	    priority, line);
}

void
syslog(int priority, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	keep_line(priority, format, ap);
	va_end(ap);
}

void
__syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, format);
	keep_line(priority, format, ap);
	va_end(ap);
}

static int
setup(void **state)
{
	(void)state;
	make_directory(dir);
	(void)snprintf(path, sizeof(path), "%s/stderr", dir);
	journal_set_path("/nonexistent");
	(void)unsetenv("JOURNAL_STREAM");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

/* What is said goes to a file; the text of it, to be freed. */
static char *
capture(void (*act)(void))
{
	int saved = dup(STDERR_FILENO);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *text = calloc(1, CAPTURE_MAX);

	assert_true(saved >= 0 && fd >= 0);
	assert_non_null(text);
	syslog_lines[0] = '\0';
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	act();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_true(pread(fd, text, CAPTURE_MAX - 1, 0) >= 0);
	(void)close(saved);
	(void)close(fd);
	return text;
}

static void
check(void (*act)(void), const char *wanted, const char *wanted_syslog)
{
	char *text = capture(act);

	assert_string_equal(text, wanted);
	assert_string_equal(syslog_lines, wanted_syslog);
	free(text);
}

static void
say_all(void)
{
	log_error("e%d", 1);
	log_warning("w%d", 2);
	log_info("i%d", 3);
	log_debug("d%d", 4);
}

static void
before_open(void)
{
	say_all();
}

static void
at_error(void)
{
	log_open(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	say_all();
	log_close();
}

static void
at_debug(void)
{
	log_open(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
	say_all();
	log_close();
}

static void
in_context(void)
{
	log_open(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
	log_context("daily", "prod", 7);
	log_warning("one");
	log_context("daily", NULL, 0);
	log_warning("two");
	log_context(NULL, NULL, 0);
	log_warning("three");
	log_close();
}

static void
test_text(void **state)
{
	(void)state;
	check(before_open, "odbcship: error: e1\nodbcship: warning: w2\n", "");
	check(at_error, "odbcship: error: e1\n", "");
	check(at_debug,
	    "odbcship: error: e1\nodbcship: warning: w2\nodbcship: i3\n"
	    "odbcship: debug: d4\n",
	    "");
	check(in_context,
	    "odbcship: warning: daily.prod: one\n"
	    "odbcship: warning: daily: two\nodbcship: warning: three\n",
	    "");
	assert_false(log_is_terminal());
}

/* Under cron: syslog gets info whatever standard error gets. */
static void
automatic(void)
{
	log_open(LOG_LEVEL_ERROR, LOG_FORMAT_AUTO);
	log_context("daily", "prod", 7);
	say_all();
	log_info("bell \x07, line\nbreak");
	log_close();
}

static void
journal(void)
{
	char stream[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	(void)setenv("JOURNAL_STREAM", stream, 1);
	log_open(LOG_LEVEL_DEBUG, LOG_FORMAT_AUTO);
	log_context("daily", "", 7);
	say_all();
	log_close();
	(void)unsetenv("JOURNAL_STREAM");
}

static void
test_syslog_and_journal(void **state)
{
	(void)state;
	check(automatic, "odbcship: error: daily.prod: e1\n",
	    "<3>daily.prod: e1 run=7\n<4>daily.prod: w2 run=7\n"
	    "<6>daily.prod: i3 run=7\n"
	    "<6>daily.prod: bell \\x07, line break run=7\n");
	check(journal,
	    "<3>daily: e1\n<4>daily: w2\n<6>daily: i3\n"
	    "<7>daily: d4\n",
	    "");
}

/* A journal of the test's own: its socket, and what the last record said. */
static int journal_fd = -1;
static char record[8192];

static void
begin_journal(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/journal", dir);
	journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_true(journal_fd >= 0);
	assert_int_equal(
	    bind(journal_fd, (struct sockaddr *)&at, sizeof(at)), 0);
}

static void
end_journal(void)
{
	char name[128];

	(void)snprintf(name, sizeof(name), "%s/journal", dir);
	(void)close(journal_fd);
	(void)unlink(name);
	journal_set_path("/nonexistent");
}

/* The next record as text; "" when there is none. */
static const char *
next_record(void)
{
	ssize_t n = recv(journal_fd, record, sizeof(record) - 1, 0);

	record[n > 0 ? n : 0] = '\0';
	return record;
}

static void
with_fields(void)
{
	log_open(LOG_LEVEL_WARNING, LOG_FORMAT_AUTO);
	log_context("daily", "prod", 42);
	log_context_date("2026-11-24");
	log_warning("two\nlines, s3cret-word");
	log_info("a step");
	log_debug("of no interest");
	log_context("next", "", 0);
	log_record(LOG_LEVEL_ERROR, "next: told elsewhere");
	log_close();
}

static void
under_systemd(void)
{
	char stream[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	(void)setenv("JOURNAL_STREAM", stream, 1);
	with_fields();
	(void)unsetenv("JOURNAL_STREAM");
}

#define COMMON "SYSLOG_IDENTIFIER=odbcship\nSYSLOG_FACILITY=3\n"
#define FIELDS \
	COMMON "ODBCSHIP_JOB=daily\nODBCSHIP_ENVIRONMENT=prod\n" \
	       "ODBCSHIP_RUN=42\nODBCSHIP_DATE=2026-11-24\n"

/* Names and values as people search for them; by journalctl ODBCSHIP_RUN=42. */
static void
test_journal_fields(void **state)
{
	static const char *const records[] = {
		"MESSAGE=daily.prod: two lines, ***\nPRIORITY=4\n" FIELDS,
		"MESSAGE=daily.prod: a step\nPRIORITY=6\n" FIELDS,
		"MESSAGE=next: told elsewhere\nPRIORITY=3\n" COMMON
		"ODBCSHIP_JOB=next\n",
		"",
	};
	char at[128];
	struct err e = ERR_INIT;

	(void)state;
	OK(redact_add("s3cret-word", &e), &e);
	begin_journal();
	(void)snprintf(at, sizeof(at), "%s/journal", dir);
	journal_set_path(at);
	check(
	    with_fields, "odbcship: warning: daily.prod: two lines, ***\n", "");
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		assert_string_equal(next_record(), records[i]);
	/* What it has with fields it does not get as lines as well. */
	check(under_systemd, "", "");
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		assert_string_equal(next_record(), records[i]);
	end_journal();
	redact_release();
}

static void
placed(enum log_place place)
{
	log_open(LOG_LEVEL_ERROR, LOG_FORMAT_JSON);
	log_send_to(place);
	log_context("daily", "", 3);
	log_context_date("2026-11-24");
	log_info("one");
	log_close();
}

static void
placed_in_syslog(void)
{
	placed(LOG_PLACE_SYSLOG);
}

static void
placed_in_journal(void)
{
	placed(LOG_PLACE_JOURNAL);
}

static void
placed_nowhere(void)
{
	log_open(LOG_LEVEL_ERROR, LOG_FORMAT_AUTO);
	log_send_to(LOG_PLACE_STDERR);
	log_info("one");
	log_close();
}

/* A place that was asked for holds whatever standard error is. */
static void
test_places(void **state)
{
	char at[128];

	(void)state;
	check(placed_in_syslog, "", "<6>daily: one run=3 date=2026-11-24\n");
	check(placed_nowhere, "", "");
	/* No journal here: it must not be lost. */
	check(placed_in_journal, "", "<6>daily: one run=3 date=2026-11-24\n");
	begin_journal();
	(void)snprintf(at, sizeof(at), "%s/journal", dir);
	journal_set_path(at);
	check(placed_in_journal, "", "");
	assert_non_null(strstr(next_record(), "MESSAGE=daily: one\n"));
	/* One that nobody reads any more, though its socket is there. */
	(void)close(journal_fd);
	check(placed_in_journal, "", "<6>daily: one run=3 date=2026-11-24\n");
	end_journal();
}

static void
nasty(void)
{
	log_open(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_info("\x1b[2Ja\nb\xff");
	log_info("the password hunter2hunter2 and PWD=x");
	log_close();
}

static void
nasty_json(void)
{
	log_open(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_context("a\"b", "prod", 42);
	log_info("\x1b[2Ja\nb\xff hunter2hunter2");
	log_context(NULL, NULL, 0);
	log_debug("hidden");
	log_warning("plain");
	log_close();
}

static void
test_nasty_texts(void **state)
{
	static const char wanted[] =
	    "\"level\":\"info\",\"job\":\"a\\\"b\","
	    "\"environment\":\"prod\",\"run\":42,\"message\":"
	    "\"\\u001b[2Ja\\nb\xef\xbf\xbd ***\"}\n{";
	struct err e = ERR_INIT;
	char *text, *line;

	(void)state;
	OK(redact_add("hunter2hunter2", &e), &e);
	check(nasty,
	    "odbcship: \\x1b[2Ja b\\xff\n"
	    "odbcship: the password *** and PWD=***\n",
	    "");
	text = capture(nasty_json);
	assert_int_equal(strncmp(text, "{\"time\":\"20", 11), 0);
	line = strstr(text, "Z\",");
	assert_non_null(line);
	line = strstr(line, "\"level\"");
	assert_int_equal(strncmp(line, wanted, strlen(wanted)), 0);
	line = strchr(text, '\n') + 1;
	line = strstr(line, "\"level\"");
	assert_string_equal(
	    line, "\"level\":\"warning\",\"message\":\"plain\"}\n");
	free(text);
	redact_release();
}

static void
very_long(void)
{
	static char text[20000];

	memset(text, '\x01', sizeof(text) - 1);
	log_open(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_info("%s", text);
	log_info("after");
	log_close();
	log_open(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_info("%s", text);
	log_close();
}

/* A text without end is cut; what comes behind it is not lost. */
static void
test_long_text(void **state)
{
	char *text = capture(very_long);

	(void)state;
	assert_int_equal(strncmp(text, "odbcship: \\x01\\x01", 18), 0);
	assert_non_null(strstr(text, "\\x01\nodbcship: after\n{\"time\""));
	assert_string_equal(text + strlen(text) - 9, "\\u0001\"}\n");
	free(text);
}

static void
secret_at_the_end(void)
{
	static char text[8000];
	const char *secret = "hunter2hunter2";

	log_open(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	for (size_t n = 4060; n < 4110; n++) {
		memset(text, 'x', n);
		(void)snprintf(text + n, sizeof(text) - n, "%s", secret);
		log_info("%s", text);
	}
	log_close();
}

/* Not even a part of a secret is left where a long text is cut. */
static void
test_cut_within_a_secret(void **state)
{
	struct err e = ERR_INIT;
	char *text;

	(void)state;
	OK(redact_add("hunter2hunter2", &e), &e);
	text = capture(secret_at_the_end);
	assert_true(strlen(text) > 50 * 4000);
	assert_null(strstr(text, "hunt"));
	free(text);
	redact_release();
}

static unsigned cleared;

static void
clear(void)
{
	cleared++;
}

/* The progress line is taken away before a line is written over it. */
static void
test_terminal(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	int saved = dup(STDERR_FILENO);
	char text[256];
	int slave;
	ssize_t n;

	(void)state;
	assert_true(master >= 0 && saved >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	syslog_lines[0] = '\0';
	assert_true(dup2(slave, STDERR_FILENO) >= 0);
	log_open(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	log_context("daily", "prod", 1);
	log_on_line(clear);
	log_debug("hidden");
	log_info("seen");
	n = log_is_terminal();
	log_close();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(n, 1);
	assert_int_equal(cleared, 1);
	n = read(master, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	/* Who runs a job by hand knows which. */
	assert_string_equal(text, "odbcship: seen\r\n");
	assert_string_equal(syslog_lines, "");
	(void)close(saved);
	(void)close(slave);
	(void)close(master);
}

/* The last lines are kept, shown or not, until they are forgotten. */
static void
test_tail(void **state)
{
	struct buf out = BUF_INIT(CAPTURE_MAX);
	struct err e = ERR_INIT;
	const char *at;
	unsigned lines = 0;

	(void)state;
	OK(redact_add("s3cret-word", &e), &e);
	log_open(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	for (unsigned i = 1; i <= 50; i++)
		log_info("line %u", i);
	log_debug("of no interest");
	log_info("it is s3cret-word\n\x1b[31m");
	OK(log_put_tail(&out, &e), &e);
	for (at = buf_text(&out); *at != '\0'; at = strchr(at, '\n') + 1)
		lines++;
	assert_int_equal(lines, 20);
	assert_null(strstr(out.data, "line 31\n"));
	assert_non_null(strstr(out.data, "Z info: line 32\n"));
	assert_null(strstr(out.data, "interest"));
	assert_non_null(strstr(out.data, "it is *** \\x1b[31m\n"));
	buf_reset(&out);
	log_forget();
	OK(log_put_tail(&out, &e), &e);
	assert_int_equal(out.length, 0);
	log_warning("new"); /* not shown at this level */
	OK(log_put_tail(&out, &e), &e);
	assert_non_null(strstr(out.data, "Z warning: new\n"));
	log_close();
	redact_release();
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_syslog_and_journal),
		cmocka_unit_test(test_journal_fields),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_nasty_texts),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_cut_within_a_secret),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_tail),
	};

	return cmocka_run_group_tests_name("log", tests, setup, teardown);
}
