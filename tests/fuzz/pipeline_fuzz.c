/* Any bytes as a pipeline file: they are loaded or refused with a sentence, and nothing else
 * happens. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "pipeline/pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = {0};
    struct text text = {(const char *)data, size};
    struct pipeline *pipeline =
        pipeline_load_text(text, PHASEGATE_SOURCE_DIR "/queries/nba/fuzz.yaml", &error);
    if (pipeline == NULL && (error.code == EXIT_GO || error.text[0] == '\0')) {
        abort();
    }
    for (size_t i = 0; pipeline != NULL && i < pipeline->processor_count; i++) {
        struct pipeline_launch launch = {.range = {19000, 19003}};
        pipeline_argv_free(pipeline_argv(pipeline, i, &launch, &error));
    }
    pipeline_free(pipeline);
    return 0;
}
