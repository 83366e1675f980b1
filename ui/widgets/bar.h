/* A bar: a share drawn with eighth blocks, with a thin mark at the threshold it is judged by. */
#ifndef PHASEGATE_UI_WIDGETS_BAR_H
#define PHASEGATE_UI_WIDGETS_BAR_H

#include "ui/frame.h"

/* Draws `width` columns. `tenths` of a percent, or PERCENT_UNKNOWN: question marks. `threshold` in
 * hundredths of a percent, or PERCENT_NO_THRESHOLD. A share short of 100 % never fills the bar and
 * one above 0 never leaves it empty. */
void bar_draw(struct frame *frame, struct frame_rect clip, int x, int y, int width, int tenths,
              int threshold, enum theme_style style);

/* Eighths of a cell that a share fills of `width` cells, by the rule above. */
int bar_eighths(int tenths, int width);

#endif
