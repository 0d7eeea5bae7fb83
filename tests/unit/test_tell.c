/*
 * test_tell.c - who is told what and when; mail that nothing can break
 *
 * What goes over the wire is tested against real servers, in
 * tests/integration/test_notify.py.
 */
#include "unit.h"

#include "base/file.h"
#include "base/redact.h"
#include "base/utf8.h"
#include "random.h"
#include "ship/post.h"
#include "state/alert.h"
#include "tell/compose.h"
#include "tell/mail.h"
#include "tell/metrics.h"
#include "tell/tell.h"

enum { TEXT_BYTES = 1024 * 1024, HOUR = 3600 * 1000, ROUNDS = 3000 };

static char dir[64];

static int
setup(void **state)
{
	(void)state;
	make_directory(dir);
	return 0;
}

static int
teardown(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	return file_remove_tree(dir, &e);
}

/* One run, and what is told of it. */
struct step {
	enum tell_outcome outcome;
	int hours; /* when it ended */
	enum tell_kind kind;
};

/*
 * Go through runs from a job that works; what is told is told at once, but
 * where the kind is one that cannot be sent.
 */
static void
walk(const struct tell_wish *wish, const struct step *steps, size_t n,
    bool works)
{
	struct alert a = ALERT_INIT;

	for (size_t i = 0; i < n; i++) {
		struct tell_event event = {
			.outcome = steps[i].outcome,
			.now_ms = 1 + (int64_t)steps[i].hours * HOUR,
			.expected_ms = steps[i].hours / 10 + 1,
		};
		enum tell_kind kind = tell_decide(&a, wish, &event);

		if (kind != steps[i].kind)
			fail_msg("step %zu: '%s', not '%s'", i,
			    message_kind_name(kind),
			    message_kind_name(steps[i].kind));
		if (kind != TELL_NOTHING && works && a.broken_ms != 0)
			a.told_ms = event.now_ms;
	}
}

#define WALK(wish, works, ...) \
	do { \
		const struct step steps[] = { __VA_ARGS__ }; \
		walk(wish, steps, sizeof(steps) / sizeof(steps[0]), works); \
	} while (0)

static void
test_once(void **state)
{
	const struct tell_wish wish = { .failure = true, .recovery = true };

	(void)state;
	WALK(&wish, true, { TELL_SUCCEEDED, 0, TELL_NOTHING },
	    { TELL_FAILED, 1, TELL_FAILURE }, { TELL_FAILED, 2, TELL_NOTHING },
	    { TELL_SKIPPED, 3, TELL_NOTHING },
	    { TELL_FAILED, 400, TELL_NOTHING },
	    { TELL_SUCCEEDED, 401, TELL_RECOVERY },
	    { TELL_SUCCEEDED, 402, TELL_NOTHING },
	    { TELL_FAILED, 403, TELL_FAILURE });
}

static void
test_wishes(void **state)
{
	const struct tell_wish success = { .success = true };
	const struct tell_wish recovery = { .recovery = true };
	const struct tell_wish remind = { .failure = true,
		.remind_ms = 24 * HOUR };
	const struct tell_wish nothing = { .remind_ms = 1 };
	const struct tell_wish skip = { .skip = true };

	(void)state;
	WALK(&success, true, { TELL_SUCCEEDED, 0, TELL_SUCCESS },
	    { TELL_FAILED, 1, TELL_NOTHING },
	    { TELL_SUCCEEDED, 2, TELL_SUCCESS });
	WALK(&recovery, true, { TELL_FAILED, 0, TELL_NOTHING },
	    { TELL_SUCCEEDED, 1, TELL_RECOVERY });
	WALK(&remind, true, { TELL_FAILED, 0, TELL_FAILURE },
	    { TELL_FAILED, 23, TELL_NOTHING },
	    { TELL_FAILED, 24, TELL_REMINDER },
	    { TELL_FAILED, 47, TELL_NOTHING },
	    { TELL_FAILED, 48, TELL_REMINDER },
	    { TELL_SUCCEEDED, 49, TELL_NOTHING },
	    { TELL_FAILED, 50, TELL_FAILURE });
	WALK(&nothing, true, { TELL_FAILED, 0, TELL_NOTHING },
	    { TELL_FAILED, 9, TELL_NOTHING },
	    { TELL_SUCCEEDED, 10, TELL_NOTHING },
	    { TELL_SKIPPED, 11, TELL_NOTHING }, { TELL_LATE, 12, TELL_NOTHING },
	    { TELL_TRIED, 13, TELL_TEST });
	WALK(&skip, true, { TELL_SKIPPED, 0, TELL_SKIP },
	    { TELL_SKIPPED, 1, TELL_SKIP });
}

