#include "ui/words.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/moment.h"
#include "base/percent.h"
#include "base/print.h"

static char *put(char *out, const char *words) {
    (void)print_into(out, WORDS_SIZE, "%s", words);
    return out;
}

enum theme_style words_verdict_style(enum gates_verdict verdict) {
    static const enum theme_style styles[] = {
        [GATES_UNKNOWN] = STYLE_UNKNOWN, [GATES_STALE] = STYLE_STALE, [GATES_HOLD] = STYLE_HOLD,
        [GATES_NO_GO] = STYLE_NO_GO,     [GATES_GO] = STYLE_GO,
    };
    return styles[verdict];
}

const char *words_verdict_mark(enum gates_verdict verdict) {
    static const char *const marks[] = {
        [GATES_UNKNOWN] = "?", [GATES_STALE] = "▲", [GATES_HOLD] = "‖",
        [GATES_NO_GO] = "■",   [GATES_GO] = "●",
    };
    return marks[verdict];
}

static const struct {
    const char *mark, *word;
    enum theme_style style;
} phases[] = {
    [SITUATION_RUN_FAILED] = {"✗", "failed", STYLE_BAD},
    [SITUATION_RUN_STALLED] = {"▲", "stalled", STYLE_WARN},
    [SITUATION_RUN_STOPPING] = {"▲", "stopping", STYLE_WARN},
    [SITUATION_RUN_RUNNING] = {"●", "running", STYLE_MOVING},
    [SITUATION_RUN_WAITING] = {"○", "waiting", STYLE_NORMAL},
    [SITUATION_RUN_DONE] = {" ", "done", STYLE_DIM},
};

enum theme_style words_run_style(const struct situation_run *run) {
    return phases[run->phase].style;
}

const char *words_run_mark(const struct situation_run *run) {
    return phases[run->phase].mark;
}

const char *words_run_state(const struct situation_run *run) {
    if (run->verdict)
        return run->verdict;
    if (run->orphan)
        return "orphan";
    if (run->phase == SITUATION_RUN_WAITING && run->state && strcmp(run->state, "ended") == 0)
        return "verifying";
    return phases[run->phase].word;
}

char *words_log(const struct situation_run *run, char *out) {
    if (situation_progress_of(run).by_log)
        (void)snprintf(out, WORDS_SIZE, "its log does not tell what failed");
    else if (!run->last_line)
        (void)snprintf(out, WORDS_SIZE, "no output yet");
    else if (run->bar_total > 0)
        (void)snprintf(out, WORDS_SIZE, "log not understood, bar at %lld of %lld",
                       (long long)run->bar_position, (long long)run->bar_total);
    else
        (void)snprintf(out, WORDS_SIZE, "log not understood");
    return out;
}

char *words_percent(int tenths, char *out) {
    char number[PERCENT_TEXT_SIZE];
    if (tenths == PERCENT_UNKNOWN)
        return put(out, "?");
    (void)print_into(out, WORDS_SIZE, "%s %%", percent_format(tenths, number));
    return out;
}

/* What follows the first `skip` characters of "2026-01-05 06:42:17"; "" for 0. */
static char *moment_from(int64_t wall_ms, size_t skip, bool seconds, char *out) {
    char moment[MOMENT_SIZE];
    if (!wall_ms)
        return put(out, "");
    (void)(seconds ? moment_format_full : moment_format_dated)(wall_ms, moment);
    return put(out, moment + skip);
}

char *words_clock(int64_t wall_ms, char *out) {
    return moment_from(wall_ms, strlen("2026-01-05 "), true, out);
}

char *words_time(int64_t now, int64_t wall_ms, char *out) {
    char moment[MOMENT_SIZE];
    return put(out, wall_ms ? moment_format(wall_ms, now, moment) : "");
}

char *words_moment(int64_t wall_ms, char *out) {
    return moment_from(wall_ms, strlen("2026-"), false, out);
}

char *words_range(struct day_range range, char *out) {
    char from[DAY_TEXT_SIZE], to[DAY_TEXT_SIZE];
    if (day_range_count(range) == 0)
        return put(out, "no dates");
    if (range.from == range.to)
        return day_format(range.from, out);
    (void)print_into(out, WORDS_SIZE, "%s → %s", day_format(range.from, from),
                     day_format(range.to, to));
    return out;
}

