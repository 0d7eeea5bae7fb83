/*
 * test_ship.c - what may be given to libcurl, what it and servers say, and
 * what that means
 *
 * Against real servers: tests/integration.
 */
#include "unit.h"

#include "base/file.h"
#include "base/redact.h"
#include "base/str.h"
#include "base/utf8.h"
#include "random.h"
#include "ship/classify.h"
#include "ship/ship.h"

static void
test_names(void **state)
{
	static const char *const good[] = { "a", "orders-2026.csv", ".hidden",
		"..a", "a..", "...", "with blank", "\xc3\xa4.csv", "a%2f",
		"a?b*[c]", "-rf", "~" };
	static const char *const bad[][2] = {
		{ "", "is no name" },
		{ ".", "is no name" },
		{ "..", "is no name" },
		{ "a/b", "holds a slash" },
		{ "/a", "holds a slash" },
		{ "../a", "holds a slash" },
		{ "a\\b", "holds a slash" },
		{ "a\nb", "holds a control byte" },
		{ "a\r\nDELE b", "holds a control byte" },
		{ "a\x7f", "holds a control byte" },
		{ "\x01", "holds a control byte" },
		{ "a\xff", "not UTF-8" },
	};
	char longest[257];
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		OK(ship_check_name(good[i], &e), &e);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		FAILS(ship_check_name(bad[i][0], &e), &e, ERR_SPEC, bad[i][1]);
	memset(longest, 'x', 256);
	longest[256] = '\0';
	FAILS(ship_check_name(longest, &e), &e, ERR_SPEC, "longer than 255");
	longest[255] = '\0';
	e = (struct err)ERR_INIT;
	OK(ship_check_name(longest, &e), &e);
}

/* A name that passes is one segment of a path, and one line. */
static void
test_random_names(void **state)
{
	static const char bytes[] = "ab./\\\r\n\x01\x7f\xc3\xa4% ~";
	struct err e = ERR_INIT;
	unsigned passed = 0;

	(void)state;
	random_seed();
	for (unsigned round = 0; round < 50000; round++) {
		char name[8];
		size_t n = random_below(sizeof(name));

		for (size_t i = 0; i < n; i++)
			name[i] = bytes[random_below(sizeof(bytes) - 1)];
		name[n] = '\0';
		if (ship_check_name(name, &e) < 0)
			continue;
		passed++;
		assert_null(strpbrk(name, "/\\"));
		assert_false(str_has_control(name));
		assert_true(utf8_is_valid(name, n));
		assert_true(
		    n > 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
	}
	assert_true(passed > 1000);
}

static const char *const good_urls[] = { "ftp://h/", "ftp://h:2121/a/b/",
	"FTP://h/", "ftps://h/", "ftp://h//abs/", "ftp://h/%2Fabs/",
	"ftp://[::1]/", "ftp://h/a%20b/", "ftp://h/...//x/", "file:///srv/out/",
	"file://localhost/srv/", "file:///" };

static const struct {
	const char *url;
	const char *says;
} bad_urls[] = {
	{ "", "no known kind" },
	{ "gopher://h/", "no known kind" },
	{ "sftp://h/", "needs a user" },
	{ "http://h/", "not protected" },
	{ "http://h", "does not end" },
	{ "https://u@h/", "holds a user" },
	{ "ftp:/h/", "no known kind" },
	{ "ftp://", "names no host" },
	{ "ftp:///a/", "names no host" },
	{ "ftp://h", "does not end with '/'" },
	{ "ftp://h/a", "does not end with '/'" },
	{ "ftp://u:p@h/", "holds a user or password" },
	{ "ftp://u@h/", "holds a user or password" },
	{ "ftp://h/a;type=a/", "one of '?#;'" },
	{ "ftp://h/a?b/", "one of '?#;'" },
	{ "ftp://h/a#/", "one of '?#;'" },
	{ "ftp://h/a b/", "one of '?#;' or a blank" },
	{ "ftp://h/../", "holds '..'" },
	{ "ftp://h/a/./b/", "holds '.'" },
	{ "ftp://h/%2e%2e/", "holds '..'" },
	{ "ftp://h/%2E./x/", "holds '..'" },
	{ "ftp://h/a%2f%2e%2e/", "holds 'a/..'" },
	{ "ftp://h/..%2fa/", "holds '../a'" },
	{ "ftp://h/a%0d%0aDELE%20x/", "control byte" },
	{ "ftp://h/a%00/", "control byte" },
	{ "ftp://h/a\n/", "control byte" },
	{ "file://other/srv/", "names a host" },
	{ "file://srv/out/", "names a host" },
	{ "file:///srv", "does not end with '/'" },
	{ "file:///srv/../etc/", "holds '..'" },
};

static void
test_targets(void **state)
{
	struct target t = { .name = "t" };
	static char longest[1000];
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good_urls) / sizeof(good_urls[0]); i++) {
		t.url = good_urls[i];
		OK(ship_check_target(&t, &e), &e);
	}
	for (size_t i = 0; i < sizeof(bad_urls) / sizeof(bad_urls[0]); i++) {
		t.url = bad_urls[i].url;
		FAILS(
		    ship_check_target(&t, &e), &e, ERR_SPEC, bad_urls[i].says);
		/* Nothing of a password in a URL is repeated. */
		assert_null(strstr(e.text, "u:p"));
	}
	memset(longest, 'x', sizeof(longest) - 1);
	(void)memcpy(longest, "ftp://h/", 8);
	longest[sizeof(longest) - 2] = '/';
	t.url = longest;
	FAILS(ship_check_target(&t, &e), &e, ERR_SPEC, "longer than");
}

