/*
 * str.h - texts: units, suggestions, UTF-8, escaping
 *
 * Units	durations in milliseconds, sizes in bytes
 * Errors	ERR_SPEC for texts that are not what they should be
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* A copy in memory of its own, or NULL when memory is gone (or text NULL). */
char *str_dup(const char *text);
/*
 * Read a duration: digits and one of ms, s, m, h, d ("90s", "1h"); "0" alone
 * is no limit. Several parts may follow each other ("1h30m").
 */
int str_duration(const char *text, uint64_t *ms, struct err *e) MUST_CHECK;
/* Read a size: digits and B, kB, MB, GB, KiB, MiB, GiB, TiB; "0" alone. */
int str_size(const char *text, uint64_t *bytes, struct err *e) MUST_CHECK;
/* Read a whole decimal integer within min..max, nothing before or after. */
int str_integer(const char *text, int64_t *value, struct err *e) MUST_CHECK;
/*
 * The candidate nearest to name by edit distance (case-blind, transpositions
 * count one) when it is near enough to be meant, else NULL. Borrowed.
 */
const char *
str_nearest(const char *name, const char *const *candidates, size_t n);
/* Whether a byte below 0x20 or 0x7f is in the text. */
bool str_has_control(const char *text);
/*
 * Append data with control bytes and invalid UTF-8 as \xNN, newlines folded
 * into one blank, fit for a terminal or a log line.
 */
int
str_escape(struct buf *b, const char *data, size_t n, struct err *e) MUST_CHECK;
/* Write a duration for people: "0.42 s", "3 min 05 s", "2 h 05 min",
 * "3 d 03 h". */
void str_put_duration(char *text, size_t size, uint64_t ms);
/* Write a size for people into text: "812 B", "1.4 MB", "2.0 GB" (1000s). */
void str_put_size(char *text, size_t size, uint64_t bytes);
/* Write a count with thin groups for people: "1,234,567". */
void str_put_count(char *text, size_t size, uint64_t n);
/* Lower-case hexadecimal of n bytes into text (2n + 1 bytes). */
void str_put_hex(char *text, const unsigned char *data, size_t n);

#endif