char *words_seasons(const struct pipeline *pipeline, struct day_range whole, struct day_range range,
                    char *out) {
    if (range.from == whole.from && range.to == whole.to)
        return put(out, "all seasons");
    for (size_t i = 0; i < pipeline->season_count; i++) {
        struct day_range season = day_range_intersect(pipeline->seasons[i].range, whole);
        if (range.from == season.from && range.to == season.to) {
            (void)print_into(out, WORDS_SIZE, "%s", pipeline->seasons[i].name);
            return out;
        }
    }
    return words_range(range, out);
}

char *words_age(int64_t now, int64_t at, char *out) {
    char span[CLOCK_SPAN_SIZE];
    if (!at)
        return put(out, "never");
    (void)print_into(out, WORDS_SIZE, "%s ago", clock_format_span(now - at, span));
    return out;
}

char *words_short_span(int64_t ms, char *out) {
    static const struct {
        int64_t ms;
        char unit;
    } units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
    size_t i = 0;
    while (i < 3 && ms < units[i].ms)
        i++;
    (void)snprintf(out, WORDS_SIZE, "%lld%c", (long long)((ms < 0 ? 0 : ms) / units[i].ms),
                   units[i].unit);
    return out;
}

char *words_bytes(int64_t bytes, char *out) {
    (void)snprintf(out, WORDS_SIZE, "%.2f GiB", (double)bytes / (1024.0 * 1024.0 * 1024.0));
    return out;
}

int words_threshold(const struct pipeline *pipeline, size_t table) {
    int threshold = PERCENT_NO_THRESHOLD;
    for (size_t i = 0; i < pipeline->gate_count; i++) {
        const struct pipeline_gate *gate = &pipeline->gates[i];
        for (size_t k = 0; k < gate->check_count; k++)
            if (gate->checks[k].kind == PIPELINE_CHECK_COVERAGE && gate->checks[k].table == table &&
                gate->checks[k].minimum > threshold)
                threshold = gate->checks[k].minimum;
    }
    return threshold;
}

const struct coverage_table *words_coverage(const struct situation *situation, size_t table) {
    return situation && situation->coverage ? &situation->coverage->tables[table] : NULL;
}

char *words_tables(const struct pipeline *pipeline, const struct pipeline_indices *tables,
                   const char *between, char *out) {
    struct text_buffer names = {0};
    for (size_t i = 0; i < tables->count; i++)
        print_to(&names, "%s%s", i ? between : "", pipeline->tables[tables->items[i]].name);
    (void)print_copy(out, WORDS_SIZE, PRINT_VALUE, names.data != NULL ? names.data : "");
    text_buffer_free(&names);
    return out;
}

char *words_initials(const char *name, char *out) {
    size_t size = 0;
    bool begins = true;
    for (const char *at = name; *at && size + 1 < WORDS_SIZE; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        bool digit = *at >= '0' && *at <= '9';
        if (letter && begins)
            out[size++] = *at >= 'a' ? (char)(*at - 'a' + 'A') : *at;
        else if (digit)
            out[size++] = *at;
        begins = !letter && !digit;
    }
    out[size] = '\0';
    return out;
}

char *words_dates(size_t count, char *out) {
    (void)print_into(out, WORDS_SIZE, "%zu %s", count, count == 1 ? "date" : "dates");
    return out;
}

size_t words_countdown(const struct situation *situation) {
    size_t first = PIPELINE_NONE;
    for (size_t i = 0; situation && situation->groups && i < situation->pipeline->group_count;
         i++) {
        int64_t at = situation->groups[i].fires_at;
        if (at && (first == PIPELINE_NONE || at < situation->groups[first].fires_at))
            first = i;
    }
    return first;
}

enum theme_style words_arm(const struct situation_group *group, int64_t now, char *out) {
    char text[WORDS_SIZE];
    *out = '\0';
    if (!group->arm) {
        if (group->arm_ended)
            (void)print_into(out, WORDS_SIZE, "%.80s", group->arm_ended);
        return group->arm_ended ? STYLE_WARN : STYLE_NORMAL;
    }
    if (group->fires_at) {
        int64_t left = group->fires_at - now;
        (void)snprintf(out, WORDS_SIZE, "starts in %lld s, m says no",
                       (long long)(left > 0 ? (left + 999) / 1000 : 0));
        return STYLE_HOLD;
    }
    (void)print_into(out, WORDS_SIZE, "armed until %s, GO %lld of %lld",
                     words_time(now, group->armed_until, text), (long long)group->arm_streak,
                     (long long)group->arm_need);
    return STYLE_NORMAL;
}
