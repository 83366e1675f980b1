/* Progress as JSON and back: tables of what is stored, so that writing and reading cannot differ.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "logs/progress_private.h"
#include "logs/sanitise.h"

#define PROGRESS_VERSION 2

enum member_type {
    MEMBER_COUNT,
    MEMBER_SIGNED,
    MEMBER_FLAG,
    MEMBER_SMALL,
    MEMBER_STRING,
    MEMBER_TEXT
};

struct member {
    const char *name;
    enum member_type type;
    size_t offset;
    int64_t least, most; /* what may be read back */
};

#define COUNT(name)                                                                                \
    { #name, MEMBER_COUNT, offsetof(struct log_progress, name), 0, INT64_MAX }
#define SIGNED(name)                                                                               \
    { #name, MEMBER_SIGNED, offsetof(struct log_progress, name), -1, INT64_MAX }
#define FLAG(name)                                                                                 \
    { #name, MEMBER_FLAG, offsetof(struct log_progress, name), 0, 1 }
#define SMALL(name, most)                                                                          \
    { #name, MEMBER_SMALL, offsetof(struct log_progress, name), 0, most }
#define DAY(name)                                                                                  \
    { #name, MEMBER_SMALL, offsetof(struct log_progress, name), INT_MIN, INT_MAX }
#define STRING(name)                                                                               \
    { #name, MEMBER_STRING, offsetof(struct log_progress, name), 0, 0 }
#define TEXT_MEMBER(name)                                                                          \
    { #name, MEMBER_TEXT, offsetof(struct log_progress, name), 0, 0 }
#define INNER(name, type, most)                                                                    \
    { #name, type, offsetof(struct log_progress_private, name), 0, most }

static const struct member members[] = {
    COUNT(lines),
    COUNT(records),
    COUNT(warnings),
    COUNT(errors),
    COUNT(dates_dropped),
    COUNT(ungrouped),
    COUNT(streak),
    SIGNED(rows),
    SIGNED(position),
    SIGNED(total),
    SIGNED(bar_position),
    SIGNED(bar_total),
    SIGNED(last_output_ms),
    SIGNED(first_output_ms),
    FLAG(understood),
    FLAG(parallel),
    FLAG(dry_run),
    FLAG(resumed),
    FLAG(finished),
    FLAG(nothing_due),
    DAY(current),
    DAY(last_ok),
    SMALL(mode, LOG_MODE_DATES),
    SMALL(preflight, LOG_PREFLIGHT_IS_SKIPPED),
    SMALL(streak_outcome, LOG_OUTCOME_COUNT - 1),
    STRING(refused),
    STRING(streak_signature),
    TEXT_MEMBER(last_line),
    TEXT_MEMBER(happened),
};

static const struct member inner_members[] = {
    INNER(prefixed, MEMBER_FLAG, 1),
    INNER(record_marks, MEMBER_COUNT, INT64_MAX),
    INNER(void_records, MEMBER_SMALL, INT_MAX),
    INNER(in_failed_list, MEMBER_FLAG, 1),
    INNER(settled, MEMBER_FLAG, 1),
    INNER(level, MEMBER_SMALL, LOG_LEVEL_COUNT - 1),
    INNER(trace.state, MEMBER_SMALL, LOG_TRACE_STATE_COUNT - 1),
    INNER(trace.prefixed, MEMBER_FLAG, 1),
    INNER(own_trace, MEMBER_FLAG, 1),
    INNER(cause_worth, MEMBER_SMALL, PROGRESS_CAUSE_NAMED),
    {"cause_day", MEMBER_SMALL, offsetof(struct log_progress_private, cause_day), INT_MIN, INT_MAX},
    INNER(cause, MEMBER_TEXT, 0),
};

static json_t *write_member(const struct member *member, const void *base) {
    const void *at = (const char *)base + member->offset;
    switch (member->type) {
    case MEMBER_COUNT:
        return json_integer((json_int_t) * (const uint64_t *)at);
    case MEMBER_SIGNED:
        return json_integer(*(const int64_t *)at);
    case MEMBER_FLAG:
        return json_boolean(*(const bool *)at);
    case MEMBER_SMALL:
        return json_integer(*(const int *)at);
    case MEMBER_STRING:
        return json_string_or_null(*(char *const *)at);
    case MEMBER_TEXT:
    default:
        return json_words((const char *)at);
    }
}

static bool read_member(const struct member *member, void *base, const json_t *value) {
    void *at = (char *)base + member->offset;
    json_int_t number = json_integer_value(value);
    bool fits = json_is_integer(value) && number >= member->least && number <= member->most;
    switch (member->type) {
    case MEMBER_COUNT:
        *(uint64_t *)at = fits ? (uint64_t)number : 0;
        return fits;
    case MEMBER_SIGNED:
        *(int64_t *)at = fits ? number : 0;
        return fits;
    case MEMBER_FLAG:
        *(bool *)at = json_is_true(value);
        return json_is_boolean(value);
    case MEMBER_SMALL:
        *(int *)at = fits ? (int)number : (int)member->least;
        return fits;
    case MEMBER_STRING:
        *(char **)at = memory_copy_string(json_string_value(value));
        return json_is_string(value) || json_is_null(value);
    case MEMBER_TEXT:
    default:
        if (!json_is_string(value)) {
            return false;
        }
        sanitise_string(text_of(json_string_value(value)), at, LOG_TEXT_SIZE);
        return true;
    }
}

/* Arrays of numbers are written as they are. */
static json_t *write_numbers(const int64_t *numbers, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, json_integer(numbers[i]));
    }
    return array;
}

static bool read_numbers(const json_t *array, int64_t *numbers, size_t most, size_t *count) {
    size_t size = json_array_size(array);
    if (!json_is_array(array) || size > most) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        numbers[i] = json_integer_value(json_array_get(array, i));
        if (!json_is_integer(json_array_get(array, i)) || numbers[i] < LOG_NOT_SAID) {
            return false;
        }
    }
    *count = size;
    return true;
}

static bool read_counts(const json_t *array, uint64_t *counts, size_t count) {
    int64_t numbers[LOG_KIND_COUNT] = {0};
    size_t size = 0;
    if (!read_numbers(array, numbers, count, &size) || size != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] < 0) {
            return false;
        }
        counts[i] = (uint64_t)numbers[i];
    }
    return true;
}

static json_t *write_counts(const uint64_t *counts, size_t count) {
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, json_integer((json_int_t)counts[i]));
    }
    return array;
}

static json_t *write_dates(const struct log_progress *progress) {
    json_t *array = json_array();
    for (size_t i = 0; i < progress->date_count; i++) {
        const struct log_date *date = &progress->dates[i];
        json_array_append_new(array, json_make("[i,i,I,s?]", (int)date->day, (int)date->outcome,
                                               (json_int_t)date->rows, date->reason));
    }
    return array;
}

static bool read_dates(const json_t *array, struct log_progress *progress) {
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count > LOG_DATES_MAX) {
        return false;
    }
    progress->dates = memory_new(count, sizeof *progress->dates);
    progress->date_capacity = count;
    for (size_t i = 0; i < count; i++) {
        struct log_date *date = &progress->dates[i];
        int day = 0;
        int outcome = 0;
        json_int_t rows = 0;
        json_t *reason = NULL;
        if (json_unpack(json_array_get(array, i), "[i,i,I,o]", &day, &outcome, &rows, &reason) !=
                0 ||
            !(json_is_string(reason) || json_is_null(reason)) || outcome < 0 ||
            outcome >= LOG_OUTCOME_COUNT || rows < LOG_NOT_SAID || day == DAY_NONE ||
            (i > 0 && day <= date[-1].day)) {
            return false;
        }
        *date = (struct log_date){day, (enum log_outcome)outcome, rows,
                                  memory_copy_string(json_string_value(reason))};
        progress->date_count++;
    }
    return true;
}

