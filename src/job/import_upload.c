/*
 * import_upload.c - what sends a file in a script, as a target of the job
 *
 * ftp, lftp and sftp with their own commands, curl and scp with options. How
 * the job sends is its own: a temporary name, verified, renamed; so commands
 * that do that by hand are passed over.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "job/import_parts.h"

enum { ARGUMENTS = 16, URL_MAX = 16 * 1024 };

/* curl(1) */
static const struct import_option curl_options[] = {
	{ "-T", IMPORT_UPLOAD, false },
	{ "--upload-file", IMPORT_UPLOAD, false }, { "-u", IMPORT_USER, false },
	{ "--user", IMPORT_USER, false }, { "--ssl-reqd", IMPORT_TLS, false },
	{ "--ftp-ssl-reqd", IMPORT_TLS, false }, { "--ssl", IMPORT_TLS, false },
	{ "--ftp-ssl", IMPORT_TLS, false }, { "-k", IMPORT_INSECURE, false },
	{ "--insecure", IMPORT_INSECURE, false },
	{ "--cacert", IMPORT_CA_FILE, false },
	{ "--ftp-create-dirs", IMPORT_MKDIRS, false },
	{ "-n", IMPORT_NETRC, false }, { "--netrc", IMPORT_NETRC, false },
	{ "--netrc-file", IMPORT_SETUP, false },
	{ "-s", IMPORT_NOTHING, false }, { "-S", IMPORT_NOTHING, false },
	{ "-f", IMPORT_NOTHING, false }, { "-v", IMPORT_NOTHING, false },
	{ "--silent", IMPORT_NOTHING, false },
	{ "--show-error", IMPORT_NOTHING, false },
	{ "--fail", IMPORT_NOTHING, false },
	{ "--ftp-pasv", IMPORT_NOTHING, false },
	{ "--disable-epsv", IMPORT_NOTHING, false },
	{ "--retry", IMPORT_SKIP, false },
	{ "--retry-delay", IMPORT_SKIP, false },
	{ "--connect-timeout", IMPORT_SKIP, false },
	{ "-m", IMPORT_SKIP, false }, { "--max-time", IMPORT_SKIP, false },
	{ "--limit-rate", IMPORT_SKIP, false }, { NULL, IMPORT_NOTHING, false }
};

/* ftp(1), lftp(1), sftp(1), scp(1) */
static const struct import_option ftp_options[] = {
	{ "-n", IMPORT_NOTHING, false }, { "-i", IMPORT_NOTHING, false },
	{ "-v", IMPORT_NOTHING, false }, { "-p", IMPORT_NOTHING, false },
	{ "-g", IMPORT_NOTHING, false }, { "-d", IMPORT_NOTHING, false },
	{ "-A", IMPORT_NOTHING, false }, { NULL, IMPORT_NOTHING, false }
};
static const struct import_option lftp_options[] = {
	{ "-e", IMPORT_SQL, false }, { "-c", IMPORT_SQL, false },
	{ "-u", IMPORT_USER, false }, { "--user", IMPORT_USER, false },
	{ "-p", IMPORT_PORT, false }, { "-d", IMPORT_NOTHING, false },
	{ "--norc", IMPORT_NOTHING, false }, { NULL, IMPORT_NOTHING, false }
};
static const struct import_option sftp_options[] = {
	{ "-b", IMPORT_SQL_FILE, false }, { "-P", IMPORT_PORT, false },
	{ "-i", IMPORT_SETUP, false }, { "-o", IMPORT_SKIP, false },
	{ "-q", IMPORT_NOTHING, false }, { "-C", IMPORT_NOTHING, false },
	{ "-B", IMPORT_NOTHING, false }, { NULL, IMPORT_NOTHING, false }
};

