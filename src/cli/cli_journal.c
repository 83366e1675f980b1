/* phasegate journal and phasegate brief: what happened. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/moment.h"
#include "base/print.h"
#include "cli/brief.h"
#include "cli/verbs.h"
#include "state/state_journal.h"

static bool write_json(struct cli *cli, const struct state_event *events, size_t count,
                       bool left_out) {
    json_t *answer = json_make("{s:i,s:b,s:[]}", "schema", 1, "left_out", (int)left_out, "events");
    for (size_t i = 0; i < count; i++) {
        const struct state_event *event = &events[i];
        (void)json_array_append_new(
            json_object_get(answer, "events"),
            json_make("{s:I,s:o,s:s,s:s,s:s,s:s}", "sequence", (json_int_t)event->sequence, "at",
                      json_time(event->at), "actor", event->actor, "kind", event->kind, "subject",
                      event->subject, "text", event->text));
    }
    bool good = cli_json(cli, answer);
    json_decref(answer);
    return good;
}

static bool write_text(struct cli *cli, const struct state_event *events, size_t count) {
    cli_say_zone(cli);
    for (size_t i = 0; i < count; i++) {
        char time[MOMENT_SIZE];
        (void)print(cli->out, "%s  %-14s %-12s %s%s%s\n", moment_format_full(events[i].at, time),
                    events[i].actor, events[i].kind, events[i].subject,
                    events[i].subject[0] != '\0' ? ": " : "", events[i].text);
    }
    return ferror(cli->out) == 0;
}

static int journal(struct cli *cli) {
    struct error error = {0};
    int64_t lines = 100;
    size_t count = 0;
    if (!cli_number(cli, "lines", 1, 1000000, &lines, &error) || !cli_open_state(cli, &error)) {
        return cli_fail(cli, &error);
    }
    struct state_journal_filter filter = {.kind = cli_value(cli, "kind"),
                                          .subject = cli_value(cli, "subject"),
                                          .newest = (size_t)lines + 1};
    struct state_event *events = state_journal(cli->state, &filter, &count, &error);
    if (events == NULL) {
        return cli_fail(cli, &error);
    }
    int code = EXIT_GO;
    size_t older = count > (size_t)lines ? 1 : 0;
    if (!(cli->format == CLI_JSON ? write_json(cli, events + older, count - older, older > 0)
                                  : write_text(cli, events + older, count - older))) {
        (void)error_set_errno(&error, EXIT_IO, errno, "cannot write the answer");
        code = cli_fail(cli, &error);
    }
    if (older > 0 && cli->format == CLI_TEXT) {
        (void)print(cli->err, "phasegate: these are the newest %zu events; --lines N lists more\n",
                    count - older);
    }
    state_events_free(events, count);
    return code;
}

const struct cli_verb cli_verb_journal = {
    .name = "journal",
    .arguments = "",
    .instead = "--subject NAME is about one run, gate or table",
    .summary = "everything that happened, newest last",
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .options = {{"lines", "N", "how many of the newest (default 100)"},
                {"kind", "KIND", "only this kind: gate, launch, stop, verdict, …"},
                {"subject", "NAME", "only about this run, gate or table"}},
    .run = journal,
};

static int brief(struct cli *cli) {
    struct error error = {0};
    int64_t hours = 16;
    if (!cli_number(cli, "hours", 1, 24, &hours, &error)) {
        return cli_fail(cli, &error);
    }
    struct situation *situation = cli_situation(cli, true, &error);
    if (situation == NULL) {
        return cli_fail(cli, &error);
    }
    brief_write(cli->out, situation, situation->as_of - hours * 3600000);
    int code = (int)gates_exit(situation->gates, PIPELINE_NONE);
    situation_free(situation);
    return code;
}

const struct cli_verb cli_verb_brief = {
    .name = "brief",
    .arguments = "",
    .instead = "check takes a GATE",
    .summary = "the morning brief: gates, coverage, runs, cost; exits as `check` does",
    .options = {{"hours", "N", "how far back (default 16, at most 24)"}},
    .run = brief,
};
