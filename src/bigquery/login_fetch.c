#include "bigquery/login_fetch.h"

#include <string.h>

#include "bigquery/login_subject.h"

#define NS_PER_MS      INT64_C(1000000)
#define FIRST_WAIT_MS  INT64_C(1000)
#define LONGEST_ASK_MS INT64_C(60000) /* that an endpoint's Retry-After is heeded */
#define CHILD_MS       INT64_C(20)    /* how often a program is looked after */

static int64_t now_of(const struct fetch *fetch) {
    return clock_boot_ns(fetch->clock);
}

static const struct leg *present(const struct fetch *fetch) {
    return &fetch->legs[fetch->at];
}

static void clear_leg(struct fetch *fetch) {
    if (fetch->transport != NULL) {
        transport_stop(fetch->transport, &fetch->call.exchange);
    }
    call_free(&fetch->call);
    child_stop(&fetch->child);
}

void fetch_stop(struct fetch *fetch) {
    clear_leg(fetch);
    cargo_free(&fetch->cargo);
    fetch->active = false;
}

void fetch_start(struct fetch *fetch, const struct leg *legs, size_t count, int most_tries) {
    fetch_stop(fetch);
    memcpy(fetch->legs, legs, count * sizeof *legs);
    fetch->count = count;
    fetch->at = 0;
    fetch->tries = 0;
    fetch->most_tries = most_tries;
    fetch->due_ns = now_of(fetch);
    fetch->active = true;
}

bool fetch_is_active(const struct fetch *fetch) {
    return fetch->active;
}

int64_t fetch_due_ns(const struct fetch *fetch) {
    if (fetch->child.pid != 0) {
        return now_of(fetch) + CHILD_MS * NS_PER_MS;
    }
    return fetch->call.exchange.easy != NULL ? INT64_MAX : fetch->due_ns;
}

/* ---- From leg to leg --------------------------------------------------------------------- */

static void end_fetch(struct fetch *fetch, enum leg_end end, const struct error *error) {
    struct cargo cargo = fetch->cargo;
    fetch->cargo = (struct cargo){0};
    fetch->active = false;
    fetch->ended(fetch->context, end, &cargo, error);
    cargo_free(&cargo);
}

/* 1 s, 2 s, give or take a tenth; longer when the endpoint asks for it. */
static int64_t wait_ns(struct fetch *fetch, int64_t asked_ms) {
    int64_t wait = FIRST_WAIT_MS * NS_PER_MS << (fetch->tries - 1);
    int64_t asked = asked_ms <= LONGEST_ASK_MS ? asked_ms * NS_PER_MS : 0;
    wait += random_upto(fetch->random, wait / 5) - wait / 10;
    return wait > asked ? wait : asked;
}

static void finish_leg(struct fetch *fetch, enum leg_end end, int64_t asked_ms,
                       const struct error *error) {
    clear_leg(fetch);
    if (end == LEG_DONE && fetch->at + 1 < fetch->count) {
        fetch->at++;
        fetch->tries = 0;
    } else if (end == LEG_AGAIN && ++fetch->tries < fetch->most_tries) {
        fetch->due_ns = now_of(fetch) + wait_ns(fetch, asked_ms);
    } else {
        end_fetch(fetch, end, error);
    }
}

static void call_finished(struct exchange *exchange) {
    struct fetch *fetch = exchange->context;
    struct error error = {0};
    enum leg_end end = legs_accept(present(fetch), &fetch->call, clock_wall_ms(fetch->clock),
                                   &fetch->cargo, &error);
    finish_leg(fetch, end, exchange->retry_after_ms, &error);
    fetch_advance(fetch);
}

static void ask(struct fetch *fetch) {
    struct error error = {0};
    struct exchange *exchange = &fetch->call.exchange;
    if (!legs_prepare(present(fetch), &fetch->cargo, clock_wall_ms(fetch->clock), &fetch->call,
                      &error)) {
        finish_leg(fetch, LEG_REFUSED, 0, &error);
        return;
    }
    exchange->finished = call_finished;
    exchange->context = fetch;
    if (!transport_start(fetch->transport, exchange)) {
        (void)error_set(&error, EXIT_SOFTWARE, "libcurl refuses the call for a token");
        finish_leg(fetch, LEG_AGAIN, 0, &error);
    }
}

static void run(struct fetch *fetch) {
    struct error error = {0};
    struct program program = subject_program(present(fetch));
    int64_t limit = now_of(fetch) + program.timeout_ms * NS_PER_MS;
    if (!child_start(&fetch->child, program.argv, program.settings, limit, &error)) {
        finish_leg(fetch, LEG_REFUSED, 0, &error);
    }
    program_free(&program);
}

/* False while the program runs. */
static bool look_after_child(struct fetch *fetch) {
    struct error error = {0};
    bool gcloud = present(fetch)->kind == LEG_GCLOUD;
    const char *name = gcloud ? "no Google credentials were found, and gcloud"
                              : "the program of credential_source";
    enum child_state state = child_poll(&fetch->child, now_of(fetch), name, &error);
    if (state == CHILD_RUNS) {
        return false;
    }
    enum leg_end end = LEG_REFUSED;
    if (state == CHILD_FAILED && gcloud) {
        struct error said = error;
        (void)error_set(&error, said.code, "%.*s; run `gcloud auth application-default login`",
                        ERROR_TEXT_SIZE / 2, said.text);
    }
    if (state == CHILD_DONE) {
        struct text output = {fetch->child.text.data, fetch->child.text.size};
        end = subject_read_output(present(fetch), output, clock_wall_ms(fetch->clock),
                                  &fetch->cargo, &error);
    }
    finish_leg(fetch, end, 0, &error);
    return true;
}

void fetch_advance(struct fetch *fetch) {
    while (fetch->active && fetch->call.exchange.easy == NULL) {
        if (fetch->child.pid != 0) {
            if (!look_after_child(fetch)) {
                return;
            }
        } else if (now_of(fetch) < fetch->due_ns) {
            return;
        } else if (legs_asks(present(fetch))) {
            ask(fetch);
        } else if (legs_runs(present(fetch))) {
            run(fetch);
        } else {
            struct error error = {0};
            enum leg_end end =
                legs_do(present(fetch), clock_wall_ms(fetch->clock), &fetch->cargo, &error);
            finish_leg(fetch, end, 0, &error);
        }
    }
}
