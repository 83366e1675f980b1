/* Glyphs: how wide a character is on a terminal, which ones are safe to show, and the ASCII twin of
 * every glyph the console draws.
 *
 * Widths are those of logs/sanitise.h and not the locale's, so
 * that a frame is the same in a test, in a picture, and on any terminal. */
#ifndef PHASEGATE_UI_GLYPH_H
#define PHASEGATE_UI_GLYPH_H

#include <stdbool.h>
#include <stdint.h>

/* Shown in place of whatever must not reach a terminal. */
#define GLYPH_REPLACEMENT 0xFFFDU

/* Columns a character takes: 2 for wide ones, 0 for one that joins the character before it, else 1.
 */
int glyph_width(uint32_t code_point);

/* Whether a character may be shown as it is: no control, no bidirectional override, no zero-width
 * or private trick. */
bool glyph_is_safe(uint32_t code_point);

/* The ASCII character that stands for a glyph; '?' for one without a twin. */
char glyph_ascii(uint32_t code_point);

#endif
