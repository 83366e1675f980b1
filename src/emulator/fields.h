/* The members and parameters of requests that the local BigQuery honours: whatever else asks for
 * something is refused, and never ignored. */
#ifndef PHASEGATE_EMULATOR_FIELDS_H
#define PHASEGATE_EMULATOR_FIELDS_H

#include "emulator/routes.h"

/* False (notImplemented) when the call's body or its query string asks for more than is done here.
 * A member that is null, false or empty asks for nothing. */
bool fields_check(struct call *call, const char *method);

#endif
