/*
 * sftp.c - the operations of SFTP, by libcurl and its SSH library
 *
 * The server's host key must be known: libcurl connects to anybody unless it
 * is asked to look (facts/shipping.md F10), so each key comes before our own
 * eyes. Version 3 of SFTP, which everybody speaks, does not rename onto a
 * file; steps.c then removes the old one first.
 *
 * libcurl tells no size of a file. It is asked to begin reading behind the
 * place where the file should end: it compares, and what it found is in its
 * own notes.
 *
 * Source	draft-ietf-secsh-filexfer-02; curl lib/vssh/libssh2.c
 */
#include <curl/curl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "sink/hash.h"
#include "ship/classify.h"
#include "ship/transfer.h"

enum {
	SFTP_ACTION = 2100,
	SFTP_PATH = 4096,
	FINGERPRINT = 51,	/* "SHA256:", 43 digits, NUL */
	LIBSSH2_SIGNS_RSA = 111 /* 1.11: RSA with SHA-2 for user keys */
};

/* What became of the host key. */
enum sight { KEY_UNSEEN, KEY_RIGHT, KEY_UNKNOWN, KEY_CHANGED, KEY_UNPINNED };

/* An open connection. */
struct sftp {
	struct transfer transfer;
	char *directory; /* as the server has it, owned; ends in '/' */
	char known_hosts[SFTP_PATH];   /* the file that is looked into */
	char fingerprint[FINGERPRINT]; /* "SHA256:...", once it was shown */
	enum sight sight;	       /* of the host key */
	uint64_t expected;	       /* bytes of what was put last */
};

/* Reads as ssh-keygen -l prints it: base64 without padding. */
static int
put_fingerprint(
    char text[FINGERPRINT], const struct curl_khkey *key, struct err *e)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char hex[HASH_TEXT];
	struct hash *hash;
	unsigned bits = 0, n_bits = 0;
	size_t used = strlen("SHA256:");
	int rc;

	if (hash_new(&hash, e) < 0)
		return -1;
	rc = hash_put(hash, key->key, key->len, e);
	if (rc == 0)
		rc = hash_finish(hash, hex, e);
	hash_free(hash);
	if (rc < 0)
		return -1;
	memcpy(text, "SHA256:", used);
	for (const char *c = hex; *c != '\0' || n_bits > 0;) {
		if (*c != '\0') {
			bits = bits << 4 |
			    (unsigned)(*c <= '9' ? *c - '0' : *c - 'a' + 10);
			n_bits += 4;
			c++;
		} else {
			bits <<= 6 - n_bits;
			n_bits = 6;
		}
		if (n_bits >= 6) {
			n_bits -= 6;
			text[used++] = digits[bits >> n_bits & 63];
		}
	}
	text[used] = '\0';
	return 0;
}

/* "SHA256:..." of ssh-keygen or "sha256//...=" as for TLS: the digits alone. */
static bool
is_pinned(const char *pin, const char *fingerprint)
{
	size_t n = strlen(fingerprint + 7);

	if (strncasecmp(pin, "SHA256:", 7) == 0)
		pin += 7;
	else if (strncasecmp(pin, "sha256//", 8) == 0)
		pin += 8;
	return strncmp(pin, fingerprint + 7, n) == 0 &&
	    strspn(pin + n, "=") == strlen(pin + n);
}

static int
see_key(CURL *easy, const struct curl_khkey *known,
    const struct curl_khkey *found, enum curl_khmatch match, void *arg)
{
	struct sftp *s = arg;
	const char *pin = s->transfer.remote->target->pinned_key;

	(void)easy;
	(void)known;
	if (found->len == 0 ||
	    put_fingerprint(s->fingerprint, found, &s->transfer.local) < 0)
		return CURLKHSTAT_REJECT;
	if (pin != NULL)
		s->sight = is_pinned(pin, s->fingerprint) ? KEY_RIGHT :
							    KEY_UNPINNED;
	else if (match == CURLKHMATCH_OK)
		s->sight = KEY_RIGHT;
	else
		s->sight = match == CURLKHMATCH_MISMATCH ? KEY_CHANGED :
							   KEY_UNKNOWN;
	return s->sight == KEY_RIGHT ? CURLKHSTAT_FINE : CURLKHSTAT_REJECT;
}

