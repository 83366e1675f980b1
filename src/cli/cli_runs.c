/* phasegate runs: every run, worst first. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/moment.h"
#include "base/print.h"
#include "cli/verbs.h"

static json_t *code_or_null(int code) {
    return code < 0 ? json_null() : json_integer(code);
}

static json_t *code_json(const struct situation_run *run) {
    json_t *dirty = run->code_changed < 0 ? json_null() : json_boolean(run->code_changed > 0);
    return json_make("{s:o,s:o,s:o}", "commit", json_string_or_null(run->code_commit), "dirty",
                     dirty, "moved_to", json_string_or_null(run->code_moved));
}

/* Of a run's failed dates, in a list for people. */
enum { MOST_REASONS = 3 };

static json_t *failures_json(const struct situation_run *run) {
    json_t *failures = json_array();
    for (size_t i = 0; i < run->failure_count; i++) {
        const struct situation_failure *one = &run->failures[i];
        (void)json_array_append_new(
            failures, json_make("{s:I,s:s,s:o}", "dates", (json_int_t)one->dates, "reason",
                                one->reason, "first", json_day(one->first)));
    }
    return failures;
}

static json_t *alarms_json(const struct situation_run *run) {
    json_t *alarms = json_array();
    for (size_t i = 0; i < run->alarm_count; i++) {
        (void)json_array_append_new(alarms, json_make("{s:s,s:s}", "alarm", run->alarms[i].rule,
                                                      "text", run->alarms[i].text));
    }
    return alarms;
}

/* What the log does not tell is null, and not 0. */
static json_t *count_json(const struct situation_run *run, size_t count) {
    return run->log_unknown ? json_null() : json_integer((json_int_t)count);
}

static void add_log(json_t *json, const struct situation_run *run) {
    (void)json_object_set_new(json, "log_understood", json_boolean(!run->log_unknown));
    (void)json_object_set_new(json, "log_notice", json_string_or_null(run->log_notice));
    (void)json_object_set_new(json, "position",
                              run->position < 0 ? json_null() : json_integer(run->position));
    (void)json_object_set_new(json, "total",
                              run->total == 0 ? json_null() : json_integer((json_int_t)run->total));
    (void)json_object_set_new(json, "bar",
                              run->bar_total <= 0 ? json_null()
                                                  : json_make("{s:I,s:I}", "position",
                                                              (json_int_t)run->bar_position,
                                                              "total", (json_int_t)run->bar_total));
}

static json_t *run_json(const struct situation_run *run) {
    json_t *json = json_make(
        "{s:s,s:s,s:s,s:o,s:o,s:I,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:o,s:o,s:I,s:s,s:b,s:o,s:o,"
        "s:o,s:o,"
        "s:o,s:s,s:s,s:o,s:o,s:b,s:o,s:b,s:o}",
        "run", run->run, "group", run->group, "processor", run->processor, "from",
        json_day(run->range.from), "to", json_day(run->range.to), "dates", (json_int_t)run->dates,
        "state", run->state, "outcome", json_string_or_null(run->outcome), "verdict",
        json_string_or_null(run->verdict), "verdict_text", json_string_or_null(run->verdict_text),
        "done", count_json(run, run->done), "failed", count_json(run, run->failed), "skipped",
        count_json(run, run->skipped), "zero_rows", count_json(run, run->zero_rows), "complete",
        (json_int_t)run->complete_now, "exit_code", code_or_null(run->exit_code), "signal",
        code_or_null(run->signal), "pid", (json_int_t)run->pid, "owner", run->owner, "orphan",
        run->orphan ? 1 : 0, "created_at", json_time(run->created_at), "started_at",
        json_time(run->started_at), "ended_at", json_time(run->ended_at), "last_output_at",
        json_time(run->last_output_at), "last_line", json_string_or_null(run->last_line), "command",
        run->command, "log", run->log_path, "server_jobs",
        run->server_jobs < 0 ? json_null() : json_integer((json_int_t)run->server_jobs),
        "server_jobs_at", json_time(run->server_jobs_at), "server_hold", run->server_held ? 1 : 0,
        "code", code_json(run), "adopted", run->adopted ? 1 : 0, "notices",
        json_string_or_null(run->notices));
    add_log(json, run);
    (void)json_object_set_new(json, "unread", json_boolean(run->unread));
    (void)json_object_set_new(json, "excess", json_integer((json_int_t)run->excess_now));
    (void)json_object_set_new(json, "waiting", json_string_or_null(run->waiting));
    (void)json_object_set_new(json, "stop_by", json_string_or_null(run->stop_by));
    (void)json_object_set_new(json, "stop_reason", json_string_or_null(run->stop_reason));
    (void)json_object_set_new(json, "failures", failures_json(run));
    (void)json_object_set_new(json, "failures_left_out",
                              json_integer((json_int_t)run->failures_left_out));
    (void)json_object_set_new(json, "alarms", alarms_json(run));
    return json;
}

