#include "ui/terminal_input.h"

#include "base/text.h"
#include "ui/key.h"

enum {
    GROUND,
    CHARACTER,    /* inside a UTF-8 character */
    ESCAPE,       /* ESC came */
    INTERMEDIATE, /* ESC and 0x20–0x2F came: ends with 0x30–0x7E */
    CSI,
    CSI_LINUX, /* ESC [ [: the function keys of the Linux console, one byte more */
    SS3,
    STRING,
    STRING_ESCAPE, /* ESC inside a string: perhaps its end */
    MOUSE,         /* ESC [ M: three bytes follow */
    HELD,          /* "[" or "O" soon after an Escape that was given already */
};

enum { ESC = 0x1B, CAN = 0x18, SUB = 0x1A, BEL = 0x07, STRING_END = 0x9C };
enum { VALUE_LIMIT = 65535, PASTE_BEGINS = 200, PASTE_ENDS = 201 };
enum { BUTTON_LEFT = 0, BUTTON_WHEEL_UP = 64, BUTTON_WHEEL_DOWN = 65, X10_OFFSET = 32 };

/* "ESC [ letter" and "ESC O letter" */
static const struct {
    char final;
    uint32_t key;
} letter_keys[] = {
    {'A', KEYCODE_UP},   {'B', KEYCODE_DOWN}, {'C', KEYCODE_RIGHT},    {'D', KEYCODE_LEFT},
    {'H', KEYCODE_HOME}, {'F', KEYCODE_END},  {'Z', KEYCODE_BACK_TAB}, {'M', KEYCODE_ENTER},
};

/* "ESC [ number ~" */
static const struct {
    int number;
    uint32_t key;
} number_keys[] = {
    {1, KEYCODE_HOME},      {3, KEYCODE_DELETE}, {4, KEYCODE_END}, {5, KEYCODE_PAGE_UP},
    {6, KEYCODE_PAGE_DOWN}, {7, KEYCODE_HOME},   {8, KEYCODE_END},
};

static void begin(struct terminal_input *input, int state) {
    input->state = state;
    input->deadline = 0;
    input->count = 0;
    input->prefix = 0;
    input->odd = false;
    input->size = 0;
    for (int i = 0; i < TERMINAL_INPUT_PARAMETERS; i++)
        input->values[i] = 0;
}

static bool give_key(struct terminal_input *input, uint32_t key, struct terminal_event *event) {
    if (input->pasting || key == KEYCODE_NONE)
        return false;
    *event = (struct terminal_event){.kind = TERMINAL_KEY, .key = key};
    return true;
}

static bool give_character(struct terminal_input *input, uint32_t character,
                           struct terminal_event *event) {
    if (!input->pasting)
        return give_key(input, key_of_character(character), event);
    if (character == '\t' || character == '\r' || character == '\n')
        character = ' ';
    if (character < ' ' || (character >= 0x7F && character < 0xA0))
        return false;
    *event = (struct terminal_event){.kind = TERMINAL_PASTE, .key = character};
    return true;
}

static bool give_mouse(struct terminal_input *input, int button, int x, int y,
                       struct terminal_event *event) {
    if (input->pasting || x < 1 || y < 1)
        return false;
    *event = (struct terminal_event){.x = x - 1, .y = y - 1};
    event->kind = button == BUTTON_LEFT         ? TERMINAL_CLICK
                  : button == BUTTON_WHEEL_UP   ? TERMINAL_WHEEL_UP
                  : button == BUTTON_WHEEL_DOWN ? TERMINAL_WHEEL_DOWN
                                                : TERMINAL_NOTHING;
    return event->kind != TERMINAL_NOTHING;
}

static bool give_letter(struct terminal_input *input, unsigned char final,
                        struct terminal_event *event) {
    for (size_t i = 0; i < sizeof letter_keys / sizeof *letter_keys; i++)
        if (letter_keys[i].final == (char) final)
            return give_key(input, letter_keys[i].key, event);
    return false;
}

static bool give_number(struct terminal_input *input, struct terminal_event *event) {
    int number = input->values[0];
    if (number == PASTE_BEGINS || number == PASTE_ENDS) {
        input->pasting = number == PASTE_BEGINS;
        return false;
    }
    for (size_t i = 0; i < sizeof number_keys / sizeof *number_keys; i++)
        if (number_keys[i].number == number)
            return give_key(input, number_keys[i].key, event);
    return false;
}

