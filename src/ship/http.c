/*
 * http.c - requests and answers of HTTP, for webdav.c and s3.c
 *
 * HTTP/1.1 alone, since that is what the servers in question speak well, and
 * no redirects: a file goes where the spec says. libcurl asks with "Expect:
 * 100-continue" before a larger body, so that a refusal costs no upload; it
 * goes on after a second with servers that do not answer to that.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "ship/classify.h"
#include "ship/http.h"

/* What a status means. */
struct meaning {
	int status;
	enum err_class class;
	const char *hint;
};

static const char hint_later[] = "This passes as a rule: run the job again "
				 "later.";
static const char hint_login[] = "Check the target's user and password, or "
				 "its token.";

static const struct meaning meanings[] = {
	{ 401, ERR_TARGET, hint_login },
	{ 403, ERR_TARGET,
	    "May this user or token write there? Ask the server's operators." },
	{ 404, ERR_TARGET,
	    "Check that the directory of the URL exists there, or set mkdirs = "
	    "true." },
	{ 405, ERR_TARGET,
	    "The server does not know this method there: does it speak WebDAV? "
	    "With PUT alone set publish = \"direct\"." },
	{ 407, ERR_TARGET,
	    "A proxy is in between, which is not supported: let this host "
	    "through to the server." },
	{ 408, ERR_NOT_NOW, hint_later },
	{ 409, ERR_TARGET,
	    "A directory of the URL is missing there: make it, or set mkdirs = "
	    "true." },
	{ 412, ERR_TARGET,
	    "A file of that name is there already; see overwrite." },
	{ 413, ERR_TARGET,
	    "The server takes no files of this size: ask its operators, or see "
	    "file.split and file.compress." },
	{ 423, ERR_NOT_NOW, "Somebody there holds a lock on the file." },
	{ 425, ERR_NOT_NOW, hint_later },
	{ 429, ERR_NOT_NOW, hint_later },
	{ 501, ERR_TARGET,
	    "The server does not know this method: does it speak WebDAV? With "
	    "PUT alone set publish = \"direct\"." },
	{ 505, ERR_TARGET, "Ask the server's operators." },
	{ 507, ERR_TARGET,
	    "A quota or a full disk at the target: ask its operators." },
};

static struct http *
http_of(const struct remote *r)
{
	return r->link;
}

bool
http_is_done(const struct remote *r)
{
	return http_of(r)->header.status / 100 == 2;
}

static enum err_class
class_of(int status, const char **hint)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].status == status) {
			*hint = meanings[i].hint;
			return meanings[i].class;
		}
	*hint = status >= 500 ? hint_later : "Ask the server's operators.";
	return status >= 500 ? ERR_NOT_NOW : ERR_TARGET;
}

bool
http_is_passing(const struct remote *r)
{
	const char *hint;

	return class_of(http_of(r)->header.status, &hint) == ERR_NOT_NOW;
}

/* The first line of a body of plain words; pages for browsers say nothing. */
static void
put_words(char *text, size_t size, const struct buf *body)
{
	const char *words = buf_text(body);
	size_t n = strcspn(words, "\r\n");

	text[0] = '\0';
	if (n > 0 && words[0] != '<')
		(void)snprintf(
		    text, size, " (%.*s)", n > 200 ? 200 : (int)n, words);
}

int
http_refuse(struct remote *r, const char *action, struct err *e)
{
	const struct http_header *h = &http_of(r)->header;
	char words[256];
	const char *hint;
	enum err_class class = class_of(h->status, &hint);

	r->wait_ms = class == ERR_NOT_NOW ? h->wait_ms : 0;
	if (h->status / 100 == 3) {
		(void)err_set(e, ERR_TARGET,
		    "cannot %s: the server sends on to '%s' (%s)", action,
		    h->location, h->line);
		(void)err_hint(e,
		    "Redirects are not followed: write that address into the "
		    "target's url, if it is to be trusted.");
	} else {
		put_words(words, sizeof(words), &http_of(r)->body);
		(void)err_set(e, class, "cannot %s: the server answers '%s'%s",
		    action, h->line, words);
		(void)err_hint(e, "%s", hint);
	}
	e->native = h->status;
	return -1;
}

/* RFC 9110 10.2.3: seconds, or a date. */
static uint64_t
parse_wait(const char *value)
{
	struct err ignored = ERR_INIT;
	int64_t seconds;
	time_t date, now = (time_t)(clock_wall_ms() / 1000);

	if (str_integer(value, &seconds, &ignored) < 0) {
		date = curl_getdate(value, NULL);
		seconds = date > now ? (int64_t)(date - now) : 0;
	}
	if (seconds < 0 || seconds > 1000000)
		seconds = seconds < 0 ? 0 : 1000000;
	return (uint64_t)seconds * 1000;
}

