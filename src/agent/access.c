#include "agent/access.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "agent/patterns.h"
#include "base/json.h"
#include "base/memory.h"

/* Only a server of this machine can take the service's place, and only in a test. */
static const char *service_of_a_test(void) {
    static const char here[] = "http://127.0.0.1:";
    const char *testing = getenv("PHASEGATE_TEST");
    const char *service = getenv("PHASEGATE_TEST_SERVICE");
    bool valid = testing != NULL && strcmp(testing, "1") == 0 && service != NULL &&
                 strncmp(service, here, sizeof here - 1) == 0;
    return valid ? service : NULL;
}

struct access_place access_find(const struct pipeline *pipeline, const char *endpoint) {
    const char *host = bigquery_endpoint_from_environment();
    if (endpoint != NULL) {
        return (struct access_place){endpoint, "the command line", false};
    }
    if (host != NULL) {
        return (struct access_place){host, "BIGQUERY_EMULATOR_HOST", false};
    }
    if (pipeline != NULL && pipeline->endpoint != NULL) {
        return (struct access_place){pipeline->endpoint, "endpoint:", false};
    }
    return (struct access_place){service_of_a_test(), NULL, true};
}

/* From here on there are secrets in memory: no core file, and no other process of this user may
 * read it. Programs that are started begin afresh but for the limit, which they may raise again. */
static void close_to_others(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = 0;
        (void)setrlimit(RLIMIT_CORE, &limit);
    }
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

const struct pipeline_help access_help = {.find_project = access_project,
                                          .check_pattern = patterns_check};

bool access_reads_only(const struct pipeline *pipeline) {
    return pipeline != NULL && pipeline->processor_count == 0;
}

struct bigquery_login *access_login(const struct pipeline *pipeline, const struct clock *clock,
                                    struct error *error) {
    struct bigquery_login_options options = {.read_only = access_reads_only(pipeline),
                                             .clock = clock};
    close_to_others();
    return bigquery_login_new(&options, error);
}

char *access_project(const char *endpoint) {
    static const char *const names[] = {"GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            return memory_copy_string(value);
        }
    }
    if (!access_find(NULL, NULL).service || endpoint != NULL) {
        return NULL;
    }
    struct bigquery_login *login = access_login(NULL, clock_system(), NULL);
    char *project = login != NULL ? bigquery_login_project(login) : NULL;
    bigquery_login_free(login);
    return project;
}

json_t *access_json(const struct access_place *place, const struct bigquery_login *login,
                    const char *problem) {
    struct bigquery_login_facts facts = {0};
    if (login != NULL) {
        facts = bigquery_login_facts(login);
    }
    json_t *json = json_object();
    (void)json_object_set_new(json, "needed", json_boolean(place->service));
    (void)json_object_set_new(json, "endpoint",
                              json_string_or_null(place->source != NULL ? place->endpoint : NULL));
    (void)json_object_set_new(json, "endpoint_source", json_string_or_null(place->source));
    (void)json_object_set_new(
        json, "kind",
        json_string_or_null(login != NULL ? bigquery_login_kind_word(facts.kind) : NULL));
    (void)json_object_set_new(json, "source", json_string_or_null(facts.source));
    (void)json_object_set_new(json, "identity", json_string_or_null(facts.identity));
    (void)json_object_set_new(json, "project", json_string_or_null(facts.project));
    (void)json_object_set_new(json, "quota_project", json_string_or_null(facts.quota_project));
    (void)json_object_set_new(json, "scope", json_string_or_null(facts.scope));
    (void)json_object_set_new(json, "expires_at", json_time(facts.expires_ms));
    (void)json_object_set_new(json, "problem",
                              json_string_or_null(facts.problem != NULL ? facts.problem : problem));
    return json;
}