/* What is known of an upload. */
struct upload {
	struct import *im;
	unsigned line;
	const char *scheme;   /* "ftp" */
	const char *host;     /* NULL: none yet */
	const char *port;     /* NULL: the scheme's */
	const char *user;     /* NULL: none */
	const char *password; /* NULL: none */
	struct buf dir;	      /* as far as it was changed to */
	bool put;	      /* a file was sent */
	bool in_clear;	      /* without TLS */
	bool insists;	      /* TLS or nothing */
	bool mkdirs;	      /* it made directories */
	const char *ca_file;  /* certificates, or NULL */
};

/* A name, or a path, in a URL: what means something there is escaped. */
static void
put_path(struct upload *u, struct buf *out, const char *template)
{
	struct err ignored = ERR_INIT;
	unsigned depth = 0; /* fields of templates stay as they are */

	for (; *template != '\0'; template ++) {
		unsigned char c = (unsigned char)*template;
		int rc;

		depth += c == '{';
		if (c == '%' && isxdigit((unsigned char)template[1]) &&
		    isxdigit((unsigned char)template[2]))
			rc = buf_put(out, template, 1, &ignored);
		else if (depth == 0 && c != '/' && c < 0x80 && !isalnum(c) &&
		    strchr("-._~", c) == NULL)
			rc = buf_printf(out, &ignored, "%%%02X", c);
		else
			rc = buf_put(out, template, 1, &ignored);
		if (rc < 0)
			u->im->draft->failed = true;
		depth -= c == '}' && depth > 0;
	}
}

/* The directory, ended by a slash, behind "scheme://host/". */
static void
put_directory(struct upload *u, struct buf *out)
{
	struct err ignored = ERR_INIT;
	const char *dir = import_template(u->im, u->line, buf_text(&u->dir));
	size_t n;
	int rc = 0;

	/* RFC 1738 3.2.2: a path is relative to the login directory. */
	if (*dir == '/' && strncmp(u->scheme, "ftp", 3) == 0)
		rc = buf_puts(out, "%2F", &ignored);
	dir += strspn(dir, "/");
	put_path(u, out, dir);
	n = out->length;
	if (rc == 0 && n > 0 && out->data[n - 1] != '/' && *dir != '\0')
		rc = buf_puts(out, "/", &ignored);
	if (rc < 0)
		u->im->draft->failed = true;
}

static void
add_target(struct upload *u)
{
	struct buf url = BUF_INIT(URL_MAX);
	struct err ignored = ERR_INIT;
	struct import *im = u->im;
	const char *host = import_value(im, u->line, "host", u->host);
	const char *port = import_value(im, u->line, "port", u->port);
	struct draft_target *t = draft_add_target(im->draft);

	if (t == NULL)
		return;
	if (buf_printf(&url, &ignored, "%s://%s%s%s/", u->scheme, host,
		port != NULL ? ":" : "", port != NULL ? port : "") < 0)
		im->draft->failed = true;
	put_directory(u, &url);
	/* "%2F" alone is the root. */
	t->url = draft_keep(im->draft, buf_text(&url));
	t->user = import_value(im, u->line, "user", u->user);
	import_secret(im, u->line, "the upload", u->password, &t->secret);
	t->in_clear = u->in_clear;
	t->mkdirs = u->mkdirs;
	t->ca_file = import_value(im, u->line, "ca_file", u->ca_file);
	if (u->in_clear)
		draft_add_note(im->draft, u->line,
		    "it sends password and data in clear: tls = \"none\" "
		    "keeps that; take it away when the server knows TLS");
	buf_release(&url);
}

static void
change_dir(struct upload *u, const char *to)
{
	struct err ignored = ERR_INIT;

	if (*to == '/')
		buf_reset(&u->dir);
	else if (u->dir.length > 0 && u->dir.data[u->dir.length - 1] != '/' &&
	    buf_puts(&u->dir, "/", &ignored) < 0)
		u->im->draft->failed = true;
	if (buf_puts(&u->dir, to, &ignored) < 0)
		u->im->draft->failed = true;
}

