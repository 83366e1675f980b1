/* Situations to draw: built from the shipped pipeline, computed by the real coverage and gates. */
#ifndef PHASEGATE_TESTS_SCREEN_FIXTURE_H
#define PHASEGATE_TESTS_SCREEN_FIXTURE_H

#include "situation/situation.h"

enum fixture_kind {
    FIXTURE_GREEN,   /* the morning after: all complete, gates GO, runs verified */
    FIXTURE_RED,     /* 5 January: one hard blocker, two degraded, phase 4 held */
    FIXTURE_STALE,   /* the same, but BigQuery has not answered for ten minutes, and one table never
                      */
    FIXTURE_NO_DATA, /* nothing measured */
    FIXTURE_MANY,    /* 120 tables, 12 seasons */
    FIXTURE_KINDS
};

extern const char *const fixture_names[FIXTURE_KINDS];

struct fixture {
    struct pipeline *pipeline;
    struct situation *situation;
    char directory[64]; /* of the logs of fixture_write_logs; "" without */
};

/* 2026-01-05 06:42:17 Pacific. */
#define FIXTURE_NOW INT64_C(1767624137000)

struct fixture fixture_new(enum fixture_kind kind);
void fixture_free(struct fixture *fixture);
void fixture_situation_free(struct situation *situation); /* NULL is fine */
struct situation *fixture_situation(enum fixture_kind kind, const struct pipeline *pipeline);
struct pipeline *fixture_pipeline(enum fixture_kind kind);

/* The first run, which has ended, left two jobs on the server. */
void fixture_hold(struct fixture *fixture);

/* The first run was launched from a changed directory that has moved since, and its log
 * is too long; logging out would kill it. Nothing of it is to be freed. */
void fixture_notice(struct fixture *fixture);

/* Approves and arms the second group: one GO of two seen, or with `counting` 42 s before its
 * start. */
void fixture_arm(struct fixture *fixture, bool counting);

/* Gives each run a log of its own in a directory that fixture_free removes: 24 lines, one every
 * five seconds of the last five minutes, the runs' a second apart, their arrival noted. The dates
 * that the lines name are of November 2021. */
void fixture_write_logs(struct fixture *fixture);

/* The log that the fixtures' first run writes. */
#define FIXTURE_LOG PHASEGATE_SOURCE_DIR "/tests/screen/run.log"

#endif
