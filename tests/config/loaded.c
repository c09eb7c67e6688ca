/* Configurations from texts. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loaded.h"
#include "sixward/config/load.h"
#include "sixward/config/show.h"
#include "sixward/watch/http.h"

bool loaded_has_http = true;

/* In the place of watch/http: whether the library was there is for the test to say. */
bool http_is_built(void)
{
	return loaded_has_http;
}

struct config *loaded(const char *text, size_t size, char **complaints)
{
	struct faults faults = { 0 };
	char *lines = NULL;
	size_t lines_size = 0;
	FILE *out = open_memstream(&lines, &lines_size);
	/* A copy of its own size, so that a read past its end is seen. */
	char *copy = malloc(size ? size : 1);
	struct config *config;

	assert_true(out && copy);
	memcpy(copy, text, size);
	config = load_text(copy, size, &faults);
	free(copy);
	faults_print(&faults, "f", out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(!config, faults.errors > 0);
	faults_clear(&faults);
	if (complaints)
		*complaints = lines;
	else
		free(lines);
	return config;
}

struct config *loaded_well(const char *text)
{
	char *complaints;
	struct config *config = loaded(text, strlen(text), &complaints);

	assert_string_equal(complaints, "");
	assert_non_null(config);
	free(complaints);
	return config;
}

void loaded_complains(const char *text, const char *complaints)
{
	char *found;
	struct config *config = loaded(text, strlen(text), &found);

	assert_string_equal(found, complaints);
	free(found);
	config_unref(config);
}

void loaded_complains_of(const char *text, const char *line)
{
	char *found;
	struct config *config = loaded(text, strlen(text), &found);

	if (!strstr(found, line))
		fail_msg("\"%s\": no \"%s\" in \"%s\"", text, line, found);
	free(found);
	config_unref(config);
}

char *loaded_show(const struct config *config)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	show_config(config, out);
	assert_int_equal(fclose(out), 0);
	return text;
}
