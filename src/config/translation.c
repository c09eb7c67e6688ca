/* The kinds of values of the rules of translation. A view is the table of `dns64` applied once
 * more, over the top's settings. */

#include "sixward/config/translation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/base/text.h"
#include "sixward/config/endpoints.h"
#include "sixward/dns64/policy.h"
#include "sixward/resolve/view.h"

enum { INDENT = 2, VIEWS_MAX = 1024 };

static void read_aaaa_error(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	unsigned choice = 0;

	kind_choice.read(reading, setting, node, &choice);
	*(bool *)place = choice == 1;
}

static void show_aaaa_error(const struct setting *setting, const void *place, FILE *out, int indent)
{
	unsigned choice = *(const bool *)place ? 1 : 0;

	kind_choice.show(setting, &choice, out, indent);
}

const struct kind kind_aaaa_error = { "synthesize or pass", read_aaaa_error, show_aaaa_error };

/* dns64.check */

enum { TARGET_PORT = 443 }; /* of one without */

/* What a mapping means that names no key; the table's rows say the same. */
static const struct policy_check standard_check = {
	.is_on = true,
	.targets = { { { ADDR_IPV4, 0, { 1, 1, 1, 1 } }, TARGET_PORT },
		{ { ADDR_IPV4, 0, { 9, 9, 9, 9 } }, TARGET_PORT } },
	.target_count = 2,
	.every_ms = 10000,
	.timeout_ms = 2000,
	.fail_after = 3,
	.recover_after = 2,
};

static void read_target(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct policy_check *check = place;
	struct endpoint target;

	if (node->kind != TREE_SCALAR || tree_is_null(node) ||
		!endpoint_parse(node->text, TARGET_PORT, &target) ||
		target.addr.family != ADDR_IPV4) {
		reading_wrong(reading, node, kind_accepted_item(setting->kind));
		return;
	}
	if (!endpoints_check_nat64(reading, node, node->text, &target.addr))
		return;
	for (size_t i = 0; i < check->target_count; i++) {
		if (endpoint_equal(&check->targets[i], &target)) {
			reading_fault(reading, node, "this target is listed already");
			return;
		}
	}
	if (check->target_count >= POLICY_TARGETS_MAX)
		reading_fault(reading, node, "there are more than %d targets", POLICY_TARGETS_MAX);
	else
		check->targets[check->target_count++] = target;
}

static void read_targets(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct policy_check *check = place;

	check->target_count = 0;
	reading_entries(reading, setting, node, check, read_target);
	if (node->kind == TREE_LIST && node->count == 0)
		reading_fault(reading, node, "at least one target is needed");
}

static void show_targets(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct policy_check *check = place;
	char text[ENDPOINT_TEXT_MAX];

	(void)setting;
	(void)indent;
	for (size_t i = 0; i < check->target_count; i++)
		(void)fprintf(out, "%s\"%s\"", i ? ", " : " [",
			endpoint_format(&check->targets[i], text));
	(void)fputc(']', out);
}

const struct kind kind_targets = { "a list of IPv4 endpoints: ADDRESS or ADDRESS:PORT",
	read_targets, show_targets };

/* A check that is not over when the next is due. */
static void check_timeout(
	struct reading *reading, const struct tree *node, const struct policy_check *check)
{
	char every[TEXT_NUMBER_MAX];
	char timeout[TEXT_NUMBER_MAX];

	if (check->timeout_ms <= check->every_ms)
		return;
	(void)text_from_duration(check->every_ms, every);
	(void)text_from_duration(check->timeout_ms, timeout);
	if (tree_find(node, "timeout"))
		reading_fault_at(reading, node, "timeout",
			"found %s; accepted: at most dns64.check.every, which is %s", timeout,
			every);
	else
		reading_fault_at(reading, node, "every",
			"found %s; accepted: at least dns64.check.timeout, which is %s", every,
			timeout);
}

static void read_check(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	size_t errors = reading->faults->errors;
	struct policy_check *check = place;

	*check = standard_check;
	if (!reading_wants(reading, node, TREE_MAP, setting->kind->accepted))
		return;
	reading_table(reading, setting->table, node, NULL, check);
	if (reading->faults->errors == errors)
		check_timeout(reading, node, check);
}

static void show_check(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct policy_check *check = place;

	if (check->is_on) {
		(void)fputc('\n', out);
		showing_table(setting->table, check, out, indent);
	} else {
		(void)fprintf(out, " null");
	}
}

const struct kind kind_check = { "null, or a mapping, which may be empty: {}", read_check,
	show_check };

/* dns64 and views */

/* Gateways are compared by what their checks have measured. */
static void check_use(
	struct reading *reading, const struct tree *node, const struct policy_options *options)
{
	/* Of a `use` that the top has said the top is told. */
	if (options->use == USE_BEST && !options->check.is_on && tree_find(node, "use"))
		reading_fault_at(reading, node, "use",
			"found \"best\", which needs dns64.check; accepted without it: all, "
			"first");
}

