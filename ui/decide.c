#include "ui/decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/print.h"
#include "situation/launch.h"
#include "ui/words.h"

enum { RANGES_SHOWN = 6, LONGEST_COMMAND = 600 };

const struct decide_target decide_nothing = {
    .table = PIPELINE_NONE,
    .season = PIPELINE_NONE,
    .processor = PIPELINE_NONE,
    .group = PIPELINE_NONE,
    .gate = PIPELINE_NONE,
    .run = NULL,
    .dates = {1, 0},
};

static int64_t evidence_of(const struct screen *screen) {
    return screen->situation ? screen->situation->as_of : 0;
}

struct text_buffer *decide_ask(struct screen *screen, enum actions_confirm confirm,
                               struct command *command, const char *title) {
    struct screen_dialog *dialog = &screen->dialog;
    command_free(dialog->command);
    free(dialog->title);
    dialog->command = command;
    dialog->title = memory_copy_string(title);
    dialog->confirm = confirm;
    dialog->opened_ms = screen->monotonic_ms;
    text_buffer_clear(&dialog->text);
    screen->dialog_open = true;
    return &dialog->text;
}

/* Makes the dialog one that only tells: there is nothing to say yes to. */
static void only_tell(struct screen *screen) {
    command_free(screen->dialog.command);
    screen->dialog.command = NULL;
    screen->dialog.confirm = CONFIRM_NONE;
}

static struct dayset gaps_of(const struct screen *screen, size_t table, struct day_range range) {
    return coverage_gaps(screen->situation->coverage, table, range, false);
}

struct day_range *decide_gaps(const struct screen *screen, size_t table, size_t season,
                              struct day_range dates, size_t *ranges, size_t *days) {
    *ranges = *days = 0;
    if (!screen->situation || !screen->situation->coverage)
        return memory_new(0, sizeof(struct day_range));
    struct day_range range = screen->situation->range;
    if (season != PIPELINE_NONE)
        range = day_range_intersect(range, screen->pipeline->seasons[season].range);
    if (day_range_count(dates))
        range = day_range_intersect(range, dates);
    struct dayset gaps = gaps_of(screen, table, range);
    struct dayset expected = coverage_expected(screen->situation->coverage, table);
    struct day_range *result = dayset_ranges(&gaps, &expected, ranges);
    *days = dayset_count(&gaps);
    dayset_free(&expected);
    dayset_free(&gaps);
    return result;
}

/* What a launch takes: no date that holds too many rows, which another run may only add to. */
static struct dayset open_of(const struct screen *screen, size_t table, struct day_range range) {
    struct dayset open = gaps_of(screen, table, range);
    for (day_number day = dayset_next(&open, open.range.from); day != DAY_NONE;
         day = dayset_next(&open, day + 1))
        if (coverage_day_at(screen->situation->coverage, table, day)->state == COVERAGE_EXCESS)
            dayset_remove(&open, day);
    return open;
}

/* What exactly would run; or why it would not. False when it would be refused. */
static bool add_plan(struct text_buffer *text, const struct screen *screen,
                     const struct situation_launch *launch) {
    struct error error = {0};
    struct runs_plan *plan = situation_plan(screen->situation, launch, &error);
    if (!plan) {
        print_to(text, "Refused: %s.\n", error.text);
        return false;
    }
    situation_plan_describe(plan, LONGEST_COMMAND, text);
    situation_plan_evidence(screen->situation, plan, text);
    situation_preflight_describe(&screen->situation->preflight, "", text);
    runs_plan_free(plan);
    return true;
}

static size_t filler_of(const struct pipeline *pipeline, size_t table) {
    for (size_t i = 0; i < pipeline->processor_count; i++)
        for (size_t k = 0; k < pipeline->processors[i].fills.count; k++)
            if (pipeline->processors[i].fills.items[k] == table)
                return i;
    return PIPELINE_NONE;
}

