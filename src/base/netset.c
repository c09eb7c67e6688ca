/* A list of networks, the longest first. Knows nothing of what the list is for; an operator
 * wrote every line of it, so it is short. */

#include "sixward/base/netset.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

void netset_clear(struct netset *set)
{
	free(set->networks);
	free(set->places);
	*set = (struct netset){ 0 };
}

void netset_add(struct netset *set, const struct network *network)
{
	size_t at = set->count;
	size_t room = 2 * at + 1;

	/* The room doubles: it is full at 1, 3, 7, and so on. */
	if ((at & (at + 1)) == 0) {
		set->networks = mem_resize_array(set->networks, room, sizeof(*set->networks));
		set->places = mem_resize_array(set->places, room, sizeof(*set->places));
	}
	while (at > 0 && set->networks[at - 1].length < network->length) {
		set->networks[at] = set->networks[at - 1];
		set->places[at] = set->places[at - 1];
		at--;
	}
	set->networks[at] = *network;
	set->places[at] = set->count++;
}

struct netset netset_copy(const struct netset *set)
{
	struct netset copy = { 0 };

	for (size_t i = 0; i < set->count; i++)
		netset_add(&copy, &set->networks[i]);
	if (set->count)
		memcpy(copy.places, set->places, set->count * sizeof(*set->places));
	return copy;
}

enum network_fault netset_add_text(struct netset *set, const char *text)
{
	static const struct word {
		const char *word;
		const char *networks[5];
	} words[] = {
		{ "loopback", { "127.0.0.0/8", "::1/128" } },
		{ "link-local", { "169.254.0.0/16", "fe80::/10" } },
		{ "private", { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
				     "fc00::/7" } },
		{ "any", { "0.0.0.0/0", "::/0" } },
	};
	struct network network;
	enum network_fault fault;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, text) != 0)
			continue;
		for (size_t k = 0; k < 5 && words[i].networks[k]; k++) {
			(void)network_parse(words[i].networks[k], &network);
			netset_add(set, &network);
		}
		return NETWORK_OK;
	}
	fault = network_parse(text, &network);
	if (fault == NETWORK_OK)
		netset_add(set, &network);
	return fault;
}

const struct network *netset_find(const struct netset *set, const struct addr *addr, size_t *place)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!network_contains(&set->networks[i], addr))
			continue;
		if (place)
			*place = set->places[i];
		return &set->networks[i];
	}
	return NULL;
}

bool netset_contains(const struct netset *set, const struct addr *addr)
{
	return netset_find(set, addr, NULL) != NULL;
}
