/* Classify: prefixes, kinds, user-defined sets, and the sieve in front of the expressions. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "logs/needles.h"
#include "support.h"

static struct log_event classify(struct log_classifier *classifier, const char *line) {
    struct log_event event;
    log_classify(classifier, text_of(line), &event);
    return event;
}

Test(classify, reads_both_prefixes)
{
    struct log_classifier *classifier = support_classifier();
    struct log_event event = classify(classifier, "WARNING:shared.utils.x_1:text: more");
    cr_expect_eq(event.level, LOG_LEVEL_WARNING);
    cr_expect(text_is(event.logger, "shared.utils.x_1"));
    cr_expect(text_is(event.message, "text: more"));
    event = classify(classifier, "2026-01-05 08:34:11,123 - CRITICAL - a - b");
    cr_expect_eq(event.level, LOG_LEVEL_CRITICAL);
    cr_expect(text_is(event.message, "a - b"));
    event = classify(classifier, "2026-01-05 08:34:11.123 - __main__ - DEBUG - a");
    cr_expect_eq(event.level, LOG_LEVEL_DEBUG);
    cr_expect(text_is(event.logger, "__main__"));
    event = classify(classifier, "\x1b[31mERROR:a:b\x1b[0m\r");
    cr_expect(event.prefixed && text_is(event.message, "b"));
    log_classifier_free(classifier);
}

Test(classify, takes_nothing_else_for_a_prefix)
{
    static const char *const lines[] = {"",
                                        "INFO",
                                        "INFO:",
                                        "INFORM:a:b",
                                        "info:a:b",
                                        "2026-01-05 08:34:11,123 - LOUD - a",
                                        "2026-01-05 08:34:11,123",
                                        "ValueError: INFO:a:b"};
    struct log_classifier *classifier = support_classifier();
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct log_event event = classify(classifier, lines[i]);
        cr_expect_not(event.prefixed, "%s", lines[i]);
        cr_expect(text_is(event.message, lines[i]));
    }
    log_classifier_free(classifier);
}

/* What programs write. The message is what patterns see. */
static const struct {
    const char *line;
    enum log_level level;
    const char *message;
} prefixes[] = {
    {"2024-01-04T05:06:07.123Z INFO ✓ done", LOG_LEVEL_INFO, "✓ done"},
    {"2024-01-04T05:06:07.123+02:00 ERROR ✗ Failed: x", LOG_LEVEL_ERROR, "✗ Failed: x"},
    {"2024-01-04 05:06:07 ERROR ✗ Failed: x", LOG_LEVEL_ERROR, "✗ Failed: x"},
    {"2024/01/04 05:06:07 [error] 12#12: *1 open() failed", LOG_LEVEL_ERROR,
     "12#12: *1 open() failed"},
    {"2024-01-04 05:06:07,123 [main] ERROR com.acme.Load - no rows", LOG_LEVEL_ERROR, "no rows"},
    {"2024-01-04 05:06:07,123 ERROR [main] com.acme.Load - no rows", LOG_LEVEL_ERROR, "no rows"},
    {"2024-01-04 05:06:07,123 root ERROR no rows", LOG_LEVEL_ERROR, "no rows"},
    {"2024-01-04 05:06:07.123 UTC [77] FATAL:  the database system is shutting down",
     LOG_LEVEL_CRITICAL, " the database system is shutting down"},
    {"05:06:07 WARN  no rows", LOG_LEVEL_WARNING, "no rows"},
    {"1704344767123 ERROR ✗ Failed: x", LOG_LEVEL_ERROR, "✗ Failed: x"},
    {"1704344767.5\tINFO\tmain.go:12\tdone", LOG_LEVEL_INFO, "main.go:12\tdone"},
    {"[2024-01-04 05:06:07,123] {taskinstance.py:1824} ERROR - ✗ Failed: x", LOG_LEVEL_ERROR,
     "✗ Failed: x"},
    {"[2024-01-04T05:06:07.123+0000] {taskinstance.py:1824} WARNING -   ✗ x", LOG_LEVEL_WARNING,
     "  ✗ x"},
    {"2024-01-04 05:06:07.123 | ERROR    | __main__:<module>:12 - ✗ Failed: x", LOG_LEVEL_ERROR,
     "✗ Failed: x"},
    {"[01/04/24 05:06:07] ERROR    ✗ Failed: x                    run.py:13", LOG_LEVEL_ERROR,
     "✗ Failed: x"},
    {"                    WARNING  no rows                        run.py:14", LOG_LEVEL_WARNING,
     "no rows"},
    {"Jan  4 05:06:07 host prog[12]: ERROR ✗ Failed: x", LOG_LEVEL_ERROR, "✗ Failed: x"},
    {"E0104 05:06:07.123456   12 main.cc:10] ✗ Failed: x", LOG_LEVEL_ERROR, "✗ Failed: x"},
    {"F0104 05:06:07.123456   12 main.cc:10] gone", LOG_LEVEL_CRITICAL, "gone"},
    {"{\"severity\":\"ERROR\",\"time\":1704344767.1,\"message\":\"✗ Failed: x\"}", LOG_LEVEL_ERROR,
     "✗ Failed: x"},
    {"{\"event\": \"a \\\"b\\\"\\u00e9\\n\", \"deep\": {\"level\": \"debug\"}, \"level\": "
     "\"error\"}",
     LOG_LEVEL_ERROR, "a \"b\"é "},
    {"{\"level\":50,\"msg\":\"pino\"}", LOG_LEVEL_ERROR, "pino"},
    {"{\"levelno\":40,\"msg\":\"python\"}", LOG_LEVEL_ERROR, "python"},
    {"{\"@level\":\"warn\",\"@message\":\"go\"}", LOG_LEVEL_WARNING, "go"},
    {"time=\"2024-01-04T05:06:07Z\" level=error msg=\"no rows\" day=x", LOG_LEVEL_ERROR, "no rows"},
    {"ERRO[0012] no rows", LOG_LEVEL_ERROR, "no rows"},
    {"ERROR: no rows", LOG_LEVEL_ERROR, "no rows"},
    {"ERROR:no rows", LOG_LEVEL_ERROR, "no rows"},
    {"WARNING - no rows", LOG_LEVEL_WARNING, "no rows"},
    {"[ERROR] no rows", LOG_LEVEL_ERROR, "no rows"},
    {"CRITICAL no rows", LOG_LEVEL_CRITICAL, "no rows"},
};

