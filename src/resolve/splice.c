/* Parts of an alias chain, of different ages, to one reply. Knows nothing of who asked for
 * them, or where. */

#include "sixward/resolve/splice.h"

struct question splice_question(const struct question *question, const struct reply *first)
{
	return question_make(reply_terminal(first), question->type, question->rclass, question->cd);
}

/* A copy of age 0, so that parts of different ages can share one (CCH-b). */
static struct reply *renew(const struct question *question, const struct aged_reply *aged)
{
	struct reply_draft *draft = reply_draft_new(question, reply_facts(aged->reply)->rcode);

	for (size_t i = 0; i < reply_count(aged->reply); i++) {
		struct record record = aged_record(aged, i);

		reply_draft_add(draft, &record);
	}
	aged_copy_edes(aged, draft);
	if (reply_facts(aged->reply)->ad)
		reply_draft_set_ad(draft);
	return reply_draft_seal(draft);
}

struct reply *splice_replies(const struct question *question, const struct aged_reply *first,
	const struct aged_reply *rest, uint8_t links_max)
{
	struct question terminal = splice_question(question, first->reply);
	struct reply *first_now = first->age_s ? renew(question, first) : NULL;
	struct reply *rest_now = rest->age_s ? renew(&terminal, rest) : NULL;
	struct reply *joined;

	joined = reply_join(question, first_now ? first_now : first->reply,
		rest_now ? rest_now : rest->reply, links_max);
	reply_unref(first_now);
	reply_unref(rest_now);
	return joined;
}
