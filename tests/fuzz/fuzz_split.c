/*
 * fuzz_split.c - any script through the properties of sql_property.h
 *
 * configure --enable-fuzzing CC=clang; make fuzzers; python3 -B
 * tests/fuzz/seeds.py DIR; tests/fuzz/fuzz_split DIR. What it finds becomes
 * a case in tests/cases.
 */
#include "sql_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	sql_property_split(data, size);
	return 0;
}
