/* Decimal numbers of a fixed point, exact: what NUMERIC and BIGNUMERIC are made of. */
#ifndef PHASEGATE_EMULATOR_DECIMAL_H
#define PHASEGATE_EMULATOR_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* 45 digits before the point and 45 behind it, nine a limb, the lowest first. Two more than
 * BIGNUMERIC needs, so that a result can be rounded from what it was cut to. Zero is never
 * negative. */
enum { DECIMAL_LIMBS = 10, DECIMAL_FRACTION = 5, DECIMAL_SIZE = 96 };

struct decimal {
    bool negative;
    uint32_t limbs[DECIMAL_LIMBS];
};

/* How many digits stand behind the point, and what is too large. */
enum decimal_kind { DECIMAL_NUMERIC, DECIMAL_BIGNUMERIC };

/* "-1.5", ".5", "1e3", white space around it allowed; false for anything else and for what does not
 * fit. Digits behind the 45th are cut off. */
bool decimal_read(struct text text, struct decimal *out);
struct decimal decimal_of_int64(int64_t number);

/* Exactly what the double holds; false for one that is not finite or does not fit. */
bool decimal_of_double(double number, struct decimal *out);

/* Without an exponent and trailing zeros, one text a number; returns `out`. */
char *decimal_write(const struct decimal *number, char out[DECIMAL_SIZE]);

/* Rounds half away from zero; false when the whole part is no INT64. */
bool decimal_to_int64(const struct decimal *number, int64_t *out);

/* Rounds to the digits of the kind, half away from zero; false when it is too large for it. */
bool decimal_fit(struct decimal *number, enum decimal_kind kind);

enum decimal_rounding { DECIMAL_HALF_AWAY, DECIMAL_CUT, DECIMAL_DOWN, DECIMAL_UP };

/* Keeps so many digits behind the point (negative: zeros before it). False when it overflows. */
bool decimal_round(struct decimal *number, int digits, enum decimal_rounding rounding);

int decimal_compare(const struct decimal *a, const struct decimal *b);
bool decimal_is_zero(const struct decimal *number);

/* False when the result does not fit. What does not fit behind the point is cut off. */
bool decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *out);
bool decimal_subtract(const struct decimal *a, const struct decimal *b, struct decimal *out);
bool decimal_multiply(const struct decimal *a, const struct decimal *b, struct decimal *out);
bool decimal_divide(const struct decimal *a, const struct decimal *b, struct decimal *out);

#endif