/* "HTTP/1.1 201 Created": a new answer begins. */
static void
begin_answer(struct http *h, const char *line)
{
	const char *status = strchr(line, ' ');

	memset(&h->header, 0, sizeof(h->header));
	buf_reset(&h->body);
	if (status == NULL)
		return;
	h->header.status = (int)strtol(status + 1, NULL, 10);
	(void)snprintf(h->header.line, sizeof(h->header.line), "%.*s",
	    (int)sizeof(h->header.line) - 1, status + 1);
}

static void
keep_header(struct http_header *h, const char *name, const char *value)
{
	const struct {
		const char *name;
		char *value;
		size_t size;
	} kept[] = {
		{ "ETag", h->etag, sizeof(h->etag) },
		{ "Location", h->location, sizeof(h->location) },
		{ "x-amz-checksum-sha256", h->sha256, sizeof(h->sha256) },
		{ "x-amz-server-side-encryption", h->server_side,
		    sizeof(h->server_side) },
	};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (strcasecmp(name, kept[i].name) == 0)
			(void)snprintf(
			    kept[i].value, kept[i].size, "%s", value);
	if (strcasecmp(name, "Retry-After") == 0)
		h->wait_ms = parse_wait(value);
	if (strcasecmp(name, "Content-Encoding") == 0)
		h->is_encoded = strcasecmp(value, "identity") != 0;
}

static size_t
hear_header(char *data, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	struct buf line = BUF_INIT(8192);
	struct err ignored = ERR_INIT;
	size_t length = size * n;
	char *colon;

	while (length > 0 && strchr("\r\n \t", data[length - 1]) != NULL)
		length--;
	if (length > 2000)
		length = 2000;
	if (str_escape(&line, data, length, &ignored) == 0 && length > 0) {
		if (strncasecmp(line.data, "HTTP/", 5) == 0) {
			begin_answer(h, line.data);
		} else if ((colon = strchr(line.data, ':')) != NULL) {
			*colon = '\0';
			keep_header(&h->header, line.data,
			    colon + 1 + strspn(colon + 1, " \t"));
		}
	}
	buf_release(&line);
	return size * n;
}

/* Content that was asked for goes on; what a refusal says is kept. */
static size_t
take_body(char *data, size_t size, size_t n, void *arg)
{
	struct http *h = arg;
	struct err ignored = ERR_INIT;
	size_t bytes = size * n;

	if (h->take != NULL && h->header.status / 100 == 2)
		return h->take(h->take_arg, data, bytes, &h->transfer.local) <
			0 ?
		    bytes + 1 :
		    bytes;
	if (h->body.length + bytes < h->body.max)
		(void)!buf_put(&h->body, data, bytes, &ignored);
	return bytes;
}

void
http_close(struct remote *r)
{
	struct http *h = r->link;

	transfer_close(&h->transfer);
	buf_release(&h->body);
	free(h->base);
	free(h);
	r->link = NULL;
}

static CURLcode
set_options(struct http *h)
{
	CURL *easy = h->transfer.easy;
	CURLcode rc = curl_easy_setopt(
	    easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);

	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(
		    easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(
		    easy, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(
		    easy, CURLOPT_HEADERFUNCTION, hear_header);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_HEADERDATA, h);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_WRITEDATA, h);
	return rc;
}

