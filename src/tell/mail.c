/*
 * mail.c - a message as a mail
 *
 * Plain text in UTF-8, quoted-printable, so that it is readable as it
 * stands. Every value of a header goes through mail_put_header: what drivers
 * and servers say is in the subject (facts/shipping.md F4).
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"
#include "mail.h"

enum {
	WORD_COLUMNS = 60, /* RFC 2047 2: at most 75 with its frame */
	LINE_COLUMNS = 75, /* RFC 2045 6.7: 76 with the '=' of a soft break */
	VALUE_BYTES = 400  /* of a header, then it is cut */
};

/* What is let into a header: no control bytes, valid UTF-8. */
static int
clean(struct buf *out, const char *value, struct err *e)
{
	struct buf repaired = BUF_INIT(8 * VALUE_BYTES);
	size_t n = strnlen(value, VALUE_BYTES);
	uint64_t ignored = 0;
	int rc;

	if (value[n] != '\0') /* not within a character */
		n -= utf8_unfinished(value, n);
	rc = utf8_put_repaired(&repaired, value, n, &ignored, e);
	for (size_t i = 0; rc == 0 && i < repaired.length; i++) {
		unsigned char c = (unsigned char)repaired.data[i];

		rc = buf_put(
		    out, c < 0x20 || c == 0x7f ? " " : (const char *)&c, 1, e);
	}
	buf_release(&repaired);
	return rc;
}

static bool
is_plain(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c >= 0x7f)
			return false;
	return strstr(text, "=?") == NULL;
}

/* One character of an encoded word (RFC 2047 4.2). */
static int
put_encoded(struct buf *out, const char *c, size_t n, struct err *e)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/";
	int rc = 0;

	if (n == 1 && *c == ' ')
		return buf_puts(out, "_", e);
	if (n == 1 && strchr(safe, *c) != NULL)
		return buf_put(out, c, 1, e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = buf_printf(out, e, "=%02X", (unsigned char)c[i]);
	return rc;
}

/* Words of whole characters, folded. */
static int
put_words(struct buf *out, const char *text, const char *newline, struct err *e)
{
	size_t n = strlen(text), begin = out->length;

	if (buf_puts(out, "=?UTF-8?Q?", e) < 0)
		return -1;
	for (size_t i = 0; i < n;) {
		size_t length = utf8_character(
		    (const unsigned char *)text + i, n - i);

		if (length == 0)
			length = 1;
		if (out->length - begin > WORD_COLUMNS - 3 * length) {
			if (buf_printf(out, e, "?=%s ", newline) < 0)
				return -1;
			begin = out->length;
			if (buf_puts(out, "=?UTF-8?Q?", e) < 0)
				return -1;
		}
		if (put_encoded(out, text + i, length, e) < 0)
			return -1;
		i += length;
	}
	return buf_puts(out, "?=", e);
}

int
mail_put_header(struct buf *out, const char *name, const char *value,
    const char *newline, struct err *e)
{
	struct buf text = BUF_INIT(8 * VALUE_BYTES);
	int rc = clean(&text, value, e);

	if (rc == 0)
		rc = buf_printf(out, e, "%s: ", name);
	if (rc == 0)
		rc = is_plain(buf_text(&text)) ?
		    buf_puts(out, buf_text(&text), e) :
		    put_words(out, buf_text(&text), newline, e);
	if (rc == 0)
		rc = buf_puts(out, newline, e);
	buf_release(&text);
	return rc;
}

/* Names of days and months that no locale changes (RFC 5322 3.3). */
static int
put_date(struct buf *out, const char *newline, struct err *e)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm t;

	if (gmtime_r(&now, &t) == NULL)
		return 0;
	return buf_printf(out, e, "Date: %s, %d %s %04d %02d:%02d:%02d +0000%s",
	    days[t.tm_wday % 7], t.tm_mday, months[t.tm_mon % 12],
	    t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec, newline);
}

/* Unique in the world: RFC 5322 3.6.4. */
static int
put_message_id(struct buf *out, const struct mail_people *people, struct err *e)
{
	const char *at = strrchr(people->from, '@');
	unsigned char noise[8] = { 0 };
	char hex[2 * sizeof(noise) + 1];

	/* Without it, time and process still make it unique on this host. */
	if (getrandom(noise, sizeof(noise), GRND_NONBLOCK) < 0)
		memset(noise, 0, sizeof(noise));
	str_put_hex(hex, noise, sizeof(noise));
	return buf_printf(out, e, "Message-ID: <%lld.%ld.%s@%s>%s",
	    (long long)clock_wall_ms(), (long)getpid(), hex,
	    at != NULL ? at + 1 : "localhost", people->newline);
}

/* Addresses were checked: bare, ASCII, without control bytes. */
static int
put_to(struct buf *out, const struct mail_people *people, struct err *e)
{
	int rc = buf_puts(out, "To: ", e);

	for (size_t i = 0; rc == 0 && i < people->n_to; i++) {
		if (i > 0)
			rc = buf_printf(out, e, ",%s ", people->newline);
		if (rc == 0)
			rc = buf_puts(out, people->to[i], e);
	}
	return rc < 0 ? -1 : buf_puts(out, people->newline, e);
}

static int
put_header(struct buf *out, const struct message *m,
    const struct mail_people *people, struct err *e)
{
	const char *nl = people->newline;

	if (buf_printf(out, e, "From: odbcship <%s>%s", people->from, nl) < 0 ||
	    put_to(out, people, e) < 0 ||
	    mail_put_header(out, "Subject", m->subject, nl, e) < 0 ||
	    put_date(out, nl, e) < 0 || put_message_id(out, people, e) < 0 ||
	    mail_put_header(out, "Auto-Submitted", "auto-generated", nl, e) <
		0 ||
	    mail_put_header(out, "X-Odbcship-Job", m->job, nl, e) < 0)
		return -1;
	return buf_printf(out, e,
	    "MIME-Version: 1.0%sContent-Type: text/plain; charset=utf-8%s"
	    "Content-Transfer-Encoding: quoted-printable%s%s",
	    nl, nl, nl, nl);
}

/* One byte of a line of the body; last is the last one of its line. */
static int
put_byte(struct buf *out, unsigned char c, bool is_last, struct err *e)
{
	bool is_blank = c == ' ' || c == '\t';

	if ((c > ' ' && c < 0x7f && c != '=') || (is_blank && !is_last))
		return buf_put(out, &c, 1, e);
	return buf_printf(out, e, "=%02X", c);
}

static int
put_line(struct buf *out, const char *line, size_t n, const char *newline,
    struct err *e)
{
	size_t begin = out->length;

	for (size_t i = 0; i < n; i++) {
		if (out->length - begin > LINE_COLUMNS - 3) {
			if (buf_printf(out, e, "=%s", newline) < 0)
				return -1;
			begin = out->length;
		}
		if (put_byte(out, (unsigned char)line[i], i + 1 == n, e) < 0)
			return -1;
	}
	return buf_puts(out, newline, e);
}

int
mail_put(struct buf *out, const struct message *m,
    const struct mail_people *people, struct err *e)
{
	const char *text = m->text;

	if (put_header(out, m, people, e) < 0)
		return -1;
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (put_line(out, text, n, people->newline, e) < 0)
			return -1;
		text += n + (text[n] == '\n');
	}
	return 0;
}
