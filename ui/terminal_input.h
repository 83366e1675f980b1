/* Terminal input: the bytes a terminal sends, turned into keys, clicks and pasted characters.
 *
 * A parser of its own, so that what is not understood is swallowed whole and never turns into keys:
 * control sequences (ECMA-48 CSI, SS3, and the strings OSC, DCS, APC, PM, SOS), 8-bit controls,
 * kitty's keys, reports nobody asked for, mouse reports in X10's and SGR's form. A sequence may
 * come in pieces, at any distance. Only a lone ESC has a time-out, after which it is the Escape
 * key; a
 * "[" or "O" soon behind it is then held back for a while, because on a slow line it is the rest of
 * a sequence. ESC and a byte that begins none are Escape and that key, however fast they come: Alt
 * with a key looks the same as two keys that waited in a line. Between ESC [ 200 ~ and ESC [ 201 ~
 * (bracketed paste) every character is TERMINAL_PASTE and nothing is a key.
 *
 * Pure: no clock, no descriptor. Times are monotonic milliseconds. */
#ifndef PHASEGATE_UI_TERMINAL_INPUT_H
#define PHASEGATE_UI_TERMINAL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/terminal.h"

enum {
    TERMINAL_INPUT_ESCAPE_MS = 50,   /* a lone ESC is the Escape key after that */
    TERMINAL_INPUT_LATE_MS = 1500,   /* so long after it "[" or "O" may be its late rest … */
    TERMINAL_INPUT_HOLD_MS = 1000,   /* … and is a key when nothing follows for that long */
    TERMINAL_INPUT_STRING_MS = 2000, /* an unfinished string is given up after that silence */
    TERMINAL_INPUT_PASTE_MS = 10000, /* and an unfinished paste */
    TERMINAL_INPUT_PARAMETERS = 4,
};

/* Zero-initialised it stands at the beginning. */
struct terminal_input {
    int state;
    int64_t deadline;   /* when the state ends by itself; 0: never */
    int64_t late_until; /* an Escape was just given: its rest may still come */
    bool pasting;
    bool again;                            /* the byte was not taken: give it once more */
    bool meta;                             /* the character being read belongs to an Alt key */
    int values[TERMINAL_INPUT_PARAMETERS]; /* of a control sequence; the first ones */
    int count;                             /* of them begun */
    char prefix;                           /* '<', '=', '>', '?' before them, or 0 */
    bool odd;                              /* it has a form that no key has */
    unsigned char bytes[4];                /* of a character or of an X10 mouse report */
    size_t size, wanted;
};

/* Takes one byte; true when `event` was filled. When `again` is set then, the byte is still to be
 * given: it is a key of its own behind an Escape. */
bool terminal_input_take(struct terminal_input *input, unsigned char byte, int64_t now,
                         struct terminal_event *event);

/* Lets time pass; true when `event` was filled. */
bool terminal_input_expire(struct terminal_input *input, int64_t now, struct terminal_event *event);

/* Milliseconds until terminal_input_expire has something to do; -1: not by itself. */
int terminal_input_wait(const struct terminal_input *input, int64_t now);

#endif
