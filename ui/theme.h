/* The theme: what every semantic style looks like at every colour depth.
 *
 * Views name meanings, never colours. Normal is plain or dim text on the terminal's own background;
 * a colour means abnormal or moving (UI.md rule 1), and the colours are chosen to be read on dark
 * and light backgrounds alike. */
#ifndef PHASEGATE_UI_THEME_H
#define PHASEGATE_UI_THEME_H

#include <stdbool.h>
#include <stdint.h>

/* id, name in golden frames, 256 colours, 16 colours, 8 colours (-1 is the terminal's own),
 * attributes with colours, attributes without. */
#define THEME_STYLES(X)                                                                            \
    X(NORMAL, "normal", -1, -1, -1, 0, 0)                                                          \
    X(DIM, "dim", 244, 8, -1, 0, THEME_DIM)                                                        \
    X(STRONG, "strong", -1, -1, -1, THEME_BOLD, THEME_BOLD)                                        \
    X(HEADING, "heading", 244, 8, -1, 0, THEME_UNDERLINE)                                          \
    X(SECTION, "section", -1, -1, -1, THEME_BOLD, THEME_BOLD)                                      \
    X(GO, "verdict-go", 71, 2, 2, THEME_BOLD, THEME_BOLD)                                          \
    X(NO_GO, "verdict-nogo", 203, 9, 1, THEME_BOLD, THEME_BOLD | THEME_REVERSE)                    \
    X(HOLD, "verdict-hold", 172, 3, 3, THEME_BOLD, THEME_BOLD)                                     \
    X(STALE, "verdict-stale", 172, 3, 3, 0, THEME_UNDERLINE)                                       \
    X(UNKNOWN, "verdict-unknown", 133, 5, 5, THEME_BOLD, THEME_BOLD | THEME_UNDERLINE)             \
    X(BAD, "bad", 203, 9, 1, 0, THEME_BOLD)                                                        \
    X(WARN, "warn", 172, 3, 3, 0, 0)                                                               \
    X(MOVING, "moving", 68, 12, 4, 0, 0)                                                           \
    X(BAR, "bar", 245, 7, -1, 0, 0)                                                                \
    X(BAR_SHORT, "bar-short", 172, 3, 3, 0, 0)                                                     \
    X(BAR_EMPTY, "bar-empty", 240, 8, -1, 0, THEME_DIM)                                            \
    X(BAR_MOVING, "bar-moving", 68, 12, 4, 0, 0)                                                   \
    X(THRESHOLD, "threshold", 244, 7, -1, 0, 0)                                                    \
    X(TAB, "tab", 244, 8, -1, 0, THEME_DIM)                                                        \
    X(TAB_ACTIVE, "tab-active", -1, -1, -1, THEME_BOLD | THEME_UNDERLINE,                          \
      THEME_BOLD | THEME_UNDERLINE)                                                                \
    X(KEY, "key", -1, -1, -1, THEME_BOLD, THEME_BOLD)                                              \
    X(HINT, "hint", 244, 8, -1, 0, THEME_DIM)                                                      \
    X(FRAME, "frame", 240, 8, -1, 0, 0)                                                            \
    X(BUTTON, "button", -1, -1, -1, THEME_REVERSE, THEME_REVERSE)                                  \
    X(MATCH, "match", 172, 3, 3, THEME_REVERSE, THEME_REVERSE)                                     \
    X(DAY_COMPLETE, "day-complete", 245, 7, -1, 0, 0)                                              \
    X(DAY_PARTIAL, "day-partial", 172, 3, 3, 0, 0)                                                 \
    X(DAY_MISSING, "day-missing", 203, 9, 1, 0, THEME_BOLD)                                        \
    X(DAY_EXCESS, "day-excess", 133, 13, 5, 0, THEME_BOLD)                                         \
    X(DAY_QUIET, "day-quiet", 240, 8, -1, 0, THEME_DIM)                                            \
    X(LOG_ERROR, "log-error", 203, 9, 1, 0, THEME_BOLD)                                            \
    X(LOG_WARNING, "log-warning", 172, 3, 3, 0, 0)                                                 \
    X(LOG_RED, "log-red", 203, 9, 1, 0, 0)                                                         \
    X(LOG_GREEN, "log-green", 71, 2, 2, 0, 0)                                                      \
    X(LOG_YELLOW, "log-yellow", 172, 3, 3, 0, 0)                                                   \
    X(LOG_BLUE, "log-blue", 68, 12, 4, 0, 0)                                                       \
    X(LOG_MAGENTA, "log-magenta", 133, 13, 5, 0, 0)                                                \
    X(LOG_CYAN, "log-cyan", 37, 6, 6, 0, 0)                                                        \
    X(LOG_GREY, "log-grey", 244, 8, -1, 0, 0)                                                      \
    X(LOG_BOLD, "log-bold", -1, -1, -1, THEME_BOLD, 0)

enum theme_style {
#define THEME_ENUM(id, name, many, sixteen, eight, attributes, mono) STYLE_##id,
    THEME_STYLES(THEME_ENUM)
#undef THEME_ENUM
        STYLE_COUNT
};

enum { THEME_BOLD = 1, THEME_DIM = 2, THEME_UNDERLINE = 4, THEME_REVERSE = 8 };

enum theme_depth { THEME_NO_COLOUR, THEME_8_COLOURS, THEME_16_COLOURS, THEME_256_COLOURS };

/* What to send to a terminal: colour numbers of its palette (-1 its own) and a set of THEME_BOLD …
 */
struct theme_look {
    int16_t foreground, background;
    unsigned attributes;
};

struct theme_look theme_look(enum theme_style style, bool selected, enum theme_depth depth);

/* "verdict-nogo": the name that golden frames show. */
const char *theme_style_name(enum theme_style style);

/* 0xRRGGBB of a colour of the 256-colour palette. */
uint32_t theme_rgb(int colour);

#endif
