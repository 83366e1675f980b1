#include "fixture.h"

#include <dirent.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"

struct fixture fixture_start(struct bigquery_options options) {
    struct error error = {0};
    struct fixture fixture = {.script = script_start()};
    options.endpoint = script_endpoint(fixture.script);
    options.project = "p";
    options.retry_base_ms = options.retry_base_ms != 0 ? options.retry_base_ms : 1;
    options.retry_cap_ms = options.retry_cap_ms != 0 ? options.retry_cap_ms : 4;
    options.probe_cap_ms = options.probe_cap_ms != 0 ? options.probe_cap_ms : 4;
    options.random_seed = 7;
    fixture.client = bigquery_client_new(&options, &error);
    cr_assert_not_null(fixture.client, "%s", error.text);
    return fixture;
}

void fixture_stop(struct fixture *fixture) {
    bigquery_client_free(fixture->client);
    script_stop(fixture->script);
}

struct bigquery_result *fixture_query(struct fixture *fixture) {
    struct error error = {0};
    struct bigquery_query query = {.sql = "SELECT n"};
    struct bigquery_result *result = bigquery_query_now(fixture->client, &query, &error);
    cr_assert_not_null(result, "%s", error.text);
    return result;
}

struct bigquery_result *fixture_table(struct fixture *fixture) {
    struct error error = {0};
    struct bigquery_table_name name = {.dataset = "d", .table = "t"};
    bigquery_request_id id = bigquery_submit_table(fixture->client, &name, 0, NULL, &error);
    cr_assert_neq(id, 0, "%s", error.text);
    struct bigquery_result *result = bigquery_client_finish(fixture->client, id);
    cr_assert_not_null(result);
    return result;
}

char *fixture_sent(struct fixture *fixture, size_t index, const char *key) {
    struct error error = {0};
    struct seen seen = script_seen(fixture->script, index);
    json_t *body = json_read(text_of(seen.body), "request", &error);
    cr_assert_not_null(body, "%s", error.text);
    char *value = memory_copy_string(json_get_string(body, key, NULL));
    json_decref(body);
    return value;
}

bool fixture_same_id(struct fixture *fixture, size_t a, size_t b) {
    char *one = fixture_sent(fixture, a, "requestId");
    char *two = fixture_sent(fixture, b, "requestId");
    bool same = strcmp(one, two) == 0;
    free(one);
    free(two);
    return same;
}

int fixture_descriptors(void) {
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    cr_assert_not_null(directory);
    while (readdir(directory) != NULL) {
        count++;
    }
    (void)closedir(directory);
    return count;
}

static int64_t night_wall_ms(void *context) {
    const struct night_clock *night = context;
    return NIGHT_START_MS + night->ns / 1000000;
}

static int64_t night_boot_ns(void *context) {
    const struct night_clock *night = context;
    return night->ns + 1;
}

struct clock night_clock_of(struct night_clock *night) {
    return (struct clock){.wall_ms = night_wall_ms, .boot_ns = night_boot_ns, .context = night};
}

/* Whether a call is under way: the night waits for it. */
static bool is_busy(const struct fixture *fixture) {
    struct bigquery_activity activities[256];
    size_t count = bigquery_client_activity(fixture->client, activities, 256);
    cr_assert_leq(count, 256);
    for (size_t i = 0; i < count; i++) {
        if (activities[i].phase != BIGQUERY_WAITING && activities[i].phase != BIGQUERY_QUEUED &&
            activities[i].next_try_in_ms == 0) {
            return true;
        }
    }
    return false;
}

void fixture_pass_time(struct fixture *fixture, struct night_clock *night, int64_t until_ns,
                       void (*take)(void *context, struct bigquery_result *result), void *context) {
    enum { STEP_NS = 250000000 };
    for (;;) {
        struct bigquery_result *result = bigquery_client_wait(fixture->client, 0);
        if (result != NULL && take != NULL) {
            take(context, result);
        }
        bigquery_result_free(result);
        if (result == NULL && !is_busy(fixture)) {
            if (night->ns >= until_ns) {
                return;
            }
            night->ns += STEP_NS;
        }
    }
}