/* Host and port of the URL, as ssh-keyscan wants them. */
static void
put_scan(char *text, size_t size, const char *url)
{
	const char *host = url + strlen("sftp://");
	size_t n = strcspn(host, "/");
	const char *colon = memchr(host, ':', n);

	if (*host == '[')
		(void)snprintf(text, size, "ssh-keyscan %.*s", (int)n, host);
	else if (colon != NULL)
		(void)snprintf(text, size, "ssh-keyscan -p %.*s %.*s",
		    (int)(n - (size_t)(colon + 1 - host)), colon + 1,
		    (int)(colon - host), host);
	else
		(void)snprintf(text, size, "ssh-keyscan %.*s", (int)n, host);
}

static int
fail_key(const struct sftp *s, const char *action, struct err *e)
{
	char scan[512];

	put_scan(scan, sizeof(scan), s->transfer.remote->target->url);
	switch (s->sight) {
	case KEY_CHANGED:
		(void)err_set(e, ERR_TARGET,
		    "cannot %s: the server's host key has CHANGED: it is "
		    "%s, and '%s' has another",
		    action, s->fingerprint, s->known_hosts);
		return err_hint(e,
		    "Somebody may be in between, so nothing was sent. Ask the "
		    "server's operators whether they changed the key; only "
		    "then replace its line ('ssh-keygen -R', '%s').",
		    scan);
	case KEY_UNPINNED:
		(void)err_set(e, ERR_TARGET,
		    "cannot %s: the server's host key %s is not the one in "
		    "pinned_key",
		    action, s->fingerprint);
		return err_hint(e,
		    "Ask the server's operators for the fingerprint of their "
		    "key, as ssh-keygen -lf prints it, and change pinned_key "
		    "only if they confirm this one.");
	default:
		(void)err_set(e, ERR_TARGET,
		    "cannot %s: the server's host key %s is unknown: it is "
		    "not in '%s'",
		    action, s->fingerprint, s->known_hosts);
		return err_hint(e,
		    "Compare that fingerprint with what the server's "
		    "operators say. If it is the same, run '%s >> %s', or set "
		    "pinned_key = \"%s\".",
		    scan, s->known_hosts, s->fingerprint);
	}
}

/* Words of libssh2 and libssh for an answer of the server's. */
static bool
is_answer(const char *detail)
{
	static const char *const words[] = { "permission denied",
		"operation failed", "sftp server: failure", "no such file",
		"file not found", "not supported", "unsupported", "exists",
		"write protected", "disk full", "quota exceeded", "lock conf",
		"not empty", "not a directory", "invalid filename" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(detail, words[i]) != NULL)
			return true;
	return false;
}

static int
fail_login(const struct sftp *s, const char *action, struct err *e)
{
	const char *version =
	    curl_version_info(CURLVERSION_NOW)->libssh_version;
	unsigned major = 0, minor = 0;

	(void)err_set(e, ERR_TARGET,
	    "cannot %s: the server refuses the login of '%s'", action,
	    s->transfer.remote->target->user);
	if (s->transfer.remote->target->client_key == NULL)
		return err_hint(e, "Check the target's user and password.");
	if (version != NULL &&
	    sscanf(version, "libssh2/%u.%u", &major, &minor) == 2 &&
	    major * 100 + minor < LIBSSH2_SIGNS_RSA)
		return err_hint(e,
		    "Is the public key in the user's authorized_keys there? "
		    "%s cannot use an RSA key with OpenSSH 8.8 or newer: make "
		    "an ed25519 key (ssh-keygen -t ed25519).",
		    version);
	return err_hint(e,
	    "Is the public key in the user's authorized_keys there? Check "
	    "client_key and client_key_password.");
}

