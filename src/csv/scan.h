/*
 * scan.h - what a field holds that makes it need more than copying
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

/*
 * What n bytes hold. BLOCK_SLACK bytes behind data may be read
 * (table/block.h); what they hold does not matter.
 */
unsigned scan_field(const char *data, size_t n, char delimiter);
/* The same, byte by byte: the oracle of the one above. */
unsigned scan_field_scalar(const char *data, size_t n, char delimiter);

#endif
