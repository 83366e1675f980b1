#include "demo/processor_job.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

static const struct processor_job jobs[] = {
    {"player_game_summary",
     "PlayerGameSummaryProcessor",
     "player_game_summary",
     "records",
     JOB_ANALYTICS,
     JOB_PARALLEL_REAL,
     true,
     true,
     6.0,
     {"team_offense_game_summary"}},
    {"team_offense_game_summary",
     "TeamOffenseGameSummaryProcessor",
     "team_offense_game_summary",
     "records",
     JOB_ANALYTICS,
     JOB_PARALLEL_REAL,
     true,
     true,
     4.0,
     {NULL}},
    {"team_defense_game_summary",
     "TeamDefenseGameSummaryProcessor",
     "team_defense_game_summary",
     "records",
     JOB_ANALYTICS,
     JOB_PARALLEL_REAL,
     true,
     true,
     110.0,
     {NULL}},
    {"upcoming_player_game_context",
     "UpcomingPlayerGameContextProcessor",
     "upcoming_player_game_context",
     "players",
     JOB_UPCOMING,
     JOB_PARALLEL_REAL,
     false,
     true,
     16.0,
     {NULL}},
    {"upcoming_team_game_context",
     "UpcomingTeamGameContextProcessor",
     "upcoming_team_game_context",
     "teams",
     JOB_UPCOMING,
     JOB_PARALLEL_REAL,
     false,
     true,
     12.0,
     {NULL}},
    {"team_defense_zone_analysis",
     "TeamDefenseZoneAnalysisProcessor",
     "team_defense_zone_analysis",
     "teams processed",
     JOB_PRECOMPUTE,
     JOB_PARALLEL_IGNORED,
     true,
     true,
     13.0,
     {"team_defense_game_summary"}},
    {"player_shot_zone_analysis",
     "PlayerShotZoneAnalysisProcessor",
     "player_shot_zone_analysis",
     "players processed",
     JOB_PRECOMPUTE,
     JOB_PARALLEL_REFUSED,
     true,
     true,
     15.5,
     {"player_game_summary"}},
    {"player_composite_factors",
     "PlayerCompositeFactorsProcessor",
     "player_composite_factors",
     "players",
     JOB_PRECOMPUTE,
     JOB_PARALLEL_REAL,
     true,
     false,
     2.6,
     {"player_game_summary", "team_defense_zone_analysis", "player_shot_zone_analysis"}},
    {"player_daily_cache",
     "PlayerDailyCacheProcessor",
     "player_daily_cache",
     "players",
     JOB_PRECOMPUTE,
     JOB_PARALLEL_IGNORED,
     true,
     false,
     14.0,
     {"player_game_summary", "team_offense_game_summary"}},
    {"ml_feature_store",
     "MLFeatureStoreProcessor",
     "ml_feature_store_v2",
     "players",
     JOB_PRECOMPUTE,
     JOB_PARALLEL_IGNORED,
     true,
     false,
     10.5,
     {"team_defense_zone_analysis", "player_shot_zone_analysis", "player_composite_factors",
      "player_daily_cache"}},
};

const struct processor_job *processor_job_find(const char *script) {
    const char *slash = strrchr(script, '/');
    const char *file = slash != NULL ? slash + 1 : script;
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        size_t length = strlen(jobs[i].name);
        const char *suffix =
            jobs[i].style == JOB_PRECOMPUTE ? "_precompute_backfill.py" : "_analytics_backfill.py";
        if (strncmp(file, jobs[i].name, length) == 0 && strcmp(file + length, suffix) == 0) {
            return &jobs[i];
        }
    }
    return NULL;
}

static void write_line(const char *level, const char *logger, const char *format, va_list values)
    __attribute__((format(printf, 3, 0)));

static void write_line(const char *level, const char *logger, const char *format, va_list values) {
    char line[2048];
    int used = snprintf(line, sizeof line, "%s:%s:", level, logger);
    int more = vsnprintf(line + used, sizeof line - (size_t)used - 1, format, values);
    size_t size = (size_t)used + (more < 0 ? 0 : (size_t)more);
    if (size > sizeof line - 2) {
        size = sizeof line - 2;
    }
    line[size] = '\n';
    (void)file_write_all(STDERR_FILENO, line, size + 1);
}

void processor_log(const char *level, const char *format, ...) {
    va_list values;
    va_start(values, format);
    write_line(level, "__main__", format, values);
    va_end(values);
}