/*
 * Whether a handshake failed because the connection did: libssh2 has the same
 * words for that and for no method in common, and tells them apart by number
 * (libssh2.h: SOCKET_NONE, SOCKET_SEND, TIMEOUT, SOCKET_DISCONNECT,
 * SOCKET_RECV).
 */
static bool
is_broken(const char *why)
{
	static const int numbers[] = { -1, -7, -9, -13, -43 };
	static const char words[] = "Failure establishing ssh session: ";
	long number;

	if (strncmp(why, words, sizeof(words) - 1) != 0)
		return false;
	number = strtol(why + sizeof(words) - 1, NULL, 10);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (number == numbers[i])
			return true;
	return false;
}

/* CURLE_SSH says only that something went wrong somewhere. */
static int
fail_ssh(const struct sftp *s, const char *action, struct err *e)
{
	const char *why = s->transfer.detail;

	if (!is_broken(why) &&
	    (strcasestr(why, "key exchange") != NULL ||
		strcasestr(why, "exchange encryption keys") != NULL ||
		strcasestr(why, "agree") != NULL)) {
		(void)err_set(e, ERR_TARGET, "cannot %s: %s", action, why);
		return err_hint(e,
		    "This host's SSH library and the server have no method in "
		    "common: a host key of ed25519 or ECDSA there may help.");
	}
	if (is_answer(why)) {
		(void)err_set(e, ERR_TARGET, "cannot %s: the server says '%s'",
		    action, why);
		return err_hint(e,
		    "Check that the directory of the URL exists there and that "
		    "the user may write into it.");
	}
	(void)err_set(e, ERR_NOT_NOW, "cannot %s: the connection broke (%s)",
	    action, why[0] != '\0' ? why : "no reason was given");
	return err_hint(e,
	    "If it happens each time, look at quotas and time limits of the "
	    "server; else run the job again.");
}

/* The codes that mean something else than in FTP. */
static int
fail(const struct sftp *s, CURLcode code, const char *action, struct err *e)
{
	const struct transfer *t = &s->transfer;
	struct failure failure = { code, t->detail, &t->said };

	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		(void)fail_key(s, action, e);
		break;
	case CURLE_LOGIN_DENIED:
		(void)fail_login(s, action, e);
		break;
	case CURLE_SSH:
	case CURLE_QUOTE_ERROR:
		(void)fail_ssh(s, action, e);
		break;
	case CURLE_REMOTE_FILE_NOT_FOUND:
	case CURLE_REMOTE_ACCESS_DENIED:
	case CURLE_REMOTE_FILE_EXISTS:
		(void)err_set(e, ERR_TARGET, "cannot %s: the server says '%s'",
		    action, t->detail[0] != '\0' ? t->detail : "no");
		(void)err_hint(e,
		    "Check that the directory of the URL exists there and that "
		    "the user may write into it. sftp://HOST/DIR/ begins at "
		    "the root, sftp://HOST/~/DIR/ at the user's home.");
		break;
	case CURLE_FAILED_INIT: /* the handshake */
		(void)fail_ssh(s, action, e);
		if (e->class == ERR_NOT_NOW)
			(void)err_hint(e,
			    "Does an SSH server answer there? Check host and "
			    "port. A busy one drops connections (MaxStartups): "
			    "run the job again later.");
		break;
	default:
		(void)classify(&failure, action, e);
	}
	e->native = (int)code;
	return -1;
}

static int
perform(struct sftp *s, const char *action, struct err *e)
{
	struct receipt *receipt = s->transfer.remote->receipt;
	CURLcode code;

	s->sight = KEY_UNSEEN;
	if (transfer_try(&s->transfer, action, &code, e) < 0)
		return -1;
	if (s->sight == KEY_RIGHT)
		(void)snprintf(receipt->tls, sizeof(receipt->tls),
		    "SSH host key %s", s->fingerprint);
	return code == CURLE_OK ? 0 : fail(s, code, action, e);
}

/* A name in a command of libcurl's: in quotes, which are escaped within. */
static int
put_name(
    struct buf *command, const struct sftp *s, const char *name, struct err *e)
{
	const char *parts[] = { *name == '/' ? "" : s->directory, name };

