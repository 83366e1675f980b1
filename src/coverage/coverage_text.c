#include "coverage/coverage_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/moment.h"
#include "base/percent.h"
#include "base/print.h"
#include "base/text.h"

/* Columns of the matrix beside the name and the seasons. */
enum {
    SEASON_WIDTH = 9,
    REST_WIDTH = 32 /* ALL, GAPS, status and age */
};

static bool flush(FILE *stream, struct text_buffer *text) {
    bool done = text->size == 0 || print_lines(stream, text->data);
    text_buffer_free(text);
    return done && fflush(stream) == 0;
}

static int name_width(const struct pipeline *pipeline) {
    size_t width = strlen("TABLE");
    for (size_t i = 0; i < pipeline->table_count; i++) {
        size_t length = strnlen(pipeline->tables[i].name, 60);
        width = length > width ? length : width;
    }
    return (int)width + 2;
}

/* The first season that is shown. */
static size_t first_season(const struct pipeline *pipeline, size_t width, int name) {
    size_t fixed = (size_t)name + REST_WIDTH;
    size_t fits = width > fixed ? (width - fixed) / SEASON_WIDTH : 0;
    bool all = width == 0 || fits >= pipeline->season_count;
    return all ? 0 : pipeline->season_count - fits;
}

static void put_table(struct text_buffer *text, const struct coverage_report *report,
                      const struct coverage_table *table, size_t first, int width) {
    const struct pipeline *pipeline = report->pipeline;
    char percent[PERCENT_TEXT_SIZE];
    char age[CLOCK_SPAN_SIZE] = "";
    char gaps[24] = "?";
    print_to(text, "  %-*s", width - 2, pipeline->tables[table->table].name);
    for (size_t i = first; i < pipeline->season_count; i++) {
        const struct coverage_totals *season = &table->seasons[i].all;
        const char *none = season->known && season->attainable == 0 ? "-" : NULL;
        print_to(text, "%*s", SEASON_WIDTH,
                 none != NULL
                     ? none
                     : percent_format(coverage_percent(season, PERCENT_NO_THRESHOLD), percent));
    }
    if (table->all.known) {
        (void)snprintf(gaps, sizeof gaps, "%zu", table->all.attainable - table->all.complete);
    }
    if (table->confirmed_at != 0) {
        (void)clock_format_span(report->as_of - table->confirmed_at, age);
    }
    print_to(text, "%8s%7s  %-7s %s\n",
             percent_format(coverage_percent(&table->all, PERCENT_NO_THRESHOLD), percent), gaps,
             coverage_status_name(table->status), age);
    if (table->error != NULL) {
        print_to(text, "    %s\n", table->error);
    }
}

bool coverage_write_matrix(FILE *stream, const struct coverage_report *report, size_t width) {
    const struct pipeline *pipeline = report->pipeline;
    struct text_buffer text = {0};
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    char moment[MOMENT_SIZE];
    int name = name_width(pipeline);
    size_t first = first_season(pipeline, width, name);
    print_to(&text, "%s  %s to %s  as of %s %s\n", pipeline->name,
             day_format(report->range.from, from), day_format(report->range.to, to),
             moment_format_dated(report->as_of, moment), clock_zone());
    print_to(&text, "%-*s", name, "TABLE");
    for (size_t i = first; i < pipeline->season_count; i++) {
        print_to(&text, "%*s", SEASON_WIDTH, pipeline->seasons[i].name);
    }
    print_to(&text, "%8s%7s  %s\n", "ALL", "GAPS", "STATUS, AGE");
    for (size_t phase = 0; phase < pipeline->phase_count; phase++) {
        print_to(&text, "%s\n", pipeline->phases[phase]);
        for (size_t i = 0; i < pipeline->table_count; i++) {
            if (pipeline->tables[i].phase == phase) {
                put_table(&text, report, &report->tables[i], first, name);
            }
        }
    }
    if (first > 0) {
        print_to(&text, "%zu older seasons do not fit into %zu columns\n", first, width);
    }
    return flush(stream, &text);
}

/* Names are foreign: a comma, a quote or a line end in one must not make columns. */
static void put_field(struct text_buffer *text, const char *field) {
    if (strpbrk(field, ",\"\r\n") == NULL) {
        text_buffer_add(text, field);
        return;
    }
    text_buffer_add(text, "\"");
    for (; *field != '\0'; field++) {
        text_buffer_put(text, "\"\"", *field == '"' ? 2 : 0);
        text_buffer_put(text, field, *field == '"' ? 0 : 1);
    }
    text_buffer_add(text, "\"");
}

static void put_percent(struct text_buffer *text, int tenths) {
    char percent[PERCENT_TEXT_SIZE];
    print_to(text, ",%s", tenths < 0 ? "" : percent_format(tenths, percent));
}

