/* The shim: one process a run, which outlives the console that launched it.
 *
 * It takes the run by compare-and-set, starts the command behind a gate, so that nothing runs that
 * is not recorded, waits for it through a witness (witness.h), stops it when asked to, and records
 * the end: exit.json first, then the state file. Operations.md A.4 has the reasons. No threads. */
#ifndef PHASEGATE_RUNS_RUNS_SHIM_H
#define PHASEGATE_RUNS_RUNS_SHIM_H

#include <stdbool.h>
#include <stddef.h>

/* Where the shim tells its launcher how it went, one line: "running PID", "refused WHY", "error
 * WHY". Closed without a line when the shim died. */
enum { RUNS_SHIM_STATUS = 3 };

/* The memory of a process's command line, to be written over. */
struct runs_title {
    char *start;
    size_t size;
};

/* phasegate-shim RUN_DIRECTORY: detaches and supervises the run. Returns the exit code. */
int runs_shim_main(int argc, char **argv);

/* Makes the process look like "name run" in lists of processes. */
void runs_shim_retitle(const struct runs_title *title, const char *name, const char *run);

/* The value of an environment variable under PHASEGATE_TEST=1; NULL otherwise. */
const char *runs_shim_test(const char *variable);

/* For the tests of what a SIGKILL leaves behind: under PHASEGATE_TEST=1, kills the process at the
 * point that PHASEGATE_TEST_FAULT names. The points, in order: start, locked, taken, forked,
 * recorded, released, running, exited, swept, written, ended; of the witness: witness-forked,
 * witness-told, witness-started, witness-exited, witness-written. One more is no point to be killed
 * at: with "unkillable" the shim sends no KILL, as if the processes hung in the kernel. */
void runs_shim_fault(const char *point);

#endif
