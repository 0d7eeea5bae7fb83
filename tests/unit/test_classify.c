/*
 * test_classify.c - what a failed transfer means, and what to do about it
 *
 * The texts are libcurl's and OpenSSL's own, as they were seen.
 */
#include "unit.h"

#include "ship/classify.h"

/* A failure and what is to be said. */
struct said {
	CURLcode code;
	const char *detail;
	int reply_code; /* 0: the server said nothing */
	const char *reply;
	enum err_class class;
	const char *hint; /* a part */
};

static const struct said sayings[] = {
	/* certificates: libcurl's code is one, the reasons are several */
	{ CURLE_PEER_FAILED_VERIFICATION,
	    "SSL certificate problem: unable to get local issuer certificate",
	    234, "234 ok", ERR_TARGET, "ca_file" },
	{ CURLE_PEER_FAILED_VERIFICATION,
	    "SSL certificate problem: self-signed certificate", 0, "",
	    ERR_TARGET, "ca_file" },
	{ CURLE_PEER_FAILED_VERIFICATION,
	    "SSL: no alternative certificate subject name matches target host "
	    "name 'localhost'",
	    234, "234 ok", ERR_TARGET, "another host's" },
	{ CURLE_PEER_FAILED_VERIFICATION,
	    "SSL: certificate subject name 'x' does not match target host "
	    "name 'y'",
	    0, "", ERR_TARGET, "another host's" },
	{ CURLE_PEER_FAILED_VERIFICATION,
	    "SSL certificate problem: certificate has expired", 0, "",
	    ERR_TARGET, "clock" },
	{ CURLE_PEER_FAILED_VERIFICATION,
	    "SSL certificate problem: certificate is not yet valid", 0, "",
	    ERR_TARGET, "clock" },
	/* what TLS says is never the fault of the last command */
	{ CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: x", 550,
	    "550 no", ERR_TARGET, "ca_file" },
	{ CURLE_SSL_CONNECT_ERROR,
	    "OpenSSL SSL_connect: Connection reset by "
	    "peer",
	    0, "", ERR_NOT_NOW, "later" },
	{ CURLE_SSL_CONNECT_ERROR, "wrong version number", 0, "", ERR_TARGET,
	    "max_tls" },
	/* the server's words */
	{ CURLE_LOGIN_DENIED, "Access denied: 530", 530, "530 Login incorrect.",
	    ERR_TARGET, "user and password" },
	{ CURLE_LOGIN_DENIED, "Access denied: 530", 530,
	    "530 Too many users, try again later.", ERR_NOT_NOW, "later" },
	{ CURLE_UPLOAD_FAILED, "", 550, "550 Permission denied.", ERR_TARGET,
	    "directory" },
	{ CURLE_UPLOAD_FAILED, "", 552, "552 Quota exceeded.", ERR_TARGET,
	    "quota" },
	{ CURLE_UPLOAD_FAILED, "", 421, "421 Timeout.", ERR_NOT_NOW, "later" },
	/* the network */
	{ CURLE_COULDNT_CONNECT, "Failed to connect", 0, "", ERR_NOT_NOW,
	    "Is the server running" },
	{ CURLE_COULDNT_RESOLVE_HOST, "Could not resolve host: x", 0, "",
	    ERR_NOT_NOW, "DNS" },
};

static void
test_sayings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sayings) / sizeof(sayings[0]); i++) {
		const struct said *s = &sayings[i];
		struct transcript t;
		struct failure f = { s->code, s->detail, &t };
		struct err e = ERR_INIT;

		transcript_init(&t);
		t.tls[0] = '\0';
		t.code = s->reply_code;
		(void)snprintf(t.reply, sizeof(t.reply), "%s", s->reply);
		assert_int_equal(classify(&f, "upload 'x'", &e), -1);
		if (e.class != s->class || strstr(e.hint, s->hint) == NULL)
			fail_msg("%d '%s' '%s': class %d, hint '%s'",
			    (int)s->code, s->detail, s->reply, (int)e.class,
			    e.hint);
		assert_non_null(strstr(e.text, "cannot upload 'x': "));
		assert_int_equal(e.native, (int)s->code);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sayings),
	};

	return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
