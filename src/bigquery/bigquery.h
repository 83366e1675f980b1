/* BigQuery over REST v2 on curl multi: queries, table metadata, jobs and streamed rows, many at a
 * time on one thread, with retries that know what BigQuery's reasons mean.
 *
 * A client belongs to one thread: submit requests, then call bigquery_client_wait again and again;
 * each call hands out at most one finished result. Only bigquery_client_wakeup may be called from
 * other threads. Text given to a submit function is copied; results belong to the caller.
 *
 * What a caller may rely on: a query that has not finished is never an empty answer; an answer that
 * changed between two of its pages is a failure; a failure says whether another try can help;
 * nothing secret is ever in a message; every wait ends at the request's deadline. */
#ifndef PHASEGATE_BIGQUERY_H
#define PHASEGATE_BIGQUERY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "bigquery/failure.h"
#include "bigquery/result.h"

#define BIGQUERY_MIB           INT64_C(1048576)
#define BIGQUERY_TIB           INT64_C(1099511627776)
#define BIGQUERY_PRICE_PER_TIB 6.25 /* US dollars on demand in the US */

enum { BIGQUERY_ACTIVITY_SIZE = 160 };

/* ---- The client ------------------------------------------------------------------------- */

enum bigquery_credentials_state {
    BIGQUERY_CREDENTIALS_READY,   /* the header value was written */
    BIGQUERY_CREDENTIALS_PENDING, /* a token is on its way: requests wait within their deadlines */
    BIGQUERY_CREDENTIALS_LATER,   /* none can be had just now, `error` says why: requests retry */
    BIGQUERY_CREDENTIALS_FAILED,  /* there is none until a person acts: `error` says why */
};

struct transport;

/* Where the Authorization header comes from; bigquery/login.h has one for every kind of Google
 * credentials. All functions are called on the client's thread and must not block; an
 * implementation that fetches tokens elsewhere calls bigquery_client_wakeup when one has arrived.
 */
struct bigquery_credentials {
    /* Appends the value of the header, such as "Bearer …". */
    enum bigquery_credentials_state (*authorize)(void *context, struct text_buffer *value,
                                                 struct error *error);
    /* The service answered 401 to `value`, which authorize wrote some time ago: get another one,
     * unless that has happened since. The request is repeated once. */
    void (*rejected)(void *context, const char *value);
    /* Both or neither. `attach` hands over the client's connections for requests of its own, and
     * takes them away again (NULL: whatever is under way must be stopped). `attend` does what is
     * due and returns when, in ns of the client's clock, it wants to be called again at the latest;
     * the end of one of its requests calls it, too. */
    void (*attach)(void *context, struct transport *transport);
    int64_t (*attend)(void *context);
    void *context;
    const char *quota_project; /* sent as x-goog-user-project; NULL for none */
};

struct bigquery_label {
    const char *key; /* lower case letters, digits, _ and -; at most 63, a letter first */
    const char *value;
};

struct bigquery_activity;

/* Zero-initialise and set what differs: 0 and NULL mean the default. Only `project` has none. All
 * of it is copied but the clock, the credentials and the contexts, which must outlive the client.
 */