int
http_open(struct remote *r, char *base, struct err *e)
{
	struct http *h = calloc(1, sizeof(*h));
	CURLcode rc;

	if (h == NULL || base == NULL) {
		free(h);
		free(base);
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	h->base = base;
	buf_init(&h->body, HTTP_BODY);
	if (transfer_open(&h->transfer, r, TRANSFER_HTTP, e) < 0) {
		free(h);
		free(base);
		return -1;
	}
	r->link = h;
	rc = set_options(h);
	if (rc == CURLE_OK)
		return 0;
	http_close(r);
	return err_set(e, ERR_INTERNAL, "libcurl refuses an option of HTTP: %s",
	    curl_easy_strerror(rc));
}

/* GET forgets what the request before was; a name of its own may follow. */
static void
set_method(CURL *easy, const struct http_request *q)
{
	(void)curl_easy_setopt(easy, CURLOPT_NOBODY, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, NULL);
	if (q->shipment != NULL) {
		(void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		(void)curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
		    (curl_off_t)q->shipment->bytes);
	} else if (strcmp(q->method, "HEAD") == 0) {
		(void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else if (strcmp(q->method, "GET") != 0) {
		(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, q->method);
	}
}

/* The token is a secret: the list that holds it is wiped. */
static void
free_headers(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l != NULL; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static int
build_headers(
    struct curl_slist **list, const struct http_request *q, struct err *e)
{
	*list = NULL;
	for (size_t i = 0; q->headers != NULL && q->headers[i] != NULL; i++) {
		struct curl_slist *longer = curl_slist_append(
		    *list, q->headers[i]);

		if (longer == NULL) {
			free_headers(*list);
			return err_set(e, ERR_INTERNAL, "out of memory");
		}
		*list = longer;
	}
	return 0;
}

/* An answer counts, also if the connection broke while more was sent. */
static int
perform(struct http *h, const char *action, struct err *e)
{
	struct transfer *t = &h->transfer;
	struct failure failure = { CURLE_OK, t->detail, &t->said };
	struct receipt *receipt = t->remote->receipt;

	memset(&h->header, 0, sizeof(h->header));
	buf_reset(&h->body);
	if (transfer_try(t, action, &failure.code, e) < 0)
		return -1;
	if (h->header.line[0] != '\0')
		(void)snprintf(receipt->reply, sizeof(receipt->reply), "%s",
		    h->header.line);
	if (failure.code == CURLE_OK || h->header.status >= 300)
		return 0;
	(void)!classify(&failure, action, e);
	/* libcurl's word for an answer that does not begin with "HTTP/". */
	if (failure.code == CURLE_UNSUPPORTED_PROTOCOL ||
	    failure.code == CURLE_WEIRD_SERVER_REPLY) {
		e->class = ERR_TARGET;
		return err_hint(e,
		    "What answers there does not speak HTTP as it should: "
		    "check host and port, and ask the server's operators.");
	}
	return -1;
}

int
http_ask(struct remote *r, const struct http_request *q, struct err *e)
{
	struct http *h = r->link;
	char *url = transfer_url(&h->transfer, h->base, q->name, e);
	struct buf whole = BUF_INIT(16384);
	struct curl_slist *list = NULL;
	int rc = -1;

	r->wait_ms = 0;
	if (url != NULL && buf_puts(&whole, url, e) == 0 &&
	    buf_puts(&whole, q->query != NULL ? q->query : "", e) == 0)
		rc = build_headers(&list, q, e);
	free(url);
	if (rc == 0) {
		set_method(h->transfer.easy, q);
		(void)curl_easy_setopt(
		    h->transfer.easy, CURLOPT_URL, buf_text(&whole));
		(void)curl_easy_setopt(
		    h->transfer.easy, CURLOPT_HTTPHEADER, list);
		/*
		 * On a connection that was used before libcurl sends once more
		 * what got no answer.
		 */
		(void)curl_easy_setopt(h->transfer.easy, CURLOPT_FRESH_CONNECT,
		    q->is_once ? 1L : 0L);
		h->take = q->take;
		h->take_arg = q->take_arg;
		rc = perform(h, q->action, e);
		h->take = NULL;
		(void)curl_easy_setopt(
		    h->transfer.easy, CURLOPT_HTTPHEADER, NULL);
		free_headers(list);
	}
	buf_release(&whole);
	return rc;
}

/*
 * All was sent and nothing, or only a gateway, said what became of it: perhaps
 * it is there.
 */
int
http_put(struct remote *r, const struct http_request *q, struct err *e)
{
	struct http *h = r->link;
	struct transfer *t = &h->transfer;
	int rc;

	r->has_begun = false;
	r->fate = FATE_UNDONE;
	if (transfer_take_file(t, q->shipment, e) < 0)
		return -1;
	rc = http_ask(r, q, e);
	r->has_begun = t->sent > 0 || (rc == 0 && http_is_done(r));
	if (t->sent == q->shipment->bytes &&
	    (rc < 0 ? e->class == ERR_NOT_NOW :
		      h->header.status >= 500 && http_is_passing(r)))
		r->fate = FATE_UNKNOWN;
	r->is_cut = rc < 0 && t->sent > 0 && e->native == CURLE_SEND_ERROR;
	transfer_drop_file(t);
	return rc;
}

int64_t
http_length(const struct remote *r)
{
	curl_off_t length = -1;

	(void)curl_easy_getinfo(http_of(r)->transfer.easy,
	    CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return http_of(r)->header.is_encoded ? -1 : (int64_t)length;
}
