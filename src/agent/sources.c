#include "agent/sources.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "googlesql/reads.h"

/* Takes what a query reads as the tables to ask about. */
static void take_tables(struct sources *sources, const struct googlesql_reads *reads) {
    sources->complete = reads->complete;
    sources->tables = memory_new(reads->count, sizeof *sources->tables);
    for (size_t i = 0; i < reads->count; i++) {
        struct text rest = text_of(reads->tables[i]);
        struct text project = text_cut(&rest, '.');
        struct text dataset = text_cut(&rest, '.');
        sources->tables[sources->count++] = (struct sources_table){
            .project = memory_copy_part(project.data, project.size),
            .dataset = memory_copy_part(dataset.data, dataset.size),
            .table = memory_copy_part(rest.data, rest.size),
        };
    }
}

/* A text that is no SQL reads nothing that is known. */
static void find_tables(struct sources *sources, const char *sql) {
    struct googlesql_tokens tokens;
    struct googlesql_error error;
    struct googlesql_reads reads;
    if (googlesql_tokenise(text_of(sql), &tokens, &error)) {
        googlesql_reads_open(&reads, &tokens);
        take_tables(sources, &reads);
        googlesql_reads_close(&reads);
        googlesql_tokens_free(&tokens);
    }
}

/* ---- digests ------------------------------------------------------------------------------- */

/* Each part with its length, so that no two lists of parts give the same bytes. */
static void add_part(EVP_MD_CTX *digest, const char *part) {
    char head[32];
    int size = snprintf(head, sizeof head, "%zu:", strlen(part));
    (void)EVP_DigestUpdate(digest, head, (size_t)size);
    (void)EVP_DigestUpdate(digest, part, strlen(part));
}

static EVP_MD_CTX *begin_digest(void) {
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) {
        abort(); /* no memory */
    }
    return digest;
}

static void end_digest(EVP_MD_CTX *digest, char out[SOURCES_DIGEST_SIZE]) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    (void)EVP_DigestFinal_ex(digest, bytes, NULL);
    EVP_MD_CTX_free(digest);
    for (size_t i = 0; i < (SOURCES_DIGEST_SIZE - 1) / 2; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

void sources_open(struct sources *sources, const char *endpoint, const char *sql) {
    *sources = (struct sources){0};
    find_tables(sources, sql);
    EVP_MD_CTX *digest = begin_digest();
    add_part(digest, endpoint != NULL ? endpoint : "");
    add_part(digest, sql);
    end_digest(digest, sources->query_hash);
}

void sources_begin(struct sources *sources) {
    for (size_t i = 0; i < sources->count; i++) {
        free(sources->tables[i].seen);
        sources->tables[i].seen = NULL;
    }
}

void sources_close(struct sources *sources) {
    sources_begin(sources);
    for (size_t i = 0; i < sources->count; i++) {
        free(sources->tables[i].project);
        free(sources->tables[i].dataset);
        free(sources->tables[i].table);
    }
    free(sources->tables);
    *sources = (struct sources){0};
}

void sources_see(struct sources *sources, size_t index, const struct bigquery_table *table) {
    struct text_buffer signal = {0};
    free(sources->tables[index].seen);
    sources->tables[index].seen =
        bigquery_table_signal(table, &signal) ? text_buffer_take(&signal) : NULL;
}

char *sources_signal(const struct sources *sources, struct day_range range,
                     char out[SOURCES_DIGEST_SIZE]) {
    char days[64];
    out[0] = '\0';
    if (!sources->complete) {
        return out;
    }
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->tables[i].seen == NULL) {
            return out;
        }
    }
    (void)snprintf(days, sizeof days, "%ld to %ld", (long)range.from, (long)range.to);
    EVP_MD_CTX *digest = begin_digest();
    add_part(digest, sources->query_hash);
    add_part(digest, days);
    for (size_t i = 0; i < sources->count; i++) {
        add_part(digest, sources->tables[i].seen);
    }
    end_digest(digest, out);
    return out;
}
