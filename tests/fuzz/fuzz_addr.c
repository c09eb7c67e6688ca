/* Whatever parses is formatted to a text that parses to the same. */

#include "fuzz.h"

#include <string.h>

#include "sixward/base/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char again[ENDPOINT_TEXT_MAX];
	struct addr addr, addr_again;
	struct endpoint endpoint, endpoint_again;
	struct network network, network_again;

	HOLDS(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (addr_parse(text, &addr)) {
		HOLDS(addr_parse(addr_format(&addr, again), &addr_again));
		HOLDS(addr_equal(&addr, &addr_again));
	}
	if (endpoint_parse(text, 53, &endpoint)) {
		HOLDS(endpoint.port != 0);
		HOLDS(endpoint_parse(endpoint_format(&endpoint, again), 1, &endpoint_again));
		HOLDS(endpoint_equal(&endpoint, &endpoint_again));
	}
	if (network_parse(text, &network) == NETWORK_OK) {
		HOLDS(network.length <= addr_bits(&network.addr));
		HOLDS(network_contains(&network, &network.addr));
		HOLDS(network_parse(network_format(&network, again), &network_again) == NETWORK_OK);
		HOLDS(network.length == network_again.length);
		HOLDS(addr_equal(&network.addr, &network_again.addr));
	}
	free(text);
	return 0;
}