/* What could not be told is told by the next one, as what it is by then. */
static void
test_untold(void **state)
{
	const struct tell_wish wish = { .failure = true, .recovery = true };

	(void)state;
	WALK(&wish, false, { TELL_FAILED, 0, TELL_FAILURE },
	    { TELL_FAILED, 1, TELL_REMINDER },
	    { TELL_FAILED, 2, TELL_REMINDER },
	    { TELL_SUCCEEDED, 3, TELL_RECOVERY });
}

/* Each time that was missed is told once; steps of ten hours are one. */
static void
test_late(void **state)
{
	const struct tell_wish wish = { .late = true };
	const struct tell_wish all = { .failure = true,
		.recovery = true,
		.late = true,
		.remind_ms = 24 * HOUR };

	(void)state;
	WALK(&wish, true, { TELL_LATE, 10, TELL_ABSENCE },
	    { TELL_LATE, 11, TELL_NOTHING }, { TELL_LATE, 12, TELL_NOTHING },
	    { TELL_LATE, 20, TELL_ABSENCE },
	    { TELL_SUCCEEDED, 21, TELL_NOTHING },
	    { TELL_LATE, 30, TELL_ABSENCE });
	/* Who knows that it fails knows why it is late. */
	WALK(&all, true, { TELL_LATE, 10, TELL_ABSENCE },
	    { TELL_FAILED, 11, TELL_FAILURE }, { TELL_LATE, 20, TELL_NOTHING },
	    { TELL_LATE, 36, TELL_REMINDER },
	    { TELL_SUCCEEDED, 37, TELL_RECOVERY },
	    { TELL_LATE, 50, TELL_ABSENCE },
	    { TELL_SUCCEEDED, 51, TELL_RECOVERY });
	WALK(&all, false, { TELL_FAILED, 11, TELL_FAILURE },
	    { TELL_LATE, 20, TELL_NOTHING },
	    { TELL_FAILED, 21, TELL_REMINDER });
}

/* The value of one hexadecimal digit. */
static unsigned
digit(char c)
{
	const char *digits = "0123456789ABCDEF";
	const char *at = strchr(digits, c);

	assert_non_null(at);
	assert_true(c != '\0');
	return (unsigned)(at - digits);
}

/* RFC 2045 6.7 and RFC 2047 4.2: "=E2" is a byte; '_' a blank in a word. */
static size_t
decode(char *out, const char *text, size_t n, bool is_word)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '=') {
			out[used++] = (char)(16 * digit(text[i + 1]) +
			    digit(text[i + 2]));
			i += 2;
		} else
			out[used++] = is_word && text[i] == '_' ? ' ' : text[i];
	}
	return used;
}

/* Take a header apart again, as RFC 2047 6.2 says. */
static void
read_header(char *out, const char *text)
{
	static const char begin[] = "=?UTF-8?Q?";
	size_t used = 0;

	assert_memory_equal(text, "Subject: ", 9);
	for (text += 9; strcmp(text, "\r\n") != 0;) {
		const char *end;

		if (strncmp(text, begin, sizeof(begin) - 1) != 0) {
			out[used++] = *text++;
			continue;
		}
		text += sizeof(begin) - 1;
		end = strstr(text, "?=");
		assert_non_null(end);
		assert_true(end - text + 12 <= 75);
		used += decode(out + used, text, (size_t)(end - text), true);
		/* Each word is whole characters. */
		assert_true(utf8_is_valid(out, used));
		text = end + 2;
		if (strncmp(text, "\r\n =?", 5) == 0)
			text += 3;
	}
	out[used] = '\0';
}

/* A text of anything: ASCII, controls, characters and broken ones. */
static void
make_text(char *text, size_t n)
{
	static const char *const parts[] = { "a", "Z", " ", "=", "?", "_",
		"=?UTF-8?Q?x?=", "\r\n", "\nBcc: e@example.com\n", "\t", "\x7f",
		"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xc3", "\xff",
		"\"", "<>", ".", "\r\n.\r\n" };
	size_t used = 0;

	while (n-- > 0) {
		const char *part =
		    parts[random_below(sizeof(parts) / sizeof(parts[0]))];

		memcpy(text + used, part, strlen(part));
		used += strlen(part);
	}
	text[used] = '\0';
}

/* What is left of a value: no controls, repaired. */
static void
clean(char *out, const char *text)
{
	struct buf repaired = BUF_INIT(TEXT_BYTES);
	struct err e = ERR_INIT;
	uint64_t count = 0;

	OK(utf8_put_repaired(&repaired, text, strlen(text), &count, &e), &e);
	for (size_t i = 0; i < repaired.length; i++) {
		char c = repaired.data[i];

		out[i] = (c >= 0 && c < ' ') || c == 0x7f ? ' ' : c;
	}
	out[repaired.length] = '\0';
	buf_release(&repaired);
}