void processor_log_as(const char *level, const char *logger, const char *format, ...) {
    va_list values;
    va_start(values, format);
    write_line(level, logger, format, values);
    va_end(values);
}

/* argparse's way to refuse. */
static int refuse(const struct processor_arguments *arguments, const char *what,
                  const char *which) {
    const char *slash = strrchr(arguments->script, '/');
    const char *file = slash != NULL ? slash + 1 : arguments->script;
    (void)fprintf(
        stderr, "usage: %s [-h] [--start-date START_DATE] [--end-date END_DATE]\n%s: error: %s%s\n",
        file, file, what, which);
    return 2;
}

static bool refuse_date(struct text word) {
    processor_log("ERROR",
                  "Invalid date format: time data '%.*s' does not match format '%%Y-%%m-%%d'",
                  (int)word.size, word.size > 0 ? word.data : "");
    return false;
}

/* As in argparse, a second list takes the place of the first. */
static bool read_dates(const char *list, struct processor_arguments *arguments) {
    struct text rest = text_of(list);
    size_t capacity = 0;
    free(arguments->dates);
    arguments->dates = NULL;
    arguments->date_count = 0;
    while (rest.size > 0) {
        struct text word = text_trim(text_cut(&rest, ','));
        day_number day;
        if (!day_parse(word, &day) || arguments->date_count == JOB_DATES_LIMIT) {
            return refuse_date(word);
        }
        arguments->dates = memory_grow(arguments->dates, arguments->date_count, &capacity,
                                       sizeof *arguments->dates);
        arguments->dates[arguments->date_count++] = day;
    }
    return arguments->date_count > 0 || refuse_date(rest);
}

static bool is_switch(const char *flag, struct processor_arguments *arguments) {
    if (strcmp(flag, "--parallel") == 0) {
        arguments->parallel = true;
    } else if (strcmp(flag, "--skip-preflight") == 0) {
        arguments->skip_preflight = true;
    } else if (strcmp(flag, "--dry-run") == 0) {
        arguments->dry_run = true;
    } else {
        return strcmp(flag, "--no-resume") == 0;
    }
    return true;
}

/* A flag that the real job's parser does not know. */
static bool unknown_to(const struct processor_job *job, const char *flag) {
    bool concurrency = strcmp(flag, "--parallel") == 0 || strcmp(flag, "--workers") == 0;
    return (concurrency && job->parallel == JOB_PARALLEL_REFUSED) ||
           (strcmp(flag, "--skip-preflight") == 0 && job->style != JOB_PRECOMPUTE) ||
           (strcmp(flag, "--dates") == 0 && !job->takes_dates);
}

static int read_value(const char *flag, const char *value, struct processor_arguments *arguments) {
    int64_t number;
    if (strcmp(flag, "--start-date") == 0 || strcmp(flag, "--end-date") == 0) {
        day_number *day = flag[2] == 's' ? &arguments->range.from : &arguments->range.to;
        return day_parse(text_of(value), day) || refuse_date(text_of(value)) ? -1 : 1;
    }
    if (strcmp(flag, "--dates") == 0) {
        return read_dates(value, arguments) ? -1 : 1;
    }
    if (strcmp(flag, "--workers") == 0 && text_to_int64(text_of(value), &number) && number > 0 &&
        number < 1000) {
        arguments->workers = (int)number;
        return -1;
    }
    return refuse(arguments, "unrecognized arguments: ", flag);
}

int processor_arguments_read(const struct processor_job *job, int argc, char **argv,
                             struct processor_arguments *arguments) {
    *arguments = (struct processor_arguments){
        .script = argv[0], .range = {DAY_NONE, DAY_NONE}, .workers = 15};
    for (int i = 1; i < argc; i++) {
        if (unknown_to(job, argv[i])) {
            return refuse(arguments, "unrecognized arguments: ", argv[i]);
        }
        if (is_switch(argv[i], arguments)) {
            continue;
        }
        if (i + 1 == argc) {
            return refuse(arguments, "unrecognized arguments: ", argv[i]);
        }
        int code = read_value(argv[i], argv[i + 1], arguments);
        if (code != -1) {
            return code;
        }
        i++;
    }
    if (arguments->dates == NULL && arguments->range.from == DAY_NONE) {
        processor_log("ERROR", "--start-date is required for range processing");
        return 1;
    }
    if (arguments->range.to == DAY_NONE) {
        arguments->range.to = arguments->range.from;
    }
    return -1;
}
