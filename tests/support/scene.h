/* A small pipeline with a state of its own: two tables, two groups, two gates, in a directory that
 * the test removes. What it measures are the ten game dates from 2021-11-02 to 2021-11-11. */
#ifndef PHASEGATE_TESTS_SUPPORT_SCENE_H
#define PHASEGATE_TESTS_SUPPORT_SCENE_H

#include "pipeline/pipeline.h"
#include "state/state.h"
#include "state/state_coverage.h"
#include "state/state_runs.h"

#define SCENE_NOW  INT64_C(1767622500000) /* 2026-01-05T14:15:00Z */
#define SCENE_FROM ((day_number)18933)    /* 2021-11-02 */
#define SCENE_TO   ((day_number)18942)

/* In this order in the pipeline, tables and processors alike; zones need defense. Group "first"
 * runs defense, group "second", behind gate "ready", runs zones. Gate "ready" wants 95 % of
 * defense, "done" 95 % of zones and the runs of "second". */
enum { SCENE_DEFENSE, SCENE_ZONES };

extern const char scene_text[];

struct scene {
    char *directory;
    struct pipeline *pipeline;
    struct state *state;
    int64_t term;
    struct error error;
    const char *resource; /* that the runs launched next claim; NULL: each one of its own */
    int64_t settle_ms;
    bool labels_jobs; /* of the runs launched next: their claims are held for jobs on the server */
};

/* Writes the pipeline file again, as it was but for one change; what is loaded stays as it is. */
void scene_edit(const struct scene *scene, const char *find, const char *replacement);

/* Opens it with scene_text, or with another text; `changes` are pairs of texts, found and put in
 * its place, ending with NULL. */
void scene_open(struct scene *scene, const char *const *changes);
void scene_close(struct scene *scene);

/* The path of a file in its directory; the caller frees it. */
char *scene_path(const struct scene *scene, const char *name);

/* Takes the lease, as an agent would. */
void scene_lead(struct scene *scene);

/* Stores that `days` dates from SCENE_FROM on have two games with two rows each (of the expected
 * dates: are due), measured at `at`. */
void scene_measure(struct scene *scene, enum state_subject subject, const char *key, size_t days,
                   int64_t rows, int64_t entities, int64_t at);

/* All ten dates due, `defense` and `zones` of them complete, measured at `at`. */
void scene_measure_all(struct scene *scene, size_t defense, size_t zones, int64_t at);

/* Launches a run of a processor (also its table) of a group over all ten dates, at `at`. */
void scene_launch(struct scene *scene, const char *run, const char *group, const char *processor,
                  int64_t at);

/* Brings it to running, and to its end. */
void scene_start(struct scene *scene, const char *run, int64_t at);
void scene_end(struct scene *scene, const char *run, enum state_outcome outcome, int wait_status,
               int64_t at);

#endif
