/* A pipeline and what was measured of it, built by hand: for tests of what is computed from both.
 * Tables expect the dates of the first source, unless a test says otherwise. */
#ifndef PHASEGATE_TESTS_SUPPORT_FIXTURE_H
#define PHASEGATE_TESTS_SUPPORT_FIXTURE_H

#include "coverage/coverage.h"
#include "gates/gates.h"

enum {
    FIXTURE_TABLES = 16,
    FIXTURE_SEASONS = 8,
    FIXTURE_GATES = 4,
    FIXTURE_CHECKS = 16,
    FIXTURE_WAIVERS = 8
};

struct fixture {
    struct pipeline pipeline;
    struct day_range range;
    int64_t as_of;
    struct coverage_measurement tables[FIXTURE_TABLES];
    struct coverage_measurement expected[2];
    struct coverage_waiver waivers[FIXTURE_WAIVERS];
    size_t waiver_count;
    struct coverage_report *report; /* of the last fixture_compute */
};

/* Everything is measured now, and empty. One phase, "phase1"; one source of expected dates. */
void fixture_open(struct fixture *fixture, const char *from, const char *to);
void fixture_close(struct fixture *fixture);

day_number fixture_day(const char *date);
struct day_range fixture_days(const char *from, const char *to);

size_t fixture_season(struct fixture *fixture, const char *name, const char *from, const char *to,
                      const char *playoffs_from);
size_t fixture_phase(struct fixture *fixture, const char *name);
size_t fixture_table(struct fixture *fixture, const char *name, size_t phase);
void fixture_needs(struct fixture *fixture, size_t table, size_t upstream);
void fixture_wants(struct fixture *fixture, size_t table, size_t upstream);

/* Dates of the range become due with that many games each, or stop being due (0). */
void fixture_due(struct fixture *fixture, struct day_range range, int64_t games);

/* The table's count of each day of the range that is due; 0 rows takes them out. */
void fixture_fill(struct fixture *fixture, size_t table, struct day_range range, int64_t rows,
                  int64_t entities);

/* One count, due or not. */
void fixture_count(struct coverage_measurement *measurement, struct coverage_count count);

void fixture_waive(struct fixture *fixture, size_t table, struct day_range range);
void fixture_error(struct coverage_measurement *measurement, const char *error);

size_t fixture_gate(struct fixture *fixture, const char *name);
struct pipeline_check *fixture_check(struct fixture *fixture, size_t gate,
                                     enum pipeline_check_kind kind, size_t table);

/* Computes the report anew; it belongs to the fixture. */
const struct coverage_report *fixture_compute(struct fixture *fixture);

/* The five seasons 2021-22 to 2025-26 with their 918 game dates up to 2026-01-03, and the ten
 * tables of phases 3 and 4 as they stood on 2026-01-05 (table order PGS TOGS TDGS UPGC UTGC, TDZA
 * PSZA PDC PCF MLFS). */
enum { PGS, TOGS, TDGS, UPGC, UTGC, TDZA, PSZA, PDC, PCF, MLFS };
void fixture_jan05(struct fixture *fixture);

/* A deterministic source of random numbers. */
uint64_t fixture_random(uint64_t *state);

#endif
