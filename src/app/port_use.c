/* Which program has a port: the kernel's tables of sockets, and the files that programs have
 * open. */

#define _GNU_SOURCE

#include "sixward/app/port_use.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/app/host_file.h"
#include "sixward/base/bytes.h"
#include "sixward/base/text.h"

enum {
	STATE_LISTENING = 0x0a,
	WORD_DIGITS = 8,
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

/* Eight hex digits for each word of an address, in the host's order, a colon, four for the port. */
static bool read_address(const char *text, struct endpoint *out)
{
	size_t words = strlen(text) / WORD_DIGITS >= 4 ? 4 : 1;
	uint8_t octets[16];
	uint8_t port[2];
	char digits[WORD_DIGITS + 1] = "";

	if (strlen(text) != words * WORD_DIGITS + 5 || text[words * WORD_DIGITS] != ':' ||
		!text_to_octets(text + words * WORD_DIGITS + 1, port, sizeof(port)))
		return false;
	for (size_t i = 0; i < words; i++) {
		uint8_t shown[4];
		uint32_t word;

		memcpy(digits, text + WORD_DIGITS * i, WORD_DIGITS);
		if (!text_to_octets(digits, shown, sizeof(shown)))
			return false;
		word = bytes_get_u32(shown);
		memcpy(octets + 4 * i, &word, 4);
	}
	out->addr = words == 1 ? addr_from_ipv4(octets) : addr_from_ipv6(octets);
	out->port = bytes_get_u16(port);
	return true;
}

/* A line of /proc/self/net/udp and its like: number, local, remote, state, queues, timer,
 * retransmits, user, timeout, inode. */
static bool read_row(char *line, bool is_tcp, struct row *row)
{
	enum { LOCAL = 1, STATE = 3, INODE = 9, COUNT };

	const char *words[COUNT];
	char *rest = NULL;
	uint8_t row_state;
	size_t count = 0;

	for (char *word = strtok_r(line, " \n", &rest); word && count < COUNT;
		word = strtok_r(NULL, " \n", &rest))
		words[count++] = word;
	return count == COUNT && text_to_octets(words[STATE], &row_state, 1) &&
	       (!is_tcp || row_state == STATE_LISTENING) &&
	       text_to_number(words[INODE], &row->inode) && read_address(words[LOCAL], &row->local);
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
static void note_link(char *target, uint32_t pid, struct port_use *uses, size_t count)
{
	static const char start[] = "socket:[";
	char *number = target + sizeof(start) - 1;
	uint64_t inode;

	if (strncmp(target, start, sizeof(start) - 1) != 0)
		return;
	number[strcspn(number, "]")] = '\0';
	if (!text_to_number(number, &inode) || !inode)
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
	read_table(root, "/proc/self/net/udp", false, uses, count, fits);
	read_table(root, "/proc/self/net/udp6", false, uses, count, fits);
	read_table(root, "/proc/self/net/tcp", true, uses, count, fits);
	read_table(root, "/proc/self/net/tcp6", true, uses, count, fits);
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
