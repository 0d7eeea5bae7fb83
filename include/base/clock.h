/*
 * clock.h - monotonic time for limits, wall time for records
 *
 * Units	milliseconds; wall time since 1970-01-01T00:00:00Z
 * Source	POSIX clock_gettime(2); Linux CLOCK_MONOTONIC_COARSE
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Size of a buffer that holds any text of clock_put_utc. */
enum { CLOCK_TEXT = 32 };

/* Milliseconds that never go back; only differences mean something. */
uint64_t clock_monotonic_ms(void);
/*
 * The same up to 10 ms late, for a tenth of the cost: to be asked for each row.
 * Not to be mixed with the one above.
 */
uint64_t clock_coarse_ms(void);
/* Milliseconds since the epoch, UTC. */
int64_t clock_wall_ms(void);
/* Write wall time as "2026-11-24T13:20:59Z" (seconds, UTC). */
void clock_put_utc(char text[CLOCK_TEXT], int64_t wall_ms);
/* Sleep, ended early by a signal. */
void clock_sleep_ms(uint64_t ms);

#endif
