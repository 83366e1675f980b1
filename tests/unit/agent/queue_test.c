/* Mailboxes: in order, from any thread, with a descriptor to wait on. */
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "fixture.h"

enum { WRITERS = 4, EACH = 500 };

static struct agent_queue *queue;

static void open_queue(void) {
    struct error error = {0};
    queue = agent_queue_new(&error);
    cr_assert_not_null(queue, "%s", error.text);
}

static void close_queue(void) {
    agent_queue_free(queue);
}

TestSuite(queue, .init = open_queue, .fini = close_queue);

static bool readable(void) {
    struct pollfd event = {agent_queue_descriptor(queue), POLLIN, 0};
    return poll(&event, 1, 0) == 1;
}

Test(queue, gives_messages_in_order_and_is_readable_while_there_are_some)
{
    struct agent_message message;
    cr_expect_not(readable());
    cr_expect_not(agent_queue_take(queue, &message));
    for (int i = 0; i < 3; i++) {
        struct agent_message posted = {.kind = AGENT_DRAIN, .run = memory_format("r-%d", i)};
        agent_queue_post(queue, &posted);
    }
    for (int i = 0; i < 3; i++) {
        cr_expect(readable());
        cr_assert(agent_queue_take(queue, &message));
        cr_expect_eq(message.run[2], '0' + i);
        agent_message_free(&message);
    }
    cr_expect_not(readable());
    cr_expect_not(agent_queue_take(queue, &message));
}

Test(queue, frees_what_nobody_took)
{
    struct agent_message answer = {.kind = AGENT_ANSWER};
    answer.answer.counts = memory_new(3, sizeof *answer.answer.counts);
    agent_queue_post(queue, &answer);
    struct agent_message trouble = {.kind = AGENT_TROUBLE};
    trouble.trouble.names = memory_new(1, sizeof *trouble.trouble.names);
    agent_queue_post(queue, &trouble);
    struct agent_message progress = {.kind = AGENT_PROGRESS};
    progress.progress.run = memory_copy_string("r-1");
    progress.progress.json = memory_copy_string("{}");
    agent_queue_post(queue, &progress);
    struct agent_message follow = {.kind = AGENT_FOLLOW};
    follow.follow.run = memory_copy_string("r-1");
    follow.follow.path = memory_copy_string("/tmp/x");
    agent_queue_post(queue, &follow);
    struct agent_message quit = {.kind = AGENT_QUIT};
    agent_queue_post(queue, &quit);
    cr_expect(readable());
}

static void *write_many(void *context) {
    const size_t *number = context;
    for (size_t i = 0; i < EACH; i++) {
        struct agent_message message = {.kind = AGENT_START};
        message.start.target = (struct measure_target){MEASURE_TABLE, *number, i};
        agent_queue_post(queue, &message);
    }
    return NULL;
}

Test(queue, loses_nothing_between_threads_and_keeps_each_ones_order)
{
    pthread_t threads[WRITERS];
    size_t numbers[WRITERS];
    size_t next[WRITERS] = {0};
    for (size_t i = 0; i < WRITERS; i++) {
        numbers[i] = i;
        cr_assert_eq(pthread_create(&threads[i], NULL, write_many, &numbers[i]), 0);
    }
    for (size_t taken = 0; taken < (size_t)WRITERS * EACH; taken++) {
        struct agent_message message = fixture_message(queue, AGENT_START);
        cr_expect_eq(message.start.target.check, next[message.start.target.index]);
        next[message.start.target.index]++;
    }
    for (size_t i = 0; i < WRITERS; i++) {
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    }
    cr_expect_not(readable());
}
