/* Which program has a port: the kernel's tables of sockets, and the files that programs have
 * open. */

#define _GNU_SOURCE

#include "sixward/app/port_use.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/app/host_file.h"
#include "sixward/base/text.h"

enum {
	STATE_LISTENING = 0x0a,
	LINE_SIZE = 512,
	LINES_MAX = 1000000, /* of each table, and open files of all programs together */
};

/* A socket of the kernel's tables. */
struct row {
	struct endpoint local;
	uint64_t inode;
};

/* How well a socket fits an endpoint; 0 = not. */
static unsigned fit_of(const struct endpoint *wanted, const struct endpoint *found)
{
	if (wanted->port != found->port)
		return 0;
	if (addr_equal(&wanted->addr, &found->addr))
		return 3;
	if (wanted->addr.family == found->addr.family &&
		(addr_is_any(&found->addr) || addr_is_any(&wanted->addr)))
		return 2;
	/* [::] stands for IPv4 too, unless the program said otherwise, which is not shown. */
	return found->addr.family == ADDR_IPV6 && addr_is_any(&found->addr) ? 1 : 0;
}

/* Hex digits in groups of eight, each a word of the host's order. */
static bool read_address(const char *hex, struct endpoint *out)
{
	const char *colon = strchr(hex, ':');
	size_t words = colon ? (size_t)(colon - hex) / 8 : 0;
	uint8_t octets[16];
	unsigned port;

	if ((words != 1 && words != 4) || colon != hex + 8 * words ||
		sscanf(colon + 1, "%4x", &port) != 1)
		return false;
	for (size_t i = 0; i < words; i++) {
		char digits[9] = { 0 };
		uint32_t word;

		memcpy(digits, hex + 8 * i, 8);
		word = (uint32_t)strtoul(digits, NULL, 16);
		memcpy(octets + 4 * i, &word, 4);
	}
	out->addr = words == 1 ? addr_from_ipv4(octets) : addr_from_ipv6(octets);
	out->port = (uint16_t)port;
	return true;
}

/* A line of /proc/net/udp and its like: number, local, remote, state, queues, timer, retransmits,
 * user, timeout, inode. */
static bool read_row(const char *line, bool is_tcp, struct row *row)
{
	char local[48];
	unsigned state;

	return sscanf(line, " %*[0-9]: %47[0-9A-Fa-f:] %*s %x %*s %*s %*s %*s %*s %" SCNu64, local,
		       &state, &row->inode) == 3 &&
	       (!is_tcp || state == STATE_LISTENING) && read_address(local, &row->local);
}

static void note_row(const struct row *row, bool is_tcp, struct port_use *uses, size_t count,
	unsigned fits[PORT_USE_MAX])
{
	for (size_t i = 0; i < count; i++) {
		unsigned fit = fit_of(&uses[i].endpoint, &row->local);

		if (uses[i].is_tcp != is_tcp || fit <= fits[i])
			continue;
		fits[i] = fit;
		uses[i].is_taken = true;
		uses[i].inode = row->inode;
	}
}

static void read_table(const char *root, const char *path, bool is_tcp, struct port_use *uses,
	size_t count, unsigned fits[PORT_USE_MAX])
{
	char line[LINE_SIZE];
	struct row row;
	FILE *table;

	(void)snprintf(line, sizeof(line), "%s%s", root, path);
	table = fopen(line, "re");
	if (!table)
		return;
	for (unsigned i = 0; i < LINES_MAX && fgets(line, sizeof(line), table); i++) {
		if (read_row(line, is_tcp, &row))
			note_row(&row, is_tcp, uses, count, fits);
	}
	(void)fclose(table);
}

static void read_name(const char *root, struct port_use *use)
{
	char path[HOST_PATH_MAX];
	size_t size;
	char *text;

	(void)snprintf(path, sizeof(path), "/proc/%u/comm", (unsigned)use->pid);
	text = host_file_read(root, path, &size, NULL);
	if (text) {
		text[strcspn(text, "\n")] = '\0';
		(void)snprintf(use->program, sizeof(use->program), "%s", text);
	}
	free(text);
}

/* "socket:[INODE]" */
static void note_link(const char *target, uint32_t pid, struct port_use *uses, size_t count)
{
	uint64_t inode;

	if (sscanf(target, "socket:[%" SCNu64 "]", &inode) != 1 || !inode)
		return;
	for (size_t i = 0; i < count; i++) {
		if (uses[i].inode == inode)
			uses[i].pid = pid;
	}
}

static void read_links(
	const char *root, uint32_t pid, struct port_use *uses, size_t count, unsigned *links)
{
	const struct dirent *entry;
	char path[HOST_PATH_MAX];
	char target[HOST_PATH_MAX];
	DIR *directory;

	(void)snprintf(path, sizeof(path), "%s/proc/%u/fd", root, (unsigned)pid);
	directory = opendir(path);
	if (!directory)
		return;
	while ((entry = readdir(directory)) != NULL && ++*links < LINES_MAX) {
		(void)snprintf(
			path, sizeof(path), "/proc/%u/fd/%.64s", (unsigned)pid, entry->d_name);
		note_link(host_file_link(root, path, target), pid, uses, count);
	}
	(void)closedir(directory);
}

static void find_owners(const char *root, struct port_use *uses, size_t count)
{
	const struct dirent *entry;
	char path[HOST_PATH_MAX];
	unsigned links = 0;
	DIR *directory;

	(void)snprintf(path, sizeof(path), "%s/proc", root);
	directory = opendir(path);
	if (!directory)
		return;
	while ((entry = readdir(directory)) != NULL) {
		uint64_t pid;

		if (text_to_number(entry->d_name, &pid) && pid <= UINT32_MAX)
			read_links(root, (uint32_t)pid, uses, count, &links);
	}
	(void)closedir(directory);
}

void port_use_find(const char *root, struct port_use *uses, size_t count)
{
	unsigned fits[PORT_USE_MAX] = { 0 };
	bool is_any_taken = false;

	if (count > PORT_USE_MAX)
		count = PORT_USE_MAX;
	read_table(root, "/proc/net/udp", false, uses, count, fits);
	read_table(root, "/proc/net/udp6", false, uses, count, fits);
	read_table(root, "/proc/net/tcp", true, uses, count, fits);
	read_table(root, "/proc/net/tcp6", true, uses, count, fits);
	for (size_t i = 0; i < count; i++)
		is_any_taken = is_any_taken || uses[i].is_taken;
	if (!is_any_taken)
		return;
	find_owners(root, uses, count);
	for (size_t i = 0; i < count; i++) {
		if (uses[i].pid)
			read_name(root, &uses[i]);
	}
}