Test(classify, reads_the_prefixes_that_programs_write)
{
    struct log_classifier *classifier = support_classifier();
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        struct log_event event = classify(classifier, prefixes[i].line);
        cr_expect(event.prefixed, "%s", prefixes[i].line);
        cr_expect_eq(event.level, prefixes[i].level, "%s", prefixes[i].line);
        cr_expect(text_is(event.message, prefixes[i].message), "%s: \"%.*s\"", prefixes[i].line,
                  (int)event.message.size, event.message.data);
    }
    log_classifier_free(classifier);
}

Test(classify, takes_no_sentence_or_date_for_a_prefix)
{
    static const char *const lines[] = {
        "2024-01-04: ERROR in the list",
        "2024-01-04 has 3 ERROR rows",
        "05:06:07 Could not find the ERROR table",
        "2024-01-04 05:06:07 The batch had no ERROR at all",
        "12 ERROR rows",
        "1704344767 rows",
        "[1, 2, 3]",
        "{'level': 'ERROR'}",
        "{\"rows\": 3}",
        "{\"level\": \"error\"",
        "ERRORS: 3",
        "Errors: 3",
        "Jan 4 was a Thursday",
        "E0104 is a code",
        "    ERROR: within a traceback",
        "level of detail=error",
    };
    struct log_classifier *classifier = support_classifier();
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct log_event event = classify(classifier, lines[i]);
        cr_expect_not(event.prefixed, "%s", lines[i]);
        cr_expect_eq(event.level, LOG_LEVEL_NONE, "%s", lines[i]);
    }
    log_classifier_free(classifier);
}

