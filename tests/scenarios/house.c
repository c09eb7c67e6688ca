/* The server under test: the daemon's own, with one worker on the loop of the scenario. */

#include "house.h"

#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "sixward/app/server.h"
#include "sixward/base/mem.h"
#include "sixward/config/load.h"

struct house {
	struct loop *loop;
	struct server *server;
};

static bool has_key(const char *yaml, const char *key)
{
	size_t size = strlen(key);

	for (const char *line = yaml; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, size) == 0 && line[size] == ':')
			return true;
	}
	return false;
}

static struct config *load(const char *yaml, unsigned upstreams, FILE *out)
{
	static const struct {
		const char *key;
		const char *text;
	} rows[] = {
		{ "listen", "listen: [\"[" HOUSE_IPV6 "]:53\", \"" HOUSE_IPV4 ":53\"]\n" },
		{ "allow", "allow: [any]\n" },
		{ "upstream-order", "upstream-order: listed\n" },
		{ "dns64", "dns64: {prefixes: [\"2001:db8:64::/96\"]}\n" },
		{ "workers", "workers: 1\n" },
		{ "log", "log: {level: error}\n" },
	};
	struct faults faults = { 0 };
	struct config *config;
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	(void)fputs(yaml, memory);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!has_key(yaml, rows[i].key))
			(void)fputs(rows[i].text, memory);
	}
	if (!has_key(yaml, "upstreams")) {
		(void)fprintf(memory, "upstreams:\n");
		for (unsigned i = 1; i <= upstreams; i++)
			(void)fprintf(memory, "  - 198.51.100.%u\n", i);
	}
	(void)fclose(memory);
	config = load_text(text, size, &faults);
	if (!config)
		faults_print(&faults, "  config", out);
	faults_clear(&faults);
	free(text);
	return config;
}

struct house *house_new(struct loop *loop, const char *yaml, unsigned upstreams, FILE *out)
{
	struct config *config = load(yaml, upstreams, out);
	struct house *house;

	if (!config)
		return NULL;
	log_set(config->log_level, config->log_format);
	house = mem_new(sizeof(*house));
	house->loop = loop;
	house->server = server_new(loop, config, NULL);
	config_unref(config);
	if (!server_open(house->server)) {
		(void)fprintf(out, "  cannot listen\n");
		house_free(house);
		return NULL;
	}
	server_start(house->server);
	return house;
}

bool house_reload(struct house *house, const char *yaml, unsigned upstreams, FILE *out)
{
	struct config *config = load(yaml, upstreams, out);

	if (!config)
		return false;
	server_reload(house->server, config);
	config_unref(config);
	(void)sim_run_for(sim_of(house->loop), 0);
	return true;
}

void house_free(struct house *house)
{
	if (!house)
		return;
	server_free(house->server);
	free(house);
}
