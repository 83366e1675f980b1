#include "stored.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/record.h"
#include "agent/trouble.h"
#include "base/memory.h"
#include "base/text.h"
#include "state/state_spend.h"

enum { IDLE_MS = 2, SILENCE_MS = 5000, PATIENCE_MS = 120000 };

static struct scene scene;
static struct warehouse warehouse;
static struct recorder recorder;
static struct measure *measure;
static struct trouble *trouble;
static int64_t wall, jumped_ms;

static int64_t wall_ms(void *context) {
    (void)context;
    return wall;
}

static int64_t boot_ns(void *context) {
    (void)context;
    return clock_boot_ns(clock_system()) + jumped_ms * 1000000;
}

static const struct clock virtual_clock = {wall_ms, boot_ns, NULL};

static int64_t real_ms(void) {
    return clock_boot_ns(clock_system()) / 1000000;
}

void stored_open(void) {
    const char *changes[] = {
        "      - {runs: {group: second}}\n",
        "      - {query: {sql: \"SELECT COUNT(*) FROM nba_raw.nbac_schedule WHERE game_date "
        "BETWEEN @from AND @to\", at_least: 1}, name: scheduled}\n",
        NULL};
    struct error error = {0};
    wall = SCENE_NOW;
    jumped_ms = 0;
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 1); /* a thousand polls, and none is about the disk */
    }
    scene_open(&scene, changes);
    scene_lead(&scene);
    warehouse_open(&warehouse);
    struct dayset all = warehouse_game_dates("2021-11-02", "2021-11-11");
    warehouse_fill(&warehouse, "nbac_schedule", &all);
    warehouse_fill(&warehouse, "team_defense_game_summary", &all);
    warehouse_fill(&warehouse, "team_defense_zone_analysis", &all);
    dayset_free(&all);
    recorder =
        (struct recorder){.pipeline = scene.pipeline,
                          .state = scene.state,
                          .actor = {.name = "agent", .session = "s-scene", .term = scene.term}};
    measure = measure_new(scene.pipeline, NULL, &virtual_clock, &error);
    cr_assert_not_null(measure, "%s", error.text);
    trouble = trouble_new(scene.pipeline);
}

void stored_close(void) {
    trouble_free(trouble);
    measure_free(measure);
    warehouse_close(&warehouse);
    scene_close(&scene);
}

void stored_pass(int64_t ms) {
    wall += ms;
    jumped_ms += ms;
}

void stored_fault(const char *json) {
    struct error error = {0};
    cr_assert(emulator_add_fault(warehouse.emulator, json, &error), "%s: %s", json, error.text);
}

void stored_heal(void) {
    emulator_clear_faults(warehouse.emulator);
}

static void start_all(bool estimate) {
    size_t count;
    struct measure_target *targets = measure_targets(scene.pipeline, &count);
    struct day_range range = pipeline_range(scene.pipeline, wall);
    for (size_t i = 0; i < count; i++) {
        if (estimate) {
            measure_estimate(measure, targets[i], range);
        } else {
            measure_start(measure, targets[i], range, MEASURE_FORCED, false);
        }
    }
    free(targets);
}

/* Nothing came: skips the wait before another try, or some silence. */
static void skip_time(bool hangs) {
    struct measure_trouble waits = measure_trouble(measure);
    trouble_waits(trouble, &waits);
    if (waits.next_try > wall) {
        jumped_ms += waits.next_try - wall;
    } else if (hangs) {
        jumped_ms += SILENCE_MS;
    }
    measure_trouble_free(&waits);
}

static void tell(void) {
    struct error error = {0};
    char *news;
    struct measure_trouble waits = measure_trouble(measure);
    trouble_waits(trouble, &waits);
    measure_trouble_free(&waits);
    cr_assert(trouble_store(trouble, &recorder, wall, &news, &error), "%s", error.text);
    free(news);
}

static void take_all(bool hangs) {
    struct error error = {0};
    int64_t until = real_ms() + PATIENCE_MS;
    while (measure_pending(measure) > 0) {
        struct measure_answer answer;
        if (measure_next(measure, IDLE_MS, &answer)) {
            trouble_answered(trouble, &answer, wall + STORED_MINUTE);
            cr_assert(record_answer(&recorder, &answer, &error), "%s", error.text);
            free(answer.counts);
        } else {
            cr_assert_lt(real_ms(), until, "the poll does not end");
            skip_time(hangs);
        }
    }
}

