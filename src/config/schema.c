/* The tables: every setting of the file in one row, with its kind, place, default, bounds and a
 * line of help, from which the reader, `check --show` and the manual are made. */

#include "sixward/config/schema.h"

#include <string.h>

#include "sixward/config/entries.h"
#include "sixward/config/prefix_list.h"
#include "sixward/config/translation.h"

enum { INDENT = 2 };

#define AT(member)        .at = offsetof(struct config, member)
#define AT_POLICY(member) .at = offsetof(struct policy_options, member)
#define AT_CHECK(member)  .at = offsetof(struct policy_check, member)

static const char *const order_choices[] = { "fastest", "listed", NULL };
static const char *const use_choices[] = { "all", "first", "best", NULL };
static const char *const error_choices[] = { "synthesize", "pass", NULL };
static const char *const hide_choices[] = { "never", "if-aaaa", "always", NULL };
static const char *const level_choices[] = { "error", "warning", "notice", "info", "debug", NULL };
static const char *const format_choices[] = { "text", "json", NULL };

/* What stands there for a key that a mapping does not name is in config/translation. */
static const struct setting check_table[] = {
	{ "targets", &kind_targets, 0, "[\"1.1.1.1:443\", \"9.9.9.9:443\"]",
		.help = "services that are reached over TCP through each prefix, 8 at most; one "
			"that answers is enough" },
	{ "every", &kind_duration, AT_CHECK(every_ms), .standard = "10s", .least = "1s",
		.most = "1h", .help = "time from one check of a prefix to the next" },
	{ "timeout", &kind_duration, AT_CHECK(timeout_ms), .standard = "2s", .least = "100ms",
		.most = "1m",
		.help = "how long a target may be silent; not more than every. After a first "
			"failure the next checks follow at this pace" },
	{ "fail-after", &kind_number, AT_CHECK(fail_after), .standard = "3", .least = "1",
		.most = "100", .help = "failures in a row until a prefix is left out" },
	{ "recover-after", &kind_number, AT_CHECK(recover_after), .standard = "2", .least = "1",
		.most = "100", .help = "successes in a row until it is used again" },
	{ 0 }
};

static const struct setting dns64_table[] = {
	{ "prefixes", &kind_prefixes, 0, "[\"64:ff9b::/96\"]",
		.help = "NAT64 prefixes, 16 entries at most. A mapping has prefix, and may have "
			"suffix (the bits after the IPv4 address); or it has learn-from: "
			"upstreams, a list of other DNS64 servers, or router-advertisements, and "
			"the prefixes that are learned there stand in its place. Either may have "
			"ipv4 (only these destinations use it; the most specific range wins) and "
			"drain (no longer synthesized with, but reverse look-ups below it are "
			"still answered). Among learned ones those of router advertisements come "
			"first, as RFC 9872 advises: operators should announce their prefix there "
			"(PREF64, RFC 8781), and hosts that hear it should prefer it to one found "
			"by asking for ipv4only.arpa" },
	{ "use", &kind_choice, AT_POLICY(use), .standard = "all", .choices = use_choices,
		.help = "which prefixes of an address's range are used, of those that live: every "
			"one, the first, or the fastest, which needs check" },
	{ "max-aaaa", &kind_number, AT_POLICY(max_aaaa), .standard = "0", .least = "0",
		.most = "1000", .help = "synthesized records in one answer at most; 0 = all" },
	{ "check", &kind_check, AT_POLICY(check), .standard = "null", .table = check_table,
		.is_nullable = true, .is_top_only = true,
		.help = "connect through each prefix from time to time, and leave out those that "
			"fail; null = none are checked. It covers the prefixes of every view, and "
			"no view may name it. A mapping takes these for the keys that it does not "
			"name" },
	{ "exclude-aaaa", &kind_networks6, AT_POLICY(exclude_aaaa),
		.standard =
			"[\"::ffff:0:0/96\", \"::/128\", \"::1/128\", \"fe80::/10\", \"ff00::/8\"]",
		.help = "native AAAA in these networks count as absent" },
	{ "exclude-ipv4", &kind_networks4, AT_POLICY(exclude_ipv4), .standard = "[]",
		.help = "A records in these networks are never mapped" },
	{ "exclude-names", &kind_names, AT_POLICY(exclude_names), .standard = "[]",
		.help = "names never synthesized" },
	{ "ignore-aaaa", &kind_names, AT_POLICY(ignore_aaaa), .standard = "[]",
		.help = "names whose native AAAA are ignored, so that they are synthesized; \".\" "
			"= all" },
	{ "append-aaaa", &kind_names, AT_POLICY(append_aaaa), .standard = "[]",
		.help = "names whose native AAAA are followed by synthesized ones; \".\" = all. "
			"It departs from RFC 6147, section 5.1.1" },
	{ "aaaa-error", &kind_aaaa_error, AT_POLICY(aaaa_error_passes), .standard = "synthesize",
		.choices = error_choices,
		.help = "what an AAAA look-up that fails leads to: synthesis, or the failure" },
	{ "hide-a", &kind_choice, AT_POLICY(hide_a), .standard = "never", .choices = hide_choices,
		.help = "leave A records out of answers, for hosts where IPv4 cannot work" },
	{ "keep-a-names", &kind_names, AT_POLICY(keep_a_names), .standard = "[]",
		.help = "names whose A records are never hidden" },
	{ "keep-a-ipv4", &kind_networks4, AT_POLICY(keep_a_ipv4), .standard = "[]",
		.help = "A records in these networks are never hidden" },
	{ "ptr", &kind_switch, AT_POLICY(ptr), .standard = "true",
		.help = "answer reverse look-ups below the prefixes" },
	{ "mark-synthesized", &kind_switch, AT_POLICY(mark_synthesized), .standard = "true",
		.help = "say \"synthesized\" with an extended DNS error (29)" },
	{ 0 }
};

