/*
 * s3.c - the operations of S3 and services like it
 *
 * An object is there whole or not at all, so that one PUT is all. libcurl
 * signs (AWS Signature Version 4); the SHA-256 of the content is ours, so that
 * the service itself refuses what was changed on the way. Multipart uploads
 * are not made: they would need a second kind of verification.
 *
 * Source	Amazon S3 API reference: PutObject, HeadObject, error responses;
 *		facts/shipping.md 3
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "ship/http.h"

enum {
	S3_HEADERS = 6,
	S3_TOKEN = 16384,
	S3_SIGNS_CONTENT = 0x075700 /* 7.87.0: x-amz-content-sha256 */
};

static const uint64_t most_bytes = UINT64_C(5) * 1024 * 1024 * 1024;
static const char nothing_sha256[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/* What the service's codes mean; others are judged by the status. */
static const struct meaning {
	const char *code;
	enum err_class class;
	const char *hint;
} meanings[] = {
	{ "AccessDenied", ERR_TARGET,
	    "The key may not do that in this bucket: s3:PutObject and "
	    "s3:GetObject are needed." },
	{ "AuthorizationHeaderMalformed", ERR_TARGET,
	    "Is region the one of the bucket?" },
	{ "BadDigest", ERR_NOT_NOW, "Bytes were changed on the way." },
	{ "ConditionalRequestConflict", ERR_NOT_NOW,
	    "Somebody else writes this object just now." },
	{ "EntityTooLarge", ERR_TARGET, "See file.split and file.compress." },
	{ "ExpiredToken", ERR_TARGET,
	    "The temporary keys are too old: user, password and token must be "
	    "fetched anew." },
	{ "InternalError", ERR_NOT_NOW, "This passes as a rule." },
	{ "InvalidAccessKeyId", ERR_TARGET,
	    "The service does not know this access key: check user." },
	{ "NoSuchBucket", ERR_TARGET,
	    "Check the bucket in the URL, endpoint and region." },
	{ "PermanentRedirect", ERR_TARGET,
	    "The bucket is in another region: set region, and endpoint if "
	    "there is one." },
	{ "PreconditionFailed", ERR_TARGET,
	    "An object of that name is there already; see overwrite." },
	{ "QuotaExceeded", ERR_TARGET, "Make room in the bucket." },
	{ "RequestTimeTooSkewed", ERR_TARGET,
	    "The clock of this host is wrong: set it, and keep it by NTP." },
	{ "RequestTimeout", ERR_NOT_NOW, "This passes as a rule." },
	{ "ServiceUnavailable", ERR_NOT_NOW, "This passes as a rule." },
	{ "SignatureDoesNotMatch", ERR_TARGET,
	    "Check password, the secret key, and region." },
	{ "SlowDown", ERR_NOT_NOW, "The service asks for fewer requests." },
	{ "TemporaryRedirect", ERR_NOT_NOW, "A new bucket takes a while." },
	{ "XAmzContentSHA256Mismatch", ERR_NOT_NOW,
	    "Bytes were changed on the way." },
};

static const struct http_header *
header_of(const struct remote *r)
{
	return &((const struct http *)r->link)->header;
}

/* Set the text of an element of the answer, or "". */
static void
put_element(char *text, size_t size, const char *xml, const char *name)
{
	const char *at = strstr(xml, name);

	text[0] = '\0';
	if (at == NULL || at == xml || at[-1] != '<' || at[strlen(name)] != '>')
		return;
	at += strlen(name) + 1;
	(void)snprintf(text, size, "%.*s", (int)strcspn(at, "<"), at);
}

static int
fail(struct remote *r, const char *action, struct err *e)
{
	const struct http *h = r->link;
	char code[64], message[512];

	put_element(code, sizeof(code), buf_text(&h->body), "Code");
	put_element(message, sizeof(message), buf_text(&h->body), "Message");
	(void)!http_refuse(r, action, e);
	if (h->header.status == 412)
		(void)snprintf(code, sizeof(code), "PreconditionFailed");
	if (code[0] == '\0')
		return -1;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (strcmp(meanings[i].code, code) != 0)
			continue;
		(void)err_set(e, meanings[i].class,
		    "cannot %s: the service answers '%s': %s %s", action,
		    h->header.line, code, message);
		e->native = h->header.status;
		return err_hint(e, "%s", meanings[i].hint);
	}
	return err_in(e, "%s %s", code, message);
}

/* Every request is signed over the headers that it is given. */
static int
ask(struct remote *r, struct http_request *q, const char *const more[3],
    struct err *e)
{
	const char *token = r->target->token;
	char sha256[128], session[S3_TOKEN];
	const char *headers[S3_HEADERS] = { sha256 };
	size_t n = 1;
	int rc;

