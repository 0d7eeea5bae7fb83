/*
 * webdav.c - the operations of a web server: PUT, and what WebDAV adds to it
 *
 * MOVE renames, PROPFIND and MKCOL look at directories and make them. Where
 * the spec says "direct" a server need know nothing but PUT and HEAD.
 *
 * Source	RFC 9110 9, RFC 4918
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "ship/http.h"

enum { TOKEN_MAX = 16384, ADDRESS_MAX = 8300 };

static bool
is_plain_put(const struct target *t)
{
	return t->publish == TARGET_DIRECT || t->publish == TARGET_MARKER;
}

/* Ask with up to two headers and the login by token. */
static int
ask(struct remote *r, struct http_request *q, const char *first,
    const char *second, struct err *e)
{
	const char *token = r->target->token;
	char bearer[TOKEN_MAX];
	const char *headers[4];
	size_t n = 0;
	int rc;

	if (first != NULL)
		headers[n++] = first;
	if (second != NULL)
		headers[n++] = second;
	if (token != NULL) {
		(void)snprintf(
		    bearer, sizeof(bearer), "Authorization: Bearer %s", token);
		headers[n++] = bearer;
	}
	headers[n] = NULL;
	q->headers = headers;
	rc = q->shipment != NULL ? http_put(r, q, e) : http_ask(r, q, e);
	q->headers = NULL;
	explicit_bzero(bearer, sizeof(bearer));
	return rc;
}

/* Each level that is missing: MKCOL makes one. */
static int
make_level(struct remote *r, const char *name, struct err *e)
{
	struct http_request q = {
		.method = "MKCOL", .name = name, .action = "make the directory"
	};
	const struct http_header *h = &((struct http *)r->link)->header;

	if (ask(r, &q, NULL, NULL, e) < 0)
		return -1;
	/* 405: there is something already. */
	if (http_is_done(r) || h->status == 405 || h->status == 301)
		return 0;
	return http_refuse(r, q.action, e);
}