	if (buf_puts(command, " \"", e) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++)
		for (const char *c = parts[i]; *c != '\0'; c++)
			if ((strchr("\"\\", *c) != NULL &&
				buf_puts(command, "\\", e) < 0) ||
			    buf_put(command, c, 1, e) < 0)
				return -1;
	return buf_puts(command, "\"", e);
}

/* Log in, and say one command, or none. */
static int
say(struct sftp *s, const char *verb, const char *const names[2],
    const char *action, struct err *e)
{
	struct transfer *t = &s->transfer;
	struct buf command = BUF_INIT(4 * SFTP_PATH);
	struct curl_slist *list = NULL;
	int rc = 0;

	if (verb != NULL)
		rc = buf_puts(&command, verb, e);
	for (size_t i = 0; rc == 0 && verb != NULL && i < 2; i++)
		if (names[i] != NULL)
			rc = put_name(&command, s, names[i], e);
	if (rc == 0 && verb != NULL) {
		list = curl_slist_append(NULL, buf_text(&command));
		if (list == NULL)
			rc = err_set(e, ERR_INTERNAL, "out of memory");
		log_debug("sftp > %s", buf_text(&command));
	}
	buf_release(&command);
	if (rc < 0)
		return -1;
	(void)curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 0L);
	(void)curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
	(void)curl_easy_setopt(t->easy, CURLOPT_URL, t->remote->target->url);
	(void)curl_easy_setopt(t->easy, CURLOPT_QUOTE, list);
	rc = perform(s, action, e);
	(void)curl_easy_setopt(t->easy, CURLOPT_QUOTE, NULL);
	curl_slist_free_all(list);
	return rc;
}

static int
set_options(struct sftp *s, struct err *e)
{
	const struct target *g = s->transfer.remote->target;
	CURL *easy = s->transfer.easy;
	long ways = 0;
	CURLcode rc;

	if (g->client_key != NULL)
		ways |= CURLSSH_AUTH_PUBLICKEY;
	if (g->password != NULL)
		ways |= CURLSSH_AUTH_PASSWORD | CURLSSH_AUTH_KEYBOARD;
	rc = curl_easy_setopt(easy, CURLOPT_SSH_AUTH_TYPES, ways);
	if (rc == CURLE_OK && g->client_key != NULL)
		rc = curl_easy_setopt(
		    easy, CURLOPT_SSH_PRIVATE_KEYFILE, g->client_key);
	if (rc == CURLE_OK && g->client_key_password != NULL)
		rc = curl_easy_setopt(
		    easy, CURLOPT_KEYPASSWD, g->client_key_password);
	/* Without a file of known hosts libcurl would not ask see_key. */
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(
		    easy, CURLOPT_SSH_KNOWNHOSTS, s->known_hosts);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_SSH_KEYFUNCTION, see_key);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_SSH_KEYDATA, s);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_FTP_CREATE_MISSING_DIRS,
		    g->mkdirs ? (long)CURLFTP_CREATE_DIR :
				(long)CURLFTP_CREATE_DIR_NONE);
	if (rc == CURLE_OK)
		return 0;
	return err_set(e, ERR_INTERNAL, "libcurl refuses an option of SSH: %s",
	    curl_easy_strerror(rc));
}

/* A pin decides alone; else the user's own file, as for ssh. */
static void
choose_known_hosts(struct sftp *s, const struct target *t)
{
	const char *home = getenv("HOME");
	const struct passwd *user = getpwuid(geteuid());

	if (t->pinned_key != NULL || t->known_hosts != NULL) {
		(void)snprintf(s->known_hosts, sizeof(s->known_hosts), "%s",
		    t->pinned_key != NULL ? "/dev/null" : t->known_hosts);
		return;
	}
	if ((home == NULL || *home != '/') && user != NULL)
		home = user->pw_dir;
	(void)snprintf(s->known_hosts, sizeof(s->known_hosts),
	    "%s/.ssh/known_hosts", home != NULL ? home : "");
}

