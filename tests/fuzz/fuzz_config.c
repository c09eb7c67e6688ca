/* Any text gives either a config or at least one fault with words; a config that is shown loads
 * again, and shows the same. */

#include "fuzz.h"

#include <string.h>

#include "sixward/config/load.h"
#include "sixward/config/show.h"

static char *show(const struct config *config, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	HOLDS(out);
	show_config(config, out);
	(void)fclose(out);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct faults faults = { 0 };
	struct config *config = load_text((const char *)data, size, &faults);
	struct config *again;
	size_t shown_size, again_size;
	char *shown, *shown_again;

	HOLDS(!config == (faults.errors > 0));
	for (size_t i = 0; i < faults.count; i++)
		HOLDS(faults.items[i].text[0] != '\0');
	faults_clear(&faults);
	if (!config)
		return 0;
	shown = show(config, &shown_size);
	again = load_text(shown, shown_size, &faults);
	if (!again)
		faults_print(&faults, "shown", stderr);
	HOLDS(again);
	shown_again = show(again, &again_size);
	HOLDS(shown_size == again_size && memcmp(shown, shown_again, shown_size) == 0);
	free(shown);
	free(shown_again);
	faults_clear(&faults);
	config_unref(config);
	config_unref(again);
	return 0;
}