static void
test_headers(void **state)
{
	char text[2048], want[8192], got[8192];
	struct buf out = BUF_INIT(TEXT_BYTES);
	struct err e = ERR_INIT;

	(void)state;
	random_seed();
	for (unsigned i = 0; i < ROUNDS; i++) {
		/* Fewer bytes than are cut. */
		make_text(text, random_below(19));
		buf_reset(&out);
		OK(mail_put_header(&out, "Subject", text, "\r\n", &e), &e);
		for (size_t k = 0; k < out.length; k++) {
			unsigned char c = (unsigned char)out.data[k];

			assert_true(
			    c < 0x7f && (c >= ' ' || c == '\r' || c == '\n'));
			/* A line goes on where the next one is folded. */
			if (c == '\n' && k + 1 < out.length)
				assert_int_equal(out.data[k + 1], ' ');
		}
		clean(want, text);
		read_header(got, buf_text(&out));
		assert_string_equal(got, want);
	}
	buf_release(&out);
}

static void
read_body(char *out, const char *text)
{
	size_t used = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, "\r");
		bool is_soft = n > 0 && text[n - 1] == '=';

		assert_true(n <= 76);
		assert_true(
		    n == 0 || (text[n - 1] != ' ' && text[n - 1] != '\t'));
		assert_memory_equal(text + n, "\r\n", 2);
		used += decode(out + used, text, is_soft ? n - 1 : n, false);
		if (!is_soft)
			out[used++] = '\n';
		text += n + 2;
	}
	out[used] = '\0';
}

static void
test_body(void **state)
{
	static const char *const to[] = { "a@example.com", "b@example.com" };
	const struct mail_people people = { "me@example.com", to, 2, "\r\n" };
	char text[8192], got[32768], subject[] = "s", json[] = "{}";
	struct message m = { "daily", subject, text, json };
	struct buf out = BUF_INIT(TEXT_BYTES);
	struct err e = ERR_INIT;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		const char *body;

		make_text(text, random_below(200));
		memcpy(text + strlen(text), "\n", 2);
		buf_reset(&out);
		OK(mail_put(&out, &m, &people, &e), &e);
		assert_non_null(strstr(out.data,
		    "\r\nTo: a@example.com,\r\n b@example.com\r\nSubject: s"));
		body = strstr(out.data, "\r\n\r\n");
		assert_non_null(body);
		read_body(got, body + 4);
		assert_string_equal(got, text);
	}
	buf_release(&out);
}

static void
test_mailboxes(void **state)
{
	static const char *const good[] = { "a@b", "first.last+tag@example.com",
		"o'neil@example.com", "x_y-z@sub.example.org" };
	static const char *const bad[] = { "", "a", "@b", "a@", "a b@c",
		"a@b\r\nRCPT TO:<c@d>", "<a@b>", "a@b,c@d", "A <a@b>", "a@b@c",
		"-oQ/tmp@b", "\xc3\xa9@b", "a@b;c" };
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		OK(post_check_mailbox(good[i], &e), &e);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		FAILS(post_check_mailbox(bad[i], &e), &e, ERR_SPEC,
		    "is no address for mail");
}

