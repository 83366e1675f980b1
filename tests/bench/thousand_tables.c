/* How soon a thousand tables are polled over 32 connections when every call takes 50 ms: the
 * measuring code of the agent, beside a bare loop of libcurl that sends as many calls to the same
 * server. The ideal is calls x latency / connections; at most 1.3 times that is allowed. Of three
 * rounds the best counts, on both sides: what else the machine does only ever adds. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/measure.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/bench/figures.h"
#include "tests/bench/slow_server.h"
#include "tests/support/program.h"

enum { TABLES = 1000, CONNECTIONS = 32, LATENCY_MS = 50, ROUNDS = 3, PATIENCE_MS = 120000 };

static const double allowed = 1.3;

static void must(bool good, const struct error *error) {
    if (!good) {
        (void)fprintf(stderr, "thousand_tables: %s\n", error->text);
        exit(EXIT_FAILURE);
    }
}

static const struct error no_curl = {.code = EXIT_SOFTWARE, .text = "libcurl does not start"};

/* ---- the peer -------------------------------------------------------------------------------- */

static size_t drop(char *data, size_t size, size_t count, void *context) {
    (void)data;
    (void)context;
    return size * count;
}

static CURL *add_call(CURLM *multi, const char *url) {
    CURL *easy = curl_easy_init();
    must(easy != NULL && curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop) == CURLE_OK &&
             curl_multi_add_handle(multi, easy) == CURLM_OK,
         &no_curl);
    return easy;
}

/* Takes the calls that ended, starting another for each while there are some left. */
static size_t take_ended(CURLM *multi, size_t *left) {
    static const struct error failed = {.code = EXIT_SOFTWARE, .text = "a call of the peer failed"};
    int queued;
    size_t ended = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &queued)) != NULL; ended++) {
        CURL *easy = message->easy_handle;
        must(message->data.result == CURLE_OK, &failed);
        (void)curl_multi_remove_handle(multi, easy);
        if (*left > 0) {
            --*left;
            must(curl_multi_add_handle(multi, easy) == CURLM_OK, &no_curl);
        } else {
            curl_easy_cleanup(easy);
        }
    }
    return ended;
}

/* Sends so many GETs of a table; returns the microseconds they take. */
static int64_t call_bare(const char *base, size_t calls) {
    char *url = memory_format("%s/bigquery/v2/projects/bench/datasets/d/tables/t", base);
    CURLM *multi = curl_multi_init();
    must(multi != NULL, &no_curl);
    size_t left = calls - CONNECTIONS;
    size_t ended = 0;
    int running;
    int64_t start = figure_now_us();
    for (size_t i = 0; i < CONNECTIONS; i++) {
        (void)add_call(multi, url);
    }
    while (ended < calls) {
        must(curl_multi_perform(multi, &running) == CURLM_OK, &no_curl);
        ended += take_ended(multi, &left);
        if (ended < calls) {
            must(curl_multi_poll(multi, NULL, 0, 1000, NULL) == CURLM_OK, &no_curl);
        }
    }
    int64_t took = figure_now_us() - start;
    (void)curl_multi_cleanup(multi);
    free(url);
    return took;
}

/* ---- phasegate ------------------------------------------------------------------------------- */

static void write_text(const char *directory, const char *name, const char *text) {
    struct error error = {0};
    char *path = memory_format("%s/%s", directory, name);
    must(file_write(path, text_of(text), &error), &error);
    free(path);
}

static struct pipeline *load_pipeline(const char *directory) {
    struct error error = {0};
    struct text_buffer text = {0};
    text_buffer_add(&text, "pipeline: thousand\nproject: bench\nlocation: US\ntimezone: UTC\n"
                           "range: {from: 2026-01-01, to: 2026-01-03}\n"
                           "expected: {query: due.sql}\ntables:\n");
    for (int i = 0; i < TABLES; i++) {
        text_buffer_format(&text, "  - {name: t%d, phase: one, table: d.t%d, date: day}\n", i, i);
    }
    write_text(directory, "pipeline.yaml", text.data);
    write_text(directory, "due.sql",
               "SELECT day, games FROM `{project}.d.due` WHERE day BETWEEN @from AND @to\n");
    write_text(directory, "coverage.sql",
               "SELECT {date} AS day, COUNT(*) AS row_count FROM `{table}`\n"
               "WHERE {date} BETWEEN @from AND @to GROUP BY day\n");
    char *path = memory_format("%s/pipeline.yaml", directory);
    struct pipeline *pipeline = pipeline_load(path, &error);
    must(pipeline != NULL, &error);
    text_buffer_free(&text);
    free(path);
    return pipeline;
}