	(void)snprintf(sha256, sizeof(sha256), "x-amz-content-sha256: %s",
	    q->shipment != NULL ? q->shipment->sha256 : nothing_sha256);
	for (size_t i = 0; more != NULL && i < 3; i++)
		if (more[i] != NULL)
			headers[n++] = more[i];
	if (token != NULL) {
		(void)snprintf(session, sizeof(session),
		    "x-amz-security-token: %s", token);
		headers[n++] = session;
	}
	headers[n] = NULL;
	q->headers = headers;
	rc = q->shipment != NULL ? http_put(r, q, e) : http_ask(r, q, e);
	q->headers = NULL;
	explicit_bzero(session, sizeof(session));
	return rc;
}

static bool
is_by_path(const struct target *t, const char *bucket)
{
	if (t->addressing != TARGET_ADDRESS_AUTO)
		return t->addressing == TARGET_ADDRESS_PATH;
	return t->endpoint != NULL || strchr(bucket, '.') != NULL;
}

/* Percent-encoded as signatures want it, whatever the spec has. */
static int
put_prefix(struct buf *base, const char *prefix, struct err *e)
{
	while (*prefix != '\0') {
		size_t n = strcspn(prefix, "/");
		char *plain = curl_easy_unescape(NULL, prefix, (int)n, NULL);
		char *escaped = plain != NULL && n > 0 ?
		    curl_easy_escape(NULL, plain, 0) :
		    NULL;
		int rc = 0;

		if (plain == NULL || (n > 0 && escaped == NULL))
			rc = err_set(e, ERR_INTERNAL, "out of memory");
		else if (n > 0)
			rc = buf_puts(base, escaped, e);
		if (rc == 0 && prefix[n] == '/')
			rc = buf_puts(base, "/", e);
		curl_free(plain);
		curl_free(escaped);
		if (rc < 0)
			return -1;
		prefix += n + (prefix[n] == '/');
	}
	return 0;
}

/*
 * Up to the prefix: https://bucket.s3.region.amazonaws.com/ or
 * https://endpoint/bucket/.
 */
static int
put_base(struct buf *base, const struct target *t, struct err *e)
{
	const char *name = t->url + strlen("s3://");
	size_t n = strcspn(name, "/");
	char bucket[256], amazon[512];
	const char *endpoint = t->endpoint, *host;
	int length;

	(void)snprintf(bucket, sizeof(bucket), "%.*s", (int)n, name);
	(void)snprintf(
	    amazon, sizeof(amazon), "https://s3.%s.amazonaws.com", t->region);
	if (endpoint == NULL)
		endpoint = amazon;
	length = (int)strlen(endpoint);
	while (length > 0 && endpoint[length - 1] == '/')
		length--;
	host = strstr(endpoint, "://") + 3;
	if ((is_by_path(t, bucket) ?
		    buf_printf(base, e, "%.*s/%s/", length, endpoint, bucket) :
		    buf_printf(base, e, "%.*s%s.%.*s/", (int)(host - endpoint),
			endpoint, bucket, length - (int)(host - endpoint),
			host)) < 0)
		return -1;
	return put_prefix(base, name + n + 1, e);
}

static int
sign(struct remote *r, struct err *e)
{
	struct http *h = r->link;
	char how[256];
	CURLcode rc;

	(void)snprintf(how, sizeof(how), "aws:amz:%s:s3", r->target->region);
	rc = curl_easy_setopt(h->transfer.easy, CURLOPT_AWS_SIGV4, how);
	return rc == CURLE_OK ?
	    0 :
	    err_set(e, ERR_INTERNAL, "libcurl refuses CURLOPT_AWS_SIGV4: %s",
		curl_easy_strerror(rc));
}

