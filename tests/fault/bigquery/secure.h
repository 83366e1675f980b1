/* A server over TLS on loopback that speaks HTTP/2 and gives every request the same answer. */
#ifndef TESTS_FAULT_SECURE_H
#define TESTS_FAULT_SECURE_H

struct secure;

enum secure_name {
    SECURE_HERE,      /* a certificate for 127.0.0.1 */
    SECURE_ELSEWHERE, /* one for another host */
};

/* `ca_file` is written: the certificate, signed by itself. `body` must outlive the server. */
struct secure *secure_start(enum secure_name name, const char *ca_file, const char *body);
void secure_stop(struct secure *secure);

const char *secure_endpoint(const struct secure *secure); /* "https://127.0.0.1:PORT" */

/* So far: connections whose handshake succeeded, and requests of all of them. */
int secure_connections(struct secure *secure);
int secure_requests(struct secure *secure);

#endif
