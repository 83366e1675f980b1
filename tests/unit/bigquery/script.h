/* A small HTTP server on loopback that answers from a script and remembers what it was asked. */
#ifndef TESTS_BIGQUERY_SCRIPT_H
#define TESTS_BIGQUERY_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum fault {
    FAULT_NONE,
    FAULT_RESET,    /* the connection is reset instead of an answer */
    FAULT_CLOSE,    /* closed in an orderly way, without a byte */
    FAULT_TRUNCATE, /* half of the body, then closed */
    FAULT_HANG,     /* no answer until the server stops */
};

enum { REPLY_FOREVER = -1 };

/* One answer. The first reply of the script that matches and is not used up is given. */
struct reply {
    const char *target;  /* a part of "METHOD target"; NULL matches everything */
    int times;           /* 0 is once; REPLY_FOREVER */
    int status;          /* 0 is 200 */
    const char *body;    /* NULL is empty */
    size_t size;         /* of a body that is not a string; 0: strlen */
    bool echo_job;       /* write the id of the job that is asked for instead of "job_1" */
    bool chunked;        /* send the body in chunks, without its length */
    bool goodbye;        /* close the connection afterwards, without having said so */
    const char *headers; /* further header lines, each ending in \r\n */
    enum fault fault;
};

struct seen {
    char *line;    /* "POST /bigquery/v2/…" */
    char *headers; /* the lines between, as they came */
    char *body;
    int connection; /* counted from 0 */
};

struct script;

struct script *script_start(void);
struct script *script_start_ipv6(void); /* on ::1 only; NULL where there is no IPv6 */
void script_stop(struct script *script);
const char *script_endpoint(const struct script *script); /* "127.0.0.1:PORT", "[::1]:PORT" */

void script_add(struct script *script, struct reply reply);

/* Forgets all replies that were added. */
void script_clear(struct script *script);

/* How many requests came, all of them or those whose line contains `part`. */
size_t script_count(struct script *script, const char *part);

/* The index-th request; ends the test when there is none. */
struct seen script_seen(struct script *script, size_t index);

/* Blocks until `count` requests have come. */
void script_await(struct script *script, size_t count);

/* The largest number of connections that were open at once. */
int script_connections(struct script *script);

#endif
