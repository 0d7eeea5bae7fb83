/*
 * classify.c - what a failed transfer means
 *
 * Two tables: replies of FTP servers and codes of libcurl, each with the class
 * that decides whether a later try makes sense. Measured against vsftpd,
 * proftpd, pure-ftpd and a scripted server.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ship/classify.h"

/* What the server said, or libcurl, and what to do about it. */
struct meaning {
	int code; /* reply or CURLcode */
	enum err_class class;
	const char *text; /* in our words; NULL: in libcurl's */
	const char *hint;
};

static const char hint_later[] = "This passes as a rule: run the job again "
				 "later.";
static const char hint_certificate[] =
    "If the server is the right one, set "
    "ca_file to its CA's certificate, or pinned_key to its key.";
static const char hint_unknown[] =
    "Ask the server's operators; with --verbose twice the log has all that was "
    "said.";
static const char hint_name[] =
    "The certificate is another host's: write the name that it is made for "
    "into the URL, or ask the server's operators.";
static const char hint_expired[] =
    "Ask the server's operators for a new certificate; check this host's "
    "clock too.";
static const char hint_directory[] =
    "Check that the directory of the URL "
    "exists there and that the user may write into it.";

static const struct meaning replies[] = {
	{ 421, ERR_NOT_NOW, NULL, hint_later },
	{ 425, ERR_NOT_NOW, NULL,
	    "The data connection failed: a firewall, or "
	    "the server's passive ports; try epsv = false." },
	{ 426, ERR_NOT_NOW, NULL, hint_later },
	{ 430, ERR_TARGET, NULL, "Check the target's user and password." },
	{ 434, ERR_NOT_NOW, NULL, hint_later },
	{ 450, ERR_NOT_NOW, NULL, hint_later },
	{ 451, ERR_NOT_NOW, NULL, hint_later },
	{ 452, ERR_NOT_NOW, NULL,
	    "The server's disk is full: tell its "
	    "operators." },
	{ 522, ERR_TARGET, NULL,
	    "The server wants the data connection "
	    "protected in another way; ask its operators." },
	{ 530, ERR_TARGET, NULL, "Check the target's user and password." },
	{ 532, ERR_TARGET, NULL, "Check the target's user and password." },
	{ 550, ERR_TARGET, NULL, hint_directory },
	{ 552, ERR_TARGET, NULL,
	    "A quota or a full disk at the target: ask "
	    "its operators." },
	{ 553, ERR_TARGET, NULL, hint_directory },
};

