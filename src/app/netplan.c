/* netplan's files, as far as they are about resolvers. What they should say is not known here. */

#include "sixward/app/netplan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/app/host_file.h"
#include "sixward/config/load.h"

enum { DNS_PORT = 53 };

/* A file hides those of its name in the directories behind its own. */
static const char *const directories[] = { "/run/netplan", "/etc/netplan", "/lib/netplan" };

enum { DIRECTORY_COUNT = sizeof(directories) / sizeof(directories[0]) };

static void put(char out[NETPLAN_TEXT_MAX], const char *text)
{
	(void)snprintf(out, NETPLAN_TEXT_MAX, "%.*s", NETPLAN_TEXT_MAX - 1, text);
}

static void add_fault(struct netplan *netplan, const char *file, const char *why, bool is_denied)
{
	struct netplan_fault *fault;

	if (netplan->fault_count == NETPLAN_FAULTS_MAX)
		return;
	fault = &netplan->faults[netplan->fault_count++];
	put(fault->file, file);
	put(fault->why, why);
	fault->is_denied = is_denied;
}

/* The link of that name, a new one if need be; NULL when there are too many. */
static struct netplan_link *link_of(struct netplan *netplan, const char *name)
{
	struct netplan_link *link;

	for (size_t i = 0; i < netplan->link_count; i++) {
		if (strncmp(netplan->links[i].name, name, NETPLAN_TEXT_MAX - 1) == 0)
			return &netplan->links[i];
	}
	if (netplan->link_count == NETPLAN_LINKS_MAX)
		return NULL;
	link = &netplan->links[netplan->link_count++];
	put(link->name, name);
	return link;
}

/* YAML 1.1, as netplan reads it. */
static void read_switch(const struct tree *map, const char *key, enum netplan_switch *out)
{
	static const char *const words[][2] = { { "false", "true" }, { "no", "yes" },
		{ "off", "on" }, { "n", "y" } };
	const struct tree *value = tree_find(map, key);

	if (!value || value->kind != TREE_SCALAR)
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value->text, words[i][0]) == 0)
			*out = NETPLAN_NO;
		else if (strcmp(value->text, words[i][1]) == 0)
			*out = NETPLAN_YES;
	}
}

/* Lists of several files are put together. */
static void read_servers(const struct tree *list, const char *file, struct netplan_link *link)
{
	if (!list || list->kind != TREE_LIST)
		return;
	put(link->file, file);
	for (size_t i = 0; i < list->count && link->server_count < NETPLAN_SERVERS_MAX; i++) {
		struct endpoint *server = &link->servers[link->server_count];

		*server = (struct endpoint){ .port = DNS_PORT };
		if (list->items[i].kind == TREE_SCALAR &&
			addr_parse(list->items[i].text, &server->addr))
			put(link->server_files[link->server_count++], file);
	}
}

static void read_link(const struct tree *map, const char *file, struct netplan_link *link)
{
	if (!link->server_count)
		put(link->file, file);
	read_servers(tree_find(tree_find(map, "nameservers"), "addresses"), file, link);
	read_switch(map, "accept-ra", &link->accept_ra);
	read_switch(map, "dhcp4", &link->dhcp4);
	read_switch(map, "dhcp6", &link->dhcp6);
	read_switch(tree_find(map, "dhcp4-overrides"), "use-dns", &link->dhcp4_dns);
	read_switch(tree_find(map, "dhcp6-overrides"), "use-dns", &link->dhcp6_dns);
}

/* Every mapping of mappings below `network` is a kind of interfaces. */
static void read_tree(struct netplan *netplan, const struct tree *network, const char *file)
{
	for (size_t i = 0; network && network->kind == TREE_MAP && i + 1 < network->count; i += 2) {
		const struct tree *section = &network->items[i];
		const struct tree *links = &network->items[i + 1];

		if (section->kind != TREE_SCALAR || links->kind != TREE_MAP)
			continue;
		for (size_t k = 0; k + 1 < links->count; k += 2) {
			struct netplan_link *link;

			if (links->items[k].kind != TREE_SCALAR ||
				links->items[k + 1].kind != TREE_MAP)
				continue;
			link = link_of(netplan, links->items[k].text);
			if (!link)
				return;
			put(link->section, section->text);
			read_link(&links->items[k + 1], file, link);
		}
	}
}

static void read_file(struct netplan *netplan, const char *root, const char *path)
{
	struct faults faults = { 0 };
	struct tree tree = { 0 };
	int error = 0;
	size_t size;
	char *text = host_file_read(root, path, &size, &error);

	netplan->file_count++;
	if (!text) {
		add_fault(netplan, path, strerror(-error), error == -EACCES || error == -EPERM);
		return;
	}
	if (load_tree(text, size, &faults, &tree))
		read_tree(netplan, tree_find(&tree, "network"), path);
	else if (faults.count)
		add_fault(netplan, path, faults.items[0].text, false);
	tree_clear(&tree);
	faults_clear(&faults);
	free(text);
}

/* Names of all directories, each with the first directory that has it. */
struct found_file {
	char *name;
	const char *directory;
};

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct found_file *)a)->name, ((const struct found_file *)b)->name);
}

static bool is_hidden(const struct found_file *found, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(found[i].name, name) == 0)
			return true;
	}
	return false;
}

/* netplan goes by the names of files, wherever they lie. */
void netplan_read(const char *root, struct netplan *netplan)
{
	struct found_file found[DIRECTORY_COUNT * HOST_NAMES_MAX];
	char *names[HOST_NAMES_MAX];
	char path[HOST_PATH_MAX];
	size_t count = 0;

	for (size_t i = 0; i < DIRECTORY_COUNT; i++) {
		size_t listed = host_file_list(root, directories[i], ".yaml", names);

		for (size_t k = 0; k < listed; k++) {
			if (is_hidden(found, count, names[k]))
				free(names[k]);
			else
				found[count++] = (struct found_file){ names[k], directories[i] };
		}
	}
	if (count)
		qsort(found, count, sizeof(*found), compare_files);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", found[i].directory, found[i].name);
		read_file(netplan, root, path);
		free(found[i].name);
	}
}

bool netplan_link_learns(const struct netplan_link *link)
{
	return link->accept_ra != NETPLAN_NO ||
	       (link->dhcp4 == NETPLAN_YES && link->dhcp4_dns != NETPLAN_NO) ||
	       (link->dhcp6 == NETPLAN_YES && link->dhcp6_dns != NETPLAN_NO);
}