static void
test_urls(void **state)
{
	static const struct {
		enum post_kind kind;
		const char *url;
		bool without_tls;
		const char *wrong; /* NULL: it is right */
	} cases[] = {
		{ POST_MAIL, "smtp://h", false, NULL },
		{ POST_MAIL, "SMTPS://h:465/me.example.com", false, NULL },
		{ POST_MAIL, "smtp://h", true, NULL },
		{ POST_MAIL, "https://h", false, "is no URL" },
		{ POST_MAIL, "h:25", false, "is no URL" },
		{ POST_MAIL, "", false, "is no URL" },
		{ POST_HTTP, "https://h/x?y=a@b", false, NULL },
		{ POST_HTTP, "http://h/x", true, NULL },
		{ POST_HTTP, "http://h/x", false, "not protected by TLS" },
		{ POST_HTTP, "https://u:p@h/x", false, "holds a user" },
		{ POST_HTTP, "https://h/a\r\nb", false, "is no URL" },
		{ POST_HTTP, "file:///etc/passwd", true, "is no URL" },
		{ POST_HTTP, "https://h:99999/", false, "is no URL" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct post_address a = { .url = cases[i].url,
			.without_tls = cases[i].without_tls };
		struct err e = ERR_INIT;

		if (cases[i].wrong == NULL)
			OK(post_check_url(cases[i].kind, &a, &e), &e);
		else
			FAILS(post_check_url(cases[i].kind, &a, &e), &e,
			    ERR_SPEC, cases[i].wrong);
	}
}

/* A secret that came into an error is in nothing that is told. */
static void
test_secrets(void **state)
{
	const struct alert none = ALERT_INIT;
	struct err error = ERR_INIT, e = ERR_INIT;
	struct tell_event event = { .outcome = TELL_FAILED,
		.job = "daily",
		.error = &error,
		.log = "x correct horse y",
		.again = "odbcship run daily --set a='correct horse'" };
	struct message m;

	(void)state;
	OK(redact_add("correct horse", &e), &e);
	(void)err_set(&error, ERR_DATABASE, "login 'correct horse' PWD=abc;");
	OK(message_build(&m, TELL_FAILURE, &event, &none, &e), &e);
	assert_non_null(strstr(m.subject, "daily failed: login '***' PWD=***"));
	assert_null(strstr(m.text, "horse"));
	assert_null(strstr(m.json, "horse"));
	assert_null(strstr(m.text, "abc"));
	assert_non_null(strstr(m.text, "x *** y"));
	message_release(&m);
	redact_release();
}

/* A subject is cut at a whole character. */
static void
test_long_subject(void **state)
{
	const struct alert none = ALERT_INIT;
	struct err error = ERR_INIT, e = ERR_INIT;
	struct tell_event event = {
		.outcome = TELL_FAILED, .job = "daily", .error = &error
	};
	struct message m;
	char text[600];

	(void)state;
	for (size_t skip = 0; skip < 4; skip++) {
		memset(text, 'x', skip);
		for (size_t i = skip; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xf0\x9f\x98\x80", 5);
		(void)err_set(&error, ERR_DATABASE, "%s", text);
		OK(message_build(&m, TELL_FAILURE, &event, &none, &e), &e);
		assert_true(strlen(m.subject) <= 200);
		assert_true(strlen(m.subject) > 190);
		assert_true(utf8_is_valid(m.subject, strlen(m.subject)));
		message_release(&m);
	}
}

static void
test_records(void **state)
{
	const struct alert_key key = { "daily", "prod", "team: mail" };
	const struct alert_key other = { "daily", "", "team: mail" };
	char kind[] = "failure", subject[] = "s\xc3\xa9", text[] = "t\nu",
	     json[] = "{}";
	const struct alert put = { 1, 2, 3, 4, 5, 6, kind, subject, text,
		json };
	struct alert got;
	struct ledger *l = NULL;
	struct err e = ERR_INIT;

	(void)state;
	OK(ledger_open(&l, dir, &e), &e);
	OK(alert_load(l, &key, &got, &e), &e);
	assert_int_equal(got.broken_ms, 0);
	assert_null(got.pending);
	OK(alert_save(l, &key, &put, &e), &e);
	ledger_free(l);
	OK(ledger_open(&l, dir, &e), &e);
	OK(alert_load(l, &other, &got, &e), &e);
	assert_int_equal(got.failures, 0);
	OK(alert_load(l, &key, &got, &e), &e);
	assert_int_equal(got.broken_ms, 1);
	assert_int_equal(got.failures, 2);
	assert_int_equal(got.told_ms, 3);
	assert_int_equal(got.late_ms, 4);
	assert_int_equal(got.pending_ms, 5);
	assert_int_equal(got.attempts, 6);
	assert_string_equal(got.pending, kind);
	assert_string_equal(got.subject, subject);
	assert_string_equal(got.text, text);
	assert_string_equal(got.json, json);
	alert_drop_pending(&got);
	OK(alert_save(l, &key, &got, &e), &e);
	OK(alert_load(l, &key, &got, &e), &e);
	assert_null(got.pending);
	assert_int_equal(got.failures, 2);
	alert_release(&got);
	ledger_free(l);
}

/* What a full directory or a missing one does to the figures. */
static void
test_metrics_fail(void **state)
{
	const struct tell_event event = { .job = "daily", .now_ms = 1500 };
	const struct metrics_past past = { 0 };
	char path[128], *text;
	struct err e = ERR_INIT;

	(void)state;
	FAILS(metrics_write("/nonexistent", &event, &past, &e), &e, ERR_LOCAL,
	    "metrics: cannot make '/nonexistent/.odbcship_daily.prom.");
	(void)snprintf(path, sizeof(path), "%s/figures", dir);
	assert_int_equal(mkdir(path, 0755), 0);
	OK(metrics_write(path, &event, &past, &e), &e);
	OK(metrics_write(path, &event, &past, &e), &e);
	assert_int_equal(count_entries(path), 1);
	(void)snprintf(
	    path, sizeof(path), "%s/figures/odbcship_daily.prom", dir);
	text = read_text(path);
	assert_non_null(strstr(text,
	    "\nodbcship_last_run_timestamp_seconds{job=\"daily\","
	    "environment=\"\"} 1.500\n"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_untold),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_mailboxes),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_long_subject),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_metrics_fail),
	};

	return cmocka_run_group_tests_name("tell", tests, setup, teardown);
}
