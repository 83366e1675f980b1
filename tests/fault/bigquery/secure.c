#include "secure.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

enum {
    MOST = 16,
    FRAME_HEAD = 9,
    LARGEST_FRAME = 16384,
    DATA = 0,
    HEADERS = 1,
    SETTINGS = 4,
    PING = 6,
    END_STREAM = 1,
    END_HEADERS = 4,
    ACK = 1,
};

struct peer {
    struct secure *secure;
    pthread_t thread;
    int socket;
};

struct secure {
    SSL_CTX *context;
    const char *body;
    char endpoint[48];
    int socket;
    pthread_t listener;
    struct peer peers[MOST];
    int peer_count;
    atomic_int connections;
    atomic_int requests;
};

static void check(int good, const char *what) {
    if (!good) {
        (void)fprintf(stderr, "secure server: %s failed\n", what);
        abort();
    }
}

/* ---- The certificate --------------------------------------------------------------------- */

static void sign_for(X509 *certificate, EVP_PKEY *key, const char *name) {
    X509_NAME *subject = X509_get_subject_name(certificate);
    check(X509_set_version(certificate, 2), "version");
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"phasegate test",
                               -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, name);
    check(extension != NULL && X509_add_ext(certificate, extension, -1), "subjectAltName");
    X509_EXTENSION_free(extension);
    check(X509_sign(certificate, key, EVP_sha256()) > 0, "signature");
}

static int choose_h2(SSL *ssl, const unsigned char **out, unsigned char *size,
                     const unsigned char *offered, unsigned offered_size, void *context) {
    (void)ssl;
    (void)context;
    for (unsigned at = 0; at + 3 <= offered_size; at += offered[at] + 1U) {
        if (offered[at] == 2 && memcmp(offered + at + 1, "h2", 2) == 0) {
            *out = offered + at + 1;
            *size = 2;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *make_context(enum secure_name name, const char *ca_file) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    sign_for(certificate, key, name == SECURE_HERE ? "IP:127.0.0.1" : "DNS:elsewhere.invalid");
    check(SSL_CTX_use_certificate(context, certificate), "certificate");
    check(SSL_CTX_use_PrivateKey(context, key), "key");
    SSL_CTX_set_alpn_select_cb(context, choose_h2, NULL);
    FILE *file = fopen(ca_file, "w");
    check(file != NULL && PEM_write_X509(file, certificate), ca_file);
    (void)fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

/* ---- HTTP/2, as little as answers need --------------------------------------------------- */

static int read_all(SSL *ssl, unsigned char *data, int size) {
    for (int got = 0; got < size;) {
        int part = SSL_read(ssl, data + got, size - got);
        if (part <= 0) {
            return 0;
        }
        got += part;
    }
    return 1;
}

static int write_frame(SSL *ssl, int type, int flags, const unsigned char *stream, const void *data,
                       size_t size) {
    unsigned char frame[FRAME_HEAD + LARGEST_FRAME] = {
        (unsigned char)(size >> 16), (unsigned char)(size >> 8), (unsigned char)size,
        (unsigned char)type, (unsigned char)flags};
    memcpy(frame + 5, stream, 4);
    if (size > 0) {
        memcpy(frame + FRAME_HEAD, data, size);
    }
    return SSL_write(ssl, frame, (int)(FRAME_HEAD + size)) > 0;
}

/* ":status: 200" is entry 8 of the static table. */
static int answer(struct peer *peer, SSL *ssl, const unsigned char *stream) {
    static const unsigned char OK[] = {0x88};
    peer->secure->requests++;
    return write_frame(ssl, HEADERS, END_HEADERS, stream, OK, sizeof OK) &&
           write_frame(ssl, DATA, END_STREAM, stream, peer->secure->body,
                       strlen(peer->secure->body));
}

static void converse(struct peer *peer, SSL *ssl) {
    static const unsigned char NOBODY[4] = {0};
    unsigned char head[24]; /* the preface is as long as this */
    unsigned char data[LARGEST_FRAME];
    if (!read_all(ssl, head, 24) || !write_frame(ssl, SETTINGS, 0, NOBODY, NULL, 0)) {
        return;
    }
    while (read_all(ssl, head, FRAME_HEAD)) {
        int size = head[0] << 16 | head[1] << 8 | head[2];
        int type = head[3];
        int flags = head[4];
        if (size > LARGEST_FRAME || !read_all(ssl, data, size)) {
            return;
        }
        int fine = 1;
        if (type == SETTINGS && (flags & ACK) == 0) {
            fine = write_frame(ssl, SETTINGS, ACK, NOBODY, NULL, 0);
        } else if (type == PING && (flags & ACK) == 0) {
            fine = write_frame(ssl, PING, ACK, NOBODY, data, (size_t)size);
        } else if ((type == HEADERS || type == DATA) && (flags & END_STREAM) != 0) {
            fine = answer(peer, ssl, head + 5);
        }
        if (!fine) {
            return;
        }
    }
}

static void *serve(void *context) {
    struct peer *peer = context;
    SSL *ssl = SSL_new(peer->secure->context);
    SSL_set_fd(ssl, peer->socket);
    if (SSL_accept(ssl) == 1) {
        peer->secure->connections++;
        converse(peer, ssl);
    }
    SSL_free(ssl);
    return NULL;
}

/* ---- The server -------------------------------------------------------------------------- */

static void *listen_loop(void *context) {
    struct secure *secure = context;
    while (secure->peer_count < MOST) {
        int socket = accept(secure->socket, NULL, NULL);
        if (socket < 0) {
            break;
        }
        struct peer *peer = &secure->peers[secure->peer_count++];
        *peer = (struct peer){.secure = secure, .socket = socket};
        check(pthread_create(&peer->thread, NULL, serve, peer) == 0, "pthread_create");
    }
    return NULL;
}

struct secure *secure_start(enum secure_name name, const char *ca_file, const char *body) {
    struct secure *secure = memory_new(1, sizeof *secure);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    (void)signal(SIGPIPE, SIG_IGN);
    secure->context = make_context(name, ca_file);
    secure->body = body;
    secure->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(secure->socket >= 0 &&
              bind(secure->socket, (const struct sockaddr *)&address, sizeof address) == 0 &&
              listen(secure->socket, MOST) == 0 &&
              getsockname(secure->socket, (struct sockaddr *)&address, &size) == 0,
          "listen");
    (void)snprintf(secure->endpoint, sizeof secure->endpoint, "https://127.0.0.1:%d",
                   (int)ntohs(address.sin_port));
    check(pthread_create(&secure->listener, NULL, listen_loop, secure) == 0, "pthread_create");
    return secure;
}

void secure_stop(struct secure *secure) {
    (void)shutdown(secure->socket, SHUT_RDWR);
    (void)pthread_join(secure->listener, NULL);
    for (int i = 0; i < secure->peer_count; i++) {
        (void)shutdown(secure->peers[i].socket, SHUT_RDWR);
        (void)pthread_join(secure->peers[i].thread, NULL);
        (void)close(secure->peers[i].socket);
    }
    (void)close(secure->socket);
    SSL_CTX_free(secure->context);
    free(secure);
}

const char *secure_endpoint(const struct secure *secure) {
    return secure->endpoint;
}

int secure_connections(struct secure *secure) {
    return secure->connections;
}

int secure_requests(struct secure *secure) {
    return secure->requests;
}
