/* Faults on order, and a night of requests. */
#include <criterion/criterion.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "server_fixture.h"

static const char query[] = "{\"query\":\"SELECT 1\",\"useLegacySql\":false}";

static void order(struct emulator *emulator, const char *fault) {
    struct error error = {0};
    cr_assert(emulator_add_fault(emulator, fault, &error), "%s", error.text);
}

static struct answer ask(struct emulator *emulator) {
    return server_ask(emulator, "POST", "/projects/p/queries", query);
}

Test(server_faults, the_next_requests_answer_any_reason_and_code)
{
    const struct {
        const char *fault;
        long code;
        const char *reason, *status, *domain;
    } faults[] = {
        {"{\"fault\":\"error\",\"times\":1,\"reason\":\"rateLimitExceeded\"}", 403,
         "rateLimitExceeded", "PERMISSION_DENIED", "usageLimits"},
        {"{\"fault\":\"error\",\"times\":1,\"reason\":\"rateLimitExceeded\",\"code\":429}", 429,
         "rateLimitExceeded", "PERMISSION_DENIED", "usageLimits"},
        {"{\"fault\":\"error\",\"times\":1,\"reason\":\"authError\"}", 401, "authError",
         "UNAUTHENTICATED", "global"},
        {"{\"fault\":\"error\",\"times\":1,\"reason\":\"jobRateLimitExceeded\"}", 400,
         "jobRateLimitExceeded", "INVALID_ARGUMENT", "global"},
        {"{\"fault\":\"error\",\"times\":1}", 503, "backendError", "UNAVAILABLE", "global"},
    };
    struct emulator *emulator = server_start(NULL);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        order(emulator, faults[i].fault);
        struct answer answer = ask(emulator);
        cr_expect_eq(answer.code, faults[i].code);
        cr_expect_str_eq(reason_of(answer.json), faults[i].reason);
        cr_expect_str_eq(at(answer.json, "/error/status"), faults[i].status);
        cr_expect_str_eq(at(answer.json, "/error/errors/0/domain"), faults[i].domain);
        answer_free(&answer);
        answer = ask(emulator);
        cr_expect_eq(answer.code, 200, "only one request is struck");
        answer_free(&answer);
    }
    emulator_stop(emulator);
}

Test(server_faults, proxies_resets_and_broken_bodies)
{
    struct emulator *emulator = server_start(NULL);
    order(emulator, "{\"fault\":\"html\",\"times\":1}");
    struct answer answer = ask(emulator);
    cr_expect_eq(answer.code, 502);
    cr_expect_not_null(strstr(answer.type, "text/html"));
    cr_expect_null(answer.json);
    answer_free(&answer);
    order(emulator, "{\"fault\":\"reset\",\"times\":1}");
    answer = ask(emulator);
    cr_expect_eq(answer.curl, CURLE_RECV_ERROR, "a reset, got %d", answer.curl);
    answer_free(&answer);
    order(emulator, "{\"fault\":\"truncate\",\"times\":1}");
    answer = ask(emulator);
    cr_expect_eq(answer.curl, CURLE_PARTIAL_FILE, "a short body, got %d", answer.curl);
    answer_free(&answer);
    order(emulator, "{\"fault\":\"empty\",\"times\":1}");
    answer = ask(emulator);
    cr_expect_eq(answer.code, 200);
    cr_expect_str_eq(answer.text, "");
    answer_free(&answer);
    order(emulator, "{\"fault\":\"slow\",\"times\":1,\"delay_ms\":200}");
    answer = ask(emulator);
    cr_expect_gt(answer.seconds, 0.15);
    cr_expect_not_null(answer.json);
    answer_free(&answer);
    order(emulator, "{\"fault\":\"delay\",\"times\":1,\"delay_ms\":100}");
    answer = ask(emulator);
    cr_expect_gt(answer.seconds, 0.09);
    answer_free(&answer);
    emulator_stop(emulator);
}

Test(server_faults, jobComplete_false_so_many_times)
{
    struct emulator *emulator = server_start(NULL);
    order(emulator, "{\"fault\":\"incomplete\",\"times\":1,\"method\":\"jobs.query\"}");
    order(emulator, "{\"fault\":\"incomplete\",\"times\":2,\"method\":\"jobs.getQueryResults\"}");
    struct answer answer = ask(emulator);
    cr_assert(json_is_false(node(answer.json, "/jobComplete")));
    char *path = memory_format("/queries/%s", at(answer.json, "/jobReference/jobId"));
    answer_free(&answer);
    for (int i = 0; i < 3; i++) {
        json_t *json = server_expect(emulator, 200, "GET", path, NULL);
        cr_assert_eq(json_is_true(node(json, "/jobComplete")), i == 2);
        cr_assert_eq(node(json, "/rows") != NULL, i == 2);
        json_decref(json);
    }
    free(path);
    emulator_stop(emulator);
}

