/* An A reply without the A records that a host cannot use. Whether to hide at all is decided
 * by verdict and by whoever knows the name lists. */

#include "sixward/dns64/hide.h"

#include "sixward/dns/wire.h"

static bool is_hidden(
	const struct aged_reply *a, const struct record *record, const struct policy *policy)
{
	struct addr addr;

	if (!aged_is_data(a, record, TYPE_A))
		return false;
	if (record->rdata_size != 4)
		return true;
	addr = addr_from_ipv4(record->rdata);
	return !netset_contains(&policy_options(policy)->keep_a_ipv4, &addr);
}

static size_t count_hidden(const struct aged_reply *a, const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < reply_count(a->reply); i++) {
		struct record record = reply_record(a->reply, i);

		if (is_hidden(a, &record, policy))
			count++;
	}
	return count;
}

/* Rows H1 and H2, D64-5.3.3-a: a part of the RRset has no signature and no AD. */
struct reply *hide_a(const struct question *question, const struct aged_reply *a,
	const struct aged_reply *denial, const struct policy *policy, size_t *hidden)
{
	struct reply_draft draft;

	*hidden = count_hidden(a, policy);
	if (*hidden == 0)
		return NULL;

	reply_draft_init(&draft, question, RCODE_NOERROR);
	aged_copy_chain(a, TYPE_A, &draft);
	for (size_t i = 0; i < reply_count(a->reply); i++) {
		struct record record = aged_record(a, i);

		if (aged_is_data(a, &record, TYPE_A) && !is_hidden(a, &record, policy))
			reply_draft_lend(&draft, &record);
	}
	if (*hidden < reply_data_count(a->reply, TYPE_A))
		aged_copy_rest(a, &draft);
	else if (denial)
		aged_copy_soa(denial, &draft); /* an NS without an SOA would be a referral */
	aged_copy_edes(a, &draft);
	return reply_draft_seal(&draft);
}
