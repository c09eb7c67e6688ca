#ifndef SIXWARD_RESOLVE_VIEW_H
#define SIXWARD_RESOLVE_VIEW_H

#include <stddef.h>

#include "sixward/base/netset.h"
#include "sixward/dns64/policy.h"

enum { VIEW_DEFAULT = -1 };

/* Whose settings: client address to policy. The first view that matches is used, else the
 * default. Built once, then only read. */

struct view {
	struct netset clients;
	struct policy *policy;
};

struct views {
	struct policy *fallback;
	struct view *items;
	size_t count;
};

void views_clear(struct views *views);

/* Both take the policy's reference over; `clients` is moved, and zeroed. */
void views_set_fallback(struct views *views, struct policy *policy);
void views_add(struct views *views, struct netset *clients, struct policy *policy);

/* The same clients with other policies: the fallback's first, then each view's, to which `out`
 * takes references; NULL = the same policies. `out` is zeroed before, and the caller's to clear. */
void views_copy(const struct views *views, struct policy *const *policies, struct views *out);

/* The place of the client's view in the list of them, or VIEW_DEFAULT; and whose it is, borrowed.
 */
int views_number(const struct views *views, const struct addr *client);
struct policy *views_policy(const struct views *views, int number);

/* Both in one. */
struct policy *views_find(const struct views *views, const struct addr *client);

#endif