static void put_csv_line(struct text_buffer *text, const struct coverage_report *report,
                         const struct coverage_table *table, const char *season,
                         const struct coverage_totals *totals) {
    const struct pipeline *pipeline = report->pipeline;
    const struct pipeline_table *facts = &pipeline->tables[table->table];
    char at[CLOCK_UTC_SIZE] = "";
    put_field(text, facts->name);
    text_buffer_add(text, ",");
    put_field(text, pipeline->phases[facts->phase]);
    text_buffer_add(text, ",");
    put_field(text, season);
    if (table->measured_at != 0) {
        (void)clock_format_utc(table->measured_at, at);
    }
    print_to(text, ",%s,%s", coverage_status_name(table->status), at);
    if (totals->known) {
        print_to(text, ",%zu,%zu,%zu,%zu,%zu,%zu,%zu,%zu", totals->expected, totals->bootstrap,
                 totals->waived, totals->attainable, totals->complete, totals->partial,
                 totals->missing, totals->excess);
    } else {
        text_buffer_add(text, ",,,,,,,,");
    }
    put_percent(text, coverage_percent(totals, PERCENT_NO_THRESHOLD));
    put_percent(text, coverage_raw_percent(totals));
    if (totals->known) {
        print_to(text, ",%lld", (long long)totals->rows);
    } else {
        text_buffer_add(text, ",");
    }
    text_buffer_add(text, "\n");
}

bool coverage_write_csv(FILE *stream, const struct coverage_report *report) {
    const struct pipeline *pipeline = report->pipeline;
    struct text_buffer text = {0};
    text_buffer_add(&text, "table,phase,season,status,measured_at,expected,bootstrap,waived,"
                           "attainable,complete,partial,missing,excess,percent,raw_percent,rows\n");
    for (size_t i = 0; i < pipeline->table_count; i++) {
        const struct coverage_table *table = &report->tables[i];
        for (size_t j = 0; j < pipeline->season_count; j++) {
            put_csv_line(&text, report, table, pipeline->seasons[j].name, &table->seasons[j].all);
        }
        put_csv_line(&text, report, table, "all", &table->all);
    }
    return flush(stream, &text);
}

static void put_gap_range(struct text_buffer *text, struct day_range range, size_t dates,
                          const char *kind, enum coverage_gaps_format format) {
    char from[DAY_TEXT_SIZE];
    char to[DAY_TEXT_SIZE];
    (void)day_format(range.from, from);
    (void)day_format(range.to, to);
    if (format == COVERAGE_GAPS_CSV) {
        print_to(text, "%s,%s,%zu,%s\n", from, to, dates, kind);
    } else {
        print_to(text, "  %s to %s  %4zu %s\n", from, to, dates, dates == 1 ? "date" : "dates");
    }
}

static void put_gap_ranges(struct text_buffer *text, const struct dayset *dates,
                           const struct dayset *expected, const char *kind,
                           enum coverage_gaps_format format) {
    size_t count;
    struct day_range *ranges = dayset_ranges(dates, expected, &count);
    for (size_t i = 0; i < count; i++) {
        put_gap_range(text, ranges[i], dayset_count_within(dates, ranges[i]), kind, format);
    }
    free(ranges);
}

static void put_gap_dates(struct text_buffer *text, const struct dayset *gaps) {
    for (day_number day = dayset_next(gaps, gaps->range.from); day != DAY_NONE;
         day = dayset_next(gaps, day + 1)) {
        char date[DAY_TEXT_SIZE];
        print_to(text, "%s\n", day_format(day, date));
    }
}

static void put_gap_heading(struct text_buffer *text, const struct coverage_report *report,
                            size_t table, size_t dates, size_t ranges) {
    const struct coverage_table *facts = &report->tables[table];
    const char *name = report->pipeline->tables[table].name;
    if (!facts->all.known) {
        print_to(text, "%s: not known, %s\n", name,
                 facts->error != NULL ? facts->error : "never measured");
        return;
    }
    char age[CLOCK_SPAN_SIZE];
    print_to(text, "%s: %zu %s in %zu %s, %s, %s ago\n", name, dates, dates == 1 ? "date" : "dates",
             ranges, ranges == 1 ? "range" : "ranges", coverage_status_name(facts->status),
             clock_format_span(report->as_of - facts->confirmed_at, age));
}

/* Too many rows are no gap: they are told apart, and are not in a list that a command takes. */
static void put_excess(struct text_buffer *text, const struct dayset *excess,
                       const struct dayset *expected, enum coverage_gaps_format format) {
    size_t dates = dayset_count(excess);
    if (dates > 0 && format == COVERAGE_GAPS_RANGES) {
        print_to(text, "  %zu %s too many rows, which no launch of gaps mends:\n", dates,
                 dates == 1 ? "date holds" : "dates hold");
    }
    if (format != COVERAGE_GAPS_LIST) {
        put_gap_ranges(text, excess, expected, "excess", format);
    }
}

bool coverage_write_gaps(FILE *stream, const struct coverage_report *report, size_t table,
                         struct day_range range, bool missing_only,
                         enum coverage_gaps_format format) {
    struct dayset gaps = coverage_gaps(report, table, range, missing_only);
    struct dayset excess = coverage_excess(report, table, range);
    struct dayset expected = coverage_expected(report, table);
    struct text_buffer text = {0};
    size_t count;
    dayset_subtract(&gaps, &excess);
    free(dayset_ranges(&gaps, &expected, &count));
    if (format == COVERAGE_GAPS_RANGES) {
        put_gap_heading(&text, report, table, dayset_count(&gaps), count);
    } else if (format == COVERAGE_GAPS_CSV) {
        text_buffer_add(&text, "from,to,dates,kind\n");
    }
    if (format == COVERAGE_GAPS_LIST) {
        put_gap_dates(&text, &gaps);
    } else {
        put_gap_ranges(&text, &gaps, &expected, "gap", format);
    }
    put_excess(&text, &excess, &expected, format);
    dayset_free(&gaps);
    dayset_free(&excess);
    dayset_free(&expected);
    return flush(stream, &text);
}
