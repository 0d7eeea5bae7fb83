/*
 * transfer.c - one libcurl handle, set up for one target
 *
 * Every option is set here and nowhere else, with the reason where it is not
 * plain. The order of commands is ftp.c's; what a failure means, classify.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "ship/classify.h"
#include "ship/library.h"
#include "ship/transfer.h"

/* How long cleaning up may take, connecting and each command. */
enum { FINISH_S = 10, URL_MAX = 8192 };

enum { KEEPALIVE_IDLE_S = 60, KEEPALIVE_INTERVAL_S = 30 };

static long
seconds(uint64_t ms)
{
	return ms / 1000 > 1000000 ? 1000000L : (long)((ms + 999) / 1000);
}

static size_t
read_file(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	ssize_t got;

	do
		got = read(t->fd, data, size * n);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		(void)err_sys(
		    &t->local, errno, "cannot read '%s'", t->shipment->path);
		return CURL_READFUNC_ABORT;
	}
	t->sent += (uint64_t)got;
	return (size_t)got;
}

/* libcurl goes back to send again on a fresh connection. */
static int
seek_file(void *arg, curl_off_t offset, int origin)
{
	struct transfer *t = arg;

	if (lseek(t->fd, (off_t)offset, origin) < 0)
		return CURL_SEEKFUNC_FAIL;
	if (origin == SEEK_SET)
		t->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* What a server sends as content is of interest only when it is read back. */
static size_t
take_content(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	if (t->take != NULL &&
	    t->take(t->take_arg, data, size * n, &t->local) < 0)
		return size * n + 1;
	return size * n;
}

static size_t
drop(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

/*
 * libcurl's limits for replies and for slowness leave out much of SFTP and the
 * wait for an answer of HTTP: somebody else looks at the clock.
 */
static bool
is_silent(struct transfer *t, uint64_t moved)
{
	const struct target *g = t->remote->target;
	bool is_sending = t->shipment != NULL && t->sent < t->shipment->bytes;
	uint64_t limit = is_sending ? g->stall_timeout_ms : g->reply_timeout_ms;
	uint64_t now = clock_monotonic_ms();

	if (limit < g->connect_timeout_ms)
		limit = g->connect_timeout_ms;

	if (moved != t->moved) {
		t->moved = moved;
		t->moved_ms = now;
	}
	if (t->kind == TRANSFER_FTP || now - t->moved_ms <= limit)
		return false;
	(void)err_set(&t->local, ERR_NOT_NOW, "the server stopped answering");
	(void)err_hint(&t->local,
	    "connect_timeout, reply_timeout and stall_timeout set how long to "
	    "wait.");
	return true;
}

static int
on_progress(void *arg, curl_off_t total, curl_off_t done, curl_off_t up_total,
    curl_off_t up)
{
	struct transfer *t = arg;

	(void)total;
	(void)up_total;
	if (is_silent(t, (uint64_t)done + (uint64_t)up))
		return 1;
	if (t->shipment != NULL && t->shipment->progress != NULL &&
	    (t->said.has_stored || t->kind != TRANSFER_FTP) && up >= 0)
		t->shipment->progress(t->shipment->progress_arg, (uint64_t)up,
		    t->shipment->bytes);
	return !t->remote->must_finish && cancel_is_due() ? 1 : 0;
}

/* An option that fails would be a promise that is not kept. */
#define SET(name, value) \
	do { \
		if (rc == CURLE_OK) { \
			rc = curl_easy_setopt(t->easy, name, value); \
			t->option = #name; \
		} \
	} while (0)

static CURLcode
set_limits(struct transfer *t)
{
	const struct target *g = t->remote->target;
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_NOSIGNAL, 1L);
	if (t->remote->must_finish) {
		SET(CURLOPT_CONNECTTIMEOUT, (long)FINISH_S);
		SET(CURLOPT_TIMEOUT, (long)FINISH_S);
	} else {
		SET(CURLOPT_CONNECTTIMEOUT_MS, (long)g->connect_timeout_ms);
	}
	/* libcurl's own 60 s cut off slow servers' last reply. */
	SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds(g->reply_timeout_ms));
	/* It would cut off the wait for an answer too: see is_silent. */
	if (g->stall_timeout_ms > 0 && t->kind == TRANSFER_FTP) {
		SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
		SET(CURLOPT_LOW_SPEED_TIME, seconds(g->stall_timeout_ms));
	}
	if (g->bandwidth > 0)
		SET(CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)g->bandwidth);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
	SET(CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
	return rc;
}

