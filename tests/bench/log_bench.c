/* How fast lines are classified, to be compared with grep on the same file and patterns.
 *
 *   log_bench FILE          classifies every line; prints lines, MB/s and lines by kind
 *   log_bench --patterns    prints the alternation of the built-in set as one ERE, for
 *                           LC_ALL=C grep -E -c -f <(log_bench --patterns) FILE
 *   log_bench --generate MB writes a log in the formats of the fixtures to standard output */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "logs/classify.h"
#include "logs/follow.h"

#define FILL_BYTES (1 << 20)

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int classify_file(const char *path) {
    struct error error = {0};
    struct log_classifier *classifier = log_classifier_builtin("python-backfill", &error);
    struct log_follow *follow = log_follow_new(path, NULL);
    uint64_t kinds[LOG_KIND_COUNT] = {0};
    uint64_t lines = 0;
    uint64_t bytes = 0;
    double start = now();
    while (classifier != NULL && log_follow_fill(follow, FILL_BYTES, &error) == LOG_FOLLOW_NEW) {
        struct log_line line;
        struct log_event event;
        while (log_follow_line(follow, &line)) {
            log_classify(classifier, line.text, &event);
            kinds[event.kind]++;
            lines++;
            bytes += line.text.size + 1;
        }
    }
    double seconds = now() - start;
    if (lines == 0) {
        fprintf(stderr, "log_bench: nothing read from %s: %s\n", path, error.text);
    } else {
        printf("%.3f s  %.0f lines/s  %.0f MB/s\n", seconds, (double)lines / seconds,
               (double)bytes / 1e6 / seconds);
        for (size_t i = 0; i < LOG_KIND_COUNT; i++) {
            if (kinds[i] > 0) {
                printf("%10lu %s\n", (unsigned long)kinds[i], log_kind_name((enum log_kind)i));
            }
        }
    }
    log_follow_free(follow);
    log_classifier_free(classifier);
    return lines == 0;
}

/* PCRE2 to ERE: group names and non-capturing groups go, lookaheads become what they look for, "^"
 * stands behind any prefix. Which lines match stays the same but for that. */
static void print_ere(const char *regex) {
    static const char prefix[] = "^((DEBUG|INFO|WARNING|ERROR|CRITICAL):[A-Za-z0-9_.]+:)?";
    if (*regex == '^') {
        fputs(prefix, stdout);
        regex++;
    }
    for (; *regex != '\0'; regex++) {
        if (regex[0] == '(' && regex[1] == '?') {
            const char *end = regex[2] == '<' ? strchr(regex, '>') : regex + 2;
            putchar('(');
            regex = end;
        } else if (regex[0] == '\\' && regex[1] == 'w') {
            fputs("[A-Za-z0-9_]", stdout);
            regex++;
        } else {
            putchar(*regex);
        }
    }
    putchar('\n');
}

static int print_patterns(void) {
    size_t count = 0;
    const struct log_pattern *patterns = log_patterns_builtin("python-backfill", &count);
    for (size_t i = 0; i < count; i++) {
        print_ere(patterns[i].regex);
    }
    return 0;
}

/* What a date of a Phase 4 run logs, mostly chatter: the proportions of real logs. */
static void generate_date(unsigned date) {
    unsigned year = 2021 + date / 336 % 5;
    unsigned month = 1 + date / 28 % 12;
    unsigned day = 1 + date % 28;
    printf("INFO:__main__:Processing game date %u/848: %04u-%02u-%02u\n", date % 848 + 1, year,
           month, day);
    printf("INFO:precompute_base:Run started for PlayerCompositeFactorsProcessor with options "
           "{'analysis_date': '%04u-%02u-%02u', 'backfill_mode': True}\n",
           year, month, day);
    puts("INFO:precompute_base:🔄 BACKFILL MODE ACTIVE: Completeness checks will be SKIPPED. "
         "Active flags: backfill_mode");
    for (unsigned player = 50; player <= 350; player += 50) {
        printf("INFO:data_processors.precompute.player_composite_factors.worker:Player processing "
               "progress: %u/389 | Rate: 10.6 players/sec | ETA: 0.5min\n",
               player);
        printf("INFO:data_processors.precompute.player_composite_factors.worker:Query for batch %u "
               "returned %u rows in 1.2s\n",
               player / 50, player * 3);
    }
    puts("INFO:precompute_base:✅ Loaded 166 rows into temp table");
    puts("INFO:precompute_base:Executing MERGE on primary keys: game_date, player_lookup");
    puts("INFO:precompute_base:PRECOMPUTE_STEP Precompute processor completed in 33.4s");
    if (date % 50 == 49) {
        puts("ERROR:__main__:  ✗ Exception: 403 Quota exceeded: Your table exceeded quota for "
             "Number of partition modifications to a column partitioned table");
    } else {
        puts("INFO:__main__:  ✓ Success: 207 players");
    }
}

static int generate(long megabytes) {
    for (unsigned date = 0; ftell(stdout) < megabytes * 1000000; date++) {
        generate_date(date);
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--patterns") == 0) {
        return print_patterns();
    }
    if (argc == 3 && strcmp(argv[1], "--generate") == 0) {
        return generate(strtol(argv[2], NULL, 10));
    }
    if (argc == 2) {
        return classify_file(argv[1]);
    }
    fprintf(stderr, "usage: log_bench FILE | --patterns | --generate MEGABYTES\n");
    return EXIT_USAGE;
}