static json_t *write_groups(const struct log_progress *progress) {
    json_t *array = json_array();
    for (size_t i = 0; i < progress->group_count; i++) {
        const struct log_group *group = &progress->groups[i];
        json_array_append_new(array, json_make("[s,s,i,I,I]", group->signature, group->example,
                                               (int)group->level, (json_int_t)group->records,
                                               (json_int_t)group->dates));
    }
    return array;
}

static bool read_groups(const json_t *array, struct log_progress *progress) {
    size_t count = json_array_size(array);
    if (!json_is_array(array) || count > LOG_GROUPS_MAX) {
        return false;
    }
    progress->groups = memory_new(count, sizeof *progress->groups);
    progress->group_capacity = count;
    for (size_t i = 0; i < count; i++) {
        const char *signature = NULL;
        const char *example = NULL;
        int level = 0;
        json_int_t records = 0;
        json_int_t dates = 0;
        if (json_unpack(json_array_get(array, i), "[s,s,i,I,I]", &signature, &example, &level,
                        &records, &dates) != 0 ||
            level < 0 || level >= LOG_LEVEL_COUNT || records < 0 || dates < 0) {
            return false;
        }
        progress->groups[progress->group_count++] =
            (struct log_group){memory_copy_string(signature), memory_copy_string(example),
                               (enum log_level)level, (uint64_t)records, (uint64_t)dates};
    }
    return true;
}