Test(server_faults, an_answer_can_be_lost_after_the_work_was_done)
{
    struct emulator *emulator = server_start(NULL);
    server_make_table(emulator, "{\"name\":\"n\",\"type\":\"INTEGER\"}");
    order(emulator, "{\"fault\":\"reset\",\"times\":1,\"processed\":true}");
    struct answer answer = server_ask(emulator, "POST", "/projects/p/queries",
                                      "{\"query\":\"INSERT INTO d.t (n) VALUES "
                                      "(1)\",\"useLegacySql\":false,\"requestId\":\"q\"}");
    cr_assert_neq(answer.curl, 0);
    answer_free(&answer);
    json_t *json = server_query(emulator, "SELECT COUNT(*) FROM d.t", "");
    cr_assert_str_eq(at(json, "/rows/0/f/0/v"), "1");
    json_decref(json);
    emulator_stop(emulator);
}

Test(server_faults, any_answer_can_be_given_and_the_true_one_changed)
{
    struct emulator *emulator = server_start(NULL);
    order(emulator, "{\"fault\":\"answer\",\"times\":1,\"code\":418,\"body\":\"not JSON\"}");
    struct answer answer = ask(emulator);
    cr_expect_eq(answer.code, 418);
    cr_expect_null(answer.json);
    answer_free(&answer);
    order(emulator, "{\"fault\":\"answer\",\"times\":1,\"body\":{\"jobComplete\":true}}");
    answer = ask(emulator);
    cr_expect_eq(answer.code, 200);
    cr_expect_eq(json_object_size(answer.json), 1);
    answer_free(&answer);
    order(emulator, "{\"fault\":\"edit\",\"times\":1,\"rows\":0,\"set\":{\"totalRows\":\"7\","
                    "\"schema\":null}}");
    answer = ask(emulator);
    cr_expect_str_eq(at(answer.json, "/totalRows"), "7");
    cr_expect_null(json_object_get(answer.json, "schema"));
    cr_expect_eq(json_array_size(json_object_get(answer.json, "rows")), 0);
    cr_expect(json_is_true(json_object_get(answer.json, "jobComplete")), "the rest is true");
    answer_free(&answer);
    answer = ask(emulator);
    cr_expect_eq(json_array_size(json_object_get(answer.json, "rows")), 1);
    answer_free(&answer);
    emulator_stop(emulator);
}

Test(server_faults, a_fault_that_makes_no_sense_is_refused_in_a_sentence)
{
    static const char *const WRONG[] = {
        "{\"fault\":\"answer\"}",          "{\"fault\":\"error\",\"body\":\"x\"}",
        "{\"fault\":\"html\",\"set\":{}}", "{\"fault\":\"reset\",\"rows\":1}",
        "{\"fault\":\"edit\",\"set\":[]}", "{\"fault\":\"edit\",\"rows\":-2}",
        "{\"fault\":\"storm\"}",
    };
    struct emulator *emulator = server_start(NULL);
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        struct error error = {0};
        cr_expect_not(emulator_add_fault(emulator, WRONG[i], &error), "%s", WRONG[i]);
        cr_expect_eq(error.code, EXIT_DATA, "%s: %s", WRONG[i], error.text);
    }
    struct answer answer = ask(emulator);
    cr_expect_eq(answer.code, 200, "none of them was taken");
    answer_free(&answer);
    order(emulator, "{\"fault\":\"error\"}");
    emulator_clear_faults(emulator);
    answer = ask(emulator);
    cr_expect_eq(answer.code, 200);
    answer_free(&answer);
    emulator_stop(emulator);
}

Test(server_faults, a_share_of_the_requests_is_struck_and_some_may_pass_first)
{
    struct emulator *emulator = server_start(NULL);
    order(emulator, "{\"fault\":\"error\",\"share\":0.5,\"skip\":10}");
    int struck = 0;
    for (int i = 0; i < 110; i++) {
        struct answer answer = server_ask(emulator, "GET", "/projects/p/datasets", NULL);
        cr_assert(i >= 10 || answer.code == 200);
        struck += answer.code == 503;
        answer_free(&answer);
    }
    cr_assert(struck > 30 && struck < 70, "%d of 100", struck);
    emulator_stop(emulator);
}