void stored_poll(bool hangs, bool estimate) {
    struct error error = {0};
    start_all(false);
    take_all(hangs);
    if (estimate) { /* after it: told to slow down, BigQuery's callers wait together */
        start_all(true);
        take_all(hangs);
    }
    tell();
    struct situation *now = stored_look();
    cr_assert(record_judgement(&recorder, now, &error), "%s", error.text);
    situation_free(now);
}

struct situation *stored_look(void) {
    struct error error = {0};
    struct situation *now = situation_load(scene.pipeline, scene.state, wall, &error);
    cr_assert_not_null(now, "%s", error.text);
    return now;
}

static int by_key(const void *left, const void *right) {
    const struct state_measurement *a = left;
    const struct state_measurement *b = right;
    return strcmp(a->key, b->key);
}

char *stored_numbers(bool times) {
    struct error error = {0};
    struct text_buffer text = {0};
    size_t count;
    struct state_measurement *stored = state_coverage_load(scene.state, &count, &error);
    cr_assert_not_null(stored, "%s", error.text);
    qsort(stored, count, sizeof *stored, by_key);
    for (size_t i = 0; i < count; i++) {
        const struct state_measurement *one = &stored[i];
        text_buffer_format(&text, "%s %d..%d", one->key, one->range.from, one->range.to);
        if (times) {
            text_buffer_format(&text, " read %lld true %lld", (long long)one->measured_at,
                               (long long)one->confirmed_at);
        }
        for (size_t j = 0; j < one->count; j++) {
            const struct state_count *day = &one->counts[j];
            text_buffer_format(&text, "\n %d %lld %lld %lld %lld", day->day, (long long)day->rows,
                               (long long)day->entities, (long long)day->nulls,
                               (long long)day->fallbacks);
        }
        text_buffer_add(&text, "\n");
    }
    state_measurements_free(stored, count);
    return text_buffer_take(&text);
}

int64_t stored_bytes_billed(void) {
    struct error error = {0};
    int64_t billed = 0;
    for (day_number night = situation_night(SCENE_NOW); night <= situation_night(wall); night++) {
        struct state_spend total = {0};
        cr_assert(state_spend_total(scene.state, night, &total, &error), "%s", error.text);
        billed += total.bytes_billed;
    }
    return billed;
}

/* What holds at any time: all dates are there, and GO rests on what is fresh only. */
static void expect_invariant(const struct situation *now, const char *name) {
    for (size_t i = 0; i < scene.pipeline->table_count; i++) {
        const struct coverage_table *table = &now->coverage->tables[i];
        cr_expect(table->all.known, "%s: %s is forgotten", name, scene.pipeline->tables[i].name);
        cr_expect_eq(table->all.complete, 10, "%s: %s has %zu dates", name,
                     scene.pipeline->tables[i].name, table->all.complete);
    }
    for (size_t i = 0; i < scene.pipeline->gate_count; i++) {
        const struct gates_gate *gate = &now->gates->gates[i];
        bool fresh = gate->measured == gate->total;
        for (size_t j = 0; j < scene.pipeline->gates[i].check_count; j++) {
            fresh = fresh && gate->checks[j].fresh;
        }
        cr_expect(fresh || gate->verdict != GATES_GO, "%s: %s is GO on old evidence", name,
                  scene.pipeline->gates[i].name);
        cr_expect_neq(gate->verdict, GATES_NO_GO, "%s: nothing is missing in %s", name,
                      scene.pipeline->gates[i].name);
    }
}

void stored_expect_invariant(const char *name) {
    struct situation *now = stored_look();
    expect_invariant(now, name);
    situation_free(now);
}

void stored_expect_good(const char *name) {
    struct situation *now = stored_look();
    expect_invariant(now, name);
    for (size_t i = 0; i < scene.pipeline->table_count; i++) {
        cr_expect_eq(now->coverage->tables[i].status, COVERAGE_STATUS_FRESH, "%s: %s is %s: %s",
                     name, scene.pipeline->tables[i].name,
                     coverage_status_name(now->coverage->tables[i].status),
                     now->coverage->tables[i].error);
    }
    for (size_t i = 0; i < scene.pipeline->gate_count; i++) {
        cr_expect_eq(now->gates->gates[i].verdict, GATES_GO, "%s: %s is %s", name,
                     scene.pipeline->gates[i].name,
                     gates_verdict_name(now->gates->gates[i].verdict));
    }
    char text[SITUATION_TROUBLE_SIZE];
    cr_expect_null(now->header.bigquery, "%s: the header says %s", name,
                   situation_trouble_text(now->header.bigquery, wall, text));
    situation_free(now);
}

