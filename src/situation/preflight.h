/* Pre-flight: what a launch from here would stand on: the session of this process, and the code in
 * the processors' directories as the agent last saw it. */
#ifndef PHASEGATE_SITUATION_PREFLIGHT_H
#define PHASEGATE_SITUATION_PREFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* What the agent says of the code, in state_told.h. */
#define SITUATION_TOLD_CODE "code"

struct situation_code {
    char *directory;
    char *commit;    /* NULL: not known */
    int64_t changed; /* tracked files that differ from it; -1: not known */
};

struct situation_preflight {
    char *session; /* "runs survive logout", or what would kill them; NULL: nobody looked */
    bool survives;
    struct situation_code *code;
    size_t code_count;
    int64_t code_at; /* 0: the agent has said nothing of it lately */
};

/* One line each, as a checklist: "[x] session: …", "[ ] code: 1a2b3c4, 3 files changed (/srv)",
 * "[?] code: not known …"; `indent` comes before each. Nothing for what nobody looked at. */
void situation_preflight_describe(const struct situation_preflight *preflight, const char *indent,
                                  struct text_buffer *out);

#endif
