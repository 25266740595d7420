#include "invert_paper.h"

/* Returns the sum of the pixels at the border of an image, and adds their number to *n. */
static int64_t sum_border(const uint8_t *image, int height, int width, int64_t *n)
{
    int64_t sum = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            if (y == 0 || x == 0 || y == height - 1 || x == width - 1) {
                sum += image[(int64_t)y * width + x];
                ++*n;
            }
    return sum;
}

static bool is_light(const uint8_t *image, int height, int width)
{
    int64_t n = 0;
    const int64_t sum = sum_border(image, height, width, &n);
    return 2 * sum > 255 * n;
}

int64_t iso_paper_invert(struct iso_dataset *set, bool all)
{
    const int64_t size = (int64_t)iso_dataset_image_bytes(set);
    int64_t inverted = 0;
    for (int64_t row = 0; row < set->rows; row++) {
        uint8_t *image = set->images + row * size;
        if (!all && !is_light(image, set->height, set->width))
            continue;
        for (int64_t i = 0; i < size; i++)
            image[i] = (uint8_t)(255 - image[i]);
        inverted++;
    }
    return inverted;
}
