/* What the environment says about the way to a server: proxies and the authorities that are
 * trusted. */
#ifndef PHASEGATE_BIGQUERY_NETWORK_H
#define PHASEGATE_BIGQUERY_NETWORK_H

struct network {
    char *ca_file;    /* CURL_CA_BUNDLE, else SSL_CERT_FILE; NULL: the system's */
    char *http_proxy; /* HTTP_PROXY; NULL: none, or curl reads http_proxy by itself */
    char *no_proxy;   /* no_proxy or NO_PROXY, and this machine, which no proxy can reach */
};

void network_read(struct network *network);
void network_free(struct network *network);

#endif
