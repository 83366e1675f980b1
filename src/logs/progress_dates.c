/* The dates of a run, the groups of alike errors, and the streak of alike outcomes. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "logs/progress_private.h"
#include "logs/sanitise.h"

#define DAY_LENGTH       (DAY_TEXT_SIZE - 1)
#define IDENTIFIER_BYTES 8 /* hexadecimal words from this length on are identifiers */

static const char no_reason[] = "no reason given";
static const char no_rows[] = "0 rows";

static const char *const outcome_names[LOG_OUTCOME_COUNT] = {
    [LOG_DATE_OK] = "ok",
    [LOG_DATE_ZERO] = "zero",
    [LOG_DATE_SKIPPED] = "skipped",
    [LOG_DATE_FAILED] = "failed",
};

const char *log_outcome_name(enum log_outcome outcome) {
    return outcome_names[outcome];
}

static char *copy_sanitised(struct text text) {
    char out[LOG_TEXT_SIZE];
    return memory_copy_string(sanitise_string(text, out, sizeof out));
}

/* The length of the number, or of the identifier of letters and digits, at `text`; 0 for neither.
 */
static size_t measure_number(struct text text) {
    size_t size = 0;
    bool digits = false;
    bool letters = false;
    while (size < text.size && isxdigit((unsigned char)text.data[size])) {
        digits = digits || isdigit((unsigned char)text.data[size]);
        letters = letters || !isdigit((unsigned char)text.data[size]);
        size++;
    }
    if (digits && letters) {
        return size >= IDENTIFIER_BYTES ? size : 0;
    }
    if (!digits) {
        return 0;
    }
    while (size + 1 < text.size && (text.data[size] == '.' || text.data[size] == ',') &&
           isdigit((unsigned char)text.data[size + 1])) {
        size++;
        while (size < text.size && isdigit((unsigned char)text.data[size])) {
            size++;
        }
    }
    return size;
}

char *log_signature(struct text message, char out[LOG_TEXT_SIZE]) {
    char safe[LOG_TEXT_SIZE];
    struct text rest = text_trim(text_of(sanitise_string(message, safe, sizeof safe)));
    size_t size = 0;
    bool in_word = false;
    while (rest.size > 0) {
        day_number day = DAY_NONE;
        size_t taken = 1;
        char byte = rest.data[0];
        if (!in_word && rest.size >= DAY_LENGTH &&
            day_parse((struct text){rest.data, DAY_LENGTH}, &day)) {
            taken = DAY_LENGTH;
            byte = 'D';
        } else if (!in_word || isdigit((unsigned char)byte)) {
            size_t number = measure_number(rest);
            if (number > 0) {
                taken = number;
                byte = '#';
            }
        }
        bool repeated = size > 0 && byte == ' ' && out[size - 1] == ' ';
        if (!repeated) {
            out[size++] = byte;
        }
        in_word = isalnum((unsigned char)rest.data[taken - 1]) || rest.data[taken - 1] == '_';
        rest.data += taken;
        rest.size -= taken;
    }
    out[size] = '\0';
    return out;
}

void progress_group(struct log_progress *progress, struct text message, enum log_level level,
                    uint64_t records, uint64_t dates) {
    char signature[LOG_TEXT_SIZE];
    log_signature(message, signature);
    struct log_group *group = NULL;
    for (size_t i = 0; i < progress->group_count && group == NULL; i++) {
        bool same = strcmp(progress->groups[i].signature, signature) == 0;
        group = same ? &progress->groups[i] : NULL;
    }
    if (group == NULL && progress->group_count == LOG_GROUPS_MAX) {
        progress->ungrouped++;
        return;
    }
    if (group == NULL) {
        progress->groups = memory_grow(progress->groups, progress->group_count,
                                       &progress->group_capacity, sizeof *progress->groups);
        group = &progress->groups[progress->group_count++];
        *group = (struct log_group){.signature = memory_copy_string(signature),
                                    .example = copy_sanitised(text_trim(message))};
    }
    group->level = level > group->level ? level : group->level;
    group->records += records;
    group->dates += dates;
}

