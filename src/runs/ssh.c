#include "runs/ssh.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define SAYS "phasegate-remote "

/* No single quote in it: it stands between two. */
static const char bootstrap[] =
    "run=%s; echo \"" SAYS "$run ready\" >&2; n=$(printf \"\\nx\"); n=${n%%x}; s=; "
    "while IFS= read -r l; do [ \"$l\" = \"phasegate-end $run\" ] && break; s=\"$s$l$n\"; done; "
    "[ \"$l\" = \"phasegate-end $run\" ] || exit 1; eval \"$s\"";

/* After the variables of the run. The watcher's input is a copy: that of a background command is
 * /dev/null. A group that setsid has not yet made is reached by the pid that will lead it. */
static const char supervise[] =
    "hit() { kill -s \"$1\" -- \"-$pid\" 2>/dev/null || kill -s \"$1\" \"$pid\" 2>/dev/null; }\n"
    "left() { kill -s 0 -- \"-$pid\" 2>/dev/null; }\n"
    "finish() { hit TERM; hit CONT; i=0\n"
    "  while [ \"$i\" -lt \"$grace\" ] && left; do sleep 1; i=$((i+1)); done\n"
    "  if left; then hit KILL; fi; }\n"
    "pid=$!\n"
    "echo \"" SAYS "$run started $pid\" >&3\n"
    "( while read -r word; do [ \"$word\" = TERM ] && finish; done; finish ) "
    "<&4 >/dev/null 2>&1 3>&- &\n"
    "watch=$!\n"
    "wait \"$pid\"; status=$?\n"
    "i=0; while left; do if [ \"$i\" -ge \"$linger\" ]; then finish; fi; sleep 1; i=$((i+1)); "
    "done\n"
    "kill \"$watch\" 2>/dev/null\n"
    "echo \"" SAYS "$run ended $status\" >&3\n"
    "exit \"$status\"\n";

void ssh_quote(struct text_buffer *buffer, const char *word) {
    text_buffer_add(buffer, "'");
    for (; *word != '\0'; word++) {
        if (*word == '\'') {
            text_buffer_add(buffer, "'\\''");
        } else {
            text_buffer_put(buffer, word, 1);
        }
    }
    text_buffer_add(buffer, "'");
}

char **ssh_argv(const struct spec *spec) {
    static const char *const options[] = {"ssh", "-T",
                                          "-o",  "BatchMode=yes",
                                          "-o",  "ServerAliveInterval=15",
                                          "-o",  "ServerAliveCountMax=4"};
    enum { OPTIONS = sizeof options / sizeof *options };
    char **argv = memory_new(OPTIONS + 4, sizeof *argv);
    struct text_buffer command = {0};
    char *program = memory_format(bootstrap, spec->run);
    for (size_t i = 0; i < OPTIONS; i++) {
        argv[i] = memory_copy_string(options[i]);
    }
    text_buffer_add(&command, "exec sh -c ");
    ssh_quote(&command, program);
    argv[OPTIONS] = memory_copy_string(spec->ssh);
    argv[OPTIONS + 1] = memory_copy_string("--");
    argv[OPTIONS + 2] = text_buffer_take(&command);
    free(program);
    return argv;
}

void ssh_argv_free(char **argv) {
    for (char **word = argv; *word != NULL; word++) {
        free(*word);
    }
    free(argv);
}

static void add_variable(struct text_buffer *script, const char *entry) {
    const char *equals = strchr(entry, '=');
    if (equals != NULL) {
        text_buffer_format(script, "export %.*s=", (int)(equals - entry), entry);
        ssh_quote(script, equals + 1);
        text_buffer_add(script, "\n");
    }
}

/* The far side ends what it must before the shim here loses its patience and cuts the line. */
static int64_t grace_there(int64_t grace_ms) {
    int64_t seconds = grace_ms / 1000;
    return seconds > 20 ? seconds - 5 : seconds * 3 / 4;
}

char *ssh_script(const struct spec *spec, size_t step) {
    struct text_buffer script = {0};
    text_buffer_format(&script, "run=%s grace=%lld linger=%lld\n", spec->run,
                       (long long)grace_there(spec->grace_ms), (long long)spec->linger_ms / 1000);
    text_buffer_add(&script, "export PYTHONUNBUFFERED=1\n");
    for (char **entry = spec->environment; *entry != NULL; entry++) {
        add_variable(&script, *entry);
    }
    text_buffer_format(&script, "export PHASEGATE_RUN_ID=%s\nexec 3>&2 4<&0\n", spec->run);
    text_buffer_add(&script, "setsid sh -c 'cd \"$0\" && exec \"$@\"' ");
    ssh_quote(&script, spec->directory);
    for (char **word = spec->steps[step]; *word != NULL; word++) {
        text_buffer_add(&script, " ");
        ssh_quote(&script, *word);
    }
    text_buffer_add(&script, " </dev/null 2>&1 3>&- 4<&- &\n");
    text_buffer_add(&script, supervise);
    text_buffer_format(&script, "phasegate-end %s\n", spec->run);
    return text_buffer_take(&script);
}

struct text ssh_word(struct text line, const char *run) {
    char *start = memory_format(SAYS "%s ", run);
    size_t size = strlen(start);
    bool ours = line.size > size && memcmp(line.data, start, size) == 0;
    free(start);
    return ours ? (struct text){line.data + size, line.size - size} : (struct text){line.data, 0};
}
