/* Whether agent, file and whoever looks go by one plan. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/moment.h"
#include "pipeline/watch.h"
#include "situation/parts.h"
#include "state/state_told.h"

#define HASH_SHOWN "%.12s"

static void set_notice(struct situation_plan *plan, char *text, char *shorter) {
    plan->notice = text;
    plan->notice_short = shorter;
}

/* The file is not the agent's any more, or cannot be read: `word` is what the agent saw. */
static void tell_disk(struct situation_plan *plan, const char *word, const char *file,
                      const char *why, const char *at) {
    if (strcmp(word, "changed") == 0) {
        set_notice(plan,
                   memory_format("%s changed at %s (plan " HASH_SHOWN
                                 "); the agent works by the one before (plan " HASH_SHOWN
                                 "), whose arms, approvals and retries are void. Next: phasegate "
                                 "agent --restart",
                                 file, at, plan->disk, plan->agent),
                   memory_format("file changed %s: agent --restart", at));
        return;
    }
    bool gone = strcmp(word, "gone") == 0;
    set_notice(
        plan,
        memory_format("%s %s since %s%s%s; the agent works by what it read before (plan " HASH_SHOWN
                      "), and starts nothing by itself. Mend the file, then: phasegate "
                      "agent --restart",
                      file, gone ? "is gone" : "is not valid any more", at, gone ? "" : ": ",
                      gone ? "" : why, plan->agent),
        memory_format("file %s since %s", gone ? "gone" : "not valid", at));
}

/* Whoever looks goes by another plan than the agent: which of the two is older, the file says. */
static void tell_viewer(const struct situation *situation, struct situation_plan *plan,
                        const char *file) {
    const char *own = situation->pipeline->hash;
    struct pipeline_watch *watch = pipeline_watch_new(situation->pipeline, NULL);
    const struct pipeline_disk *disk = pipeline_watch_look(watch, true);
    if (disk->kind != PIPELINE_DISK_SAME && strcmp(disk->hash, plan->agent) == 0) {
        set_notice(plan,
                   memory_format("what is shown here is by an older %s (plan " HASH_SHOWN
                                 ") than the agent works by (plan " HASH_SHOWN
                                 "). Next: leave, and open it again",
                                 situation->pipeline->file, own, plan->agent),
                   memory_copy_string("older file shown here: open it again"));
    } else {
        set_notice(plan,
                   memory_format("%s (plan " HASH_SHOWN
                                 ") is not what the agent works by (plan " HASH_SHOWN
                                 " of %s); arms, approvals and retries of that plan are "
                                 "void. Next: phasegate agent --restart%s",
                                 situation->pipeline->file, own, plan->agent, file,
                                 disk->kind == PIPELINE_DISK_SAME ? "" : ", and open this again"),
                   memory_copy_string("agent has another file: agent --restart"));
    }
    pipeline_watch_free(watch);
}

static void judge(struct situation *situation, const json_t *told) {
    struct situation_plan *plan = &situation->header.plan;
    char at[MOMENT_SIZE];
    const char *word = json_get_string(told, "disk", "same");
    const char *file = json_get_string(told, "file", situation->pipeline->file);
    (void)snprintf(plan->agent, sizeof plan->agent, "%s", json_get_string(told, "plan", ""));
    (void)snprintf(plan->disk, sizeof plan->disk, "%s", json_get_string(told, "disk_plan", ""));
    plan->disk_since = json_get_integer(told, "disk_since", 0);
    (void)moment_format(plan->disk_since, situation->as_of, at);
    if (plan->agent[0] != '\0' && strcmp(plan->agent, situation->pipeline->hash) != 0) {
        tell_viewer(situation, plan, file);
    } else if (strcmp(word, "same") != 0) {
        tell_disk(plan, word, file, json_get_string(told, "disk_why", ""), at);
    }
}

bool situation_load_plan(struct situation *situation, struct state *state, int64_t term,
                         struct error *error) {
    char *text;
    int64_t at;
    if (!state_told(state, SITUATION_TOLD_PLAN, &text, &at, error)) {
        return false;
    }
    json_t *told = text != NULL ? json_read(text_of(text), "what the agent told", NULL) : NULL;
    if (told != NULL && json_get_integer(told, "term", -1) == term) {
        judge(situation, told);
    }
    json_decref(told);
    free(text);
    return true;
}
