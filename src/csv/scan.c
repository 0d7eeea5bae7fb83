/*
 * scan.c - find the bytes that make quoting necessary, 16 at a time
 *
 * SSE2 is part of every x86-64; elsewhere the scalar twin does the work. The
 * quotes themselves are written by csv.c.
 */
#include "csv/scan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

bool
scan_needs_quotes_scalar(const char *data, size_t n, char delimiter)
{
	for (size_t i = 0; i < n; i++)
		if (data[i] == delimiter || data[i] == '"' || data[i] == '\r' ||
		    data[i] == '\n')
			return true;
	return false;
}

#ifdef __SSE2__
/* A bit for each of 16 bytes that is one of the four. */
static unsigned
find_special(const char *data, __m128i delimiter)
{
	const __m128i chunk = _mm_loadu_si128(
	    (const __m128i *)(const void *)data);
	__m128i hit = _mm_cmpeq_epi8(chunk, delimiter);

	hit = _mm_or_si128(hit, _mm_cmpeq_epi8(chunk, _mm_set1_epi8('"')));
	hit = _mm_or_si128(hit, _mm_cmpeq_epi8(chunk, _mm_set1_epi8('\r')));
	hit = _mm_or_si128(hit, _mm_cmpeq_epi8(chunk, _mm_set1_epi8('\n')));
	return (unsigned)_mm_movemask_epi8(hit);
}

bool
scan_needs_quotes(const char *data, size_t n, char delimiter)
{
	const __m128i wanted = _mm_set1_epi8(delimiter);
	size_t i = 0;

	for (; n - i >= 16; i += 16)
		if (find_special(data + i, wanted) != 0)
			return true;
	/* The rest reads into the slack; its bits are masked away. */
	return i < n &&
	    (find_special(data + i, wanted) & ((1U << (n - i)) - 1)) != 0;
}
#else
bool
scan_needs_quotes(const char *data, size_t n, char delimiter)
{
	return scan_needs_quotes_scalar(data, n, delimiter);
}
#endif
