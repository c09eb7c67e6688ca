/* What a program learns of a host by c-ares: the addresses, in the order in which they are to be
 * tried. */
#include <ares.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/select.h>

static void on_addresses(void *data, int status, int timeouts, struct ares_addrinfo *result)
{
	char text[NI_MAXHOST];

	(void)timeouts;
	*(int *)data = status;
	if (status)
		fprintf(stderr, "%s\n", ares_strerror(status));
	for (struct ares_addrinfo_node *n = result ? result->nodes : NULL; n; n = n->ai_next) {
		if (!getnameinfo(
			    n->ai_addr, n->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST))
			puts(text);
	}
	ares_freeaddrinfo(result);
}

static void wait_for_all(ares_channel channel)
{
	struct timeval longest;
	fd_set in, out;
	int count;

	for (;;) {
		FD_ZERO(&in);
		FD_ZERO(&out);
		count = ares_fds(channel, &in, &out);
		if (!count)
			return;
		select(count, &in, &out, NULL, ares_timeout(channel, NULL, &longest));
		ares_process(channel, &in, &out);
	}
}

int main(int argc, char **argv)
{
	struct ares_addrinfo_hints wanted = { .ai_socktype = SOCK_STREAM };
	ares_channel channel;
	int status = argc == 2 ? ares_library_init(ARES_LIB_INIT_ALL) : ARES_EBADQUERY;

	if (status || (status = ares_init(&channel))) {
		fprintf(stderr, "%s\n", ares_strerror(status));
		return 1;
	}
	ares_getaddrinfo(channel, argv[1], "80", &wanted, on_addresses, &status);
	wait_for_all(channel);
	ares_destroy(channel);
	ares_library_cleanup();
	return status != ARES_SUCCESS;
}
