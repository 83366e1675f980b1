/* Any keys, clicks, sizes and situations on a screen. The first byte chooses the situation,
 * whether it is there from the start, the glyphs and whether the screen is read-only; then each
 * byte is a character, a special key, a click, a size or a later situation. Whatever comes: every
 * cell holds what a terminal may be shown, a row is as wide as its cells, and a read-only screen
 * decides nothing that changes anything. */
#include <stdlib.h>

#include "tests/screen/fixture.h"
#include "ui/glyph.h"
#include "ui/key.h"
#include "ui/screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_LIMIT = 300, FIRST_SPECIAL = 0x80, FIRST_OTHER = 0xE0 };

struct play {
    struct screen screen;
    struct fixture fixture;
    struct situation *later;
    enum fixture_kind kind;
    struct frame frame;
    int width, height;
};

static void check(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_frame(const struct frame *frame) {
    for (int y = 0; y < frame->height; y++) {
        for (int x = 0; x < frame->width; x++) {
            const struct frame_cell *cell = frame_at(frame, x, y);
            check(cell->style < STYLE_COUNT && cell->width <= 2);
            check(cell->width > 0 || (x > 0 && frame_at(frame, x - 1, y)->width == 2));
            check(cell->width < 2 || x + 1 < frame->width);
            check(cell->width == 0 || glyph_is_safe(cell->glyph));
            check(!frame->ascii || cell->width == 0 || (cell->glyph >= ' ' && cell->glyph < 0x7F));
        }
    }
}

static void draw(struct play *play) {
    screen_settle(&play->screen, play->width, play->height);
    frame_reset(&play->frame, play->width, play->height);
    screen_draw(&play->screen, &play->frame);
    check_frame(&play->frame);
}

static void take_commands(struct play *play) {
    struct command *command = screen_take_commands(&play->screen);
    while (command != NULL) {
        struct command *next = command->next;
        check(!play->screen.read_only || command->kind == COMMAND_EXPORT);
        command_free(command);
        command = next;
    }
}

static void change_situation(struct play *play) {
    struct situation *next = fixture_situation(play->kind, play->fixture.pipeline);
    screen_update(&play->screen, next);
    fixture_situation_free(play->later);
    play->later = next;
}

static void press(struct play *play, uint32_t key) {
    screen_event(&play->screen, (struct terminal_event){.kind = TERMINAL_KEY, .key = key});
}

/* What a byte behind the characters does; `argument` is the byte after it. */
static void do_other(struct play *play, uint8_t byte, uint8_t argument) {
    struct terminal_event mouse = {.x = argument % play->width, .y = argument / 2 % play->height};
    switch (byte % 8) {
    case 0:
        play->width = 1 + argument % 200;
        break;
    case 1:
        play->height = 1 + argument % 60;
        break;
    case 2:
        change_situation(play);
        break;
    case 3:
        mouse.kind = TERMINAL_WHEEL_UP;
        screen_event(&play->screen, mouse);
        break;
    case 4:
        mouse.kind = TERMINAL_WHEEL_DOWN;
        screen_event(&play->screen, mouse);
        break;
    case 5:
        play->screen.now += (int64_t)argument * 1000;
        play->screen.monotonic_ms += (int64_t)argument * 1000;
        break;
    default:
        mouse.kind = TERMINAL_CLICK;
        screen_event(&play->screen, mouse);
    }
}

static void step(struct play *play, uint8_t byte, uint8_t argument) {
    if (byte < FIRST_SPECIAL) {
        press(play, key_of_character(byte));
    } else if (byte < FIRST_OTHER) {
        press(play,
              KEYCODE_UP + (uint32_t)(byte - FIRST_SPECIAL) % (KEYCODE_CLEAR - KEYCODE_UP + 1));
    } else {
        do_other(play, byte, argument);
    }
    if (!play->screen.dialog_open) {
        play->screen.monotonic_ms += 10; /* a dialog is deaf at first */
    } else {
        play->screen.monotonic_ms += 300;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    struct play play = {
        .kind = (enum fixture_kind)(data[0] % FIXTURE_KINDS), .width = 80, .height = 24};
    play.fixture = fixture_new(play.kind);
    play.frame = frame_new(play.width, play.height, (data[0] & 0x40) != 0);
    screen_init(&play.screen, play.fixture.pipeline, "naji@ops");
    play.screen.now = FIXTURE_NOW;
    play.screen.read_only = (data[0] & 0x20) != 0;
    if ((data[0] & 0x10) == 0) { /* else none was read yet */
        screen_update(&play.screen, play.fixture.situation);
    }
    for (size_t i = 1; i < size && i < STEPS_LIMIT; i++) {
        step(&play, data[i], i + 1 < size ? data[i + 1] : 0);
        if (i % 4 == 0) {
            draw(&play);
        }
        take_commands(&play);
    }
    draw(&play);
    screen_free(&play.screen);
    frame_free(&play.frame);
    fixture_situation_free(play.later);
    fixture_free(&play.fixture);
    return 0;
}
