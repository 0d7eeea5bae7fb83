/*
 * test_wire.c - messages from the worker to the supervisor
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/cancel.h"
#include "job/wire.h"
#include "random.h"

enum { LENGTH_MAX = 4 * 1024 * 1024 };

/* Both ends, and what is on its way. */
struct line {
	int in, out;
	struct wire wire;
};

static void
open_line(struct line *l)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	l->in = ends[1];
	l->out = ends[0];
	wire_init(&l->wire, l->out);
}

static void
close_line(struct line *l)
{
	wire_release(&l->wire);
	(void)close(l->out);
	if (l->in >= 0)
		(void)close(l->in);
}

static void
hang_up(struct line *l)
{
	assert_int_equal(close(l->in), 0);
	l->in = -1;
}

/* Send a struct, get one of its type back. */
#define ROUND_TRIP(type_, wire_type_, ...) \
	do { \
		const type_ sent = __VA_ARGS__; \
		type_ got; \
		struct line l; \
		struct wire_message m; \
		struct err e = ERR_INIT; \
		open_line(&l); \
		OK(wire_send(l.in, wire_type_, &sent, sizeof(sent), &e), &e); \
		assert_int_equal(wire_next(&l.wire, &m, &e), 0); \
		assert_int_equal(wire_read(&l.wire, &e), 1); \
		assert_int_equal(wire_next(&l.wire, &m, &e), 1); \
		assert_int_equal(m.type, wire_type_); \
		OK(wire_take(&m, &got, sizeof(got), &e), &e); \
		assert_memory_equal(&got, &sent, sizeof(sent)); \
		assert_int_equal(wire_next(&l.wire, &m, &e), 0); \
		close_line(&l); \
	} while (0)

static void
test_structs(void **state)
{
	(void)state;
	ROUND_TRIP(struct session_info, WIRE_CONNECTED,
	    { .dbms = "PostgreSQL",
		.driver = "psqlodbcw.so",
		.database = "db" });
	ROUND_TRIP(struct export_statement, WIRE_BEGAN,
	    { .index = 3, .line = 14, .source = "a.sql", .word = "SELECT" });
	ROUND_TRIP(struct export_statement, WIRE_ENDED,
	    { .index = 3, .rows = -1, .elapsed_ms = UINT64_MAX });
	ROUND_TRIP(struct wire_progress, WIRE_PROGRESS, { UINT64_MAX, 1 });
	ROUND_TRIP(struct wire_file, WIRE_FILE,
	    { .index = 1, .rows = 2, .sha256 = "abc", .changes = { 3, 4, 5 } });
	ROUND_TRIP(struct err, WIRE_ERROR,
	    { ERR_DATABASE, -7, "42S02", "no table", "Make it." });
}

/* Texts have no NUL behind them; the last message has no data at all. */
static void
test_texts(void **state)
{
	struct wire_message m;
	struct err e = ERR_INIT;
	struct line l;

	(void)state;
	open_line(&l);
	OK(wire_send(l.in, WIRE_WARNING, "ab\0c", 4, &e), &e);
	OK(wire_send(l.in, WIRE_COLUMNS, "[]", 2, &e), &e);
	OK(wire_send(l.in, WIRE_DONE, NULL, 0, &e), &e);
	hang_up(&l);
	assert_int_equal(wire_read(&l.wire, &e), 1);
	assert_int_equal(wire_next(&l.wire, &m, &e), 1);
	assert_int_equal(m.type, WIRE_WARNING);
	assert_int_equal(m.length, 4);
	assert_memory_equal(m.data, "ab\0c", 4);
	assert_int_equal(wire_next(&l.wire, &m, &e), 1);
	assert_int_equal(m.type, WIRE_COLUMNS);
	assert_memory_equal(m.data, "[]", 2);
	assert_int_equal(wire_next(&l.wire, &m, &e), 1);
	assert_int_equal(m.type, WIRE_DONE);
	assert_int_equal(m.length, 0);
	assert_int_equal(wire_next(&l.wire, &m, &e), 0);
	assert_int_equal(wire_read(&l.wire, &e), 0);
	assert_int_equal(wire_read(&l.wire, &e), 0);
	close_line(&l);
}