Test(classify, raises_the_level_of_what_tools_print_within_a_record)
{
    struct log_classifier *classifier = support_classifier();
    struct log_event event = classify(classifier, "Error: no such option: --form");
    cr_expect_eq(event.level, LOG_LEVEL_ERROR);
    cr_expect_not(event.prefixed);
    cr_expect_eq(classify(classifier, "fatal: not a git repository").level, LOG_LEVEL_CRITICAL);
    cr_expect_eq(classify(classifier, "Traceback (most recent call last):").level, LOG_LEVEL_ERROR);
    log_classifier_free(classifier);
}

/* Sets were written for the whole of lines whose prefix nobody read. */
Test(classify, shows_a_whole_line_to_patterns_that_want_it)
{
    static const struct log_pattern patterns[] = {
        {"mine", LOG_OK_DATED, LOG_LEVEL_NONE, "^SUCCESS: (?<day>[0-9-]+)"}};
    struct log_classifier *classifier = log_classifier_new(patterns, 1, NULL);
    struct log_event event = classify(classifier, "SUCCESS: 2024-01-04");
    cr_expect_eq(event.kind, LOG_OK_DATED);
    cr_expect_eq(event.day, day_from_civil(2024, 1, 4));
    log_classifier_free(classifier);
}

/* One line for every kind of the built-in set. */
static const struct {
    const char *line;
    enum log_kind kind, mark;
} kinds[] = {
    {"INFO:a:Processing game date 3/59: 2021-11-01", LOG_POSITION, LOG_OTHER},
    {"INFO:a:  ✓ Success: 1,214 records from 9 games", LOG_OK_CURRENT, LOG_OTHER},
    {"INFO:a:  ✓ Success: 0 teams processed", LOG_ZERO_CURRENT, LOG_OTHER},
    {"INFO:a:  ✓ 2022-02-01: 214 records", LOG_OK_DATED, LOG_OTHER},
    {"INFO:a:  ✓ 2022-02-01: 0 players", LOG_ZERO_DATED, LOG_OTHER},
    {"INFO:a:✅ 2022-03-01: Processed 0 players (3 failed)", LOG_ZERO_DATED, LOG_OTHER},
    {"INFO:a:2021-11-11: success", LOG_OK_DATED, LOG_OTHER},
    {"INFO:a:  ⏭ Skipped: bootstrap period", LOG_SKIP_CURRENT, LOG_OTHER},
    {"INFO:a:  ⏭ 2021-10-25: bootstrap period", LOG_SKIP_DATED, LOG_OTHER},
    {"INFO:a:2021-10-25: skipped_bootstrap", LOG_SKIP_DATED, LOG_OTHER},
    {"ERROR:a:  ✗ Failed: 2021-11-03", LOG_FAIL_DATED, LOG_OTHER},
    {"ERROR:a:  ✗ Failed: Unknown", LOG_FAIL_CURRENT, LOG_OTHER},
    {"ERROR:a:  ✗ Exception: 403 Quota exceeded: Your table", LOG_FAIL_CURRENT, LOG_QUOTA},
    {"ERROR:a:Exception during processing: x", LOG_FAIL_CURRENT, LOG_OTHER},
    {"INFO:a:PROGRESS: 10/12 days (83.3%)", LOG_PROGRESS, LOG_OTHER},
    {"INFO:a:Estimated completion time: 7.5 hours", LOG_IGNORED, LOG_OTHER},
    {"📊 Checkpoint Summary:", LOG_CHECKPOINT_SUMMARY, LOG_OTHER},
    {"INFO:a:   Successful: 0", LOG_OTHER, LOG_OTHER},
    {"INFO:a:  Successful: 11", LOG_REPORTED, LOG_OTHER},
    {"INFO:a:PARALLEL BACKFILL COMPLETE", LOG_TOTALS, LOG_OTHER},
    {"INFO:a:PHASE 4 BACKFILL SUMMARY - X:", LOG_TOTALS, LOG_OTHER},
    {"ERROR:analytics_base:AnalyticsProcessorBase Error: No data", LOG_CAUSE, LOG_OTHER},
    {"INFO:precompute_base:   INSUFFICIENT_DATA: 30 (expected - data quality)", LOG_CAUSE,
     LOG_OTHER},
    {"Traceback (most recent call last):", LOG_TRACEBACK, LOG_OTHER},
    {"INFO:a:Player processing progress: 50/389 | Rate: 10.6", LOG_INNER_PROGRESS, LOG_OTHER},
    {"INFO:a:✅ MERGE completed: 166 rows affected", LOG_ROWS_WRITTEN, LOG_OTHER},
    {"WARNING:a:429 Exceeded rate limits", LOG_QUOTA, LOG_QUOTA},
    {"WARNING:a:Failed to write circuit state to BigQuery: 429 Exceeded rate limits",
     LOG_QUOTA_METADATA, LOG_QUOTA_METADATA},
    {"ERROR:a:400 Could not serialize access to table t due to concurrent update", LOG_CONFLICT,
     LOG_CONFLICT},
    {"WARNING:a:⚠️ Delete blocked by streaming buffer", LOG_ROWS_LOST, LOG_ROWS_LOST},
    {"INFO:a:No games scheduled on 2021-11-25, skipping", LOG_NOT_SCHEDULED, LOG_NOT_SCHEDULED},
    {"INFO:a:⏭️  Skipping 2021-10-20: early season period (day 0-13 of season 2021). Regular",
     LOG_NOT_SCHEDULED, LOG_NOT_SCHEDULED},
    {"ERROR:a:Completeness check for l10 failed: Timeout of 600.0s exceeded", LOG_HANG, LOG_HANG},
    {"WARNING:a:   PROCESSING_ERROR: 3 ⚠️ INVESTIGATE", LOG_BUG, LOG_BUG},
    {"INFO:a:   PROCESSING_ERROR: 0", LOG_OTHER, LOG_OTHER},
    {"INFO:a:Failure breakdown: {'INSUFFICIENT_DATA': 2, 'PROCESSING_ERROR': 1}", LOG_BUG, LOG_BUG},
    {"CRITICAL:a:Circuit breaker OPENED: x", LOG_BREAKER, LOG_BREAKER},
    {"nohup: ignoring input", LOG_OTHER, LOG_OTHER},
    {"INFO:a:anything else", LOG_OTHER, LOG_OTHER},
};

