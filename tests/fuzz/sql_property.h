/*
 * sql_property.h - what must hold for any script
 *
 * The first byte of the data chooses the dialect, the rest is the script.
 * Shared by the fuzzers and by tests/unit/test_sql_property.c; a property that
 * does not hold ends the process with a message.
 */
#ifndef TESTS_SQL_PROPERTY_H
#define TESTS_SQL_PROPERTY_H

#include <stddef.h>
#include <stdint.h>

/* The byte that chooses a dialect. */
uint8_t sql_property_dialect(const char *name);
/* The statements are the script, and what is between them is nothing. */
void sql_property_split(const uint8_t *data, size_t size);
/* Parameters stand outside of quotes, and all else stays as it is. */
void sql_property_params(const uint8_t *data, size_t size);

#endif