static void launch_processor(struct screen *screen, size_t processor,
                             const struct decide_target *target) {
    const struct pipeline *pipeline = screen->pipeline;
    size_t table = target->table;
    if (table == PIPELINE_NONE)
        table = pipeline->processors[processor].fills.items[0];
    struct day_range whole = screen->situation->range;
    if (target->season != PIPELINE_NONE)
        whole = day_range_intersect(whole, pipeline->seasons[target->season].range);
    if (day_range_count(target->dates))
        whole = day_range_intersect(whole, target->dates);
    struct dayset days = open_of(screen, table, whole);
    size_t count = dayset_count(&days);
    if (count == 0) {
        screen_toast(screen, STYLE_NORMAL, "%s: no date is known to be missing there",
                     pipeline->tables[table].name);
        dayset_free(&days);
        return;
    }
    char title[SCREEN_TEXT], words[WORDS_SIZE];
    (void)print_into(title, sizeof title, "Launch %s for %s", pipeline->processors[processor].name,
                     words_dates(count, words));
    struct command *command = command_new(COMMAND_LAUNCH_PROCESSOR, evidence_of(screen));
    command->processor = memory_copy_string(pipeline->processors[processor].name);
    command->table = memory_copy_string(pipeline->tables[table].name);
    command->ranges = dayset_ranges(&days, NULL, &command->range_count);
    command->affected = count;
    struct text_buffer *text = decide_ask(screen, CONFIRM_YES, command, title);
    print_to(text, "Of %s in %s:\n\n", pipeline->tables[table].name,
             words_seasons(pipeline, screen->situation->range, whole, words));
    struct situation_launch launch = {
        .group = PIPELINE_NONE, .processor = processor, .range = days.range, .dates = &days};
    if (!add_plan(text, screen, &launch))
        only_tell(screen);
    dayset_free(&days);
}

static void launch_group(struct screen *screen, size_t group) {
    const struct pipeline_group *facts = &screen->pipeline->groups[group];
    char title[SCREEN_TEXT];
    (void)print_into(title, sizeof title, "Launch the group %s for what is missing", facts->name);
    struct command *command = command_new(COMMAND_LAUNCH_GROUP, evidence_of(screen));
    command->group = memory_copy_string(facts->name);
    struct text_buffer *text = decide_ask(screen, CONFIRM_YES, command, title);
    struct situation_launch launch = {.group = group,
                                      .processor = PIPELINE_NONE,
                                      .range = screen->situation->range,
                                      .gaps = true};
    if (!add_plan(text, screen, &launch))
        only_tell(screen);
}

void decide_launch(struct screen *screen, const struct decide_target *target) {
    if (!screen->situation || !screen->situation->coverage) {
        screen_toast(screen, STYLE_DIM, "nothing was measured yet: there is nothing to launch for");
        return;
    }
    if (target->group != PIPELINE_NONE) {
        launch_group(screen, target->group);
        return;
    }
    size_t processor = target->processor;
    if (processor == PIPELINE_NONE && target->table != PIPELINE_NONE)
        processor = filler_of(screen->pipeline, target->table);
    if (processor == PIPELINE_NONE) {
        screen_toast(screen, STYLE_DIM, "no processor of this pipeline fills it");
        return;
    }
    launch_processor(screen, processor, target);
}

static bool alive(const struct situation_run *run) {
    return run->phase != SITUATION_RUN_DONE && run->phase != SITUATION_RUN_FAILED &&
           (!run->state || strcmp(run->state, "ended") != 0);
}

/* What a run that has ended left behind on the server. */
static void ask_about_jobs(struct screen *screen, const struct situation_run *run) {
    char title[SCREEN_TEXT], words[WORDS_SIZE];
    (void)print_into(title, sizeof title, "Cancel the BigQuery jobs of %s", run->run);
    struct command *command = command_new(COMMAND_CANCEL_JOBS, evidence_of(screen));
    command->run = memory_copy_string(run->run);
    command->processor = memory_copy_string(run->processor);
    struct text_buffer *text = decide_ask(screen, CONFIRM_YES, command, title);
    print_to(text, "%s, %s: %s\n\n", run->processor, words_range(run->range, words),
             run->server_text);
    text_buffer_add(text, "BigQuery is asked to cancel every job labelled with this run. Cancelled "
                          "jobs may still incur costs. Its dates stay claimed until none runs.\n");
}

void decide_forget(struct screen *screen, const struct situation_run *run) {
    if (!run || !run->unread) {
        screen_toast(screen, STYLE_DIM,
                     run ? "its dates are not held for a reading" : "no run is selected");
        return;
    }
    char title[SCREEN_TEXT], words[WORDS_SIZE];
    (void)print_into(title, sizeof title, "Release the dates of %s unread", run->run);
    struct command *command = command_new(COMMAND_FORGET_COVERAGE, evidence_of(screen));
    command->run = memory_copy_string(run->run);
    command->processor = memory_copy_string(run->processor);
    command->affected = run->dates;
    struct text_buffer *text = decide_ask(screen, CONFIRM_REASON, command, title);
    print_to(text, "%s, %s: %zu dates, %s\n\n", run->processor, words_range(run->range, words),
             run->dates, run->waiting ? run->waiting : "not read since its end");
    text_buffer_add(text, "What it wrote was not read. Its dates then count as they were last "
                          "read before, and can be launched: what is there already may be "
                          "written twice.\n");
}

