/* The environment that commands get: the one this program was started with, whatever it has set for
 * itself since. */
#ifndef PHASEGATE_BASE_ENVIRONMENT_H
#define PHASEGATE_BASE_ENVIRONMENT_H

#include <stdbool.h>

/* Sets a variable for this process alone (environ, getenv); what the caller had is kept for
 * environment_of_caller. Only before threads are started. At most 8 names. */
bool environment_set_own(const char *name, const char *value);

/* The variables as the caller of this program had them, ending with NULL, for execve and
 * posix_spawn: what was set by setenv for all that is started is in it, what was set by
 * environment_set_own is not. The array is the caller's to free; its strings are not. */
char **environment_of_caller(void);

#endif
