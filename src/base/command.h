/* Whether a command could be started on this machine, and what is missing when it could not. */
#ifndef PHASEGATE_BASE_COMMAND_H
#define PHASEGATE_BASE_COMMAND_H

#include <stdbool.h>

struct command_place {
    const char *directory; /* it is to run in; absolute */
    const char *program;   /* argv[0] */
    const char *path;      /* where programs without a "/" are looked for; NULL: as without PATH */
};

/* What is in the way, named for what it is: the working directory, the program, or the interpreter
 * that a script names in its first line ("#!", `env` looked through). NULL when nothing is, as far
 * as can be seen without running it; else a sentence without a full stop, the caller's to free, and
 * `*of_directory` says whether it is about the directory. Looks at files, runs nothing. Any thread.
 * Source: execve(2), "Interpreter scripts". */
char *command_fault(const struct command_place *place, bool *of_directory);

/* The value of a variable among `environment` ("NAME=value", ends with NULL; NULL: none), else of
 * this process; NULL for none. */
const char *command_variable(char *const *environment, const char *name);

#endif
