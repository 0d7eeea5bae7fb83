/*
 * stage.h - one step of a chain, in a thread of its own
 *
 * Bytes are copied into a few chunks of 64 KiB; the thread takes them in
 * order. What fails in the thread is told by the next write or by the end.
 *
 * Shape	stage_start -> out_write(stage_out)* -> stage_end -> stage_free
 *		in the thread: stage_take* until 0
 * Threads	one that writes, one that takes
 * Errors	those of the thread's work; ERR_INTERNAL
 */
#ifndef SINK_STAGE_H
#define SINK_STAGE_H

#include <stddef.h>

#include "base/err.h"
#include "base/out.h"

struct stage;

/* What a thread does: takes bytes until there are no more, all of them. */
typedef int stage_work(struct stage *s, void *arg, struct err *e);

/* Start a thread that does work with arg. */
int stage_start(
    struct stage **s, stage_work *work, void *arg, struct err *e) MUST_CHECK;
/* Where its bytes are written to; borrowed. */
struct out *stage_out(struct stage *s);
/*
 * In the thread: the next bytes, borrowed until the next call; *n is 0 at
 * the end. -1 when they are given up.
 */
int stage_take(
    struct stage *s, const void **data, size_t *n, struct err *e) MUST_CHECK;
/* No more bytes: wait for the work to be done. */
int stage_end(struct stage *s, struct err *e) MUST_CHECK;
/* Give up what was not ended, and wait for the work to stop; NULL is fine. */
void stage_stop(struct stage *s);
/* Stop and free; NULL is fine. */
void stage_free(struct stage *s);

#endif
