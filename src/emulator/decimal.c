/* Decimals: schoolbook arithmetic on limbs of nine digits. */
#include "emulator/decimal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BASE = 1000000000, DIGITS = 9, WIDE = 2 * DECIMAL_LIMBS };
enum { FRACTION_DIGITS = DECIMAL_FRACTION * DIGITS, ALL_DIGITS = DECIMAL_LIMBS * DIGITS };

static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

bool decimal_is_zero(const struct decimal *number) {
    for (size_t i = 0; i < DECIMAL_LIMBS; i++)
        if (number->limbs[i])
            return false;
    return true;
}

static void normalise(struct decimal *number) {
    number->negative = number->negative && !decimal_is_zero(number);
}

/* Adds a digit at its place, counted from the point: 0 is the ones, -1 the tenths. */
static bool put_digit(struct decimal *number, int64_t place, unsigned digit) {
    int64_t index = place + FRACTION_DIGITS;
    if (digit == 0 || index < 0)
        return true;
    if (index >= ALL_DIGITS)
        return false;
    number->limbs[index / DIGITS] += digit * powers[index % DIGITS];
    return true;
}

/* The exponent behind e or E. */
static bool read_exponent(struct text text, int64_t *exponent) {
    bool sign = text.size > 0 && (text.data[0] == '+' || text.data[0] == '-');
    bool negative = sign && text.data[0] == '-';
    if (sign) {
        text.data++;
        text.size--;
    }
    if (text.size == 0 || text.size > 6)
        return false;
    *exponent = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *exponent = *exponent * 10 + (text.data[i] - '0');
    }
    *exponent = negative ? -*exponent : *exponent;
    return true;
}

bool decimal_read(struct text text, struct decimal *out) {
    text = text_trim(text);
    *out = (struct decimal){0};
    if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        out->negative = text.data[0] == '-';
        text.data++;
        text.size--;
    }
    size_t mantissa = 0, point = SIZE_MAX, digits = 0;
    for (; mantissa < text.size && text.data[mantissa] != 'e' && text.data[mantissa] != 'E';
         mantissa++) {
        char c = text.data[mantissa];
        if (c == '.' && point == SIZE_MAX)
            point = mantissa;
        else if (c >= '0' && c <= '9')
            digits++;
        else
            return false;
    }
    int64_t exponent = 0;
    if (digits == 0 ||
        (mantissa < text.size &&
         !read_exponent((struct text){text.data + mantissa + 1, text.size - mantissa - 1},
                        &exponent)))
        return false;
    int64_t place = (int64_t)(point == SIZE_MAX ? mantissa : point) - 1 + exponent;
    for (size_t i = 0; i < mantissa; i++)
        if (text.data[i] != '.' && !put_digit(out, place--, (unsigned)(text.data[i] - '0')))
            return false;
    normalise(out);
    return true;
}

struct decimal decimal_of_int64(int64_t number) {
    struct decimal out = {.negative = number < 0};
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    for (size_t i = DECIMAL_FRACTION; size; i++) {
        out.limbs[i] = (uint32_t)(size % BASE);
        size /= BASE;
    }
    return out;
}

bool decimal_of_double(double number, struct decimal *out) {
    char text[512];
    if (!isfinite(number) || fabs(number) >= 1e45)
        return false;
    (void)snprintf(text, sizeof text, "%.60f", number);
    return decimal_read(text_of(text), out);
}

char *decimal_write(const struct decimal *number, char out[DECIMAL_SIZE]) {
    char digits[ALL_DIGITS + 1];
    for (size_t i = 0; i < DECIMAL_LIMBS; i++)
        (void)snprintf(digits + i * DIGITS, DIGITS + 1, "%09u",
                       (unsigned)number->limbs[DECIMAL_LIMBS - 1 - i]);
    size_t point = ALL_DIGITS - FRACTION_DIGITS, first = 0, end = ALL_DIGITS;
    while (first < point - 1 && digits[first] == '0')
        first++;
    while (end > point && digits[end - 1] == '0')
        end--;
    char *at = out;
    if (number->negative)
        *at++ = '-';
    memcpy(at, digits + first, point - first);
    at += point - first;
    if (end > point) {
        *at++ = '.';
        memcpy(at, digits + point, end - point);
        at += end - point;
    }
    *at = '\0';
    return out;
}

