#include "agent/unattended.h"

#include <stdlib.h>

#include "agent/arms.h"
#include "agent/retry.h"
#include "base/memory.h"

bool unattended_step(struct unattended *unattended, const struct recorder *recorder,
                     const struct clock *clock, const struct situation *situation,
                     const struct pipeline_disk *disk, char **said, struct error *error) {
    struct retry_news retries = {0};
    struct arms_news arms = {0};
    bool good = retry_step(recorder, clock, situation, disk, &retries, error) &&
                arms_step(recorder, clock, situation, disk, &arms, error);
    *unattended = (struct unattended){
        .waiting = arms.live + retries.waiting, .due_ns = arms.due_ns, .due_at = retries.due_at};
    bool both = retries.said != NULL && arms.said != NULL;
    *said = retries.said == NULL && arms.said == NULL
                ? NULL
                : memory_format("%s%s%s", retries.said != NULL ? retries.said : "",
                                both ? "; " : "", arms.said != NULL ? arms.said : "");
    free(retries.said);
    free(arms.said);
    return good;
}

bool unattended_due(const struct unattended *unattended, const struct clock *clock) {
    return (unattended->due_ns != 0 && clock_boot_ns(clock) >= unattended->due_ns) ||
           (unattended->due_at != 0 && clock_wall_ms(clock) >= unattended->due_at);
}

int64_t unattended_wait_ms(const struct unattended *unattended, const struct clock *clock) {
    int64_t wait = INT64_MAX;
    if (unattended->due_ns != 0) {
        int64_t left = (unattended->due_ns - clock_boot_ns(clock)) / 1000000 + 1;
        wait = left > 0 ? left : 0;
    }
    if (unattended->due_at != 0) {
        int64_t left = unattended->due_at - clock_wall_ms(clock);
        left = left > 0 ? clock_real_ms(left) : 0;
        wait = left < wait ? left : wait;
    }
    return wait;
}
