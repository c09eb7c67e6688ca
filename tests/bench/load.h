#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lane.h"
#include "zone.h"

/* What bench-load's rooms share: what is to be asked, what is under way, what came back. */

enum {
	SLOTS_MAX = 4096, /* questions under way; a slot's number is twelve bits of the id */
	SLOT_BITS = 12,
	CLIENTS_MAX = 4000,
	PATIENCE_US = 5000000, /* after this a question is lost */
	FIRST_BAD = 128,
};

enum mode {
	MODE_HIT,
	MODE_BURST,
	MODE_MISS,
	MODE_NATIVE,
	MODE_MIX,
	MODE_TCP,
	MODE_TCP1,
	MODE_IDLE,
	MODE_LATENCY
};

struct options {
	struct place server;
	enum mode mode;
	const char *mode_name;
	uint8_t prefix[ZONE_ADDRESS_MAX];
	unsigned clients;
	unsigned outstanding;
	uint64_t names;
	uint64_t offset;
	uint64_t seconds;
	uint64_t count; /* 0: until the seconds are over */
	uint64_t rate;  /* questions a second; 0: as fast as answers come */
	uint16_t type;
	char kind;
	bool edns;
	bool waits;
	bool warms;
};

/* A question under way. */
struct slot {
	uint64_t sent_ns;
	unsigned client;
	uint16_t id;
	uint8_t question_size;
	uint8_t data_size;
	bool is_free;
	uint8_t question[ZONE_QUESTION_MAX];
	uint8_t data[ZONE_ADDRESS_MAX]; /* what the answer must be */
};

struct tally {
	uint64_t sent, good, bad, lost;
	char first_bad[FIRST_BAD];
	uint32_t *by_us; /* how many answers took so many µs; PATIENCE_US + 1 of them */
};

struct load {
	struct options options;
	struct tally tally;
	uint64_t random;
	uint64_t next;    /* how many names were taken in order */
	uint64_t left;    /* questions that may still be asked */
	uint64_t end_ns;  /* when asking ends */
	uint64_t last_ns; /* when the last answer came */
	uint64_t scan_ns; /* when slots are looked through for what is lost */
	bool is_warming;
	unsigned under_way;
	unsigned free_first; /* a ring of the slots that are free */
	uint16_t free[SLOTS_MAX];
	struct slot slots[SLOTS_MAX];
};

/* The next name to be asked for. */
uint64_t load_pick(struct load *load);

/* True while a question may be asked. */
bool load_may_ask(const struct load *load, uint64_t now);

/* Writes a query about that name to out (ZONE_QUERY_MAX octets), and takes a slot for it. */
size_t load_ask(struct load *load, uint64_t number, unsigned client, uint64_t now, uint8_t *out);

/* Judges an answer; false if nothing under way belongs to it. */
bool load_answered(
	struct load *load, unsigned client, const uint8_t *message, size_t size, uint64_t now);

/* Gives up what has waited too long; lost, if not NULL, is told of each. */
typedef void load_lost(void *owner, unsigned client);
void load_give_up(struct load *load, uint64_t now, load_lost *lost, void *owner);

/* Asks and waits until the questions or the time are over, and the last is answered or lost. */
void load_run_udp(struct load *load);
void load_run_tcp(struct load *load);

/* Opens the connections, asks one question on each, and holds them until a signal. */
void load_run_idle(struct load *load);

#endif
