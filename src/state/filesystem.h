/* Private to src/state: whether a directory is on a file system whose locks can be trusted. */
#ifndef PHASEGATE_STATE_FILESYSTEM_H
#define PHASEGATE_STATE_FILESYSTEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* False with EXIT_CONFIG on a network file system. */
bool filesystem_is_local(const char *directory, struct error *error);

/* The name of a network file system's type (statfs f_type), or NULL. */
const char *filesystem_network_name(uint32_t type);

#endif