/*
 * FTPS uploads over TLS 1.3 break before libcurl 8.9.0 (curl c31041b17e): the
 * library that is loaded counts, not the one that was compiled with.
 */
static long
tls_versions(const struct remote *r, bool is_ftp)
{
	const struct target *g = r->target;
	struct ship_library library;
	bool is_capped;
	long oldest;

	ship_describe_library(&library);
	is_capped = r->cap_tls12 || (is_ftp && library.loses_with_tls13) ||
	    (g->max_tls != NULL && strcmp(g->max_tls, "1.2") == 0);

	oldest = g->min_tls != NULL && strcmp(g->min_tls, "1.3") == 0 ?
	    CURL_SSLVERSION_TLSv1_3 :
	    CURL_SSLVERSION_TLSv1_2;

	return oldest |
	    (is_capped ? CURL_SSLVERSION_MAX_TLSv1_2 :
			 CURL_SSLVERSION_MAX_DEFAULT);
}

/* The protocols of each kind: as names, and for an older libcurl as bits. */
static const struct {
	const char *names;
	long bits;
} languages[] = {
	[TRANSFER_FTP] = { "ftp,ftps", CURLPROTO_FTP | CURLPROTO_FTPS },
	[TRANSFER_SFTP] = { "sftp", CURLPROTO_SFTP },
	[TRANSFER_HTTP] = { "http,https", CURLPROTO_HTTP | CURLPROTO_HTTPS },
};

static CURLcode
set_protection(struct transfer *t)
{
	const struct target *g = t->remote->target;
	CURLcode rc = CURLE_OK;

#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, languages[t->kind].names);
	SET(CURLOPT_REDIR_PROTOCOLS_STR, languages[t->kind].names);
#else
	SET(CURLOPT_PROTOCOLS, languages[t->kind].bits);
	SET(CURLOPT_REDIR_PROTOCOLS, languages[t->kind].bits);
#endif
	SET(CURLOPT_PROXY, ""); /* no proxies from the environment */
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	if (g->user != NULL)
		SET(CURLOPT_USERNAME, g->user);
	if (g->password != NULL)
		SET(CURLOPT_PASSWORD, g->password);
	/* Never CURLUSESSL_TRY: it sends the password in clear. */
	SET(CURLOPT_USE_SSL,
	    (long)(g->tls == TARGET_TLS_NONE ? CURLUSESSL_NONE :
					       CURLUSESSL_ALL));
	SET(CURLOPT_FTPSSLAUTH, (long)CURLFTPAUTH_TLS);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION,
	    tls_versions(t->remote, t->kind == TRANSFER_FTP));
	if (g->ca_file != NULL)
		SET(CURLOPT_CAINFO, g->ca_file);
	/* That of SSH is another thing: sftp.c. */
	if (g->pinned_key != NULL && t->kind != TRANSFER_SFTP)
		SET(CURLOPT_PINNEDPUBLICKEY, g->pinned_key);
	return rc;
}

