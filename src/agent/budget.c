#include "agent/budget.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/print.h"
#include "situation/spend.h"
#include "state/state_journal.h"
#include "state/state_spend.h"
#include "state/state_told.h"

static const char told_key[] = "budget";

/* Tables named in the account of a night. */
enum { NAMED = 3 };

/* What the journal was told last. */
struct account {
    day_number night; /* DAY_NONE: nothing yet */
    enum situation_budget level;
    int64_t closed_queries; /* of that night, when its cost was told */
};

static bool load_account(struct state *state, struct account *account, struct error *error) {
    char *text;
    int64_t at;
    *account = (struct account){.night = DAY_NONE};
    if (!state_told(state, told_key, &text, &at, error)) {
        return false;
    }
    json_t *told = text != NULL ? json_read(text_of(text), told_key, NULL) : NULL;
    const char *level = json_get_string(told, "level", "");
    (void)day_parse(text_of(json_get_string(told, "night", "")), &account->night);
    account->closed_queries = json_get_integer(told, "closed_queries", 0);
    for (int i = SITUATION_BUDGET_FINE; i <= SITUATION_BUDGET_USED_UP; i++) {
        if (strcmp(situation_budget_name((enum situation_budget)i), level) == 0) {
            account->level = (enum situation_budget)i;
        }
    }
    json_decref(told);
    free(text);
    return true;
}

static bool store_account(const struct recorder *recorder, const struct account *account,
                          int64_t at, struct error *error) {
    json_t *told = json_make("{s:o,s:s,s:I}", "night", json_day(account->night), "level",
                             situation_budget_name(account->level), "closed_queries",
                             (json_int_t)account->closed_queries);
    char *text = json_text(told);
    bool good = state_told_put(recorder->state, recorder->actor.term, told_key, text, at, error);
    free(text);
    json_decref(told);
    return good;
}

static bool tell_level(const struct recorder *recorder, const struct state_spend *total,
                       enum situation_budget before, enum situation_budget now, int64_t at,
                       struct error *error) {
    char text[SITUATION_BUDGET_SIZE];
    json_t *data = json_make("{s:s,s:I,s:I}", "level", situation_budget_name(now), "bytes_billed",
                             (json_int_t)total->bytes_billed, "bytes_per_night",
                             (json_int_t)recorder->pipeline->poll.bytes_per_night);
    char *json = json_text(data);
    (void)situation_budget_text(recorder->pipeline, total->bytes_billed, text);
    if (before == SITUATION_BUDGET_USED_UP) {
        (void)print_into(text, sizeof text,
                         "the night's byte budget has room again: queries are paid for");
    }
    bool good = state_journal_append(recorder->state, &recorder->actor, at, STATE_EVENT_BUDGET,
                                     NULL, text, json, error);
    free(json);
    json_decref(data);
    return good;
}

/* "night of 2026-01-04: ≥ 1.25 GiB billed, $0.0076, 620 queries (12 cached, 3 failed, 1 given up
 * and perhaps billed); most for zones 0.80 GiB, defense 0.30 GiB" */
static char *account_text(day_number night, const struct state_spend *total,
                          const struct state_spend *spends, size_t count) {
    char day[DAY_TEXT_SIZE];
    char bytes[SITUATION_SPEND_SIZE];
    char dollars[SITUATION_SPEND_SIZE];
    struct text_buffer text = {0};
    const char *mark = total->unknown > 0 ? "≥ " : "";
    text_buffer_format(&text, "night of %s: %s%s billed, %s%s, %lld quer%s", day_format(night, day),
                       mark, situation_spend_bytes(total->bytes_billed, bytes), mark,
                       situation_spend_dollars(total->dollars, dollars), (long long)total->queries,
                       total->queries == 1 ? "y" : "ies");
    text_buffer_format(&text, " (%lld cached, %lld failed", (long long)total->cached,
                       (long long)total->failed);
    if (total->unknown > 0) {
        text_buffer_format(&text, ", %lld given up and perhaps billed", (long long)total->unknown);
    }
    text_buffer_add(&text, ")");
    for (size_t i = 0; i < count && i < NAMED && spends[i].bytes_billed > 0; i++) {
        text_buffer_format(&text, "%s %s %s", i == 0 ? "; most for" : ",", spends[i].key,
                           situation_spend_bytes(spends[i].bytes_billed, bytes));
    }
    return text_buffer_take(&text);
}

/* The night's cost goes into the journal when queries were asked since it was last told. */
static bool close_night(const struct recorder *recorder, struct account *account, day_number night,
                        int64_t at, struct error *error) {
    struct state_spend total = {0};
    size_t count;
    if (!state_spend_total(recorder->state, night, &total, error)) {
        return false;
    }
    int64_t told = account->night == night ? account->closed_queries : 0;
    if (total.queries <= told) {
        return true;
    }
    struct state_spend *spends = state_spends(recorder->state, night, &count, error);
    if (spends == NULL) {
        return false;
    }
    char *text = account_text(night, &total, spends, count);
    bool good = state_journal_append(recorder->state, &recorder->actor, at, STATE_EVENT_SPEND, NULL,
                                     text, NULL, error);
    free(text);
    state_spends_free(spends, count);
    account->night = night;
    account->closed_queries = total.queries;
    return good;
}

bool budget_step(const struct recorder *recorder, int64_t wall_ms, bool *over,
                 struct error *error) {
    day_number night = situation_night(wall_ms);
    struct account account;
    struct state_spend total = {0};
    if (!load_account(recorder->state, &account, error) ||
        !state_spend_total(recorder->state, night, &total, error)) {
        return false;
    }
    enum situation_budget level = situation_budget_of(recorder->pipeline, total.bytes_billed);
    *over = level == SITUATION_BUDGET_USED_UP;
    bool later = account.night != DAY_NONE && account.night < night;
    if (!later && account.night != DAY_NONE && level == account.level) {
        return true;
    }
    if (later && !close_night(recorder, &account, account.night, wall_ms, error)) {
        return false;
    }
    /* Nearly used up is told on the way up only. */
    bool turned = level > account.level || account.level == SITUATION_BUDGET_USED_UP;
    if (turned && level != account.level &&
        !tell_level(recorder, &total, account.level, level, wall_ms, error)) {
        return false;
    }
    account = (struct account){
        .night = night, .level = level, .closed_queries = later ? 0 : account.closed_queries};
    return store_account(recorder, &account, wall_ms, error);
}

bool budget_close(const struct recorder *recorder, int64_t wall_ms, struct error *error) {
    struct account account;
    return load_account(recorder->state, &account, error) &&
           close_night(recorder, &account, situation_night(wall_ms), wall_ms, error) &&
           (account.night == DAY_NONE || store_account(recorder, &account, wall_ms, error));
}
