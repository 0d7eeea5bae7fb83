/*
 * encoder.c - how fast rows become CSV, with nothing in front and behind
 *
 * Makes some rows once and writes them again and again to an out that throws
 * them away, and the same bytes by one memcpy() a cell, to have a measure.
 *
 *	encoder SHAPE [ROUNDS]
 *
 * SHAPE: text (100 bytes), words (20, some with quotes), numbers (8 digits),
 * accents (UTF-8), mixed (all of them). One JSON line: bytes of CSV, seconds,
 * and seconds of memcpy(). ROUNDS 1 is for valgrind, which counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "csv/csv.h"

enum {
	COLUMNS = 10,
	ROWS = 100,
	WIDTH = 256,
	ROUNDS = 20000,
	CHUNK = 256 * 1024
};

/* What the cells hold. */
static const struct shape {
	const char *name;
	const char *texts[4]; /* one after the other; repeated to `bytes` */
	size_t bytes;
} shapes[] = {
	{ "text", { "abcdefghij", "klmnopqrst", "uvwxyz 012", "3456789 ab" },
	    100 },
	{ "words",
	    { "quiet copper river ", "say \"hello\", world",
		"harbor lantern seven", "amber field stone" },
	    20 },
	{ "numbers", { "12345678", "98765432", "10000001", "55555555" }, 8 },
	{ "accents",
	    { "Z\xc3\xbcrich ",
		"\xc5\x81\xc3\xb3"
		"d\xc5\xba ",
		"na\xc3\xafve text ", "\xe6\x9d\xb1\xe4\xba\xac " },
	    40 },
	{ "mixed", { "1234567", "quiet, copper", "Z\xc3\xbcrich", "a\nb" },
	    20 },
};

static char texts[ROWS * COLUMNS][WIDTH + BLOCK_SLACK];
static struct cell cells[ROWS * COLUMNS];
static uint64_t taken; /* bytes that the out got */

static int
take(struct out *o, const void *data, size_t n, struct err *e)
{
	(void)o;
	(void)data;
	(void)e;
	taken += n;
	return 0;
}

/* Whole repetitions of a text, so that no character is cut. */
static void
fill(const struct shape *s)
{
	for (size_t i = 0; i < ROWS * COLUMNS; i++) {
		const char *text = s->texts[i % 4];
		size_t n = strlen(text), length = 0;

		do {
			memcpy(texts[i] + length, text, n);
			length += n;
		} while (length + n <= s->bytes);
		cells[i] = (struct cell){ texts[i], length, CELL_TEXT, false };
	}
}

static double
seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The measure: each cell and the comma behind it, as far as a chunk goes. */
static double
copy(unsigned long rounds)
{
	static char to[CHUNK + ROWS * COLUMNS * (WIDTH + 2)];
	double began = seconds();
	char *at = to;

	for (unsigned long r = 0; r < rounds; r++) {
		if (at - to >= CHUNK)
			at = to;

		for (size_t i = 0; i < ROWS * COLUMNS; i++) {
			memcpy(at, cells[i].data, cells[i].length);
			at += cells[i].length;
			*at++ = ',';
		}
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	return seconds() - began;
}

static int
encode(unsigned long rounds, double *took, struct err *e)
{
	static struct column columns[COLUMNS];
	const struct block block = {
		.cells = cells, .n_columns = COLUMNS, .n_rows = ROWS
	};
	const struct csv_options options = CSV_OPTIONS_DEFAULT;
	struct csv csv = CSV_INIT;
	struct out out = { take };
	double began = seconds();
	int rc;

	rc = csv_open(&csv, &options, &out,
	    &(const struct columns){ columns, COLUMNS }, e);
	for (unsigned long r = 0; rc == 0 && r < rounds; r++)
		rc = csv_put_block(&csv, &block, e);
	if (rc == 0)
		rc = csv_finish(&csv, e);
	csv_release(&csv);
	*took = seconds() - began;
	return rc;
}

int
main(int argc, char **argv)
{
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : ROUNDS;
	struct err e = ERR_INIT;
	double took;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (argc < 2 || strcmp(argv[1], shapes[i].name) != 0)
			continue;
		fill(&shapes[i]);
		if (encode(rounds, &took, &e) < 0) {
			(void)fprintf(stderr, "encoder: %s\n", e.text);
			return 1;
		}
		(void)printf("{\"bytes\":%llu,\"seconds\":%.4f,"
			     "\"memcpy\":%.4f}\n",
		    (unsigned long long)taken, took, copy(rounds));
		return 0;
	}
	(void)fprintf(stderr,
	    "usage: encoder text|words|numbers|accents|mixed [ROUNDS]\n");
	return 64;
}
