/*
 * distinct.c - whether no key comes twice among any number of rows
 *
 * What a key is made of is inspect.c's business.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "job/distinct.h"

enum {
	PARTS = 64,		 /* files of hashes */
	PART_ENTRIES = 512,	 /* that wait in memory, of one part */
	KEYS_BUFFER = 256 * 1024 /* bytes of keys that wait in memory */
};

/* Where a key is, and of which row. */
struct entry {
	uint64_t hash;
	uint64_t offset;
	uint64_t row;
};

/* The entries whose hashes end alike. */
struct part {
	int fd;		/* -1 while all are in memory */
	uint64_t saved; /* entries in the file */
	size_t n;	/* in memory */
	struct entry waiting[PART_ENTRIES];
};

struct distinct {
	char *dir;
	int fd;		 /* of the keys; -1 while all are in memory */
	uint64_t offset; /* of the next key */
	size_t n;	 /* bytes in buffer */
	char buffer[KEYS_BUFFER];
	struct part parts[PARTS];
};

static int
open_file(const struct distinct *d, int *fd, struct err *e)
{
	char *path;

	if (*fd >= 0)
		return 0;
	path = file_join(d->dir, ".unique-XXXXXX", e);
	if (path == NULL)
		return -1;
	*fd = mkostemp(path, O_CLOEXEC);
	if (*fd < 0)
		(void)err_sys(
		    e, errno, "cannot make the temporary file '%s'", path);
	else
		(void)unlink(path);
	free(path);
	return *fd < 0 ? -1 : 0;
}

