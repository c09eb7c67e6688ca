/* Which group for which question. Knows zones and groups; of questions name and type. */

#include "sixward/upstream/routes.h"

#include <stdlib.h>

#include "sixward/base/mem.h"

/* What one configuration makes of them. */
struct plan {
	struct nameset zones; /* zone to its place in `routes`; the fallback's is the last */
	struct route *routes;
	struct name *names; /* of the zone of each route */
	size_t count;
	struct group **groups; /* one of each scope */
	size_t group_count;
};

struct routes {
	struct loop *loop;
	struct entropy *entropy;
	struct tally tally; /* outlives the groups that come and go */
	struct plan plan;
};

static struct group *find_group(const struct plan *plan, uint64_t scope)
{
	for (size_t i = 0; i < plan->group_count; i++)
		if (group_scope(plan->groups[i]) == scope)
			return plan->groups[i];
	return NULL;
}

/* The group of these options: of this plan, of the one before, or new. */
static struct group *take_group(
	struct routes *routes, struct plan *plan, const struct group_options *options)
{
	struct group_options counted = *options;
	struct group *group = find_group(plan, options->scope);

	if (group)
		return group;
	counted.tally = &routes->tally;
	group = find_group(&routes->plan, options->scope);
	if (group)
		group_set_options(group, &counted);
	else
		group = group_new(routes->loop, routes->entropy, &counted);
	plan->groups[plan->group_count++] = group;
	return group;
}

static struct plan make_plan(struct routes *routes, const struct routes_options *options)
{
	struct plan plan = { .count = options->zone_count + 1 };

	plan.routes = mem_new_array(plan.count, sizeof(*plan.routes));
	plan.names = mem_new_array(plan.count, sizeof(*plan.names));
	plan.groups = mem_new_array(plan.count, sizeof(struct group *));
	for (size_t i = 0; i < options->zone_count; i++) {
		const struct routes_zone *zone = &options->zones[i];

		plan.routes[i].group = take_group(routes, &plan, &zone->group);
		plan.routes[i].dns64 = zone->dns64;
		plan.names[i] = zone->zone;
		(void)nameset_add(&plan.zones, zone->zone.octets, i);
	}
	plan.routes[options->zone_count].group = take_group(routes, &plan, &options->fallback);
	plan.routes[options->zone_count].dns64 = true;
	plan.names[options->zone_count] = name_copy((const uint8_t *)"");
	return plan;
}

static void plan_clear(struct plan *plan)
{
	nameset_clear(&plan->zones);
	free(plan->routes);
	free(plan->names);
	free(plan->groups);
}

struct routes *routes_new(
	struct loop *loop, struct entropy *entropy, const struct routes_options *options)
{
	struct routes *routes = mem_new(sizeof(*routes));

	routes->loop = loop;
	routes->entropy = entropy;
	routes->plan = make_plan(routes, options);
	return routes;
}

void routes_update(struct routes *routes, const struct routes_options *options)
{
	struct plan plan = make_plan(routes, options);

	for (size_t i = 0; i < routes->plan.group_count; i++)
		if (!find_group(&plan, group_scope(routes->plan.groups[i])))
			group_retire(routes->plan.groups[i]);
	plan_clear(&routes->plan);
	routes->plan = plan;
}

void routes_free(struct routes *routes)
{
	if (!routes)
		return;
	for (size_t i = 0; i < routes->plan.group_count; i++)
		group_free(routes->plan.groups[i]);
	plan_clear(&routes->plan);
	free(routes);
}

const struct route *routes_find(const struct routes *routes, const struct question *question)
{
	const uint8_t *name = question->name.octets;
	size_t at = 0;

	if (!routes->plan.zones.count)
		return &routes->plan.routes[0]; /* the fallback is all there is */
	/* LOC-07: the zone itself does not have it. */
	if (question->type == TYPE_DS && !name_is_root(name))
		name = name_parent(name);
	if (!nameset_find(&routes->plan.zones, name, &at))
		at = routes->plan.count - 1;
	return &routes->plan.routes[at];
}

void routes_set_scope(const struct routes *routes, struct question *question)
{
	question->scope = group_scope(routes_find(routes, question)->group);
}

struct group *routes_group(const struct routes *routes, uint64_t scope)
{
	return find_group(&routes->plan, scope);
}

/* Whether a route before has its group. The fallback, which stands last, comes first. */
static bool is_surveyed(const struct plan *plan, size_t place)
{
	const struct group *group = plan->routes[place].group;

	if (place == plan->count - 1)
		return false;
	for (size_t i = 0; i < place; i++)
		if (plan->routes[i].group == group)
			return true;
	return plan->routes[plan->count - 1].group == group;
}

void routes_survey(const struct routes *routes, survey_visit *visit, void *owner)
{
	const struct plan *plan = &routes->plan;

	for (size_t i = 0; i < plan->count; i++) {
		size_t place = (i + plan->count - 1) % plan->count;

		if (!is_surveyed(plan, place))
			group_survey(
				plan->routes[place].group, plan->names[place].octets, visit, owner);
	}
}

void routes_revive(struct routes *routes)
{
	const struct plan *plan = &routes->plan;

	for (size_t i = 0; i < plan->count; i++)
		group_revive(plan->routes[i].group, plan->names[i].octets);
}

bool routes_is_own(struct routes *routes, uint16_t id, uint16_t source_port, const uint8_t *name,
	uint16_t type)
{
	for (size_t i = 0; i < routes->plan.group_count; i++)
		if (group_is_own(routes->plan.groups[i], id, source_port, name, type))
			return true;
	return false;
}

void routes_add_counts(struct routes *routes, struct counts *counts)
{
	tally_add(&routes->tally, counts);
}
