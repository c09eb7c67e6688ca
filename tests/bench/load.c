/* bench-load: asks a server questions about the zone of zone.h, checks every answer, and says how
 * many were right and how long they took. */

#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SECONDS = 5,
	SECONDS_COUNT = 120, /* where a count ends it */
	SECONDS_MAX = 3600,
	SECONDS_OVER = 60, /* for warming, and for the last answers */
	START_WAIT_MS = 60000,
	NS_PER_US = 1000,
};

#define NS_PER_S 1000000000.0

static const char text[] =
	"usage: bench-load --server ADDRESS:PORT --mode MODE [options]\n"
	"Asks questions about s<n>, n<n> and t<n>.bench.example, and checks every answer.\n"
	"\n"
	"  --server ADDRESS:PORT  in 127.0.0.0/8, or [::1]\n"
	"  --mode hit       names at random; 64 clients in turn, 192 questions under way\n"
	"         burst     the same in bursts of 32 of 4 clients, each in one segmented send\n"
	"         miss      every name new\n"
	"         native    every name new, and with an AAAA record (--kind n)\n"
	"         mix       as hit, one name of ten new\n"
	"         tcp       16 connections, on each 16 questions in one write, then the next 16\n"
	"         tcp1      64 connections, on each one question at a time\n"
	"         idle      1000 connections, one question on each; prints \"held\", waits for a "
	"signal\n"
	"         latency   names in order, one question at a time, or at a rate\n"
	"  --clients N      sockets or connections\n"
	"  --outstanding N  questions under way in all, at most 4096\n"
	"  --names N        how many names there are (10000)\n"
	"  --offset N       the first one's number (0); new names follow the last, or with miss "
	"and\n"
	"                   native begin here\n"
	"  --seconds S      how long it asks (5; 120 with --count)\n"
	"  --count N        how many questions it asks\n"
	"  --rate QPS       asks at a fixed rate, whatever is under way\n"
	"  --type TYPE      AAAA (default) or A\n"
	"  --kind KIND      the names' first letter: s (default), n or t\n"
	"  --prefix64 P     what the server embeds addresses in: a /96 (64:ff9b::)\n"
	"  --edns           questions with EDNS\n"
	"  --warm           asks each name once before, uncounted\n"
	"  --wait           after \"start\", waits for a line on stdin\n"
	"\n"
	"Prints \"start\" before the first counted question, and one line of JSON after the last "
	"answer.\n"
	"A question without an answer after 5 s is lost, and not asked again.\n";

/* What each mode asks for where options don't say it. */
static const struct mode_row {
	const char *name;
	unsigned clients, outstanding;
	char kind;
	void (*run)(struct load *load);
} modes[] = {
	[MODE_HIT] = { "hit", 64, 192, 's', load_run_udp },
	[MODE_BURST] = { "burst", 4, 192, 's', load_run_udp },
	[MODE_MISS] = { "miss", 64, 192, 's', load_run_udp },
	[MODE_NATIVE] = { "native", 64, 192, 'n', load_run_udp },
	[MODE_MIX] = { "mix", 64, 192, 's', load_run_udp },
	[MODE_TCP] = { "tcp", 16, 256, 's', load_run_tcp },
	[MODE_TCP1] = { "tcp1", 64, 64, 's', load_run_tcp },
	[MODE_IDLE] = { "idle", 1000, 1000, 's', load_run_idle },
	[MODE_LATENCY] = { "latency", 1, 1, 's', load_run_udp },
};

uint64_t load_pick(struct load *load)
{
	const struct options *options = &load->options;
	uint64_t random;

	if (load->is_warming)
		return options->offset + load->next++;
	switch (options->mode) {
	case MODE_MISS:
	case MODE_NATIVE:
		return options->offset + load->next++;
	case MODE_LATENCY:
		return options->offset + load->next++ % options->names;
	case MODE_MIX:
		if (random_next(&load->random) % 10 == 0)
			return options->offset + options->names + load->next++;
		break;
	case MODE_HIT:
	case MODE_BURST:
	case MODE_TCP:
	case MODE_TCP1:
	case MODE_IDLE:
		break;
	}
	random = random_next(&load->random) >> 32;
	return options->offset + random % options->names;
}

bool load_may_ask(const struct load *load, uint64_t now)
{
	return load->left && load->under_way < load->options.outstanding && now < load->end_ns;
}

