/*
 * unit.h - what all unit tests include, in the order that cmocka needs
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"

/* The call succeeds; else its error is shown. */
#define OK(call, e) \
	do { \
		if ((call) < 0) \
			fail_msg("%s: %s", #call, (e)->text); \
	} while (0)

/* The call fails with a class and a part of the text. */
#define FAILS(call, e, wanted, part) \
	do { \
		*(e) = (struct err)ERR_INIT; \
		if ((call) >= 0) \
			fail_msg("%s: succeeds", #call); \
		assert_int_equal((e)->class, (wanted)); \
		if (strstr((e)->text, (part)) == NULL) \
			fail_msg("%s: says '%s'", #call, (e)->text); \
	} while (0)

/* A temporary directory of its own. */
static inline void
make_directory(char path[64])
{
	(void)snprintf(path, 64, "/tmp/odbcship-test-XXXXXX");
	assert_non_null(mkdtemp(path));
}

/* Write a file with a mode. */
static inline void
write_file(const char *path, const void *data, size_t n, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* How many names are in a directory. */
static inline unsigned
count_entries(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	if (d == NULL)
		fail_msg("cannot open %s", path);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 2;
}

/* The content of a file as a text of its own. */
static inline char *
read_text(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(path, "r");

	assert_non_null(text);
	if (f == NULL)
		fail_msg("cannot open %s", path);
	assert_int_equal(fread(text, 1, 65536, f) < 65536, 1);
	assert_int_equal(fclose(f), 0);
	return text;
}

#endif
