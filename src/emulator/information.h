/* INFORMATION_SCHEMA.TABLES and .COLUMNS of a dataset, made from the catalog when they are read. */
#ifndef PHASEGATE_EMULATOR_INFORMATION_H
#define PHASEGATE_EMULATOR_INFORMATION_H

#include <sqlite3.h>
#include <stdbool.h>

#include "emulator/catalog.h"

/* Makes the temporary table "p.d.INFORMATION_SCHEMA.X" (`view`) on a connection, and drops it. */
bool information_make(sqlite3 *database, const struct emulator_dataset *dataset, const char *view,
                      struct emulator_failure *failure);
void information_drop(sqlite3 *database, const struct emulator_dataset *dataset, const char *view);

#endif