size_t load_ask(struct load *load, uint64_t number, unsigned client, uint64_t now, uint8_t *out)
{
	uint16_t index = load->free[load->free_first++ % SLOTS_MAX];
	struct slot *slot = &load->slots[index];
	struct wanted wanted = { number, load->options.type, load->options.kind };
	size_t size;

	/* The upper bits change each time, so that a late answer fits no later question. */
	slot->id = (uint16_t)(slot->id + (1 << SLOT_BITS));
	slot->sent_ns = now;
	slot->client = client;
	slot->is_free = false;
	size = zone_write_query(out, slot->id, &wanted, load->options.edns);
	slot->question_size = (uint8_t)(size - ZONE_HEADER - (load->options.edns ? 11 : 0));
	memcpy(slot->question, out + ZONE_HEADER, slot->question_size);
	slot->data_size = (uint8_t)zone_data(&wanted, load->options.prefix, slot->data);
	load->under_way++;
	load->left--;
	load->tally.sent++;
	return size;
}

static void release(struct load *load, struct slot *slot)
{
	slot->is_free = true;
	load->under_way--;
	load->free[(load->free_first + load->options.outstanding - load->under_way - 1) %
		   SLOTS_MAX] = (uint16_t)(slot - load->slots);
}

static void note_bad(struct tally *tally, const struct slot *slot, const char *why)
{
	if (!tally->bad++)
		snprintf(tally->first_bad, FIRST_BAD, "%.*s: %s", slot->question[0],
			(const char *)slot->question + 1, why);
}

bool load_answered(
	struct load *load, unsigned client, const uint8_t *message, size_t size, uint64_t now)
{
	struct slot *slot;
	const char *why;
	uint64_t took;

	if (size < ZONE_HEADER)
		return false;
	slot = &load->slots[zone_get16(message) % SLOTS_MAX];
	if (slot->is_free || slot->client != client || slot->id != zone_get16(message))
		return false;
	why = zone_judge(
		message, size, slot->question, slot->question_size, slot->data, slot->data_size);
	if (why) {
		note_bad(&load->tally, slot, why);
	} else {
		load->tally.good++;
		took = (now - slot->sent_ns) / NS_PER_US;
		load->tally.by_us[took < PATIENCE_US ? took : PATIENCE_US]++;
	}
	load->last_ns = now;
	release(load, slot);
	return true;
}

void load_give_up(struct load *load, uint64_t now, load_lost *lost, void *owner)
{
	load->scan_ns = now;
	for (unsigned i = 0; i < load->options.outstanding; i++) {
		struct slot *slot = &load->slots[i];

		if (slot->is_free || now - slot->sent_ns < (uint64_t)PATIENCE_US * NS_PER_US)
			continue;
		load->tally.lost++;
		release(load, slot);
		lost(owner, slot->client);
	}
}

/* The least time that so many of a thousand answers did not exceed. */
static unsigned percentile_us(const struct tally *tally, unsigned per_mille)
{
	uint64_t rank = (tally->good * per_mille + 999) / 1000, seen = 0;

	for (unsigned us = 0; us <= PATIENCE_US && tally->good; us++) {
		seen += tally->by_us[us];
		if (seen >= rank)
			return us;
	}
	return 0;
}

static void report(const struct load *load, uint64_t begin_ns)
{
	const struct tally *tally = &load->tally;

	printf("{\"mode\":\"%s\",\"sent\":%" PRIu64 ",\"good\":%" PRIu64 ",\"bad\":%" PRIu64
	       ",\"lost\":%" PRIu64 ",\"seconds\":%.6f,\"p50_us\":%u,\"p95_us\":%u,"
	       "\"p99_us\":%u,\"max_us\":%u,\"first_bad\":\"%s\"}\n",
		load->options.mode_name, tally->sent, tally->good, tally->bad, tally->lost,
		(double)(load->last_ns - begin_ns) / NS_PER_S, percentile_us(tally, 500),
		percentile_us(tally, 950), percentile_us(tally, 990), percentile_us(tally, 1000),
		tally->first_bad);
	fflush(stdout);
}

static uint64_t prepare(struct load *load, uint64_t count, uint64_t seconds)
{
	uint32_t *by_us = load->tally.by_us;
	uint64_t now = now_ns();

	memset(&load->tally, 0, sizeof(load->tally));
	memset(by_us, 0, (PATIENCE_US + 1) * sizeof(*by_us));
	load->tally.by_us = by_us;
	load->next = 0;
	load->left = count ? count : UINT64_MAX;
	load->end_ns = now + seconds * (uint64_t)NS_PER_S;
	load->last_ns = now;
	load->scan_ns = now;
	return now;
}

/* Tells that the counted phase begins; whoever measures the server looks at it now. */
static void start(const struct options *options)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[16];

	puts("start");
	fflush(stdout);
	if (!options->waits)
		return;
	if (poll(&input, 1, START_WAIT_MS) != 1 || read(STDIN_FILENO, line, sizeof(line)) <= 0)
		die("no line on stdin");
}