Test(classify, knows_every_kind_of_line)
{
    struct log_classifier *classifier = support_classifier();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct log_event event = classify(classifier, kinds[i].line);
        cr_expect_eq(event.kind, kinds[i].kind, "%s: %s", kinds[i].line, log_kind_name(event.kind));
        cr_expect_eq(event.mark, kinds[i].mark, "%s: %s", kinds[i].line, log_kind_name(event.mark));
    }
    log_classifier_free(classifier);
}

/* The sieve may never change an answer: a set of the same expressions from which no literal can be
 * read gives the same ones. */
Test(classify, answers_as_it_would_without_its_sieve)
{
    static const char *const fixtures[] = {
        "pgs-sequential", "pcf-parallel",    "mlfs-sequential", "pcf-dates",
        "incident-quota", "asctime-wrapped", "upgc-sequential", "incident-rows-lost"};
    size_t count = 0;
    const struct log_pattern *patterns = log_patterns_builtin("python-backfill", &count);
    struct log_pattern *slow = memory_new(count, sizeof *slow);
    char **expressions = memory_new(count, sizeof *expressions);
    for (size_t i = 0; i < count; i++) {
        slow[i] = patterns[i];
        expressions[i] = memory_format("%s|(?!)", patterns[i].regex);
        slow[i].regex = expressions[i];
    }
    struct log_classifier *quick = support_classifier();
    struct log_classifier *plain = log_classifier_new(slow, count, NULL);
    for (size_t i = 0; i < sizeof fixtures / sizeof fixtures[0]; i++) {
        struct text_buffer content = support_fixture(fixtures[i]);
        struct text rest = {content.data, content.size};
        while (rest.size > 0) {
            struct log_event a;
            struct log_event b;
            struct text line = text_cut(&rest, '\n');
            log_classify(quick, line, &a);
            log_classify(plain, line, &b);
            cr_assert(a.kind == b.kind && a.level == b.level && a.pattern != NULL
                          ? strcmp(a.pattern, b.pattern) == 0
                          : a.pattern == b.pattern,
                      "%.*s: %s, %s", (int)line.size, line.data, a.pattern, b.pattern);
        }
        text_buffer_free(&content);
    }
    for (size_t i = 0; i < count; i++) {
        free(expressions[i]);
    }
    free(expressions);
    free(slow);
    log_classifier_free(quick);
    log_classifier_free(plain);
}

