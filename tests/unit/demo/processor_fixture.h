/* A simulated processor run in the test's own process: its output, and what the log says of it. */
#ifndef PHASEGATE_TESTS_UNIT_DEMO_PROCESSOR_FIXTURE_H
#define PHASEGATE_TESTS_UNIT_DEMO_PROCESSOR_FIXTURE_H

#include "base/text.h"
#include "logs/progress.h"

/* Runs a job ("team_defense_game_summary") with flags (ending with NULL) on a clock that stands;
 * `output` gets what it printed, standard output and error together. Returns its exit code. */
int processor_run(const char *job, const char *const *flags, struct text_buffer *output);

/* What a run's log says, as the console would read it; free with log_progress_free. */
struct log_progress *processor_progress(const struct text_buffer *output);

#endif