void decide_stop(struct screen *screen, const struct situation_run *run, bool kill) {
    if (run && !alive(run) && run->server_held) {
        ask_about_jobs(screen, run);
        return;
    }
    if (!run || !alive(run)) {
        screen_toast(screen, STYLE_DIM, run ? "this run has ended" : "no run is selected");
        return;
    }
    char title[SCREEN_TEXT], words[WORDS_SIZE];
    (void)print_into(title, sizeof title, "%s %s of %s", kill ? "Kill" : "Stop", run->run,
                     run->processor);
    struct command *command = command_new(kill ? COMMAND_KILL : COMMAND_STOP, evidence_of(screen));
    command->run = memory_copy_string(run->run);
    command->processor = memory_copy_string(run->processor);
    struct text_buffer *text = decide_ask(screen, CONFIRM_YES, command, title);
    struct situation_progress progress = situation_progress_of(run);
    print_to(text, "%s, %zu of %zu dates %s, pid %lld, started by %s\n\n",
             words_range(run->range, words), progress.done, progress.total,
             progress.by_log ? "done" : "complete", (long long)run->pid,
             run->owner ? run->owner : "?");
    int64_t grace = run->processor_index == PIPELINE_NONE
                        ? 60000
                        : screen->pipeline->processors[run->processor_index].stop_grace_ms;
    char span[CLOCK_SPAN_SIZE];
    if (kill)
        text_buffer_add(text, "All of its processes get SIGKILL now. The date it works on may be "
                              "left half written.\n");
    else
        print_to(text, "All of its processes get SIGTERM now and SIGKILL after %s.\n",
                 clock_format_span(grace, span));
    if (run->processor_index != PIPELINE_NONE &&
        screen->pipeline->processors[run->processor_index].labels_jobs)
        text_buffer_add(text, "What it started in BigQuery runs on, and keeps its dates claimed: "
                              "once it has ended, s offers to cancel that.\n");
}

void decide_stop_any(struct screen *screen) {
    const struct situation_run *only = NULL;
    size_t count = 0;
    for (size_t i = 0; screen->situation && i < screen->situation->run_count; i++)
        if (alive(&screen->situation->runs[i])) {
            only = &screen->situation->runs[i];
            count++;
        }
    if (count == 1) {
        decide_stop(screen, only, false);
    } else if (count == 0) {
        screen_toast(screen, STYLE_DIM, "nothing runs");
    } else {
        screen_act(screen, ACTION_RUNS);
        screen_toast(screen, STYLE_NORMAL, "%zu runs are alive: select one, then s", count);
    }
}

void decide_retry(struct screen *screen, const struct situation_run *run) {
    if (!run) {
        screen_toast(screen, STYLE_DIM, "select a run first: R launches what one run left missing");
        return;
    }
    if (alive(run) || run->processor_index == PIPELINE_NONE) {
        screen_toast(screen, STYLE_DIM,
                     alive(run) ? "this run has not ended yet"
                                : "the pipeline file no longer has it");
        return;
    }
    struct decide_target target = decide_nothing;
    target.processor = run->processor_index;
    target.dates = run->range;
    launch_processor(screen, run->processor_index, &target);
    if (screen->dialog_open && screen->dialog.command) {
        screen->dialog.command->kind = COMMAND_RETRY;
        screen->dialog.command->run = memory_copy_string(run->run);
    }
}

static void add_evidence(struct text_buffer *text, const struct screen *screen,
                         const struct gates_gate *gate) {
    char value[WORDS_SIZE];
    print_to(text, "%s now: %zu of %zu inputs measured, %zu pass, %zu fail\n",
             gates_verdict_name(gate->verdict), gate->measured, gate->total, gate->passed,
             gate->failed);
    for (size_t i = 0; i < screen->pipeline->gates[gate->gate].check_count; i++) {
        const struct gates_check *check = &gate->checks[i];
        if (check->result == GATES_RESULT_PASS)
            continue;
        (void)snprintf(value, sizeof value, "%.1f", check->value);
        print_to(text, "  %s: %s, required %.1f\n", check->check->name,
                 check->measured ? value : "unknown", check->required);
    }
}