/* F4: libcurl would send what follows CR LF as a command of its own. */
static void
test_credentials(void **state)
{
	struct target t = { .name = "t", .url = "ftp://h/" };
	struct err e = ERR_INIT;

	(void)state;
	t.user = "acme\r\nDELE x";
	FAILS(ship_check_target(&t, &e), &e, ERR_SPEC,
	    "the user holds a control byte");
	t.user = "acme";
	t.password = "pw\nDELE x";
	FAILS(ship_check_target(&t, &e), &e, ERR_SPEC,
	    "the password holds a control byte");
	assert_null(strstr(e.text, "pw"));
	t.password = "p w;\xc3\xa4@:/";
	e = (struct err)ERR_INIT;
	OK(ship_check_target(&t, &e), &e);
	t.url = "ftps://h/";
	t.tls = TARGET_TLS_NONE;
	FAILS(ship_check_target(&t, &e), &e, ERR_SPEC, "tls is \"none\"");
}

/* What of a target cannot be, whatever the server says. */
static void
test_options(void **state)
{
	static const struct {
		struct target target;
		const char *says; /* NULL: it can be */
	} cases[] = {
		{ { .publish = TARGET_DIRECTORY }, "no staging" },
		{ { .publish = TARGET_DIRECTORY, .staging = "tmp" },
		    "is no directory" },
		{ { .publish = TARGET_DIRECTORY, .staging = "a/../" },
		    "is no directory" },
		{ { .publish = TARGET_DIRECTORY, .staging = "a\\b/" },
		    "is no directory" },
		{ { .publish = TARGET_DIRECTORY, .staging = "a\r\nDELE x/" },
		    "control byte" },
		{ { .publish = TARGET_DIRECTORY, .staging = "\xff/" },
		    "is no directory" },
		{ { .publish = TARGET_DIRECTORY, .staging = "../../a b/" },
		    NULL },
		{ { .publish = TARGET_DIRECTORY, .staging = "/srv/tmp/" },
		    NULL },
		{ { .publish = TARGET_RENAME, .staging = "tmp" }, NULL },
		{ { .min_tls = "1.3", .max_tls = "1.2" }, "newer than" },
		{ { .min_tls = "1.2", .max_tls = "1.2" }, NULL },
		{ { .client_key = "k" }, "no client_cert" },
		{ { .client_key = "k", .client_cert = "c" }, NULL },
		{ { .active = true, .tls = TARGET_TLS_NONE }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct target t = cases[i].target;
		struct err e = ERR_INIT;

		t.name = "t";
		t.url = "ftp://h/in/";
		if (cases[i].says == NULL)
			OK(ship_check_target(&t, &e), &e);
		else
			FAILS(ship_check_target(&t, &e), &e, ERR_SPEC,
			    cases[i].says);
	}
}

static void
see(const struct target *t, const struct shipment *s, enum ship_sight final_is,
    enum ship_sight temporary_is)
{
	enum ship_sight final, temporary;
	struct err e = ERR_INIT;

	OK(ship_look(t, s, &final, &temporary, &e), &e);
	assert_int_equal(final, final_is);
	assert_int_equal(temporary, temporary_is);
}

/* What a later run finds of an earlier one. */
static void
test_look(void **state)
{
	char dir[] = "/tmp/odbcship-test-XXXXXX", url[128];
	char ours[128], final[128], temporary[128];
	struct err e = ERR_INIT;
	struct target t = { .name = "t", .verify = TARGET_VERIFY_SIZE };
	struct shipment s = { .path = ours,
		.name = "a.csv",
		.temporary = "a.csv.part",
		.bytes = 3,
		/* of "abc" */
		.sha256 = "ba7816bf8f01cfea414140de5dae2223"
			  "b00361a396177a9cb410ff61f20015ad" };

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(url, sizeof(url), "file://%s/", dir);
	(void)snprintf(ours, sizeof(ours), "%s/ours", dir);
	(void)snprintf(final, sizeof(final), "%s/a.csv", dir);
	(void)snprintf(temporary, sizeof(temporary), "%s/a.csv.part", dir);
	t.url = url;
	write_file(ours, "abc", 3, 0600);
	see(&t, &s, SHIP_ABSENT, SHIP_ABSENT);
	write_file(temporary, "ab", 2, 0600);
	see(&t, &s, SHIP_ABSENT, SHIP_OTHER);
	write_file(final, "xyz", 3, 0600);
	see(&t, &s, SHIP_SAME, SHIP_OTHER);
	t.verify = TARGET_VERIFY_REREAD;
	see(&t, &s, SHIP_OTHER, SHIP_OTHER);
	write_file(final, "abc", 3, 0600);
	see(&t, &s, SHIP_SAME, SHIP_OTHER);
	t.verify = TARGET_VERIFY_HASH;
	see(&t, &s, SHIP_SAME, SHIP_OTHER);
	OK(file_remove_tree(dir, &e), &e);
}

/* facts/shipping.md 1.6, row by row: what the server did, what it becomes. */
static const struct {
	const char *what;
	CURLcode code;
	int reply; /* last on the control connection; 0: none any more */
	const char *text;
	const char *command;
	const char *detail;
	enum err_class class;
} rows[] = {
	{ "530 on PASS", CURLE_LOGIN_DENIED, 530, "530 Login incorrect.",
	    "PASS ***", "Access denied: 530", ERR_TARGET },
	{ "530, too many users", CURLE_LOGIN_DENIED, 530,
	    "530 Sorry, too many users.", "PASS ***", "", ERR_NOT_NOW },
	{ "421 at login", CURLE_OPERATION_TIMEDOUT, 421,
	    "421 Service not available.", "USER acme", "", ERR_NOT_NOW },
	{ "421 at STOR", CURLE_OPERATION_TIMEDOUT, 421, "421 Timeout.",
	    "STOR a.part", "", ERR_NOT_NOW },
	{ "550 to STOR", CURLE_UPLOAD_FAILED, 550, "550 Permission denied.",
	    "STOR a.part", "Failed FTP upload: 550", ERR_TARGET },
	{ "553 to STOR", CURLE_UPLOAD_FAILED, 553, "553 Could not create file.",
	    "STOR a.part", "", ERR_TARGET },
	{ "550 to STOR over TLS", CURLE_FTP_WEIRD_PASV_REPLY, 550,
	    "550 a.part: Permission denied", "STOR a.part",
	    "Bad PASV/EPSV response: 550", ERR_TARGET },
	{ "the same as a TLS error", CURLE_SSL_CONNECT_ERROR, 550,
	    "550 a.part: Permission denied", "STOR a.part",
	    "OpenSSL SSL_connect: Connection reset by peer", ERR_TARGET },
	{ "452 to STOR", CURLE_UPLOAD_FAILED, 452, "452 Disk full.",
	    "STOR a.part", "", ERR_NOT_NOW },
	{ "552 unread, data closed", CURLE_SEND_ERROR, 150, "150 Ok to send.",
	    "STOR a.part", "Send failure: Connection reset by peer",
	    ERR_NOT_NOW },
	{ "server dies in the middle", CURLE_SEND_ERROR, 150, "150 Ok to send.",
	    "STOR a.part", "Send failure: Broken pipe", ERR_NOT_NOW },
	{ "552 at the end", CURLE_REMOTE_DISK_FULL, 552, "552 Quota.",
	    "STOR a.part", "", ERR_TARGET },
	{ "451 at the end", CURLE_PARTIAL_FILE, 451, "451 Local error.",
	    "STOR a.part", "server did not report OK, got 451", ERR_NOT_NOW },
	{ "426 at the end", CURLE_PARTIAL_FILE, 426,
	    "426 Failure reading network stream.", "STOR a.part", "",
	    ERR_NOT_NOW },
	{ "control dies before 226", CURLE_RECV_ERROR, 0, "", "STOR a.part",
	    "response reading failed", ERR_NOT_NOW },
	{ "no 226 in time", CURLE_OPERATION_TIMEDOUT, 150, "150 Ok.",
	    "STOR a.part", "FTP response timeout", ERR_NOT_NOW },
	{ "stall in data", CURLE_OPERATION_TIMEDOUT, 150, "150 Ok.",
	    "STOR a.part", "Operation too slow", ERR_NOT_NOW },
	{ "550 to RNTO", CURLE_QUOTE_ERROR, 550, "550 Rename denied.",
	    "RNTO a.csv", "QUOT command failed with 550", ERR_TARGET },
	{ "control dies after RNTO", CURLE_RECV_ERROR, 0, "", "RNTO a.csv", "",
	    ERR_NOT_NOW },
	{ "a flood of replies", CURLE_RECV_ERROR, 150, "150 Ok.", "STOR a.part",
	    "Too large response headers: 311367 > 307200", ERR_TARGET },
	{ "no TLS there", CURLE_USE_SSL_FAILED, 500, "500 What?", "AUTH TLS",
	    "", ERR_TARGET },
	{ "wrong certificate", CURLE_PEER_FAILED_VERIFICATION, 234, "234 Ok.",
	    "AUTH TLS", "SSL certificate problem", ERR_TARGET },
	{ "no CA file", CURLE_SSL_CACERT_BADFILE, 0, "", "",
	    "error setting certificate file", ERR_SPEC },
	{ "no such host", CURLE_COULDNT_RESOLVE_HOST, 0, "", "",
	    "Could not resolve host: h", ERR_NOT_NOW },
	{ "nobody listens", CURLE_COULDNT_CONNECT, 0, "", "",
	    "Failed to connect", ERR_NOT_NOW },
	/* Beyond the table. */
	{ "handshake broken off", CURLE_SSL_CONNECT_ERROR, 234, "234 Ok.",
	    "AUTH TLS", "SSL_connect: Connection reset by peer", ERR_NOT_NOW },
	{ "handshake refused", CURLE_SSL_CONNECT_ERROR, 234, "234 Ok.",
	    "AUTH TLS", "tlsv1 alert protocol version", ERR_TARGET },
	{ "an unknown 4xx", CURLE_QUOTE_ERROR, 499, "499 Hm.", "RNFR a", "",
	    ERR_NOT_NOW },
	{ "an unknown 5xx", CURLE_QUOTE_ERROR, 599, "599 Hm.", "RNFR a", "",
	    ERR_TARGET },
	{ "pinned key", CURLE_SSL_PINNEDPUBKEYNOTMATCH, 234, "234 Ok.",
	    "AUTH TLS", "", ERR_TARGET },
	{ "no memory", CURLE_OUT_OF_MEMORY, 0, "", "", "", ERR_INTERNAL },
	{ "the local file", CURLE_READ_ERROR, 150, "150 Ok.", "STOR a.part", "",
	    ERR_LOCAL },
};

static void
test_classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct transcript said;
		struct failure f = { rows[i].code, rows[i].detail, &said };
		struct err e = ERR_INIT;

		memset(&said, 0, sizeof(said));
		said.code = rows[i].reply;
		(void)snprintf(
		    said.reply, sizeof(said.reply), "%s", rows[i].text);
		(void)snprintf(
		    said.command, sizeof(said.command), "%s", rows[i].command);
		assert_int_equal(classify(&f, "send 'a.csv'", &e), -1);
		if (e.class != rows[i].class)
			fail_msg(
			    "%s is %s: %s", rows[i].what, err_name(&e), e.text);
		assert_int_equal(
		    strncmp(e.text, "cannot send 'a.csv': ", 21), 0);
		assert_int_equal(e.native, rows[i].code);
		/* The server's own words, where it said no. */
		if (rows[i].reply >= 400 && rows[i].reply != 500)
			assert_non_null(strstr(e.text, rows[i].text));
		assert_null(strstr(e.text, "***"));
	}
}

