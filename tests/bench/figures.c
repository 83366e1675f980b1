#include "tests/bench/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

bool figure_print(const struct figure *figure) {
    bool kept = figure->budget < 0 || figure->value <= figure->budget;
    (void)printf("%-58s %12.2f %-9s", figure->name, figure->value, figure->unit);
    if (figure->budget >= 0) {
        (void)printf(" %10.2f  %s", figure->budget, kept ? "kept" : "BROKEN");
    } else {
        (void)printf(" %10s  %s", "-", "    ");
    }
    if (figure->peer != NULL) {
        (void)printf("   %s: %.2f", figure->peer, figure->peer_value);
    }
    (void)putchar('\n');
    (void)fflush(stdout);
    return kept;
}

static int compare(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

double figure_percentile(double *values, size_t count, double percent) {
    if (count == 0) {
        return -1;
    }
    qsort(values, count, sizeof *values, compare);
    size_t index = (size_t)((double)(count - 1) * percent / 100.0 + 0.5);
    return values[index];
}

int64_t figure_now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
