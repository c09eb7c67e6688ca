/* Whose settings: client address to policy. Knows nothing of what a policy says. */

#include "sixward/resolve/view.h"

#include <stdlib.h>

#include "sixward/base/mem.h"

void views_clear(struct views *views)
{
	for (size_t i = 0; i < views->count; i++) {
		netset_clear(&views->items[i].clients);
		policy_unref(views->items[i].policy);
	}
	free(views->items);
	policy_unref(views->fallback);
	*views = (struct views){ 0 };
}

void views_set_fallback(struct views *views, struct policy *policy)
{
	policy_unref(views->fallback);
	views->fallback = policy;
}

void views_add(struct views *views, struct netset *clients, struct policy *policy)
{
	views->items = mem_resize_array(views->items, views->count + 1, sizeof(*views->items));
	views->items[views->count++] = (struct view){ .clients = *clients, .policy = policy };
	*clients = (struct netset){ 0 };
}

void views_copy(const struct views *views, struct policy *const *policies, struct views *out)
{
	views_set_fallback(out, policy_ref(policies ? policies[0] : views->fallback));
	for (size_t i = 0; i < views->count; i++) {
		const struct view *view = &views->items[i];
		struct netset clients = netset_copy(&view->clients);

		views_add(out, &clients, policy_ref(policies ? policies[i + 1] : view->policy));
	}
}

int views_number(const struct views *views, const struct addr *client)
{
	for (size_t i = 0; i < views->count; i++) {
		if (netset_contains(&views->items[i].clients, client))
			return (int)i;
	}
	return VIEW_DEFAULT;
}

struct policy *views_policy(const struct views *views, int number)
{
	return number == VIEW_DEFAULT ? views->fallback : views->items[number].policy;
}

struct policy *views_find(const struct views *views, const struct addr *client)
{
	return views_policy(views, views_number(views, client));
}
