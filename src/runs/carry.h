/* Private to src/runs: the local process of a command that runs over ssh (runner.h). It starts ssh,
 * gives it the script of the step, passes a stop on, and listens for how the command ended. */
#ifndef PHASEGATE_RUNS_CARRY_H
#define PHASEGATE_RUNS_CARRY_H

#define CARRY_OPTION "--carry"

/* phasegate-shim --carry RUN_DIRECTORY STEP. Returns the command's exit status when the far side
 * told it, 255 otherwise. */
int carry_main(int argc, char **argv);

#endif
