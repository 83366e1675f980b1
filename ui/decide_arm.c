/* Arming: what may start by itself, asked before; and the one key that takes it back. */
#include <stdio.h>

#include "base/memory.h"
#include "base/print.h"
#include "situation/launch.h"
#include "ui/decide.h"
#include "ui/words.h"

static void disarm(struct screen *screen, size_t group) {
    struct command *command = command_new(COMMAND_DISARM, screen->situation->as_of);
    command->group = memory_copy_string(screen->pipeline->groups[group].name);
    screen_command(screen, command);
}

/* What would be launched if it fired now; what is complete by then is left out then. */
static void add_plan(struct text_buffer *text, const struct screen *screen, size_t group) {
    struct error error = {0};
    struct situation_launch launch = {.group = group,
                                      .processor = PIPELINE_NONE,
                                      .range = screen->situation->range,
                                      .gaps = true,
                                      .review = true};
    struct runs_plan *plan = situation_plan(screen->situation, &launch, &error);
    text_buffer_add(text, "\nAs things stand it would launch:\n");
    if (plan) {
        situation_plan_describe(plan, 200, text);
        situation_plan_evidence(screen->situation, plan, text);
    } else
        print_to(text, "  nothing: %s\n", error.text);
    situation_preflight_describe(&screen->situation->preflight, "", text);
    runs_plan_free(plan);
}

static void ask_to_arm(struct screen *screen, size_t group) {
    const struct pipeline_group *facts = &screen->pipeline->groups[group];
    const struct situation_group *known = &screen->situation->groups[group];
    char title[SCREEN_TEXT], moment[WORDS_SIZE];
    (void)print_into(title, sizeof title, "Arm the group %s", facts->name);
    struct command *command = NULL;
    if (known->approval) {
        command = command_new(COMMAND_ARM, screen->situation->as_of);
        command->group = memory_copy_string(facts->name);
    }
    struct text_buffer *text =
        decide_ask(screen, command ? CONFIRM_YES : CONFIRM_NONE, command, title);
    const char *gate = facts->behind == PIPELINE_NONE ? "nothing, as no gate is in front of it"
                                                      : screen->pipeline->gates[facts->behind].name;
    print_to(text,
             "It starts by itself after two GO in a row of %s, and a countdown of 60 s in "
             "which m says no. A stop, a change of the pipeline file, a reboot or 12 "
             "hours make it void.\n\n",
             gate);
    if (known->approval)
        print_to(text, "On the approval of %s, until %s.\n", known->approved_by,
                 words_moment(known->approved_until, moment));
    else
        text_buffer_add(text, "Refused: the plan has no live approval for it. Read the review (5) "
                              "and approve with a first.\n");
    add_plan(text, screen, group);
}

void decide_arm(struct screen *screen, size_t group) {
    if (!screen->situation || !screen->situation->groups) {
        screen_toast(screen, STYLE_DIM, "nothing was measured yet: there is nothing to arm");
        return;
    }
    size_t counting = words_countdown(screen->situation);
    if (counting != PIPELINE_NONE)
        disarm(screen, counting);
    else if (group == PIPELINE_NONE)
        screen_toast(screen, STYLE_DIM,
                     "select a group in Runs (3), or a gate in Gates (2), to arm");
    else if (screen->situation->groups[group].arm)
        disarm(screen, group);
    else
        ask_to_arm(screen, group);
}
