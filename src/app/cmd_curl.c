/* sixward curl: the addresses at which a host can be reached just now, as arguments for curl. How a
 * name is resolved is the affair of app/ask, and of a connection that of app/reach. */

#define _GNU_SOURCE

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/app/ask.h"
#include "sixward/app/command.h"
#include "sixward/app/reach.h"
#include "sixward/base/text.h"
#include "sixward/dns/message.h"
#include "sixward/net/socket.h"

enum { HTTPS_PORT = 443, HOST_MAX = 1024 };

struct target {
	char host[HOST_MAX]; /* as typed */
	uint16_t port;
	struct name name;
};

/* What is known of a host. */
struct finding {
	const struct config *config;
	const struct target *target;
	struct reach tries[REACH_MAX]; /* what was answered, then what else may work */
	size_t count;
	size_t answered;
	struct policy *offer; /* all prefixes of the policy; NULL = no policy was looked at */
	uint16_t rcode;
	enum outcome outcome;
	bool has_dns64; /* AAAA are made for the name */
	bool has_a;
	bool is_cut_off;          /* no gateway answers checks */
	const char *why_unmapped; /* static text, of an A that no prefix carries; NULL = none */
};

static void add_try(struct finding *finding, const uint8_t address[16])
{
	struct endpoint peer = { addr_from_ipv6(address), finding->target->port };

	for (size_t i = 0; i < finding->count; i++) {
		if (endpoint_equal(&finding->tries[i].peer, &peer))
			return;
	}
	if (finding->count < REACH_MAX)
		finding->tries[finding->count++] = (struct reach){ .peer = peer };
}

static void add_answered(struct finding *finding, const struct reply *reply)
{
	for (size_t i = 0; reply && i < reply_count(reply); i++) {
		struct record record = reply_record(reply, i);

		if (record.section == SECTION_ANSWER && record.type == TYPE_AAAA)
			add_try(finding, record.rdata);
	}
}

static void add_mapped(struct finding *finding, const uint8_t ipv4[4])
{
	const struct prefix *prefixes[POLICY_PREFIXES_MAX];
	const char *why;
	size_t count = policy_prefixes_for(finding->offer, ipv4, prefixes, &why);

	if (count == 0)
		finding->why_unmapped = why;
	for (size_t i = 0; i < count; i++) {
		uint8_t address[16];

		prefix_embed(prefixes[i], ipv4, address);
		add_try(finding, address);
	}
}

static void add_all_mapped(struct finding *finding, const struct reply *a)
{
	for (size_t i = 0; a && i < reply_count(a); i++) {
		struct record record = reply_record(a, i);

		if (record.section != SECTION_ANSWER || record.type != TYPE_A)
			continue;
		finding->has_a = true;
		add_mapped(finding, record.rdata);
	}
}

/* Every prefix that the policy knows and has not drained, dead ones too, and not narrowed by `use`:
 * whether they work is about to be seen. */
static struct policy *offer_all(const struct policy *policy)
{
	const struct policy_options *options = policy_options(policy);
	struct policy_options all = { .enabled = options->enabled };
	const struct known_prefix *known;
	size_t count = policy_known(policy, &known);

	all.exclude_ipv4 = netset_copy(&options->exclude_ipv4);
	for (size_t i = 0; i < count; i++) {
		struct policy_prefix *offered = &all.prefixes[all.prefix_count];

		if (known[i].drain)
			continue;
		offered->prefix = known[i].prefix;
		offered->ipv4 = netset_copy(known[i].ipv4);
		all.prefix_count++;
	}
	return policy_new(&all);
}

/* As resolve/query has it. */
static bool has_dns64(
	const struct config *config, const struct policy_options *options, const struct name *name)
{
	size_t zone;

	if (!options->enabled || nameset_covers(&options->exclude_names, name->octets))
		return false;
	return !nameset_find(&config->zone_names, name->octets, &zone) || config->zones[zone].dns64;
}

static bool is_cut_off(const struct policy *policy)
{
	const struct known_prefix *known;
	size_t count = policy_known(policy, &known);
	size_t dead = 0;

	for (size_t i = 0; i < count; i++) {
		if (!known[i].drain && !known[i].is_dead)
			return false;
		dead += known[i].is_dead;
	}
	return dead > 0;
}

