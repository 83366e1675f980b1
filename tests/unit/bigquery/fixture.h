/* What the client's tests share: a scripted server with a client on it, and answers in JSON. */
#ifndef TESTS_BIGQUERY_FIXTURE_H
#define TESTS_BIGQUERY_FIXTURE_H

#include <criterion/criterion.h>

#include "bigquery/bigquery.h"
#include "script.h"

#define JOB "\"jobReference\":{\"projectId\":\"p\",\"jobId\":\"job_1\",\"location\":\"us-west2\"}"
#define SCHEMA                                                                                     \
    "\"schema\":{\"fields\":[{\"name\":\"n\",\"type\":\"INTEGER\",\"mode\":\"NULLABLE\"}]}"
#define BYTES  "\"totalBytesProcessed\":\"1000\",\"totalBytesBilled\":\"10485760\""
#define ROW(n) "{\"f\":[{\"v\":\"" n "\"}]}"
#define ONE_ROW                                                                                    \
    "{\"jobComplete\":true," JOB "," SCHEMA "," BYTES                                              \
    ",\"totalRows\":\"1\",\"rows\":[" ROW("42") "]}"
#define RUNNING  "{\"jobComplete\":false," JOB "}"
#define JOB_RUNS "{" JOB ",\"status\":{\"state\":\"RUNNING\"}}"
#define JOB_DONE "{" JOB ",\"status\":{\"state\":\"DONE\"}}"
#define JOB_DIED(r)                                                                                \
    "{" JOB ",\"status\":{\"state\":\"DONE\",\"errorResult\":{\"reason\":\"" r                     \
    "\",\"message\":\"the job died\"}}}"
#define FAILURE(r)                                                                                 \
    "{\"error\":{\"code\":400,\"message\":\"it failed\",\"errors\":[{\"message\":"                 \
    "\"it failed\",\"domain\":\"global\",\"reason\":\"" r "\"}]}}"

struct fixture {
    struct script *script;
    struct bigquery_client *client;
};

/* A night that passes as fast as the client lets it: 02:41 UTC at first. */
struct night_clock {
    int64_t ns; /* since then */
};
#define NIGHT_START_MS INT64_C(1767580860000)

/* The clock of a night, which must outlive it. */
struct clock night_clock_of(struct night_clock *night);

/* Lets the client work until `until_ns`, a quarter of a second of the night at a time, and calls
 * `take` for every result (NULL: they are freed). */
void fixture_pass_time(struct fixture *fixture, struct night_clock *night, int64_t until_ns,
                       void (*take)(void *context, struct bigquery_result *result), void *context);

/* A client that waits milliseconds where a real one waits seconds; what `options` sets wins. */
struct fixture fixture_start(struct bigquery_options options);
void fixture_stop(struct fixture *fixture);

/* Runs "SELECT n" and returns its result. */
struct bigquery_result *fixture_query(struct fixture *fixture);

/* Reads p.d.t and returns its result. */
struct bigquery_result *fixture_table(struct fixture *fixture);

/* A string member of a request's JSON body; the caller frees it. */
char *fixture_sent(struct fixture *fixture, size_t index, const char *key);

/* Whether two requests carried the same requestId. */
bool fixture_same_id(struct fixture *fixture, size_t a, size_t b);

/* How many descriptors the process has open, some of its own included. */
int fixture_descriptors(void);

#endif
