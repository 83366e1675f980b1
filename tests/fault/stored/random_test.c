/* Nights of faults in random order, from seeds that make them repeat: whatever BigQuery does, no
 * stored number changes, no gate is GO on old evidence, the bill only grows, and all recovers. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "stored.h"

TestSuite(stored_random, .init = stored_open, .fini = stored_close, .timeout = 600);

enum { NIGHTS = 6, POLLS = 25 };

static const char *const FAULTS[] = {
    "{\"fault\":\"error\",\"share\":0.5}",
    "{\"fault\":\"error\",\"reason\":\"rateLimitExceeded\",\"share\":0.7}",
    "{\"fault\":\"error\",\"reason\":\"jobRateLimitExceeded\",\"method\":\"jobs.query\",\"times\":"
    "3}",
    "{\"fault\":\"error\",\"reason\":\"quotaExceeded\",\"share\":0.3}",
    "{\"fault\":\"error\",\"reason\":\"accessDenied\",\"share\":0.3}",
    "{\"fault\":\"error\",\"reason\":\"notFound\",\"method\":\"tables.get\",\"times\":1}",
    "{\"fault\":\"error\",\"reason\":\"authError\",\"times\":2}",
    "{\"fault\":\"error\",\"reason\":\"internalError\",\"method\":\"jobs.getQueryResults\"}",
    "{\"fault\":\"html\",\"share\":0.5}",
    "{\"fault\":\"html\",\"code\":200,\"times\":2}",
    "{\"fault\":\"reset\",\"share\":0.5}",
    "{\"fault\":\"reset\",\"processed\":true,\"method\":\"jobs.query\",\"times\":2}",
    "{\"fault\":\"truncate\",\"share\":0.5}",
    "{\"fault\":\"empty\",\"times\":3}",
    "{\"fault\":\"incomplete\",\"share\":0.6}",
    "{\"fault\":\"incomplete\"}",
    "{\"fault\":\"delay\",\"delay_ms\":30,\"share\":0.3}",
    "{\"fault\":\"edit\",\"method\":\"jobs.query\",\"rows\":3,\"share\":0.7}",
    "{\"fault\":\"edit\",\"method\":\"jobs.query\",\"rows\":0,\"set\":{\"totalRows\":\"0\","
    "\"errors\":[{"
    "\"message\":\"streaming buffer\"}]}}",
    "{\"fault\":\"edit\",\"method\":\"jobs.getQueryResults\",\"set\":{\"schema\":null}}",
    "{\"fault\":\"answer\",\"body\":{},\"share\":0.4}",
};

static uint64_t draw(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void play(uint64_t seed) {
    char name[64];
    uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15);
    stored_poll(false, false);
    char *counts = stored_numbers(false);
    int64_t billed = stored_bytes_billed();
    for (int poll = 0; poll < POLLS; poll++) {
        (void)snprintf(name, sizeof name, "seed %llu, poll %d", (unsigned long long)seed, poll);
        stored_heal();
        for (uint64_t faults = draw(&state) % 4; faults > 0; faults--) {
            stored_fault(FAULTS[draw(&state) % (sizeof FAULTS / sizeof FAULTS[0])]);
        }
        stored_pass((int64_t)(draw(&state) % 12 + 1) * STORED_MINUTE);
        stored_poll(true, draw(&state) % 4 == 0);
        stored_expect_invariant(name);
        char *now = stored_numbers(false);
        cr_expect_str_eq(now, counts, "%s touched what is stored", name);
        free(now);
        cr_expect_geq(stored_bytes_billed(), billed, "%s lowered the bill", name);
        billed = stored_bytes_billed();
    }
    stored_heal();
    stored_pass(61 * STORED_MINUTE); /* a quota is asked for again after an hour at most */
    stored_poll(false, false);
    stored_expect_good(name);
    free(counts);
}

Test(stored_random, nights_never_touch_a_number_and_all_recover)
{
    for (uint64_t seed = 1; seed <= NIGHTS; seed++) {
        play(seed);
    }
}
