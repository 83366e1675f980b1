/* Private to src/runs: runners, the ways in which a processor's command is run. A runner is a
 * template: it says which local process stands for the command, and the shim supervises that one
 * process as it supervises any other. Everything else (claims, gate pipe, log, locks, stop, record,
 * and above all the verdict, which coverage gives) is the same whatever runs the command.
 *
 * What a runner promises of its process, so that another can be added here as one more entry of the
 * table (a Cloud Run Jobs runner that creates an execution, prints its log and cancels it):
 *  - it ends when the command has ended and nothing of it is left; its output is the command's;
 *  - a stop reaches it as any command, by TERM to its group, and it carries that over and waits;
 *    when KILL takes it, the far side notices by itself that nobody watches, and ends the command;
 *  - a runner that `reports` writes SPEC_REMOTE once it has heard from the far side how the command
 *    ended, or when it is sure that it never began. A process that ends without having written it
 *    says nothing about the command, whatever its wait status: the run is lost, never failed and
 *    never ok. */
#ifndef PHASEGATE_RUNS_RUNNER_H
#define PHASEGATE_RUNS_RUNNER_H

#include "runs/record.h"
#include "runs/spec.h"

/* The local process of one step. */
struct runner_command {
    char **argv;              /* ends with NULL */
    const char *directory;    /* to run it in */
    char *const *environment; /* to add; ends with NULL */
    bool owned;               /* argv was made for this step; else it is the spec's */
};

struct runs_runner {
    const char *name; /* as the pipeline file says it */
    bool reports;     /* its wait status counts only with SPEC_REMOTE */
    void (*build)(const struct spec *spec, const char *run_directory, size_t step,
                  struct runner_command *command);
};

/* The runner of a spec. */
const struct runs_runner *runner_of(const struct spec *spec);

void runner_command_clear(struct runner_command *command);

/* What the far side is known to have said of the end of a step. */
enum runner_word {
    RUNNER_HEARD,   /* the wait status is the command's */
    RUNNER_UNHEARD, /* nobody knows how it ended, or whether */
    RUNNER_NEVER,   /* it never began: `*why`, owned by the caller, says why */
};

/* RUNNER_HEARD always, for a runner that does not report. */
enum runner_word runner_word_of(const struct spec *spec, const char *run_directory, size_t step,
                                char **why);

#endif
