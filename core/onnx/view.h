/* view.h (private): a value of ONNX's graph whose numbers are those of a layer's result in another
 * order: what Reshape, Transpose, Slice and Concat make of it, until something computes with it.
 *
 * The result, of rows images [height, width, channels], may be rolled: its line r is then line (r +
 * roll[0]) mod height, and so its columns. A number of it has the index ((row height + line) width
 * + column) channels + channel. Each axis of the view is walked by factors, the outermost first,
 * each so many steps of a stride in that index. */
#ifndef ISO_ONNX_VIEW_H
#define ISO_ONNX_VIEW_H
#include "core/iso.h"

enum { ISO_ONNX_AXES = 8, ISO_ONNX_FACTORS = 16 };
struct iso_onnx_factor {
    int64_t size, stride;
};
struct iso_onnx_view {
    int64_t rows;
    struct iso_shape base; /* shape of the result, for one row */
    int64_t offset, roll[2];
    int n; /* axes; axis a has factors first[a] to first[a + 1] - 1, none if its size is 1 */
    int first[ISO_ONNX_AXES + 1];
    struct iso_onnx_factor factor[ISO_ONNX_FACTORS];
};

/* Orders of a whole result. */
enum iso_onnx_whole { ISO_ONNX_WHOLE_LAST, ISO_ONNX_WHOLE_FIRST, ISO_ONNX_WHOLE_TOKENS };
/* Returns the view of a result [height, width, channels] in one of them. */
struct iso_onnx_view iso_onnx_view_whole(const struct iso_shape *base, int64_t rows,
                                         enum iso_onnx_whole);
/* Returns a view without axes, to which iso_onnx_view_add adds factors, and iso_onnx_view_end ends
 * an axis. They return false if there are too many. */
struct iso_onnx_view iso_onnx_view_begin(const struct iso_shape *base, int64_t rows);
bool iso_onnx_view_add(struct iso_onnx_view *, int64_t size, int64_t stride);
bool iso_onnx_view_end(struct iso_onnx_view *);

int64_t iso_onnx_view_dim(const struct iso_onnx_view *, int axis);
/* Returns true if both see the same numbers in the same shape. */
bool iso_onnx_view_equal(const struct iso_onnx_view *, const struct iso_onnx_view *);

/* Change a view. They return false, and may have changed it, if the result is none. */
bool iso_onnx_view_reshape(struct iso_onnx_view *, int n, const int64_t *dim);
bool iso_onnx_view_permute(struct iso_onnx_view *, const int64_t *perm);
/* Part of an axis; and one element of it, without the axis. */
bool iso_onnx_view_cut(struct iso_onnx_view *, int axis, int64_t start, int64_t size, int64_t step);
bool iso_onnx_view_take(struct iso_onnx_view *, int axis, int64_t index);
/* Joins n views of one result along an axis, whose sizes are equal, or which are the two parts of a
 * roll. */
bool iso_onnx_view_join(int n, const struct iso_onnx_view *const *, int axis,
                        struct iso_onnx_view *out);

/* Returns true if each step of the last axis is a channel, of all there are, and the other axes go
 * from pixel to pixel. */
bool iso_onnx_view_of_pixels(const struct iso_onnx_view *);
/* Returns the channel of such a view's step i. */
int64_t iso_onnx_view_channel(const struct iso_onnx_view *, int64_t i);
/* Makes it one of a result with other channels, in their own order or, if `keeps`, in the view's.
 */
bool iso_onnx_view_rebase(struct iso_onnx_view *, int64_t channels, bool keeps);
#endif
