/* What a command may hold in place of values. */
#ifndef PHASEGATE_PIPELINE_ARGV_H
#define PHASEGATE_PIPELINE_ARGV_H

#include <stddef.h>

/* The names of the placeholders that pipeline_argv fills, ARGV_PLACEHOLDERS of them. */
enum argv_placeholder {
    ARGV_FROM,
    ARGV_TO,
    ARGV_WORKERS,
    ARGV_DATES,
    ARGV_SEASON,
    ARGV_SEASON_FROM,
    ARGV_SEASON_TO,
    ARGV_PLACEHOLDERS
};
extern const char *const argv_placeholders[ARGV_PLACEHOLDERS];

#endif