/* "/~/in/" is "in/" below the directory after login. */
static int
choose_directory(struct sftp *s, const struct target *t, struct err *e)
{
	const char *path = strchr(t->url + strlen("sftp://"), '/');
	char *decoded;

	if (strncmp(path, "/~/", 3) == 0)
		path += 3;
	decoded = curl_easy_unescape(s->transfer.easy, path, 0, NULL);
	s->directory = decoded != NULL ? str_dup(decoded) : NULL;
	curl_free(decoded);
	return s->directory != NULL ? 0 :
				      err_set(e, ERR_INTERNAL, "out of memory");
}

static void
sftp_close(struct remote *r)
{
	struct sftp *s = r->link;

	transfer_close(&s->transfer);
	free(s->directory);
	free(s);
	r->link = NULL;
}

/* Each level that is missing; one that is there refuses, which is right. */
static int
make_directories(struct sftp *s, struct err *e)
{
	char level[SFTP_PATH], none[] = "";
	const char *names[2] = { level, NULL };
	char *whole = s->directory;
	int rc = 0;

	s->directory = none; /* not to be put in front of itself */
	for (const char *c = strchr(whole + (*whole == '/'), '/');
	     rc == 0 && c != NULL; c = strchr(c + 1, '/')) {
		(void)snprintf(
		    level, sizeof(level), "%.*s", (int)(c - whole), whole);
		rc = say(s, "*mkdir", names, "make the directory", e);
	}
	s->directory = whole;
	return rc;
}

/*
 * Whether the directory is there, asked in the one way that libcurl has and
 * OpenSSH answers; elsewhere the first upload finds out.
 */
static int
find_directory(struct sftp *s, struct err *e)
{
	const char *names[2] = { ".", NULL };
	struct err own = ERR_INIT;
	char action[SFTP_ACTION];

	(void)snprintf(action, sizeof(action), "go to '%.1000s'",
	    s->transfer.remote->target->url);
	if (say(s, "statvfs", names, action, &own) == 0 ||
	    own.class == ERR_INTERNAL)
		return 0;
	if (strcasestr(own.text, "not found") == NULL &&
	    strcasestr(own.text, "no such") == NULL) {
		if (own.class != ERR_NOT_NOW && own.class != ERR_SIGNAL)
			return 0;
		*e = own;
		return -1;
	}
	if (s->transfer.remote->target->mkdirs)
		return make_directories(s, e);
	*e = own;
	return err_hint(e,
	    "Make the directory there, or set mkdirs = true. sftp://HOST/DIR/ "
	    "begins at the root, sftp://HOST/~/DIR/ at the user's home.");
}

static int
sftp_open(struct remote *r, struct err *e)
{
	static const char *const nothing[2] = { NULL, NULL };
	struct sftp *s = calloc(1, sizeof(*s));
	char action[SFTP_ACTION];

	if (s == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (transfer_open(&s->transfer, r, TRANSFER_SFTP, e) < 0) {
		free(s);
		return -1;
	}
	r->link = s;
	choose_known_hosts(s, r->target);
	(void)snprintf(action, sizeof(action), "open '%s'", r->target->url);
	if (set_options(s, e) == 0 && choose_directory(s, r->target, e) == 0 &&
	    say(s, NULL, nothing, action, e) == 0 && find_directory(s, e) == 0)
		return 0;
	sftp_close(r);
	return -1;
}

static int
put_file(struct sftp *s, const struct upload *u, struct err *e)
{
	struct transfer *t = &s->transfer;
	char *url = transfer_url(t, t->remote->target->url, u->name, e);
	char action[SFTP_ACTION];
	int rc;

	if (url == NULL)
		return -1;
	(void)curl_easy_setopt(t->easy, CURLOPT_NOBODY, 0L);
	(void)curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(
	    t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)u->shipment->bytes);
	(void)curl_easy_setopt(
	    t->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)u->offset);
	(void)curl_easy_setopt(t->easy, CURLOPT_URL, url);
	(void)snprintf(action, sizeof(action), "upload '%s'", u->name);
	rc = perform(s, action, e);
	(void)curl_easy_setopt(
	    t->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)0);
	free(url);
	return rc;
}