static const struct meaning codes[] = {
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_SPEC, NULL, "" },
	{ CURLE_URL_MALFORMAT, ERR_SPEC, NULL, "" },
	{ CURLE_COULDNT_RESOLVE_HOST, ERR_NOT_NOW, NULL,
	    "Check the host name "
	    "of the URL, and this host's DNS." },
	{ CURLE_COULDNT_CONNECT, ERR_NOT_NOW, NULL,
	    "Is the server running, "
	    "and does the firewall let this host through?" },
	{ CURLE_WEIRD_SERVER_REPLY, ERR_TARGET, NULL,
	    "What answers there does not speak FTP as it should: check host "
	    "and port, and ask the server's operators." },
	{ CURLE_REMOTE_ACCESS_DENIED, ERR_TARGET, NULL, hint_directory },
	{ CURLE_FTP_WEIRD_PASV_REPLY, ERR_TARGET, NULL, "Try epsv = false." },
	{ CURLE_FTP_CANT_GET_HOST, ERR_TARGET, NULL, "" },
	{ CURLE_FTP_COULDNT_USE_REST, ERR_TARGET, NULL, "" },
	{ CURLE_PARTIAL_FILE, ERR_NOT_NOW, NULL, hint_later },
	{ CURLE_QUOTE_ERROR, ERR_TARGET, NULL, "" },
	{ CURLE_UPLOAD_FAILED, ERR_TARGET, NULL, hint_directory },
	{ CURLE_READ_ERROR, ERR_LOCAL, NULL, "" },
	{ CURLE_OUT_OF_MEMORY, ERR_INTERNAL, NULL, "" },
	{ CURLE_OPERATION_TIMEDOUT, ERR_NOT_NOW, NULL,
	    "The server stopped "
	    "answering; connect_timeout, reply_timeout and stall_timeout set "
	    "how long to wait." },
	{ CURLE_SSL_CONNECT_ERROR, ERR_TARGET, NULL,
	    "The server and this host "
	    "agree on no TLS version or cipher; see max_tls." },
	{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, ERR_TARGET,
	    "the server's key is "
	    "not the one in pinned_key",
	    "Ask the server's operators whether "
	    "they changed the key, and change pinned_key only then." },
	{ CURLE_SSL_CERTPROBLEM, ERR_SPEC, NULL,
	    "Check client_cert, client_key and client_key_password." },
	{ CURLE_GOT_NOTHING, ERR_NOT_NOW, NULL, hint_later },
	{ CURLE_SEND_ERROR, ERR_NOT_NOW, "the connection broke while sending",
	    "If it happens each time, look at quotas and time limits of the "
	    "server; else run the job again." },
	{ CURLE_RECV_ERROR, ERR_NOT_NOW, "the connection broke", hint_later },
	{ CURLE_PEER_FAILED_VERIFICATION, ERR_TARGET, NULL, hint_certificate },
	{ CURLE_USE_SSL_FAILED, ERR_TARGET,
	    "the server offers no TLS, and "
	    "nothing was sent",
	    "Ask its operators for FTPS; tls = \"none\" "
	    "sends password and data in clear." },
	{ CURLE_LOGIN_DENIED, ERR_TARGET, NULL,
	    "Check the target's user and "
	    "password." },
	{ CURLE_REMOTE_DISK_FULL, ERR_TARGET, NULL,
	    "A quota or a full disk at "
	    "the target: ask its operators." },
	{ CURLE_SSL_CACERT_BADFILE, ERR_SPEC, NULL,
	    "Check ca_file; without "
	    "it the system's certificates are used (package "
	    "ca-certificates)." },
	{ CURLE_REMOTE_FILE_NOT_FOUND, ERR_TARGET, NULL, hint_directory },
	{ CURLE_SSL_ISSUER_ERROR, ERR_TARGET, NULL, hint_certificate },
	{ CURLE_SSL_INVALIDCERTSTATUS, ERR_TARGET, NULL, hint_certificate },
};

static const struct meaning *
find(const struct meaning *table, size_t n, int code)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].code == code)
			return &table[i];
	return NULL;
}

static bool
has_word(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasestr(text, words[i]) != NULL)
			return true;
	return false;
}

/* Refusals that pass: lftp's and rclone's lists. */
static bool
is_passing(const char *reply)
{
	static const char *const words[] = { "too many", "broken pipe",
		"timed out", "closed by the remote host", "try again",
		"maximum number", "limit reached" };

	return has_word(reply, words, sizeof(words) / sizeof(words[0]));
}

/* A handshake that broke off is the network; one that was refused is not. */
static bool
is_broken_handshake(const char *detail)
{
	static const char *const words[] = { "reset by peer", "syscall",
		"unexpected eof", "timed out", "broken pipe" };

	return has_word(detail, words, sizeof(words) / sizeof(words[0]));
}

/* A certificate is refused for several reasons; OpenSSL's and curl's words. */
static const char *
certificate_hint(const char *detail)
{
	static const char *const name[] = { "subject name", "does not match",
		"hostname mismatch" };
	static const char *const time[] = { "expired", "not yet valid" };

	if (has_word(detail, name, sizeof(name) / sizeof(name[0])))
		return hint_name;
	if (has_word(detail, time, sizeof(time) / sizeof(time[0])))
		return hint_expired;
	return hint_certificate;
}

/* libcurl's limit for replies, and its word for what the server then did. */
static bool
is_flood(const struct failure *f)
{
	return strstr(f->detail, "Too large response headers") != NULL;
}

/*
 * When the data connection breaks in its TLS handshake, libcurl 7.88 goes on
 * with PASV, though STOR was sent, and takes the answer to STOR for one to
 * PASV.
 */
