#include "situation/situation.h"

#include <stdlib.h>

#include "base/memory.h"
#include "situation/parts.h"
#include "state/state_journal.h"

enum { MOST_EVENTS = 1000, NOON = 12 * 3600 };

day_number situation_night(int64_t wall_ms) {
    int second;
    day_number day = clock_local_day(wall_ms, &second);
    return second < NOON ? day - 1 : day;
}

static bool load_events(struct situation *situation, struct state *state, struct error *error) {
    struct state_journal_filter filter = {.to = situation->until, .newest = MOST_EVENTS + 1};
    size_t count;
    struct state_event *stored = state_journal(state, &filter, &count, error);
    if (stored == NULL) {
        return false;
    }
    size_t oldest = count > MOST_EVENTS ? 1 : 0;
    situation->events_left_out = oldest > 0;
    situation->events = memory_new(count, sizeof *situation->events);
    for (size_t i = oldest; i < count; i++) {
        situation->events[situation->event_count++] = (struct situation_event){
            .sequence = stored[i].sequence,
            .at = stored[i].at,
            .actor = memory_copy_string(stored[i].actor),
            .kind = memory_copy_string(stored[i].kind),
            .subject = memory_copy_string(stored[i].subject),
            .text = memory_copy_string(stored[i].text),
        };
    }
    state_events_free(stored, count);
    return true;
}

static struct situation *load(const struct pipeline *pipeline, struct state *state, int64_t as_of,
                              int64_t until, struct error *error) {
    struct situation *situation = memory_new(1, sizeof *situation);
    situation->pipeline = pipeline;
    situation->as_of = as_of;
    situation->until = until;
    situation->range = pipeline_range(pipeline, as_of);
    if (!state_read_begin(state, error)) {
        situation_free(situation);
        return NULL;
    }
    bool good = situation_load_coverage(situation, state, error) &&
                situation_load_runs(situation, state, error) &&
                situation_load_gates(situation, state, error) &&
                situation_load_credentials(situation, state, error) &&
                situation_load_groups(situation, state, error) &&
                situation_load_rates(situation, state, error) &&
                situation_load_spend(situation, state, error) &&
                situation_load_preflight(situation, state, error) &&
                load_events(situation, state, error);
    state_read_end(state);
    if (!good) {
        situation_free(situation);
        return NULL;
    }
    return situation;
}

struct situation *situation_load(const struct pipeline *pipeline, struct state *state, int64_t now,
                                 struct error *error) {
    return load(pipeline, state, now, 0, error);
}

struct situation *situation_load_at(const struct pipeline *pipeline, struct state *state,
                                    int64_t as_of, struct error *error) {
    return load(pipeline, state, as_of, as_of, error);
}

static void free_marks(struct situation_marks *marks) {
    if (marks != NULL) {
        state_marks_free(marks->stored, marks->stored_count);
        free(marks->marks);
        free(marks);
    }
}

void situation_free(struct situation *situation) {
    if (situation == NULL) {
        return;
    }
    for (size_t i = 0; i < situation->event_count; i++) {
        free(situation->events[i].actor);
        free(situation->events[i].kind);
        free(situation->events[i].subject);
        free(situation->events[i].text);
    }
    free(situation->events);
    situation_free_runs(situation);
    situation_free_groups(situation);
    situation_free_spend(situation);
    situation_free_preflight(situation);
    situation_free_credentials(situation);
    gates_report_free(situation->gates);
    coverage_report_free(situation->coverage);
    free_marks(situation->marks);
    free(situation->tables);
    free(situation->written_by);
    free(situation->gate_facts);
    situation_trouble_free(situation->header.bigquery);
    free(situation->header.agent_trouble);
    free(situation->header.plan.notice);
    free(situation->header.plan.notice_short);
    free(situation);
}