/* Once STOR is sent, a handshake is that of the data connection. */
static void
test_broken_data(void **state)
{
	static const struct {
		CURLcode code;
		const char *command, *detail;
		bool has_stored, is_data;
	} cases[] = {
		{ CURLE_FTP_WEIRD_PASV_REPLY, "PASV",
		    "Bad PASV/EPSV response: 150", true, true },
		{ CURLE_SSL_CONNECT_ERROR, "STOR a.part",
		    "Recv failure: Connection reset by peer", true, true },
		{ CURLE_SSL_CONNECT_ERROR, "STOR a.part",
		    "tlsv1 alert protocol version", true, false },
		{ CURLE_SSL_CONNECT_ERROR, "AUTH TLS",
		    "Recv failure: Connection reset by peer", false, false },
		{ CURLE_FTP_WEIRD_PASV_REPLY, "PASV", "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct transcript said = { .code = 150,
			.has_stored = cases[i].has_stored };
		struct failure f = { cases[i].code, cases[i].detail, &said };
		struct err e = ERR_INIT;

		(void)snprintf(
		    said.command, sizeof(said.command), "%s", cases[i].command);
		assert_int_equal(classify(&f, "send 'a.csv'", &e), -1);
		assert_int_equal(
		    strstr(e.text, "the data connection broke") != NULL,
		    cases[i].is_data);
		if (cases[i].is_data)
			assert_int_equal(e.class, ERR_NOT_NOW);
	}
}

