/*
 * scan.c - copy fields, and say what makes them need more than that
 *
 * SSE2 is part of every x86-64, and 16 bytes at a time are enough: most fields
 * are shorter than that, and 32 (AVX2) were not faster (doc/performance.md).
 * Elsewhere the scalar twin does the work. What a field becomes is csv.c's.
 */
#include <string.h>

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

/* What was found in vectors so far, as bits of their bytes. */
struct found {
	unsigned suspects;
	unsigned high;
};

static __m128i
look(struct found *f, const char *data, __m128i delimiter, unsigned mask)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)data);

	f->high |= (unsigned)_mm_movemask_epi8(bytes) & mask;
	f->suspects |= (unsigned)_mm_movemask_epi8(
			   find_suspects(bytes, delimiter)) &
	    mask;
	return bytes;
}

static __m128i
is_any(__m128i bytes, char a, char b)
{
	return _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(a)),
	    _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b)));
}

/* What the suspects are. */
static unsigned
judge(struct found f, const char *data, size_t n, char delimiter)
{
	unsigned quotes = 0, nul = 0;

	for (size_t i = 0; f.suspects != 0 && i < n; i += 16) {
		unsigned mask = n - i < 16 ? (1U << (n - i)) - 1 : 0xffff;
		__m128i bytes = _mm_loadu_si128(
		    (const __m128i *)(const void *)(data + i));

		quotes |= mask &
		    (unsigned)_mm_movemask_epi8(
			_mm_or_si128(is_any(bytes, delimiter, '"'),
			    is_any(bytes, '\r', '\n')));
		nul |= mask & (unsigned)_mm_movemask_epi8(is_any(bytes, 0, 0));
	}
	return (quotes != 0 ? SCAN_QUOTES : 0) | (nul != 0 ? SCAN_NUL : 0) |
	    (f.high != 0 ? SCAN_HIGH : 0);
}

/* The rest reads into the slack; its bits are masked away. */
unsigned
scan_field(const char *data, size_t n, char delimiter)
{
	const __m128i wanted = _mm_set1_epi8(delimiter);
	struct found f = { 0, 0 };
	size_t i = 0;

	for (; n - i >= 16; i += 16)
		(void)look(&f, data + i, wanted, 0xffff);
	if (i < n)
		(void)look(&f, data + i, wanted, (1U << (n - i)) - 1);
	return judge(f, data, n, delimiter);
}

unsigned
scan_copy(char *to, const char *data, size_t n, char delimiter)
{
	const __m128i wanted = _mm_set1_epi8(delimiter);
	__m128i suspects = _mm_setzero_si128(), all = suspects;
	struct found f = { 0, 0 };
	size_t i = 0;

	for (; n - i >= 16; i += 16) {
		__m128i bytes = _mm_loadu_si128(
		    (const __m128i *)(const void *)(data + i));

		_mm_storeu_si128((__m128i *)(void *)(to + i), bytes);
		suspects = _mm_or_si128(suspects, find_suspects(bytes, wanted));
		all = _mm_or_si128(all, bytes);
	}
	if (i < n)
		_mm_storeu_si128((__m128i *)(void *)(to + i),
		    look(&f, data + i, wanted, (1U << (n - i)) - 1));
	f.suspects |= (unsigned)_mm_movemask_epi8(suspects);
	f.high |= (unsigned)_mm_movemask_epi8(all);
	return judge(f, data, n, delimiter);
}

char *
scan_double_quotes(char *to, const char *data, size_t n)
{
	size_t i = 0;

	while (i < n) {
		__m128i bytes = _mm_loadu_si128(
		    (const __m128i *)(const void *)(data + i));
		unsigned found = (unsigned)_mm_movemask_epi8(
		    _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
		size_t run = n - i < 16 ? n - i : 16;

		_mm_storeu_si128((__m128i *)(void *)to, bytes);
		if (run < 16)
			found &= (1U << run) - 1;
		if (found != 0) {
			run = (size_t)__builtin_ctz(found) + 1;
			to[run] = '"';
			to++;
		}
		to += run;
		i += run;
	}
	return to;
}
#else
unsigned
scan_field(const char *data, size_t n, char delimiter)
{
	return scan_field_scalar(data, n, delimiter);
}

unsigned
scan_copy(char *to, const char *data, size_t n, char delimiter)
{
	memcpy(to, data, n);
	return scan_field_scalar(data, n, delimiter);
}

char *
scan_double_quotes(char *to, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		*to++ = data[i];
		if (data[i] == '"')
			*to++ = '"';
	}
	return to;
}
#endif