/* A worker that is killed while it speaks: half a message is none. */
static void
test_cut_off(void **state)
{
	char bytes[64];
	struct err e = ERR_INIT;
	struct wire_message m;
	struct line l;
	ssize_t n;

	(void)state;
	open_line(&l);
	OK(wire_send(l.in, WIRE_WARNING, "0123456789", 10, &e), &e);
	n = read(l.out, bytes, sizeof(bytes));
	assert_true(n > 10);
	for (ssize_t cut = 1; cut < n; cut++) {
		struct line half;

		open_line(&half);
		assert_int_equal(write(half.in, bytes, (size_t)cut), cut);
		hang_up(&half);
		assert_int_equal(wire_read(&half.wire, &e), 1);
		assert_int_equal(wire_next(&half.wire, &m, &e), 0);
		assert_int_equal(wire_read(&half.wire, &e), 0);
		assert_int_equal(wire_next(&half.wire, &m, &e), 0);
		close_line(&half);
	}
	/* Byte by byte it comes whole. */
	for (ssize_t i = 0; i < n; i++) {
		assert_int_equal(wire_next(&l.wire, &m, &e), 0);
		assert_int_equal(write(l.in, bytes + i, 1), 1);
		assert_int_equal(wire_read(&l.wire, &e), 1);
	}
	assert_int_equal(wire_next(&l.wire, &m, &e), 1);
	assert_memory_equal(m.data, "0123456789", 10);
	close_line(&l);
}

static void
test_broken(void **state)
{
	static const uint32_t heads[][2] = { { WIRE_WARNING, LENGTH_MAX + 1 },
		{ WIRE_WARNING, UINT32_MAX }, { 0xdeadbeef, 0xfffffff0 } };
	struct wire_progress p;
	struct wire_message m;
	struct err e = ERR_INIT;
	struct line l;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		open_line(&l);
		assert_int_equal(
		    write(l.in, heads[i], sizeof(heads[i])), sizeof(heads[i]));
		assert_int_equal(wire_read(&l.wire, &e), 1);
		FAILS(wire_next(&l.wire, &m, &e), &e, ERR_INTERNAL,
		    "message is broken");
		close_line(&l);
	}
	/* A struct of another size is of another program. */
	m = (struct wire_message){ WIRE_PROGRESS, "0123456789abcdef", 15 };
	FAILS(wire_take(&m, &p, sizeof(p), &e), &e, ERR_INTERNAL,
	    "15 bytes instead of 16");
	m.length = 17;
	FAILS(wire_take(&m, &p, sizeof(p), &e), &e, ERR_INTERNAL, "17 bytes");
}

static void
test_nobody_there(void **state)
{
	struct err e = ERR_INIT;
	struct line l;

	(void)state;
	open_line(&l);
	FAILS(wire_send(l.in, WIRE_WARNING, "x", LENGTH_MAX + 1, &e), &e,
	    ERR_INTERNAL, "too long for the supervisor");
	/* SIGPIPE is ignored in both processes. */
	cancel_set_action(SIGPIPE, SIG_IGN);
	(void)close(l.out);
	FAILS(wire_send(l.in, WIRE_DONE, NULL, 0, &e), &e, ERR_LOCAL,
	    "cannot tell the supervisor");
	assert_int_equal(e.native, EPIPE);
	(void)close(l.in);
	wire_release(&l.wire);
	wire_init(&l.wire, -1);
	FAILS(wire_read(&l.wire, &e), &e, ERR_LOCAL, "from the worker");
	wire_release(&l.wire);
}

/* Messages of any size, read in any pieces, come in order and whole. */
static void
test_random_messages(void **state)
{
	enum { N = 60000 };
	static char data[N];
	struct err e = ERR_INIT;
	struct line l;
	unsigned sent = 0, seen = 0;
	size_t lengths[64], offsets[64];

	(void)state;
	random_seed();
	for (size_t i = 0; i < N; i++)
		data[i] = (char)random_below(256);
	open_line(&l);
	for (unsigned round = 0; round < 2000; round++) {
		size_t length = random_below(random_below(8) ? 300 : 9000);
		struct wire_message m;

		if (sent - seen < 5) {
			lengths[sent % 64] = length;
			offsets[sent % 64] = random_below(N - length);
			OK(wire_send(l.in, (enum wire_type)(1 + sent % 9),
			       data + offsets[sent % 64], length, &e),
			    &e);
			sent++;
			continue;
		}
		assert_int_equal(wire_read(&l.wire, &e), 1);
		while (random_below(4) > 0 && wire_next(&l.wire, &m, &e) > 0) {
			assert_true(seen < sent);
			assert_int_equal(m.type, 1 + seen % 9);
			assert_int_equal(m.length, lengths[seen % 64]);
			assert_memory_equal(
			    m.data, data + offsets[seen % 64], m.length);
			seen++;
		}
		/* What is left in the buffer needs no read. */
		while (sent - seen >= 5 && wire_next(&l.wire, &m, &e) > 0)
			seen++;
	}
	assert_true(seen > 500);
	close_line(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_structs),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_random_messages),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
