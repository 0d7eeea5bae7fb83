/*
 * scan.c - what a field holds that makes it need more than copying
 *
 * SSE2 is part of every x86-64, and 16 bytes at a time are enough: most fields
 * are shorter than that. Elsewhere the scalar twin does the work. The quotes
 * themselves are written by csv.c.
 */
#include "csv/scan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

unsigned
scan_field_scalar(const char *data, size_t n, char delimiter)
{
	unsigned found = 0;

	for (size_t i = 0; i < n; i++) {
		if (data[i] == delimiter || data[i] == '"' || data[i] == '\r' ||
		    data[i] == '\n')
			found |= SCAN_QUOTES;
		if (data[i] == '\0')
			found |= SCAN_NUL;
		if ((unsigned char)data[i] >= 0x80)
			found |= SCAN_HIGH;
	}
	return found;
}

#ifdef __SSE2__
/* Bytes that are a quote, the delimiter or a control: cheaper than exact. */
static __m128i
find_suspects(__m128i bytes, __m128i delimiter)
{
	const __m128i control = _mm_set1_epi8(0x1f);

	return _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, delimiter),
				_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'))),
	    _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
}

unsigned
scan_field(const char *data, size_t n, char delimiter)
{
	const __m128i wanted = _mm_set1_epi8(delimiter);
	unsigned suspects = 0, high = 0, mask;
	__m128i bytes;
	size_t i = 0;

	for (; n - i >= 16; i += 16) {
		bytes = _mm_loadu_si128(
		    (const __m128i *)(const void *)(data + i));
		high |= (unsigned)_mm_movemask_epi8(bytes);
		suspects |= (unsigned)_mm_movemask_epi8(
		    find_suspects(bytes, wanted));
	}
	/* The rest reads into the slack; its bits are masked away. */
	if (i < n) {
		mask = (1U << (n - i)) - 1;
		bytes = _mm_loadu_si128(
		    (const __m128i *)(const void *)(data + i));
		high |= (unsigned)_mm_movemask_epi8(bytes) & mask;
		suspects |= (unsigned)_mm_movemask_epi8(
				find_suspects(bytes, wanted)) &
		    mask;
	}
	if (suspects != 0)
		return scan_field_scalar(data, n, delimiter);
	return high != 0 ? SCAN_HIGH : 0;
}
#else
unsigned
scan_field(const char *data, size_t n, char delimiter)
{
	return scan_field_scalar(data, n, delimiter);
}
#endif
