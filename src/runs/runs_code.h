/* The code a command is run from: what git says of its working directory. */
#ifndef PHASEGATE_RUNS_RUNS_CODE_H
#define PHASEGATE_RUNS_RUNS_CODE_H

#include <stdint.h>

struct runs_code {
    char *commit;    /* 40 or 64 hex digits; NULL: not known (no repository, no git, no answer) */
    int64_t changed; /* tracked files that differ from it; -1: not known */
};

/* Asks git, twice, each time for at most 2 s; blocks so long. Not known is not clean. Free with
 * runs_code_clear. */
void runs_code_look(const char *directory, struct runs_code *code);
void runs_code_clear(struct runs_code *code);

/* "1a2b3c4, nothing changed", "1a2b3c4, 3 files changed", "not known: …"; the caller frees it. */
char *runs_code_text(const char *commit, int64_t changed);

#endif
