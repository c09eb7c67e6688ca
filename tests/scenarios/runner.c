/* Text files of scenarios to tests: each scenario is one, named by its first line. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "pages.h"
#include "play.h"
#include "sixward/base/mem.h"

static void holds(void **state)
{
	assert_true(play(*state));
}

/* runner FILE... [-n WORDS]: only those whose name holds the words. */
int main(int argc, char **argv)
{
	struct page *pages = mem_new_array((size_t)argc, sizeof(*pages));
	struct CMUnitTest *tests = NULL;
	const char *words = "";
	size_t count = 0;
	int page_count = 0;
	int failed;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-n") == 0 && i + 1 < argc)
			words = argv[++i];
		else
			page_read(&pages[page_count++], argv[i]);
	}
	for (int i = 0; i < page_count; i++) {
		for (size_t k = 0; k < pages[i].count; k++) {
			struct page_scenario *scenario = &pages[i].scenarios[k];

			if (!scenario->name || !strstr(scenario->name, words))
				continue;
			tests = mem_resize_array(tests, count + 1, sizeof(*tests));
			tests[count++] = (struct CMUnitTest){ .name = scenario->name,
				.test_func = holds,
				.initial_state = scenario };
		}
	}
	failed = _cmocka_run_group_tests("scenarios", tests, count, NULL, NULL);
	for (int i = 0; i < page_count; i++)
		page_clear(&pages[i]);
	free(pages);
	free(tests);
	return failed || count == 0;
}
