/*
 * reach.h - whether a host answers at all: its name, and its port
 *
 * Nothing is said to it. What it then wants is for `check --connect` and
 * `probe` to find out.
 *
 * Errors	ERR_NOT_NOW: its name is not known, or nobody answers
 */
#ifndef SHIP_REACH_H
#define SHIP_REACH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Put host and port of a URL, "ftp.example.com:21"; -1 when it has none. */
int reach_put_host(const char *url, char *text, size_t size);
/* Connect to the host and port of a URL, and hang up. */
int reach_try(const char *url, uint64_t timeout_ms, struct err *e) MUST_CHECK;

#endif
