/*
 * number.h - floating point numbers as their shortest exact text
 *
 * The text has the fewest digits that read back to the same bits, and among
 * those the ones nearest to the value. Its form is PostgreSQL's: plain digits
 * for exponents of -4 to 14 ("0.0001", "100"), else "1e+15", "1.5e-07";
 * "Infinity", "-Infinity", "NaN", "-0".
 *
 * Source	Giulietti, "The Schubfach way to render doubles" (2020);
 *		IEEE 754; PostgreSQL float8out
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Room for any text of this module, with its NUL. */
enum { NUMBER_TEXT = 32 };

/* How a number that is whole looks. */
enum number_form {
	NUMBER_PLAIN, /* "3", "1e+300" */
	NUMBER_POINT  /* "3.0", "1.0e+300": SQLite's way to say REAL */
};

/* Write a double; the length of the text. */
size_t
number_put_double(char text[NUMBER_TEXT], double value, enum number_form form);
/* Write a float, as short as a float allows. */
size_t
number_put_float(char text[NUMBER_TEXT], float value, enum number_form form);

/*
 * The double next to a decimal number of n bytes, as strtod() has it in the C
 * locale; false when the text is not one number. n is at most 63.
 */
bool number_get_double(const char *text, size_t n, double *value);

#endif
