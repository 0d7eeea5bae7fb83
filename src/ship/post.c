/*
 * post.c - one small message to one address
 *
 * A handle of its own for each message, with every option said here. Mail is
 * composed by the tell room; files go by ship.c. What is sent is not logged,
 * since it begins with the login.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/str.h"
#include "ship/library.h"
#include "ship/post.h"

enum {
	REPLY_BYTES = 256,		/* of a reply, in messages */
	ANSWER_BYTES_MAX = 1024 * 1024, /* of an HTTP body, then it ends */
	HEADER_BYTES = 8192,
	MAILBOX_BYTES = 254 /* RFC 5321 4.5.3.1.3 */
};

/* A message on its way. */
struct sending {
	CURL *easy;			   /* owned */
	struct curl_slist *list;	   /* owned: recipients or headers */
	const struct post_address *to;	   /* borrowed */
	const struct post_message *m;	   /* borrowed */
	size_t sent;			   /* bytes of the message */
	size_t answered;		   /* bytes that came back */
	const char *option;		   /* the last one that was set */
	char recipient[MAILBOX_BYTES + 8]; /* RCPT that awaits its reply */
	char reply[REPLY_BYTES];	   /* the last line of the server */
	char body[REPLY_BYTES];		   /* the beginning of its answer */
	char detail[CURL_ERROR_SIZE];	   /* libcurl's words */
};

static bool
has_scheme(const char *url, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncasecmp(url, scheme, n) == 0 &&
	    strncmp(url + n, "://", 3) == 0;
}

int
post_check_url(enum post_kind kind, const struct post_address *a, struct err *e)
{
	const char *plain = kind == POST_MAIL ? "smtp" : "http";
	const char *tls = kind == POST_MAIL ? "smtps" : "https";
	CURLUcode rc = CURLUE_OUT_OF_MEMORY;
	CURLU *parts;

	if (ship_load_library(e) < 0)
		return -1;
	parts = curl_url();
	if (parts != NULL)
		rc = curl_url_set(
		    parts, CURLUPART_URL, a->url, CURLU_NON_SUPPORT_SCHEME);
	curl_url_cleanup(parts);
	if (rc == CURLUE_OUT_OF_MEMORY)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (rc != CURLUE_OK || str_has_control(a->url) ||
	    (!has_scheme(a->url, plain) && !has_scheme(a->url, tls))) {
		(void)err_set(
		    e, ERR_SPEC, "'%s' is no URL that can be used", a->url);
		return err_hint(e, "It is %s://HOST%s.", tls,
		    kind == POST_MAIL ? ":465, or smtp://HOST:587" : "/PATH");
	}
	if (strchr(a->url, '@') != NULL &&
	    strcspn(strstr(a->url, "://") + 3, "@") <
		strcspn(strstr(a->url, "://") + 3, "/?#")) {
		(void)err_set(e, ERR_SPEC, "the URL holds a user");
		return err_hint(e, "Write user and password as settings.");
	}
	if (kind == POST_HTTP && has_scheme(a->url, plain) && !a->without_tls) {
		(void)err_set(
		    e, ERR_SPEC, "'%s' is not protected by TLS", a->url);
		return err_hint(e,
		    "Write https://, or tls = \"none\"; where everybody on "
		    "the way may read and change what is told.");
	}
	return 0;
}

/*
 * Letters of ASCII and one '@': what could end the address, or begin a second
 * one, is not let through to SMTP or into a header.
 */
int
post_check_mailbox(const char *address, struct err *e)
{
	const char *at = strrchr(address, '@');
	bool ok = at != NULL && at != address && at[1] != '\0' &&
	    strlen(address) <= MAILBOX_BYTES && address[0] != '-' &&
	    strchr(address, '@') == at;

	for (const char *c = address; ok && *c != '\0'; c++)
		ok = *c > ' ' && *c < 0x7f &&
		    strchr("\"(),:;<>[\\]", *c) == NULL;
	if (ok)
		return 0;
	(void)err_set(e, ERR_SPEC, "'%s' is no address for mail", address);
	return err_hint(e, "Write the bare address: \"team@example.com\".");
}

static size_t
give(char *data, size_t size, size_t n, void *arg)
{
	struct sending *s = arg;
	size_t left = s->m->n - s->sent;

	if (size * n < left)
		left = size * n;
	memcpy(data, s->m->data + s->sent, left);
	s->sent += left;
	return left;
}

/* The beginning of an answer may say why; an endless one ends here. */
static size_t
take(char *data, size_t size, size_t n, void *arg)
{
	struct sending *s = arg;
	size_t bytes = size * n;
	size_t used = strlen(s->body);
	size_t room = sizeof(s->body) - 1 - used;

	memcpy(s->body + used, data, bytes < room ? bytes : room);
	s->body[used + (bytes < room ? bytes : room)] = '\0';
	s->answered += bytes;
	return s->answered > ANSWER_BYTES_MAX ? 0 : bytes;
}