/* A file that is sent: its name there, and a directory in front of that. */
static void
send_file(struct upload *u, const char *local, const char *remote)
{
	const char *name = remote != NULL ? remote : import_base_name(local);
	const char *base = import_base_name(name);

	if (u->put) {
		draft_add_note(u->im->draft, u->line,
		    "it sends more files than one; a job sends its own");
		return;
	}
	u->put = true;
	if (base != name)
		change_dir(u,
		    draft_keep_n(u->im->draft, name,
			base - name > 1 ? (size_t)(base - name) - 1 : 1));
	if (*base == '\0')
		base = import_base_name(local);
	if (u->im->sent == NULL)
		u->im->sent = base;
}

/* "me@host:dir", "host", "ftp://me:secret@host:2121/dir" */
static void
take_host(struct upload *u, const char *text)
{
	struct draft *d = u->im->draft;
	const char *scheme = strstr(text, "://");
	const char *sign, *rest;
	size_t n;

	if (scheme != NULL) {
		u->scheme = draft_keep_n(d, text, (size_t)(scheme - text));
		text = scheme + 3;
	}
	n = strcspn(text, "/");
	sign = memchr(text, '@', n);
	if (sign != NULL) {
		const char *colon = memchr(text, ':', (size_t)(sign - text));
		const char *end = colon != NULL ? colon : sign;

		u->user = draft_keep_n(d, text, (size_t)(end - text));
		if (colon != NULL)
			u->password = draft_keep_n(
			    d, colon + 1, (size_t)(sign - colon) - 1);
		text = sign + 1;
	}
	n = strcspn(text, ":/");
	u->host = draft_keep_n(d, text, n);
	rest = text + n;
	if (*rest == ':' && isdigit((unsigned char)rest[1])) {
		n = strspn(rest + 1, "0123456789");
		u->port = draft_keep_n(d, rest + 1, n);
		rest += n + 1;
	}
	if (scheme != NULL && *rest == '/' && rest[1] != '\0')
		change_dir(u, rest + 1);
	else if (scheme == NULL && *rest == ':' && rest[1] != '\0')
		change_dir(u, rest + 1);
}

/* "me,secret" of lftp, "me:secret" of curl. */
static void
take_login(struct upload *u, const char *text, char between)
{
	const char *at = strchr(text, between);

	if (text[0] == '\0')
		return;
	u->user = at == NULL ?
	    text :
	    draft_keep_n(u->im->draft, text, (size_t)(at - text));
	u->password = at != NULL ? at + 1 : NULL;
}

/* The words of a line of commands; quotes hold blanks together. */
static size_t
split(struct upload *u, const char *line, size_t n, const char **words)
{
	size_t count = 0, i = 0;

	while (count < ARGUMENTS) {
		size_t begin;
		char quote = '\0';

		while (i < n && isspace((unsigned char)line[i]))
			i++;
		if (i >= n)
			break;
		if (line[i] == '"' || line[i] == '\'')
			quote = line[i++];
		begin = i;
		while (i < n &&
		    (quote != '\0' ? line[i] != quote :
				     !isspace((unsigned char)line[i])))
			i++;
		words[count++] = draft_keep_n(
		    u->im->draft, line + begin, i - begin);
		i += quote != '\0';
	}
	return count;
}

/* set ftp:ssl-force true, and what else changes what is sent how. */
static void
take_set(struct upload *u, const char *name, const char *value)
{
	bool on = strcmp(value, "true") == 0 || strcmp(value, "yes") == 0 ||
	    strcmp(value, "on") == 0 || strcmp(value, "1") == 0;

	if (strcmp(name, "ftp:ssl-allow") == 0 && !on)
		u->in_clear = true;
	else if (strcmp(name, "ftp:ssl-force") == 0)
		u->insists = on;
	else if (strcmp(name, "ssl:verify-certificate") == 0 && !on)
		draft_add_note(u->im->draft, u->line,
		    "it does not verify the server's certificate; the job "
		    "does: name the certificate with ca_file, or its key with "
		    "pinned_key");
	else if (strcmp(name, "ssl:ca-file") == 0)
		u->ca_file = value;
}