static bool
is_blamed_on_pasv(const struct transcript *t)
{
	return t->has_stored && transcript_is_at(t, "PASV");
}

/* libcurl calls a handshake that was reset another thing than a closed one. */
static bool
is_broken_data(const struct failure *f)
{
	if (!f->said->has_stored || f->said->code >= 400)
		return false;
	return f->code == CURLE_FTP_WEIRD_PASV_REPLY ?
	    is_blamed_on_pasv(f->said) :
	    f->code == CURLE_SSL_CONNECT_ERROR &&
		is_broken_handshake(f->detail);
}

/* What TLS says is never the fault of the last command. */
static bool
is_about_tls(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_USE_SSL_FAILED || code == CURLE_SSL_CACERT_BADFILE ||
	    code == CURLE_SSL_PINNEDPUBKEYNOTMATCH ||
	    code == CURLE_SSL_ISSUER_ERROR ||
	    code == CURLE_SSL_INVALIDCERTSTATUS;
}

static int
classify_reply(const struct failure *f, const char *action, struct err *e)
{
	const struct transcript *t = f->said;
	const struct meaning *m = find(
	    replies, sizeof(replies) / sizeof(replies[0]), t->code);
	enum err_class class = t->code >= 500 ? ERR_TARGET : ERR_NOT_NOW;
	const char *hint = t->code >= 500 ? "Ask the server's operators." :
					    hint_later;
	char verb[32];

	if (m != NULL) {
		class = m->class;
		hint = m->hint;
	}
	if (is_passing(t->reply)) {
		class = ERR_NOT_NOW;
		hint = hint_later;
	}
	(void)snprintf(verb, sizeof(verb), "%.*s",
	    (int)strcspn(t->command, " "),
	    is_blamed_on_pasv(t) ? "STOR" : t->command);
	(void)err_set(e, class, "cannot %s: the server says '%s'%s%s", action,
	    t->reply, verb[0] != '\0' ? " to " : "", verb);
	e->native = (int)f->code;
	return err_hint(e, "%s", hint);
}

static int
classify_code(const struct failure *f, const char *action, struct err *e)
{
	const struct meaning *m = find(
	    codes, sizeof(codes) / sizeof(codes[0]), (int)f->code);
	enum err_class class = m != NULL ? m->class : ERR_TARGET;
	const char *why = f->detail[0] != '\0' ? f->detail :
						 curl_easy_strerror(f->code);
	const char *hint = m != NULL ? m->hint : "";

	if (f->code == CURLE_SSL_CONNECT_ERROR &&
	    is_broken_handshake(f->detail)) {
		class = ERR_NOT_NOW;
		hint = hint_later;
	}
	if (hint == hint_certificate)
		hint = certificate_hint(f->detail);
	if (m != NULL && m->text != NULL)
		(void)err_set(
		    e, class, "cannot %s: %s (%s)", action, m->text, why);
	else
		(void)err_set(e, class, "cannot %s: %s", action, why);
	e->native = (int)f->code;
	if (hint[0] == '\0' && class == ERR_TARGET)
		hint = hint_unknown;
	return hint[0] != '\0' ? err_hint(e, "%s", hint) : -1;
}

static int
classify_special(const struct failure *f, const char *action, struct err *e)
{
	if (is_flood(f)) {
		(void)err_set(e, ERR_TARGET,
		    "cannot %s: the server floods with replies (%s)", action,
		    f->detail);
		(void)err_hint(e, "Ask the server's operators.");
	} else {
		(void)err_set(e, ERR_NOT_NOW,
		    "cannot %s: the data connection broke before the first "
		    "byte",
		    action);
		(void)err_hint(e,
		    "If it happens each time, look at firewalls and at the "
		    "server's TLS for data connections; see max_tls.");
	}
	e->native = (int)f->code;
	return -1;
}

int
classify(const struct failure *f, const char *action, struct err *e)
{
	if (is_flood(f) || is_broken_data(f))
		return classify_special(f, action, e);
	if (f->said->code >= 400 && !is_about_tls(f->code))
		return classify_reply(f, action, e);
	return classify_code(f, action, e);
}
