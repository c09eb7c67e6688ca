/* The tables of protocol.md section 5: facts about a request in, one verdict out. A pure
 * function of its argument; knows neither replies nor policy. */

#include "sixward/dns64/verdict.h"

/* Rows 3 to 20, once the AAAA look-up is known to give nothing usable. */
static enum verdict decide_by_a(const struct facts *facts)
{
	switch (facts->a) {
	case FOUND_PENDING:
		return VERDICT_WAIT; /* D64-5.1.6-a */
	case FOUND_DATA:
	case FOUND_MIXED:
		/* Rows 3, 5, 6, 12, 16, 18, 26 */
		return VERDICT_SYNTHESIZE;
	case FOUND_NODATA:
	case FOUND_UNUSABLE:
		/* Row 20: what cannot be mapped is no A (D64-5.1.7-d, ADR-3.1-a). An excluded
		 * AAAA never leaks (row 4, D64-5.1.4-c). Otherwise the client gets the answer to
		 * its own question, be it a failure (rows 7, 13, 17, D64-5.4-c, A-4). */
		return facts->aaaa == FOUND_UNUSABLE ? VERDICT_EMPTY : VERDICT_RELAY_AAAA;
	case FOUND_NXDOMAIN:
	case FOUND_FAILURE:
	case FOUND_FINAL:
	case FOUND_LATE:
		/* Rows 8 to 10, 14, 15, 17, 23: an error of the A look-up is the basis
		 * (D64-5.1.6-a). It holds for excluded AAAA too, of which the table has no row. */
		return VERDICT_RELAY_A;
	}
	return VERDICT_WAIT;
}

/* Rows 1 and 2: there is a usable AAAA. append-aaaa departs from RFC 6147 5.1.1 where there is an A
 * to map, too; whatever else A comes to, the AAAA are the answer (D64-5.1.1-b). */
static enum verdict decide_native(const struct facts *facts)
{
	if (facts->appends && facts->a == FOUND_PENDING)
		return VERDICT_WAIT;
	if (facts->appends && (facts->a == FOUND_DATA || facts->a == FOUND_MIXED))
		return VERDICT_APPEND;
	return facts->aaaa == FOUND_MIXED ? VERDICT_FILTER_AAAA : VERDICT_RELAY_AAAA;
}

enum verdict verdict_decide(const struct facts *facts)
{
	/* D64-5.1-b, D64-5.5-nv01, D64-5.5-nv11, D64-6.3-a: as if there were no DNS64. */
	if (facts->raw)
		return facts->aaaa == FOUND_PENDING ? VERDICT_WAIT : VERDICT_RELAY_AAAA;

	/* D64-5.1.1-b: always synthesize. Without a usable A the rows below hold, for then none
	 * of them synthesizes. */
	if (facts->ignores_aaaa) {
		if (facts->a == FOUND_PENDING)
			return VERDICT_WAIT;
		if (facts->a == FOUND_DATA || facts->a == FOUND_MIXED)
			return VERDICT_SYNTHESIZE;
	}

	switch (facts->aaaa) {
	case FOUND_PENDING:
		return VERDICT_WAIT; /* D64-5.1.8-a: no A is used before the AAAA outcome is known
				      */
	case FOUND_DATA:
	case FOUND_MIXED:
		return decide_native(facts); /* D64-5.1.1-a, D64-5.1.4-d */
	case FOUND_NXDOMAIN:
		/* Row 19: old data does not deny a name that has an A by now. */
		if (facts->aaaa_is_stale && (facts->a == FOUND_PENDING || facts->a == FOUND_DATA ||
						    facts->a == FOUND_MIXED))
			return decide_by_a(facts);
		return VERDICT_RELAY_AAAA; /* row 11, whatever A is (D64-5.1.2-a, D64-5.1.5-f) */
	case FOUND_FINAL:
		return VERDICT_RELAY_AAAA; /* rows 21, 22, 25 (D64-5.5-nvb, D64-5.1.5-g) */
	case FOUND_FAILURE:
	case FOUND_LATE:
		if (facts->aaaa_error_passes)
			return VERDICT_RELAY_AAAA;
		return decide_by_a(facts); /* D64-5.1.2-b, D64-5.1.3-a */
	case FOUND_UNUSABLE:
	case FOUND_NODATA:
		return decide_by_a(facts);
	}
	return VERDICT_WAIT;
}

bool verdict_waits_to_append(const struct facts *facts)
{
	struct facts alone = *facts;

	alone.appends = false;
	return verdict_decide(facts) == VERDICT_WAIT && verdict_decide(&alone) != VERDICT_WAIT;
}

bool verdict_has_aaaa(const struct facts *facts, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_FILTER_AAAA:
	case VERDICT_SYNTHESIZE:
	case VERDICT_APPEND:
		return true;
	case VERDICT_RELAY_AAAA:
		/* Excluded AAAA are relayed where the exclusion set does not apply. */
		return facts->aaaa == FOUND_DATA || facts->aaaa == FOUND_MIXED ||
		       facts->aaaa == FOUND_UNUSABLE;
	case VERDICT_WAIT:
	case VERDICT_EMPTY:
	case VERDICT_RELAY_A:
		return false;
	}
	return false;
}

enum hide_verdict verdict_decide_hide(const struct facts *facts, bool has_a, bool always)
{
	enum verdict verdict;

	if (facts->a == FOUND_PENDING)
		return HIDE_WAIT;
	if (!has_a)
		return HIDE_RELAY; /* row H4 */
	if (always)
		return HIDE_REMOVE; /* row H1 */

	verdict = verdict_decide(facts);
	if (verdict == VERDICT_WAIT)
		return HIDE_WAIT;
	return verdict_has_aaaa(facts, verdict) ? HIDE_REMOVE : HIDE_RELAY; /* rows H2, H3 */
}