struct bigquery_options {
    const char *endpoint; /* as bigquery_endpoint_url takes it; NULL is the real service */
    const char *project;  /* billed for the queries */
    const char *location; /* where jobs run; NULL lets the service find it out */
    const char *user_agent;
    const struct bigquery_label *labels; /* put on every job */
    size_t label_count;
    const struct bigquery_credentials *credentials; /* the real service refuses to do without */
    bool read_only;               /* only what the scope bigquery.readonly allows: no jobs.insert
                                   * (a dry run then tells no statement type and no tables), no
                                   * jobs.cancel (jobs end by their time limit), no inserts */
    bool authorize_endpoint;      /* send credentials to `endpoint` too; https or loopback only */
    const char *ca_file;          /* of the authorities to trust, PEM; NULL: CURL_CA_BUNDLE,
                                   * SSL_CERT_FILE, or the system's */
    int max_connections;          /* requests under way at once: 32 */
    const struct clock *clock;    /* clock_system() */
    uint64_t random_seed;         /* of jitter and request ids; 0 draws one from the kernel */
    int64_t retry_base_ms;        /* bound of the first wait: 1,000 */
    int64_t retry_cap_ms;         /* bound of every wait: 32,000 */
    int64_t probe_cap_ms;         /* bound of the waits between probes in an outage: 20,000 */
    int64_t deadline_ms;          /* budget of a request, retries included: 600,000 */
    int64_t try_grace_ms;         /* a try's limit is timeout_ms plus this: 15,000 */
    size_t response_limit;        /* bytes of one answer, unpacked: 32 MiB */
    int64_t maximum_bytes_billed; /* of queries that set none: 1 GiB */
    double price_per_tib;         /* BIGQUERY_PRICE_PER_TIB */
    /* Called on the client's thread whenever a request starts to wait before another try; must
     * not call the client. */
    void (*activity)(void *context, const struct bigquery_activity *activity);
    void *activity_context;
};

struct bigquery_client;

/* The way to the service: HTTPS_PROXY, HTTP_PROXY (or in lower case) and NO_PROXY are honoured;
 * this machine is never asked for through a proxy. HTTP/2 where the server speaks it over TLS. */

/* The value of BIGQUERY_EMULATOR_HOST, or NULL when it is unset or empty. */
const char *bigquery_endpoint_from_environment(void);

/* The base URL that an endpoint stands for; the caller frees it. Takes "host", "host:port",
 * "http(s)://host[:port]" with or without a path; a missing scheme is http; "/bigquery/v2" is added
 * unless the path ends with it. Errors: EXIT_CONFIG with the endpoint. */
char *bigquery_endpoint_url(const char *endpoint, struct error *error);

/* A client; nothing is sent yet. With an endpoint no credential is asked for and none is sent.
 * Errors: EXIT_CONFIG for a missing project, a bad endpoint or label, or the real service without
 * credentials. */
struct bigquery_client *bigquery_client_new(const struct bigquery_options *options,
                                            struct error *error);

/* Ends all requests at once, unanswered, and frees everything; jobs on the server run on. NULL is
 * fine. */
void bigquery_client_free(struct bigquery_client *client);

/* ---- Requests ---------------------------------------------------------------------------- */

/* A named parameter, @name. Values are text as GoogleSQL writes them: "2026-01-05", "42", "true".
 */
struct bigquery_parameter {
    const char *name;
    enum bigquery_type type; /* of the elements, when it is an array */
    bool array;
    const char *value;         /* NULL is NULL of that type */
    const char *const *values; /* of an array: `count` elements, none NULL */
    size_t count;
};

/* SQL to run: a SELECT, or DML. */
struct bigquery_query {
    const char *sql;
    const struct bigquery_parameter *parameters;
    size_t parameter_count;
    const struct bigquery_label *labels; /* besides the client's; win over them */
    size_t label_count;
    int64_t maximum_bytes_billed; /* 0: the client's; over it the query fails and costs nothing */
    bool no_cache;                /* do not take the answer from BigQuery's cache */
    bool dry_run;                 /* only judge: statement type, columns, bytes; free of charge */
    bool pay_once;                /* never start a second job while a first may be running: below */
    int64_t timeout_ms;           /* how long the server may hold one call: 10,000 */
    int64_t deadline_ms;          /* 0: the client's */
    int64_t page_rows;            /* rows of one page: 10,000 */
    size_t row_limit;             /* more rows are a failure: 1,000,000 */
    const char *location;         /* NULL: the client's */
    void *user;
};