/* put [-O dir] local [-o remote], put local [remote] */
static void
take_put(struct upload *u, const char **words, size_t n, bool is_lftp)
{
	const char *local = NULL, *remote = NULL;

	for (size_t i = 1; i < n; i++) {
		if (strcmp(words[i], "-O") == 0 && i + 1 < n)
			change_dir(u, words[++i]);
		else if (strcmp(words[i], "-o") == 0 && i + 1 < n)
			remote = words[++i];
		else if (words[i][0] == '-' && words[i][1] != '\0')
			continue;
		else if (local == NULL)
			local = words[i];
		else if (!is_lftp)
			remote = words[i];
		else
			draft_add_note(u->im->draft, u->line,
			    "it sends more files than one; a job sends its "
			    "own");
	}
	if (local != NULL)
		send_file(u, local, remote);
}

/* "user NAME PASSWORD"; "open HOST PORT", in lftp "open -u NAME,PW HOST" */
static void
take_open(struct upload *u, const char **words, size_t n, bool is_lftp)
{
	for (size_t i = 1; i < n; i++) {
		if (strcmp(words[i], "-u") == 0 && i + 1 < n)
			take_login(u, words[++i], ',');
		else if (strcmp(words[i], "-p") == 0 && i + 1 < n)
			u->port = words[++i];
		else if (words[i][0] == '-')
			continue;
		else if (u->host == NULL || i == 1 || is_lftp)
			take_host(u, words[i]);
		else
			u->port = words[i];
	}
}

static bool
is_passed_over(const char *word)
{
	static const char *const words[] = { "binary", "bin", "image", "type",
		"passive", "prompt", "quit", "bye", "exit", "close", "hash",
		"verbose", "ls", "dir", "pwd", "status", "rename", "mv", "epsv",
		"epsv4", "disconnect", "chmod", "lpwd", "nlist", "progress",
		"cache", "echo", "debug", "rm", "-rm", "-delete", "delete",
		"-mkdir", "!" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/* "user NAME PASSWORD"; in lftp "user NAME,PASSWORD" too */
static void
take_user(struct upload *u, const char **w, size_t n, bool is_lftp)
{
	if (n < 2)
		return;
	u->user = w[1];
	u->password = n > 2 ? w[2] : NULL;
	if (is_lftp && n == 2)
		take_login(u, w[1], ',');
}

/* "quote USER NAME" */
static void
take_quote(struct upload *u, const char **w, size_t n, bool is_lftp)
{
	(void)is_lftp;
	if (n < 3)
		return;
	if (strcasecmp(w[1], "USER") == 0)
		u->user = w[2];
	else if (strcasecmp(w[1], "PASS") == 0)
		u->password = w[2];
}

static void
take_cd(struct upload *u, const char **w, size_t n, bool is_lftp)
{
	(void)is_lftp;
	if (n > 1)
		change_dir(u, w[1]);
}

static void
take_setting(struct upload *u, const char **w, size_t n, bool is_lftp)
{
	(void)is_lftp;
	if (n > 2)
		take_set(u, w[1], w[2]);
}

static void
take_mkdir(struct upload *u, const char **w, size_t n, bool is_lftp)
{
	(void)w;
	(void)n;
	(void)is_lftp;
	u->mkdirs = true;
}

static void
refuse_many(struct upload *u, const char **w, size_t n, bool is_lftp)
{
	(void)n;
	(void)is_lftp;
	draft_add_note(u->im->draft, u->line,
	    "'%s' sends many files; the job sends its own", w[0]);
}

static void
refuse_ascii(struct upload *u, const char **w, size_t n, bool is_lftp)
{
	(void)w;
	(void)n;
	(void)is_lftp;
	draft_add_note(u->im->draft, u->line,
	    "'ascii' is not carried over: a file is sent as it is; "
	    "file.newline says how its lines end");
}

static void
take_command(struct upload *u, const char **w, size_t n, bool is_lftp)
{
	static const struct {
		const char *word;
		void (*take)(
		    struct upload *u, const char **w, size_t n, bool is_lftp);
	} commands[] = { { "open", take_open }, { "user", take_user },
		{ "quote", take_quote }, { "literal", take_quote },
		{ "cd", take_cd }, { "set", take_setting }, { "put", take_put },
		{ "send", take_put }, { "reput", take_put },
		{ "mkdir", take_mkdir }, { "mput", refuse_many },
		{ "mirror", refuse_many }, { "ascii", refuse_ascii } };

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].word, w[0]) == 0) {
			commands[i].take(u, w, n, is_lftp);
			return;
		}
	if (strcmp(w[0], "lcd") != 0 && !is_passed_over(w[0]))
		draft_add_note(u->im->draft, u->line,
		    "'%s' of the upload is not carried over",
		    shell_is_constant(w[0]) ? w[0] : "?");
}

