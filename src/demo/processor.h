/* The simulated processor: stands in for one of the pipeline's ten Python jobs in the demo.
 *
 * It is called with the real job's script path and flags, reads and writes the local BigQuery
 * through REST, prints the real job's log lines, and fails as the real ones do: exit 0 with failed
 * dates, dates without enough data, quota errors that go away at the next try. Each date takes as
 * long as the real job needs for it, on the wall clock of base/clock.h, so that a scaled clock
 * makes a night of minutes. */
#ifndef PHASEGATE_DEMO_PROCESSOR_H
#define PHASEGATE_DEMO_PROCESSOR_H

/* argv[0] is the script's path, the rest its flags. The endpoint is BIGQUERY_EMULATOR_HOST's.
 * Returns the exit code the real job would: 0 whatever became of its dates, 1 when its pre-flight
 * failed, 2 for flags it does not take. */
int processor_main(int argc, char **argv);

#endif
