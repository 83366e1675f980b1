/* Decisions: from an action on what is selected to a dialog with a command bound to it.
 *
 * Every mutating action goes through here. The dialog names its target and shows what would be
 * done; the command in it is complete when the dialog opens and does not follow the selection. */
#ifndef PHASEGATE_UI_DECIDE_H
#define PHASEGATE_UI_DECIDE_H

#include "ui/screen.h"

/* What an action is about. Indices are PIPELINE_NONE where they do not apply. */
struct decide_target {
    size_t table, season; /* season: PIPELINE_NONE for all */
    size_t processor, group, gate;
    const struct situation_run *run;
    struct day_range dates; /* narrows table × season; from > to: all of it */
};
extern const struct decide_target decide_nothing;

void decide_launch(struct screen *screen, const struct decide_target *target);
void decide_stop(struct screen *screen, const struct situation_run *run, bool kill);
void decide_forget(struct screen *screen, const struct situation_run *run);
void decide_retry(struct screen *screen, const struct situation_run *run);
void decide_gate(struct screen *screen, enum action action, size_t gate);
void decide_waive(struct screen *screen, size_t table, struct day_range range);

/* Arms a group, after a question; disarms at once one that is armed. While any group counts down,
 * that one is disarmed, whatever was meant: it is the key to say no with. PIPELINE_NONE: only that.
 */
void decide_arm(struct screen *screen, size_t group);

/* Stop from a view that has no run selected: the one that is alive, else go and choose. */
void decide_stop_any(struct screen *screen);

/* Opens the dialog around a command, which it takes (NULL: it only tells); its text is empty and
 * returned to be filled. */
struct text_buffer *decide_ask(struct screen *screen, enum actions_confirm confirm,
                               struct command *command, const char *title);

/* The dates of a table that are missing in a season (PIPELINE_NONE: all) and within `dates`, as
 * ranges; the caller frees them. */
struct day_range *decide_gaps(const struct screen *screen, size_t table, size_t season,
                              struct day_range dates, size_t *ranges, size_t *days);

/* The keys of dialogs and prompts. */
void decide_dialog_act(struct screen *screen, enum action action);
void decide_prompt_open(struct screen *screen, enum screen_prompt_kind kind);
void decide_prompt_key(struct screen *screen, uint32_t key);
void decide_prompt_paste(struct screen *screen, uint32_t character);

#endif
