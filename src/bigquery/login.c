/* The login: one token that is used, and the fetch that gets the next one in the background. */
#include "bigquery/login.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/memory.h"
#include "bigquery/login_fetch.h"
#include "bigquery/login_project.h"
#include "bigquery/login_search.h"
#include "bigquery/login_secret.h"

#define NS_PER_MS       INT64_C(1000000)
#define NS_PER_S        INT64_C(1000000000)
#define EARLY_S         INT64_C(225) /* the smallest metadata cache keeps tokens until 240 s */
#define LAST_S          INT64_C(10)  /* of a token, in which it is not sent any more */
#define UNKNOWN_S       INT64_C(600) /* how long a token of unknown life is trusted */
#define SOONEST_S       INT64_C(10)  /* between two renewals, whatever the answers say */
#define REJECTED_S      INT64_C(60)  /* between two fetches because of a 401 */
#define AGAIN_MS        INT64_C(10000)
#define AGAIN_CAP_MS    INT64_C(300000)
#define HOPELESS_MS     INT64_C(60000)
#define HOPELESS_CAP_MS INT64_C(600000)
#define SCOPE           "https://www.googleapis.com/auth/bigquery"
#define READ_ONLY_SCOPE SCOPE ".readonly"

struct bigquery_login {
    struct bigquery_credentials open;
    const struct clock *clock;
    const char *wanted_scope;
    bool self_signed;
    struct search_find find;
    char *quota_project;

    struct transport *transport; /* of the client; NULL: there is none */
    struct fetch fetch;
    struct random random;

    char *token; /* secret; NULL: there is none */
    int64_t got_ns;
    int64_t ends_ns; /* from then on it is not sent any more */
    int64_t ends_wall_ms;
    char *scope;   /* as granted; NULL: as wanted */
    char *account; /* by the answer; NULL: not told */

    int64_t due_ns;       /* when the next fetch starts */
    int failures;         /* in a row */
    bool hopeless;        /* the last fetch was refused */
    bool answered;        /* by whom the credentials come from, ever */
    int64_t rejected_ns;  /* when a 401 last made a fetch due */
    struct error problem; /* of the last fetch; EXIT_GO: none */
};

static int64_t now_of(const struct bigquery_login *login) {
    return clock_boot_ns(login->clock);
}

/* ---- The token --------------------------------------------------------------------------- */

static bool is_usable(const struct bigquery_login *login, int64_t now) {
    return login->token != NULL && now < login->ends_ns;
}

static void drop_token(struct bigquery_login *login) {
    secret_free(login->token);
    login->token = NULL;
}

static int64_t jitter(struct bigquery_login *login, int64_t span_ns) {
    return span_ns - span_ns / 10 + random_upto(&login->random, span_ns / 5);
}

/* Renewal is due 225 s before the end; of a short life, when half of it has passed. */
static int64_t renewal_s(int64_t lifetime_s) {
    int64_t wait = lifetime_s > 2 * EARLY_S ? lifetime_s - EARLY_S : lifetime_s / 2;
    return wait > SOONEST_S ? wait : SOONEST_S;
}

static void take_token(struct bigquery_login *login, struct cargo *cargo) {
    int64_t now = now_of(login);
    int64_t lifetime_s = cargo->lifetime_s != BIGQUERY_UNKNOWN ? cargo->lifetime_s : UNKNOWN_S;
    drop_token(login);
    login->token = cargo->token;
    login->got_ns = now;
    login->ends_ns = now + (lifetime_s - (lifetime_s > 2 * LAST_S ? LAST_S : 0)) * NS_PER_S;
    login->ends_wall_ms = clock_wall_ms(login->clock) + lifetime_s * 1000;
    login->due_ns = now + renewal_s(lifetime_s) * NS_PER_S;
    login->failures = 0;
    login->hopeless = false;
    login->answered = true;
    login->problem = (struct error){0};
    free(login->scope);
    login->scope = cargo->scope;
    if (cargo->account != NULL) {
        free(login->account);
        login->account = cargo->account;
    }
    *cargo = (struct cargo){0};
}

/* Waits longer with every failure in a row, and longest when only a person can help. */
static void put_off(struct bigquery_login *login, bool hopeless) {
    int64_t wait_ms = hopeless ? HOPELESS_MS : AGAIN_MS;
    int64_t cap_ms = hopeless ? HOPELESS_CAP_MS : AGAIN_CAP_MS;
    for (int i = 0; i < login->failures && wait_ms < cap_ms; i++) {
        wait_ms *= 2;
    }
    wait_ms = wait_ms < cap_ms ? wait_ms : cap_ms;
    login->failures++;
    login->hopeless = hopeless;
    login->due_ns = now_of(login) + jitter(login, wait_ms * NS_PER_MS);
}