json_t *log_progress_to_json(const struct log_progress *progress) {
    json_t *json = json_object();
    json_t *inner = json_object();
    json_object_set_new(json, "version", json_integer(PROGRESS_VERSION));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_object_set_new(json, members[i].name, write_member(&members[i], progress));
    }
    for (size_t i = 0; i < sizeof inner_members / sizeof inner_members[0]; i++) {
        json_object_set_new(inner, inner_members[i].name,
                            write_member(&inner_members[i], progress->private));
    }
    json_object_set_new(inner, "samples",
                        write_numbers(progress->private->samples, progress->private->sample_count));
    json_object_set_new(json, "inner", inner);
    json_object_set_new(json, "outcomes", write_counts(progress->outcomes, LOG_OUTCOME_COUNT));
    json_object_set_new(json, "undated", write_counts(progress->undated, LOG_OUTCOME_COUNT));
    json_object_set_new(json, "reported", write_numbers(progress->reported, LOG_OUTCOME_COUNT));
    json_object_set_new(json, "marks", write_counts(progress->marks, LOG_KIND_COUNT));
    json_object_set_new(json, "dates", write_dates(progress));
    json_object_set_new(json, "groups", write_groups(progress));
    return json;
}

static bool read_arrays(struct log_progress *progress, const json_t *json, const json_t *inner) {
    size_t reported = 0;
    return read_numbers(json_object_get(inner, "samples"), progress->private->samples,
                        PROGRESS_SAMPLES, &progress->private->sample_count) &&
           read_numbers(json_object_get(json, "reported"), progress->reported, LOG_OUTCOME_COUNT,
                        &reported) &&
           reported == LOG_OUTCOME_COUNT &&
           read_counts(json_object_get(json, "outcomes"), progress->outcomes, LOG_OUTCOME_COUNT) &&
           read_counts(json_object_get(json, "undated"), progress->undated, LOG_OUTCOME_COUNT) &&
           read_counts(json_object_get(json, "marks"), progress->marks, LOG_KIND_COUNT) &&
           read_dates(json_object_get(json, "dates"), progress) &&
           read_groups(json_object_get(json, "groups"), progress);
}

struct log_progress *log_progress_from_json(const json_t *json, struct error *error) {
    const json_t *inner = json_object_get(json, "inner");
    struct log_progress *progress = log_progress_new();
    bool good = json_get_integer(json, "version", 0) == PROGRESS_VERSION;
    for (size_t i = 0; good && i < sizeof members / sizeof members[0]; i++) {
        good = read_member(&members[i], progress, json_object_get(json, members[i].name));
    }
    for (size_t i = 0; good && i < sizeof inner_members / sizeof inner_members[0]; i++) {
        good = read_member(&inner_members[i], progress->private,
                           json_object_get(inner, inner_members[i].name));
    }
    good = good && read_arrays(progress, json, inner);
    if (good && progress->streak > 0 && progress->streak_signature == NULL) {
        good = false;
    }
    if (!good) {
        log_progress_free(progress);
        error_set(error, EXIT_DATA,
                  "the stored log progress is damaged or of another version; the log has to be "
                  "read again from its start");
        return NULL;
    }
    return progress;
}
