/* A state file that was cut, or of which bits fell over: it opens and is read, or one sentence says
 * what, where and what to do; never a crash, a hang, or memory that is not ours. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "fixture.h"
#include "state/state_arms.h"

enum { FLIPS = 250, CUTS = 60 };

static struct fixture f;
static char *path;
static struct text_buffer sound;

static void setup(void) {
    struct state_count counts[200];
    fixture_open(&f);
    int64_t term = fixture_lead(&f);
    cr_assert(fixture_launch(&f, "r-1", "nba.a", DAY1, DAY1 + 9));
    cr_assert(fixture_launch(&f, "r-2", "nba.b", DAY1, DAY1 + 9));
    fixture_run(&f, "r-1");
    cr_assert(fixture_end(&f, "r-1", STATE_OUTCOME_OK, 0));
    cr_assert(state_mark_put(f.state, &person, "g", true, "not before noon", NOON, &f.error));
    for (size_t i = 0; i < 200; i++) {
        counts[i] = (struct state_count){.day = DAY1 + (day_number)i,
                                         .rows = 1000000,
                                         .entities = 5,
                                         .nulls = -1,
                                         .fallbacks = -1,
                                         .changed_at = NOON};
    }
    char key[] = "team_defense";
    struct state_measurement measurement = {.subject = STATE_SUBJECT_TABLE,
                                            .key = key,
                                            .range = {DAY1, DAY1 + 199},
                                            .measured_at = NOON,
                                            .counts = counts,
                                            .count = 200};
    cr_assert(state_coverage_store(f.state, term, &measurement, &f.error), "%s", f.error.text);
    state_close(f.state);
    f.state = NULL;
    path = file_join(f.directory, "state.db");
    cr_assert(file_read(path, 1 << 24, &sound, &f.error), "%s", f.error.text);
}
static void teardown(void) {
    text_buffer_free(&sound);
    free(path);
    fixture_close(&f);
}
TestSuite(damage, .init = setup, .fini = teardown, .timeout = 600);

static void expect_sentence(const struct error *error, const char *what, size_t number) {
    bool documented = error->code == EXIT_GO || error->code == EXIT_NO_GO ||
                      (error->code >= EXIT_USAGE && error->code <= EXIT_CONFIG);
    cr_assert(documented && (error->code == EXIT_GO || error->text[0] != '\0'), "%s %zu: %d %s",
              what, number, (int)error->code, error->text);
    cr_assert(error->code != EXIT_DATA || strstr(error->text, path) != NULL, "%s %zu: %s", what,
              number, error->text);
}

/* Everything that a console loads. */
static void read_all(struct state *state, struct error *error) {
    struct state_run_filter all = {0};
    struct state_journal_filter events = {0};
    struct state_lease lease = {0};
    size_t count = 0;
    struct state_run *runs = state_runs(state, &all, &count, error);
    for (size_t i = 0; runs != NULL && i < count; i++) {
        size_t dates = 0;
        struct state_run_date *days = state_run_dates(state, runs[i].run, &dates, error);
        state_run_dates_free(days, days == NULL ? 0 : dates);
    }
    state_runs_free(runs, runs == NULL ? 0 : count);
    struct state_measurement *measurements = state_coverage_load(state, &count, error);
    state_measurements_free(measurements, measurements == NULL ? 0 : count);
    struct state_mark *marks = state_marks(state, 0, &count, error);
    state_marks_free(marks, marks == NULL ? 0 : count);
    struct state_event *journal = state_journal(state, &events, &count, error);
    state_events_free(journal, journal == NULL ? 0 : count);
    (void)state_lease_load(state, NOON, &lease, error);
    state_lease_clear(&lease);
}

static void try_it(const char *data, size_t size, const char *what, size_t number) {
    static const enum state_access accesses[] = {STATE_READ, STATE_WRITE};
    int descriptor = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);
    cr_assert(descriptor >= 0 && file_write_all(descriptor, data, size));
    (void)close(descriptor);
    struct error error = {0};
    struct state *state = state_open(f.directory, accesses[number % 2], &error);
    if (state != NULL) {
        read_all(state, &error);
    }
    expect_sentence(&error, what, number);
    state_close(state);
}

static uint64_t draw(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

Test(damage, of_flipped_bits_is_a_sentence_or_harmless)
{
    uint64_t seed = 0x9E3779B97F4A7C15;
    char *data = memory_new(sound.size, 1);
    for (size_t i = 0; i < FLIPS; i++) {
        memcpy(data, sound.data, sound.size);
        for (uint64_t flips = draw(&seed) % 8 + 1; flips > 0; flips--) {
            /* Half of them in the header and the schema, where most hangs on one bit. */
            size_t most = draw(&seed) % 2 == 0 ? 4096 : sound.size;
            data[draw(&seed) % most] ^= (char)(1U << (draw(&seed) % 8));
        }
        try_it(data, sound.size, "flip", i);
    }
    free(data);
}

Test(damage, of_a_file_that_ends_early_is_a_sentence)
{
    uint64_t seed = 0xD1B54A32D192ED03;
    for (size_t i = 0; i < CUTS; i++) {
        try_it(sound.data, draw(&seed) % sound.size, "cut", i);
    }
}

Test(damage, of_every_bit_of_the_header_is_a_sentence_or_harmless)
{
    char *data = memory_new(sound.size, 1);
    for (size_t i = 0; i < 100; i++) {
        memcpy(data, sound.data, sound.size);
        data[i] = (char)~data[i];
        try_it(data, sound.size, "byte", i);
    }
    free(data);
}
