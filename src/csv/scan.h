/*
 * scan.h - copy fields, and say what makes them need more than that
 *
 * Source	RFC 4180 2.6, 2.7
 */
#ifndef CSV_SCAN_H
#define CSV_SCAN_H

#include <stddef.h>

/* Bits of what was found. */
enum scan_found {
	SCAN_QUOTES = 1, /* the delimiter, a quote, CR or LF */
	SCAN_NUL = 2,	 /* a NUL byte */
	SCAN_HIGH = 4	 /* a byte that is no ASCII */
};

/* Bytes of a vector. */
enum { SCAN_SPILL = 16 };

/*
 * What n bytes hold. BLOCK_SLACK bytes behind data may be read
 * (table/block.h); what they hold does not matter.
 */
unsigned scan_field(const char *data, size_t n, char delimiter);
/*
 * The same while n bytes are copied. What stands SCAN_SPILL bytes behind the
 * copy may be overwritten.
 */
unsigned scan_copy(char *to, const char *data, size_t n, char delimiter);
/*
 * Copy n bytes with each quote doubled; the end of the copy. Slack and spill
 * are as above.
 */
char *scan_double_quotes(char *to, const char *data, size_t n);
/* What n bytes hold, byte by byte: the oracle of scan_field. */
unsigned scan_field_scalar(const char *data, size_t n, char delimiter);

#endif
