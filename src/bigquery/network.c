#include "bigquery/network.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* The first of two variables that is set and not empty. */
static const char *variable(const char *first, const char *second) {
    const char *value = getenv(first);
    if (value == NULL || value[0] == '\0') {
        value = getenv(second);
    }
    return value != NULL && value[0] != '\0' ? value : NULL;
}

void network_read(struct network *network) {
    const char *no_proxy = variable("no_proxy", "NO_PROXY");
    bool all = no_proxy != NULL && strcmp(no_proxy, "*") == 0;
    network->ca_file = memory_copy_string(variable("CURL_CA_BUNDLE", "SSL_CERT_FILE"));
    network->no_proxy =
        all ? memory_copy_string("*")
            : memory_format("%s%slocalhost,127.0.0.1,::1", no_proxy != NULL ? no_proxy : "",
                            no_proxy != NULL ? "," : "");
    /* Under a web server HTTP_PROXY is what a stranger sent as the header "Proxy". */
    bool own = getenv("REQUEST_METHOD") == NULL && getenv("http_proxy") == NULL;
    network->http_proxy = own ? memory_copy_string(variable("HTTP_PROXY", "HTTP_PROXY")) : NULL;
}

void network_free(struct network *network) {
    free(network->ca_file);
    free(network->http_proxy);
    free(network->no_proxy);
    *network = (struct network){0};
}