/* Whether the tables' errors and the header say what the matter is, and no gate is GO. */
static void expect_told(const struct stored_case *one, enum coverage_status status) {
    char text[SITUATION_TROUBLE_SIZE];
    struct situation *now = stored_look();
    expect_invariant(now, one->name);
    for (size_t i = 0; i < scene.pipeline->table_count; i++) {
        const struct coverage_table *table = &now->coverage->tables[i];
        cr_expect_eq(table->status, status, "%s: %s", one->name,
                     coverage_status_name(table->status));
        cr_expect_not_null(table->error, "%s: no reason is stored", one->name);
        if (table->error != NULL && one->sentence != NULL) {
            cr_expect_not_null(strstr(table->error, one->sentence), "%s: %s", one->name,
                               table->error);
        }
    }
    for (size_t i = 0; i < scene.pipeline->gate_count; i++) {
        /* A query check that was not answered has no value: then its gate is UNKNOWN at once. */
        bool queries = scene.pipeline->gates[i].check_count > 1;
        enum gates_verdict verdict = now->gates->gates[i].verdict;
        bool as_told = verdict == GATES_UNKNOWN
                           ? status == COVERAGE_STATUS_UNKNOWN || queries
                           : verdict == GATES_STALE && status == COVERAGE_STATUS_STALE;
        cr_expect(as_told, "%s: %s is %s", one->name, scene.pipeline->gates[i].name,
                  gates_verdict_name(verdict));
    }
    cr_expect_not_null(now->header.bigquery, "%s: the header says nothing", one->name);
    (void)situation_trouble_text(now->header.bigquery, wall, text);
    cr_expect_not_null(strstr(text, one->header != NULL ? one->header : ":"),
                       "%s: the header says %s", one->name, text);
    situation_free(now);
}

/* An account that may not list its jobs: a lost answer of jobs.query then stays lost. */
static const char NO_LIST[] =
    "{\"fault\":\"error\",\"reason\":\"accessDenied\",\"method\":\"jobs.list\"}";

static void strike(const struct stored_case *one) {
    stored_fault(NO_LIST);
    for (size_t i = 0; i < sizeof one->rules / sizeof one->rules[0] && one->rules[i] != NULL; i++) {
        stored_fault(one->rules[i]);
    }
}

static void expect_same(const char *name, const char *before, bool times) {
    char *after = stored_numbers(times);
    cr_expect_str_eq(after, before, "%s touched what is stored", name);
    free(after);
}

void stored_try(const struct stored_case *one) {
    stored_poll(false, false);
    stored_expect_good(one->name);
    char *read = stored_numbers(true);
    char *counts = stored_numbers(false);
    int64_t billed = stored_bytes_billed();
    strike(one);
    stored_pass(6 * STORED_MINUTE);
    stored_poll(one->hangs, one->estimates);
    cr_expect_geq(stored_bytes_billed(), billed, "%s lowered the bill", one->name);
    if (one->passes) {
        expect_same(one->name, counts, false);
        stored_expect_good(one->name);
    } else {
        expect_same(one->name, read, true);
        expect_told(one, COVERAGE_STATUS_STALE);
        stored_pass(40 * STORED_MINUTE);
        stored_poll(one->hangs, false);
        expect_same(one->name, read, true);
        expect_told(one, COVERAGE_STATUS_UNKNOWN);
    }
    stored_heal();
    stored_pass(30 * STORED_MINUTE); /* a quota is asked for again after twenty at most */
    stored_poll(false, false);
    expect_same(one->name, counts, false);
    stored_expect_good(one->name);
    free(read);
    free(counts);
}

/* Whether it is the server's end of a connection, which closes some time after ours: perhaps since
 * it was listed. */
static bool is_the_servers(int descriptor) {
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    const char *port = strrchr(emulator_url(warehouse.emulator), ':');
    if (getsockname(descriptor, (struct sockaddr *)&address, &size) != 0) {
        return errno == EBADF;
    }
    return port != NULL && address.sin_family == AF_INET &&
           ntohs(address.sin_port) == strtol(port + 1, NULL, 10);
}

int stored_descriptors(void) {
    struct error error = {0};
    int count = 0;
    measure_free(measure);
    DIR *directory = opendir("/proc/self/fd");
    cr_assert_not_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        count += is_the_servers((int)strtol(entry->d_name, NULL, 10)) ? 0 : 1;
    }
    (void)closedir(directory);
    measure = measure_new(scene.pipeline, NULL, &virtual_clock, &error);
    cr_assert_not_null(measure, "%s", error.text);
    return count;
}
