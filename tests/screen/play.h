/* What plays a screen key by key: for the tests of this directory only. */
#ifndef PHASEGATE_TESTS_SCREEN_PLAY_H
#define PHASEGATE_TESTS_SCREEN_PLAY_H

#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"
#include "ui/key.h"
#include "ui/log_reader.h"
#include "ui/screen.h"
#include "ui/snapshot.h"

enum { LATER_MS = 300 };

struct play {
    struct fixture fixture;
    struct screen screen;
    struct frame frame;
    struct text_buffer text;
};

static inline void begin(struct play *play, enum fixture_kind kind) {
    memset(play, 0, sizeof *play);
    play->fixture = fixture_new(kind);
    screen_init(&play->screen, play->fixture.pipeline, "naji@ops");
    screen_update(&play->screen, play->fixture.situation);
    play->screen.now = FIXTURE_NOW;
    play->screen.monotonic_ms = 1000;
    play->frame = frame_new(120, 36, false);
    screen_settle(&play->screen, 120, 36);
}

static inline void end(struct play *play) {
    screen_free(&play->screen);
    frame_free(&play->frame);
    text_buffer_free(&play->text);
    fixture_free(&play->fixture);
}

static inline void press(struct play *play, uint32_t key) {
    screen_event(&play->screen, (struct terminal_event){.kind = TERMINAL_KEY, .key = key});
    screen_settle(&play->screen, 120, 36);
}

static inline void type(struct play *play, const char *keys) {
    for (; *keys; keys++)
        press(play, (unsigned char)*keys);
}

static inline void wait(struct play *play) {
    play->screen.monotonic_ms += LATER_MS;
}

static inline const char *shown(struct play *play) {
    frame_reset(&play->frame, 120, 36);
    screen_draw(&play->screen, &play->frame);
    text_buffer_clear(&play->text);
    snapshot_frame(&play->frame, SNAPSHOT_TEXT, THEME_NO_COLOUR, &play->text);
    return play->text.data;
}

static inline void expect_shown(struct play *play, const char *text) {
    const char *frame = shown(play);
    cr_expect(strstr(frame, text), "\"%s\" is not shown:\n%s", text, frame);
}

/* The only command decided, which the test then frees. */
static inline struct command *decided(struct play *play, enum command_kind kind) {
    struct command *command = screen_take_commands(&play->screen);
    cr_assert_not_null(command);
    cr_assert_null(command->next);
    cr_assert_eq(command->kind, kind);
    cr_expect_eq(command->evidence_at, FIXTURE_NOW);
    return command;
}

static inline void select_table(struct play *play, size_t down) {
    for (size_t i = 0; i < down; i++)
        press(play, KEYCODE_DOWN);
}

#endif
