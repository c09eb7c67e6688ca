#ifndef SIXWARD_BASE_COUNTS_H
#define SIXWARD_BASE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

/* Counters that one thread writes and any may read. Each room owns its counters
 * and adds them, by name, to the list that SIGUSR1 and the endpoint print. */

struct count {
	_Atomic uint64_t value;
};

/* One writer per counter: no locked instruction. */
void count_up(struct count *count);
void count_up_by(struct count *count, uint64_t amount);
void count_set(struct count *count, uint64_t value);
uint64_t count_read(const struct count *count);

struct counts;

struct counts *counts_new(void);
void counts_free(struct counts *counts);

/* Names a counter. A name that ends in _total only grows; another says how much there is now.
 * `label` is NULL or one label in Prometheus form, e.g. outcome="relayed". Texts and counter are
 * borrowed and must outlive `counts`. The same name may be added many times (labels, workers). */
void counts_add(struct counts *counts, const char *name, const char *label, const char *help,
	const struct count *count);

typedef void counts_visit(
	void *owner, const char *name, const char *label, const char *help, uint64_t value);

/* Visits in the order added, but those of one name together. Entries with the same name and label
 * are summed at the place of the first, so that a server can add every worker's. */
void counts_each(const struct counts *counts, counts_visit *visit, void *owner);

/* Of all entries of that name. */
uint64_t counts_sum(const struct counts *counts, const char *name);

#endif
