/* What the rules of several subjects want to know. */

#include "sixward/app/symptoms.h"

const struct policy *symptoms_policy(const struct symptoms *symptoms)
{
	struct addr loopback;

	(void)addr_parse("::1", &loopback);
	return views_find(&symptoms->config->views, &loopback);
}