/* Lines of commands, in lftp also divided by semicolons. */
static void
take_commands(struct upload *u, unsigned line, const char *text, bool is_lftp)
{
	unsigned began = u->line;

	while (*text != '\0') {
		size_t n = strcspn(text, is_lftp ? "\n;" : "\n");
		const char *words[ARGUMENTS];
		size_t count;

		if (line > 0)
			u->line = line;
		count = split(u, text, n, words);
		if (count > 0 && words[0][0] != '#')
			take_command(u, words, count, is_lftp);
		if (text[n] == '\n' && line > 0)
			line++;
		text += n + (text[n] != '\0');
	}
	u->line = began;
}

static int
take_input(struct upload *u, const struct shell_command *c, bool is_lftp)
{
	const char *text = NULL;
	unsigned line = 0;

	if (import_input(u->im, c, &text, &line) < 0) {
		draft_add_note(u->im->draft, c->line, "%s", u->im->e->text);
		*u->im->e = (struct err)ERR_INIT;
		return 0;
	}
	if (text != NULL)
		take_commands(u, line, text, is_lftp);
	return 0;
}

static void
take_ftp(struct upload *u, const struct shell_command *c)
{
	struct import_values v;

	import_options(u->im, c, ftp_options, &v);
	u->in_clear = true;
	if (v.n > 0)
		take_host(u, v.words[0]);
	if (v.n > 1)
		u->port = v.words[1];
	(void)take_input(u, c, false);
	if (u->host != NULL && u->user == NULL)
		draft_add_note(u->im->draft, c->line,
		    "who logs in is not in the script (~/.netrc?): set user "
		    "and password of the target");
}

static void
take_lftp(struct upload *u, const struct shell_command *c)
{
	struct import_values v;

	import_options(u->im, c, lftp_options, &v);
	for (size_t i = 0; i < v.n; i++)
		take_host(u, v.words[i]);
	if (v.of[IMPORT_USER] != NULL)
		take_login(u, v.of[IMPORT_USER], ',');
	if (v.of[IMPORT_PORT] != NULL)
		u->port = v.of[IMPORT_PORT];
	for (size_t i = 0; i < v.n_sql; i++)
		take_commands(u, 0, v.sql[i], true);
	(void)take_input(u, c, true);
	if (strcmp(u->scheme, "ftp") == 0 && !u->in_clear && !u->insists)
		draft_add_note(u->im->draft, c->line,
		    "lftp takes TLS where the server offers it; the job "
		    "insists on it");
}

