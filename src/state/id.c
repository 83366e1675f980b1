/* Ids of runs, launches, sessions, approvals and arms. */
#include <sys/random.h>
#include <unistd.h>

#include "state/sql.h"
#include "state/state_runs.h"

enum { TIME_DIGITS = 6, NOISE_DIGITS = 8 };

/* Seconds since 2020-01-01 in six digits of base 32, then eight random ones: sorts by time until
 * 2054. With 40 bits, two of a thousand ids made in one second are the same once in two million
 * such seconds, and whoever stores one draws again then. */
char *state_make_id(char kind, int64_t at, char id[STATE_RUN_SIZE]) {
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    static const int64_t epoch_2020 = 1577836800;
    uint64_t seconds = at / 1000 > epoch_2020 ? (uint64_t)(at / 1000 - epoch_2020) : 0;
    uint64_t noise = 0;
    if (getrandom(&noise, sizeof noise, 0) != (ssize_t)sizeof noise) {
        noise = (uint64_t)clock_boot_ns(clock_system()) ^ (uint64_t)getpid() << 24;
    }
    id[0] = kind;
    id[1] = '-';
    for (int i = 0; i < TIME_DIGITS; i++) {
        id[1 + TIME_DIGITS - i] = digits[seconds >> (5 * i) & 31U];
    }
    for (int i = 0; i < NOISE_DIGITS; i++) {
        id[2 + TIME_DIGITS + i] = digits[noise >> (5 * i) & 31U];
    }
    id[2 + TIME_DIGITS + NOISE_DIGITS] = '\0';
    return id;
}

/* Where an id of this kind would stand. */
static const char *query_of(char kind) {
    switch (kind) {
    case 'r':
        return "SELECT count(*) FROM runs WHERE run=?";
    case 'l':
        return "SELECT count(*) FROM runs WHERE launch=?";
    case 's':
        return "SELECT count(*) FROM sessions WHERE session=?";
    case 'm':
        return "SELECT count(*) FROM arms WHERE arm=?";
    default:
        return "SELECT count(*) FROM approvals WHERE approval=?";
    }
}

bool state_id_is_taken(struct state *state, const char *id, bool *taken, struct error *error) {
    int64_t count;
    struct sql_value value = sql_text(id);
    bool done = sql_one(state, error, query_of(id[0]), &value, 1, 0, &count);
    *taken = count > 0;
    return done;
}

bool state_draw_id(struct state *state, char kind, int64_t at, char id[STATE_RUN_SIZE],
                   struct error *error) {
    bool taken = true;
    bool done = true;
    while (done && taken) {
        done = state_id_is_taken(state, state_make_id(kind, at, id), &taken, error);
    }
    return done;
}