/* A view is given the top's policy, which its gateway check is taken from; else NULL. */
static struct policy *read_policy(struct reading *reading, const struct setting *setting,
	const struct tree *node, const struct tree *standard, const struct policy *top)
{
	struct policy_options options = { 0 };

	if (!tree_is_false(node) && reading_wants(reading, node, TREE_MAP, kind_dns64.accepted)) {
		options.enabled = true;
		reading->is_view = top != NULL;
		reading_table(reading, setting->table, node, standard, &options);
		reading->is_view = false;
		if (top)
			options.check = policy_options(top)->check;
		check_use(reading, node, &options);
	}
	return policy_new(&options);
}

static void read_dns64(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	const struct tree *standard = tree_find(reading->defaults, "dns64");

	views_set_fallback(place, read_policy(reading, setting, node, standard, NULL));
}

static void show_policy(const struct setting *setting, const struct policy *policy, FILE *out,
	int indent, bool is_view)
{
	const struct policy_options *options = policy_options(policy);

	if (!options->enabled) {
		(void)fprintf(out, " false");
		return;
	}
	for (const struct setting *row = setting->table; row->key; row++) {
		if (is_view && row->is_top_only)
			continue;
		(void)fputc('\n', out);
		showing_setting(row, options, out, indent);
	}
}

static void show_dns64(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct views *views = place;

	show_policy(setting, views->fallback, out, indent, false);
}

const struct kind kind_dns64 = { "false, or a mapping", read_dns64, show_dns64 };

static const struct setting view_table[] = { { .key = "clients", .kind = &kind_networks },
	{ .key = "dns64", .kind = &kind_dns64 }, { 0 } };

static void read_clients(struct reading *reading, const struct tree *node, struct netset *clients)
{
	const struct tree *list = tree_find(node, "clients");
	size_t length = reading_enter(reading, "clients");

	if (list)
		kind_networks.read(reading, &view_table[0], list, clients);
	reading_leave(reading, length);
	if (list && list->kind == TREE_LIST && list->count == 0)
		reading_fault_at(reading, node, "clients", "at least one network is needed");
}

/* `standard` is what a view takes over for the keys that it does not name. */
static void read_view(struct reading *reading, const struct setting *setting,
	const struct tree *node, const struct tree *standard, struct views *views)
{
	const struct tree *dns64 = tree_find(node, "dns64");
	struct netset clients = { 0 };
	size_t length;

	if (!reading_wants(reading, node, TREE_MAP, kind_accepted_item(&kind_views)))
		return;
	if (views->count >= VIEWS_MAX) {
		reading_fault(reading, node, "there are more than %d views", VIEWS_MAX);
		return;
	}
	reading_keys(reading, view_table, node);
	reading_missing(reading, node, "clients");
	read_clients(reading, node, &clients);
	if (!dns64) {
		views_add(views, &clients, policy_ref(views->fallback));
		return;
	}
	length = reading_enter(reading, "dns64");
	views_add(views, &clients, read_policy(reading, setting, dns64, standard, views->fallback));
	reading_leave(reading, length);
}

/* The top's settings: those of the file, else the defaults. The children are borrowed; free its
 * items alone. */
static struct tree top_of(const struct reading *reading, const struct setting *table)
{
	const struct tree *file = tree_find(reading->file, "dns64");
	const struct tree *defaults = tree_find(reading->defaults, "dns64");
	struct tree top = { .kind = TREE_MAP };

	assert(defaults && defaults->kind == TREE_MAP);
	top.items = mem_new_array(defaults->count, sizeof(*top.items));
	for (size_t i = 0; table[i].key; i++) {
		const struct tree *found = tree_find(file, table[i].key);

		top.items[top.count++] = defaults->items[2 * i];
		top.items[top.count++] = found ? *found : defaults->items[2 * i + 1];
	}
	return top;
}

/* A view's mapping replaces only the keys it names. */
static void read_views(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct views *views = place;
	struct tree top;

	if (!reading_wants(reading, node, TREE_LIST, setting->kind->accepted))
		return;
	/* After a complaint about the top's mapping there is none. */
	if (!views->fallback)
		views_set_fallback(views, policy_new(&(struct policy_options){ 0 }));
	top = top_of(reading, setting->table);
	for (size_t i = 0; i < node->count && !faults_are_full(reading->faults); i++) {
		size_t length = reading_enter_item(reading, i);

		read_view(reading, setting, &node->items[i], &top, views);
		reading_leave(reading, length);
	}
	free(top.items);
}

static void show_views(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct views *views = place;

	if (!views->count)
		(void)fprintf(out, " []");
	for (size_t i = 0; i < views->count; i++) {
		(void)fprintf(out, "\n%*s- clients:", indent, "");
		kind_networks.show(setting, &views->items[i].clients, out, indent);
		(void)fprintf(out, "\n%*sdns64:", indent + INDENT, "");
		show_policy(setting, views->items[i].policy, out, indent + 2 * INDENT, true);
	}
}

const struct kind kind_views = { "a list of mappings with \"clients\" and \"dns64\"", read_views,
	show_views };
