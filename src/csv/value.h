/*
 * value.h - values in the form that the file wants
 *
 * Bytes as hexadecimal digits or base64; dates, times and booleans in the
 * words of the options. Everything else stays as it is.
 *
 * Source	RFC 4648; strftime(3) for the letters
 */
#ifndef CSV_VALUE_H
#define CSV_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "csv/csv.h"
#include "table/column.h"

/* Bytes of an encoding that wait for the next part. */
struct value_carry {
	unsigned char bytes[4]; /* what waits */
	size_t n;		/* how many */
};

/* Whether a form of dates can be used: %Y %m %d %H %M %S %f %z %%. */
int value_check_format(const char *format, struct err *e) MUST_CHECK;
/* The form of a column's values in the options, or NULL: as they come. */
const char *
value_format(const struct csv_options *options, enum column_kind kind);
/* Append a date, time, timestamp or boolean of ISO form in that format. */
int value_put_formatted(struct buf *out, const char *format,
    enum column_kind kind, const struct cell *cell, struct err *e) MUST_CHECK;
/*
 * Append bytes as text. What does not fill a group of base64 waits in carry;
 * is_last ends the value.
 */
int value_put_bytes(struct buf *out, enum csv_binary how,
    const struct cell_part *part, struct value_carry *carry,
    struct err *e) MUST_CHECK;

#endif