Test(classify, fills_the_fields)
{
    struct log_classifier *classifier = support_classifier();
    struct log_event event = classify(classifier, "INFO:a:Processing day 4/1,100: 2021-11-02");
    cr_expect_eq(event.position, 4);
    cr_expect_eq(event.total, 1100);
    cr_expect_eq(event.day, day_from_civil(2021, 11, 2));
    cr_expect(text_is(event.entity, "day"));
    event = classify(classifier, "ERROR:a:❌ 2022-03-03: Exception - 403 x");
    cr_expect(text_is(event.reason, "403 x"));
    cr_expect_eq(event.rows, LOG_NOT_SAID);
    event = classify(classifier, "INFO:a:  ✓ Success: 99999999999999999999 teams");
    cr_expect_eq(event.rows, LOG_NOT_SAID, "a number beyond measure is not said");
    event = classify(classifier, "INFO:a:  ✓ 2022-02-30: 5 teams");
    cr_expect_eq(event.day, DAY_NONE);
    log_classifier_free(classifier);
}

Test(classify, builds_sets_of_the_user)
{
    static const struct log_pattern set[] = {
        {"done", LOG_OK_DATED, LOG_LEVEL_NONE, "^done (?<day>[0-9-]{10}) rows=(?<rows>[0-9]+)"},
        {"bad", LOG_FAIL_DATED, LOG_LEVEL_ERROR, "(?i)failure.*(?<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"},
        {"short", LOG_HANG, LOG_LEVEL_NONE, "x|yy"},
    };
    struct error error = {0};
    struct log_classifier *classifier = log_classifier_new(set, 3, &error);
    cr_assert_not_null(classifier, "%s", error.text);
    cr_expect_eq(classify(classifier, "done 2022-02-01 rows=7").rows, 7);
    struct log_event event = classify(classifier, "total FAILURE on 2022-02-02");
    cr_expect_eq(event.kind, LOG_FAIL_DATED);
    cr_expect_eq(event.level, LOG_LEVEL_ERROR);
    cr_expect_str_eq(event.pattern, "bad");
    cr_expect_eq(classify(classifier, "a yy").kind, LOG_HANG);
    cr_expect_eq(classify(classifier, "aaa").kind, LOG_OTHER);
    log_classifier_free(classifier);
}

Test(classify, says_what_is_wrong_with_a_pattern)
{
    static const struct log_pattern set[] = {{"mine", LOG_HANG, LOG_LEVEL_NONE, "abc(def"}};
    struct error error = {0};
    cr_expect_null(log_classifier_new(set, 1, &error));
    cr_expect_eq(error.code, EXIT_CONFIG);
    cr_expect_not_null(strstr(error.text, "\"mine\""));
    cr_expect_not_null(strstr(error.text, "offset 7"));
    cr_expect_null(log_classifier_builtin("ruby", &error));
    cr_expect_not_null(strstr(error.text, "python-backfill"));
}

Test(classify, survives_a_pattern_that_explodes)
{
    static const struct log_pattern set[] = {{"slow", LOG_HANG, LOG_LEVEL_NONE, "(a+)+$"}};
    struct log_classifier *classifier = log_classifier_new(set, 1, NULL);
    char line[4096];
    memset(line, 'a', sizeof line);
    line[sizeof line - 2] = 'b';
    line[sizeof line - 1] = '\0';
    cr_expect_eq(classify(classifier, line).kind, LOG_OTHER);
    log_classifier_free(classifier);
}

Test(classify, looks_at_a_bounded_part_of_a_line)
{
    struct log_classifier *classifier = support_classifier();
    struct text_buffer line = {0};
    text_buffer_add(&line, "INFO:a:");
    for (int i = 0; i < LOG_CLASSIFY_BYTES; i++) {
        text_buffer_add(&line, "z");
    }
    text_buffer_add(&line, "Quota exceeded");
    cr_expect_eq(classify(classifier, line.data).kind, LOG_OTHER);
    text_buffer_free(&line);
    log_classifier_free(classifier);
}

