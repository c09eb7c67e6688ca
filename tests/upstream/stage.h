#ifndef SIXWARD_TESTS_UPSTREAM_STAGE_H
#define SIXWARD_TESTS_UPSTREAM_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forge.h"
#include "sim.h"
#include "sixward/base/entropy.h"
#include "sixward/dns/frames.h"
#include "sixward/dns/reply.h"
#include "sixward/net/tcp.h"
#include "sixward/upstream/group.h"

/* A simulated world with a group under test and a few programmable upstreams. */

enum { ACTORS_MAX = 4, SEEN_MAX = 32768, STREAMS_MAX = 64, HELD_MAX = 64 };

/* A question as it came to an actor. */
struct seen {
	uint64_t at_ms;
	uint16_t id;
	uint16_t port;
	uint16_t type;
	uint16_t flags;
	bool is_stream, has_opt, has_do, has_keepalive;
	uint16_t udp_size, keepalive_size;
	uint8_t name[8]; /* its start */
};

struct actor;

struct actor_stream {
	struct actor *actor;
	struct tcp *tcp; /* NULL = closed */
	struct frames frames;
	unsigned answered;
};

/* An upstream: answers as `udp` and `stream` say. */
struct actor {
	struct stage *stage;
	struct endpoint at;
	struct forge udp, stream;
	bool is_silent;        /* over UDP */
	bool is_mute;          /* accepts connections, and says nothing */
	unsigned loses;        /* so many of the next datagrams get no answer */
	unsigned percent;      /* of answers lost, at random */
	unsigned forgeries;    /* answers with a wrong id before the true one */
	bool only_forgeries;   /* and never a true one */
	enum sim_verdict tcp;  /* what it says to connects */
	unsigned closes_after; /* answers on a connection, then it closes; 0 = never */
	unsigned holds;        /* answers to hold back, and then give in reverse */
	unsigned udp_count, stream_count, connection_count, closed_count;
	size_t seen_count;
	struct seen seen[SEEN_MAX];
	struct actor_stream streams[STREAMS_MAX];
	size_t held_count;
	size_t held_sizes[HELD_MAX];
	uint8_t held[HELD_MAX][WIRE_QUERY_MAX];
};

/* One question asked. */
struct asked {
	struct group_query *query;
	unsigned calls;
	struct reply *reply; /* a reference */
	struct failure failure;
	struct endpoint server; /* whose word it was; zeroed: nobody's */
	uint8_t tries;
	uint64_t started_ms, ended_ms;
};

struct stage {
	struct loop *loop;
	struct sim *sim;
	struct entropy entropy;
	struct group *group;
	struct actor actors[ACTORS_MAX];
	uint8_t tries_max; /* of each question; 0 = as many as there may be */
	unsigned random;
};

void stage_open(struct stage *stage, size_t actors, enum group_order order);
void stage_close(struct stage *stage);

/* Asks for NAME, with 10 s to do it. The stage frees nothing of it: asked_clear does. */
void stage_ask(struct stage *stage, struct asked *asked, const char *name, uint16_t type);
void stage_ask_stream(struct stage *stage, struct asked *asked, const char *name, uint16_t type);
void asked_clear(struct asked *asked);

/* Plays until the question has ended. */
void stage_wait(struct stage *stage, struct asked *asked);

/* Asks and waits: from which actor the answer came (1 is the first); 0 = a failure. */
unsigned stage_answer(struct stage *stage, const char *name, uint16_t type);

/* The last octet of the only A record, which names the actor; 0 without a reply. */
unsigned asked_answer(const struct asked *asked);

/* Numbers that are always the same. */
unsigned stage_random(struct stage *stage, unsigned bound);

#endif