/* How a query is sent, and what may be billed.
 *
 * Through jobs.query, as a rule: one call, and every try carries the same requestId. For DML the
 * service then does the work once, whatever got lost on the way. A SELECT it may run once more, as
 * its documentation says. So after a try whose answer was lost (no answer, half of one, a gateway's
 * error) the latest jobs are looked through for the first one's, by the label "request_id" that
 * every query carries, and its rows are read. Should it not be listed yet, the query is sent again
 * and may be billed twice, each time at most maximum_bytes_billed. (When a kept connection turns
 * out to be closed, libcurl sends once more without asking.)
 *
 * With `pay_once` through jobs.insert under a job id of ours: three calls (start, rows, bill). A
 * try whose answer was lost is repeated under the same id, and "duplicate" means that the first one
 * got through: its job is read. So at most one job of the query is ever alive, and none is billed
 * twice; only a job that the service itself declared dead is followed by another. `location` has
 * to be known for data outside the US and EU, or such a job is not found again and the query fails
 * as "jobLost" instead. A read-only client cannot start jobs so and uses jobs.query. */

/* All submit functions return at once; nothing is sent before the next bigquery_client_wait. They
 * return 0 after filling `error` (EXIT_USAGE, EXIT_CONFIG) when the request is malformed. `user`
 * comes back in the result. */
bigquery_request_id bigquery_submit_query(struct bigquery_client *client,
                                          const struct bigquery_query *query, struct error *error);

/* A table by its parts; project NULL is the client's. */
struct bigquery_table_name {
    const char *project;
    const char *dataset;
    const char *table;
};

/* tables.get: free of charge. A table that is not there is an answer (`exists` false), not a
 * failure. */
bigquery_request_id bigquery_submit_table(struct bigquery_client *client,
                                          const struct bigquery_table_name *table,
                                          int64_t deadline_ms, void *user, struct error *error);

/* datasets.get: free of charge; project NULL is the client's. A dataset that is not there is an
 * answer (`exists` false), too. */
bigquery_request_id bigquery_submit_dataset(struct bigquery_client *client, const char *project,
                                            const char *dataset, int64_t deadline_ms, void *user,
                                            struct error *error);

/* tables.list: the names of all tables and views of a dataset; free of charge. */
bigquery_request_id bigquery_submit_tables(struct bigquery_client *client, const char *project,
                                           const char *dataset, int64_t deadline_ms, void *user,
                                           struct error *error);

/* jobs.cancel: asks the server to stop a job, which may still run on for a while and be billed.
 * location NULL is the client's. */
bigquery_request_id bigquery_submit_job_cancel(struct bigquery_client *client, const char *job_id,
                                               const char *location, int64_t deadline_ms,
                                               void *user, struct error *error);

/* jobs.list: the caller's own jobs that carry a label, newest first. value NULL takes any value;
 * created_after_ms 0 is all of the six months that BigQuery remembers. */
struct bigquery_job_filter {
    const char *label_key;
    const char *label_value;
    int64_t created_after_ms;
    bool running_only; /* pending and running */
};
bigquery_request_id bigquery_submit_jobs(struct bigquery_client *client,
                                         const struct bigquery_job_filter *filter,
                                         int64_t deadline_ms, void *user, struct error *error);

/* tabledata.insertAll: `rows` is an array of objects, column name to value (kept by reference; do
 * not change it). With `insert_id` each row is sent as "insert_id-INDEX", by which the server drops
 * repeats; without, a retry may write rows twice. A row that is refused fails the request. */
struct bigquery_insert {
    struct bigquery_table_name table;
    json_t *rows;
    const char *insert_id;
    int64_t deadline_ms;
    void *user;
};
bigquery_request_id bigquery_submit_insert(struct bigquery_client *client,
                                           const struct bigquery_insert *insert,
                                           struct error *error);

/* Ends a request now: its result comes out of bigquery_client_wait as BIGQUERY_CANCELLED. A job
 * that runs for it is asked to stop (bigquery_client_wait sends that, nobody waits for it). False
 * when the request has already ended. */
bool bigquery_request_cancel(struct bigquery_client *client, bigquery_request_id request);

/* ---- Waiting for results ------------------------------------------------------------------ */

/* Sends, receives and retries until a result is ready, `timeout_ms` have passed (0: only what can
 * be done now; -1: no limit), or bigquery_client_wakeup was called; with nothing under way it just
 * sleeps. Returns a result that the caller frees, or NULL. */
