#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

Test(memory, new_room_is_zero_and_may_be_empty)
{
    int *numbers = memory_new(100, sizeof *numbers);
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(numbers[i], 0);
    }
    free(numbers);
    void *nothing = memory_new(0, sizeof(int));
    cr_assert_not_null(nothing);
    free(nothing);
}

Test(memory, an_array_grows_one_by_one)
{
    size_t *array = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < 1000; i++) {
        array = memory_grow(array, i, &capacity, sizeof *array);
        cr_assert_gt(capacity, i);
        array[i] = i;
    }
    for (size_t i = 0; i < 1000; i++) {
        cr_assert_eq(array[i], i);
    }
    free(array);
}

Test(memory, copies_are_strings)
{
    char *part = memory_copy_part("abcdef", 3);
    char *none = memory_copy_part(NULL, 0);
    char *text = memory_format("%s-%d", part, 7);
    cr_assert_str_eq(text, "abc-7");
    cr_assert_str_eq(none, "");
    cr_assert_null(memory_copy_string(NULL));
    free(part);
    free(none);
    free(text);
}

Test(memory, a_size_that_overflows_ends_the_process, .exit_code = EXIT_SOFTWARE)
{ free(memory_resize(NULL, SIZE_MAX / 2, 4)); }
