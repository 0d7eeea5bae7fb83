/*
 * transcript.c - what was said on the control connection
 *
 * Only remembers; what it means is decided in classify.c.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/str.h"
#include "ship/transcript.h"

enum { TRANSCRIPT_LINE = 1024 };

void
transcript_init(struct transcript *t)
{
	t->command[0] = '\0';
	t->reply[0] = '\0';
	t->lines[0] = '\0';
	t->code = 0;
	t->has_stored = false;
	t->has_renamed = false;
}

/* One line, escaped and without what is secret. */
static void
copy_line(char *to, size_t size, const char *data, size_t n)
{
	struct buf line = BUF_INIT(4 * TRANSCRIPT_LINE + 1);
	struct err ignored = ERR_INIT;

	while (n > 0 && isspace((unsigned char)data[n - 1]))
		n--;
	if (n > TRANSCRIPT_LINE)
		n = TRANSCRIPT_LINE;
	if (str_escape(&line, data, n, &ignored) < 0)
		buf_reset(&line);
	(void)snprintf(to, size, "%s", buf_text(&line));
	redact_text(to, size);
	buf_release(&line);
}

static bool
is_verb(const char *data, size_t n, const char *verb)
{
	size_t length = strlen(verb);

	return n >= length && strncasecmp(data, verb, length) == 0 &&
	    (n == length || isspace((unsigned char)data[length]));
}

bool
transcript_is_at(const struct transcript *t, const char *verb)
{
	return is_verb(t->command, strlen(t->command), verb);
}

static void
hear_command(struct transcript *t, const char *data, size_t n)
{
	t->code = 0;
	t->reply[0] = '\0';
	t->lines[0] = '\0';
	if (is_verb(data, n, "PASS") || is_verb(data, n, "ACCT"))
		(void)snprintf(t->command, sizeof(t->command), "PASS ***");
	else
		copy_line(t->command, sizeof(t->command), data, n);
	if (is_verb(data, n, "STOR") || is_verb(data, n, "APPE"))
		t->has_stored = true;
	if (is_verb(data, n, "RNTO"))
		t->has_renamed = true;
	log_debug("ftp > %s", t->command);
}

/* The first line; the others hold the login, in one form or another. */
static void
hear_request(struct transcript *t, const char *data, size_t n)
{
	const char *end = memchr(data, '\n', n);

	copy_line(t->command, sizeof(t->command), data,
	    end != NULL ? (size_t)(end - data) : n);
	log_debug("http > %s", t->command);
}

static void
hear_header(const char *data, size_t n)
{
	char line[TRANSCRIPT_LINE];

	copy_line(line, sizeof(line), data, n);
	if (line[0] != '\0')
		log_debug("http < %s", line);
}

/* RFC 959 4.2: the last line of a reply is three digits and a blank. */
static void
hear_reply_line(struct transcript *t, const char *data, size_t n)
{
	char line[TRANSCRIPT_LINE];
	size_t used;

	copy_line(line, sizeof(line), data, n);
	if (line[0] == '\0')
		return;
	log_debug("ftp < %s", line);
	used = strlen(t->lines);
	(void)snprintf(t->lines + used, sizeof(t->lines) - used, "%s\n", line);
	if (!isdigit((unsigned char)line[0]) ||
	    !isdigit((unsigned char)line[1]) ||
	    !isdigit((unsigned char)line[2]) ||
	    (line[3] != ' ' && line[3] != '\0'))
		return;
	t->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 +
	    (line[2] - '0');
	(void)snprintf(t->reply, sizeof(t->reply), "%.*s",
	    (int)sizeof(t->reply) - 1, line);
}

static void
hear_replies(struct transcript *t, const char *data, size_t n)
{
	while (n > 0) {
		const char *end = memchr(data, '\n', n);
		size_t length = end != NULL ? (size_t)(end + 1 - data) : n;

		hear_reply_line(t, data, length);
		data += length;
		n -= length;
	}
}

/* "SSL connection using TLSv1.2 / ECDHE-RSA-AES256-GCM-SHA384": OpenSSL's. */
static void
hear_text(struct transcript *t, const char *data, size_t n)
{
	static const char intro[] = "SSL connection using ";
	char line[TRANSCRIPT_LINE], *slash;

	copy_line(line, sizeof(line), data, n);
	log_debug("%s * %s", t->is_http ? "http" : "ftp", line);
	/* libcurl 7.88 and 8.x say it differently. */
	if (strncmp(line, "SSL re-using session", 20) == 0 ||
	    strncmp(line, "SSL reusing session", 19) == 0)
		t->is_reused = true;
	if (strncmp(line, intro, sizeof(intro) - 1) != 0)
		return;
	slash = strstr(line, " / ");
	if (slash != NULL)
		memmove(slash, slash + 2, strlen(slash + 2) + 1);
	(void)snprintf(t->tls, sizeof(t->tls), "%.*s", (int)sizeof(t->tls) - 1,
	    line + sizeof(intro) - 1);
}

static int
hear(CURL *easy, curl_infotype type, char *data, size_t n, void *arg)
{
	struct transcript *t = arg;

	(void)easy;
	switch (type) {
	case CURLINFO_HEADER_OUT:
		if (t->is_http)
			hear_request(t, data, n);
		else
			hear_command(t, data, n);
		break;
	case CURLINFO_HEADER_IN:
		if (t->is_http)
			hear_header(data, n);
		else
			hear_replies(t, data, n);
		break;
	case CURLINFO_TEXT:
		hear_text(t, data, n);
		break;
	default:
		break;
	}
	return 0;
}

void
transcript_attach(struct transcript *t, CURL *easy)
{
	(void)curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, hear);
	(void)curl_easy_setopt(easy, CURLOPT_DEBUGDATA, t);
}