/*
 * A full disk and a broken connection look alike from here: a server that ends
 * each upload in the middle has a reason (retry.c counts).
 */
static int
sftp_put(struct remote *r, const struct upload *u, struct err *e)
{
	struct sftp *s = r->link;
	int rc;

	r->has_begun = false;
	r->fate = FATE_UNDONE;
	s->expected = u->shipment->bytes;
	if (transfer_take_file(&s->transfer, u->shipment, e) < 0)
		return -1;
	rc = put_file(s, u, e);
	r->has_begun = rc == 0 || s->transfer.sent > u->offset ||
	    u->shipment->bytes == 0;
	if (rc < 0 && e->class == ERR_NOT_NOW &&
	    s->transfer.sent == u->shipment->bytes)
		r->fate = FATE_UNKNOWN;
	r->is_cut = rc < 0 && e->class == ERR_NOT_NOW && r->has_begun &&
	    (e->native == CURLE_SSH || e->native == CURLE_SEND_ERROR);
	transfer_drop_file(&s->transfer);
	return rc;
}

/* The first byte says that there are some, and more is not wanted. */
static int
take_nothing(void *arg, const char *data, size_t n, struct err *e)
{
	(void)data;
	(void)e;
	*(bool *)arg = n > 0;
	return n > 0 ? -1 : 0;
}

/* Open a file and begin reading behind so many bytes: libcurl's word. */
static int
read_from(struct sftp *s, const char *name, uint64_t offset, CURLcode *code,
    struct err *e)
{
	struct transfer *t = &s->transfer;
	char *url = transfer_url(t, t->remote->target->url, name, e);
	char action[SFTP_ACTION];
	int rc;

	if (url == NULL)
		return -1;
	(void)curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 0L);
	(void)curl_easy_setopt(t->easy, CURLOPT_NOBODY, 0L);
	(void)curl_easy_setopt(t->easy, CURLOPT_URL, url);
	(void)curl_easy_setopt(
	    t->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)offset);
	(void)snprintf(
	    action, sizeof(action), "ask for the size of '%s'", name);
	rc = transfer_try(t, action, code, e);
	(void)curl_easy_setopt(
	    t->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)0);
	free(url);
	return rc;
}

static int
judge_look(struct sftp *s, const char *name, CURLcode code, struct look *found,
    struct err *e)
{
	struct transfer *t = &s->transfer;
	char action[SFTP_ACTION];

	switch (code) {
	case CURLE_REMOTE_FILE_NOT_FOUND:
		found->result = LOOK_ABSENT;
		break;
	case CURLE_REMOTE_ACCESS_DENIED:
		found->result = LOOK_UNABLE;
		break;
	default:
		if (code == CURLE_SSH && is_answer(t->detail)) {
			found->result = LOOK_UNABLE;
			break;
		}
		(void)snprintf(
		    action, sizeof(action), "ask for the size of '%s'", name);
		return fail(s, code, action, e);
	}
	(void)snprintf(
	    found->why, sizeof(found->why), "the server says '%s'", t->detail);
	return 0;
}

