/* sixward lookup: one question, and why the answer is what it is. */

#define _GNU_SOURCE

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/app/ask.h"
#include "sixward/app/command.h"
#include "sixward/dns/message.h"

/* Whether what was answered holds anything. */
struct told {
	bool has_data;
};

static bool is_local(enum outcome outcome)
{
	return outcome == OUTCOME_RECORD || outcome == OUTCOME_SPECIAL ||
	       outcome == OUTCOME_IPV4ONLY;
}

static bool is_in(const struct reply *reply, const struct record *wanted)
{
	for (size_t i = 0; reply && i < reply_count(reply); i++) {
		struct record record = reply_record(reply, i);

		if (record.type == wanted->type && record.rdata_size == wanted->rdata_size &&
			memcmp(record.rdata, wanted->rdata, record.rdata_size) == 0)
			return true;
	}
	return false;
}

/* AAAA that upstream or a record of ours says, and that count. */
static bool is_native(const struct query_observation *seen, const struct record *aaaa)
{
	const struct policy_options *options = policy_options(seen->policy);

	return is_in(seen->aaaa, aaaa) && !policy_excludes_aaaa(seen->policy, aaaa->rdata) &&
	       !nameset_covers(&options->ignore_aaaa, seen->question->name.octets);
}

/* An answer may hold native AAAA and synthesized ones (append-aaaa), so the outcome alone does not
 * tell; but that nothing was made here, it does. */
static bool is_made_here(const struct query_observation *seen, const struct record *record)
{
	return record->type == TYPE_AAAA && seen->policy && seen->outcome != OUTCOME_RELAYED &&
	       seen->outcome != OUTCOME_RECORD && !is_native(seen, record);
}

/* "synthesized from 198.41.0.4 with 64:ff9b::/96", "local" or "native". */
static void print_origin(const struct query_observation *seen, const struct record *record)
{
	const struct prefix *prefix = NULL;
	char addr_text[ADDR_TEXT_MAX];
	char prefix_text[NETWORK_TEXT_MAX];
	uint8_t ipv4[4];
	struct addr addr;

	if (!is_made_here(seen, record) ||
		!policy_extract(seen->policy, record->rdata, ipv4, &prefix) || !prefix) {
		(void)printf("\t; %s", is_local(seen->outcome) ? "local" : "native");
		return;
	}
	addr = addr_from_ipv4(ipv4);
	(void)printf("\t; synthesized from %s with %s", addr_format(&addr, addr_text),
		network_format(&prefix->network, prefix_text));
}

static void print_answer(struct told *told, const struct query_observation *seen)
{
	for (size_t i = 0; seen->reply && i < reply_count(seen->reply); i++) {
		struct record record = reply_record(seen->reply, i);
		char *text;

		if (record.section != SECTION_ANSWER ||
			(record_is_dnssec(record.type) && record.type != seen->question->type))
			continue;
		text = message_format_record(&record);
		(void)printf("%s", text);
		free(text);
		if (record.type == seen->question->type || seen->question->type == TYPE_ANY)
			told->has_data = true;
		if (record.type == TYPE_AAAA || record.type == TYPE_A)
			print_origin(seen, &record);
		(void)printf("\n");
	}
}

/* AAAA that upstream sent and the answer does not hold. */
static void print_left_out_aaaa(const struct query_observation *seen)
{
	const struct policy_options *options = policy_options(seen->policy);
	char text[ADDR_TEXT_MAX];

	if (nameset_covers(&options->ignore_aaaa, seen->question->name.octets))
		(void)printf("; AAAA of this name are ignored\n");
	for (size_t i = 0; seen->aaaa && i < reply_count(seen->aaaa); i++) {
		struct record record = reply_record(seen->aaaa, i);
		struct addr addr;

		if (record.type != TYPE_AAAA || record.section != SECTION_ANSWER ||
			is_in(seen->reply, &record) ||
			!policy_excludes_aaaa(seen->policy, record.rdata))
			continue;
		addr = addr_from_ipv6(record.rdata);
		(void)printf("; left out: AAAA %s: excluded\n", addr_format(&addr, text));
	}
}

