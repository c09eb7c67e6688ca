/* Stands in for watch/http where the library is missing. */

#include "sixward/watch/http.h"

#include <errno.h>
#include <stdlib.h>

bool http_is_built(void)
{
	return false;
}

struct http *http_new(
	struct loop *loop, const struct endpoint *at, http_handle *handle, void *owner, int *error)
{
	(void)loop;
	(void)at;
	(void)handle;
	(void)owner;
	*error = -ENOSYS;
	return NULL;
}

void http_free(struct http *http)
{
	(void)http;
}

struct endpoint http_local(const struct http *http)
{
	(void)http;
	return (struct endpoint){ 0 };
}

void http_answer(
	struct http_pending *pending, unsigned status, const char *type, char *body, size_t size)
{
	(void)pending;
	(void)status;
	(void)type;
	(void)size;
	free(body);
}

void http_add_counts(struct http *http, struct counts *counts)
{
	(void)http;
	(void)counts;
}