static bool end_control(struct terminal_input *input, unsigned char final,
                        struct terminal_event *event) {
    bool bare = input->count == 0 && input->prefix == 0 && !input->odd;
    if (bare && final == '[') {
        begin(input, CSI_LINUX);
        return false;
    }
    if (bare && final == 'M' && !input->pasting) {
        begin(input, MOUSE);
        input->wanted = 3;
        return false;
    }
    struct terminal_input was = *input;
    begin(input, GROUND);
    if (was.odd)
        return false;
    if (was.prefix == '<' && final == 'M' && was.count == 3)
        return give_mouse(input, was.values[0], was.values[1], was.values[2], event);
    /* A second value names the modifiers of a key: 1 is none. */
    if (was.prefix != 0 || was.count > 2 || was.values[1] > 1)
        return false;
    if (final == '~') {
        bool gives = give_number(&was, event);
        input->pasting = was.pasting;
        return gives;
    }
    return final != 'M' && was.values[0] <= 1 && give_letter(input, final, event);
}

static bool take_control(struct terminal_input *input, unsigned char byte,
                         struct terminal_event *event) {
    if (byte >= '0' && byte <= '9') {
        if (input->count == 0)
            input->count = 1;
        if (input->count <= TERMINAL_INPUT_PARAMETERS) {
            int *value = &input->values[input->count - 1];
            *value = *value * 10 + (byte - '0');
            if (*value > VALUE_LIMIT)
                *value = VALUE_LIMIT;
        }
    } else if (byte == ';') {
        input->count = input->count == 0 ? 2 : input->count + 1;
        if (input->count > TERMINAL_INPUT_PARAMETERS)
            input->count = TERMINAL_INPUT_PARAMETERS + 1;
    } else if (byte >= '<' && byte <= '?') {
        input->odd |= input->count > 0 || input->prefix != 0;
        input->prefix = (char)byte;
    } else if (byte >= ' ' && byte < '@') {
        input->odd = true;
    } else if (byte >= '@' && byte < 0x7F) {
        return end_control(input, byte, event);
    } else {
        begin(input, GROUND); /* no part of any sequence: it is swallowed with what was begun */
    }
    return false;
}

static bool end_character(struct terminal_input *input, struct terminal_event *event) {
    uint32_t character;
    size_t size = text_decode((const char *)input->bytes, input->size, &character);
    bool meta = input->meta, whole = size == input->size && character != UINT32_MAX;
    input->meta = false;
    begin(input, GROUND);
    if (whole && character >= 0x80 && character < 0xA0)
        return false;
    return whole && !meta && give_character(input, character, event);
}

/* The 8-bit form of ESC and a letter. */
static bool take_eight_bit(struct terminal_input *input, unsigned char byte, int64_t now) {
    switch (byte) {
    case 0x9B:
        begin(input, CSI);
        return true;
    case 0x8F:
        begin(input, SS3);
        return true;
    case 0x90:
    case 0x98:
    case 0x9D:
    case 0x9E:
    case 0x9F:
        begin(input, STRING);
        input->deadline = now + TERMINAL_INPUT_STRING_MS;
        return true;
    default:
        return false;
    }
}

static bool take_plain(struct terminal_input *input, unsigned char byte, int64_t now,
                       struct terminal_event *event) {
    bool late = now < input->late_until;
    input->late_until = 0;
    if (byte == ESC) {
        begin(input, ESCAPE);
        input->deadline = now + TERMINAL_INPUT_ESCAPE_MS;
    } else if (late && (byte == '[' || byte == 'O')) {
        begin(input, HELD);
        input->bytes[0] = byte;
        input->deadline = now + TERMINAL_INPUT_HOLD_MS;
    } else if (byte < 0x80) {
        bool meta = input->meta;
        input->meta = false;
        return !meta && give_character(input, byte, event);
    } else if (!take_eight_bit(input, byte, now) && byte >= 0xC2 && byte <= 0xF4) {
        begin(input, CHARACTER);
        input->bytes[input->size++] = byte;
        input->wanted = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    }
    return false;
}

/* ESC and a byte that begins no sequence. Inside a paste, or where a string broke off, it is no
 * key. Else a person typed Escape and then this, or held Alt: the two look the same where a line or
 * the console was slow. Escape goes first, so nothing is confirmed by it, and no key is lost. */
static bool take_escaped_key(struct terminal_input *input, unsigned char byte, int64_t now,
                             struct terminal_event *event) {
    bool typed = input->state == ESCAPE && !input->pasting;
    begin(input, GROUND);
    if (typed) {
        input->again = true;
        return give_key(input, KEYCODE_ESCAPE, event);
    }
    input->meta = true;
    (void)take_plain(input, byte, now, event);
    input->meta = input->state == CHARACTER;
    return false;
}

