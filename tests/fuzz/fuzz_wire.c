/* No view leads out of the message, the walk ends, and a message that is well-formed as a whole
 * gives just the records that its header counts. */

#include "fuzz.h"

#include "sixward/dns/wire.h"

static void check_options(const struct wire *wire)
{
	struct wire_option option;
	size_t at = 0;

	while (wire_next_option(&wire->edns, &at, &option)) {
		HOLDS(at <= wire->edns.options_size);
		HOLDS(option.octets >= wire->octets);
		HOLDS(option.octets + option.size <= wire->octets + wire->size);
	}
}

static void check_records(const struct wire *wire, enum wire_fault fault)
{
	struct wire_walk walk = { 0 };
	struct wire_record record;
	uint32_t count = 0;

	while (wire_next(wire, &walk, &record)) {
		size_t at = record.owner_at;
		struct name owner;

		HOLDS(record.rdata_at + record.rdata_size <= wire->size);
		if (fault == WIRE_OK)
			HOLDS(name_read(wire->octets, wire->size, &at, &owner));
		count++;
	}
	if (fault == WIRE_OK)
		HOLDS(count == (uint32_t)wire->record_counts[0] + wire->record_counts[1] +
				       wire->record_counts[2]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum wire_fault fault;
	struct wire wire;

	if (!wire_view(&wire, data, size)) {
		HOLDS(size < WIRE_HEADER_SIZE);
		return 0;
	}
	if (wire.question_count >= 1 && wire_view_question(&wire) == WIRE_OK) {
		HOLDS(wire.question_name + wire.question_size <= data + size);
		HOLDS(name_size(wire.question_name, wire.question_size) + 4 == wire.question_size);
	}
	fault = wire_view_records(&wire);
	if (wire.edns.present)
		check_options(&wire);
	if (fault == WIRE_OK || fault == WIRE_BAD_OPT || fault == WIRE_BAD_OPTIONS)
		check_records(&wire, fault);
	return 0;
}
