/* Faults: the rules in their order, each with its counters. */
#include "emulator/faults.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"

enum { RULE_LIMIT = 1000, DELAY_LIMIT_MS = 600000 };

static const char *const kind_names[] = {
    [FAULT_ERROR] = "error",           [FAULT_HTML] = "html",   [FAULT_RESET] = "reset",
    [FAULT_TRUNCATE] = "truncate",     [FAULT_SLOW] = "slow",   [FAULT_DELAY] = "delay",
    [FAULT_INCOMPLETE] = "incomplete", [FAULT_EMPTY] = "empty", [FAULT_HOLD] = "hold",
    [FAULT_ANSWER] = "answer",         [FAULT_EDIT] = "edit",
};

struct rule {
    struct fault fault;
    char *method; /* NULL: any */
    char *label;  /* of FAULT_HOLD; NULL: any */
    double share;
    int64_t skip;
    int64_t left; /* -1: without end */
    int64_t matched;
    int64_t struck;
};

struct faults {
    pthread_mutex_t lock;
    struct rule *rules;
    size_t count;
    size_t capacity;
    uint64_t chance; /* state of the generator; fixed at the start so that runs repeat */
};

struct faults *faults_new(void) {
    struct faults *faults = memory_new(1, sizeof *faults);
    pthread_mutex_init(&faults->lock, NULL);
    faults->chance = UINT64_C(0x9E3779B97F4A7C15);
    return faults;
}

void faults_free(struct faults *faults) {
    if (!faults)
        return;
    faults_clear(faults);
    free(faults->rules);
    pthread_mutex_destroy(&faults->lock);
    free(faults);
}

void fault_clear(struct fault *fault) {
    free(fault->body);
    json_decref(fault->set);
    fault->body = NULL;
    fault->set = NULL;
}

static void free_rule(struct rule *rule) {
    fault_clear(&rule->fault);
    free(rule->method);
    free(rule->label);
}

static void drop_last(struct faults *faults) {
    free_rule(&faults->rules[--faults->count]);
}

static bool parse_kind(const char *name, enum fault_kind *kind, struct error *error) {
    for (size_t i = FAULT_ERROR; i < sizeof kind_names / sizeof kind_names[0]; i++) {
        if (strcmp(kind_names[i], name) == 0) {
            *kind = (enum fault_kind)i;
            return true;
        }
    }
    return error_set(error, EXIT_DATA,
                     "\"fault\" is \"%s\"; it must be error, html, reset, truncate, slow, delay, "
                     "incomplete, empty, hold, answer or edit",
                     name);
}

/* The members a rule may have: a misspelt one must not make another fault than was meant. */
static bool members_are_known(json_t *json, struct error *error) {
    static const char *const known[] = {"fault",  "times", "share",   "skip",      "method",
                                        "reason", "code",  "message", "processed", "delay_ms",
                                        "label",  "body",  "set",     "rows"};
    const size_t count = sizeof known / sizeof known[0];
    const char *key;
    json_t *value;
    json_object_foreach(json, key, value) {
        size_t i = 0;
        while (i < count && strcmp(known[i], key) != 0)
            i++;
        if (i < count)
            continue;
        const char *meant = text_nearest(key, known, count);
        return error_set(error, EXIT_DATA, "a fault has no \"%s\"%s%s%s", key,
                         meant ? "; did you mean \"" : "", meant ? meant : "", meant ? "\"?" : "");
    }
    return true;
}

/* What "answer" and "edit" put in the place of the truth. */
static bool parse_answer(json_t *json, struct fault *fault, struct error *error) {
    json_t *body = json_object_get(json, "body");
    json_t *set = json_object_get(json, "set");
    fault->rows = json_get_integer(json, "rows", -1);
    if ((fault->kind == FAULT_ANSWER) != (body != NULL))
        return error_set(error, EXIT_DATA, "an \"answer\" needs a \"body\", and only that does");
    if (fault->kind != FAULT_EDIT && (set || fault->rows != -1))
        return error_set(error, EXIT_DATA, "only an \"edit\" takes \"set\" and \"rows\"");
    if ((set && !json_is_object(set)) || fault->rows < -1)
        return error_set(error, EXIT_DATA,
                         "\"set\" must be an object, and \"rows\" a number of them");
    if (body)
        fault->body =
            json_is_string(body) ? memory_copy_string(json_string_value(body)) : json_text(body);
    fault->set = set ? json_deep_copy(set) : NULL;
    return true;
}

