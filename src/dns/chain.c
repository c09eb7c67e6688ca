/* The order of a response, and what of it belongs there. Follows aliases by name and type
 * alone; knows no TTL rules beyond those of an RRset, no wire format and no cache. */

#include "sixward/dns/chain.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

/* The RDATA of a CNAME that upstream left out. */
struct chain_made {
	struct chain_made *next;
	struct name target;
};

/* Following in progress. */
struct walk {
	struct chain *chain;
	struct rrsets *sets;
	const struct question *question;
	uint32_t links_max;
	bool scrubs;
	bool has_dname;
};

static void put_set(struct chain *chain, struct rrset *set, bool signatures_only)
{
	if (set->is_taken)
		return;
	set->is_taken = true;
	for (size_t i = 0; i < set->count; i++) {
		if (signatures_only && !set->members[i].is_signature)
			continue;
		chain->records[chain->count] = *set->members[i].record;
		chain->records[chain->count++].ttl = set->ttl;
	}
}

static struct rrset *find_data(struct rrset *sets, size_t count, uint16_t type)
{
	for (size_t i = 0; i < count; i++) {
		if (sets[i].members[0].type == type && sets[i].data_count > 0)
			return &sets[i];
	}
	return NULL;
}

/* UPR-08, for the sets of one owner. RFC 4034 lets RRSIG and NSEC stand beside a CNAME. */
static bool is_conflict(const struct rrset *sets, size_t count)
{
	bool has_cname = false;
	bool has_others = false;

	for (size_t i = 0; i < count; i++) {
		if (sets[i].data_count == 0)
			continue;
		if (sets[i].members[0].type == TYPE_CNAME) {
			has_cname = true;
			if (sets[i].data_count > 1)
				return true;
		} else if (sets[i].members[0].type != TYPE_NSEC) {
			has_others = true;
		}
	}
	return has_cname && has_others;
}

/* R6672-2.2-a: the DNAME above `name`. The nearest: below a DNAME there are no others. */
static struct rrset *find_dname(const struct walk *walk, const uint8_t *name)
{
	if (!walk->has_dname)
		return NULL;
	while (!name_is_root(name)) {
		struct rrset *sets;
		struct rrset *found;
		size_t count;

		name = name_parent(name);
		sets = rrsets_find(walk->sets, SECTION_ANSWER, name, &count);
		found = find_data(sets, count, TYPE_DNAME);
		if (found != NULL)
			return found;
	}
	return NULL;
}

/* R1034-3.6.2-a: a CNAME answers these itself. With NXDOMAIN every CNAME is a link, for what
 * is denied is the last name (D64-5.1.5-f). */
static bool asks_for_cname(const struct walk *walk)
{
	uint16_t type = walk->question->type;

	return walk->chain->rcode != RCODE_NXDOMAIN && (type == TYPE_CNAME || type == TYPE_ANY);
}

/* Puts what was asked for, from the sets of one owner. */
static bool put_data(const struct walk *walk, struct rrset *sets, size_t count)
{
	struct chain *chain = walk->chain;
	uint16_t type = walk->question->type;
	size_t before = chain->count;
	struct rrset *set;

	if (walk->scrubs && chain->rcode == RCODE_NXDOMAIN)
		return false;
	if (type == TYPE_ANY || type == TYPE_RRSIG) {
		if (!asks_for_cname(walk) && find_data(sets, count, TYPE_CNAME) != NULL)
			return false;
		for (size_t i = 0; i < count; i++)
			put_set(chain, &sets[i], type == TYPE_RRSIG);
		return chain->count > before;
	}
	if (type == TYPE_CNAME && !asks_for_cname(walk))
		return false;
	set = find_data(sets, count, type);
	if (set == NULL)
		return false;
	put_set(chain, set, false);
	return true;
}

/* D64-5.1.5-e. False: the name became too long. */
static bool make_cname(
	struct walk *walk, const uint8_t *owner, const struct rrset *dname, const uint8_t **target)
{
	const struct record *source = dname->members[0].record;
	struct chain *chain = walk->chain;
	struct chain_made *made = mem_new(sizeof(*made));

	if (name_rewrite(owner, source->owner, source->rdata, &made->target) != NAME_REWRITTEN) {
		free(made);
		chain->rcode = RCODE_YXDOMAIN;
		return false;
	}
	made->next = chain->made;
	chain->made = made;
	chain->records[chain->count++] = (struct record){
		.section = SECTION_ANSWER,
		.type = TYPE_CNAME,
		.rclass = source->rclass,
		.rdata_size = made->target.size,
		.ttl = dname->ttl,
		.owner = owner,
		.rdata = made->target.octets,
	};
	*target = made->target.octets;
	return true;
}

enum step { STEP_ON, STEP_END, STEP_CONFLICT, STEP_LOOP };

/* One name of the chain; moves `*at` to the next. */
static enum step follow_one(struct walk *walk, const uint8_t **at)
{
	struct chain *chain = walk->chain;
	size_t count;
	struct rrset *sets = rrsets_find(walk->sets, SECTION_ANSWER, *at, &count);
	struct rrset *cname = find_data(sets, count, TYPE_CNAME);
	struct rrset *dname;

