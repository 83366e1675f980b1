/* What the client asks of an endpoint besides its public functions. */
#ifndef PHASEGATE_BIGQUERY_ENDPOINT_H
#define PHASEGATE_BIGQUERY_ENDPOINT_H

#include <stdbool.h>

/* Whether nobody on the way can read a header sent to a base URL: https, or this machine. */
bool endpoint_is_private(const char *base);

/* Whether a secret may be sent to a URL that a file names: https, or http to this machine; nothing
 * in it that could mislead about the host. */
bool endpoint_is_trusted(const char *url);

/* "host" or "host:port" of a URL, for messages; the caller frees it. Never NULL. */
char *endpoint_host(const char *url);

#endif
