/* A table of figures beside their budgets and a peer's. */
#ifndef PHASEGATE_TESTS_BENCH_FIGURES_H
#define PHASEGATE_TESTS_BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct figure {
    const char *name;
    const char *unit;
    double value;
    double budget;    /* at most; negative: none */
    const char *peer; /* NULL: none */
    double peer_value;
};

/* Prints one row; returns whether the budget is kept. */
bool figure_print(const struct figure *figure);

/* Sorts and picks the value below which `percent` of them lie. */
double figure_percentile(double *values, size_t count, double percent);

int64_t figure_now_us(void);

#endif
