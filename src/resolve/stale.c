/* Expired facts as an answer. When stale data will do, and whether it may, is known elsewhere. */

#include "sixward/resolve/stale.h"

struct reply *stale_reply(const struct question *question, const struct reply *reply)
{
	struct reply_draft *draft = reply_draft_new(question, reply_facts(reply)->rcode);

	for (size_t i = 0; i < reply_count(reply); i++) {
		struct record record = reply_record(reply, i);

		record.ttl = STALE_TTL_S;
		reply_draft_add(draft, &record);
	}
	return reply_draft_seal(draft);
}