/* What the server says, line by line; of what is sent only who it is for. */
static int
listen_in(CURL *easy, curl_infotype type, char *data, size_t n, void *arg)
{
	static const char rcpt[] = "RCPT TO:";
	struct sending *s = arg;
	size_t length = n;

	(void)easy;
	while (length > 0 &&
	    (data[length - 1] == '\r' || data[length - 1] == '\n'))
		length--;
	if (type == CURLINFO_HEADER_OUT)
		(void)snprintf(s->recipient, sizeof(s->recipient), "%.*s",
		    n > sizeof(rcpt) &&
			    memcmp(data, rcpt, sizeof(rcpt) - 1) == 0 ?
			(int)(length - sizeof(rcpt) + 1) :
			0,
		    data + sizeof(rcpt) - 1);
	if (type != CURLINFO_HEADER_IN || length == 0)
		return 0;
	(void)snprintf(s->reply, sizeof(s->reply), "%.*s", (int)length, data);
	if (s->recipient[0] != '\0' && strchr("45", s->reply[0]) != NULL)
		log_warning("the mail server refuses the recipient %s: %s",
		    s->recipient, s->reply);
	return 0;
}

#define SET(name, value) \
	do { \
		if (rc == CURLE_OK) { \
			rc = curl_easy_setopt(s->easy, name, value); \
			s->option = #name; \
		} \
	} while (0)

static CURLcode
set_common(struct sending *s)
{
	const struct post_address *a = s->to;
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_URL, a->url);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TIMEOUT_MS, (long)a->timeout_ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)a->timeout_ms);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps,http,https");
#else
	SET(CURLOPT_PROTOCOLS,
	    (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS | CURLPROTO_HTTP |
		CURLPROTO_HTTPS));
#endif
	SET(CURLOPT_PROXY, ""); /* no proxies from the environment */
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (a->ca_file != NULL)
		SET(CURLOPT_CAINFO, a->ca_file);
	SET(CURLOPT_WRITEFUNCTION, take);
	SET(CURLOPT_WRITEDATA, s);
	SET(CURLOPT_ERRORBUFFER, s->detail);
	SET(CURLOPT_VERBOSE, 1L);
	SET(CURLOPT_DEBUGFUNCTION, listen_in);
	SET(CURLOPT_DEBUGDATA, s);
	return rc;
}

static CURLcode
set_mail(struct sending *s)
{
	CURLcode rc = CURLE_OK;

	/* Never CURLUSESSL_TRY: it sends the password in clear. */
	SET(CURLOPT_USE_SSL,
	    (long)(s->to->without_tls ? CURLUSESSL_NONE : CURLUSESSL_ALL));
	if (s->to->user != NULL)
		SET(CURLOPT_USERNAME, s->to->user);
	if (s->to->password != NULL)
		SET(CURLOPT_PASSWORD, s->to->password);
	SET(CURLOPT_MAIL_FROM, s->m->from);
	SET(CURLOPT_MAIL_RCPT, s->list);
	/* One wrong address must not keep the others from being told. */
#if LIBCURL_VERSION_NUM >= 0x080200
	SET(CURLOPT_MAIL_RCPT_ALLOWFAILS, 1L);
#elif LIBCURL_VERSION_NUM >= 0x074500
	SET(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
#endif
	SET(CURLOPT_UPLOAD, 1L);
	SET(CURLOPT_READFUNCTION, give);
	SET(CURLOPT_READDATA, s);
	SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->m->n);
	return rc;
}

static CURLcode
set_http(struct sending *s)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDS, s->m->data);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->m->n);
	SET(CURLOPT_HTTPHEADER, s->list);
	SET(CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
	return rc;
}

static int
add(struct sending *s, const char *text, struct err *e)
{
	struct curl_slist *list = curl_slist_append(s->list, text);

	if (list == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	s->list = list;
	return 0;
}

static int
add_header(
    struct sending *s, const char *name, const char *value, struct err *e)
{
	char header[HEADER_BYTES];
	int n = snprintf(header, sizeof(header), "%s%s", name, value);
	int rc;

	if (n < 0 || (size_t)n >= sizeof(header) || str_has_control(header))
		rc = err_set(e, ERR_SPEC, "a header cannot be sent: %s",
		    n < 0 || (size_t)n >= sizeof(header) ?
			"it is too long" :
			"it holds a control byte");
	else
		rc = add(s, header, e);
	explicit_bzero(header, sizeof(header));
	return rc;
}

static int
add_headers(struct sending *s, struct err *e)
{
	const char *type = s->m->media_type;

	/* Without "Expect:" libcurl waits a second before a longer body. */
	if (add(s, "Expect:", e) < 0 ||
	    add_header(s, "Content-Type: ",
		type != NULL ? type : "text/plain; charset=utf-8", e) < 0)
		return -1;
	return s->to->token == NULL ?
	    0 :
	    add_header(s, "Authorization: Bearer ", s->to->token, e);
}

static int
add_recipients(struct sending *s, struct err *e)
{
	if (post_check_mailbox(s->m->from, e) < 0)
		return -1;
	for (size_t i = 0; i < s->m->n_to; i++)
		if (post_check_mailbox(s->m->to[i], e) < 0 ||
		    add(s, s->m->to[i], e) < 0)
			return -1;
	return 0;
}

/* The password and the user go into a line of the protocol (F4). */
static int
check_login(const struct post_address *a, struct err *e)
{
	const char *texts[] = { a->user, a->password, a->token, a->url };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i] != NULL && str_has_control(texts[i]))
			return err_set(e, ERR_SPEC,
			    "the login or the URL holds a control byte");
	return 0;
}