struct bigquery_result *bigquery_client_wait(struct bigquery_client *client, int64_t timeout_ms);

/* The same for one request: results of others stay queued, and wakeups do not end it. NULL when
 * there is no such request. */
struct bigquery_result *bigquery_client_finish(struct bigquery_client *client,
                                               bigquery_request_id request);

/* Submits a query and waits for its result; NULL only when it is malformed. */
struct bigquery_result *bigquery_query_now(struct bigquery_client *client,
                                           const struct bigquery_query *query, struct error *error);

/* Makes the present or the next bigquery_client_wait return. Any thread. */
void bigquery_client_wakeup(struct bigquery_client *client);

/* Requests whose results have not been handed out. */
size_t bigquery_client_pending(const struct bigquery_client *client);

/* ---- What it is doing, what it cost ------------------------------------------------------- */

enum bigquery_phase {
    BIGQUERY_QUEUED,  /* waits for a free connection */
    BIGQUERY_SENDING, /* a call is under way */
    BIGQUERY_RUNNING, /* the job runs on the server, a poll is under way or due */
    BIGQUERY_PAGING,  /* further pages of the answer are being fetched */
    BIGQUERY_WAITING, /* before another try, for the reason in `failure` */
};

struct bigquery_activity {
    bigquery_request_id request;
    enum bigquery_kind kind;
    enum bigquery_phase phase;
    void *user;
    struct bigquery_failure failure; /* the last one; class BIGQUERY_NO_FAILURE: none yet */
    int64_t since_submit_ms;
    int64_t next_try_in_ms; /* of a request that waits before a try or between two polls; else 0 */
};

/* Fills at most `capacity` activities, in order of submission; returns how many there are. */
size_t bigquery_client_activity(const struct bigquery_client *client,
                                struct bigquery_activity *activities, size_t capacity);

/* "403 rateLimitExceeded, retrying in 8 s (try 4)", "BigQuery has not answered since 02:41; next
 * try in 20 s"; returns `out`. */
char *bigquery_activity_text(const struct bigquery_activity *activity,
                             char out[BIGQUERY_ACTIVITY_SIZE]);

/* Since the client was made. */
struct bigquery_totals {
    uint64_t queries; /* finished, dry runs not counted */
    uint64_t cached;  /* of them, answered from the cache */
    uint64_t failed;  /* of them */
    uint64_t calls;   /* HTTP requests, the free ones included */
    uint64_t retries; /* waits before another try */
    int64_t bytes_processed;
    int64_t bytes_billed;     /* as told by the service, or estimated where it did not tell */
    uint64_t bills_estimated; /* queries whose bill was estimated */
    uint64_t bills_unknown;   /* queries given up that may be billed all the same */
    double cost;              /* of bytes_billed, in the currency of the price */
};
struct bigquery_totals bigquery_client_totals(const struct bigquery_client *client);

/* What BigQuery bills for a query that processes `bytes` over `tables` tables: whole MiB, and 10
 * MiB at least for each table. */
int64_t bigquery_billed_estimate(int64_t bytes, size_t tables);

/* A maximum_bytes_billed that the same query passes: a MiB of headroom for each table. */
int64_t bigquery_billed_limit(int64_t bytes, size_t tables);

double bigquery_cost(int64_t bytes_billed, double price_per_tib);

/* What is known of a query's bill. */
enum bigquery_bill_kind {
    BIGQUERY_BILL_TOLD,      /* by the service; 0 bytes for an answer from its cache, and for a
                                query that it refused or that failed there */
    BIGQUERY_BILL_ESTIMATED, /* from the bytes it processed */
    BIGQUERY_BILL_UNKNOWN,   /* given up, and perhaps billed all the same: up to its
                                maximum_bytes_billed */
};

struct bigquery_bill {
    enum bigquery_bill_kind kind;
    int64_t bytes; /* BIGQUERY_UNKNOWN when it is unknown */
};

/* The bill of a query's result (not of a dry run's) that reads `tables` tables. */
struct bigquery_bill bigquery_result_bill(const struct bigquery_result *result, size_t tables);

#endif