	if (walk->scrubs && is_conflict(sets, count))
		return STEP_CONFLICT;
	if (!asks_for_cname(walk) && put_data(walk, sets, count)) {
		chain->has_data = true;
		return STEP_END;
	}
	dname = find_dname(walk, *at);
	if (dname != NULL)
		put_set(chain, dname, false);
	if (asks_for_cname(walk) && put_data(walk, sets, count)) {
		chain->has_data = true;
		return STEP_END;
	}
	if (cname != NULL) {
		if (cname->is_taken)
			return STEP_LOOP;
		put_set(chain, cname, false);
		*at = cname->members[0].record->rdata;
	} else {
		const uint8_t *target;

		if (dname == NULL || !walk->scrubs)
			return STEP_END;
		if (!make_cname(walk, *at, dname, &target))
			return STEP_END;
		if (asks_for_cname(walk)) {
			chain->has_data = true;
			return STEP_END;
		}
		*at = target;
	}
	chain->links++;
	return chain->links > walk->links_max ? STEP_LOOP : STEP_ON;
}

static enum chain_result follow(struct walk *walk)
{
	const uint8_t *at = walk->question->name.octets;
	enum step step;

	do {
		step = follow_one(walk, &at);
		walk->chain->terminal = at;
	} while (step == STEP_ON);
	switch (step) {
	case STEP_CONFLICT:
		return CHAIN_CONFLICT;
	case STEP_LOOP:
		return CHAIN_LOOP;
	case STEP_ON:
	case STEP_END:
		break;
	}
	return CHAIN_FINE;
}

/* Whether an authority set stays in a negative response. */
static bool is_denial(const struct chain *chain, const struct rrset *set)
{
	uint16_t type = set->members[0].type;

	if (type == TYPE_NS)
		return false; /* R2308-2.1-b */
	if (type == TYPE_SOA) /* UPR-10 */
		return name_is_under(chain->terminal, set->members[0].record->owner);
	return true;
}

/* An alias chain that ends in nothing is asked on: nothing is denied by it (D64-5.1.5-d). */
static bool is_negative(const struct walk *walk)
{
	const struct rrsets *sets = walk->sets;

	if (walk->chain->has_data || walk->chain->rcode == RCODE_YXDOMAIN)
		return false;
	if (walk->chain->rcode == RCODE_NXDOMAIN || walk->chain->links == 0)
		return true;
	for (size_t i = 0; i < sets->count; i++) {
		const struct record *record = sets->sets[i].members[0].record;

		if (record->section == SECTION_AUTHORITY && record->type == TYPE_SOA)
			return true;
	}
	return false;
}

/* What follows the chain and its end, in the order given. */
static void put_rest(struct walk *walk)
{
	const struct rrsets *sets = walk->sets;
	bool only_denial = walk->scrubs && is_negative(walk);

	for (int section = SECTION_ANSWER; section <= SECTION_ADDITIONAL; section++) {
		if (section == SECTION_ANSWER && walk->scrubs)
			continue; /* UPR-07 */
		for (size_t i = 0; i < sets->record_count; i++) {
			struct rrset *set = sets->by_place[i];

			if (set == NULL || (int)set->members[0].record->section != section)
				continue;
			if (section == SECTION_AUTHORITY && only_denial &&
				!is_denial(walk->chain, set))
				continue;
			put_set(walk->chain, set, false);
		}
	}
}

static bool has_dname(const struct record *records, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (records[i].type == TYPE_DNAME && records[i].section == SECTION_ANSWER)
			return true;
	}
	return false;
}

static enum chain_result put_in_order(struct walk *walk, const struct record *records, size_t count)
{
	struct rrsets sets;
	enum chain_result result;

	rrsets_init(&sets, records, count);
	walk->sets = &sets;
	walk->has_dname = has_dname(records, count);
	result = follow(walk);
	put_rest(walk);
	rrsets_clear(&sets);
	walk->sets = NULL;
	return result;
}

static void start(struct chain *chain, uint16_t rcode, size_t room)
{
	chain->records = chain->first_records;
	if (room > RRSETS_INLINE)
		chain->records = mem_new_array(room, sizeof(*chain->records));
	chain->count = 0;
	chain->terminal = NULL;
	chain->links = 0;
	chain->rcode = rcode;
	chain->has_data = false;
	chain->made = NULL;
}

void chain_arrange(struct chain *chain, const struct question *question, uint16_t rcode,
	const struct record *records, size_t count)
{
	struct walk walk = { .chain = chain, .question = question, .links_max = UINT32_MAX };

	start(chain, rcode, count);
	put_in_order(&walk, records, count);
}

enum chain_result chain_scrub(struct chain *chain, const struct question *question, uint16_t rcode,
	const struct record *records, size_t count, uint8_t links_max)
{
	struct walk walk = {
		.chain = chain, .question = question, .links_max = links_max, .scrubs = true
	};

	/* With a DNAME each link makes one record at most, and one more may end in STEP_LOOP. */
	start(chain, rcode, has_dname(records, count) ? count + links_max + 1U : count);
	return put_in_order(&walk, records, count);
}

void chain_clear(struct chain *chain)
{
	while (chain->made != NULL) {
		struct chain_made *next = chain->made->next;

		free(chain->made);
		chain->made = next;
	}
	if (chain->records != chain->first_records)
		free(chain->records);
	chain->records = NULL;
}
