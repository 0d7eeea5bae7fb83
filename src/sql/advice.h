/*
 * advice.h - what to write instead of a command of the database's client
 */
#ifndef SQL_ADVICE_H
#define SQL_ADVICE_H

#include <stddef.h>

#include "sql/dialect.h"

/* A sentence for a command of n bytes, without its mark; never NULL. */
const char *advice_for(const struct dialect *d, const char *command, size_t n);

#endif