/* What transcript_attach gave to libcurl. */
static curl_debug_callback hear;
static void *hear_arg;

CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...);

CURLcode
__wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
	va_list ap;

	(void)easy;
	va_start(ap, option);
	if (option == CURLOPT_DEBUGFUNCTION)
		hear = va_arg(ap, curl_debug_callback);
	else if (option == CURLOPT_DEBUGDATA)
		hear_arg = va_arg(ap, void *);
	va_end(ap);
	return CURLE_OK;
}

static void
say(curl_infotype type, const char *text)
{
	char data[2048];

	(void)snprintf(data, sizeof(data), "%s", text);
	/* As libcurl does: no NUL behind it that could be relied upon. */
	assert_int_equal(hear(NULL, type, data, strlen(text), hear_arg), 0);
}

#define CLIENT(text) say(CURLINFO_HEADER_OUT, text "\r\n")
#define SERVER(text) say(CURLINFO_HEADER_IN, text "\r\n")

static void
test_conversation(void **state)
{
	struct transcript t;

	(void)state;
	memset(&t, 0, sizeof(t));
	transcript_init(&t);
	transcript_attach(&t, NULL);
	SERVER("220-Welcome\r\n 530 not this\r\n220 Ready");
	assert_int_equal(t.code, 220);
	assert_string_equal(t.reply, "220 Ready");
	say(CURLINFO_TEXT, "SSL connection using TLSv1.2 / ECDHE-RSA\n");
	assert_string_equal(t.tls, "TLSv1.2 ECDHE-RSA");
	CLIENT("USER acme");
	assert_string_equal(t.command, "USER acme");
	assert_int_equal(t.code, 0);
	assert_string_equal(t.reply, "");
	SERVER("331 Password?");
	CLIENT("PASS hunter2");
	assert_string_equal(t.command, "PASS ***");
	SERVER("230 In.");
	CLIENT("STOR a.part");
	assert_true(t.has_stored && !t.has_renamed);
	assert_true(transcript_is_at(&t, "STOR"));
	assert_false(transcript_is_at(&t, "STO"));
	SERVER("150 Go on.");
	/* The lines of a long reply count only with the last. */
	SERVER("226-Done");
	assert_int_equal(t.code, 150);
	SERVER("226");
	assert_int_equal(t.code, 226);
	CLIENT("rnto a.csv");
	assert_true(t.has_renamed);
	assert_true(transcript_is_at(&t, "RNTO"));
	transcript_init(&t);
	assert_false(t.has_stored || t.has_renamed);
	assert_string_equal(t.command, "");
	assert_string_equal(t.tls, "TLSv1.2 ECDHE-RSA");
}