static int
sftp_look(struct remote *r, const char *name, struct look *found, struct err *e)
{
	struct sftp *s = r->link;
	struct transfer *t = &s->transfer;
	bool has_bytes = false;
	curl_off_t size = -1;
	CURLcode code;
	int rc;

	t->take = take_nothing;
	t->take_arg = &has_bytes;
	rc = read_from(s, name, s->expected, &code, e);
	t->take = NULL;
	(void)curl_easy_getinfo(
	    t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
	if (rc < 0)
		return -1;
	/* A callback that wants no more is an error to libcurl. */
	if (code == CURLE_OK && !has_bytes) {
		found->result = LOOK_THERE;
		found->bytes = s->expected;
		return 0;
	}
	if (code == CURLE_BAD_DOWNLOAD_RESUME || has_bytes) {
		found->result = LOOK_THERE;
		found->bytes = size > 0 ? (uint64_t)size : 0;
		if (has_bytes)
			found->bytes += s->expected;
		return 0;
	}
	return judge_look(s, name, code, found, e);
}

static int
sftp_rename(struct remote *r, const char *const names[2], bool may_replace,
    struct err *e)
{
	struct sftp *s = r->link;
	char action[SFTP_ACTION];

	(void)may_replace; /* it never does */
	(void)snprintf(action, sizeof(action), "rename '%.1000s' to '%.1000s'",
	    names[0], names[1]);
	if (say(s, "rename", names, action, e) == 0)
		return 0;
	r->fate = e->class == ERR_NOT_NOW ? FATE_UNKNOWN : FATE_REFUSED;
	if (r->fate != FATE_REFUSED)
		return -1;
	return err_hint(e,
	    "SFTP does not rename onto a file. If there is none of that name, "
	    "the user may not rename there: see overwrite and publish.");
}

static int
sftp_remove(struct remote *r, const char *name, struct err *e)
{
	const char *names[2] = { name, NULL };
	char action[SFTP_ACTION];

	(void)snprintf(action, sizeof(action), "remove '%s'", name);
	return say(r->link, "rm", names, action, e);
}

static int
sftp_read_back(struct remote *r, const char *name, remote_take *take, void *arg,
    struct err *e)
{
	struct sftp *s = r->link;
	CURLcode code;
	char action[SFTP_ACTION];
	int rc;

	s->transfer.take = take;
	s->transfer.take_arg = arg;
	rc = read_from(s, name, 0, &code, e);
	s->transfer.take = NULL;
	if (rc < 0 || code == CURLE_OK)
		return rc;
	(void)snprintf(action, sizeof(action), "read '%s' back", name);
	return fail(s, code, action, e);
}

static int
sftp_directory(struct remote *r, const char *name, bool is_made, struct err *e)
{
	const char *names[2] = { name, NULL };
	char action[SFTP_ACTION];

	(void)snprintf(action, sizeof(action), "%s the directory '%s'",
	    is_made ? "make" : "remove", name);
	return say(r->link, is_made ? "mkdir" : "rmdir", names, action, e);
}

static int
sftp_check(const struct target *t, struct err *e)
{
	const char *path = strchr(t->url + strlen("sftp://"), '/');

	if (curl_version_info(CURLVERSION_NOW)->libssh_version == NULL) {
		(void)err_set(
		    e, ERR_SPEC, "libcurl is built without SFTP on this host");
		return err_hint(
		    e, "'odbcship --version' shows it; install one with it.");
	}
	if (t->user == NULL)
		(void)err_set(e, ERR_SPEC, "sftp:// needs a user");
	else if (t->password == NULL && t->client_key == NULL)
		(void)err_set(
		    e, ERR_SPEC, "sftp:// needs a password or a client_key");
	else if (t->client_cert != NULL || t->ca_file != NULL)
		(void)err_set(e, ERR_SPEC,
		    "SSH has no certificates of TLS: client_cert and ca_file "
		    "are for other targets");
	else if (strstr(path, "/~") != NULL && strncmp(path, "/~/", 3) != 0)
		(void)err_set(e, ERR_SPEC,
		    "'~' stands for the user's home only at the beginning");
	else
		return 0;
	return err_hint(e,
	    "As in: url = \"sftp://host/~/incoming/\"; user = \"acme\"; "
	    "client_key = \"acme.key\";");
}

const struct protocol protocol_sftp = {
	.scheme = "sftp://",
	.has_host = true,
	.is_implicit_tls = true,
	.is_ssh = true,
	.check = sftp_check,
	.open = sftp_open,
	.put = sftp_put,
	.look = sftp_look,
	.rename = sftp_rename,
	.remove = sftp_remove,
	.read_back = sftp_read_back,
	.directory = sftp_directory,
	.close = sftp_close,
};