Test(classify, names_kinds_and_levels)
{
    enum log_kind kind = LOG_OTHER;
    enum log_level level = LOG_LEVEL_NONE;
    for (int i = 0; i < LOG_KIND_COUNT; i++) {
        cr_assert(log_kind_parse(text_of(log_kind_name((enum log_kind)i)), &kind));
        cr_expect_eq(kind, (enum log_kind)i);
    }
    cr_expect_not(log_kind_parse(TEXT("nothing"), &kind));
    cr_expect(log_level_parse(TEXT("Warning"), &level) && level == LOG_LEVEL_WARNING);
    cr_expect_not(log_level_parse(TEXT(""), &level));
}

/* What can be known without a regular expression. */
static const struct {
    const char *regex, *literal;
    enum needle_place place;
} literals[] = {
    {"^ *✓ Success: ([0-9]+)", "✓ Success: ", NEEDLE_START},
    {"^ {2}Failed: (?<failed>x)$", "Failed: ", NEEDLE_START},
    {"^⚠️ +Pre-flight", "⚠️ ", NEEDLE_START},
    {"^(?<day>[0-9-]{10}): success$", ": success", NEEDLE_INSIDE},
    {"Quota exceeded", "Quota exceeded", NEEDLE_INSIDE},
    {"(?:A|B) SUMMARY", " SUMMARY", NEEDLE_INSIDE},
    {"abc?de", "ab", NEEDLE_INSIDE},
    {"^abc?defg", "ab", NEEDLE_START},
    {"^a?bcd", "bcd", NEEDLE_INSIDE},
    {"ab{0,3}cde", "cde", NEEDLE_INSIDE},
    {"a\\.b\\(c", "a.b(c", NEEDLE_INSIDE},
    {"abc|def", "", NEEDLE_NOWHERE},
    {"(?i)abc", "", NEEDLE_NOWHERE},
    {"(?:abc)?", "", NEEDLE_NOWHERE},
    {"\\x41bcd", "", NEEDLE_NOWHERE},
    {"[abc]+", "", NEEDLE_NOWHERE},
    {"[]x]yz[[:alpha:]]", "yz", NEEDLE_INSIDE},
    {"\\Qa.b\\E", "", NEEDLE_NOWHERE},
    {"x", "", NEEDLE_NOWHERE},
    {"", "", NEEDLE_NOWHERE},
};

Test(needles, reads_the_literal_off_an_expression)
{
    for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
        char out[NEEDLE_SIZE_MAX];
        size_t size = 0;
        enum needle_place place = needle_of_regex(literals[i].regex, out, &size);
        cr_expect_eq(place, literals[i].place, "%s", literals[i].regex);
        cr_expect(text_is((struct text){out, size}, literals[i].literal), "%s: %.*s",
                  literals[i].regex, (int)size, out);
    }
}

Test(needles, finds_what_is_there_and_nothing_else)
{
    static const char *const words[] = {"ab", "abc", "bcab", "cc", "bbbb", "acacb"};
    enum { WORDS = sizeof words / sizeof words[0] };
    struct needles *needles = memory_new(1, sizeof *needles);
    uint64_t state = 7;
    for (unsigned i = 0; i < WORDS; i++) {
        needles_add(needles, text_of(words[i]), i * 25);
    }
    needles_prepare(needles);
    for (int round = 0; round < 20000; round++) {
        char text[24] = "";
        size_t size = (size_t)round % (sizeof text - 1);
        for (size_t i = 0; i < size; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            text[i] = (char)('a' + (state >> 60) % 3);
        }
        struct needle_set found = {{0}};
        needles_find(needles, (struct text){text, size}, &found);
        for (unsigned i = 0; i < WORDS; i++) {
            bool there = (found.words[i * 25 / 64] >> i * 25 % 64 & 1) != 0;
            cr_assert_eq(there, strstr(text, words[i]) != NULL, "%s in %s", words[i], text);
        }
    }
    free(needles);
}
