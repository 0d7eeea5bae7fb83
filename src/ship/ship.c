/*
 * ship.c - bring one file to one target, complete, or say why not
 *
 * Checks what can be checked without a network; the delivery itself is
 * steps.c's. Nothing that holds a control byte goes further:
 * libcurl would send it as a command of its own (facts/shipping.md F4).
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"
#include "ship/protocol.h"
#include "ship/steps.h"

enum { SHIP_NAME_MAX = 255, SHIP_URL_MAX = 900 };

const struct protocol *const protocols[] = { &protocol_ftp, &protocol_ftps,
	&protocol_local, NULL };

int
ship_global_init(struct err *e)
{
	CURLcode rc = curl_global_init(CURL_GLOBAL_DEFAULT);

	if (rc != CURLE_OK)
		return err_set(e, ERR_INTERNAL, "cannot start libcurl: %s",
		    curl_easy_strerror(rc));
	return 0;
}

void
ship_global_release(void)
{
	curl_global_cleanup();
}

const struct protocol *
protocol_find(const char *url)
{
	for (size_t i = 0; protocols[i] != NULL; i++)
		if (strncasecmp(url, protocols[i]->scheme,
			strlen(protocols[i]->scheme)) == 0)
			return protocols[i];
	return NULL;
}

int
ship_check_name(const char *name, struct err *e)
{
	if (*name == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0) {
		(void)err_set(e, ERR_SPEC, "'%s' is no name for a file", name);
		return err_hint(e, "Give it a name such as orders.csv.");
	}
	if (strlen(name) > SHIP_NAME_MAX) {
		(void)err_set(e, ERR_SPEC,
		    "the file name is longer than %d bytes", SHIP_NAME_MAX);
		return err_hint(e, "No file system takes it: shorten it.");
	}
	if (strpbrk(name, "/\\") != NULL) {
		(void)err_set(
		    e, ERR_SPEC, "the file name '%s' holds a slash", name);
		return err_hint(e, "Directories belong into the target's URL.");
	}
	if (str_has_control(name)) {
		(void)err_set(e, ERR_SPEC,
		    "the file name '%s' holds a control byte", name);
		return err_hint(e, "Leave out line breaks and the like.");
	}
	if (!utf8_is_valid(name, strlen(name))) {
		(void)err_set(e, ERR_SPEC, "the file name is not UTF-8");
		return err_hint(e, "Save the job spec as UTF-8.");
	}
	return 0;
}

/* Whether a part between slashes is "." or "..". */
static bool
has_dots(const char *path)
{
	while (*path != '\0') {
		size_t n = strcspn(path, "/");

		if ((n == 1 || n == 2) && strncmp(path, "..", n) == 0)
			return true;
		path += n + (path[n] == '/');
	}
	return false;
}

/*
 * A segment of the path, decoded: "." and ".." would leave the directory. It
 * may hold slashes: "/%2Fsrv/" is the absolute path /srv.
 */