static int compare_sizes(const uint32_t *a, const uint32_t *b, size_t count) {
    for (size_t i = count; i-- > 0;)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

int decimal_compare(const struct decimal *a, const struct decimal *b) {
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    int sizes = compare_sizes(a->limbs, b->limbs, DECIMAL_LIMBS);
    return a->negative ? -sizes : sizes;
}

/* a += b; the carry out of the last limb. */
static uint32_t add_sizes(uint32_t *a, const uint32_t *b, size_t count) {
    uint32_t carry = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t sum = a[i] + b[i] + carry;
        carry = sum >= BASE ? 1 : 0;
        a[i] = carry ? sum - BASE : sum;
    }
    return carry;
}

/* a -= b, which is not larger. */
static void subtract_sizes(uint32_t *a, const uint32_t *b, size_t count) {
    uint32_t borrow = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t take = b[i] + borrow;
        borrow = a[i] < take ? 1 : 0;
        a[i] = borrow ? a[i] + BASE - take : a[i] - take;
    }
}

bool decimal_add(const struct decimal *a, const struct decimal *b, struct decimal *out) {
    if (a->negative == b->negative) {
        struct decimal sum = *a;
        uint32_t carry = add_sizes(sum.limbs, b->limbs, DECIMAL_LIMBS);
        *out = sum;
        return carry == 0;
    }
    bool first = compare_sizes(a->limbs, b->limbs, DECIMAL_LIMBS) >= 0;
    struct decimal rest = first ? *a : *b;
    subtract_sizes(rest.limbs, first ? b->limbs : a->limbs, DECIMAL_LIMBS);
    normalise(&rest);
    *out = rest;
    return true;
}

bool decimal_subtract(const struct decimal *a, const struct decimal *b, struct decimal *out) {
    struct decimal opposite = *b;
    opposite.negative = !b->negative && !decimal_is_zero(b);
    return decimal_add(a, &opposite, out);
}

bool decimal_multiply(const struct decimal *a, const struct decimal *b, struct decimal *out) {
    uint32_t product[WIDE] = {0};
    for (size_t i = 0; i < DECIMAL_LIMBS; i++) {
        uint64_t carry = 0;
        for (size_t k = 0; k < DECIMAL_LIMBS; k++) {
            uint64_t sum = (uint64_t)a->limbs[i] * b->limbs[k] + product[i + k] + carry;
            product[i + k] = (uint32_t)(sum % BASE);
            carry = sum / BASE;
        }
        product[i + DECIMAL_LIMBS] = (uint32_t)carry;
    }
    struct decimal result = {.negative = a->negative != b->negative};
    memcpy(result.limbs, product + DECIMAL_FRACTION, sizeof result.limbs);
    normalise(&result);
    *out = result;
    for (size_t i = DECIMAL_FRACTION + DECIMAL_LIMBS; i < WIDE; i++)
        if (product[i])
            return false;
    return true;
}

/* The largest digit of the base by which `by` fits into `rest`, found by halving. `rest` has one
 * limb more than `by`. */
static uint32_t fit_digit(const uint32_t *rest, const uint32_t *by, uint32_t *times) {
    uint32_t low = 0, high = BASE - 1;
    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;
        uint64_t carry = 0;
        for (size_t i = 0; i < DECIMAL_LIMBS; i++) {
            uint64_t part = (uint64_t)by[i] * middle + carry;
            times[i] = (uint32_t)(part % BASE);
            carry = part / BASE;
        }
        times[DECIMAL_LIMBS] = (uint32_t)carry;
        if (compare_sizes(times, rest, DECIMAL_LIMBS + 1) <= 0)
            low = middle;
        else
            high = middle - 1;
    }
    uint64_t carry = 0;
    for (size_t i = 0; i < DECIMAL_LIMBS; i++) {
        uint64_t part = (uint64_t)by[i] * low + carry;
        times[i] = (uint32_t)(part % BASE);
        carry = part / BASE;
    }
    times[DECIMAL_LIMBS] = (uint32_t)carry;
    return low;
}

