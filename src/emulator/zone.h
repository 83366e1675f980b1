/* Time zones by name, from the system's tz database (TZif files), for any thread: nothing here
 * touches the process's own zone. */
#ifndef PHASEGATE_EMULATOR_ZONE_H
#define PHASEGATE_EMULATOR_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct zone;

/* "Europe/Berlin", "UTC", "+02:00", "-8": a new zone that the caller frees with zone_free; NULL for
 * a name that is none. Names are looked up below TZDIR or /usr/share/zoneinfo; a path out of it is
 * no name. */
struct zone *zone_new(struct text name);
void zone_free(struct zone *zone); /* NULL is fine */

/* Seconds east of UTC at that moment (seconds since 1970 UTC). */
int32_t zone_offset(const struct zone *zone, int64_t utc);

/* The moment at which clocks of the zone show `local` (seconds since 1970 as shown). Of two such
 * moments the first; where clocks skip it, the moment at which they do. */
int64_t zone_utc(const struct zone *zone, int64_t local);

#endif
