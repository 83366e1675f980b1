#include "agent/columns.h"

#include <stdint.h>
#include <stdio.h>

struct rule {
    const char *name;
    enum bigquery_type type;
    bool needed;
};

enum { RULES = 5 };

static const struct rule rules[][RULES] = {
    [COLUMNS_OF_COVERAGE] = {{"day", BIGQUERY_DATE, true},
                             {"row_count", BIGQUERY_INT64, true},
                             {"entities", BIGQUERY_INT64, false},
                             {"nulls", BIGQUERY_INT64, false},
                             {"fallbacks", BIGQUERY_INT64, false}},
    [COLUMNS_OF_EXPECTED] = {{"day", BIGQUERY_DATE, true}, {"games", BIGQUERY_INT64, true}},
};

static bool is_number(const struct bigquery_field *field) {
    return field->mode != BIGQUERY_REPEATED &&
           (field->type == BIGQUERY_INT64 || field->type == BIGQUERY_FLOAT64 ||
            field->type == BIGQUERY_NUMERIC || field->type == BIGQUERY_BIGNUMERIC);
}

static const char *kind(const struct bigquery_field *field) {
    return field->mode == BIGQUERY_REPEATED ? "an array of " : "";
}

/* The value of a check: the answer's first column, whatever its name. */
static bool check_mistake(const struct bigquery_rows *rows, char text[COLUMNS_TEXT_SIZE]) {
    if (rows->column_count == 0) {
        (void)snprintf(text, COLUMNS_TEXT_SIZE,
                       "the first column must be a number, and is not "
                       "there");
        return true;
    }
    if (is_number(&rows->columns[0])) {
        return false;
    }
    (void)snprintf(text, COLUMNS_TEXT_SIZE, "the first column must be a number, and is %s%s",
                   kind(&rows->columns[0]), bigquery_type_name(rows->columns[0].type));
    return true;
}

static bool rule_mistake(const struct rule *rule, const struct bigquery_rows *rows,
                         char text[COLUMNS_TEXT_SIZE]) {
    size_t index = bigquery_rows_column(rows, rule->name);
    const char *type = bigquery_type_name(rule->type);
    if (index == SIZE_MAX) {
        (void)snprintf(text, COLUMNS_TEXT_SIZE,
                       "the query has no column \"%s\" (%s); write … AS %s", rule->name, type,
                       rule->name);
        return rule->needed;
    }
    const struct bigquery_field *field = &rows->columns[index];
    (void)snprintf(text, COLUMNS_TEXT_SIZE, "the query's column \"%s\" is %s%s and must be %s",
                   rule->name, kind(field), bigquery_type_name(field->type), type);
    return field->type != rule->type || field->mode == BIGQUERY_REPEATED;
}

bool columns_mistake(enum columns_of of, const struct bigquery_rows *rows, size_t *at,
                     char text[COLUMNS_TEXT_SIZE]) {
    if (of == COLUMNS_OF_CHECK) {
        return (*at)++ == 0 && check_mistake(rows, text);
    }
    while (*at < RULES && rules[of][*at].name != NULL) {
        if (rule_mistake(&rules[of][(*at)++], rows, text)) {
            return true;
        }
    }
    return false;
}
