/* SQL templates: what is replaced, what is sent as it was written, and where it came from. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "pipeline/template.h"

static const struct placeholder_value values[] = {
    {"date", "day"}, {"entity", NULL}, {"null_of", "`a b`"}, {"table", "p.d.my table"}};
enum { VALUES = sizeof values / sizeof *values };

static char *fill(const char *text) {
    struct template template;
    struct googlesql_error error;
    cr_assert(template_open(&template, text, &error), "%s", error.text);
    char *filled = template_fill(&template, values, VALUES);
    template_close(&template);
    return filled;
}

static const struct {
    const char *what, *text, *filled;
} FILLED[] = {
    {"names and backticks", "SELECT {date} FROM `{table}`", "SELECT day FROM `p.d.my table`"},
    {"a quoted name", "COUNTIF({null_of} IS NULL)", "COUNTIF(`a b` IS NULL)"},
    {"a quoted name within backticks", "`{null_of}`, `x{date}`", "`a b`, `xday`"},
    {"a string", "SELECT '{date}', r\"{date}\", b'{date}'",
     "SELECT '{date}', r\"{date}\", b'{date}'"},
    {"comments", "-- {date}\n# {entity}\n/* {date}\n{entity} */ {date}",
     "-- {date}\n# {entity}\n/* {date}\n{entity} */ day"},
    {"a line in a long string", "SELECT '''\n-- {entity}\n'''\n", "SELECT '''\n-- {entity}\n'''\n"},
    {"a line without its value", "SELECT 1\n, {entity}\n, {date}\n", "SELECT 1\n, day\n"},
    {"the last line without its value", "SELECT 1\n, {entity}", "SELECT 1\n"},
    {"white space and breaks", "\r\n SELECT\t1 \r\n\n", "\r\n SELECT\t1 \r\n\n"},
    {"a quote in a comment", "-- don't\nSELECT '{date}', {date} -- it's",
     "-- don't\nSELECT '{date}', day -- it's"},
    {"doubled braces", "`{{date}}`", "`{date}`"},
    {"nothing", "", ""},
};

Test(template, replaces_names_and_leaves_all_else)
{
    for (size_t i = 0; i < sizeof FILLED / sizeof *FILLED; i++) {
        char *filled = fill(FILLED[i].text);
        cr_expect_str_eq(filled, FILLED[i].filled, "%s: %s", FILLED[i].what, filled);
        free(filled);
    }
}

Test(template, knows_its_placeholders_by_the_tokens)
{
    struct template template;
    struct googlesql_error error;
    cr_assert(template_open(&template, "SELECT {date}, '{what}' -- {ever}", &error));
    cr_expect_eq(template_unknown(&template, values, VALUES).size, 0);
    cr_expect(template_has(&template, "date"));
    cr_expect_not(template_has(&template, "what"));
    template_close(&template);
    cr_assert(template_open(&template, "SELECT '{date}', {what}", &error));
    cr_expect(text_is(template_unknown(&template, values, VALUES), "what"));
    cr_expect_not(template_has(&template, "date"));
    template_close(&template);
    cr_expect_not(template_open(&template, "SELECT {date}, 'open", &error));
    cr_expect_str_eq(error.text, "Unclosed string literal");
    cr_expect_eq(error.place.column, 16);
}

Test(template, leads_back_from_what_was_sent)
{
    static const struct {
        const char *text;
        struct googlesql_place sent;
        size_t line, column;
        const char *name;
    } cases[] = {
        {"SELECT {date}, x", {1, 13}, 1, 16, ""},    /* SELECT day, x */
        {"SELECT {date}, x", {1, 8}, 1, 8, "date"},  /* of the value */
        {"SELECT {date}, x", {1, 10}, 1, 8, "date"}, /* within the value */
        {", {entity}\n, x", {1, 3}, 2, 3, ""},       /* behind a line left out */
        {"'ä' x", {1, 5}, 1, 5, ""},                 /* characters, not bytes */
        {"\tx", {1, 9}, 1, 2, ""},                   /* BigQuery's tab is eight wide */
        {"{null_of}\n y", {2, 2}, 2, 2, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct template template;
        struct googlesql_error error;
        size_t line, column;
        struct text name;
        cr_assert(template_open(&template, cases[i].text, &error));
        cr_assert(template_origin(&template, values, VALUES, cases[i].sent, &line, &column, &name));
        cr_expect_eq(line, cases[i].line, "%zu: line %zu", i, line);
        cr_expect_eq(column, cases[i].column, "%zu: column %zu", i, column);
        cr_expect(text_is(name, cases[i].name), "%zu: %.*s", i, (int)name.size, name.data);
        cr_expect_not(template_origin(&template, values, VALUES, (struct googlesql_place){9, 1},
                                      &line, &column, &name));
        template_close(&template);
    }
}
