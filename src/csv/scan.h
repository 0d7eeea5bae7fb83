/*
 * scan.h - find the bytes of a field that make quoting necessary
 *
 * Source	RFC 4180 2.6, 2.7
 */
#ifndef CSV_SCAN_H
#define CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether n bytes hold the delimiter, a quote, CR or LF. BLOCK_SLACK bytes
 * behind data may be read (table/block.h); what they hold does not matter.
 */
bool scan_needs_quotes(const char *data, size_t n, char delimiter);
/* The same, byte by byte: the oracle of the one above. */
bool scan_needs_quotes_scalar(const char *data, size_t n, char delimiter);

#endif