static bool parse_rule(json_t *json, struct rule *rule, struct error *error) {
    if (!json_is_object(json))
        return error_set(error, EXIT_DATA, "a fault must be a JSON object");
    struct fault *fault = &rule->fault;
    if (!members_are_known(json, error) ||
        !parse_kind(json_get_string(json, "fault", ""), &fault->kind, error))
        return false;
    const char *name = json_get_string(json, "reason", "backendError");
    enum emulator_reason reason;
    if (!failure_reason_parse(name, &reason))
        return error_set(error, EXIT_DATA, "BigQuery knows no reason \"%s\"", name);
    failure_set(&fault->failure, reason, "%s",
                json_get_string(json, "message",
                                "Error encountered during execution. Retrying "
                                "may solve the problem."));
    int code = fault->kind == FAULT_HTML     ? 502
               : fault->kind == FAULT_ANSWER ? 200
                                             : fault->failure.code;
    int64_t given = json_get_integer(json, "code", code);
    int64_t delay = json_get_integer(json, "delay_ms", 1000);
    const json_t *share = json_object_get(json, "share");
    rule->share = share ? json_number_value(share) : 1;
    rule->skip = json_get_integer(json, "skip", 0);
    rule->left = json_get_integer(json, "times", -1);
    if (given < 200 || given > 599 || delay < 0 || delay > DELAY_LIMIT_MS || rule->share < 0 ||
        rule->share > 1)
        return error_set(
            error, EXIT_DATA,
            "a fault needs a code of 200 to 599, a delay_ms of 0 to 600000 and a share "
            "of 0 to 1");
    fault->code = (int)given;
    fault->failure.code = (int)given;
    fault->delay_ms = (int)delay;
    fault->processed = json_get_bool(json, "processed", false);
    if (!parse_answer(json, fault, error))
        return false;
    rule->label = memory_copy_string(json_get_string(json, "label", NULL));
    rule->method = memory_copy_string(json_get_string(json, "method", NULL));
    return true;
}

static bool add_one(struct faults *faults, json_t *json, struct error *error) {
    struct rule rule = {0};
    if (!parse_rule(json, &rule, error))
        return false;
    if (faults->count == RULE_LIMIT) {
        free_rule(&rule);
        return error_set(error, EXIT_DATA, "there are 1,000 faults already; clear them first");
    }
    faults->rules = memory_grow(faults->rules, faults->count, &faults->capacity, sizeof rule);
    faults->rules[faults->count++] = rule;
    return true;
}

bool faults_add(struct faults *faults, json_t *json, struct error *error) {
    const json_t *list = json_object_get(json, "rules");
    pthread_mutex_lock(&faults->lock);
    size_t before = faults->count;
    bool good = true;
    if (!list) {
        good = add_one(faults, json, error);
    } else {
        for (size_t i = 0; i < json_array_size(list) && good; i++)
            good = add_one(faults, json_array_get(list, i), error);
    }
    while (!good && faults->count > before)
        drop_last(faults);
    pthread_mutex_unlock(&faults->lock);
    return good;
}

void faults_clear(struct faults *faults) {
    pthread_mutex_lock(&faults->lock);
    while (faults->count > 0)
        drop_last(faults);
    pthread_mutex_unlock(&faults->lock);
}

json_t *faults_json(struct faults *faults) {
    json_t *rules = json_array();
    pthread_mutex_lock(&faults->lock);
    for (size_t i = 0; i < faults->count; i++) {
        const struct rule *rule = &faults->rules[i];
        json_array_append_new(
            rules, json_pack("{s:s, s:s?, s:I, s:I, s:I}", "fault", kind_names[rule->fault.kind],
                             "method", rule->method, "matched", (json_int_t)rule->matched, "struck",
                             (json_int_t)rule->struck, "left", (json_int_t)rule->left));
    }
    pthread_mutex_unlock(&faults->lock);
    return json_pack("{s:o}", "rules", rules);
}

/* A number in [0, 1), xorshift64*. */
static double draw(struct faults *faults) {
    uint64_t x = faults->chance;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    faults->chance = x;
    return (double)((x * UINT64_C(2685821657736338717)) >> 11) / 9007199254740992.0;
}

static bool strikes(struct faults *faults, struct rule *rule, const char *method) {
    if (rule->left == 0 || (rule->method && strcmp(rule->method, method) != 0))
        return false;
    if (rule->matched++ < rule->skip || draw(faults) >= rule->share)
        return false;
    rule->struck++;
    if (rule->left > 0)
        rule->left--;
    return true;
}

struct fault faults_strike(struct faults *faults, const char *method) {
    struct fault fault = {0};
    pthread_mutex_lock(&faults->lock);
    for (size_t i = 0; i < faults->count; i++) {
        if (faults->rules[i].fault.kind != FAULT_HOLD &&
            strikes(faults, &faults->rules[i], method)) {
            fault = faults->rules[i].fault;
            fault.body = memory_copy_string(fault.body);
            fault.set = json_deep_copy(fault.set);
            break;
        }
    }
    pthread_mutex_unlock(&faults->lock);
    return fault;
}

int faults_hold(struct faults *faults, const char *method, const json_t *labels) {
    int hold_ms = 0;
    pthread_mutex_lock(&faults->lock);
    for (size_t i = 0; i < faults->count && hold_ms == 0; i++) {
        struct rule *rule = &faults->rules[i];
        bool meant = rule->fault.kind == FAULT_HOLD &&
                     (!rule->label || json_object_get(labels, rule->label));
        if (meant && strikes(faults, rule, method))
            hold_ms = rule->fault.delay_ms;
    }
    pthread_mutex_unlock(&faults->lock);
    return hold_ms;
}