static int
check_segment(const char *url, const char *segment, size_t n, struct err *e)
{
	int length = 0;
	char *decoded = curl_easy_unescape(NULL, segment, (int)n, &length);
	int rc = 0;

	if (decoded == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (strlen(decoded) != (size_t)length || str_has_control(decoded))
		rc = err_set(
		    e, ERR_SPEC, "the URL '%s' holds a control byte", url);
	else if (has_dots(decoded))
		rc = err_set(
		    e, ERR_SPEC, "the URL '%s' holds '%s'", url, decoded);
	curl_free(decoded);
	return rc;
}

static int
check_path(const char *url, const char *path, struct err *e)
{
	size_t n = strlen(path);

	if (n == 0 || path[n - 1] != '/') {
		(void)err_set(e, ERR_SPEC,
		    "the URL '%s' does not end with "
		    "'/'",
		    url);
		return err_hint(e,
		    "It names the directory that files are "
		    "delivered into; their names are file.name.");
	}
	if (strpbrk(path, "?#; ") != NULL) {
		(void)err_set(e, ERR_SPEC,
		    "the URL '%s' holds one of '?#;' or "
		    "a blank",
		    url);
		return err_hint(e,
		    "Write a blank in a directory's name as "
		    "%%20.");
	}
	while (*path != '\0') {
		n = strcspn(path, "/");
		if (n > 0 && check_segment(url, path, n, e) < 0)
			return -1;
		path += n + (path[n] == '/');
	}
	return 0;
}

static int
check_url(const struct protocol *p, const char *url, struct err *e)
{
	const char *host = url + strlen(p->scheme);
	size_t n = strcspn(host, "/");

	if (memchr(host, '@', n) != NULL) {
		(void)err_set(e, ERR_SPEC, "the URL holds a user or password");
		return err_hint(e,
		    "Write them as user and password of the "
		    "target: a URL is shown in logs.");
	}
	if (p->has_host && n == 0)
		return err_set(e, ERR_SPEC, "the URL '%s' names no host", url);
	if (!p->has_host && n != 0 && strncmp(host, "localhost/", 10) != 0) {
		(void)err_set(e, ERR_SPEC, "the URL '%s' names a host", url);
		return err_hint(e,
		    "A directory of this machine has three "
		    "slashes: file:///srv/out/");
	}
	return check_path(url, host + n, e);
}

static int
check_control(const char *what, const char *text, struct err *e)
{
	if (text == NULL || !str_has_control(text))
		return 0;
	(void)err_set(e, ERR_SPEC, "the %s holds a control byte", what);
	return err_hint(e,
	    "The server would take what follows for a command of its own: "
	    "look for a line break in it.");
}

int
ship_check_target(const struct target *t, struct err *e)
{
	const struct protocol *p = protocol_find(t->url);

	if (check_control("URL", t->url, e) < 0 ||
	    check_control("user", t->user, e) < 0 ||
	    check_control("password", t->password, e) < 0)
		return -1;
	if (p == NULL) {
		(void)err_set(
		    e, ERR_SPEC, "the URL '%s' is of no known kind", t->url);
		return err_hint(e,
		    "It begins with ftp://, ftps:// or "
		    "file://.");
	}
	if (strlen(t->url) > SHIP_URL_MAX)
		return err_set(e, ERR_SPEC, "the URL is longer than %d bytes",
		    SHIP_URL_MAX);
	if (p->is_implicit_tls && t->tls == TARGET_TLS_NONE) {
		(void)err_set(e, ERR_SPEC,
		    "tls is \"none\", but ftps:// is FTP over TLS");
		return err_hint(e,
		    "Leave tls out; FTP in clear is ftp:// with tls = "
		    "\"none\".");
	}
	return check_url(p, t->url, e);
}

int
shipment_open(const struct shipment *s, struct err *e)
{
	struct stat st;
	int fd = open(s->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, errno, "cannot open '%s'", s->path);
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size == s->bytes)
		return fd;
	(void)close(fd);
	return err_set(e, ERR_LOCAL,
	    "'%s' is not as long as it was when it "
	    "was written (%llu bytes)",
	    s->path, (unsigned long long)s->bytes);
}

static void
begin_receipt(struct receipt *r, const struct target *t, const char *name)
{
	memset(r, 0, sizeof(*r));
	(void)snprintf(r->url, sizeof(r->url), "%s%s", t->url, name);
}

int
ship_connect(const struct target *t, struct receipt *r, struct err *e)
{
	struct remote remote = REMOTE_INIT(t, r);
	uint64_t began = clock_monotonic_ms();
	int rc;

	begin_receipt(r, t, "");
	if (ship_check_target(t, e) < 0)
		return -1;
	rc = remote_open(&remote, e);
	remote_close(&remote);
	r->elapsed_ms = clock_monotonic_ms() - began;
	return rc;
}

int
ship_file(const struct target *t, const struct shipment *s, struct receipt *r,
    struct err *e)
{
	uint64_t began = clock_monotonic_ms();
	int rc;

	begin_receipt(r, t, s->name);
	if (ship_check_target(t, e) < 0 || ship_check_name(s->name, e) < 0 ||
	    ship_check_name(s->temporary, e) < 0)
		return -1;
	rc = deliver(t, s, r, e);
	r->elapsed_ms = clock_monotonic_ms() - began;
	return rc;
}

const char *
ship_stage_name(enum ship_stage stage)
{
	static const char *const names[] = {
		[SHIP_NOTHING] = "nothing",
		[SHIP_SKIPPED] = "skipped",
		[SHIP_UPLOADING] = "uploading",
		[SHIP_UPLOADED] = "uploaded",
		[SHIP_RENAMING] = "renaming",
		[SHIP_PUBLISHED] = "published",
		[SHIP_VERIFIED] = "verified",
	};

	return names[stage];
}

void
ship_put_version(char *text, size_t size)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	(void)snprintf(text, size, "libcurl %s (%s); targets: ftp ftps file",
	    v->version, v->ssl_version != NULL ? v->ssl_version : "no TLS");
}