/* What will be tried again by itself; null when nothing will. */
static json_t *retry_json(const struct situation_run *run) {
    return run->retry_at == 0
               ? json_null()
               : json_make("{s:o,s:i,s:i,s:o}", "at", json_time(run->retry_at), "number",
                           run->retry_number, "times", run->retry_times, "workers",
                           run->retry_workers > 0 ? json_integer(run->retry_workers) : json_null());
}

static bool write_json(struct cli *cli, const struct situation *situation) {
    json_t *answer = json_make("{s:i,s:I,s:[]}", "schema", 1, "left_out",
                               (json_int_t)situation->runs_left_out, "runs");
    for (size_t i = 0; i < situation->run_count; i++) {
        json_t *run = run_json(&situation->runs[i]);
        (void)json_object_set_new(run, "retry_of",
                                  json_string_or_null(situation->runs[i].retry_of));
        (void)json_object_set_new(run, "retry", retry_json(&situation->runs[i]));
        (void)json_array_append_new(json_object_get(answer, "runs"), run);
    }
    bool good = cli_json(cli, answer);
    json_decref(answer);
    return good;
}

/* What a run is, in a few words: never simply "done". */
static void write_status(struct cli *cli, const struct situation_run *run, int64_t as_of) {
    char span[CLOCK_SPAN_SIZE];
    if (run->verdict != NULL) {
        (void)print(cli->out, "%s: %s", run->verdict,
                    run->verdict_text != NULL ? run->verdict_text : "");
    } else if (strcmp(run->state, "ended") == 0) {
        (void)print(cli->out, "ended %s ago, %s", clock_format_span(as_of - run->ended_at, span),
                    run->waiting);
    } else if (run->stop_stage != NULL) {
        (void)print(cli->out, "%s", run->stop_stage);
    } else {
        char *progress = situation_progress_text(run);
        (void)print(cli->out, "%s%s", progress, run->orphan ? ", orphan" : "");
        free(progress);
    }
    if (run->server_text != NULL) {
        (void)print(cli->out, "; %s, %s; its claims are kept",
                    run->outcome != NULL ? run->outcome : run->state, run->server_text);
    }
    if (run->notices != NULL) {
        (void)print(cli->out, "; %s", run->notices);
    }
    if (run->retry_at != 0) {
        char at[MOMENT_SIZE];
        char workers[32] = "";
        if (run->retry_workers > 0) {
            (void)snprintf(workers, sizeof workers, " with %d workers", run->retry_workers);
        }
        (void)print(cli->out, "; tried again at %s%s (%d of %d)",
                    moment_format(run->retry_at, as_of, at), workers, run->retry_number,
                    run->retry_times);
    }
    (void)print(cli->out, "\n");
}

static bool write_text(struct cli *cli, const struct situation *situation) {
    if (situation->run_count == 0) {
        (void)print(cli->out, "No run in the last 24 hours.\n");
    } else {
        cli_say_zone(cli);
    }
    for (size_t i = 0; i < situation->run_count; i++) {
        const struct situation_run *run = &situation->runs[i];
        char from[DAY_TEXT_SIZE];
        char to[DAY_TEXT_SIZE];
        (void)print(cli->out, "%-16s %-9s %-30s %s..%s  ", run->run, run->state, run->processor,
                    day_format(run->range.from, from), day_format(run->range.to, to));
        write_status(cli, run, situation->as_of);
        for (size_t j = 0; j < run->alarm_count; j++) {
            (void)print(cli->out, "    ▲ %s\n", run->alarms[j].text);
        }
        size_t others = run->failures_left_out;
        for (size_t j = 0; j < run->failure_count; j++) {
            if (j < MOST_REASONS) {
                (void)print(cli->out, "    %zu dates: %s\n", run->failures[j].dates,
                            run->failures[j].reason);
            }
            others += j < MOST_REASONS ? 0 : run->failures[j].dates;
        }
        if (others > 0) {
            (void)print(cli->out, "    %zu dates for other reasons: see its log\n", others);
        }
    }
    if (situation->runs_left_out > 0) {
        (void)print(cli->out, "%zu older ended runs of the last 24 hours are not shown.\n",
                    situation->runs_left_out);
    }
    return ferror(cli->out) == 0;
}

static int run(struct cli *cli) {
    struct error error = {0};
    struct situation *situation = cli_situation(cli, false, &error);
    if (situation == NULL) {
        return cli_fail(cli, &error);
    }
    int code = EXIT_GO;
    if (!(cli->format == CLI_JSON ? write_json(cli, situation) : write_text(cli, situation))) {
        (void)error_set_errno(&error, EXIT_IO, errno, "cannot write the answer");
        code = cli_fail(cli, &error);
    }
    situation_free(situation);
    return code;
}

const struct cli_verb cli_verb_runs = {
    .name = "runs",
    .arguments = "",
    .instead = "logs takes a RUN",
    .summary = "the runs of the last 24 hours, worst first",
    .about =
        "Runs that live, wait for their verdict or hold claims are always listed; of the ended "
        "ones the newest 500.",
    .formats = 1U << CLI_TEXT | 1U << CLI_JSON,
    .run = run,
};
