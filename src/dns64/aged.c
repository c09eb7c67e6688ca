/* How records of a fact go into an answer made of it: with the time taken off that the fact
 * has been kept, section by section. Knows no policy. */

#include "sixward/dns64/aged.h"

#include "sixward/dns/wire.h"

uint32_t aged_ttl(const struct aged_reply *aged, uint32_t ttl_s)
{
	return ttl_s > aged->age_s ? ttl_s - aged->age_s : 0; /* CCH-b */
}

struct record aged_record(const struct aged_reply *aged, size_t index)
{
	struct record record = reply_record(aged->reply, index);

	record.ttl = aged_ttl(aged, record.ttl);
	return record;
}

bool aged_is_data(const struct aged_reply *aged, const struct record *record, uint16_t type)
{
	return record->section == SECTION_ANSWER && record->type == type &&
	       record->rclass == CLASS_IN && name_equal(record->owner, reply_terminal(aged->reply));
}

bool aged_signs(const struct record *record, uint16_t type)
{
	return record->type == TYPE_RRSIG && record_covers(record) == type;
}

void aged_copy_chain(const struct aged_reply *aged, uint16_t type, struct reply_draft *draft)
{
	for (size_t i = 0; i < reply_count(aged->reply); i++) {
		struct record record = aged_record(aged, i);

		if (record.section != SECTION_ANSWER)
			continue;
		if (record.type != type && !aged_signs(&record, type))
			reply_draft_lend(draft, &record);
	}
}

void aged_copy_rest(const struct aged_reply *aged, struct reply_draft *draft)
{
	for (size_t i = 0; i < reply_count(aged->reply); i++) {
		struct record record = aged_record(aged, i);

		/* Passengers with less time than the answer leave before it does. */
		if (reply_record(aged->reply, i).ttl < aged->age_s)
			continue;
		if (record.section != SECTION_ANSWER)
			reply_draft_lend(draft, &record);
	}
}

void aged_copy_soa(const struct aged_reply *aged, struct reply_draft *draft)
{
	if (!aged->reply || !reply_facts(aged->reply)->has_soa)
		return;
	for (size_t i = 0; i < reply_count(aged->reply); i++) {
		struct record record = aged_record(aged, i);

		if (record.section != SECTION_AUTHORITY)
			continue;
		if (record.type == TYPE_SOA || aged_signs(&record, TYPE_SOA))
			reply_draft_lend(draft, &record);
	}
}

void aged_copy_edes(const struct aged_reply *aged, struct reply_draft *draft)
{
	const struct ede_list *edes = reply_edes(aged->reply);

	for (size_t i = 0; i < edes->count; i++)
		reply_draft_add_ede(draft, &edes->items[i]);
}