/* Whether another try may help, by libcurl's word. */
static bool
is_temporary(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_WEIRD_SERVER_REPLY:
		return true;
	default:
		return false;
	}
}

static int
hint_failure(CURLcode code, const struct sending *s, struct err *e)
{
	switch (code) {
	case CURLE_USE_SSL_FAILED:
		return err_hint(e,
		    "The server offers no STARTTLS, and nothing is sent in "
		    "clear. tls = \"none\" would send it all the same.");
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return err_hint(e,
		    "Its certificate is not from an authority that is "
		    "trusted here: name that one with ca_file.");
	case CURLE_LOGIN_DENIED:
		return err_hint(e, "Check user and password.");
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return err_hint(e,
		    "Is host and port of the URL right, and open from here?");
	default:
		return s->reply[0] == '5' ?
		    err_hint(e, "The server refuses: see its reply.") :
		    -1;
	}
}

/* Mail: the server's reply says whether another try may help. */
static int
fail(const struct sending *s, CURLcode code, struct err *e)
{
	bool is_reply = code != CURLE_OK && s->m->to != NULL &&
	    strchr("45", s->reply[0]) != NULL && s->reply[0] != '\0';
	const char *why = s->detail[0] != '\0' ? s->detail :
						 curl_easy_strerror(code);
	bool again = is_reply ? s->reply[0] == '4' : is_temporary(code);

	(void)err_set(e, again ? ERR_NOT_NOW : ERR_TARGET, "%s%s%s", why,
	    is_reply ? ": " : "", is_reply ? s->reply : "");
	e->native = (int)code;
	return hint_failure(code, s, e);
}

/* An answer of 2xx; a redirect would take the message to elsewhere. */
static int
check_answer(struct sending *s, struct err *e)
{
	long code = 0;

	(void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &code);
	if (code >= 200 && code < 300)
		return 0;
	(void)err_set(e,
	    code >= 500 || code == 408 || code == 429 ? ERR_NOT_NOW :
							ERR_TARGET,
	    "the server answers %ld%s%s", code, s->body[0] != '\0' ? ": " : "",
	    s->body);
	e->native = (int)code;
	if (code >= 300 && code < 400)
		return err_hint(e,
		    "It sends on to another address: write that one, if "
		    "it is to be trusted.");
	return err_hint(e, "Check the URL and the token.");
}

static int
perform(struct sending *s, CURLcode (*set)(struct sending *), struct err *e)
{
	CURLcode code;

	s->easy = curl_easy_init();
	if (s->easy == NULL)
		return err_set(e, ERR_INTERNAL, "cannot start libcurl");
	code = set_common(s);
	if (code == CURLE_OK)
		code = set(s);
	if (code != CURLE_OK)
		return err_set(e, ERR_INTERNAL, "libcurl refuses %s: %s",
		    s->option, curl_easy_strerror(code));
	code = curl_easy_perform(s->easy);
	return code == CURLE_OK ? 0 : fail(s, code, e);
}

static int
finish(struct sending *s, int rc)
{
	/* Closing says QUIT; whoever listens must still be there. */
	curl_easy_cleanup(s->easy);
	curl_slist_free_all(s->list);
	return rc;
}

int
post_mail(
    const struct post_address *a, const struct post_message *m, struct err *e)
{
	struct sending s = { .to = a, .m = m };
	int rc = check_login(a, e);

	if (rc == 0 && post_check_url(POST_MAIL, a, e) < 0)
		rc = -1;
	if (rc == 0)
		rc = add_recipients(&s, e);
	if (rc == 0)
		rc = perform(&s, set_mail, e);
	return finish(&s, rc);
}

int
post_http(
    const struct post_address *a, const struct post_message *m, struct err *e)
{
	struct sending s = { .to = a, .m = m };
	int rc = check_login(a, e);

	if (rc == 0 && post_check_url(POST_HTTP, a, e) < 0)
		rc = -1;
	if (rc == 0)
		rc = add_headers(&s, e);
	if (rc == 0)
		rc = perform(&s, set_http, e);
	if (rc == 0)
		rc = check_answer(&s, e);
	return finish(&s, rc);
}