static CURLcode
set_client(struct transfer *t)
{
	const struct target *g = t->remote->target;
	CURLcode rc = CURLE_OK;

	if (g->client_cert == NULL || t->kind == TRANSFER_SFTP)
		return rc;
	SET(CURLOPT_SSLCERT, g->client_cert);
	SET(CURLOPT_SSLKEY,
	    g->client_key != NULL ? g->client_key : g->client_cert);
	if (g->client_key_password != NULL)
		SET(CURLOPT_KEYPASSWD, g->client_key_password);
	return rc;
}

static CURLcode
set_ftp(struct transfer *t)
{
	CURLcode rc = CURLE_OK;

	if (t->remote->target->active)
		SET(CURLOPT_FTPPORT, "-");
	SET(CURLOPT_FTP_SKIP_PASV_IP, 1L);
	SET(CURLOPT_FTP_USE_EPRT, t->remote->target->epsv ? 1L : 0L);
	SET(CURLOPT_FTP_USE_EPSV, t->remote->target->epsv ? 1L : 0L);
	SET(CURLOPT_FTP_FILEMETHOD, (long)CURLFTPMETHOD_MULTICWD);
	SET(CURLOPT_FTP_CREATE_MISSING_DIRS,
	    t->remote->target->mkdirs ? (long)CURLFTP_CREATE_DIR_RETRY :
					(long)CURLFTP_CREATE_DIR_NONE);
	SET(CURLOPT_TRANSFERTEXT, 0L);
	return rc;
}

static CURLcode
set_callbacks(struct transfer *t)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_READFUNCTION, read_file);
	SET(CURLOPT_READDATA, t);
	/* Without it a resumed upload sends the wrong bytes, in silence. */
	SET(CURLOPT_SEEKFUNCTION, seek_file);
	SET(CURLOPT_SEEKDATA, t);
	SET(CURLOPT_WRITEFUNCTION, take_content);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_HEADERFUNCTION, drop);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, t);
	SET(CURLOPT_ERRORBUFFER, t->detail);
	return rc;
}

int
transfer_open(struct transfer *t, struct remote *r, enum transfer_kind kind,
    struct err *e)
{
	CURLcode rc;

	memset(t, 0, sizeof(*t));
	t->fd = -1;
	t->remote = r;
	t->kind = kind;
	t->said.is_http = kind == TRANSFER_HTTP;
	transcript_init(&t->said);
	t->easy = curl_easy_init();
	if (t->easy == NULL)
		return err_set(e, ERR_INTERNAL, "cannot start libcurl");
	transcript_attach(&t->said, t->easy);
	rc = set_limits(t);
	if (rc == CURLE_OK)
		rc = set_protection(t);
	if (rc == CURLE_OK)
		rc = set_client(t);
	if (rc == CURLE_OK && kind == TRANSFER_FTP)
		rc = set_ftp(t);
	if (rc == CURLE_OK)
		rc = set_callbacks(t);
	if (rc != CURLE_OK) {
		transfer_close(t);
		return err_set(e, ERR_INTERNAL, "libcurl refuses %s: %s",
		    t->option, curl_easy_strerror(rc));
	}
	return 0;
}

/* What the receipt shows of the conversation. */
static void
keep_reply(const struct transfer *t)
{
	struct receipt *receipt = t->remote->receipt;

	if (t->said.reply[0] != '\0')
		(void)snprintf(receipt->reply, sizeof(receipt->reply), "%s",
		    t->said.reply);
	if (t->said.tls[0] != '\0')
		(void)snprintf(
		    receipt->tls, sizeof(receipt->tls), "%s", t->said.tls);
	t->remote->is_reused = t->said.is_reused;
}

int
transfer_try(
    struct transfer *t, const char *action, CURLcode *code, struct err *e)
{
	transcript_init(&t->said);
	t->detail[0] = '\0';
	t->local = (struct err)ERR_INIT;
	t->moved = 0;
	t->moved_ms = clock_monotonic_ms();
	*code = curl_easy_perform(t->easy);
	t->is_aborted = *code == CURLE_ABORTED_BY_CALLBACK;
	keep_reply(t);
	if (*code == CURLE_OK)
		return 0;
	if (t->local.class != ERR_NONE) {
		*e = t->local;
		return err_in(e, "cannot %s", action);
	}
	if (*code == CURLE_ABORTED_BY_CALLBACK && cancel_check(e) < 0)
		return err_in(e, "cannot %s", action);
	return 0;
}

