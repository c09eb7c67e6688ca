/* Facts and findings as text. It judges nothing, and leaves nothing out. */

#include "sixward/app/report.h"

#include <string.h>

#include "sixward/base/json.h"
#include "sixward/dns/message.h"

enum { WIDTH = 80, INDENT = 11 };

/* Words, in lines that are not too long where a blank lets them be broken. */
static void print_words(const char *text, FILE *out)
{
	size_t column = INDENT;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (column > INDENT && column + 1 + length > WIDTH) {
			(void)fprintf(out, "\n%*s", INDENT, "");
			column = INDENT;
		} else if (column > INDENT) {
			(void)fputc(' ', out);
			column++;
		}
		(void)fwrite(text, 1, length, out);
		column += length;
		text += length + (text[length] == ' ');
	}
	(void)fputc('\n', out);
}

static void print_finding(const struct finding *finding, FILE *out)
{
	(void)fprintf(out, "  %-*s", INDENT - 2, finding_level_name(finding->level));
	print_words(finding->text, out);
	for (size_t i = 0; i < finding->step_count; i++)
		(void)fprintf(out, "%*s%s\n", INDENT + 4, "", finding->steps[i]);
}

static void print_subject(const struct findings *findings, enum finding_subject subject, FILE *out)
{
	bool is_first = true;

	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i].subject != subject)
			continue;
		if (is_first)
			(void)fprintf(out, "%s\n", finding_subject_title(subject));
		is_first = false;
		print_finding(&findings->items[i], out);
	}
	if (!is_first)
		(void)fputc('\n', out);
}

static void print_count(size_t count, const char *what, FILE *out)
{
	(void)fprintf(out, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

void report_text(const struct findings *findings, FILE *out)
{
	size_t errors = findings_count(findings, LEVEL_ERROR);
	size_t warnings = findings_count(findings, LEVEL_WARNING);

	for (unsigned subject = 0; subject < SUBJECT_COUNT; subject++)
		print_subject(findings, (enum finding_subject)subject, out);
	if (!errors && !warnings) {
		(void)fputs("all is well\n", out);
		return;
	}
	print_count(errors, "error", out);
	(void)fputs(", ", out);
	print_count(warnings, "warning", out);
	(void)fputc('\n', out);
}

static void put_addr(struct json *json, const char *key, const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];

	json_text(json, key, addr->family == ADDR_NONE ? NULL : addr_format(addr, text));
}

static void put_endpoint(struct json *json, const char *key, const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_MAX];

	json_text(json, key, endpoint_format(endpoint, text));
}

/* An empty text is unknown. */
static void put_known(struct json *json, const char *key, const char *text)
{
	json_text(json, key, *text ? text : NULL);
}

static void put_addresses(struct json *json, const struct host *host)
{
	json_open_list(json, "addresses");
	for (size_t i = 0; i < host->address_count; i++) {
		const struct host_address *address = &host->addresses[i];

		json_open_object(json, NULL);
		json_text(json, "interface", address->interface);
		put_addr(json, "address", &address->addr);
		json_number(json, "length", address->length);
		json_switch(json, "loopback", address->is_loopback);
		json_close(json);
	}
	json_close(json);
}

static void put_route(struct json *json, const char *key, const struct host_route *route)
{
	json_open_object(json, key);
	json_switch(json, "there", route->is_there);
	put_addr(json, "source", &route->source);
	json_close(json);
}

static void put_servers(struct json *json, const struct endpoint *servers, size_t count)
{
	json_open_list(json, "servers");
	for (size_t i = 0; i < count; i++)
		put_addr(json, NULL, &servers[i].addr);
	json_close(json);
}

static void put_resolvers(struct json *json, const struct host *host)
{
	json_open_object(json, "resolv-conf");
	json_switch(json, "there", host->resolv_conf.is_there);
	put_known(json, "link", host->resolv_link);
	put_servers(json, host->resolv_conf.items, host->resolv_conf.count);
	json_text(json, "options", host->resolv_options);
	json_close(json);
	json_open_object(json, "systemd-resolved");
	json_switch(json, "there", host->resolved.is_there);
	put_servers(json, host->resolved.items, host->resolved.count);
	json_switch(json, "nss", host->nss_asks_resolved);
	json_close(json);
}

static void put_said(struct json *json, const char *key, enum netplan_switch value)
{
	if (value == NETPLAN_UNSAID)
		json_null(json, key);
	else
		json_switch(json, key, value == NETPLAN_YES);
}

