/* A line per query: who asked for what, how it ended, whose word it was, and how long it took.
 * Knows nothing of why, and keeps nothing. */

#include "sixward/app/query_log.h"

#include <stdio.h>

#include "sixward/base/log.h"
#include "sixward/dns/message.h"

enum { VIEW_TEXT_MAX = 16 };

static const char *format_view(int view, char text[VIEW_TEXT_MAX])
{
	if (view == VIEW_DEFAULT)
		return "default";
	(void)snprintf(text, VIEW_TEXT_MAX, "%d", view);
	return text;
}

static void write_line(const struct query_observation *seen)
{
	char client[ENDPOINT_TEXT_MAX], upstream[ENDPOINT_TEXT_MAX], prefix[NETWORK_TEXT_MAX];
	char type[MESSAGE_TYPE_TEXT_MAX], rcode[MESSAGE_TYPE_TEXT_MAX];
	char name[NAME_TEXT_MAX], view[VIEW_TEXT_MAX];
	/* What not every query has comes last; the end is a field without a key. */
	struct log_field fields[] = {
		LOG_TEXT("client", endpoint_format(&seen->origin->client, client)),
		LOG_TEXT("transport", seen->origin->stream ? "tcp" : "udp"),
		LOG_TEXT("view", format_view(seen->view, view)),
		LOG_TEXT("name", name_format(seen->question->name.octets, name)),
		LOG_TEXT("type", message_format_type(seen->question->type, type)),
		LOG_TEXT("outcome", outcome_label(seen->outcome)),
		LOG_TEXT("rcode", message_format_rcode(seen->rcode, rcode)),
		LOG_NUMBER("ms", seen->took_ms),
		{ 0 },
		{ 0 },
		{ 0 },
	};
	struct log_field *next = &fields[8];

	if (seen->upstream)
		*next++ = (struct log_field)LOG_TEXT(
			"upstream", endpoint_format(seen->upstream, upstream));
	if (seen->prefix)
		*next = (struct log_field)LOG_TEXT(
			"prefix", network_format(&seen->prefix->network, prefix));
	log_record(LOG_INFO, "query", fields);
}

void query_log(const struct query_observation *seen)
{
	if (log_wants(LOG_INFO))
		write_line(seen);
}
