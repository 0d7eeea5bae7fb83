/*
 * hex.h - bytes that a database printed as hexadecimal digits
 */
#ifndef ODBC_HEX_H
#define ODBC_HEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Turn *n digits into bytes, in place. A digit without its second half waits
 * in *nibble for the next part (0: none waits); at the end that is an error,
 * as is what is no digit.
 */
int hex_decode(char *data, size_t *n, char *nibble, bool is_last,
    struct err *e) MUST_CHECK;

#endif