static void put_netplan(struct json *json, const struct netplan *netplan)
{
	json_open_object(json, "netplan");
	json_number(json, "files", (int64_t)netplan->file_count);
	json_open_list(json, "links");
	for (size_t i = 0; i < netplan->link_count; i++) {
		const struct netplan_link *link = &netplan->links[i];

		json_open_object(json, NULL);
		json_text(json, "name", link->name);
		json_text(json, "section", link->section);
		json_text(json, "file", link->file);
		put_servers(json, link->servers, link->server_count);
		put_said(json, "accept-ra", link->accept_ra);
		put_said(json, "dhcp4", link->dhcp4);
		put_said(json, "dhcp6", link->dhcp6);
		put_said(json, "dhcp4-use-dns", link->dhcp4_dns);
		put_said(json, "dhcp6-use-dns", link->dhcp6_dns);
		json_close(json);
	}
	json_close(json);
	json_open_list(json, "unread");
	for (size_t i = 0; i < netplan->fault_count; i++) {
		json_open_object(json, NULL);
		json_text(json, "file", netplan->faults[i].file);
		json_text(json, "why", netplan->faults[i].why);
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

static void put_ports(struct json *json, const struct host *host)
{
	json_open_list(json, "ports");
	for (size_t i = 0; i < host->port_count; i++) {
		const struct port_use *use = &host->ports[i];

		json_open_object(json, NULL);
		put_endpoint(json, "endpoint", &use->endpoint);
		json_text(json, "transport", use->is_tcp ? "tcp" : "udp");
		json_switch(json, "taken", use->is_taken);
		if (use->pid)
			json_number(json, "process", use->pid);
		else
			json_null(json, "process");
		put_known(json, "program", use->program);
		json_close(json);
	}
	json_close(json);
}

static void put_answer(struct json *json, const struct probe_answer *answer)
{
	static const char *const results[] = {
		[PROBE_NOT_ASKED] = "not-asked",
		[PROBE_SILENT] = "silent",
		[PROBE_UNREACHABLE] = "unreachable",
		[PROBE_GARBAGE] = "garbage",
		[PROBE_ERROR] = "error",
		[PROBE_ANSWERED] = "answered",
	};
	bool is_answer = answer->result == PROBE_ERROR || answer->result == PROBE_ANSWERED;
	char rcode[MESSAGE_TYPE_TEXT_MAX];

	json_text(json, "result", results[answer->result]);
	json_text(json, "rcode", is_answer ? message_format_rcode(answer->rcode, rcode) : NULL);
	if (is_answer)
		json_number(json, "ms", answer->took_ms);
	else
		json_null(json, "ms");
}

static void put_prefixes(
	struct json *json, const char *key, const struct prefix *prefixes, size_t count)
{
	char text[NETWORK_TEXT_MAX];

	json_open_list(json, key);
	for (size_t i = 0; i < count; i++)
		json_text(json, NULL, network_format(&prefixes[i].network, text));
	json_close(json);
}

static void put_upstreams(struct json *json, const struct probe *probe)
{
	json_open_list(json, "upstreams");
	for (size_t i = 0; i < probe->server_count; i++) {
		const struct probe_server *server = &probe->servers[i];
		char zone[NAME_TEXT_MAX];

		json_open_object(json, NULL);
		put_endpoint(json, "endpoint", &server->endpoint);
		json_switch(json, "via-nat64", server->via_nat64);
		json_text(json, "zone",
			server->zone ? name_format(server->zone->octets, zone) : NULL);
		json_text(json, "resolv-conf", server->resolv_conf);
		put_answer(json, &server->answer);
		json_switch(json, "dnssec", server->has_dnssec);
		put_prefixes(json, "prefixes", server->prefixes, server->prefix_count);
		json_close(json);
	}
	json_close(json);
}

static void put_gateways(struct json *json, const struct probe *probe)
{
	static const char *const states[] = {
		[PULSE_UNKNOWN] = "unknown",
		[PULSE_LIVE] = "live",
		[PULSE_DEAD] = "dead",
	};
	char text[NETWORK_TEXT_MAX];

	json_open_list(json, "prefixes");
	for (size_t i = 0; i < probe->prefix_count; i++) {
		const struct probe_prefix *prefix = &probe->prefixes[i];

		json_open_object(json, NULL);
		json_text(json, "prefix", network_format(&prefix->prefix.network, text));
		json_switch(json, "learned", prefix->is_learned);
		json_switch(json, "drain", prefix->drain);
		json_switch(json, "tried", prefix->has_targets);
		json_text(json, "state", states[prefix->state]);
		if (prefix->latency_us)
			json_number(json, "latency-us", prefix->latency_us);
		else
			json_null(json, "latency-us");
		json_close(json);
	}
	json_close(json);
	put_prefixes(json, "prefixes-in-force", probe->in_force, probe->in_force_count);
}

static void put_daemon(struct json *json, const struct probe *probe)
{
	json_open_list(json, "daemon");
	for (size_t i = 0; i < probe->listener_count; i++) {
		const struct probe_listener *listener = &probe->listeners[i];

		json_open_object(json, NULL);
		put_endpoint(json, "endpoint", &listener->endpoint);
		put_answer(json, &listener->answer);
		put_prefixes(json, "prefixes", listener->prefixes, listener->prefix_count);
		json_close(json);
	}
	json_close(json);
}

static void put_facts(struct json *json, const struct symptoms *symptoms)
{
	const struct host *host = symptoms->host;

	json_open_object(json, "facts");
	json_text(json, "configuration", symptoms->config_path);
	json_switch(json, "root", host->is_root);
	put_addresses(json, host);
	put_route(json, "ipv6-route", &host->ipv6);
	put_route(json, "ipv4-route", &host->ipv4);
	put_resolvers(json, host);
	put_netplan(json, &host->netplan);
	put_ports(json, host);
	put_daemon(json, symptoms->probe);
	put_upstreams(json, symptoms->probe);
	put_gateways(json, symptoms->probe);
	json_close(json);
}

static void put_findings(struct json *json, const struct findings *findings)
{
	json_open_list(json, "findings");
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		json_open_object(json, NULL);
		json_text(json, "id", finding->id);
		json_text(json, "subject", finding_subject_name(finding->subject));
		json_text(json, "level", finding_level_name(finding->level));
		json_text(json, "text", finding->text);
		json_open_list(json, "steps");
		for (size_t k = 0; k < finding->step_count; k++)
			json_text(json, NULL, finding->steps[k]);
		json_close(json);
		json_close(json);
	}
	json_close(json);
}

void report_json(const struct symptoms *symptoms, const struct findings *findings, FILE *out)
{
	struct json json = json_over(out);

	json_open_object(&json, NULL);
	put_facts(&json, symptoms);
	put_findings(&json, findings);
	json_close(&json);
}
