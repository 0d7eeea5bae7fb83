/*
 * interval.h - whether a text is the shortest and nearest one of a float
 *
 * A second way to the answer that base/number.c gives, and a plainer one: the
 * text and the middles between the float and its neighbours are compared as
 * whole numbers of 192 bits, so nothing is rounded anywhere.
 *
 * Source	IEEE 754; a decimal reads back when it is between the middles
 */
#ifndef SOAK_INTERVAL_H
#define SOAK_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/* What is wrong with a text; each one includes that no one above it is. */
enum interval_fault {
	INTERVAL_RIGHT,	     /* nothing */
	INTERVAL_FORM,	     /* no number, or not in the form of number.h */
	INTERVAL_OTHER,	     /* reads back to another float */
	INTERVAL_LONG,	     /* fewer digits would do */
	INTERVAL_NOT_NEAREST /* as many digits can be nearer */
};

/* What is wrong with a text of the float with these bits, which is finite and
 * has no sign. */
enum interval_fault interval_judge(uint32_t bits, const char *text);

#endif