/* What was answered as AAAA; and where that is no native ones, what else can be made of the A. */
static void on_aaaa(void *owner, const struct query_observation *seen)
{
	struct finding *finding = owner;

	finding->rcode = seen->rcode;
	finding->outcome = seen->outcome;
	add_answered(finding, seen->reply);
	finding->answered = finding->count;
	if (!seen->policy)
		return;
	finding->offer = offer_all(seen->policy);
	finding->is_cut_off = is_cut_off(seen->policy);
	finding->has_dns64 =
		has_dns64(finding->config, policy_options(seen->policy), &finding->target->name);
	if (finding->count == 0 || seen->outcome == OUTCOME_SYNTHESIZED)
		add_all_mapped(finding, seen->a);
}

static void on_a(void *owner, const struct query_observation *seen)
{
	add_all_mapped(owner, seen->a);
}

/* Tries those from `first` on. Returns how many connected; they come first of all then. */
static size_t try_from(struct finding *finding, size_t first)
{
	struct loop *loop = loop_new();

	reach_try(loop, finding->tries + first, finding->count - first, REACH_TIMEOUT_MS);
	loop_free(loop);
	return reach_sort(finding->tries, finding->count);
}

/* A host whose native AAAA do not work may still be reached by its A. */
static size_t find_reachable(struct asker *asker, struct finding *finding)
{
	size_t tried = finding->count;
	size_t found = try_from(finding, 0);

	if (found || tried == 0 || finding->has_a || !finding->has_dns64)
		return found;
	asker_ask(asker, finding->target->name.octets, TYPE_A, on_a, finding);
	return finding->count > tried ? try_from(finding, tried) : 0;
}

static void print_arguments(const struct finding *finding, size_t count)
{
	char text[ADDR_TEXT_MAX];

	(void)printf("--resolve %s:%u:", finding->target->host, finding->target->port);
	for (size_t i = 0; i < count; i++)
		(void)printf("%s[%s]", i > 0 ? "," : "",
			addr_format(&finding->tries[i].peer.addr, text));
	(void)printf("\n");
}

enum trouble {
	NO_NAME,
	NO_ANSWER,
	NO_ADDRESS,
	UNMAPPED,
	REFUSED,
	NO_ROUTE,
	NO_GATEWAY,
	NO_WAY,
	SILENT
};

static const struct {
	const char *what;
	const char *next;
} troubles[] = {
	[NO_NAME] = { "there is no such name", "sixward lookup, to see what was answered" },
	[NO_ANSWER] = { "no resolver says what its addresses are", "sixward doctor" },
	[NO_ADDRESS] = { "it has no address", "sixward lookup, to see what was answered" },
	[UNMAPPED] = { "it has IPv4 addresses alone, and they are not mapped", "sixward doctor" },
	[REFUSED] = { "the way there is open, but the port is refused",
		"another port: sixward curl HOST:PORT" },
	[NO_ROUTE] = { "there is no IPv6 route to it", "sixward doctor" },
	[NO_GATEWAY] = { "no NAT64 gateway answers", "sixward doctor" },
	[NO_WAY] = { "nothing answers through any prefix: the NAT64 gateway is down, or the host "
		     "is",
		"sixward doctor" },
	[SILENT] = { "none of its addresses answers", "sixward doctor" },
};

static bool is_mapped(const struct finding *finding, const struct reach *reach, uint8_t ipv4[4],
	const struct prefix **prefix)
{
	*prefix = NULL;
	return finding->offer &&
	       policy_extract(finding->offer, reach->peer.addr.octets, ipv4, prefix) && *prefix;
}

static enum trouble trouble_without_address(const struct finding *finding)
{
	if (finding->rcode == RCODE_NXDOMAIN)
		return NO_NAME;
	if (finding->rcode != RCODE_NOERROR)
		return NO_ANSWER;
	return finding->why_unmapped ? UNMAPPED : NO_ADDRESS;
}

/* None has connected. What speaks for most of the way comes first. */
static enum trouble trouble_of(const struct finding *finding)
{
	size_t routeless = 0;
	bool has_mapped = false;

	if (finding->count == 0)
		return trouble_without_address(finding);
	for (size_t i = 0; i < finding->count; i++) {
		const struct reach *reach = &finding->tries[i];
		const struct prefix *prefix;
		uint8_t ipv4[4];

		if (reach->result == REACH_REFUSED)
			return REFUSED;
		if (reach->result == REACH_NO_ROUTE)
			routeless++;
		else if (is_mapped(finding, reach, ipv4, &prefix))
			has_mapped = true;
	}
	if (routeless == finding->count)
		return NO_ROUTE;
	if (!has_mapped)
		return SILENT;
	return finding->is_cut_off ? NO_GATEWAY : NO_WAY;
}