static const struct setting cache_table[] = {
	{ "size", &kind_size, AT(cache.size), .standard = "64MiB", .least = "0", .most = "1024GiB",
		.help = "memory for answers; 0 turns the cache off" },
	{ "min-ttl", &kind_seconds, AT(rules.ttl_min), .standard = "0s", .least = "0s",
		.most = "1h", .help = "no answer is kept for less" },
	{ "max-ttl", &kind_seconds, AT(rules.ttl_max), .standard = "1d", .least = "1s",
		.most = "7d", .help = "no answer is kept for longer" },
	{ "max-negative-ttl", &kind_seconds, AT(rules.negative_ttl_max), .standard = "1h",
		.least = "1s", .most = "3h", .help = "no denial is kept for longer" },
	{ "serve-stale", &kind_seconds, AT(cache.stale_s), .standard = "1d", .least = "0s",
		.most = "3d",
		.help = "answer from expired data while every upstream fails; 0s = never" },
	{ "prefetch", &kind_switch, AT(cache.prefetch), .standard = "true",
		.help = "refresh a popular entry shortly before it expires" },
	{ "nxdomain-cut", &kind_switch, AT(cache.nxdomain_cut), .standard = "true",
		.help = "NXDOMAIN for a name covers the names below it (RFC 8020)" },
	{ 0 }
};

static const struct setting dnssec_table[] = { { "validate", &kind_not_yet, .standard = "false",
						       .help = "check signatures" },
	{ "trust-anchors", &kind_text, AT(trust_anchors), .standard = "/usr/share/dns/root.key",
		.help = "file with the keys of the root; not read before validation is there" },
	{ 0 } };

static const struct setting limits_table[] = {
	{ "queries", &kind_number, AT(queries_max), .standard = "4096", .least = "1",
		.most = "1000000", .help = "client queries in progress" },
	{ "tcp-connections", &kind_number, AT(tcp_connections_max), .standard = "512", .least = "1",
		.most = "1000000", .help = "connections of clients" },
	{ "tcp-per-client", &kind_number, AT(tcp_per_client_max), .standard = "64", .least = "1",
		.most = "1000000", .help = "connections from one address" },
	{ "tcp-idle", &kind_duration, AT(tcp_idle_ms), .standard = "10s", .least = "2s",
		.most = "2m", .help = "how long a TCP connection may be silent" },
	{ "rate", &kind_number, AT(rate), .standard = "0", .least = "0", .most = "1000000",
		.help = "answers per second and client network (/24, /56) over UDP; 0 = no limit" },
	{ 0 }
};

static const struct setting log_table[] = {
	{ "level", &kind_choice, AT(log_level), .standard = "info", .choices = level_choices,
		.help = "the least important lines that are written" },
	{ "queries", &kind_switch, AT(log_queries), .standard = "false",
		.help = "a line per query, at level info" },
	{ "format", &kind_choice, AT(log_format), .standard = "text", .choices = format_choices,
		.help = "text, or one JSON object a line" },
	{ 0 }
};

