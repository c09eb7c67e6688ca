#ifndef SIXWARD_TESTS_RESOLVE_SCRIPT_H
#define SIXWARD_TESTS_RESOLVE_SCRIPT_H

#include "sixward/dns/reply.h"

/* Questions, replies and failures in a few words, for tests.
 *
 * A question: "AAAA www.example.org", "A x cd", "TXT x class 3", "A x scope 7".
 *
 * An answer is a list of parts, separated by ", ":
 *   "60 A 192.0.2.1"  a record of the name asked for, or of the target of the alias before;
 *                     TTL, type and data; A AAAA CNAME PTR TXT MX HEX (TYPE65280), and
 *                     DNAME, which belongs to the name above
 *   "MANY 2500"       so many A records, from 10.0.0.0 on
 *   "60 SIG A"        an RRSIG over the records of that type before it
 *   "NODATA 300/60"   an SOA in authority: TTL and MINIMUM; "NODATA" alone: none
 *   "NXDOMAIN 300/60" the same with RCODE 3
 *   "NSEC" "NS" "GLUE"  an NSEC, an NS in authority, an A in additional
 *   "RCODE 6"         another RCODE that is a reply
 *   "EDE 6 text" "AD"
 * or a failure, which an EDE may follow:
 *   "SERVFAIL", "FAIL 5", "TIMEOUT", "NETWORK", "GARBAGE", "LOOP", "LIMIT", "NOBODY"
 * or "SILENT": no answer before the deadline. */

struct script_answer {
	struct reply *reply; /* the caller's; NULL: see failure */
	struct failure failure;
	bool is_silent;
};

struct question script_question(const char *text);
struct script_answer script_answer(const struct question *question, const char *text);

/* An answer that is a reply. */
struct reply *script_reply(const char *question, const char *text);
struct name script_name(const char *text);
unsigned script_number(const char *text);

#endif
