/* phasegate hold, release, override, waive: what a person decides about gates and dates. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/print.h"
#include "cli/find.h"
#include "cli/operate.h"
#include "cli/verbs.h"
#include "state/state_gates.h"

/* Finds the gate of the first argument and opens the state; for a hold a state that cannot be
 * opened is no hindrance, `*later` then says why. */
static bool prepare(struct cli *cli, bool hold, char **later, struct error *error) {
    size_t gate;
    if (!cli_load_pipeline(cli, error) || !cli_find_gate(cli, cli->arguments[0], &gate, error)) {
        return false;
    }
    return cli_open_state(cli, error) ||
           (hold && cli_can_mark(cli, error) &&
            operate_mark_unopened(cli->pipeline->name, STATE_EMERGENCY_HOLD, cli->arguments[0],
                                  later, error));
}

/* Puts or ends a mark in this user's name. */
static int mark(struct cli *cli, bool put, bool hold, const char *reason, const char *done) {
    struct error error = {0};
    char *later = NULL;
    if (!prepare(cli, put && hold, &later, &error)) {
        return cli_fail(cli, &error);
    }
    char *owner = operate_owner();
    struct state_actor actor = {.name = owner};
    int64_t now = clock_wall_ms(clock_system());
    const char *gate = cli->arguments[0];
    bool good = later != NULL ? true
                : put && hold ? operate_hold(cli->state, owner, gate, reason, &later, &error)
                : put         ? state_mark_put(cli->state, &actor, gate, false, reason, now, &error)
                              : state_mark_end(cli->state, &actor, gate, hold, reason, now, &error);
    free(owner);
    if (!good) {
        return cli_fail(cli, &error);
    }
    if (later != NULL) {
        (void)print(cli->out,
                    "%s %s, by a marker beside the state, which cannot be written (%s). It is "
                    "recorded as soon as it can be.\n",
                    gate, done, later);
        free(later);
        return EXIT_GO;
    }
    (void)print(cli->out, "%s %s.\n", gate, done);
    return EXIT_GO;
}

static int hold(struct cli *cli) {
    const char *reason = cli_value(cli, "reason");
    return mark(cli, true, true, reason != NULL ? reason : "held by hand", "is on HOLD");
}

static int release(struct cli *cli) {
    bool hold_ends = cli_value(cli, "override") == NULL;
    return mark(cli, false, hold_ends, "released by hand",
                hold_ends ? "is released" : "is no longer overridden");
}

static int override(struct cli *cli) {
    struct error error = {0};
    const char *reason = cli_value(cli, "reason");
    if (reason == NULL) {
        (void)error_set(&error, EXIT_USAGE,
                        "an override needs --reason TEXT of at least %d characters",
                        STATE_REASON_SIZE);
        return cli_fail(cli, &error);
    }
    return mark(cli, true, false, reason,
                "is overridden: its verdict stays, and launches behind it are let through");
}

static int waive(struct cli *cli) {
    struct error error = {0};
    size_t table;
    const char *reason = cli_value(cli, "reason");
    struct day_range range = {DAY_NONE, DAY_NONE};
    if (!cli_open_state(cli, &error) || !cli_find_table(cli, cli->arguments[0], &table, &error) ||
        !cli_day(cli, "from", &range.from, &error) || !cli_day(cli, "to", &range.to, &error)) {
        return cli_fail(cli, &error);
    }
    range.to = range.to == DAY_NONE ? range.from : range.to;
    if (range.from == DAY_NONE || range.from > range.to || reason == NULL) {
        (void)error_set(&error, EXIT_USAGE,
                        "a waiver needs --from DATE, --to DATE not before it, and --reason TEXT");
        return cli_fail(cli, &error);
    }
    char *owner = operate_owner();
    struct state_actor actor = {.name = owner};
    int64_t now = clock_wall_ms(clock_system());
    bool good = state_waiver_put(cli->state, &actor, cli->arguments[0], range, reason, now, 0, NULL,
                                 &error);
    free(owner);
    if (!good) {
        return cli_fail(cli, &error);
    }
    (void)print(cli->out, "Waived: these dates of %s no longer count as attainable.\n",
                cli->arguments[0]);
    return EXIT_GO;
}

const struct cli_verb cli_verb_hold = {
    .name = "hold",
    .arguments = "GATE",
    .summary = "hold a gate: nothing behind it starts until it is released",
    .least = 1,
    .most = 1,
    .options = {{"reason", "TEXT", "for the journal and the header"}},
    .run = hold,
};

const struct cli_verb cli_verb_release = {
    .name = "release",
    .arguments = "GATE",
    .summary = "end a hold (or, with --override, an override)",
    .least = 1,
    .most = 1,
    .options = {{"override", NULL, "end the override instead of the hold"}},
    .run = release,
};

const struct cli_verb cli_verb_override = {
    .name = "override",
    .arguments = "GATE",
    .summary = "let launches behind a gate through although it is not GO",
    .least = 1,
    .most = 1,
    .options = {{"reason", "TEXT", "why; at least 10 characters"}},
    .run = override,
};

const struct cli_verb cli_verb_waive = {
    .name = "waive",
    .arguments = "TABLE",
    .summary = "declare dates of a table unattainable, with a reason",
    .least = 1,
    .most = 1,
    .options = {{"from", "DATE", "first date"},
                {"to", "DATE", "last date (default: the first)"},
                {"reason", "TEXT", "why; at least 10 characters"}},
    .run = waive,
};