/* "  2001:db8:64::c000:201 (192.0.2.1 with 2001:db8:64::/96): no answer in 2000 ms" */
static void explain_try(const struct finding *finding, const struct reach *reach)
{
	const struct prefix *prefix;
	char text[ADDR_TEXT_MAX];
	char prefix_text[NETWORK_TEXT_MAX];
	uint8_t ipv4[4];

	(void)fprintf(stderr, "  %s (", addr_format(&reach->peer.addr, text));
	if (is_mapped(finding, reach, ipv4, &prefix)) {
		struct addr addr = addr_from_ipv4(ipv4);

		(void)fprintf(stderr, "%s with %s", addr_format(&addr, text),
			network_format(&prefix->network, prefix_text));
	} else {
		(void)fprintf(stderr, "native");
	}
	(void)fprintf(stderr, "): %s %s %u ms\n",
		reach->result == REACH_SILENT ? "no answer" : socket_error_text(reach->error),
		reach->result == REACH_SILENT ? "in" : "after", (unsigned)reach->took_ms);
}

static void explain(const struct finding *finding)
{
	const struct target *target = finding->target;
	enum trouble trouble = trouble_of(finding);
	char rcode[MESSAGE_TYPE_TEXT_MAX];

	(void)fprintf(stderr, "sixward curl: %s:%u cannot be reached: %s\n", target->host,
		target->port, troubles[trouble].what);
	if (trouble == UNMAPPED)
		(void)fprintf(stderr, "  %s\n", finding->why_unmapped);
	if (trouble == NO_ANSWER)
		(void)fprintf(stderr, "  %s, %s\n", message_format_rcode(finding->rcode, rcode),
			outcome_label(finding->outcome));
	for (size_t i = 0; i < finding->count; i++)
		explain_try(finding, &finding->tries[i]);
	(void)fprintf(stderr, "Try: %s\n", troubles[trouble].next);
}

/* One host, looked up and tried; true after its arguments were printed. */
static bool find_host(
	struct asker *asker, const struct config *config, const struct target *target, bool checks)
{
	struct finding finding = { .config = config, .target = target };
	size_t count;

	asker_ask(asker, target->name.octets, TYPE_AAAA, on_aaaa, &finding);
	if (!checks)
		finding.count = finding.answered;
	count = checks ? find_reachable(asker, &finding) : finding.count;
	if (count)
		print_arguments(&finding, count);
	else
		explain(&finding);
	policy_unref(finding.offer);
	return count > 0;
}

/* HOST or HOST:PORT; false for what is neither, or an address. */
static bool read_target(const char *argument, struct target *target)
{
	const char *colon = strrchr(argument, ':');
	size_t length = colon ? (size_t)(colon - argument) : strlen(argument);
	uint64_t number = HTTPS_PORT;
	struct addr addr;

	if (addr_parse(argument, &addr) || length == 0 || length >= HOST_MAX || *argument == '[' ||
		(colon && (!text_to_number(colon + 1, &number) || number < 1 || number > 65535)))
		return false;
	memcpy(target->host, argument, length);
	target->host[length] = '\0';
	target->port = (uint16_t)number;
	return !addr_parse(target->host, &addr) && name_parse(target->host, &target->name);
}

static const struct option options[] = { { "config", required_argument, NULL, 'c' },
	{ "no-check", no_argument, NULL, 'n' }, { 0 } };

/* False after a complaint. */
static bool read_options(int argc, char **argv, const char **path, bool *checks)
{
	int option;

	while ((option = getopt_long(argc, argv, ":c:", options, NULL)) != -1) {
		if (option == 'c') {
			*path = optarg;
		} else if (option == 'n') {
			*checks = false;
		} else {
			(void)command_bad_option(argv[0], option, argv);
			return false;
		}
	}
	return true;
}

int cmd_curl(int argc, char **argv)
{
	const char *path = NULL;
	struct target target;
	int status = EXIT_YES;
	bool checks = true;
	struct config *config;
	struct asker *asker;

	if (!read_options(argc, argv, &path, &checks))
		return EXIT_USAGE;
	if (optind == argc)
		return command_usage("curl", "wants HOST or HOST:PORT");
	for (int i = optind; i < argc; i++) {
		if (!read_target(argv[i], &target))
			return command_usage("curl",
				"\"%s\" is no HOST or HOST:PORT (for an IPv4 address, see: sixward "
				"map)",
				argv[i]);
	}
	config = command_config(path);
	if (!config)
		return EXIT_USAGE;
	log_silence(); /* whatever is in the way of an address is said beside it */
	asker = asker_new(config);
	for (int i = optind; i < argc; i++) {
		(void)read_target(argv[i], &target);
		if (!find_host(asker, config, &target, checks))
			status = EXIT_NO;
	}
	asker_free(asker);
	config_unref(config);
	return status;
}
