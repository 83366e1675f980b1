/* Two threads that write one number without a lock. */
#include <criterion/criterion.h>

#include <pthread.h>

static int shared;

static void *write_shared(void *unused) {
    shared++;
    return unused;
}

Test(race, is_found)
{
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, write_shared, NULL), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    }
    cr_assert_eq(shared, 2);
}