int
transfer_perform(struct transfer *t, const char *action, struct err *e)
{
	struct failure failure = { CURLE_OK, t->detail, &t->said };

	if (transfer_try(t, action, &failure.code, e) < 0)
		return -1;
	return failure.code == CURLE_OK ? 0 : classify(&failure, action, e);
}

int
transfer_take_file(struct transfer *t, const struct shipment *s, struct err *e)
{
	t->fd = shipment_open(s, e);
	if (t->fd < 0)
		return -1;
	t->shipment = s;
	t->sent = 0;
	return 0;
}

void
transfer_drop_file(struct transfer *t)
{
	if (t->fd >= 0)
		(void)close(t->fd);
	t->fd = -1;
	t->shipment = NULL;
}

/*
 * libcurl takes the connection of a transfer that was broken off for a good
 * one, and waits two minutes for the answer to its QUIT, behind one that does
 * not come. Seen with 7.88.1.
 */
static void
hang_up(struct transfer *t)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd) ==
		CURLE_OK &&
	    fd != CURL_SOCKET_BAD)
		(void)shutdown(fd, SHUT_RDWR);
}

void
transfer_close(struct transfer *t)
{
	transfer_drop_file(t);
	free(t->features);
	if (t->is_aborted)
		hang_up(t);
	/* Closing says QUIT; whoever listens must still be there. */
	curl_easy_cleanup(t->easy);
	t->easy = NULL;
}

/* One directory up in a URL that ends with '/', not beyond its host. */
static int
go_up(struct buf *url, struct err *e)
{
	char *path = strstr(url->data, "://") + 3;

	path = strchr(path, '/');
	if (path == NULL || path[1] == '\0')
		return err_set(
		    e, ERR_SPEC, "'../' leads above '%s'", buf_text(url));
	do
		url->data[--url->length] = '\0';
	while (url->data[url->length - 1] != '/');
	return 0;
}

static int
put_segment(const struct transfer *t, struct buf *url, const char *segment,
    size_t n, struct err *e)
{
	char *escaped = curl_easy_escape(t->easy, segment, (int)n);
	int rc = -1;

	if (escaped == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (buf_puts(url, escaped, e) == 0)
		rc = segment[n] == '/' ? buf_puts(url, "/", e) : 0;
	curl_free(escaped);
	return rc;
}

/*
 * Scheme and host alone, for a path from the server's root, which in FTP is
 * not where one is after the login.
 */
static int
put_base(struct buf *url, const char *base, const char *name, struct err *e)
{
	bool is_ftp = strncasecmp(base, "ftp", 3) == 0;
	const char *path = strchr(strstr(base, "://") + 3, '/');

	if (*name != '/' || path == NULL)
		return buf_puts(url, base, e);
	if (buf_put(url, base, (size_t)(path - base), e) < 0)
		return -1;
	return buf_puts(url, is_ftp ? "/%2F" : "/", e);
}

char *
transfer_url(
    const struct transfer *t, const char *base, const char *name, struct err *e)
{
	struct buf url = BUF_INIT(URL_MAX);
	int rc = put_base(&url, base, name, e);

	while (rc == 0 && *name != '\0') {
		size_t n = strcspn(name, "/");

		if (n == 2 && strncmp(name, "../", 3) == 0)
			rc = go_up(&url, e);
		else if (n > 0)
			rc = put_segment(t, &url, name, n, e);
		name += n + (name[n] == '/');
	}
	if (rc < 0)
		buf_release(&url);
	return rc == 0 ? buf_take(&url) : NULL;
}
