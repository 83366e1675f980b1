/* Private to src/state: how a run's state and outcome are spelled in the file. */
#ifndef PHASEGATE_STATE_RUN_WORDS_H
#define PHASEGATE_STATE_RUN_WORDS_H

#include "state/state_runs.h"

/* An unknown word (a newer program's) is a run that lives, or an end that nobody understands. */
enum state_run_state run_state_of(const char *word);
enum state_outcome run_outcome_of(const char *word); /* "" gives NONE */

#endif