static void run(struct load *load)
{
	const struct options *options = &load->options;
	const struct mode_row *row = &modes[options->mode];
	uint64_t begin_ns;

	load->tally.by_us = calloc(PATIENCE_US + 1, sizeof(*load->tally.by_us));
	if (!load->tally.by_us)
		die("no memory");
	for (unsigned i = 0; i < SLOTS_MAX; i++) {
		load->free[i] = (uint16_t)i;
		load->slots[i].id = (uint16_t)i;
		load->slots[i].is_free = true;
	}
	if (options->warms && options->mode != MODE_IDLE) {
		load->is_warming = true;
		prepare(load, options->names, SECONDS_OVER);
		row->run(load);
		load->is_warming = false;
	}
	if (options->mode != MODE_IDLE)
		start(options);
	begin_ns = prepare(load, options->mode == MODE_IDLE ? options->clients : options->count,
		options->seconds);
	row->run(load);
	report(load, begin_ns);
}

static enum mode mode_parse(const char *name)
{
	for (unsigned i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (!strcmp(modes[i].name, name))
			return (enum mode)i;
	}
	die("--mode: there is no %s", name);
}

static void prefix_parse(uint8_t *prefix, const char *given)
{
	static const uint8_t none[4];

	if (inet_pton(AF_INET6, given, prefix) != 1 ||
		memcmp(prefix + ZONE_PREFIX, none, sizeof(none)) != 0)
		die("--prefix64: %s is no address whose last 32 bits are zero", given);
}

/* Defaults, and what does not go together. */
static void complete(struct options *options)
{
	const struct mode_row *row = &modes[options->mode];

	if (!options->server.size || !options->mode_name)
		usage(text, true);
	if (!options->kind)
		options->kind = row->kind;
	if (!options->clients)
		options->clients = row->clients;
	if (!options->outstanding)
		options->outstanding = options->rate ? SLOTS_MAX : row->outstanding;
	if (options->mode == MODE_TCP1 || options->mode == MODE_IDLE)
		options->outstanding = options->clients;
	if (options->outstanding < options->clients && options->mode != MODE_LATENCY)
		die("fewer questions under way than clients");
	if (!options->seconds)
		options->seconds =
			options->count || options->mode == MODE_IDLE ? SECONDS_COUNT : SECONDS;
}

static void option_parse(struct options *options, int option)
{
	if (option == 'S')
		place_parse(&options->server, optarg);
	else if (option == 'm')
		options->mode = mode_parse(options->mode_name = optarg);
	else if (option == 'p')
		prefix_parse(options->prefix, optarg);
	else if (option == 'c')
		options->clients = (unsigned)number_parse("clients", optarg, 1, CLIENTS_MAX);
	else if (option == 'o')
		options->outstanding = (unsigned)number_parse("outstanding", optarg, 1, SLOTS_MAX);
	else if (option == 'n')
		options->names = number_parse("names", optarg, 1, UINT32_MAX);
	else if (option == 'f')
		options->offset = number_parse("offset", optarg, 0, UINT64_MAX / 2);
	else if (option == 's')
		options->seconds = number_parse("seconds", optarg, 1, SECONDS_MAX);
	else if (option == 'C')
		options->count = number_parse("count", optarg, 1, UINT32_MAX);
	else if (option == 'r')
		options->rate = number_parse("rate", optarg, 1, 1000000);
	else if (option == 't' && (!strcmp(optarg, "A") || !strcmp(optarg, "AAAA")))
		options->type = optarg[1] ? ZONE_TYPE_AAAA : ZONE_TYPE_A;
	else if (option == 'k' && optarg[0] && strchr("snt", optarg[0]) && !optarg[1])
		options->kind = optarg[0];
	else
		usage(text, option != 'h');
}

int main(int argc, char **argv)
{
	static struct load load = { .options = { .type = ZONE_TYPE_AAAA, .names = 10000 },
		.random = 1 };
	struct options *options = &load.options;
	int edns = 0, warms = 0, waits = 0, option;
	const struct option known[] = { { "server", required_argument, NULL, 'S' },
		{ "mode", required_argument, NULL, 'm' },
		{ "prefix64", required_argument, NULL, 'p' },
		{ "clients", required_argument, NULL, 'c' },
		{ "outstanding", required_argument, NULL, 'o' },
		{ "names", required_argument, NULL, 'n' },
		{ "offset", required_argument, NULL, 'f' },
		{ "seconds", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'C' }, { "rate", required_argument, NULL, 'r' },
		{ "type", required_argument, NULL, 't' }, { "kind", required_argument, NULL, 'k' },
		{ "edns", no_argument, &edns, 1 }, { "warm", no_argument, &warms, 1 },
		{ "wait", no_argument, &waits, 1 }, { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 } };

	prefix_parse(options->prefix, "64:ff9b::");
	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (option)
			option_parse(options, option);
	}
	if (optind < argc)
		usage(text, true);
	options->edns = edns;
	options->warms = warms;
	options->waits = waits;
	complete(options);
	lane_open((unsigned)options->seconds + 2 * SECONDS_OVER);
	run(&load);
	return 0;
}