/* ---- Fetching ---------------------------------------------------------------------------- */

/* A metadata server that was only guessed at, and is not there, is no failure: gcloud is next. */
static bool try_gcloud(struct bigquery_login *login) {
    return login->find.source->kind == BIGQUERY_LOGIN_METADATA && !login->answered &&
           search_after_metadata(&login->find, &login->problem);
}

static void fetch_ended(void *context, enum leg_end end, struct cargo *cargo,
                        const struct error *error) {
    struct bigquery_login *login = context;
    if (end == LEG_DONE) {
        take_token(login, cargo);
        return;
    }
    login->problem = *error;
    if (try_gcloud(login)) {
        login->due_ns = now_of(login);
        return;
    }
    put_off(login, end == LEG_REFUSED || login->problem.code == EXIT_NO_INPUT);
}

/* Without a file and in trouble: there may be one by now. */
static bool search_again(struct bigquery_login *login) {
    struct search_find other = {0};
    struct error error = {0};
    if (login->failures == 0) {
        return true;
    }
    bool found = search_credentials(NULL, &other, &error);
    if (found && other.path != NULL) {
        search_free(&login->find);
        login->find = other;
        return true;
    }
    search_free(&other);
    if (!found && error.code != EXIT_NO_INPUT) {
        login->problem = error;
        put_off(login, true);
        return false;
    }
    return true;
}

/* A person may have logged in again, or a new key may have been put in place. */
static bool read_again(struct bigquery_login *login) {
    struct source *source = NULL;
    struct search_find *find = &login->find;
    if (find->path == NULL) {
        return search_again(login);
    }
    if (!search_changed(find->path, &find->stamp)) {
        return true;
    }
    if (!search_read(find->path, &source, &find->stamp, &login->problem)) {
        put_off(login, true);
        return false;
    }
    source_free(find->source);
    find->source = source;
    free(login->account);
    login->account = NULL;
    return true;
}

static void begin_fetch(struct bigquery_login *login) {
    struct leg legs[MOST_LEGS];
    if (read_again(login)) {
        const struct source *source = login->find.source;
        bool guessed = source->kind == BIGQUERY_LOGIN_METADATA && !login->answered &&
                       search_variable("GCE_METADATA_HOST") == NULL;
        size_t count = legs_plan(source, login->self_signed, login->wanted_scope, legs);
        fetch_start(&login->fetch, legs, count, guessed ? 1 : FETCH_TRIES);
    }
}

static int64_t attend(void *context) {
    struct bigquery_login *login = context;
    if (login->transport == NULL) {
        return INT64_MAX;
    }
    if (!fetch_is_active(&login->fetch) && now_of(login) >= login->due_ns) {
        begin_fetch(login);
    }
    if (fetch_is_active(&login->fetch)) {
        fetch_advance(&login->fetch);
    }
    return fetch_is_active(&login->fetch) ? fetch_due_ns(&login->fetch) : login->due_ns;
}

static void attach(void *context, struct transport *transport) {
    struct bigquery_login *login = context;
    fetch_stop(&login->fetch);
    login->transport = transport;
    login->fetch.transport = transport;
}

/* ---- What the client asks ---------------------------------------------------------------- */

static enum bigquery_credentials_state authorize(void *context, struct text_buffer *value,
                                                 struct error *error) {
    struct bigquery_login *login = context;
    if (is_usable(login, now_of(login))) {
        secret_reserve(value, value->size + strlen(login->token) + sizeof "Bearer ");
        text_buffer_add(value, "Bearer ");
        text_buffer_add(value, login->token);
        return BIGQUERY_CREDENTIALS_READY;
    }
    if (login->hopeless && login->find.path != NULL &&
        search_changed(login->find.path, &login->find.stamp)) {
        login->due_ns = now_of(login);
    }
    (void)attend(login);
    if (is_usable(login, now_of(login))) {
        return authorize(context, value, error); /* signed here and now */
    }
    if (fetch_is_active(&login->fetch) || login->problem.code == EXIT_GO) {
        return BIGQUERY_CREDENTIALS_PENDING;
    }
    *error = login->problem;
    return login->hopeless ? BIGQUERY_CREDENTIALS_FAILED : BIGQUERY_CREDENTIALS_LATER;
}

static void rejected(void *context, const char *value) {
    static const char BEARER[] = "Bearer ";
    struct bigquery_login *login = context;
    int64_t now = now_of(login);
    bool present = login->token != NULL && strncmp(value, BEARER, sizeof BEARER - 1) == 0 &&
                   strcmp(value + sizeof BEARER - 1, login->token) == 0;
    if (present && now >= login->rejected_ns) {
        drop_token(login);
        login->rejected_ns = now + REJECTED_S * NS_PER_S;
        login->due_ns = now;
    }
}

