/* phasegate cost: what measuring has cost, night by night, and what a night would cost. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "agent/poll.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/print.h"
#include "cli/operate.h"
#include "cli/verbs.h"
#include "situation/spend.h"
#include "state/state_sessions.h"
#include "state/state_spend.h"

/* How long an agent is waited for, and between two looks, in real milliseconds. */
enum { PATIENCE_MS = 10000, LOOK_MS = 50, MOST_NIGHTS = 366 };

/* What a sum is about. */
enum subject { SUBJECT_TABLE, SUBJECT_EXPECTED, SUBJECT_CHECK, SUBJECT_GONE, SUBJECT_COUNT };

static const struct {
    const char *word, *heading;
} subjects[] = {
    [SUBJECT_TABLE] = {"table", "Tables"},
    [SUBJECT_EXPECTED] = {"expected", "Expected dates"},
    [SUBJECT_CHECK] = {"check", "Checks"},
    [SUBJECT_GONE] = {"gone", "No longer in the pipeline file"},
};

/* One night's sums, in order of the bytes billed. */
struct night {
    day_number night;
    struct state_spend total;
    struct state_spend *spends;
    size_t count;
};

static bool is_check(const struct pipeline *pipeline, const char *key) {
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        const struct pipeline_gate *gate = &pipeline->gates[i];
        size_t size = strlen(gate->name);
        for (size_t j = 0; j < gate->check_count; j++) {
            if (strncmp(key, gate->name, size) == 0 && key[size] == '/' &&
                strcmp(key + size + 1, gate->checks[j].name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static enum subject subject_of(const struct pipeline *pipeline, const char *key) {
    if (pipeline_find_table(pipeline, key) != PIPELINE_NONE) {
        return SUBJECT_TABLE;
    }
    for (size_t i = 0; i < pipeline->expected_count; i++) {
        if (strcmp(pipeline->expected[i].name, key) == 0) {
            return SUBJECT_EXPECTED;
        }
    }
    return is_check(pipeline, key) ? SUBJECT_CHECK : SUBJECT_GONE;
}

static bool load_night(struct state *state, day_number day, struct night *night,
                       struct error *error) {
    *night = (struct night){.night = day};
    night->spends = state_spends(state, day, &night->count, error);
    return night->spends != NULL && state_spend_total(state, day, &night->total, error);
}

/* ---- Text -------------------------------------------------------------------------------- */

static void write_sums(FILE *out, const char *name, const struct state_spend *spend,
                       int64_t whole) {
    char bytes[SITUATION_SPEND_SIZE];
    char dollars[SITUATION_SPEND_SIZE];
    const char *mark = spend->unknown > 0 ? "≥" : " ";
    (void)print(out, "  %-34s %7lld %7lld %7lld %7lld  %s%10s  %s%9s", name,
                (long long)spend->queries, (long long)spend->cached, (long long)spend->failed,
                (long long)spend->free_checks, mark,
                situation_spend_bytes(spend->bytes_billed, bytes), mark,
                situation_spend_dollars(spend->dollars, dollars));
    if (whole > 0) {
        (void)print(out, "  %5.1f %%", (double)spend->bytes_billed * 100.0 / (double)whole);
    }
    (void)print(out, "%s\n", spend->estimated > 0 ? "  estimated" : "");
}

static void write_doubts(const struct cli *cli, const struct state_spend *total) {
    char bytes[SITUATION_SPEND_SIZE];
    if (total->estimated > 0) {
        (void)print(cli->out,
                    "  %lld of the bills were not told and are estimated: %s of the "
                    "sum.\n",
                    (long long)total->estimated,
                    situation_spend_bytes(total->bytes_estimated, bytes));
    }
    if (total->unknown > 0) {
        (void)print(cli->out,
                    "  %lld quer%s given up and perhaps billed: up to %s each, in no sum above.\n",
                    (long long)total->unknown, total->unknown == 1 ? "y was" : "ies were",
                    situation_spend_bytes(cli->pipeline->poll.bytes_per_query, bytes));
    }
}

static void write_budget(const struct cli *cli, const struct state_spend *total, bool present) {
    const struct pipeline_poll *poll = &cli->pipeline->poll;
    char budget[SITUATION_SPEND_SIZE];
    char text[SITUATION_BUDGET_SIZE];
    if (poll->bytes_per_night == 0) {
        (void)print(cli->out, "  No budget (poll.bytes_per_night: none).");
    } else {
        (void)print(cli->out, "  %.1f %% of the night's budget of %s.",
                    (double)total->bytes_billed * 100.0 / (double)poll->bytes_per_night,
                    situation_spend_bytes(poll->bytes_per_night, budget));
    }
    (void)print(cli->out, " $%.2f per TiB (poll.price_per_tib).\n", poll->price_per_tib);
    (void)situation_budget_text(cli->pipeline, total->bytes_billed, text);
    if (present && text[0] != '\0') {
        (void)print(cli->out, "  ALARM: %s.\n", text);
    }
}

static void write_head(const struct cli *cli, const char *first) {
    (void)print(cli->out, "  %-34s %7s %7s %7s %7s  %11s  %10s  %7s\n", first, "QUERIES", "CACHED",
                "FAILED", "FREE", "BILLED", "COST", "SHARE");
}

static void write_night(const struct cli *cli, const struct night *night) {
    char day[DAY_TEXT_SIZE];
    (void)print(cli->out, "%s: night of %s, noon to noon  times: %s\n\n", cli->pipeline->name,
                day_format(night->night, day), clock_zone());
    write_head(cli, "");
    for (size_t subject = 0; subject < SUBJECT_COUNT; subject++) {
        bool headed = false;
        for (size_t i = 0; i < night->count; i++) {
            const struct state_spend *spend = &night->spends[i];
            if (subject_of(cli->pipeline, spend->key) != subject) {
                continue;
            }
            if (!headed) {
                (void)print(cli->out, " %s\n", subjects[subject].heading);
                headed = true;
            }
            write_sums(cli->out, spend->key, spend, night->total.bytes_billed);
        }
    }
    write_sums(cli->out, "all", &night->total, night->total.bytes_billed);
    (void)print(cli->out, "\n");
    write_doubts(cli, &night->total);
    write_budget(cli, &night->total,
                 night->night == situation_night(clock_wall_ms(clock_system())));
}

static void write_nights(const struct cli *cli, const struct night *nights, size_t count) {
    char day[DAY_TEXT_SIZE];
    int64_t whole = 0;
    for (size_t i = 0; i < count; i++) {
        whole += nights[i].total.bytes_billed;
    }
    write_head(cli, "NIGHT OF");
    for (size_t i = 0; i < count; i++) {
        write_sums(cli->out, day_format(nights[i].night, day), &nights[i].total, whole);
    }
}

/* ---- JSON -------------------------------------------------------------------------------- */

static json_t *sums_json(const struct cli *cli, const struct state_spend *spend) {
    json_int_t unknown_most = spend->unknown * cli->pipeline->poll.bytes_per_query;
    json_t *made = json_make(
        "{s:I,s:I,s:I,s:I,s:I,s:I,s:f}", "queries", (json_int_t)spend->queries, "cached",
        (json_int_t)spend->cached, "failed", (json_int_t)spend->failed, "free_checks",
        (json_int_t)spend->free_checks, "bytes_processed", (json_int_t)spend->bytes_processed,
        "bytes_billed", (json_int_t)spend->bytes_billed, "dollars", spend->dollars);
    (void)json_object_set_new(made, "estimated",
                              json_make("{s:I,s:I}", "queries", (json_int_t)spend->estimated,
                                        "bytes", (json_int_t)spend->bytes_estimated));
    (void)json_object_set_new(made, "unknown",
                              json_make("{s:I,s:I}", "queries", (json_int_t)spend->unknown,
                                        "bytes_at_most", unknown_most));
    return made;
}

static json_t *night_json(const struct cli *cli, const struct night *night) {
    enum situation_budget budget = situation_budget_of(cli->pipeline, night->total.bytes_billed);
    json_t *items = json_array();
    for (size_t i = 0; i < night->count; i++) {
        const struct state_spend *spend = &night->spends[i];
        json_t *item = sums_json(cli, spend);
        int64_t whole = night->total.bytes_billed;
        (void)json_object_set_new(item, "kind",
                                  json_words(subjects[subject_of(cli->pipeline, spend->key)].word));
        (void)json_object_set_new(item, "name", json_words(spend->key));
        (void)json_object_set_new(
            item, "share",
            whole > 0 ? json_percent((int)((double)spend->bytes_billed * 1000.0 / (double)whole))
                      : json_null());
        (void)json_array_append_new(items, item);
    }
    return json_make("{s:o,s:s,s:o,s:o}", "night", json_day(night->night), "budget",
                     situation_budget_name(budget), "total", sums_json(cli, &night->total), "items",
                     items);
}

static json_t *head_json(const struct cli *cli) {
    const struct pipeline_poll *poll = &cli->pipeline->poll;
    return json_make("{s:i,s:s,s:o,s:f,s:I,s:o}", "schema", 1, "pipeline", cli->pipeline->name,
                     "as_of", json_time(clock_wall_ms(clock_system())), "price_per_tib",
                     poll->price_per_tib, "bytes_per_query", (json_int_t)poll->bytes_per_query,
                     "bytes_per_night",
                     poll->bytes_per_night > 0 ? json_integer(poll->bytes_per_night) : json_null());
}

static bool write_spent(struct cli *cli, const struct night *nights, size_t count) {
    if (cli->format != CLI_JSON) {
        if (count == 1) {
            write_night(cli, &nights[0]);
        } else {
            write_nights(cli, nights, count);
        }
        return ferror(cli->out) == 0;
    }
    json_t *answer = head_json(cli);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, night_json(cli, &nights[i]));
    }
    (void)json_object_set_new(answer, "nights", list);
    bool good = cli_json(cli, answer);
    json_decref(answer);
    return good;
}

/* ---- The estimate ------------------------------------------------------------------------ */

/* Whether every target was estimated after `since`. */
static bool estimated(struct cli *cli, int64_t since, bool *done, struct error *error) {
    struct situation *situation =
        situation_load(cli->pipeline, cli->state, clock_wall_ms(clock_system()), error);
    *done = situation != NULL;
    for (size_t i = 0; situation != NULL && i < situation->estimate_count; i++) {
        *done = *done && situation->estimates[i].at >= since;
    }
    bool good = situation != NULL;
    situation_free(situation);
    return good;
}

/* Asks the agent for dry runs and waits until all have been answered. */
static bool ask_agent(struct cli *cli, const char *owner, struct error *error) {
    int64_t since = clock_wall_ms(clock_system());
    bool done = false;
    if (!state_request_put(cli->state, STATE_REQUEST_ESTIMATE, "", owner, since, error)) {
        return false;
    }
    for (int waited = 0; !done && waited < PATIENCE_MS; waited += LOOK_MS) {
        (void)poll(NULL, 0, LOOK_MS);
        if (!estimated(cli, since, &done, error)) {
            return false;
        }
    }
    return done || error_set(error, EXIT_UNKNOWN,
                             "the agent has not estimated everything within %d s; ask again",
                             PATIENCE_MS / 1000);
}

static json_t *estimate_json(const struct cli *cli, const struct situation *situation) {
    json_t *answer = head_json(cli);
    json_t *targets = json_array();
    size_t unknown;
    int64_t night = situation_night_bytes(situation, &unknown);
    for (size_t i = 0; i < situation->estimate_count; i++) {
        const struct situation_estimate *one = &situation->estimates[i];
        bool known = one->bytes >= 0;
        (void)json_array_append_new(
            targets, json_make("{s:s,s:s,s:o,s:o,s:o,s:I,s:o}", "name", one->key, "kind",
                               subjects[subject_of(cli->pipeline, one->key)].word, "estimated_at",
                               json_time(one->at), "bytes",
                               known ? json_integer(one->bytes) : json_null(), "dollars",
                               known ? json_real(situation_spend_cost(cli->pipeline, one->bytes))
                                     : json_null(),
                               "queries_a_night", (json_int_t)one->queries, "error",
                               json_string_or_null(one->error)));
    }
    (void)json_object_set_new(answer, "targets", targets);
    (void)json_object_set_new(
        answer, "night",
        json_make("{s:i,s:o,s:o,s:I,s:o}", "hours", SITUATION_NIGHT_HOURS, "bytes_at_most",
                  night >= 0 ? json_integer(night) : json_null(), "dollars_at_most",
                  night >= 0 ? json_real(situation_spend_cost(cli->pipeline, night)) : json_null(),
                  "not_estimated", (json_int_t)unknown, "busiest_group",
                  situation->busiest != PIPELINE_NONE
                      ? json_words(cli->pipeline->groups[situation->busiest].name)
                      : json_null()));
    return answer;
}

static bool write_estimate(struct cli *cli, const struct situation *situation) {
    if (cli->format == CLI_JSON) {
        json_t *answer = estimate_json(cli, situation);
        bool good = cli_json(cli, answer);
        json_decref(answer);
        return good;
    }
    struct text_buffer text = {0};
    situation_estimate_describe(situation, &text);
    (void)print(cli->out, "%s: what measuring would cost\n\n", cli->pipeline->name);
    (void)print_lines(cli->out, text.data);
    text_buffer_free(&text);
    return ferror(cli->out) == 0;
}

/* 2 when a target could not be estimated. */
static int estimate(struct cli *cli) {
    struct error error = {0};
    char *owner = operate_owner();
    bool agent_polls = false;
    bool good =
        poll_estimate(cli->pipeline, cli->state, owner, clock_system(), &agent_polls, &error) &&
        (!agent_polls || ask_agent(cli, owner, &error));
    free(owner);
    struct situation *situation =
        good ? situation_load(cli->pipeline, cli->state, clock_wall_ms(clock_system()), &error)
             : NULL;
    if (situation == NULL) {
        return cli_fail(cli, &error);
    }
    size_t unknown;
    (void)situation_night_bytes(situation, &unknown);
    int code = unknown > 0 ? EXIT_UNKNOWN : EXIT_GO;
    if (!write_estimate(cli, situation)) {
        (void)error_set_errno(&error, EXIT_IO, errno, "cannot write the answer");
        code = cli_fail(cli, &error);
    }
    situation_free(situation);
    return code;
}

static int spent(struct cli *cli, day_number last, size_t count) {
    struct error error = {0};
    struct night *nights = memory_new(count, sizeof *nights);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        good =
            good && load_night(cli->state, last - (day_number)(count - 1 - i), &nights[i], &error);
    }
    if (good && !write_spent(cli, nights, count)) {
        good = error_set_errno(&error, EXIT_IO, errno, "cannot write the answer");
    }
    for (size_t i = 0; i < count; i++) {
        state_spends_free(nights[i].spends, nights[i].count);
    }
    free(nights);
    return good ? EXIT_GO : cli_fail(cli, &error);
}

static int run(struct cli *cli) {
    struct error error = {0};
    int64_t count = 1;
    if (!cli_attach_state(cli, &error)) {
        return cli_fail(cli, &error);
    }
    day_number night = situation_night(clock_wall_ms(clock_system()));
    if (!cli_number(cli, "nights", 1, MOST_NIGHTS, &count, &error) ||
        !cli_day(cli, "night", &night, &error)) {
        return cli_fail(cli, &error);
    }
    return cli_value(cli, "estimate") != NULL ? estimate(cli) : spent(cli, night, (size_t)count);
}

const struct cli_verb cli_verb_cost = {
    .name = "cost",
    .arguments = "",
    .instead = "gaps takes a TABLE",
    .summary = "what measuring has cost: bytes billed and dollars of a night",
    .about = "A night lasts from noon to noon and is named after the day on which it begins. FREE "
             "counts the polls that\n"
             "free metadata answered. \"≥\": a query was given up and is perhaps billed. With "
             "--estimate, free dry runs tell\n"
             "what a query of each table would bill, and a night at most; exit 2 when one could "
             "not be had.",
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .options = {{"night", "DATE", "this night (default: the present one)"},
                {"nights", "N", "so many nights up to it, a line each"},
                {"estimate", NULL, "what a query, and a night, would cost"}},
    .run = run,
};
