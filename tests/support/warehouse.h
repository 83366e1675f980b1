/* A local BigQuery inside the test's own process, filled by a scenario or table by table, and the
 * questions a test puts to it. */
#ifndef PHASEGATE_TESTS_SUPPORT_WAREHOUSE_H
#define PHASEGATE_TESTS_SUPPORT_WAREHOUSE_H

#include "base/day.h"
#include "bigquery/bigquery.h"
#include "emulator/emulator.h"

struct warehouse {
    struct emulator *emulator;
    struct bigquery_client *client;
};

/* Starts it empty, with its URL in BIGQUERY_EMULATOR_HOST; fails the test when it cannot. */
void warehouse_open(struct warehouse *warehouse);
/* The same; rows that are streamed in stay in the buffer so long (wall milliseconds). */
void warehouse_open_buffered(struct warehouse *warehouse, int streaming_buffer_ms);
void warehouse_close(struct warehouse *warehouse);

/* Fills it with a scenario of the demo. */
void warehouse_load(struct warehouse *warehouse, const char *scenario);

/* Makes one of the demo's tables and gives it rows on `days` (NULL: none): those of the calendar's
 * games, as the demo writes them. */
void warehouse_fill(struct warehouse *warehouse, const char *table, const struct dayset *days);

/* The same for a table that refuses queries without a filter on its date. */
void warehouse_fill_guarded(struct warehouse *warehouse, const char *table,
                            const struct dayset *days);

/* The game dates from `from` to `to`; the caller frees the set. */
struct dayset warehouse_game_dates(const char *from, const char *to);

/* Runs one statement. Gives the rows, cells separated by "|" and each row ended by a line feed
 * (NULL cells as "NULL"); a refusal fails the test. The caller frees it. */
char *warehouse_ask(struct warehouse *warehouse, const char *sql);

/* The same, compared. */
void warehouse_expect(struct warehouse *warehouse, const char *sql, const char *answer);

#endif
