/* Who refused a connection. A room of its own because the kernel's whole struct tcp_info is in a
 * header that goes with no other of TCP. */

#include "sixward/net/refusal.h"

#ifdef __linux__

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

/* A RST is a segment that came in, and counts as one; an ICMP error does not. This is told since
 * Linux 4.2; the error queue would tell too, but for TCP only since 5.18, and would have to be
 * asked for before the connect. */
bool refusal_is_reset(int descriptor)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return true;
	if (size < offsetof(struct tcp_info, tcpi_segs_in) + sizeof(info.tcpi_segs_in))
		return true;
	return info.tcpi_segs_in > 0;
}

#else

bool refusal_is_reset(int descriptor)
{
	(void)descriptor;
	return true;
}

#endif
