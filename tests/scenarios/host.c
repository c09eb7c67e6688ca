/* The server under test, built as the daemon builds its first worker. */

#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/app/worker.h"
#include "sixward/base/mem.h"
#include "sixward/config/load.h"

struct host {
	struct loop *loop;
	struct worker_common common;
	struct worker *worker;
	struct cookies *old_cookies;
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
		{ "listen", "listen: [\"[" HOST_IPV6 "]:53\", \"" HOST_IPV4 ":53\"]\n" },
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

static struct cookies *make_cookies(const struct host *host, const struct config *config)
{
	if (!config->cookies.enabled)
		return NULL;
	return cookies_new(&config->cookies, loop_wall_s(host->loop));
}

struct host *host_new(struct loop *loop, const char *yaml, unsigned upstreams, FILE *out)
{
	struct config *config = load(yaml, upstreams, out);
	struct endpoint failed;
	struct host *host;
	int error = 0;

	if (!config)
		return NULL;
	log_set(config->log_level, config->log_format);
	host = mem_new(sizeof(*host));
	host->loop = loop;
	host->common = (struct worker_common){ .cache = cache_new(&config->cache),
		.shares = shares_new(config->tcp_connections_max, config->tcp_per_client_max),
		.cookies = make_cookies(host, config),
		.is_alone = true,
		.is_first = true };
	host->worker = worker_new(loop, config, &host->common, NULL, NULL);
	config_unref(config);
	if (!worker_listen(host->worker, &failed, &error)) {
		(void)fprintf(out, "  cannot listen\n");
		host_free(host);
		return NULL;
	}
	return host;
}

bool host_reload(struct host *host, const char *yaml, unsigned upstreams, FILE *out)
{
	struct config *config = load(yaml, upstreams, out);
	struct endpoint failed;
	int error = 0;

	if (!config)
		return false;
	cookies_free(host->old_cookies);
	host->old_cookies = host->common.cookies;
	host->common.cookies = make_cookies(host, config);
	cache_set_options(host->common.cache, &config->cache);
	shares_set_limits(
		host->common.shares, config->tcp_connections_max, config->tcp_per_client_max);
	worker_apply(host->worker, config, host->common.cookies);
	config_unref(config);
	return worker_listen(host->worker, &failed, &error);
}

void host_free(struct host *host)
{
	if (!host)
		return;
	worker_free(host->worker);
	cookies_free(host->common.cookies);
	cookies_free(host->old_cookies);
	shares_free(host->common.shares);
	cache_free(host->common.cache);
	free(host);
}
