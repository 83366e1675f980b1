/* Private to src/state: a process as /proc shows it. */
#ifndef PHASEGATE_STATE_PROCESS_H
#define PHASEGATE_STATE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* Its state letter ('R', 'S', 'T' …) and its start in clock ticks; false when it is not there. */
bool process_read_stat(int64_t pid, char *process_state, int64_t *start);

#endif