/* Dates of the groups behind a gate that are not complete: what an override lets run. */
static size_t affected_by(const struct screen *screen, size_t gate) {
    const struct pipeline *pipeline = screen->pipeline;
    const struct pipeline_indices *holds = &pipeline->gates[gate].holds;
    size_t most = 0;
    for (size_t i = 0; i < holds->count; i++) {
        const struct pipeline_group *group = &pipeline->groups[holds->items[i]];
        for (size_t k = 0; k < group->runs.count; k++) {
            const struct pipeline_indices *fills =
                &pipeline->processors[group->runs.items[k]].fills;
            for (size_t n = 0; n < fills->count; n++) {
                const struct coverage_table *table =
                    words_coverage(screen->situation, fills->items[n]);
                size_t open = table->all.attainable - table->all.complete;
                if (table->all.known && open > most)
                    most = open;
            }
        }
    }
    return most;
}

void decide_gate(struct screen *screen, enum action action, size_t index) {
    if (!screen->situation || !screen->situation->gates || index == PIPELINE_NONE) {
        screen_toast(screen, STYLE_DIM, "no gate was judged yet");
        return;
    }
    const struct gates_gate *gate = &screen->situation->gates->gates[index];
    const char *name = screen->pipeline->gates[index].name;
    bool held = gate->mark && gate->mark->hold;
    enum command_kind kind = action == ACTION_OVERRIDE  ? COMMAND_OVERRIDE
                             : action == ACTION_APPROVE ? COMMAND_APPROVE
                             : held                     ? COMMAND_RELEASE
                                                        : COMMAND_HOLD;
    struct command *command = command_new(kind, evidence_of(screen));
    command->gate = memory_copy_string(name);
    char title[SCREEN_TEXT];
    (void)print_into(title, sizeof title, "%c%s %s", command_name(kind)[0] - 'a' + 'A',
                     command_name(kind) + 1, name);
    struct text_buffer *text = decide_ask(screen, actions_entry(action)->confirm, command, title);
    add_evidence(text, screen, gate);
    switch (kind) {
    case COMMAND_OVERRIDE:
        command->affected = affected_by(screen, index);
        print_to(text,
                 "\nThe group behind it may start although the gate is not GO. %zu "
                 "dates are affected. The override stays in the header until the "
                 "group's coverage was read again.\n",
                 command->affected);
        break;
    case COMMAND_APPROVE:
        text_buffer_add(text, "\nRecords your yes to this plan on this evidence. It can be used "
                              "once and expires.\n");
        break;
    case COMMAND_HOLD:
        command->reason = memory_copy_string("held from the console");
        text_buffer_add(text, "\nNothing behind it starts until it is released.\n");
        break;
    default:
        print_to(text, "\nIt was held by %s: %s\n", gate->mark->by, gate->mark->reason);
        break;
    }
}

void decide_waive(struct screen *screen, size_t table, struct day_range range) {
    size_t count, dates;
    struct dayset open = {0};
    struct day_range *ranges = NULL;
    if (screen->situation && screen->situation->coverage) {
        struct dayset expected = coverage_expected(screen->situation->coverage, table);
        open = open_of(screen, table, day_range_intersect(screen->situation->range, range));
        ranges = dayset_ranges(&open, &expected, &count);
        dayset_free(&expected);
    }
    dates = ranges ? dayset_count(&open) : 0;
    dayset_free(&open);
    if (dates == 0) {
        free(ranges);
        screen_toast(screen, STYLE_DIM,
                     "there is nothing to waive: no date is known to be missing there");
        return;
    }
    char title[SCREEN_TEXT], words[WORDS_SIZE];
    const char *name = screen->pipeline->tables[table].name;
    (void)print_into(title, sizeof title, "Waive %s of %s", words_dates(dates, words), name);
    struct command *command = command_new(COMMAND_WAIVE, evidence_of(screen));
    command->table = memory_copy_string(name);
    command->ranges = ranges;
    command->range_count = count;
    command->affected = dates;
    struct text_buffer *text = decide_ask(screen, CONFIRM_REASON, command, title);
    const struct coverage_table *facts = &screen->situation->coverage->tables[table];
    if (facts->status != COVERAGE_STATUS_FRESH && facts->error)
        print_to(text, "▲ What is known of them may be of before: %s\n\n", facts->error);
    for (size_t i = 0; i < count && i < RANGES_SHOWN; i++)
        print_to(text, "  %s\n", words_range(ranges[i], words));
    if (count > RANGES_SHOWN)
        print_to(text, "  … and %zu more ranges\n", count - RANGES_SHOWN);
    text_buffer_add(text, "\nThey no longer count as attainable, so that coverage and gates look "
                          "past them.\n");
}
