/*
 * stage.c - hand bytes to a thread, chunk by chunk
 *
 * A ring of chunks under one mutex. The thread that writes copies into the
 * current chunk and hands it over when it is full, so that a lock is taken
 * once in 64 KiB. What the work is: compress.c, encrypt.c.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"

/* A thread's stack counts against limits.memory. */
enum { STAGE_CHUNK = 64 * 1024, STAGE_CHUNKS = 4, STAGE_STACK = 512 * 1024 };

/* Bytes on their way. */
struct chunk {
	size_t length;
	char data[STAGE_CHUNK];
};

struct stage {
	struct out out; /* first: the place to write to */
	stage_work *work;
	void *arg;
	pthread_t thread;
	bool is_running; /* to be joined */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* Under the mutex. */
	struct chunk *chunks; /* STAGE_CHUNKS of them */
	size_t put, taken;    /* chunks handed over, chunks done with */
	bool has_end;	      /* no more are put */
	bool gives_up;	      /* nor are they wanted */
	bool is_over;	      /* the work has ended */
	struct err error;     /* why it ended early */
	/* Of one thread each. */
	bool holds;    /* the taker still reads chunk taken */
	size_t filled; /* bytes of the chunk being filled */
};

static int
give_up(struct err *e)
{
	return err_set(e, ERR_INTERNAL, "given up");
}

/* Wait for a chunk to fill; -1 when the work has ended. */
static int
wait_for_room(struct stage *s, struct err *e)
{
	int rc = 0;

	(void)pthread_mutex_lock(&s->mutex);
	while (s->put - s->taken == STAGE_CHUNKS && !s->is_over)
		(void)pthread_cond_wait(&s->changed, &s->mutex);
	if (s->is_over) {
		*e = s->error;
		rc = s->error.class != ERR_NONE ?
		    -1 :
		    err_set(e, ERR_INTERNAL, "bytes behind the end");
	}
	(void)pthread_mutex_unlock(&s->mutex);
	return rc;
}

static void
hand_over(struct stage *s)
{
	(void)pthread_mutex_lock(&s->mutex);
	s->chunks[s->put % STAGE_CHUNKS].length = s->filled;
	s->put++;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->mutex);
	s->filled = 0;
}

static int
stage_write(struct out *o, const void *data, size_t n, struct err *e)
{
	struct stage *s = (struct stage *)(void *)o;
	const char *from = data;

	while (n > 0) {
		size_t part = STAGE_CHUNK - s->filled;

		if (s->filled == 0 && wait_for_room(s, e) < 0)
			return -1;
		if (part > n)
			part = n;
		memcpy(s->chunks[s->put % STAGE_CHUNKS].data + s->filled, from,
		    part);
		s->filled += part;
		from += part;
		n -= part;
		if (s->filled == STAGE_CHUNK)
			hand_over(s);
	}
	return 0;
}

int
stage_take(struct stage *s, const void **data, size_t *n, struct err *e)
{
	int rc = 0;

	*n = 0;
	(void)pthread_mutex_lock(&s->mutex);
	if (s->holds) {
		s->taken++;
		(void)pthread_cond_broadcast(&s->changed);
	}
	while (s->put == s->taken && !s->has_end && !s->gives_up)
		(void)pthread_cond_wait(&s->changed, &s->mutex);
	s->holds = s->put != s->taken;
	if (s->gives_up)
		rc = give_up(e);
	else if (s->holds) {
		*data = s->chunks[s->taken % STAGE_CHUNKS].data;
		*n = s->chunks[s->taken % STAGE_CHUNKS].length;
	}
	(void)pthread_mutex_unlock(&s->mutex);
	return rc;
}

static void *
run(void *arg)
{
	struct stage *s = arg;
	struct err e = ERR_INIT;
	int rc = s->work(s, s->arg, &e);

	(void)pthread_mutex_lock(&s->mutex);
	s->is_over = true;
	if (rc < 0)
		s->error = e;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->mutex);
	return NULL;
}

static int
start_thread(struct stage *s, struct err *e)
{
	pthread_attr_t attr;
	int rc = pthread_attr_init(&attr);

	if (rc == 0) {
		(void)pthread_attr_setstacksize(&attr, STAGE_STACK);
		rc = pthread_create(&s->thread, &attr, run, s);
		(void)pthread_attr_destroy(&attr);
	}
	if (rc != 0)
		return err_set(
		    e, ERR_LOCAL, "cannot start a thread: %s", strerror(rc));
	s->is_running = true;
	return 0;
}

int
stage_start(struct stage **stage, stage_work *work, void *arg, struct err *e)
{
	struct stage *s = calloc(1, sizeof(*s));

	*stage = NULL;
	if (s == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	s->out.write = stage_write;
	s->work = work;
	s->arg = arg;
	(void)pthread_mutex_init(&s->mutex, NULL);
	(void)pthread_cond_init(&s->changed, NULL);
	s->chunks = calloc(STAGE_CHUNKS, sizeof(*s->chunks));
	if (s->chunks == NULL)
		(void)err_set(e, ERR_INTERNAL, "out of memory");
	if (s->chunks == NULL || start_thread(s, e) < 0) {
		stage_free(s);
		return -1;
	}
	*stage = s;
	return 0;
}

struct out *
stage_out(struct stage *s)
{
	return &s->out;
}

static void
join(struct stage *s)
{
	if (s->is_running)
		(void)pthread_join(s->thread, NULL);
	s->is_running = false;
}

int
stage_end(struct stage *s, struct err *e)
{
	if (s->filled > 0)
		hand_over(s);
	(void)pthread_mutex_lock(&s->mutex);
	s->has_end = true;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->mutex);
	join(s);
	if (s->error.class == ERR_NONE)
		return 0;
	*e = s->error;
	return -1;
}

void
stage_stop(struct stage *s)
{
	if (s == NULL)
		return;
	(void)pthread_mutex_lock(&s->mutex);
	s->gives_up = true;
	(void)pthread_cond_broadcast(&s->changed);
	(void)pthread_mutex_unlock(&s->mutex);
	join(s);
}

void
stage_free(struct stage *s)
{
	if (s == NULL)
		return;
	stage_stop(s);
	(void)pthread_cond_destroy(&s->changed);
	(void)pthread_mutex_destroy(&s->mutex);
	free(s->chunks);
	free(s);
}
