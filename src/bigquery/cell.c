/* Readers of a cell's text. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bigquery/bigquery.h"

enum { LONGEST_NUMBER = 128 };

#define MICROSECONDS 1e6

bool bigquery_cell_int64(bigquery_cell cell, int64_t *value) {
    return cell.data != NULL && text_to_int64(cell, value);
}

bool bigquery_cell_double(bigquery_cell cell, double *value) {
    char text[LONGEST_NUMBER];
    if (cell.data == NULL || cell.size == 0 || cell.size >= sizeof text) {
        return false;
    }
    memcpy(text, cell.data, cell.size);
    text[cell.size] = '\0';
    if (strspn(text, "+-.0123456789eE") != cell.size &&
        strcspn(text, "nN") ==
            cell.size) { /* hexadecimal and the like; NaN and Infinity have an n */
        return false;
    }
    /* The console sets the process's locale, whose decimal sign BigQuery does not know. */
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0) {
        return false;
    }
    char *end = NULL;
    double number = strtod_l(text, &end, plain);
    freelocale(plain);
    if (end != text + cell.size) {
        return false;
    }
    *value = number;
    return true;
}

bool bigquery_cell_bool(bigquery_cell cell, bool *value) {
    bool truth = cell.size == 4 && strncasecmp(cell.data, "true", 4) == 0;
    bool falsehood = cell.size == 5 && strncasecmp(cell.data, "false", 5) == 0;
    if (truth || falsehood) {
        *value = truth;
    }
    return truth || falsehood;
}

bool bigquery_cell_date(bigquery_cell cell, day_number *value) {
    return cell.data != NULL && day_parse(cell, value);
}

bool bigquery_cell_timestamp_us(bigquery_cell cell, int64_t *value) {
    double seconds = 0.0;
    if (bigquery_cell_int64(cell, value)) {
        return true;
    }
    /* Servers that overlook useInt64Timestamp send seconds with a fraction or an exponent. */
    if (!bigquery_cell_double(cell, &seconds) || !(fabs(seconds) < 1e12)) {
        return false;
    }
    *value = (int64_t)llround(seconds * MICROSECONDS);
    return true;
}
