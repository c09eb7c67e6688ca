/* What a program learns of a host by getaddrinfo, as every C library has it: the addresses, in the
 * order in which they are to be tried. With a second argument it tries them, and fetches a page. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fetch(const struct addrinfo *address, const char *host)
{
	char text[4096];
	ssize_t size;
	int fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);

	if (fd < 0 || connect(fd, address->ai_addr, address->ai_addrlen) < 0) {
		fprintf(stderr, "%s\n", strerror(errno));
		close(fd);
		return 1;
	}
	dprintf(fd, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host);
	size = recv(fd, text, sizeof(text) - 1, MSG_WAITALL);
	close(fd);
	text[size < 0 ? 0 : size] = '\0';
	if (!strstr(text, "\r\n\r\n"))
		return 1;
	fputs(strstr(text, "\r\n\r\n") + 4, stdout);
	return 0;
}

static void print(const struct addrinfo *address)
{
	char text[NI_MAXHOST];

	if (!getnameinfo(address->ai_addr, address->ai_addrlen, text, sizeof(text), NULL, 0,
		    NI_NUMERICHOST))
		puts(text);
}

int main(int argc, char **argv)
{
	struct addrinfo wanted = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *list, *each;
	int status = getaddrinfo(argv[1], "80", &wanted, &list);

	if (status) {
		fprintf(stderr, "%s\n", gai_strerror(status));
		return 1;
	}
	for (each = list; each; each = each->ai_next) {
		if (argc == 2)
			print(each);
		else if (!fetch(each, argv[1]))
			break;
	}
	freeaddrinfo(list);
	return argc > 2 && !each;
}
