#include "csv_list.h"
#include "core/text/number.h"

#include <string.h>

int64_t iso_csv_column_number(const char *text)
{
    int64_t number;
    return iso_number_int(text, &number) == ISO_NUMBER_OK && number >= 0 ? number : -1;
}

const char *iso_csv_list_next(const char *list, char entry[ISO_CSV_FIELD])
{
    list += strspn(list, " ");
    const size_t n = strcspn(list, ",");
    size_t used = n < ISO_CSV_FIELD ? n : ISO_CSV_FIELD - 1;
    while (used > 0 && list[used - 1] == ' ')
        used--;
    memcpy(entry, list, used);
    entry[used] = '\0';
    return list + n + (list[n] == ',');
}

int64_t iso_csv_list_count(const char *list)
{
    char entry[ISO_CSV_FIELD];
    int64_t n = 0;
    for (; *list; n++)
        list = iso_csv_list_next(list, entry);
    return n;
}

int64_t iso_csv_list_find(const char *list, const char *name, int64_t column, bool *by_number)
{
    char entry[ISO_CSV_FIELD];
    for (int64_t i = 0; *list; i++) {
        list = iso_csv_list_next(list, entry);
        const int64_t number = iso_csv_column_number(entry);
        if (number == column || (number < 0 && strcmp(entry, name) == 0)) {
            if (by_number != NULL)
                *by_number = number == column;
            return i;
        }
    }
    return -1;
}
