/*
 * child.h - run a program by its argument vector; what a child must not keep
 *
 * No shell. Standard input is /dev/null, standard error is ours, the
 * environment is ours without the variables ODBCSHIP_*, which may be secrets;
 * those that odbcship(1) names stay. Used for secrets by command. And what may
 * crash or hang is asked in a copy of this process.
 *
 * Errors	ERR_SPEC: cannot start, non-zero exit, time limit; ERR_INTERNAL:
 *		output too long; those of cancel_check
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Run argv (NULL-terminated) and append its standard output to out, for at
 * most timeout_ms; then it and its children are killed and the call fails.
 */
int child_output(const char *const *argv, uint64_t timeout_ms, struct buf *out,
    struct err *e) MUST_CHECK;

/*
 * Let a copy of this process put something into a buffer, and append that to
 * out: what it does to itself, or what happens to it, is nothing to us. After
 * timeout_ms it is killed. -1 with what put failed with, or how it ended.
 */
int child_call(int (*put)(void *arg, struct buf *out, struct err *e), void *arg,
    uint64_t timeout_ms, struct buf *out, struct err *e) MUST_CHECK;

/*
 * In a child after fork(2): close every descriptor but the standard ones and
 * the n of keep, whatever their numbers.
 */
void child_close_others(const int *keep, size_t n);

#endif