Test(server_faults, the_control_endpoint_takes_tells_and_clears)
{
    const struct emulator_options options = {.allow_faults = true};
    struct emulator *emulator = server_start(&options);
    struct answer answer = server_ask(
        emulator, "POST", "/emulator/faults",
        "{\"rules\":[{\"fault\":\"error\",\"times\":1},{\"fault\":\"html\",\"times\":1}]}");
    cr_assert_eq(answer.code, 200);
    cr_assert_eq(json_array_size(node(answer.json, "/rules")), 2);
    answer_free(&answer);
    const long codes[] = {503, 502, 200};
    for (size_t i = 0; i < 3; i++) {
        answer = ask(emulator);
        cr_assert_eq(answer.code, codes[i]);
        answer_free(&answer);
    }
    const char *const wrong[] = {"{\"fault\":\"fire\"}", "{\"fault\":\"error\",\"tmes\":1}",
                                 "{\"fault\":\"error\",\"reason\":\"none\"}",
                                 "{\"fault\":\"error\",\"share\":2}", "[]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        answer = server_ask(emulator, "POST", "/emulator/faults", wrong[i]);
        cr_assert_eq(answer.code, 400, "%s", wrong[i]);
        answer_free(&answer);
    }
    answer = server_ask(emulator, "DELETE", "/emulator/faults", NULL);
    cr_assert_eq(json_array_size(node(answer.json, "/rules")), 0);
    answer_free(&answer);
    emulator_stop(emulator);
}

Test(server_faults, two_thousand_queries_leave_memory_and_latency_flat, .timeout = 600)
{
    const struct emulator_options options = {.job_limit = 100};
    struct emulator *emulator = server_start(&options);
    double first = 0;
    double last = 0;
    for (int i = 0; i < 2000; i++) {
        struct answer answer = ask(emulator);
        cr_assert_eq(answer.code, 200);
        first += i < 200 ? answer.seconds : 0;
        last += i >= 1800 ? answer.seconds : 0;
        answer_free(&answer);
    }
    cr_assert_leq(emulator_usage(emulator).jobs, 100);
    cr_assert_eq(emulator_usage(emulator).cached_results, 1);
    cr_assert_lt(last, first * 5 + 0.2);
    emulator_stop(emulator);
}

Test(server_faults, large_results_are_forgotten_by_their_bytes)
{
    const struct emulator_options options = {.result_limit = INT64_C(2) << 20};
    struct emulator *emulator = server_start(&options);
    char large[100001];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    for (int i = 0; i < 30; i++) {
        char *sql = memory_format("SELECT '%s', %d", large, i);
        json_decref(server_query(emulator, sql, ""));
        free(sql);
    }
    cr_assert_leq(emulator_usage(emulator).result_bytes, INT64_C(2) << 20);
    cr_assert_geq(emulator_usage(emulator).jobs, 1);
    emulator_stop(emulator);
}

Test(server_faults, a_held_connection_holds_nobody_else_and_stops_with_the_server)
{
    const struct emulator_options options = {.latency_ms = 60000};
    struct emulator *emulator = server_start(&options);
    CURL *held = curl_easy_init();
    char *url = memory_format("%s/projects/p/queries", emulator_url(emulator));
    CURLM *multi = curl_multi_init();
    curl_easy_setopt(held, CURLOPT_URL, url);
    curl_easy_setopt(held, CURLOPT_POSTFIELDS, query);
    curl_multi_add_handle(multi, held);
    int running = 1;
    while (running && emulator_usage(emulator).jobs == 0)
        curl_multi_perform(multi, &running);
    struct answer answer = server_ask(emulator, "GET", "/projects/p/jobs", NULL);
    cr_assert_eq(answer.code, 200);
    cr_assert_eq(json_array_size(node(answer.json, "/jobs")), 1);
    answer_free(&answer);
    emulator_stop(emulator);
    curl_multi_remove_handle(multi, held);
    curl_multi_cleanup(multi);
    curl_easy_cleanup(held);
    free(url);
}

Test(server_faults, a_job_with_a_label_runs_on_until_it_is_cancelled)
{
    struct emulator *emulator = server_start(NULL);
    order(emulator, "{\"fault\":\"hold\",\"label\":\"run\",\"delay_ms\":600000,\"times\":1}");
    json_t *json = server_query(emulator, "SELECT 1", "");
    cr_assert(json_is_true(node(json, "/jobComplete")), "it carries no label");
    json_decref(json);
    json = server_query(emulator, "SELECT 2", ",\"labels\":{\"run\":\"r-1\"},\"timeoutMs\":1");
    cr_assert(json_is_false(node(json, "/jobComplete")));
    char *path = memory_format("/jobs/%s", at(json, "/jobReference/jobId"));
    char *cancel = memory_format("%s/cancel", path);
    json_decref(json);
    json = server_expect(emulator, 200, "GET", path, NULL);
    cr_assert_str_neq(at(json, "/status/state"), "DONE");
    json_decref(json);
    json_decref(server_expect(emulator, 200, "POST", cancel, "{}"));
    json = server_expect(emulator, 200, "GET", path, NULL);
    cr_assert_str_eq(at(json, "/status/errorResult/reason"), "stopped");
    json_decref(json);
    json = server_query(emulator, "SELECT 3", ",\"labels\":{\"run\":\"r-1\"}");
    cr_assert(json_is_true(node(json, "/jobComplete")), "the rule struck once");
    json_decref(json);
    free(path);
    free(cancel);
    emulator_stop(emulator);
}
