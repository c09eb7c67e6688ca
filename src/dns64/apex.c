/* SOA and NS of the zones that exist only here: ipv4only.arpa and the reverse zones of
 * prefixes. */

#include "sixward/dns64/apex.h"

#include "sixward/base/bytes.h"

enum { SERIAL = 1, REFRESH_S = 3600, RETRY_S = 1200, EXPIRE_S = 604800 };

static const uint8_t mailbox[] = "\6nobody\7invalid";

void apex_add_soa(const struct apex *apex, enum wire_section section, struct reply_draft *draft)
{
	uint8_t rdata[NAME_SIZE_MAX + sizeof(mailbox) + 5 * sizeof(uint32_t)];
	struct writer writer = writer_over(rdata, sizeof(rdata));

	writer_put(&writer, apex->zone, name_size(apex->zone, NAME_SIZE_MAX));
	writer_put(&writer, mailbox, sizeof(mailbox));
	writer_u32(&writer, SERIAL);
	writer_u32(&writer, REFRESH_S);
	writer_u32(&writer, RETRY_S);
	writer_u32(&writer, EXPIRE_S);
	writer_u32(&writer, apex->minimum_s);
	reply_draft_add(draft, &(struct record){ .section = section,
				       .type = TYPE_SOA,
				       .rclass = CLASS_IN,
				       .rdata_size = (uint16_t)writer.at,
				       .ttl = apex->ttl_s,
				       .owner = apex->zone,
				       .rdata = rdata });
}

void apex_add_ns(const struct apex *apex, struct reply_draft *draft)
{
	reply_draft_add(draft, &(struct record){ .section = SECTION_ANSWER,
				       .type = TYPE_NS,
				       .rclass = CLASS_IN,
				       .rdata_size = (uint16_t)name_size(apex->zone, NAME_SIZE_MAX),
				       .ttl = apex->ttl_s,
				       .owner = apex->zone,
				       .rdata = apex->zone });
}