/* The place of `day` among the dates: of its entry, or where one would go. */
static size_t place_of(const struct log_progress *progress, day_number day) {
    size_t low = 0;
    size_t high = progress->date_count;
    if (high > 0 && progress->dates[high - 1].day < day) {
        return high; /* most logs walk forward */
    }
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (progress->dates[middle].day < day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct log_date *find_date(const struct log_progress *progress, day_number day) {
    size_t place = place_of(progress, day);
    bool there = place < progress->date_count && progress->dates[place].day == day;
    return there ? &progress->dates[place] : NULL;
}

const struct log_date *log_progress_date(const struct log_progress *progress, day_number day) {
    return day == DAY_NONE ? NULL : find_date(progress, day);
}

static struct log_date *insert_date(struct log_progress *progress, day_number day) {
    if (progress->date_count == LOG_DATES_MAX) {
        return NULL;
    }
    size_t place = place_of(progress, day);
    progress->dates = memory_grow(progress->dates, progress->date_count, &progress->date_capacity,
                                  sizeof *progress->dates);
    struct log_date *date = &progress->dates[place];
    memmove(date + 1, date, (progress->date_count - place) * sizeof *date);
    progress->date_count++;
    *date = (struct log_date){.day = day, .rows = LOG_NOT_SAID};
    return date;
}

static void add_rows(struct log_progress *progress, int64_t rows, int sign) {
    int64_t sum = 0;
    if (rows != LOG_NOT_SAID && !__builtin_add_overflow(progress->rows, sign * rows, &sum)) {
        progress->rows = sum;
    }
}

static void count_streak(struct log_progress *progress, enum log_outcome outcome,
                         struct text reason) {
    char signature[LOG_TEXT_SIZE];
    if (outcome == LOG_DATE_SKIPPED) {
        return;
    }
    if (outcome == LOG_DATE_OK) {
        progress->streak = 0;
        free(progress->streak_signature);
        progress->streak_signature = NULL;
        return;
    }
    if (reason.size == 0) {
        reason = text_of(outcome == LOG_DATE_ZERO ? no_rows : no_reason);
    }
    log_signature(reason, signature);
    bool same = progress->streak > 0 && progress->streak_outcome == outcome &&
                strcmp(progress->streak_signature, signature) == 0;
    if (same) {
        progress->streak++;
        return;
    }
    free(progress->streak_signature);
    progress->streak_signature = memory_copy_string(signature);
    progress->streak_outcome = outcome;
    progress->streak = 1;
}

static void note_failure(struct log_progress *progress, struct text reason) {
    struct text text = reason.size == 0 ? text_of(no_reason) : reason;
    progress_group(progress, text, LOG_LEVEL_ERROR, 0, 1);
}

static bool settle_undated(struct log_progress *progress, enum log_outcome outcome, int64_t rows,
                           struct text reason) {
    progress->outcomes[outcome]++;
    progress->undated[outcome]++;
    add_rows(progress, rows, 1);
    if (outcome == LOG_DATE_FAILED) {
        note_failure(progress, reason);
    }
    count_streak(progress, outcome, reason);
    return true;
}

/* A second word about a date whose failure is known: it may bring the reason. */
static bool refine_failure(struct log_progress *progress, struct log_date *date,
                           struct text reason) {
    if (date->reason == NULL && reason.size > 0) {
        date->reason = copy_sanitised(reason);
        note_failure(progress, reason);
    }
    return false;
}

static void replace_outcome(struct log_progress *progress, struct log_date *date,
                            enum log_outcome outcome, int64_t rows, struct text reason) {
    free(date->reason);
    date->reason = reason.size == 0 ? NULL : copy_sanitised(reason);
    date->outcome = outcome;
    date->rows = rows;
    progress->outcomes[outcome]++;
    add_rows(progress, rows, 1);
    if (outcome == LOG_DATE_OK && date->day > progress->last_ok) {
        progress->last_ok = date->day;
    }
    if (outcome == LOG_DATE_FAILED) {
        note_failure(progress, reason);
    }
    count_streak(progress, outcome, reason);
}

bool progress_settle(struct log_progress *progress, day_number day, enum log_outcome outcome,
                     int64_t rows, struct text reason, bool may_lift_failure) {
    reason = text_trim(reason);
    if (day == DAY_NONE) {
        return settle_undated(progress, outcome, rows, reason);
    }
    struct log_date *date = find_date(progress, day);
    bool known = date != NULL;
    if (known && date->outcome == LOG_DATE_FAILED) {
        if (outcome == LOG_DATE_FAILED) {
            return refine_failure(progress, date, reason);
        }
        if (!may_lift_failure) {
            return false;
        }
    }
    if (!known) {
        date = insert_date(progress, day);
    }
    if (date == NULL) {
        progress->dates_dropped++;
        progress->outcomes[outcome]++;
        return true;
    }
    if (known) {
        progress->outcomes[date->outcome]--;
        add_rows(progress, date->rows, -1);
    }
    replace_outcome(progress, date, outcome, rows, reason);
    return !known;
}

void progress_list_failed(struct log_progress *progress, day_number day) {
    struct log_date *date = find_date(progress, day);
    if (date != NULL && date->outcome == LOG_DATE_FAILED) {
        return;
    }
    /* A failure that was seen without its date gets it now. */
    bool was_seen = date == NULL && progress->undated[LOG_DATE_FAILED] > 0;
    if (was_seen && progress->date_count < LOG_DATES_MAX) {
        progress->undated[LOG_DATE_FAILED]--;
        insert_date(progress, day)->outcome = LOG_DATE_FAILED;
        return;
    }
    progress_settle(progress, day, LOG_DATE_FAILED, LOG_NOT_SAID, TEXT(""), false);
}
