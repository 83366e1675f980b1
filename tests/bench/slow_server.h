/* A BigQuery of one answer for every table and every query, each given after the same latency: what
 * the way there costs, without what the work there costs. A thread of its own serves on loopback.
 */
#ifndef PHASEGATE_TESTS_BENCH_SLOW_SERVER_H
#define PHASEGATE_TESTS_BENCH_SLOW_SERVER_H

#include <stddef.h>

struct slow_server;

/* Ends the program when there is no port or thread to be had. */
struct slow_server *slow_server_start(int latency_ms);
void slow_server_stop(struct slow_server *server);

/* "http://127.0.0.1:PORT". */
const char *slow_server_url(const struct slow_server *server);

/* Since the last call: requests answered, and the most connections that were open at once (0: none
 * was opened). */
struct slow_server_usage {
    size_t requests, connections;
};
struct slow_server_usage slow_server_usage(struct slow_server *server);

#endif
