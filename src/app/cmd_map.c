/* sixward map and sixward unmap: addresses into prefixes and out again, nothing asked of anyone. */

#define _GNU_SOURCE

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "sixward/app/command.h"

/* The prefixes of the command line, or else the policy of the config. */
struct mapping {
	struct config *config;
	struct policy *policy;
	int first; /* argument */
};

static const struct option options[] = { { "config", required_argument, NULL, 'c' },
	{ "prefix", required_argument, NULL, 'p' }, { 0 } };

/* False after a complaint. */
static bool add_prefix(const char *name, const char *text, struct policy_options *given)
{
	enum prefix_fault fault;
	struct network network;

	if (given->prefix_count >= POLICY_PREFIXES_MAX) {
		(void)command_usage(name, "more than %d prefixes", POLICY_PREFIXES_MAX);
		return false;
	}
	if (network_parse(text, &network) != NETWORK_OK) {
		(void)command_usage(name, "\"%s\" is no prefix", text);
		return false;
	}
	fault = prefix_make(&network, NULL, &given->prefixes[given->prefix_count].prefix);
	if (fault != PREFIX_OK) {
		(void)command_usage(name, "\"%s\": %s", text, prefix_fault_text(fault));
		return false;
	}
	given->prefix_count++;
	return true;
}

static bool start(int argc, char **argv, struct mapping *mapping)
{
	struct policy_options given = { .enabled = true };
	const char *path = NULL;
	int option;

	while ((option = getopt_long(argc, argv, ":c:p:", options, NULL)) != -1) {
		if (option == 'c') {
			path = optarg;
		} else if (option == 'p') {
			if (!add_prefix(argv[0], optarg, &given))
				return false;
		} else {
			(void)command_bad_option(argv[0], option, argv);
			return false;
		}
	}
	mapping->first = optind;
	if (optind == argc) {
		(void)command_usage(argv[0], "wants an address");
		return false;
	}
	if (given.prefix_count) {
		mapping->policy = policy_new(&given);
		return true;
	}
	mapping->config = command_config(path);
	if (!mapping->config)
		return false;
	mapping->policy = policy_ref(mapping->config->views.fallback);
	return true;
}

static void end(struct mapping *mapping)
{
	policy_unref(mapping->policy);
	config_unref(mapping->config);
}

static int map_one(const struct policy *policy, const char *text)
{
	const struct prefix *prefixes[POLICY_PREFIXES_MAX];
	char mapped[ADDR_TEXT_MAX];
	const char *why = "DNS64 is off";
	struct addr addr;
	size_t count;

	if (!addr_parse(text, &addr) || addr.family != ADDR_IPV4)
		return command_usage("map", "\"%s\" is no IPv4 address", text);
	count = policy_prefixes_for(policy, addr.octets, prefixes, &why);
	for (size_t i = 0; i < count; i++) {
		uint8_t octets[16];
		struct addr out;

		prefix_embed(prefixes[i], addr.octets, octets);
		out = addr_from_ipv6(octets);
		(void)printf("%s\n", addr_format(&out, mapped));
	}
	if (count)
		return EXIT_YES;
	(void)fprintf(stderr, "sixward map: %s is not mapped: %s\n", text, why);
	return EXIT_NO;
}

static int unmap_one(const struct policy *policy, const char *text)
{
	char out[ADDR_TEXT_MAX];
	uint8_t ipv4[4];
	struct addr addr;

	if (!addr_parse(text, &addr) || addr.family != ADDR_IPV6)
		return command_usage("unmap", "\"%s\" is no IPv6 address", text);
	if (!policy_extract(policy, addr.octets, ipv4, NULL)) {
		(void)fprintf(stderr, "sixward unmap: %s lies in no prefix\n", text);
		return EXIT_NO;
	}
	addr = addr_from_ipv4(ipv4);
	(void)printf("%s\n", addr_format(&addr, out));
	return EXIT_YES;
}

typedef int one_address(const struct policy *policy, const char *text);

/* Every address is tried; the gravest status stands. */
static int each(int argc, char **argv, one_address *one)
{
	struct mapping mapping = { 0 };
	int status = EXIT_YES;

	if (!start(argc, argv, &mapping))
		return EXIT_USAGE;
	for (int i = mapping.first; i < argc; i++) {
		int result = one(mapping.policy, argv[i]);

		status = result > status ? result : status;
	}
	end(&mapping);
	return status;
}

int cmd_map(int argc, char **argv)
{
	return each(argc, argv, map_one);
}

int cmd_unmap(int argc, char **argv)
{
	return each(argc, argv, unmap_one);
}
