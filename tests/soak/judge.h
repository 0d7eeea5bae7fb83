/*
 * judge.h - whether a number's text reads back to the same bits, and is short
 *
 * The C library is the judge: strtod() and strtof() read exactly.
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

#endif
