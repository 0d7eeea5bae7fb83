/*
 * fuzz_params.c - any script through the properties of sql_property.h
 *
 * configure --enable-fuzzing CC=clang; make fuzzers; python3 -B
 * tests/fuzz/seeds.py DIR; tests/fuzz/fuzz_params DIR. What it finds becomes
 * a case in tests/cases.
 */
#include "sql_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	sql_property_params(data, size);
	return 0;
}