/* ---- Its life ---------------------------------------------------------------------------- */

static bool find_quota_project(struct bigquery_login *login, struct error *error) {
    static const char MAY[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";
    const char *name = search_variable("GOOGLE_CLOUD_QUOTA_PROJECT");
    name = name != NULL ? name : login->find.source->quota_project;
    if (name != NULL && name[strspn(name, MAY)] != '\0') {
        return error_set(error, EXIT_CONFIG,
                         "the quota project of the credentials is no project id; correct "
                         "GOOGLE_CLOUD_QUOTA_PROJECT or quota_project_id");
    }
    login->quota_project = memory_copy_string(name);
    return true;
}

struct bigquery_login *bigquery_login_new(const struct bigquery_login_options *options,
                                          struct error *error) {
    struct bigquery_login *login = memory_new(1, sizeof *login);
    login->clock = options->clock != NULL ? options->clock : clock_system();
    login->wanted_scope = options->read_only ? READ_ONLY_SCOPE : SCOPE;
    login->self_signed = options->self_signed;
    login->rejected_ns = INT64_MIN;
    login->due_ns = INT64_MIN;
    random_seed(&login->random, 0);
    login->fetch = (struct fetch){
        .clock = login->clock, .random = &login->random, .ended = fetch_ended, .context = login};
    if (!search_credentials(options->file, &login->find, error) ||
        !find_quota_project(login, error)) {
        bigquery_login_free(login);
        return NULL;
    }
    login->open = (struct bigquery_credentials){
        .authorize = authorize,
        .rejected = rejected,
        .attach = attach,
        .attend = attend,
        .context = login,
        .quota_project = login->quota_project,
    };
    (void)prctl(PR_SET_DUMPABLE, 0); /* no core file with a key in it, no debugger from outside */
    return login;
}

void bigquery_login_free(struct bigquery_login *login) {
    if (login == NULL) {
        return;
    }
    fetch_stop(&login->fetch);
    drop_token(login);
    search_free(&login->find);
    free(login->quota_project);
    free(login->account);
    free(login->scope);
    free(login);
}

const struct bigquery_credentials *bigquery_login_credentials(struct bigquery_login *login) {
    return &login->open;
}

struct bigquery_login_facts bigquery_login_facts(const struct bigquery_login *login) {
    const struct source *source = login->find.source;
    bool usable = is_usable(login, now_of(login));
    return (struct bigquery_login_facts){
        .kind = source->kind,
        .source = login->find.origin,
        .identity = source->account != NULL ? source->account : login->account,
        .project = source->project,
        .quota_project = login->quota_project,
        .scope = login->scope != NULL ? login->scope : login->wanted_scope,
        .expires_ms = usable ? login->ends_wall_ms : 0,
        .problem = login->problem.code != EXIT_GO ? login->problem.text : NULL,
    };
}

/* ---- Without a client -------------------------------------------------------------------- */

static bool wait_for_token(struct bigquery_login *login, int64_t timeout_ms, struct error *error) {
    int64_t limit = now_of(login) + timeout_ms * NS_PER_MS;
    for (;;) {
        int64_t due = attend(login);
        int64_t now = now_of(login);
        if (is_usable(login, now)) {
            return true;
        }
        if (!fetch_is_active(&login->fetch) && now < login->due_ns) {
            *error = login->problem;
            return false;
        }
        if (now >= limit) {
            return error_set(error, EXIT_UNAVAILABLE, "%s: no token within %.1f s",
                             login->find.origin, (double)timeout_ms / 1000.0);
        }
        if (transport_step(login->transport) == 0) {
            int64_t until = due < limit ? due : limit;
            int64_t left_ms = until > now ? (until - now) / NS_PER_MS + 1 : 0;
            transport_sleep(login->transport, (int)(left_ms < INT_MAX ? left_ms : INT_MAX));
        }
    }
}

bool bigquery_login_finish(struct bigquery_login *login, int64_t timeout_ms, struct error *error) {
    struct transport *transport = transport_new(1, "phasegate");
    if (transport == NULL) {
        return error_set(error, EXIT_SOFTWARE, "libcurl does not start");
    }
    attach(login, transport);
    bool done = wait_for_token(login, timeout_ms, error);
    attach(login, NULL);
    transport_free(transport);
    return done;
}

char *bigquery_login_project(struct bigquery_login *login) {
    return project_find(login->find.source);
}
