#ifndef SIXWARD_WATCH_SNAPSHOT_H
#define SIXWARD_WATCH_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/dns64/prefix.h"
#include "sixward/resolve/outcome.h"
#include "sixward/upstream/server_survey.h"
#include "sixward/watch/history.h"
#include "sixward/watch/pulse.h"
#include "sixward/watch/recent.h"

/* All that is to be told of a running server at one moment, as values: what the status page, the
 * metrics and the check of health are made of. Whoever fills it in keeps what it points to. */

enum snapshot_level { SNAPSHOT_OK, SNAPSHOT_WARNING, SNAPSHOT_ERROR };

enum { SNAPSHOT_FROM_MAX = ENDPOINT_TEXT_MAX };

enum prefix_source { SOURCE_LISTED, SOURCE_DNS, SOURCE_ADVERT };

/* A prefix of some view. */
struct snapshot_prefix {
	struct prefix prefix;
	enum prefix_source source;
	char from[SNAPSHOT_FROM_MAX]; /* the server or router that told it; "" = nobody */
	bool is_checked;              /* else nothing is known of its gateway */
	enum pulse_state state;
	uint32_t latency_us; /* of its gateway; 0 = not measured */
	uint64_t since_s;    /* seconds in this state */
	bool is_used;        /* some answers are made with it */
	bool is_top;         /* and some of clients that are in no view */
	bool drain;
};

/* What the doctor has to say. */
struct snapshot_warning {
	const char *id; /* a stable word */
	enum snapshot_level level;
	const char *text;
	char *const *steps;
	size_t step_count;
};

struct snapshot {
	const char *program; /* name and version */
	const char *version;
	uint64_t now_s;  /* since 1970 */
	uint64_t now_ms; /* the loop's, in which the history and the names tell theirs */
	uint64_t uptime_s;
	unsigned workers;
	unsigned silent_workers; /* did not answer in time: what they know is missing */
	const struct endpoint *listen;
	size_t listen_count;

	uint64_t outcomes[OUTCOME_COUNT];
	uint64_t rate; /* queries per second, in thousandths */
	uint64_t in_progress;
	uint64_t tcp_connections;
	struct history_sample samples[HISTORY_SAMPLES];
	size_t sample_count;
	uint64_t samples_end_ms;

	bool is_dns64; /* for clients that are in no view */
	const struct snapshot_prefix *prefixes;
	size_t prefix_count;

	const struct server_survey *servers; /* those of the root zone are the top's */
	size_t server_count;

	uint64_t cache_entries;
	uint64_t cache_bytes;
	uint64_t cache_size; /* the most that it may hold, in octets */
	uint64_t cache_hits;
	uint64_t cache_misses;

	bool has_recent; /* names are kept */
	struct recent_name recent[RECENT_MAX];
	size_t recent_count;

	const struct snapshot_warning *warnings;
	size_t warning_count;
};

#endif
