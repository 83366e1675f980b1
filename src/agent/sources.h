/* Sources: the tables that a query reads, and whether what BigQuery tells of them for free vouches
 * for the query's last answer (bigquery.md 3.4).
 *
 * An answer is vouched for when every table the query reads is known by name, when nothing else can
 * change it (no clock, no chance, no wildcard, no view), and when all of them look as they did
 * before the query was asked: asked before, because a table that changes while it is counted must
 * look changed the next time. Used by one thread. */
#ifndef PHASEGATE_AGENT_SOURCES_H
#define PHASEGATE_AGENT_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/day.h"
#include "bigquery/bigquery.h"

/* Digests as text: 32 hexadecimal digits; "" for none. */
enum { SOURCES_DIGEST_SIZE = 33 };

struct sources_table {
    char *project, *dataset, *table;
    char *seen; /* its signal at the look under way; NULL: none, or it cannot vouch */
};

struct sources {
    struct sources_table *tables; /* those that can be asked about, none twice */
    size_t count;
    bool complete;                        /* the query reads nothing else */
    char query_hash[SOURCES_DIGEST_SIZE]; /* of the query's text and of where it is asked */
};

/* Finds the tables that `sql`, asked at `endpoint` (NULL: the real service), reads. Whatever else
 * it may read (googlesql/reads.h says what is known to be harmless) leaves it incomplete: then
 * nothing vouches for it. */
void sources_open(struct sources *sources, const char *endpoint, const char *sql);
void sources_close(struct sources *sources);

/* Forgets the last look. */
void sources_begin(struct sources *sources);

/* Takes what tables.get said of table `index`. */
void sources_see(struct sources *sources, size_t index, const struct bigquery_table *table);

/* The digest of the query, its range and all that was seen; equal digests vouch for equal answers.
 * "" when nothing vouches. Returns `out`. */
char *sources_signal(const struct sources *sources, struct day_range range,
                     char out[SOURCES_DIGEST_SIZE]);

#endif
