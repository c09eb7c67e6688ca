#ifndef SIXWARD_TESTS_SCENARIOS_PLAY_H
#define SIXWARD_TESTS_SCENARIOS_PLAY_H

#include <stdbool.h>

#include "pages.h"

/* Plays one scenario against a worker of its own. False: what did not hold is on stderr. */
bool play(const struct page_scenario *scenario);

#endif