int
distinct_new(struct distinct **distinct, const char *dir, struct err *e)
{
	struct distinct *d = calloc(1, sizeof(*d));

	*distinct = NULL;
	if (d == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	d->fd = -1;
	for (size_t i = 0; i < PARTS; i++)
		d->parts[i].fd = -1;
	d->dir = strdup(dir);
	if (d->dir == NULL) {
		distinct_free(d);
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	*distinct = d;
	return 0;
}

/* Multiply and fold: quick, and good enough to spread keys. */
static uint64_t
mix(uint64_t h)
{
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	h ^= h >> 32;
	h *= UINT64_C(0xd6e8feb86659fd93);
	return h ^ (h >> 32);
}

static uint64_t
hash_of(const char *key, size_t length)
{
	uint64_t h = length + UINT64_C(0x9e3779b97f4a7c15), word;

	for (; length >= sizeof(word); length -= sizeof(word)) {
		memcpy(&word, key, sizeof(word));
		h = mix(h ^ word) + UINT64_C(0x9e3779b97f4a7c15);
		key += sizeof(word);
	}
	word = 0;
	memcpy(&word, key, length);
	return mix(h ^ word);
}

static int
save_keys(struct distinct *d, struct err *e)
{
	if (open_file(d, &d->fd, e) < 0 ||
	    file_write_all(d->fd, d->buffer, d->n, e) < 0)
		return err_in(e, "checks.unique");
	d->n = 0;
	return 0;
}

/* Length and bytes, one behind the other. */
static int
append(struct distinct *d, const void *data, size_t n, struct err *e)
{
	if (n > KEYS_BUFFER - d->n && d->n > 0 && save_keys(d, e) < 0)
		return -1;
	d->offset += n;
	if (n > KEYS_BUFFER) {
		if (open_file(d, &d->fd, e) < 0 ||
		    file_write_all(d->fd, data, n, e) < 0)
			return err_in(e, "checks.unique");
		return 0;
	}
	memcpy(d->buffer + d->n, data, n);
	d->n += n;
	return 0;
}

static int
save_part(const struct distinct *d, struct part *p, struct err *e)
{
	if (open_file(d, &p->fd, e) < 0 ||
	    file_write_all(p->fd, p->waiting, p->n * sizeof(p->waiting[0]), e) <
		0)
		return err_in(e, "checks.unique");
	p->saved += p->n;
	p->n = 0;
	return 0;
}

int
distinct_add(struct distinct *d, const void *key, size_t length, uint64_t row,
    struct err *e)
{
	struct entry entry = { hash_of(key, length), d->offset, row };
	struct part *p = &d->parts[entry.hash % PARTS];
	uint32_t size = (uint32_t)length;

	if (length > DISTINCT_KEY_MAX)
		return err_set(e, ERR_DATA,
		    "checks.unique: the value of row %llu has %zu bytes, at "
		    "most %d can be compared",
		    (unsigned long long)row, length, DISTINCT_KEY_MAX);
	if (p->n == PART_ENTRIES && save_part(d, p, e) < 0)
		return -1;
	p->waiting[p->n++] = entry;
	if (append(d, &size, sizeof(size), e) < 0)
		return -1;
	return append(d, key, length, e);
}

/* Read n bytes at an offset of the keys, in the file or still in memory. */
static int
read_keys(const struct distinct *d, uint64_t offset, void *to, size_t n,
    struct err *e)
{
	uint64_t saved = d->offset - d->n;
	char *at = to;

	while (n > 0 && offset < saved) {
		size_t most = saved - offset < n ? (size_t)(saved - offset) : n;
		ssize_t got = pread(d->fd, at, most, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_sys(e, got < 0 ? errno : EIO,
			    "checks.unique: cannot read the temporary file");
		at += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	if (n > 0)
		memcpy(at, d->buffer + (offset - saved), n);
	return 0;
}

/* 1 when the keys of two entries are the same. */
static int
is_same(const struct distinct *d, const struct entry *a, const struct entry *b,
    struct err *e)
{
	enum { CHUNK = 4096 };
	char x[CHUNK], y[CHUNK];
	uint32_t left = 0, other = 0;
	uint64_t at = sizeof(left);

	if (read_keys(d, a->offset, &left, sizeof(left), e) < 0 ||
	    read_keys(d, b->offset, &other, sizeof(other), e) < 0)
		return -1;
	if (left != other)
		return 0;
	for (; left > 0; at += other, left -= other) {
		other = left < CHUNK ? left : CHUNK;
		if (read_keys(d, a->offset + at, x, other, e) < 0 ||
		    read_keys(d, b->offset + at, y, other, e) < 0)
			return -1;
		if (memcmp(x, y, other) != 0)
			return 0;
	}
	return 1;
}

static int
by_hash(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* All entries of a part in memory; *n of them. */
static struct entry *
load_part(const struct part *p, size_t *n, struct err *e)
{
	size_t saved = (size_t)p->saved * sizeof(struct entry), done = 0;
	struct entry *all;

	*n = (size_t)p->saved + p->n;
	all = malloc((*n + 1) * sizeof(*all));
	if (all == NULL) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	while (done < saved) {
		ssize_t got = pread(
		    p->fd, (char *)all + done, saved - done, (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			(void)err_sys(e, got < 0 ? errno : EIO,
			    "checks.unique: cannot read the temporary file");
			free(all);
			return NULL;
		}
		done += (size_t)got;
	}
	if (p->n > 0)
		memcpy(all + p->saved, p->waiting, p->n * sizeof(*all));
	return all;
}

/* Among entries of one hash, which are few unless keys are alike. */
static int
find_among(const struct distinct *d, const struct entry *all, size_t n,
    uint64_t rows[2], struct err *e)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < i; k++) {
			int same = is_same(d, &all[k], &all[i], e);

			if (same != 0) {
				rows[0] = all[k].row;
				rows[1] = all[i].row;
				return same;
			}
		}
	return 0;
}

static int
find_in_part(const struct distinct *d, const struct part *p, uint64_t rows[2],
    struct err *e)
{
	size_t n, end;
	struct entry *all = load_part(p, &n, e);
	int found = all != NULL ? 0 : -1;

	if (n > 1 && all != NULL)
		qsort(all, n, sizeof(*all), by_hash);
	for (size_t i = 0; found == 0 && i < n; i = end) {
		for (end = i + 1; end < n && all[end].hash == all[i].hash;)
			end++;
		found = find_among(d, all + i, end - i, rows, e);
	}
	free(all);
	return found;
}

int
distinct_find(
    struct distinct *d, uint64_t *first, uint64_t *second, struct err *e)
{
	uint64_t rows[2] = { 0, 0 };

	for (size_t i = 0; i < PARTS; i++) {
		int found = find_in_part(d, &d->parts[i], rows, e);

		if (found != 0) {
			*first = rows[0];
			*second = rows[1];
			return found;
		}
	}
	return 0;
}

void
distinct_free(struct distinct *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < PARTS; i++)
		if (d->parts[i].fd >= 0)
			(void)close(d->parts[i].fd);
	if (d->fd >= 0)
		(void)close(d->fd);
	free(d->dir);
	free(d);
}