static void
test_nasty_conversation(void **state)
{
	static char flood[2000];
	struct transcript t;
	struct err e = ERR_INIT;

	(void)state;
	memset(&t, 0, sizeof(t));
	transcript_init(&t);
	transcript_attach(&t, NULL);
	OK(redact_add("s3cr3t-pw", &e), &e);
	CLIENT("pass s3cr3t-pw");
	assert_string_equal(t.command, "PASS ***");
	CLIENT("ACCT s3cr3t-pw");
	assert_null(strstr(t.command, "s3cr3t"));
	SERVER("530 s3cr3t-pw is wrong");
	assert_string_equal(t.reply, "530 *** is wrong");
	SERVER("550 \x1b[31mred\x07");
	assert_string_equal(t.reply, "550 \\x1b[31mred\\x07");
	CLIENT("CWD x");
	SERVER("nonsense");
	SERVER("99 too short");
	SERVER("2x0 no digits");
	SERVER("");
	assert_int_equal(t.code, 0);
	memset(flood, 'x', sizeof(flood) - 1);
	(void)memcpy(flood, "550 ", 4);
	say(CURLINFO_HEADER_IN, flood);
	assert_int_equal(t.code, 550);
	assert_int_equal(strlen(t.reply), sizeof(t.reply) - 1);
	/* What is sent as data is none of it. */
	say(CURLINFO_DATA_OUT, "550 data");
	say(CURLINFO_DATA_IN, "220 data");
	assert_int_equal(strncmp(t.reply, "550 xxx", 7), 0);
	redact_release();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_random_names),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_broken_data),
		cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_nasty_conversation),
	};

	return cmocka_run_group_tests_name("ship", tests, NULL, NULL);
}
