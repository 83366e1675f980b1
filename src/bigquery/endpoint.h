/* What the client asks of an endpoint besides its public functions. */
#ifndef PHASEGATE_BIGQUERY_ENDPOINT_H
#define PHASEGATE_BIGQUERY_ENDPOINT_H

#include <stdbool.h>

/* Whether nobody on the way can read a header sent to a base URL: https, or this machine. */
bool endpoint_is_private(const char *base);

#endif