const struct setting schema_top[] = { { "listen", &kind_listen, 0,
					      "[\"[::1]:53\", \"127.0.0.1:53\"]",
					      .help = "endpoints; each serves UDP and TCP" },
	{ "allow", &kind_networks, AT(allow), .standard = "[loopback]",
		.help = "who is served; anyone else gets REFUSED" },
	{ "upstreams", &kind_upstreams, AT(upstreams),
		.standard = "[\"2620:fe::fe\", \"2606:4700:4700::1111\", \"2001:4860:4860::8888\"]",
		.help = "recursive resolvers that queries are forwarded to. A mapping has address, "
			"and "
			"may have trust-ad (its AD bit is believed; loopback only) or via-nat64 "
			"(an IPv4 address is reached through the prefixes of dns64), or has "
			"resolv-conf: a file whose nameserver lines are followed as it changes" },
	{ "upstream-order", &kind_choice, AT(order), .standard = "fastest",
		.choices = order_choices,
		.help = "which upstream is asked first: by measured time, or as listed" },
	{ "zones", &kind_zones, 0, "[]",
		.help = "names that go to other upstreams (longest match wins): mappings with "
			"zone, "
			"upstreams and, where its answers shall not be synthesized, dns64: false" },
	{ "dns64", &kind_dns64, AT(views), .table = dns64_table,
		.help = "the rules of translation; false turns it off" },
	{ "views", &kind_views, AT(views), .standard = "[]", .table = dns64_table,
		.help = "other settings for some clients, the first that matches is used: mappings "
			"with clients and dns64, whose keys replace only those they name" },
	{ "records", &kind_records, AT(records), .standard = "[]",
		.help = "local data in zone-file syntax; DNS64 applies to it too; its names are "
			"answered here for every type" },
	{ "hosts", &kind_texts, AT(hosts), .standard = "[]",
		.help = "files in hosts(5) format, followed as they change; forward and reverse" },
	{ "forward-special", &kind_names, AT(forward_special), .standard = "[]",
		.help = "special-use names that go upstream all the same; \".\" = all" },
	{ "identity", &kind_text, AT(identity), .standard = "null", .most = "128",
		.is_nullable = true,
		.help = "text for id.server and NSID, of 128 octets at most; null = refused, and "
			"no NSID" },
	{ "cookies", &kind_cookies, AT(cookies), .standard = "{secrets: []}",
		.help = "server cookies (RFC 7873, 9018): false, or a mapping with secrets, 32 hex "
			"digits each; the first makes, all are accepted; none = random, renewed "
			"daily" },
	{ "cache", &kind_table, .table = cache_table, .help = "what is kept of answers" },
	{ "dnssec", &kind_table, .table = dnssec_table, .help = "validation" },
	{ "limits", &kind_table, .table = limits_table, .help = "bounds" },
	{ "http", &kind_http, AT(http), .standard = "null", .is_nullable = true,
		.help = "an endpoint such as \"[::1]:8064\", for metrics, health and the status "
			"page over HTTP; whoever can reach it can read them. null = none" },
	{ "log", &kind_table, .table = log_table, .help = "what is written to stderr" },
	{ "workers", &kind_workers, AT(workers), .standard = "auto", .least = "1", .most = "256",
		.help = "threads; auto = one per processor" },
	{ "user", &kind_text, AT(user), .standard = "null", .is_nullable = true,
		.help = "the account to become after the sockets are open, when started as root" },
	{ 0 } };

static void write_defaults(const struct setting *table, FILE *out, int indent)
{
	for (const struct setting *setting = table; setting->key; setting++) {
		(void)fprintf(out, "%*s%s:", indent, "", setting->key);
		if (setting->standard) {
			(void)fprintf(out, " %s\n", setting->standard);
			continue;
		}
		(void)fprintf(out, "\n");
		write_defaults(setting->table, out, indent + INDENT);
	}
}

void schema_write_defaults(FILE *out)
{
	write_defaults(schema_top, out, 0);
}

struct config *schema_read(
	const struct tree *file, const struct tree *defaults, struct faults *faults)
{
	/* LIM-20, LIM-25, LIM-26: named here, for no key sets them. */
	enum { LINKS_MAX = 16, FAILURE_FIRST_S = 5, FAILURE_MOST_S = 60 };
	struct reading reading = { .faults = faults, .file = file, .defaults = defaults };
	struct config *config = config_new();

	config->rules.links_max = LINKS_MAX;
	config->cache.failure_first_s = FAILURE_FIRST_S;
	config->cache.failure_most_s = FAILURE_MOST_S;
	if (!file || tree_is_null(file) ||
		reading_wants(&reading, file, TREE_MAP, "a mapping of settings"))
		reading_table(&reading, schema_top, file && file->kind == TREE_MAP ? file : NULL,
			defaults, config);
	/* R2308-5-e: not above the positive cap. */
	if (config->rules.negative_ttl_max > config->rules.ttl_max)
		config->rules.negative_ttl_max = config->rules.ttl_max;
	return config;
}
