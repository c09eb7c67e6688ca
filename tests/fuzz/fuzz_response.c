/* What is whole stays so, and the same, whatever comes behind it; what is garbage stays garbage;
 * and nothing is waited for that cannot come. The first two octets of the input say where it is
 * cut. */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/app/response.h"

static void hold_response(const struct response *response, size_t size)
{
	HOLDS(response->status >= 200 && response->status <= 999);
	HOLDS(response->size <= size);
	HOLDS(response->body[response->size] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct response first, second, ended;
	enum response_state before, after;
	size_t cut;
	char *part;

	if (size < 2)
		return 0;
	cut = (size_t)(data[0] << 8 | data[1]);
	data += 2;
	size -= 2;
	cut = cut < size ? cut : size;
	part = malloc(cut + 1); /* by itself, so that a look beyond its end is seen */
	memcpy(part, data, cut);
	part = realloc(part, cut ? cut : 1);
	before = response_parse(part, cut, false, &first);
	after = response_parse((const char *)data, size, false, &second);
	HOLDS(before != RESPONSE_GARBAGE || after == RESPONSE_GARBAGE);
	if (before == RESPONSE_WHOLE) {
		hold_response(&first, cut);
		HOLDS(after == RESPONSE_WHOLE && first.status == second.status);
		HOLDS(first.size == second.size);
		HOLDS(memcmp(first.body, second.body, first.size) == 0);
	}
	if (after == RESPONSE_WHOLE)
		hold_response(&second, size);
	HOLDS(response_parse((const char *)data, size, true, &ended) != RESPONSE_PARTIAL);
	response_clear(&first);
	response_clear(&second);
	response_clear(&ended);
	free(part);
	return 0;
}