static int
make_directories(struct remote *r, struct err *e)
{
	struct http *h = r->link;
	const char *host = strstr(h->base, "://") + 3;
	char *whole = h->base;
	int rc = 0;

	for (char *c = strchr(host, '/'); rc == 0 && c[1] != '\0';) {
		char *level;

		c = strchr(c + 1, '/');
		level = str_dup(whole);
		if (level == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
		level[c + 1 - whole] = '\0';
		h->base = level;
		rc = make_level(r, "", e);
		h->base = whole;
		free(level);
	}
	return rc;
}

/* With PUT alone only the login is seen to: directories may not be shown. */
static int
reach_plain(struct remote *r, struct http_request *q, struct err *e)
{
	q->method = "HEAD";
	if (ask(r, q, NULL, NULL, e) < 0)
		return -1;
	if (((struct http *)r->link)->header.status == 401 ||
	    http_is_passing(r))
		return http_refuse(r, q->action, e);
	return 0;
}

static int
reach_directory(struct remote *r, const char *action, struct err *e)
{
	struct http_request q = {
		.method = "PROPFIND", .name = "", .action = action
	};
	const struct http_header *h = &((struct http *)r->link)->header;

	if (is_plain_put(r->target) && !r->target->mkdirs)
		return reach_plain(r, &q, e);
	if (ask(r, &q, "Depth: 0", NULL, e) < 0)
		return -1;
	if (h->status == 207)
		return 0;
	if ((h->status == 404 || h->status == 409) && r->target->mkdirs)
		return make_directories(r, e);
	if (h->status / 100 == 2) {
		(void)err_set(e, ERR_TARGET,
		    "cannot %s: the server does not speak WebDAV", action);
		return err_hint(
		    e, "If it takes PUT alone set publish = \"direct\".");
	}
	return http_refuse(r, action, e);
}

static int
dav_open(struct remote *r, struct err *e)
{
	char action[HTTP_ACTION];

	if (http_open(r, str_dup(r->target->url), e) < 0)
		return -1;
	(void)snprintf(action, sizeof(action), "open '%s'", r->target->url);
	if (reach_directory(r, action, e) == 0)
		return 0;
	http_close(r);
	return -1;
}

static int
dav_put(struct remote *r, const struct upload *u, struct err *e)
{
	char action[HTTP_ACTION];
	struct http_request q = { .method = "PUT",
		.name = u->name,
		.action = action,
		.shipment = u->shipment };
	/* What an earlier attempt of ours left is no reason to refuse. */
	bool is_new = r->receipt->is_direct &&
	    r->target->overwrite != TARGET_REPLACE &&
	    r->receipt->stage == SHIP_NOTHING;

	q.is_once = is_new;
	(void)snprintf(action, sizeof(action), "upload '%s'", u->name);
	if (ask(r, &q, "Content-Type: text/csv",
		is_new ? "If-None-Match: *" : NULL, e) < 0)
		return -1;
	if (http_is_done(r))
		return 0;
	/* Nothing of ours is under a name that was refused. */
	if (!http_is_passing(r))
		r->has_begun = false;
	return http_refuse(r, action, e);
}

/* <D:getcontentlength>12</D:getcontentlength>, whatever stands for D. */
static bool
find_length(const char *xml, uint64_t *bytes)
{
	const char *at = strstr(xml, "getcontentlength");
	const char *digits = at != NULL ? strchr(at, '>') : NULL;
	char text[24];
	struct err ignored = ERR_INIT;
	int64_t value;
	size_t n;

	if (digits == NULL || digits[-1] == '/')
		return false;
	digits++;
	n = strspn(digits, "0123456789");
	if (n == 0 || n >= sizeof(text) || digits[n] != '<')
		return false;
	(void)snprintf(text, sizeof(text), "%.*s", (int)n, digits);
	if (str_integer(text, &value, &ignored) < 0)
		return false;
	*bytes = (uint64_t)value;
	return true;
}

static int
ask_properties(
    struct remote *r, struct http_request *q, struct look *found, struct err *e)
{
	const struct http *h = r->link;

	q->method = "PROPFIND";
	if (ask(r, q, "Depth: 0", NULL, e) < 0)
		return -1;
	if (h->header.status == 404)
		found->result = LOOK_ABSENT;
	else if (h->header.status == 207 &&
	    find_length(buf_text(&h->body), &found->bytes))
		found->result = LOOK_THERE;
	else if (http_is_passing(r))
		return http_refuse(r, q->action, e);
	return 0;
}

static int
dav_look(struct remote *r, const char *name, struct look *found, struct err *e)
{
	const struct http_header *h = &((struct http *)r->link)->header;
	char action[HTTP_ACTION];
	struct http_request q = {
		.method = "HEAD", .name = name, .action = action
	};

	(void)snprintf(
	    action, sizeof(action), "ask for the size of '%s'", name);
	if (ask(r, &q, "Accept-Encoding: identity", NULL, e) < 0)
		return -1;
	(void)snprintf(found->why, sizeof(found->why),
	    "the server answers '%s' to HEAD", h->line);
	found->result = LOOK_UNABLE;
	if (h->status == 404 || h->status == 410) {
		found->result = LOOK_ABSENT;
		return 0;
	}
	if (http_is_done(r) && http_length(r) >= 0) {
		found->result = LOOK_THERE;
		found->bytes = (uint64_t)http_length(r);
		return 0;
	}
	if (http_is_passing(r))
		return http_refuse(r, action, e);
	return ask_properties(r, &q, found, e);
}

static int
dav_rename(struct remote *r, const char *const names[2], bool may_replace,
    struct err *e)
{
	struct http *h = r->link;
	char *to = transfer_url(&h->transfer, h->base, names[1], e);
	char destination[ADDRESS_MAX], action[HTTP_ACTION];
	struct http_request q = { .method = "MOVE",
		.name = names[0],
		.is_once = true,
		.action = action };
	int rc;

	r->fate = FATE_UNDONE;
	if (to == NULL)
		return -1;
	(void)snprintf(destination, sizeof(destination), "Destination: %s", to);
	free(to);
	(void)snprintf(action, sizeof(action), "rename '%.1000s' to '%.1000s'",
	    names[0], names[1]);
	rc = ask(r, &q, destination,
	    may_replace ? "Overwrite: T" : "Overwrite: F", e);
	if (rc < 0) {
		r->fate = FATE_UNKNOWN;
		return -1;
	}
	/* 207 tells of parts that failed; a file has none. */
	if (http_is_done(r) && h->header.status != 207)
		return 0;
	r->fate = http_is_passing(r) ? FATE_UNKNOWN : FATE_REFUSED;
	return http_refuse(r, action, e);
}

static int
ask_plainly(struct remote *r, const char *method, const char *name,
    const char *action, struct err *e)
{
	struct http_request q = {
		.method = method, .name = name, .action = action
	};

	if (ask(r, &q, NULL, NULL, e) < 0)
		return -1;
	return http_is_done(r) ? 0 : http_refuse(r, action, e);
}

static int
dav_remove(struct remote *r, const char *name, struct err *e)
{
	char action[HTTP_ACTION];

	(void)snprintf(action, sizeof(action), "remove '%s'", name);
	return ask_plainly(r, "DELETE", name, action, e);
}

static int
dav_read_back(struct remote *r, const char *name, remote_take *take, void *arg,
    struct err *e)
{
	char action[HTTP_ACTION];
	struct http_request q = { .method = "GET",
		.name = name,
		.action = action,
		.take = take,
		.take_arg = arg };

	(void)snprintf(action, sizeof(action), "read '%s' back", name);
	if (ask(r, &q, "Accept-Encoding: identity", NULL, e) < 0)
		return -1;
	return http_is_done(r) ? 0 : http_refuse(r, action, e);
}

static int
dav_directory(struct remote *r, const char *name, bool is_made, struct err *e)
{
	char path[HTTP_ACTION], action[HTTP_ACTION];

	(void)snprintf(path, sizeof(path), "%.1000s/", name);
	(void)snprintf(action, sizeof(action), "%s the directory '%.1000s'",
	    is_made ? "make" : "remove", name);
	return ask_plainly(r, is_made ? "MKCOL" : "DELETE", path, action, e);
}

static int
dav_check(const struct target *t, struct err *e)
{
	if (strncasecmp(t->url, "http://", 7) == 0 &&
	    t->tls != TARGET_TLS_NONE) {
		(void)err_set(e, ERR_SPEC, "http:// is not protected by TLS");
		return err_hint(e,
		    "Write https://, or tls = \"none\" to send password and "
		    "data in clear.");
	}
	if (t->token != NULL && (t->user != NULL || t->password != NULL)) {
		(void)err_set(
		    e, ERR_SPEC, "there is a token, and a user or password");
		return err_hint(e, "Leave one of the two logins out.");
	}
	if (t->token != NULL && strlen(t->token) > TOKEN_MAX - 64)
		return err_set(e, ERR_SPEC, "the token is too long");
	if (t->resume) {
		(void)err_set(e, ERR_SPEC, "resume is not possible with HTTP");
		return err_hint(e, "Leave resume out: a file is sent whole.");
	}
	return 0;
}

#define DAV_OPERATIONS \
	.has_host = true, .check = dav_check, .open = dav_open, \
	.put = dav_put, .look = dav_look, .rename = dav_rename, \
	.remove = dav_remove, .read_back = dav_read_back, \
	.directory = dav_directory, .close = http_close

const struct protocol protocol_https = {
	.scheme = "https://", .is_implicit_tls = true, DAV_OPERATIONS
};

const struct protocol protocol_http = { .scheme = "http://", DAV_OPERATIONS };
