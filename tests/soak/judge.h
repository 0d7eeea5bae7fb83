/*
 * judge.h - whether a number's text reads back to the same bits, and is short
 *
 * The C library is the judge of doubles: strtod() reads exactly. Of floats it
 * is interval.h, which is fast enough for all of them.
 */
#ifndef SOAK_JUDGE_H
#define SOAK_JUDGE_H

#include <stddef.h>
#include <stdint.h>

/* Digits of a number's text, without zeros at either end. */
size_t judge_digits(const char *text);
/* Say on standard error how far it has come, now and then. */
void judge_progress(const char *what, uint64_t done, uint64_t all);
/* The count that the command line gives, or the default; exits when it is
 * none. */
uint64_t judge_count(int argc, char *argv[], uint64_t otherwise);

/* Some of the numbers from 0 on. */
struct judge_range {
	uint64_t begin; /* the first one */
	uint64_t end;	/* behind the last one */
	uint64_t step;	/* from one to the next */
};

/* Those of `all` that the command line asks for: PART/PARTS, or a COUNT of
 * them, evenly apart; without one, all. Exits when it is neither. */
struct judge_range judge_range(int argc, char *argv[], uint64_t all);

#endif