/* Polls every table; returns the microseconds until the last answer. */
static int64_t poll_all(struct measure *measure, const struct pipeline *pipeline,
                        enum measure_manner manner, enum measure_outcome outcome) {
    static const struct error silent = {.code = EXIT_SOFTWARE, .text = "a poll did not end"};
    struct day_range range = pipeline_range(pipeline, clock_wall_ms(clock_system()));
    int64_t start = figure_now_us();
    for (size_t i = 0; i < TABLES; i++) {
        measure_start(measure, (struct measure_target){MEASURE_TABLE, i, 0}, range, manner, false);
    }
    for (size_t i = 0; i < TABLES; i++) {
        struct measure_answer answer;
        must(measure_next(measure, PATIENCE_MS, &answer), &silent);
        must(answer.outcome == outcome, &answer.error);
        free(answer.counts);
    }
    return figure_now_us() - start;
}

/* ---- figures --------------------------------------------------------------------------------- */

static bool show(const char *name, int64_t took_us, size_t calls, int64_t peer_us) {
    double ideal_ms = (double)calls * LATENCY_MS / CONNECTIONS;
    struct figure figure = {
        .name = name,
        .unit = "ms",
        .value = (double)took_us / 1000,
        .budget = ideal_ms * allowed,
        .peer = "bare libcurl",
        .peer_value = (double)peer_us / 1000,
    };
    bool kept = figure_print(&figure);
    (void)printf("  calls: %zu; ideal: %.0f ms; of that: %.3f times, bare libcurl %.3f times\n",
                 calls, ideal_ms, figure.value / ideal_ms, figure.peer_value / ideal_ms);
    return kept;
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Rounds of polls, each followed by as many bare calls. */
static bool measure_rounds(struct slow_server *server, struct measure *measure,
                           const struct pipeline *pipeline, enum measure_manner manner) {
    static const struct error other = {.code = EXIT_SOFTWARE, .text = "the peer's calls differ"};
    bool paid = manner == MEASURE_FORCED;
    int64_t took = INT64_MAX;
    int64_t peer = INT64_MAX;
    struct slow_server_usage usage = {0};
    size_t connections = 0;
    (void)slow_server_usage(server);
    for (int round = 0; round < ROUNDS; round++) {
        took = least(
            took, poll_all(measure, pipeline, manner, paid ? MEASURE_COUNTED : MEASURE_CONFIRMED));
        usage = slow_server_usage(server);
        connections = usage.connections > connections ? usage.connections : connections;
        peer = least(peer, call_bare(slow_server_url(server), usage.requests));
        must(slow_server_usage(server).requests == usage.requests, &other);
    }
    bool kept = show(paid ? "1000 tables counted anew" : "1000 tables confirmed by free checks",
                     took, usage.requests, peer);
    struct figure opened = {"  connections", "", (double)connections, CONNECTIONS, NULL, 0};
    return (connections == 0 || figure_print(&opened)) && kept;
}

int main(void) {
    struct error error = {0};
    must(clock_setup("UTC", &error), &error);
    must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, &no_curl);
    char *directory = program_directory();
    struct pipeline *pipeline = load_pipeline(directory);
    struct slow_server *server = slow_server_start(LATENCY_MS);
    struct measure *measure =
        measure_new(pipeline, slow_server_url(server), clock_system(), &error);
    must(measure != NULL, &error);
    bool kept = measure_rounds(server, measure, pipeline, MEASURE_FORCED);
    kept = measure_rounds(server, measure, pipeline, MEASURE_SPARING) && kept;
    measure_free(measure);
    slow_server_stop(server);
    pipeline_free(pipeline);
    program_remove_directory(directory);
    curl_global_cleanup();
    return kept ? EXIT_SUCCESS : EXIT_FAILURE;
}
