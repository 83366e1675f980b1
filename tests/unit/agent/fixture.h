/* A scene and the local BigQuery it measures; a clock whose wall time the test sets. */
#ifndef PHASEGATE_TESTS_UNIT_AGENT_FIXTURE_H
#define PHASEGATE_TESTS_UNIT_AGENT_FIXTURE_H

#include "agent/measure.h"
#include "agent/queue.h"
#include "agent/record.h"
#include "base/clock.h"
#include "tests/support/scene.h"
#include "tests/support/warehouse.h"

enum { FIXTURE_DEADLINE_MS = 120000 };

extern struct scene scene;
extern struct warehouse warehouse;

/* Stands at fixture_wall_ms until the test moves it; boot time is the real one. */
extern const struct clock fixture_clock;
extern _Atomic int64_t fixture_wall_ms;

/* The scene with `changes` (scene_open), and a warehouse with the schedule of its dates, all of
 * `defense` and the first five dates of `zones`. */
void fixture_open(const char *const *changes);
void fixture_close(void);

/* Adds a fault as faults.h describes it. */
void fixture_fault(const char *json);

/* A recorder with the scene's lease. */
struct recorder fixture_recorder(void);

/* Waits for the next message of a kind, leaving out others; fails the test at the deadline. */
struct agent_message fixture_message(struct agent_queue *queue, enum agent_message_kind kind);

/* Real milliseconds since an unknown start. */
int64_t fixture_real_ms(void);

#endif
