/*
 * hex.c - bytes that a database printed as hexadecimal digits
 */
#include "odbc/hex.h"

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
hex_decode(char *data, size_t *n, char *nibble, bool is_last, struct err *e)
{
	const char *s = data, *end = data + *n;
	char *to = data;

	while (s < end) {
		char first = *nibble != 0 ? *nibble : *s++;
		int high = digit(first), low;

		*nibble = first;
		if (high >= 0 && s == end)
			break;
		low = high >= 0 ? digit(*s++) : -1;
		if (low < 0)
			return err_set(e, ERR_INTERNAL,
			    "the database printed bytes as something else "
			    "than hexadecimal digits");
		*nibble = 0;
		*to++ = (char)(high << 4 | low);
	}
	*n = (size_t)(to - data);
	if (is_last && *nibble != 0)
		return err_set(
		    e, ERR_INTERNAL, "the database printed half a byte");
	return 0;
}
