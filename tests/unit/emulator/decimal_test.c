#include <criterion/criterion.h>

#include "emulator/decimal.h"

static struct decimal of(const char *text) {
    struct decimal number;
    cr_assert(decimal_read(text_of(text), &number), "%s", text);
    return number;
}

static void expect(struct decimal number, enum decimal_kind kind, const char *wanted) {
    char text[DECIMAL_SIZE];
    cr_expect(decimal_fit(&number, kind), "%s", wanted);
    cr_expect_str_eq(decimal_write(&number, text), wanted);
}

Test(decimal, texts_become_one_form)
{
    static const char *const same[][2] = {{"0", "0"},
                                          {"-0", "0"},
                                          {"+1.50", "1.5"},
                                          {".5", "0.5"},
                                          {"5.", "5"},
                                          {"1e3", "1000"},
                                          {"12.5E-2", "0.125"},
                                          {" 7 ", "7"},
                                          {"-007.10", "-7.1"},
                                          {"0.0000000005", "0.000000001"},
                                          {"0.00000000049", "0"},
                                          {"-0.0000000005", "-0.000000001"},
                                          {"1e-400", "0"}};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        expect(of(same[i][0]), DECIMAL_NUMERIC, same[i][1]);
    static const char *const none[] = {"",    " ",    ".",   "-",   "1e",   "e5",       "1.2.3",
                                       "1 2", "0x10", "nan", "inf", "1e50", "1e9999999"};
    struct decimal number;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_expect_not(decimal_read(text_of(none[i]), &number), "%s", none[i]);
}

Test(decimal, arithmetic_is_exact)
{
    struct decimal a = of("0.1"), b = of("0.2"), out;
    cr_assert(decimal_add(&a, &b, &out));
    expect(out, DECIMAL_NUMERIC, "0.3");
    cr_assert(decimal_subtract(&a, &b, &out));
    expect(out, DECIMAL_NUMERIC, "-0.1");
    cr_assert(decimal_subtract(&a, &a, &out));
    expect(out, DECIMAL_NUMERIC, "0");
    a = of("99999999999999.999999999");
    b = of("-1000.000000001");
    cr_assert(decimal_multiply(&a, &b, &out));
    expect(out, DECIMAL_BIGNUMERIC, "-100000000000099999.999998999999999999");
    a = of("1");
    b = of("3");
    cr_assert(decimal_divide(&a, &b, &out));
    expect(out, DECIMAL_NUMERIC, "0.333333333");
    expect(out, DECIMAL_BIGNUMERIC, "0.33333333333333333333333333333333333333");
    a = of("2");
    cr_assert(decimal_divide(&a, &b, &out));
    expect(out, DECIMAL_NUMERIC, "0.666666667");
    a = of("-98765432109876543210.123");
    b = of("0.000000001");
    cr_assert(decimal_divide(&a, &b, &out));
    expect(out, DECIMAL_NUMERIC, "-98765432109876543210123000000");
    b = of("0");
    cr_expect_not(decimal_divide(&a, &b, &out));
}

Test(decimal, what_is_too_large_does_not_fit)
{
    struct decimal number = of("99999999999999999999999999999.999999999");
    cr_expect(decimal_fit(&number, DECIMAL_NUMERIC));
    number = of("99999999999999999999999999999.9999999995");
    cr_expect_not(decimal_fit(&number, DECIMAL_NUMERIC));
    cr_expect(decimal_fit(&number, DECIMAL_BIGNUMERIC));
    number = of("578960446186580977117854925043439539266.34992332820282019728792003956564819967");
    cr_expect(decimal_fit(&number, DECIMAL_BIGNUMERIC));
    number = of("578960446186580977117854925043439539266.34992332820282019728792003956564819968");
    cr_expect_not(decimal_fit(&number, DECIMAL_BIGNUMERIC));
    number.negative = true;
    cr_expect(decimal_fit(&number, DECIMAL_BIGNUMERIC));
    struct decimal large = of("1e40");
    cr_expect_not(decimal_multiply(&large, &large, &number));
    int64_t whole;
    number = of("9223372036854775807.4");
    cr_expect(decimal_to_int64(&number, &whole) && whole == INT64_MAX);
    number = of("9223372036854775807.5");
    cr_expect_not(decimal_to_int64(&number, &whole));
}

Test(decimal, rounding)
{
    static const struct {
        const char *number;
        int digits;
        enum decimal_rounding rounding;
        const char *wanted;
    } cases[] = {{"2.5", 0, DECIMAL_HALF_AWAY, "3"},
                 {"-2.5", 0, DECIMAL_HALF_AWAY, "-3"},
                 {"1.245", 2, DECIMAL_HALF_AWAY, "1.25"},
                 {"1250", -2, DECIMAL_HALF_AWAY, "1300"},
                 {"1.9", 0, DECIMAL_CUT, "1"},
                 {"-1.9", 0, DECIMAL_CUT, "-1"},
                 {"-1.1", 0, DECIMAL_DOWN, "-2"},
                 {"1.1", 0, DECIMAL_UP, "2"},
                 {"-1.1", 0, DECIMAL_UP, "-1"},
                 {"-0.4", 0, DECIMAL_HALF_AWAY, "0"},
                 {"5", -60, DECIMAL_HALF_AWAY, "0"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decimal number = of(cases[i].number);
        cr_expect(decimal_round(&number, cases[i].digits, cases[i].rounding));
        expect(number, DECIMAL_NUMERIC, cases[i].wanted);
    }
}