/* A that were hidden from an A question, or from which no AAAA was made. */
static void print_left_out_a(const struct query_observation *seen)
{
	char text[ADDR_TEXT_MAX];
	const char *why = NULL;

	for (size_t i = 0; seen->a && i < reply_count(seen->a); i++) {
		const struct prefix *prefixes[POLICY_PREFIXES_MAX];
		struct record record = reply_record(seen->a, i);
		struct addr addr;

		if (record.type != TYPE_A || record.section != SECTION_ANSWER ||
			is_in(seen->reply, &record))
			continue;
		addr = addr_from_ipv4(record.rdata);
		if (seen->question->type == TYPE_A)
			(void)printf("; left out: A %s: hidden\n", addr_format(&addr, text));
		else if (!policy_prefixes_for(seen->policy, record.rdata, prefixes, &why))
			(void)printf("; not mapped: A %s: %s\n", addr_format(&addr, text), why);
	}
}

/* Drained prefixes are left out, whether they work or not. */
static void print_dead_gateways(const struct policy *policy)
{
	const struct known_prefix *known;
	size_t count = policy_known(policy, &known);
	char text[NETWORK_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		if (!known[i].is_dead || known[i].drain)
			continue;
		(void)printf("; gateway of %s does not answer; %s\n",
			network_format(&known[i].prefix.network, text),
			policy_uses(policy, &known[i])
				? "used all the same: no other one serves its addresses"
				: "its prefix is left out");
	}
}

static void on_lookup(void *owner, const struct query_observation *seen)
{
	char rcode[MESSAGE_TYPE_TEXT_MAX];
	struct told *told = owner;

	print_answer(told, seen);
	if (seen->policy && seen->question->type == TYPE_AAAA)
		print_left_out_aaaa(seen);
	if (seen->policy)
		print_left_out_a(seen);
	if (seen->policy && seen->question->type == TYPE_AAAA)
		print_dead_gateways(seen->policy);
	(void)printf("; %s, %s, %u ms\n", message_format_rcode(seen->rcode, rcode),
		outcome_label(seen->outcome), (unsigned)seen->took_ms);
	for (uint8_t i = 0; seen->edes && i < seen->edes->count; i++)
		(void)printf("; extended error %u %s\n", seen->edes->items[i].code,
			seen->edes->items[i].text);
}

static const struct option options[] = { { "config", required_argument, NULL, 'c' }, { 0 } };

/* Types that the daemon refuses to forward (MAL-21 to MAL-24). */
static bool is_meta(uint16_t type)
{
	return type == TYPE_OPT || (type >= TYPE_TKEY && type <= TYPE_MAILA);
}

/* -c FILE alone; false after a complaint. */
static bool read_options(int argc, char **argv, const char **path)
{
	int option;

	while ((option = getopt_long(argc, argv, ":c:", options, NULL)) != -1) {
		if (option != 'c') {
			(void)command_bad_option(argv[0], option, argv);
			return false;
		}
		*path = optarg;
	}
	return true;
}

int cmd_lookup(int argc, char **argv)
{
	struct told told = { 0 };
	const char *path = NULL;
	uint16_t type = TYPE_AAAA;
	struct config *config;
	struct name name;

	if (!read_options(argc, argv, &path))
		return EXIT_USAGE;
	if (argc - optind < 1 || argc - optind > 2)
		return command_usage("lookup", "wants NAME and maybe TYPE");
	if (!name_parse(argv[optind], &name))
		return command_usage("lookup", "\"%s\" is no domain name", argv[optind]);
	if (argc - optind == 2 && !message_parse_type(argv[optind + 1], &type))
		return command_usage("lookup", "\"%s\" is no type", argv[optind + 1]);
	if (is_meta(type))
		return command_usage("lookup", "%s is no type of data", argv[optind + 1]);
	config = command_config(path);
	if (!config)
		return EXIT_USAGE;
	log_set(LOG_WARNING, LOG_FORMAT_TEXT);
	ask(config, name.octets, type, on_lookup, &told);
	config_unref(config);
	return told.has_data ? EXIT_YES : EXIT_NO;
}
