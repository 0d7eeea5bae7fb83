/*
 * mail.h - a message as a mail
 *
 * Source	RFC 5322, 2045 (quoted-printable), 2047, 3834 (Auto-Submitted)
 */
#ifndef TELL_MAIL_H
#define TELL_MAIL_H

#include "base/buf.h"
#include "base/err.h"
#include "compose.h"

/* From whom to whom. */
struct mail_people {
	const char *from;      /* a bare address */
	const char *const *to; /* bare addresses */
	size_t n_to;	       /* how many */
	const char *newline;   /* "\r\n" for SMTP, "\n" for sendmail */
};

/* Append header and body. */
int mail_put(struct buf *out, const struct message *m,
    const struct mail_people *people, struct err *e) MUST_CHECK;
/*
 * Append "Name: value": what is not plain ASCII as encoded words, control
 * bytes not at all, so that no value ends its line.
 */
int mail_put_header(struct buf *out, const char *name, const char *value,
    const char *newline, struct err *e) MUST_CHECK;

#endif
