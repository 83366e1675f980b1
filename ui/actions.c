#include "ui/actions.h"

#include <stddef.h>
#include <string.h>

#include "ui/key.h"

/* What asks before it acts, changes something; so does a poll, which needs no question. */
static const struct actions_entry entries[ACTION_COUNT] = {
#define ENTRY(id, name_, keys_, label_, views_, confirm_, help_)                                   \
    [ACTION_##id] = {.name = (name_),                                                              \
                     .keys = (keys_),                                                              \
                     .label = (label_),                                                            \
                     .help = (help_),                                                              \
                     .views = (views_),                                                            \
                     .confirm = (confirm_),                                                        \
                     .mutates = (confirm_) != CONFIRM_NONE || ACTION_##id == ACTION_POLL ||        \
                                ACTION_##id == ACTION_DISARM},
    ACTIONS(ENTRY)
#undef ENTRY
};

const struct actions_entry *actions_entry(enum action action) {
    return &entries[action];
}

enum action actions_of_key(enum actions_view view, uint32_t key) {
    for (int i = 0; i < ACTION_COUNT; i++)
        if (actions_in_view((enum action)i, view) && key_in(key, entries[i].keys))
            return (enum action)i;
    return ACTION_NONE;
}

enum action actions_of_name(enum actions_view view, const char *name) {
    enum action found = ACTION_NONE;
    size_t size = strlen(name);
    for (int i = 0; size && i < ACTION_COUNT; i++) {
        if (!actions_in_view((enum action)i, view) || strncmp(entries[i].name, name, size) != 0)
            continue;
        if (entries[i].name[size] == '\0')
            return (enum action)i;
        if (found != ACTION_NONE)
            return ACTION_NONE;
        found = (enum action)i;
    }
    return found;
}

const char *actions_view_name(enum actions_view view) {
    static const char *const names[VIEW_COUNT] = {
        [VIEW_COVERAGE] = "Coverage", [VIEW_GATES] = "Gates",   [VIEW_RUNS] = "Runs",
        [VIEW_LOGS] = "Logs",         [VIEW_REVIEW] = "Review", [VIEW_JOURNAL] = "Journal",
        [VIEW_STRIP] = "Date strip",  [VIEW_PAGE] = "Page",     [VIEW_DIALOG] = "Question",
        [VIEW_PROMPT] = "Prompt",
    };
    return names[view];
}
