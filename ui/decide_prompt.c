/* The keys of dialogs and prompts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/print.h"
#include "ui/decide.h"
#include "ui/glyph.h"
#include "ui/key.h"
#include "ui/view.h"

enum { SETTLE_MS = 250, REASON_MIN = 10 };

static void close_dialog(struct screen *screen) {
    command_free(screen->dialog.command);
    screen->dialog.command = NULL;
    screen->dialog_open = false;
}

static void commit(struct screen *screen) {
    struct command *command = screen->dialog.command;
    screen->dialog.command = NULL;
    screen->dialog_open = false;
    screen_command(screen, command);
}

void decide_dialog_act(struct screen *screen, enum action action) {
    /* Keys typed before the dialog could be read were not meant for it. */
    if (screen->monotonic_ms - screen->dialog.opened_ms < SETTLE_MS)
        return;
    if (action == ACTION_CANCEL) {
        close_dialog(screen);
        screen_toast(screen, STYLE_DIM, "nothing was done");
    } else if (action == ACTION_CONFIRM && screen->dialog.command) {
        if (screen->dialog.confirm == CONFIRM_REASON)
            decide_prompt_open(screen, PROMPT_COUNT);
        else
            commit(screen);
    }
}

void decide_prompt_open(struct screen *screen, enum screen_prompt_kind kind) {
    screen->prompt = (struct screen_prompt){.open = true, .kind = kind};
    const char *before = kind == PROMPT_JOURNAL_FILTER ? screen->journal.filter
                         : kind == PROMPT_LOG_FILTER   ? screen->log.filter
                                                       : "";
    (void)print_into(screen->prompt.text, sizeof screen->prompt.text, "%s", before);
}

static void accept_count(struct screen *screen) {
    int64_t count;
    struct text typed = text_trim(text_of(screen->prompt.text));
    if (!text_to_int64(typed, &count) || count != (int64_t)screen->dialog.command->affected) {
        close_dialog(screen);
        screen->prompt.open = false;
        screen_toast(screen, STYLE_WARN, "that is not the number of dates; nothing was done");
        return;
    }
    decide_prompt_open(screen, PROMPT_REASON);
}

static void accept_reason(struct screen *screen) {
    struct text reason = text_trim(text_of(screen->prompt.text));
    size_t characters = 0;
    for (size_t i = 0; i < reason.size; characters++) {
        uint32_t code_point;
        i += text_decode(reason.data + i, reason.size - i, &code_point);
    }
    if (characters < REASON_MIN) {
        screen_toast(screen, STYLE_WARN, "the reason needs at least 10 characters");
        return; /* the prompt stays open behind the toast */
    }
    free(screen->dialog.command->reason);
    screen->dialog.command->reason = memory_copy_part(reason.data, reason.size);
    screen->prompt.open = false;
    commit(screen);
}

static void accept_palette(struct screen *screen) {
    char name[SCREEN_TEXT];
    (void)print_into(name, sizeof name, "%s", screen->prompt.text);
    screen->prompt.open = false;
    struct text typed = text_trim(text_of(name));
    if (typed.size == 0)
        return;
    name[typed.data + typed.size - name] = '\0';
    enum action action = actions_of_name(screen_top(screen), typed.data);
    if (action == ACTION_NONE)
        screen_toast(screen, STYLE_DIM, "no command “%.60s” here; ? lists them", typed.data);
    else
        screen_act(screen, action);
}

static void accept(struct screen *screen) {
    switch (screen->prompt.kind) {
    case PROMPT_COUNT:
        accept_count(screen);
        break;
    case PROMPT_REASON:
        accept_reason(screen);
        break;
    case PROMPT_PALETTE:
        accept_palette(screen);
        break;
    case PROMPT_JOURNAL_FILTER:
        (void)print_into(screen->journal.filter, sizeof screen->journal.filter, "%s",
                         screen->prompt.text);
        screen->prompt.open = false;
        break;
    case PROMPT_SEARCH:
    case PROMPT_LOG_FILTER:
    case PROMPT_GO_TO:
        screen->prompt.open = false;
        view_logs_accept(screen, screen->prompt.kind, screen->prompt.text);
        break;
    }
}

/* Completes the palette's word as far as all commands that fit agree. */
static void complete(struct screen *screen) {
    if (screen->prompt.kind != PROMPT_PALETTE)
        return;
    char *typed = screen->prompt.text;
    size_t size = strlen(typed);
    const char *common = NULL;
    size_t agreed = 0;
    screen->prompt.open = false;
    enum actions_view top = screen_top(screen);
    screen->prompt.open = true;
    for (int i = 0; i < ACTION_COUNT; i++) {
        const char *name = actions_entry((enum action)i)->name;
        if (!actions_in_view((enum action)i, top) || strncmp(name, typed, size) != 0)
            continue;
        size_t same = common ? 0 : strlen(name);
        while (common && same < agreed && name[same] == common[same])
            same++;
        agreed = same;
        if (!common)
            common = name;
    }
    if (common && agreed > size && agreed < SCREEN_TEXT) {
        memcpy(typed, common, agreed);
        typed[agreed] = '\0';
    }
}

static void erase(char *text) {
    size_t size = strlen(text);
    while (size > 0 && ((unsigned char)text[size - 1] & 0xC0) == 0x80)
        size--;
    text[size > 0 ? size - 1 : 0] = '\0';
}

static void type(char *text, uint32_t key) {
    size_t size = strlen(text);
    char bytes[4];
    if (key >= KEYCODE_NONE || !glyph_is_safe(key))
        return;
    size_t more = text_encode(key, bytes);
    if (size + more >= SCREEN_TEXT)
        return;
    memcpy(text + size, bytes, more);
    text[size + more] = '\0';
}

void decide_prompt_key(struct screen *screen, uint32_t key) {
    bool incremental = screen->prompt.kind == PROMPT_SEARCH;
    switch (actions_of_key(VIEW_PROMPT, key)) {
    case ACTION_ACCEPT:
        accept(screen);
        return;
    case ACTION_ABANDON:
        screen->prompt.open = false;
        if (screen->dialog_open)
            close_dialog(screen);
        if (incremental)
            view_logs_accept(screen, PROMPT_SEARCH, "");
        return;
    case ACTION_COMPLETE:
        complete(screen);
        return;
    case ACTION_ERASE:
        erase(screen->prompt.text);
        break;
    case ACTION_CLEAR:
        *screen->prompt.text = '\0';
        break;
    default:
        type(screen->prompt.text, key);
        break;
    }
    if (incremental)
        view_logs_accept(screen, PROMPT_SEARCH, screen->prompt.text);
}

void decide_prompt_paste(struct screen *screen, uint32_t character) {
    type(screen->prompt.text, character);
    if (screen->prompt.kind == PROMPT_SEARCH)
        view_logs_accept(screen, PROMPT_SEARCH, screen->prompt.text);
}
