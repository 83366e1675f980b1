/* The server behind the handle: what every route works on. Private to the emulator. */
#ifndef PHASEGATE_EMULATOR_SERVER_H
#define PHASEGATE_EMULATOR_SERVER_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "emulator/cache.h"
#include "emulator/dedup.h"
#include "emulator/emulator.h"
#include "emulator/faults.h"
#include "emulator/jobs.h"
#include "emulator/storage.h"

struct emulator {
    struct storage *storage;
    struct cache *cache;
    struct jobs *jobs;
    struct faults *faults;
    struct dedup *dedup; /* under the storage's writer lock */
    struct MHD_Daemon *daemon;
    char *url;
    bool allow_faults;
    int64_t buffer_ms;
    int64_t statement_ms;
    atomic_uint_fast64_t requests; /* served since the start */
    pthread_mutex_t lock;          /* guards stopping */
    pthread_cond_t stopped;
    bool stopping;
};

/* Starts listening on 127.0.0.1 (http.c). Errors: EXIT_UNAVAILABLE. */
bool http_start(struct emulator *emulator, uint16_t port, struct error *error);

/* Holds the calling thread for so many real milliseconds, or until the server stops. */
void emulator_pause(struct emulator *emulator, int milliseconds);

#endif
