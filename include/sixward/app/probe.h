#ifndef SIXWARD_APP_PROBE_H
#define SIXWARD_APP_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/config/config.h"
#include "sixward/net/loop.h"
#include "sixward/watch/pulse.h"

/* What the network answers just now: each upstream, each prefix, and the daemon where the config
 * says that it listens. All are asked at once, once, and PROBE_MS at most are waited. Judges
 * nothing. */

enum { PROBE_MS = 5000, PROBE_SERVERS_MAX = 64, PROBE_PREFIXES_MAX = 64, PROBE_LISTENERS_MAX = 32 };

enum probe_result {
	PROBE_NOT_ASKED,   /* via NAT64, and no prefix is known to reach it through */
	PROBE_SILENT,      /* no answer */
	PROBE_UNREACHABLE, /* the network, or the host there, says that nobody answers */
	PROBE_GARBAGE,     /* something that is no answer to it */
	PROBE_ERROR,       /* an answer with that RCODE */
	PROBE_ANSWERED
};

struct probe_answer {
	enum probe_result result;
	uint16_t rcode;   /* of PROBE_ERROR */
	uint32_t took_ms; /* of the last two */
};

/* An upstream. */
struct probe_server {
	struct endpoint endpoint; /* as in the config */
	bool via_nat64;
	const struct name *zone;    /* the config's, whose names it is asked for; NULL = all */
	const char *resolv_conf;    /* the config's: the file that names it; NULL = the config */
	struct probe_answer answer; /* to the SOA of "." or of its zone */
	bool has_dnssec;            /* of one for all names: that SOA came signed */
	struct prefix prefixes[POLICY_PREFIXES_MAX]; /* it is a DNS64 itself, with these */
	size_t prefix_count;
};

/* A prefix of some view, listed or learned. */
struct probe_prefix {
	struct prefix prefix;
	bool is_learned;
	bool drain;
	bool has_targets; /* false: it was not tried */
	enum pulse_state state;
	uint32_t latency_us; /* of a TCP handshake through it; 0 = not measured */
};

/* An endpoint of `listen`, where the daemon should answer. */
struct probe_listener {
	struct endpoint endpoint;   /* as in the config */
	struct addr asker;          /* this host's address that it is asked from */
	struct probe_answer answer; /* to ipv4only.arpa AAAA */
	struct prefix prefixes[POLICY_PREFIXES_MAX];
	size_t prefix_count;

	/* What these settings have it tell the asker: the prefixes in force in its view. */
	struct prefix in_force[POLICY_PREFIXES_MAX];
	size_t in_force_count;
};

struct probe {
	struct probe_server servers[PROBE_SERVERS_MAX];
	size_t server_count;
	struct probe_prefix prefixes[PROBE_PREFIXES_MAX];
	size_t prefix_count;
	struct probe_listener listeners[PROBE_LISTENERS_MAX];
	size_t listener_count;
	bool is_deaf;    /* router advertisements are wanted, and could not be heard: what is
			  * missing may be known to who can hear them */
	bool is_settled; /* every source of prefixes was asked, every prefix was tried */

	/* What these settings have a program be told that asks from ::1. */
	struct prefix in_force[POLICY_PREFIXES_MAX];
	size_t in_force_count;
};

/* Runs the loop, which has to be fresh: what else is on it runs as well. The config outlives the
 * result. */
struct probe *probe_run(struct loop *loop, struct config *config);
void probe_free(struct probe *probe); /* NULL is fine */

#endif