/* Asked of the bucket's list, since HEAD would not say why it is refused. */
static int
find_bucket(struct remote *r, struct err *e)
{
	char action[HTTP_ACTION], code[64];
	struct http *h = r->link;
	struct http_request q = { .method = "GET",
		.name = "",
		.query = "?max-keys=0",
		.action = action };
	const char *bucket = r->target->url + strlen("s3://");
	char *whole = h->base, *root = str_dup(whole);
	size_t prefix = strlen(bucket + strcspn(bucket, "/") + 1);
	int rc;

	if (root == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	/* The prefix is as long as it was, or longer by its escapes. */
	if (prefix > 0) {
		char *end = strstr(root, "://") + 3;

		end = strchr(end, '/');
		if (is_by_path(r->target, bucket))
			end = strchr(end + 1, '/');
		end[1] = '\0';
	}
	(void)snprintf(action, sizeof(action), "open '%s'", r->target->url);
	h->base = root;
	rc = ask(r, &q, NULL, e);
	h->base = whole;
	free(root);
	if (rc < 0 || http_is_done(r))
		return rc;
	put_element(code, sizeof(code), buf_text(&h->body), "Code");
	if (strcmp(code, "AccessDenied") != 0)
		return fail(r, action, e);
	log_info("the key may not list '%s': whether it may write is seen then",
	    r->target->url);
	return 0;
}

static int
s3_open(struct remote *r, struct err *e)
{
	struct buf base = BUF_INIT(8192);

	if (put_base(&base, r->target, e) < 0) {
		buf_release(&base);
		return -1;
	}
	if (http_open(r, buf_take(&base), e) < 0)
		return -1;
	if (sign(r, e) == 0 && find_bucket(r, e) == 0)
		return 0;
	http_close(r);
	return -1;
}

static int
value_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* The 32 bytes of a SHA-256, from 43 digits of base64 to hexadecimal. */
static bool
put_hex_of_base64(char hex[DIGEST_HEX], const char *text)
{
	unsigned char bytes[33];
	unsigned bits = 0, n_bits = 0;
	size_t n = 0;

	for (; value_of(*text) >= 0 && n < sizeof(bytes); text++) {
		bits = bits << 6 | (unsigned)value_of(*text);
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			bytes[n++] = (unsigned char)(bits >> n_bits & 0xff);
		}
	}
	if (n != 32 || (*text != '=' && *text != '\0'))
		return false;
	str_put_hex(hex, bytes, n);
	return true;
}

static void
put_base64_of_hex(char text[48], const char *hex)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0, n_bits = 0;
	size_t used = 0;

	for (const char *c = hex; *c != '\0' && used < 43; c++) {
		bits = bits << 4 |
		    (unsigned)(*c <= '9' ? *c - '0' : *c - 'a' + 10);
		n_bits += 4;
		if (n_bits >= 6) {
			n_bits -= 6;
			text[used++] = digits[bits >> n_bits & 63];
		}
	}
	if (n_bits > 0 && used < 43)
		text[used++] = digits[bits << (6 - n_bits) & 63];
	text[used++] = '=';
	text[used] = '\0';
}

static int
s3_put(struct remote *r, const struct upload *u, struct err *e)
{
	char action[HTTP_ACTION], checksum[128], base64[48];
	bool is_new = r->target->overwrite != TARGET_REPLACE;
	const char *const headers[3] = { "content-type: text/csv", checksum,
		is_new ? "if-none-match: *" : NULL };
	struct http_request q = { .method = "PUT",
		.name = u->name,
		.action = action,
		.shipment = u->shipment,
		.is_once = is_new };
	int rc;

	r->fate = FATE_UNDONE;
	r->has_begun = false;
	(void)snprintf(action, sizeof(action), "upload '%s'", u->name);
	if (u->shipment->bytes > most_bytes) {
		(void)err_set(e, ERR_TARGET,
		    "cannot %s: S3 takes no more than 5 GiB in one upload",
		    action);
		return err_hint(e,
		    "Make it smaller: fewer rows, file.split or "
		    "file.compress.");
	}
	put_base64_of_hex(base64, u->shipment->sha256);
	(void)snprintf(
	    checksum, sizeof(checksum), "x-amz-checksum-sha256: %s", base64);
	rc = ask(r, &q, headers, e);
	/* What broke off is not there; what was answered is. */
	r->has_begun = rc == 0 && http_is_done(r);
	if (rc < 0)
		return -1;
	return http_is_done(r) ? 0 : fail(r, action, e);
}

static int
look_at(struct remote *r, const char *name, const char *action, struct err *e)
{
	static const char *const headers[3] = {
		"x-amz-checksum-mode: ENABLED"
	};
	struct http_request q = {
		.method = "HEAD", .name = name, .action = action
	};

	return ask(r, &q, headers, e);
}

static int
s3_look(struct remote *r, const char *name, struct look *found, struct err *e)
{
	char action[HTTP_ACTION];

	(void)snprintf(
	    action, sizeof(action), "ask for the size of '%s'", name);
	if (look_at(r, name, action, e) < 0)
		return -1;
	(void)snprintf(found->why, sizeof(found->why),
	    "the service answers '%s' to HEAD", header_of(r)->line);
	found->result = LOOK_UNABLE;
	if (header_of(r)->status == 404) {
		found->result = LOOK_ABSENT;
	} else if (http_is_done(r) && http_length(r) >= 0) {
		found->result = LOOK_THERE;
		found->bytes = (uint64_t)http_length(r);
	} else if (http_is_passing(r)) {
		return fail(r, action, e);
	}
	return 0;
}

/* Encrypted with a key of KMS or made of parts, the ETag is no MD5. */
static bool
is_md5(const struct http_header *h)
{
	return h->etag[0] == '"' && strlen(h->etag) == 34 &&
	    strspn(h->etag + 1, "0123456789abcdefABCDEF") == 32 &&
	    strncmp(h->server_side, "aws:kms", 7) != 0;
}