static void
take_curl(struct upload *u, const struct shell_command *c)
{
	struct import_values v;
	const char *url, *file;

	import_options(u->im, c, curl_options, &v);
	file = v.of[IMPORT_UPLOAD];
	url = v.n > 0 ? v.words[0] : NULL;
	if (file == NULL || url == NULL) {
		draft_add_note(u->im->draft, c->line,
		    "'curl' is not carried over: it sends no file");
		return;
	}
	take_host(u, url);
	if (u->dir.length > 0 && u->dir.data[u->dir.length - 1] != '/') {
		const char *path = draft_keep(u->im->draft, buf_text(&u->dir));
		const char *base = import_base_name(path);

		buf_reset(&u->dir);
		change_dir(
		    u, draft_keep_n(u->im->draft, path, (size_t)(base - path)));
		send_file(u, file, base);
	} else
		send_file(u, file, NULL);
	if (v.of[IMPORT_USER] != NULL)
		take_login(u, v.of[IMPORT_USER], ':');
	u->mkdirs = v.of[IMPORT_MKDIRS] != NULL;
	u->ca_file = v.of[IMPORT_CA_FILE];
	u->in_clear = strcmp(u->scheme, "ftp") == 0 && v.of[IMPORT_TLS] == NULL;
	if (v.of[IMPORT_INSECURE] != NULL)
		draft_add_note(u->im->draft, c->line,
		    "it does not verify the server's certificate; the job "
		    "does: name the certificate with ca_file, or its key with "
		    "pinned_key");
	if (v.of[IMPORT_NETRC] != NULL || v.of[IMPORT_SETUP] != NULL)
		draft_add_note(u->im->draft, c->line,
		    "who logs in is not in the script (~/.netrc?): set user "
		    "and password of the target");
}

static void
take_key(struct upload *u, const struct import_values *v, unsigned line)
{
	if (v->of[IMPORT_PORT] != NULL)
		u->port = v->of[IMPORT_PORT];
	if (v->of[IMPORT_SETUP] != NULL)
		draft_add_note(u->im->draft, line,
		    "the key to log in with is not carried over");
}

static void
take_sftp(struct upload *u, const struct shell_command *c)
{
	struct import_values v;

	u->scheme = "sftp";
	import_options(u->im, c, sftp_options, &v);
	for (size_t i = 0; i < v.n; i++)
		take_host(u, v.words[i]);
	take_key(u, &v, c->line);
	(void)take_input(u, c, false);
	if (!u->put && v.of[IMPORT_SQL_FILE] != NULL)
		draft_add_note(u->im->draft, c->line,
		    "the commands that are in a file are not carried over");
}

static void
take_scp(struct upload *u, const struct shell_command *c)
{
	struct import_values v;
	const char *last, *base;

	u->scheme = "sftp";
	import_options(u->im, c, sftp_options, &v);
	take_key(u, &v, c->line);
	last = v.n > 1 ? v.words[v.n - 1] : "";
	if (strchr(last, ':') == NULL) {
		draft_add_note(
		    u->im->draft, c->line, "'scp' is not carried over");
		return;
	}
	take_host(u, last);
	last = draft_keep(u->im->draft, buf_text(&u->dir));
	base = import_base_name(last);
	/* A last part with a dot in it is a file's name. */
	if (strchr(base, '.') != NULL || !shell_is_constant(base)) {
		buf_reset(&u->dir);
		change_dir(
		    u, draft_keep_n(u->im->draft, last, (size_t)(base - last)));
		send_file(u, v.words[0], base);
	} else
		send_file(u, v.words[0], NULL);
}

void
import_upload(struct import *im, const struct shell_command *c, bool *taken)
{
	static const struct {
		const char *name;
		void (*take)(struct upload *u, const struct shell_command *c);
	} programs[] = { { "ftp", take_ftp }, { "pftp", take_ftp },
		{ "tnftp", take_ftp }, { "lftp", take_lftp },
		{ "curl", take_curl }, { "sftp", take_sftp },
		{ "scp", take_scp } };
	struct upload u = {
		.im = im,
		.line = c->line,
		.scheme = "ftp",
		.dir = BUF_INIT(URL_MAX),
	};
	const char *name = import_base_name(c->words[0]);

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (strcmp(name, programs[i].name) != 0)
			continue;
		*taken = true;
		programs[i].take(&u, c);
		if (u.put && u.host != NULL)
			add_target(&u);
	}
	buf_release(&u.dir);
}
