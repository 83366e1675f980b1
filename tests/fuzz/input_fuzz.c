/* Any bytes, at any pace, as what a terminal sends: in one piece and slowly they give the same; and
 * as the inside of a control sequence, of a string (the first byte says which) or of a paste they
 * give no character as a key. */
#include <stdlib.h>
#include <string.h>

#include "ui/key.h"
#include "ui/terminal_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_LIMIT = 400, SLOW_MS = 5000 };

struct player {
    struct terminal_input input;
    int64_t now;
    struct terminal_event events[2 * SIZE_LIMIT + 16];
    size_t count;
};

static void check(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_event(const struct terminal_event *event) {
    switch (event->kind) {
    case TERMINAL_KEY:
        check(event->key != KEYCODE_NONE && event->key <= KEYCODE_CLEAR && event->key >= ' ' &&
              event->key != 0x7F);
        break;
    case TERMINAL_PASTE:
        check(event->key >= ' ' && event->key < KEYCODE_NONE);
        break;
    case TERMINAL_CLICK:
    case TERMINAL_WHEEL_UP:
    case TERMINAL_WHEEL_DOWN:
        check(event->x >= 0 && event->y >= 0);
        break;
    default:
        check(false);
    }
}

static void send(struct player *player, uint8_t byte) {
    do {
        struct terminal_event *event = &player->events[player->count];
        if (terminal_input_take(&player->input, byte, player->now, event)) {
            check_event(event);
            player->count++;
        }
    } while (player->input.again);
}

static void send_text(struct player *player, const char *text) {
    for (; *text != '\0'; text++) {
        send(player, (uint8_t)*text);
    }
}

/* Lets nothing come of itself: silence that only a state without a time-out can bear. */
static void wait_if_patient(struct player *player) {
    if (terminal_input_wait(&player->input, player->now) < 0) {
        player->now += SLOW_MS;
        check(!terminal_input_expire(&player->input, player->now, &player->events[player->count]));
    }
}

static void check_pace(const uint8_t *data, size_t size) {
    struct player fast = {.now = 1};
    struct player slow = {.now = 1};
    for (size_t i = 0; i < size; i++) {
        send(&fast, data[i]);
        send(&slow, data[i]);
        wait_if_patient(&slow);
    }
    check(fast.count == slow.count);
    for (size_t i = 0; i < fast.count; i++) {
        check(fast.events[i].kind == slow.events[i].kind &&
              fast.events[i].key == slow.events[i].key);
    }
}

/* After whatever came, a key is itself again. */
static void check_ground(struct player *player) {
    size_t before = player->count;
    send(player, 'q');
    check(player->count == before + 1 && player->events[before].kind == TERMINAL_KEY &&
          player->events[before].key == 'q');
}

static void check_control(const uint8_t *data, size_t size) {
    struct player player = {.now = 1};
    send_text(&player, "\033[");
    for (size_t i = 0; i + 1 < size; i++) {
        send(&player, (uint8_t)(0x20 + data[i] % 0x20));
    }
    uint8_t final = (uint8_t)(0x40 + (size > 0 ? data[size - 1] : 0) % 0x3F);
    if (size <= 1 && (final == '[' || final == 'M')) {
        return; /* more bytes belong to these */
    }
    send(&player, final);
    check(player.count <= 1 && (player.count == 0 || player.events[0].kind != TERMINAL_KEY ||
                                player.events[0].key > KEYCODE_NONE));
    if (!player.input.pasting) {
        check_ground(&player);
    }
}

static bool ends_string(uint8_t byte) {
    return byte == 0x1B || byte == 0x07 || byte == 0x18 || byte == 0x1A || byte == 0x9C;
}

static void check_string(const uint8_t *data, size_t size, char kind) {
    struct player player = {.now = 1};
    send(&player, 0x1B);
    send(&player, (uint8_t)kind);
    for (size_t i = 0; i < size; i++) {
        send(&player, ends_string(data[i]) ? 'm' : data[i]);
    }
    send_text(&player, "\033\\");
    check(player.count == 0);
    check_ground(&player);
}

static void check_paste(const uint8_t *data, size_t size) {
    struct player player = {.now = 1};
    send_text(&player, "\033[200~");
    for (size_t i = 0; i < size; i++) {
        if (data[i] != 0x1B && data[i] != 0x9B) {
            send(&player, data[i]);
        }
    }
    send_text(&player, "\033[201~");
    for (size_t i = 0; i < player.count; i++) {
        check(player.events[i].kind == TERMINAL_PASTE);
    }
    check_ground(&player);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char kinds[] = {']', 'P', 'X', '^', '_'};
    if (size == 0) {
        return 0;
    }
    const uint8_t *rest = data + 1;
    size_t count = size - 1 < SIZE_LIMIT ? size - 1 : SIZE_LIMIT;
    check_pace(rest, count);
    check_control(rest, count);
    check_string(rest, count, kinds[data[0] % sizeof kinds]);
    check_paste(rest, count);
    return 0;
}
