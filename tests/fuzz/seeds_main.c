/* Runs a fuzz target over every file of its folder of seeds, and over all their beginnings, as an
 * ordinary test: a property that does not hold aborts. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <string.h>

#include "fuzz.h"

enum { SEED_MAX = 1 << 20, BEGINNINGS_MAX = 512 };

static size_t read_seed(const char *folder, const char *name, uint8_t *out)
{
	char path[1024];
	FILE *file;
	size_t size;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	size = fread(out, 1, SEED_MAX, file);
	(void)fclose(file);
	return size;
}

/* A copy of just that size, so that a read past its end is seen. */
static void run(const uint8_t *octets, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, octets, size);
	assert_int_equal(LLVMFuzzerTestOneInput(copy, size), 0);
	free(copy);
}

static void holds_for_every_seed_and_its_beginnings(void **state)
{
	const char *folder = *state;
	uint8_t *octets = malloc(SEED_MAX);
	DIR *seeds = opendir(folder);
	const struct dirent *entry;
	unsigned count = 0;

	assert_non_null(octets);
	assert_non_null(seeds);
	while ((entry = readdir(seeds)) != NULL) {
		size_t size;

		if (entry->d_name[0] == '.')
			continue;
		size = read_seed(folder, entry->d_name, octets);
		run(octets, size);
		for (size_t end = 0; end < size && end < BEGINNINGS_MAX; end++)
			run(octets, end);
		count++;
	}
	(void)closedir(seeds);
	free(octets);
	assert_true(count > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(
			holds_for_every_seed_and_its_beginnings, argc > 1 ? argv[1] : NULL),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