static bool take_escaped(struct terminal_input *input, unsigned char byte, int64_t now,
                         struct terminal_event *event) {
    switch (byte) {
    case ESC:
        begin(input, ESCAPE);
        input->deadline = now + TERMINAL_INPUT_ESCAPE_MS;
        return give_key(input, KEYCODE_ESCAPE, event);
    case '[':
        begin(input, CSI);
        return false;
    case 'O':
        begin(input, SS3);
        return false;
    case 'P':
    case 'X':
    case ']':
    case '^':
    case '_':
        begin(input, STRING);
        input->deadline = now + TERMINAL_INPUT_STRING_MS;
        return false;
    default:
        break;
    }
    if (byte >= ' ' && byte < '0') {
        begin(input, INTERMEDIATE);
        return false;
    }
    return take_escaped_key(input, byte, now, event);
}

static bool take_string(struct terminal_input *input, unsigned char byte, int64_t now) {
    if (byte == ESC)
        input->state = STRING_ESCAPE;
    else if (byte == BEL || byte == CAN || byte == SUB || byte == STRING_END)
        begin(input, GROUND);
    if (input->state != GROUND)
        input->deadline = now + TERMINAL_INPUT_STRING_MS;
    return false;
}

static bool take_single_shift(struct terminal_input *input, unsigned char byte,
                              struct terminal_event *event) {
    if ((byte >= '0' && byte <= '9') || byte == ';') {
        input->odd = true; /* with modifiers */
        return false;
    }
    bool plain = !input->odd;
    begin(input, GROUND);
    return plain && give_letter(input, byte, event);
}

static bool take_mouse(struct terminal_input *input, unsigned char byte,
                       struct terminal_event *event) {
    input->bytes[input->size++] = byte;
    if (input->size < input->wanted)
        return false;
    int button = input->bytes[0] - X10_OFFSET;
    int x = input->bytes[1] - X10_OFFSET, y = input->bytes[2] - X10_OFFSET;
    begin(input, GROUND);
    return give_mouse(input, button, x, y, event);
}

static bool take_part(struct terminal_input *input, unsigned char byte, int64_t now,
                      struct terminal_event *event) {
    input->bytes[input->size++] = byte;
    if ((byte & 0xC0) == 0x80)
        return input->size == input->wanted && end_character(input, event);
    begin(input, GROUND);
    input->meta = false;
    return take_plain(input, byte, now, event);
}

static bool take_in_state(struct terminal_input *input, unsigned char byte, int64_t now,
                          struct terminal_event *event) {
    switch (input->state) {
    case CHARACTER:
        return take_part(input, byte, now, event);
    case ESCAPE:
        return take_escaped(input, byte, now, event);
    case HELD:
        begin(input, input->bytes[0] == '[' ? CSI : SS3);
        return take_in_state(input, byte, now, event);
    case INTERMEDIATE:
        if (byte < ' ' || byte >= '0')
            begin(input, GROUND);
        return false;
    case CSI:
        return take_control(input, byte, event);
    case CSI_LINUX:
        begin(input, GROUND);
        return false;
    case SS3:
        return take_single_shift(input, byte, event);
    case MOUSE:
        return take_mouse(input, byte, event);
    case STRING:
        return take_string(input, byte, now);
    case STRING_ESCAPE:
        if (byte == ESC)
            return take_string(input, byte, now);
        if (byte != '\\')
            return take_escaped(input, byte, now, event);
        begin(input, GROUND);
        return false;
    default:
        return take_plain(input, byte, now, event);
    }
}

bool terminal_input_take(struct terminal_input *input, unsigned char byte, int64_t now,
                         struct terminal_event *event) {
    input->again = false;
    /* An ESC inside a sequence begins another one. */
    if (byte == ESC && (input->state == CSI || input->state == CSI_LINUX || input->state == SS3 ||
                        input->state == INTERMEDIATE || input->state == HELD))
        begin(input, GROUND);
    bool gives = take_in_state(input, byte, now, event);
    if (input->pasting && input->state != STRING && input->state != STRING_ESCAPE)
        input->deadline = now + TERMINAL_INPUT_PASTE_MS;
    else if (input->state == GROUND)
        input->deadline = 0;
    return gives;
}

bool terminal_input_expire(struct terminal_input *input, int64_t now,
                           struct terminal_event *event) {
    if (input->deadline == 0 || now < input->deadline)
        return false;
    int state = input->state;
    unsigned char held = input->bytes[0];
    bool pasting = input->pasting;
    begin(input, GROUND);
    if (pasting && state != STRING && state != STRING_ESCAPE) {
        input->pasting = false;
        return false;
    }
    if (pasting) {
        input->deadline = now + TERMINAL_INPUT_PASTE_MS;
        return false;
    }
    if (state == ESCAPE) {
        input->late_until = now + TERMINAL_INPUT_LATE_MS;
        return give_key(input, KEYCODE_ESCAPE, event);
    }
    return state == HELD && give_character(input, held, event);
}

int terminal_input_wait(const struct terminal_input *input, int64_t now) {
    if (input->deadline == 0)
        return -1;
    return input->deadline <= now ? 0 : (int)(input->deadline - now);
}
