/*
 * test_doctor.c - what the doctor makes of what cannot be had in a test
 *
 * What it finds on a real machine is tested in tests/cli/test_doctor.py.
 */
#include "unit.h"

#include "job/doctor_host.h"

/* The last finding. */
static struct doctor_finding seen;

static void
keep(void *arg, const struct doctor_finding *finding)
{
	(void)arg;
	seen = *finding;
}

/* apparmor(7): the label of a process and the mode of its profile. */
static void
test_apparmor(void **state)
{
	const struct {
		const char *context;
		enum doctor_verdict verdict;
	} cases[] = {
		{ "unconfined", DOCTOR_OK },
		{ "/usr/bin/odbcship (complain)", DOCTOR_OK },
		{ "/usr/bin/odbcship (enforce)", DOCTOR_UNKNOWN },
		{ "docker-default (enforce)", DOCTOR_UNKNOWN },
		{ "unconfined_service (kill)", DOCTOR_UNKNOWN },
	};
	struct doctor d = { .put = keep, .item = "security" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		doctor_confinement(&d, cases[i].context);
		assert_int_equal(seen.verdict, cases[i].verdict);
		assert_string_equal(seen.subject, "AppArmor");
		if (cases[i].verdict == DOCTOR_OK)
			continue;
		assert_non_null(strstr(seen.about.text, cases[i].context));
		assert_true(seen.about.hint[0] != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apparmor),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
