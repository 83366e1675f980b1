/* One check judged on the evidence. Private to the module. */
#ifndef PHASEGATE_GATES_CHECKS_H
#define PHASEGATE_GATES_CHECKS_H

#include "gates/gates.h"

struct checks_context {
    const struct pipeline *pipeline;
    const struct gates_evidence *evidence;
    int64_t as_of;
    size_t gate;
};

/* Fills `out`, which is zeroed but for its `check`. The result is unknown, with a reason, unless
 * something proves otherwise. */
void checks_judge(const struct checks_context *context, struct gates_check *out);

/* checks_table.c: the checks whose evidence is the coverage of a table. */
void checks_judge_table(const struct checks_context *context, struct gates_check *out);

/* Sets the result, and the reason (printf) in place of an earlier one. */
void checks_conclude(struct gates_check *out, enum gates_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
