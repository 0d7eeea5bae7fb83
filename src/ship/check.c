/*
 * check.c - what of a target can be checked without a network
 *
 * Nothing that holds a control byte goes further: libcurl would send it as a
 * command of its own (facts/shipping.md F4). What only one protocol cannot do
 * is that protocol's `check`.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/utf8.h"
#include "ship/library.h"
#include "ship/protocol.h"

enum { SHIP_NAME_MAX = 255, SHIP_URL_MAX = 900, SHIP_STAGING_MAX = 600 };

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

/* "../staging/": up, then down; never a name that is "..". */
static int
check_staging(const struct target *t, struct err *e)
{
	const char *path = t->staging;
	size_t n = path != NULL ? strlen(path) : 0;

	if (t->publish != TARGET_DIRECTORY)
		return 0;
	if (n == 0) {
		(void)err_set(e, ERR_SPEC,
		    "publish is \"directory\", but there is no staging");
		return err_hint(e,
		    "Name the directory that files are uploaded into before "
		    "they are moved: staging = \"../staging/\".");
	}
	while (strncmp(path, "../", 3) == 0)
		path += 3;
	if (n > SHIP_STAGING_MAX || t->staging[n - 1] != '/' ||
	    has_dots(path) || strchr(path, '\\') != NULL ||
	    !utf8_is_valid(t->staging, n)) {
		(void)err_set(
		    e, ERR_SPEC, "staging '%s' is no directory", t->staging);
		return err_hint(
		    e, "It ends with '/', and \"../\" may only begin it.");
	}
	return check_control("staging", t->staging, e);
}

static int
check_tls(const struct target *t, const struct protocol *p, struct err *e)
{
	if (p->is_implicit_tls && t->tls == TARGET_TLS_NONE) {
		(void)err_set(e, ERR_SPEC,
		    "tls is \"none\", but %s is always protected", p->scheme);
		return err_hint(e,
		    "Leave tls out; in clear are ftp:// and http:// with tls = "
		    "\"none\".");
	}
	if (t->min_tls != NULL && t->max_tls != NULL &&
	    strcmp(t->min_tls, t->max_tls) > 0)
		return err_set(e, ERR_SPEC,
		    "min_tls %s is newer than max_tls %s", t->min_tls,
		    t->max_tls);
	if (t->client_key != NULL && t->client_cert == NULL && !p->is_ssh) {
		(void)err_set(
		    e, ERR_SPEC, "there is a client_key, but no client_cert");
		return err_hint(
		    e, "The server is shown the certificate: set client_cert.");
	}
	return 0;
}

int
ship_check_target(const struct target *t, struct err *e)
{
	const struct protocol *p = protocol_find(t->url);

	if (ship_load_library(e) < 0 || check_control("URL", t->url, e) < 0 ||
	    check_control("user", t->user, e) < 0 ||
	    check_control("password", t->password, e) < 0 ||
	    check_control("token", t->token, e) < 0)
		return -1;
	if (p == NULL) {
		(void)err_set(
		    e, ERR_SPEC, "the URL '%s' is of no known kind", t->url);
		return err_hint(e,
		    "It begins with ftp://, ftps://, sftp://, https://, s3:// "
		    "or file://.");
	}
	if (strlen(t->url) > SHIP_URL_MAX)
		return err_set(e, ERR_SPEC, "the URL is longer than %d bytes",
		    SHIP_URL_MAX);
	if (check_tls(t, p, e) < 0 || check_url(p, t->url, e) < 0 ||
	    check_staging(t, e) < 0)
		return -1;
	return p->check != NULL ? p->check(t, e) : 0;
}
