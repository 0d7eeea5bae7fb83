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
#include <unistd.h>

#include "base/cancel.h"
#include "base/file.h"
#include "ship/classify.h"
#include "ship/transfer.h"

/* The first libcurl that shuts TLS 1.3 down rightly after an FTP upload. */
enum { CURL_WITH_SAFE_TLS13 = 0x080900 };

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

/* What a server sends as content is of no interest. */
static size_t
drop(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

static int
on_progress(void *arg, curl_off_t total, curl_off_t done, curl_off_t up_total,
    curl_off_t up)
{
	struct transfer *t = arg;

	(void)total;
	(void)done;
	(void)up_total;
	if (t->shipment != NULL && t->shipment->progress != NULL &&
	    t->said.has_stored && up >= 0)
		t->shipment->progress(t->shipment->progress_arg, (uint64_t)up,
		    t->shipment->bytes);
	return !t->must_finish && cancel_is_due() ? 1 : 0;
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
	const struct target *g = t->target;
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)g->connect_timeout_ms);
	/* libcurl's own 60 s cut off slow servers' last reply. */
	SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds(g->reply_timeout_ms));
	if (g->stall_timeout_ms > 0) {
		SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
		SET(CURLOPT_LOW_SPEED_TIME, seconds(g->stall_timeout_ms));
	}
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
tls_versions(const struct target *g)
{
	bool is_capped = curl_version_info(CURLVERSION_NOW)->version_num <
		CURL_WITH_SAFE_TLS13 ||
	    (g->max_tls != NULL && strcmp(g->max_tls, "1.2") == 0);

	return CURL_SSLVERSION_TLSv1_2 |
	    (is_capped ? CURL_SSLVERSION_MAX_TLSv1_2 :
			 CURL_SSLVERSION_MAX_DEFAULT);
}

static CURLcode
set_protection(struct transfer *t)
{
	const struct target *g = t->target;
	CURLcode rc = CURLE_OK;

#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, "ftp,ftps");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "ftp,ftps");
#else
	SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_FTP | CURLPROTO_FTPS));
	SET(CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_FTP | CURLPROTO_FTPS));
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
	SET(CURLOPT_SSLVERSION, tls_versions(g));
	if (g->ca_file != NULL)
		SET(CURLOPT_CAINFO, g->ca_file);
	if (g->pinned_key != NULL)
		SET(CURLOPT_PINNEDPUBLICKEY, g->pinned_key);
	return rc;
}

static CURLcode
set_ftp(struct transfer *t)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_FTP_SKIP_PASV_IP, 1L);
	SET(CURLOPT_FTP_USE_EPSV, t->target->epsv ? 1L : 0L);
	SET(CURLOPT_FTP_FILEMETHOD, (long)CURLFTPMETHOD_MULTICWD);
	SET(CURLOPT_FTP_CREATE_MISSING_DIRS,
	    t->target->mkdirs ? (long)CURLFTP_CREATE_DIR_RETRY :
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
	SET(CURLOPT_WRITEFUNCTION, drop);
	SET(CURLOPT_HEADERFUNCTION, drop);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, t);
	SET(CURLOPT_ERRORBUFFER, t->detail);
	return rc;
}

int
transfer_open(struct transfer *t, const struct target *target, struct err *e)
{
	CURLcode rc;

	*t = (struct transfer)TRANSFER_INIT;
	t->target = target;
	transcript_init(&t->said);
	t->easy = curl_easy_init();
	if (t->easy == NULL)
		return err_set(e, ERR_INTERNAL, "cannot start libcurl");
	transcript_attach(&t->said, t->easy);
	rc = set_limits(t);
	if (rc == CURLE_OK)
		rc = set_protection(t);
	if (rc == CURLE_OK)
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

int
transfer_perform(struct transfer *t, const char *action, struct err *e)
{
	struct failure failure = { CURLE_OK, t->detail, &t->said };

	transcript_init(&t->said);
	t->detail[0] = '\0';
	failure.code = curl_easy_perform(t->easy);
	if (failure.code == CURLE_OK)
		return 0;
	if (t->local.class != ERR_NONE) {
		*e = t->local;
		return err_in(e, "cannot %s", action);
	}
	if (failure.code == CURLE_ABORTED_BY_CALLBACK && cancel_check(e) < 0)
		return err_in(e, "cannot %s", action);
	return classify(&failure, action, e);
}

void
transfer_close(struct transfer *t)
{
	if (t->fd >= 0)
		(void)close(t->fd);
	t->fd = -1;
	/* Closing says QUIT; whoever listens must still be there. */
	curl_easy_cleanup(t->easy);
	t->easy = NULL;
}

char *
transfer_url(const struct transfer *t, const char *name, struct err *e)
{
	char *escaped = curl_easy_escape(t->easy, name, 0);
	char *url = escaped != NULL ? file_join(t->target->url, escaped, e) :
				      NULL;

	if (escaped == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	curl_free(escaped);
	return url;
}
