/* What a shell or a command would have had filled in, and stays as it is written: no shell reads
 * the words of a command or the values of `environment`. */
#include <string.h>

#include "pipeline/argv.h"
#include "pipeline/loader.h"
#include "pipeline/placeholder.h"

/* The length of "$NAME" or "${NAME}" at the text's beginning; 0 when it is neither. */
static size_t variable_size(const char *text) {
    if (text[0] != '$') {
        return 0;
    }
    bool braces = text[1] == '{';
    const char *name = text + (braces ? 2 : 1);
    size_t size = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
    if (size == 0 || (name[0] >= '0' && name[0] <= '9') || (braces && name[size] != '}')) {
        return 0;
    }
    return size + (braces ? 3 : 1);
}

static bool is_home(const char *text) {
    return text[0] == '~' && (text[1] == '/' || text[1] == '\0');
}

#define TOLD "%.*s stays as it is written, for no shell reads it; write out what it stands for"

void warn_of_value(struct loader *loader, yaml_mark_t mark, const char *value) {
    for (size_t i = 0; i < ARGV_PLACEHOLDERS; i++) {
        if (placeholder_in(value, argv_placeholders[i])) {
            loader_warning_at(loader, mark,
                              "{%s} stays as it is written: only `command` and `dates_argument` "
                              "are filled in",
                              argv_placeholders[i]);
        }
    }
    for (const char *at = value; *at != '\0'; at++) {
        size_t size = variable_size(at);
        if (size > 0) {
            loader_warning_at(loader, mark, TOLD, (int)size, at);
            return;
        }
        if (is_home(at) && (at == value || at[-1] == ':')) {
            loader_warning_at(loader, mark, TOLD, 1, at);
            return;
        }
    }
}

/* Only a word, or what follows its "=", that is a path from a variable or from home: in others a
 * "$" may be the command's own. After "-c" comes a text for a shell. */
void warn_of_words(struct loader *loader, const struct place *at, char *const *words,
                   size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *equals = words[i][0] == '-' ? strchr(words[i], '=') : NULL;
        const char *word = equals != NULL ? equals + 1 : words[i];
        size_t size = is_home(word) ? 1 : variable_size(word);
        bool path = size > 0 && (word[size] == '/' || word[size] == '\0');
        if (path && (i == 0 || strcmp(words[i - 1], "-c") != 0)) {
            loader_warning(loader, PLACE_ITEM(at, i), TOLD, (int)size, word);
        }
    }
}