static int
s3_hash(struct remote *r, const char *name, struct digest *d, struct err *e)
{
	const struct http_header *h = header_of(r);
	char action[HTTP_ACTION];

	(void)snprintf(
	    action, sizeof(action), "ask for the hash of '%s'", name);
	if (look_at(r, name, action, e) < 0)
		return -1;
	if (http_is_passing(r))
		return fail(r, action, e);
	if (!http_is_done(r))
		return 0;
	if (put_hex_of_base64(d->hex, h->sha256)) {
		(void)snprintf(d->algorithm, sizeof(d->algorithm), "SHA256");
		(void)snprintf(
		    d->command, sizeof(d->command), "checksum SHA256");
		return 1;
	}
	if (!is_md5(h))
		return 0;
	(void)snprintf(d->algorithm, sizeof(d->algorithm), "MD5");
	(void)snprintf(d->command, sizeof(d->command), "ETag MD5");
	(void)snprintf(d->hex, sizeof(d->hex), "%.32s", h->etag + 1);
	return 1;
}

static int
s3_remove(struct remote *r, const char *name, struct err *e)
{
	char action[HTTP_ACTION];
	struct http_request q = {
		.method = "DELETE", .name = name, .action = action
	};

	(void)snprintf(action, sizeof(action), "remove '%s'", name);
	if (ask(r, &q, NULL, e) < 0)
		return -1;
	return http_is_done(r) ? 0 : fail(r, action, e);
}

static int
s3_read_back(struct remote *r, const char *name, remote_take *take, void *arg,
    struct err *e)
{
	char action[HTTP_ACTION];
	struct http_request q = { .method = "GET",
		.name = name,
		.action = action,
		.take = take,
		.take_arg = arg };

	(void)snprintf(action, sizeof(action), "read '%s' back", name);
	if (ask(r, &q, NULL, e) < 0)
		return -1;
	return http_is_done(r) ? 0 : fail(r, action, e);
}

static int
check_endpoint(const struct target *t, struct err *e)
{
	const char *host = t->endpoint != NULL ? strstr(t->endpoint, "://") :
						 NULL;
	bool is_plain = t->tls == TARGET_TLS_NONE;
	const char *scheme = is_plain ? "http://" : "https://";

	if (strpbrk(t->region, ":/ \"") != NULL || str_has_control(t->region))
		return err_set(e, ERR_SPEC, "'%s' is no region", t->region);
	if (t->endpoint == NULL && !is_plain)
		return 0;
	if (t->endpoint != NULL && !str_has_control(t->endpoint) &&
	    strncmp(t->endpoint, scheme, strlen(scheme)) == 0 &&
	    host[3] != '\0' && strpbrk(host + 3, "@?# ") == NULL &&
	    strcspn(host + 3, "/") + 1 >= strlen(host + 3))
		return 0;
	(void)err_set(e, ERR_SPEC, "endpoint '%s' is no address of a service%s",
	    t->endpoint != NULL ? t->endpoint : "",
	    is_plain ? " in clear (tls is \"none\")" : "");
	return err_hint(e, "It is as in %shost:9000%s.", scheme,
	    is_plain ? "" : "; http:// needs tls = \"none\"");
}

static int
s3_check(const struct target *t, struct err *e)
{
	if (curl_version_info(CURLVERSION_NOW)->version_num <
	    S3_SIGNS_CONTENT) {
		(void)err_set(e, ERR_SPEC, "libcurl is too old for s3://");
		return err_hint(e, "Install libcurl 7.87 or newer.");
	}
	if (t->user == NULL || t->password == NULL) {
		(void)err_set(e, ERR_SPEC, "s3:// needs user and password");
		return err_hint(e,
		    "The user is the access key ID, the password the secret "
		    "access key.");
	}
	if (t->token != NULL && strlen(t->token) > S3_TOKEN - 64)
		return err_set(e, ERR_SPEC, "the token is too long");
	if (t->publish == TARGET_RENAME || t->publish == TARGET_DIRECTORY) {
		(void)err_set(e, ERR_SPEC,
		    "publish is \"%s\", but S3 does not rename",
		    t->publish == TARGET_RENAME ? "rename" : "directory");
		return err_hint(e,
		    "Leave publish out, or write publish = \"direct\": an "
		    "object is there whole or not at all.");
	}
	if (t->resume) {
		(void)err_set(e, ERR_SPEC, "resume is not possible with S3");
		return err_hint(e, "Leave resume out: a file is sent whole.");
	}
	return check_endpoint(t, e);
}

const struct protocol protocol_s3 = {
	.scheme = "s3://",
	.has_host = true,
	.is_whole = true,
	.check = s3_check,
	.open = s3_open,
	.put = s3_put,
	.look = s3_look,
	.remove = s3_remove,
	.hash = s3_hash,
	.read_back = s3_read_back,
	.close = http_close,
};