bool decimal_divide(const struct decimal *a, const struct decimal *b, struct decimal *out) {
    uint32_t rest[DECIMAL_LIMBS + 1] = {0}, times[DECIMAL_LIMBS + 1];
    struct decimal quotient = {.negative = a->negative != b->negative};
    bool good = !decimal_is_zero(b);
    /* The dividend's limbs from the highest, and then zeros for the fraction. */
    for (size_t i = DECIMAL_LIMBS + DECIMAL_FRACTION; i-- > 0 && good;) {
        memmove(rest + 1, rest, DECIMAL_LIMBS * sizeof *rest);
        rest[0] = i >= DECIMAL_FRACTION ? a->limbs[i - DECIMAL_FRACTION] : 0;
        uint32_t digit = fit_digit(rest, b->limbs, times);
        subtract_sizes(rest, times, DECIMAL_LIMBS + 1);
        if (i < DECIMAL_LIMBS)
            quotient.limbs[i] = digit;
        else
            good = digit == 0;
    }
    normalise(&quotient);
    *out = quotient;
    return good;
}

bool decimal_round(struct decimal *number, int digits, enum decimal_rounding rounding) {
    int drop = FRACTION_DIGITS - digits; /* digits from the lowest that go */
    if (drop <= 0)
        return true;
    if (drop > ALL_DIGITS) {
        *number = (struct decimal){0};
        return true;
    }
    uint32_t half = 0, lost = 0;
    for (int i = 0; i < drop; i++) {
        uint32_t *limb = &number->limbs[i / DIGITS];
        uint32_t digit = *limb / powers[i % DIGITS] % 10;
        lost |= digit;
        half = digit;
        *limb -= digit * powers[i % DIGITS];
    }
    bool up = rounding == DECIMAL_HALF_AWAY ? half >= 5
              : rounding == DECIMAL_UP      ? lost && !number->negative
              : rounding == DECIMAL_DOWN    ? lost && number->negative
                                            : false;
    bool good = true;
    if (up && drop == ALL_DIGITS) {
        good = false;
    } else if (up) {
        uint32_t one[DECIMAL_LIMBS] = {0};
        one[drop / DIGITS] = powers[drop % DIGITS];
        good = add_sizes(number->limbs, one, DECIMAL_LIMBS) == 0;
    }
    normalise(number);
    return good;
}

bool decimal_to_int64(const struct decimal *number, int64_t *out) {
    struct decimal whole = *number;
    char text[DECIMAL_SIZE];
    return decimal_round(&whole, 0, DECIMAL_HALF_AWAY) &&
           text_to_int64(text_of(decimal_write(&whole, text)), out);
}

/* The highest limb counts 10^36; BIGNUMERIC ends within its 578. */
static bool is_bignumeric(const struct decimal *number) {
    enum { LAST = 578 };
    static const char least[] =
        "-578960446186580977117854925043439539266.34992332820282019728792003956564819968";
    static const char most[] =
        "578960446186580977117854925043439539266.34992332820282019728792003956564819967";
    struct decimal limit;
    if (number->limbs[DECIMAL_LIMBS - 1] != LAST)
        return number->limbs[DECIMAL_LIMBS - 1] < LAST;
    return number->negative
               ? decimal_read(text_of(least), &limit) && decimal_compare(number, &limit) >= 0
               : decimal_read(text_of(most), &limit) && decimal_compare(number, &limit) <= 0;
}

bool decimal_fit(struct decimal *number, enum decimal_kind kind) {
    if (kind == DECIMAL_BIGNUMERIC)
        return decimal_round(number, 38, DECIMAL_HALF_AWAY) && is_bignumeric(number);
    /* 29 digits before the point: the limb below the highest counts 10^27. */
    return decimal_round(number, 9, DECIMAL_HALF_AWAY) && number->limbs[DECIMAL_LIMBS - 1] == 0 &&
           number->limbs[DECIMAL_LIMBS - 2] < 100;
}
