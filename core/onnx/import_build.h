/* import_build.h (private): declarations shared by the files that import a network: import.c walks
 * the graph, import_ops.c, import_functions.c, import_channels.c, import_images.c (with
 * import_window.c), import_resize.c, import_normalizations.c, import_shapes.c and import_tokens.c
 * know ONNX's operators, import_patterns.c, import_attention.c and import_means.c networks of them
 * that are one layer, import_views.c (with import_settle.c and view.c) what only moves numbers,
 * import_scores.c and import_windows.c attentions among these, import_constants.c computes what is
 * constant, import_state.c keeps layers and values, import_text.c writes the model file. */
#ifndef ISO_ONNX_IMPORT_BUILD_H
#define ISO_ONNX_IMPORT_BUILD_H
#include "core/model/model.h"
#include "core/ops/window.h"
#include "import.h"
#include "view.h"

/* Order of the axes of a value in ONNX's file. The importer keeps all shapes in isocl's order. */
enum iso_onnx_order {
    ISO_ONNX_LAST,      /* as isocl */
    ISO_ONNX_FIRST,     /* an image, channels before height and width */
    ISO_ONNX_ROW_FIRST, /* a row made of such an image: see `image` */
    ISO_ONNX_GROUPED, /* such an image as rows of `groups` groups, for InstanceNormalization only */
    ISO_ONNX_FLAT,    /* all rows of such an image in one axis, for the Gather that undoes it */
    ISO_ONNX_TOKENS,  /* [rows, tokens, channels], here an image whose pixels are the tokens */
    ISO_ONNX_TOKENS_FIRST, /* the same with the channels before the tokens, for the Transpose that
                              makes tokens of it */
    ISO_ONNX_VIEW,         /* see `view` */
    ISO_ONNX_SCORES,       /* the scores of an attention, see `scores` */
    ISO_ONNX_DEALT /* such an image whose channels are in `groups` groups, for channel_shuffle:
                      between the Reshape that parts them and the one that joins them */
};
/* Stands for the number of rows in a shape that the network computes. */
#define ISO_ONNX_ROWS (-(INT64_C(1) << 60))
/* Stands for `times` times as many; returns that factor, or 0 if a number is none of these. */
static inline int64_t iso_onnx_rows_times(int64_t times) { return ISO_ONNX_ROWS + times - 1; }
static inline int64_t iso_onnx_row_times(int64_t number)
{
    return number < ISO_ONNX_ROWS / 2 ? number - ISO_ONNX_ROWS + 1 : 0;
}
/* A view that an exporter multiplies with a number, or divides by the root of the sum of its
 * squares along the last axis, before it computes scores with it. */
struct iso_onnx_seen {
    struct iso_onnx_view v;
    double factor;  /* 1: it is not multiplied */
    bool unit;      /* it is divided by its length */
    double epsilon; /* the least square of a length by which it is divided */
};
/* The scores of an attention whose query and key these are. */
enum { ISO_ONNX_SUMMANDS = 3 };
struct iso_onnx_scores {
    const struct iso_onnx_seen *query, *key;
    int layer[2];                          /* indices of those that give query and key */
    double factor;                         /* besides the query's and the key's */
    const struct iso_onnx_tensor *by_head; /* a factor for each head; NULL: none */
    int n;                                 /* axes at present */
    int64_t dim[ISO_ONNX_AXES];
    int nsummands; /* constants added, each with its stride along windows, heads, queries, keys */
    const struct iso_onnx_tensor *summand[ISO_ONNX_SUMMANDS];
    int64_t stride[ISO_ONNX_SUMMANDS][4];
    bool softmax; /* it is computed */
};
struct iso_onnx_known { /* a value of ONNX's graph */
    const char *name;
    const struct iso_onnx_tensor *constant; /* NULL: `layer` computes the value */
    int layer; /* index of the layer that computes it; -1: it is the network's input */
    enum iso_onnx_order order;
    struct iso_shape shape;               /* in isocl's order, for one row */
    struct iso_shape image;               /* ROW_FIRST: shape of the row before, in isocl's order */
    int64_t groups;                       /* GROUPED, DEALT */
    bool unknown;                         /* a node that could not be taken gives it */
    const struct iso_onnx_seen *seen;     /* VIEW */
    const struct iso_onnx_scores *scores; /* SCORES */
    bool begun; /* the value becomes hard_sigmoid(x), of which x + 3 and its limits are known */
};
/* A weight of a layer. values NULL: the layer does without it. Memory of the model. */
struct iso_onnx_weights {
    struct iso_shape shape;
    const float *values;
};
struct iso_onnx_layer {
    enum iso_op op;
    void *params; /* memory of the model */
    char name[ISO_NAME];
    int nx, x[ISO_OPERANDS]; /* layers; -1: the input */
    struct iso_shape shape;  /* shape of the result, for one row */
    bool live;               /* the output depends on it */
    bool affine; /* a normalization's Sub has gone into its bias: so may the Mul that follows */
    struct iso_onnx_weights w[ISO_OPERANDS];
};
/* The part of a node in a network of nodes that becomes one layer (import_patterns.c). */
enum iso_onnx_role {
    ISO_ONNX_ALONE,
    ISO_ONNX_INSIDE, /* passed over */
    ISO_ONNX_ENDS_LRN,
    ISO_ONNX_ENDS_ATTENTION,
    ISO_ONNX_ENDS_MEANS,
    ISO_ONNX_ENDS_UNIT
};
struct iso_onnx_importer {
    struct iso_onnx *m;
    const char *path;
    const struct iso_onnx_node *node; /* the one at hand */
    struct iso_onnx_known *values;
    int nvalues;
    struct iso_onnx_layer *layers;
    int nlayers, room;
    struct iso_shape input;                      /* in isocl's order, for one row */
    int64_t rows;                                /* batch size in the file; -1: any */
    double factor[ISO_REALS], offset[ISO_REALS]; /* applied to the input's channels first */
    int nscales;                                 /* 0: none; 1: the same for all channels */
    int unnamed[ISO_OP_COUNT];
    unsigned char *roles; /* enum iso_onnx_role of each node; memory of the model */
};

/* ---- import_state.c ---- */

/* Fails with the path, the node at hand and its operator before the text. */
iso_rc iso_onnx_refuse(const struct iso_onnx_importer *, const char *fmt, ...) ISO_PRINTF(2, 3);
/* Returns the value of this name, or NULL with the message set. */
const struct iso_onnx_known *iso_onnx_value(const struct iso_onnx_importer *, const char *name);
/* Returns the value of this name, or NULL without a message. */
const struct iso_onnx_known *iso_onnx_find(const struct iso_onnx_importer *, const char *name);
/* Return input i of the node: iso_onnx_x one that a layer computes or that is the network's input,
 * iso_onnx_c one that is constant. NULL, with the message set, if it is missing or of the other
 * kind. */
const struct iso_onnx_known *iso_onnx_x(const struct iso_onnx_importer *, int i);
const struct iso_onnx_tensor *iso_onnx_c(const struct iso_onnx_importer *, int i);
/* Returns true if the node has an input i. */
bool iso_onnx_has(const struct iso_onnx_importer *, int i);
/* Returns the only node that reads a value, as its first input, if its operator is this one; else
 * NULL. */
const struct iso_onnx_node *iso_onnx_only_reader(const struct iso_onnx_importer *, const char *name,
                                                 const char *op);
/* Returns how often nodes and the output read a value. */
int iso_onnx_readers(const struct iso_onnx_importer *, const char *name);
/* Returns how often the result that x is is read, under this or another of its names; by what only
 * names it anew it is not. */
int iso_onnx_uses(const struct iso_onnx_importer *, const struct iso_onnx_known *x);
/* Returns the node's attribute, or `otherwise` if it is missing. */
int64_t iso_onnx_get_int(const struct iso_onnx_importer *, const char *name, int64_t otherwise);
double iso_onnx_get_real(const struct iso_onnx_importer *, const char *name, double otherwise);
/* Reads n whole numbers. Fails with ISO_EDATA if there are more or fewer. Leaves `out`, which holds
 * the default, as it is if they are missing. */
iso_rc iso_onnx_get_ints(const struct iso_onnx_importer *, const char *name, int n, int64_t *out);
/* Reads whole numbers of a constant, or of the attribute in older operators. *n: room, then the
 * number read. */
iso_rc iso_onnx_get_list(const struct iso_onnx_importer *, int input, const char *attribute, int *n,
                         int64_t *out);

/* Adds a layer that reads x and has the op's default params. Its name is taken from `name`, or made
 * of its op and a number if that gives no free one. The pointer holds until the next layer is
 * added. NULL with the message set. */
struct iso_onnx_layer *iso_onnx_layer(struct iso_onnx_importer *, enum iso_op, const char *name,
                                      int nx, const struct iso_onnx_known *const *x);
/* Infers the shape of the layer's result from its params and inputs, and records that result as
 * the node's first output, with this order of axes. */
iso_rc iso_onnx_result(struct iso_onnx_importer *, struct iso_onnx_layer *, enum iso_onnx_order);
/* Records the node's first output as another name of a known value. */
iso_rc iso_onnx_same(struct iso_onnx_importer *, const struct iso_onnx_known *);
/* Records a constant as the node's first output. Fails with ISO_EDATA, whose message is set, if it
 * is NULL. */
iso_rc iso_onnx_know_constant(struct iso_onnx_importer *, const struct iso_onnx_tensor *);
/* Records a value; does nothing if its name is "". Fails with ISO_EDATA if the name is taken. */
iso_rc iso_onnx_know(struct iso_onnx_importer *, const struct iso_onnx_known *);
/* Returns the numbers of a float tensor with `count` elements, or NULL with the message set. */
const float *iso_onnx_floats(const struct iso_onnx_importer *, const struct iso_onnx_tensor *,
                             int64_t count);
/* Allocates weight number w of the layer, with this shape, for the caller to fill; memory of the
 * model. NULL with the message set. */
float *iso_onnx_new_weight(struct iso_onnx_importer *, struct iso_onnx_layer *, int w, int ndim,
                           const int64_t *dim);
/* Sets weight w of the layer from a tensor with one number per channel of x, in isocl's order. */
iso_rc iso_onnx_channel_weight(struct iso_onnx_importer *, struct iso_onnx_layer *, int w,
                               const struct iso_onnx_tensor *, const struct iso_onnx_known *x);
/* Returns the index in isocl's order of element i of a row that ONNX orders like x. */
int64_t iso_onnx_element(const struct iso_onnx_known *x, int64_t i);
/* Returns a pointer to the layer's activation if its op has that key and it is still linear; else
 * NULL. */
int *iso_onnx_free_activation(const struct iso_onnx_layer *);
/* Returns the double of the shortest decimal number that rounds to this float. */
double iso_onnx_decimal(float);

/* ---- import.c ---- */

/* Returns true if a Transpose brings the channels of a value forward, from which it may be some
 * nodes away that scale or pad it. */
bool iso_onnx_brought_forward(const struct iso_onnx *, const char *value);
/* Makes layers of a node, whose inputs are known. */
iso_rc iso_onnx_take_node(struct iso_onnx_importer *, const struct iso_onnx_node *);
/* Fails with ISO_EDATA if no layer is like the node's operator. */
iso_rc iso_onnx_check_operator(struct iso_onnx_importer *, const struct iso_onnx_node *);

/* ---- import_faults.c ---- */

/* Takes all nodes. Fails with ISO_EDATA and a line for each fault, up to 16. */
iso_rc iso_onnx_take_nodes(struct iso_onnx_importer *);

/* ---- The node at hand becomes layers: import_ops.c ---- */

typedef iso_rc iso_onnx_handler(struct iso_onnx_importer *);
struct iso_onnx_operator {
    const char *name, *attributes; /* known and ignored attributes, each between spaces */
    iso_onnx_handler *handle;
};
extern const struct iso_onnx_operator iso_onnx_operators[]; /* ends with name NULL */
enum iso_onnx_scaling {
    ISO_ONNX_ADDS,
    ISO_ONNX_SUBTRACTS,
    ISO_ONNX_MULTIPLIES,
    ISO_ONNX_DIVIDES,
    ISO_ONNX_TAKEN_FROM /* the constant minus x */
};
/* Adds a factor or an offset that the network applies to the image before the first layer; it
 * becomes input: scale, mean, std. */
iso_rc iso_onnx_scale_input(struct iso_onnx_importer *, const struct iso_onnx_known *x,
                            const struct iso_onnx_tensor *, enum iso_onnx_scaling);
/* Takes the inputs from `from` on, at most `most`, which have one order of axes. */
iso_rc iso_onnx_take_inputs(const struct iso_onnx_importer *, int from, int most,
                            const struct iso_onnx_known **x, int *n);
/* import_affine.c: joins x and a constant, with one number or one for each channel: in the weights
 * of the product before, by a layer, or, if x is the network's input, by its scale. */
iso_rc iso_onnx_affine(struct iso_onnx_importer *, const struct iso_onnx_known *x,
                       const struct iso_onnx_tensor *, enum iso_onnx_scaling);
iso_onnx_handler iso_onnx_neg;
/* import_channels.c */
iso_onnx_handler iso_onnx_prelu, iso_onnx_slice, iso_onnx_split, iso_onnx_gather,
    iso_onnx_space_to_depth;
/* A Reshape, Transpose and Reshape that deal channels out are one channel_shuffle. Returns true if
 * the node is the first of them, for that many groups. */
bool iso_onnx_deals(const struct iso_onnx_importer *, const struct iso_onnx_known *x,
                    int64_t *groups);
/* Returns true if the node makes one axis of x for a Gather, as PyTorch does for as_strided. */
bool iso_onnx_flattens_all(const struct iso_onnx_importer *, const struct iso_onnx_known *x);
/* The last of them: the layer. */
iso_rc iso_onnx_shuffle(struct iso_onnx_importer *, const struct iso_onnx_known *x, int64_t groups);
/* The elements that a Slice keeps of an axis. */
struct iso_onnx_cut {
    int axis;
    int64_t start, size, step;
};
/* Reads a Slice of a tensor of this shape, at most one cut for each axis. */
iso_rc iso_onnx_read_cuts(const struct iso_onnx_importer *, int ndim, const int64_t *dim,
                          struct iso_onnx_cut *, int *n);
/* Returns true if a constant has one number for each channel of x, along their axis. */
bool iso_onnx_per_channel(const struct iso_onnx_known *x, const struct iso_onnx_tensor *);
/* import_functions.c */
iso_rc iso_onnx_hard_sigmoid(struct iso_onnx_importer *, const struct iso_onnx_known *x);
iso_onnx_handler iso_onnx_function, iso_onnx_softmax, iso_onnx_clip, iso_onnx_mul;
/* import_images.c */
iso_onnx_handler iso_onnx_conv, iso_onnx_max_pool, iso_onnx_average_pool, iso_onnx_pad,
    iso_onnx_global_average_pool, iso_onnx_global_max_pool, iso_onnx_reduce_mean,
    iso_onnx_reduce_max;
/* import_transpose.c */
iso_onnx_handler iso_onnx_conv_transpose;
/* [out, in, kh, kw], of which `in` is 1 where each channel has its own, as weight w of the layer,
 * [kh, kw, in, out]; and a bias of `count` numbers from the node's third input. */
iso_rc iso_onnx_set_kernel(struct iso_onnx_importer *, struct iso_onnx_layer *, int w,
                           const struct iso_onnx_tensor *, int64_t channels, bool depthwise);
iso_rc iso_onnx_set_bias(struct iso_onnx_importer *, struct iso_onnx_layer *, int w, int64_t count);
/* Returns the node's first input if it is an image whose channels are first; else NULL with the
 * message set. */
const struct iso_onnx_known *iso_onnx_image(const struct iso_onnx_importer *);
/* import_resize.c */
iso_onnx_handler iso_onnx_resize, iso_onnx_upsample;
/* import_normalizations.c */
iso_onnx_handler iso_onnx_batch_normalization, iso_onnx_layer_normalization,
    iso_onnx_instance_normalization, iso_onnx_group_normalization, iso_onnx_lrn;
/* PyTorch's group normalization is an InstanceNormalization between two Reshapes. Returns true if
 * the node is the first of them, to rows of that many groups. */
bool iso_onnx_makes_groups(const struct iso_onnx_importer *, const struct iso_onnx_known *x,
                           int64_t *groups);
/* Returns true if the constant has one number for each channel of x and can be gamma, or beta, of
 * the normalization that alone gives x and has none yet; then sets it, and *rc. */
bool iso_onnx_takes_gamma(struct iso_onnx_importer *, const struct iso_onnx_known *x,
                          const struct iso_onnx_tensor *, int w, iso_rc *rc);
/* import_shapes.c */
iso_onnx_handler iso_onnx_flatten, iso_onnx_squeeze, iso_onnx_unsqueeze, iso_onnx_reshape,
    iso_onnx_transpose, iso_onnx_shape_of, iso_onnx_expand;
/* Returns the number of rows of the file's batch; of any number, 2 stand for all. */
int64_t iso_onnx_rows(const struct iso_onnx_importer *);
/* The axes of x as ONNX's file has them; the first is ISO_ONNX_ROWS. */
void iso_onnx_dims(const struct iso_onnx_known *x, int64_t *dim);
/* import_patterns.c: gives each node its role. */
iso_rc iso_onnx_find_patterns(struct iso_onnx_importer *);
/* Makes layers of the network that ends in the node. */
iso_rc iso_onnx_take_pattern(struct iso_onnx_importer *, const struct iso_onnx_node *);
/* Return the node that gives a value, or an input of a node, if its operator is `op` (NULL: any);
 * else NULL. node may be NULL. */
const struct iso_onnx_node *iso_onnx_giver(const struct iso_onnx_importer *, const char *value,
                                           const char *op);
const struct iso_onnx_node *iso_onnx_before(const struct iso_onnx_importer *,
                                            const struct iso_onnx_node *, int input,
                                            const char *op);
/* Makes a node ISO_ONNX_INSIDE. */
void iso_onnx_pass_over(struct iso_onnx_importer *, const struct iso_onnx_node *);
/* Returns true if the node is a Transpose to this order of n axes; node may be NULL. */
bool iso_onnx_perm_is(const struct iso_onnx_node *, int n, const int64_t *perm);
/* Returns the constant that is an input of a node, or NULL without a message. */
const struct iso_onnx_tensor *iso_onnx_constant_of(const struct iso_onnx_importer *,
                                                   const struct iso_onnx_node *, int input);
/* Returns true if an input of the node is a constant of one number; then gives the number. */
bool iso_onnx_number_of(const struct iso_onnx_importer *, const struct iso_onnx_node *,
                        double *number);
/* import_tokens.c: returns true if the node, a Reshape, makes tokens of an image's pixels. */
bool iso_onnx_makes_tokens(const struct iso_onnx_importer *, const struct iso_onnx_known *x);
/* Return true if the node, a Concat, an Add or a Gather, puts a constant token before others, adds
 * a constant to each token, or takes one token; then set *rc. */
bool iso_onnx_begins_tokens(struct iso_onnx_importer *, iso_rc *rc);
bool iso_onnx_adds_positions(struct iso_onnx_importer *, const struct iso_onnx_known *x,
                             const struct iso_onnx_tensor *, iso_rc *rc);
bool iso_onnx_takes_token(struct iso_onnx_importer *, const struct iso_onnx_known *x,
                          const struct iso_onnx_tensor *, iso_rc *rc);
/* import_attention.c: marks the nodes of PyTorch's MultiheadAttention if it ends in this one, and
 * returns true. */
bool iso_onnx_mark_attention(struct iso_onnx_importer *, const struct iso_onnx_node *end);
iso_onnx_handler iso_onnx_take_attention;
/* import_means.c does the same for an attention without projections, as isocl writes it. */
bool iso_onnx_mark_means(struct iso_onnx_importer *, const struct iso_onnx_node *end);
iso_onnx_handler iso_onnx_take_means;
/* import_lengths.c does the same for a division by the length of each row of channels. */
bool iso_onnx_mark_unit(struct iso_onnx_importer *, const struct iso_onnx_node *end);
iso_onnx_handler iso_onnx_take_unit;
/* import_constants.c: computes the node, and sets *rc, if its inputs are all constant and isocl
 * knows its operator for those; else returns false. */
bool iso_onnx_folds(struct iso_onnx_importer *, iso_rc *rc);
/* Returns true if isocl knows the node's operator for constants. */
bool iso_onnx_may_fold(const struct iso_onnx_node *);

/* How a window lies on an image. */
struct iso_onnx_window {
    int64_t kernel[2], strides[2], dilations[2];
    int64_t pads[4];          /* above, left, below, right */
    enum iso_padding padding; /* padding besides the frame */
    bool framed;              /* `pads` is a frame of zeros that is added first */
};
/* import_window.c: reads the node's window; keeps the kernel in *out if no attribute gives it. */
iso_rc iso_onnx_read_window(const struct iso_onnx_importer *, const struct iso_onnx_known *x,
                            struct iso_onnx_window *);
/* Adds a zero_padding2d layer with the window's frame after *x, and sets *x to its result. */
iso_rc iso_onnx_add_frame(struct iso_onnx_importer *, const struct iso_onnx_window *,
                          struct iso_onnx_known *x);

/* import.c: makes layers of the node, which has no views among its inputs. */
iso_rc iso_onnx_handle(struct iso_onnx_importer *);
/* import_views.c: takes the node, and sets *rc, if one of its inputs is a view or scores, or if it
 * begins a view; else returns false. `failed`: its handler could not take it. */
bool iso_onnx_takes_view(struct iso_onnx_importer *, bool failed, iso_rc *rc);
/* Records a view of a layer's result as the node's output number `output`. */
iso_rc iso_onnx_know_view(struct iso_onnx_importer *, int layer, const struct iso_onnx_seen *,
                          int output);
/* Makes a value one that a view sees: in one of isocl's orders, if those are all numbers in that.
 */
iso_rc iso_onnx_set_view(struct iso_onnx_importer *, struct iso_onnx_known *,
                         const struct iso_onnx_seen *);
/* import_settle.c: if a layer does what a view does, adds it, and makes the value its result. */
iso_rc iso_onnx_settle(struct iso_onnx_importer *, struct iso_onnx_known *);
/* Returns the number of axes of a value in ONNX's file. */
int iso_onnx_rank(const struct iso_onnx_known *);
/* Returns the rows that stand for the batch of a view: those of the file; of any number,
 * ISO_ONNX_ANY_ROWS, a prime that no shape has. */
enum { ISO_ONNX_ANY_ROWS = 1000003 };
int64_t iso_onnx_view_rows(const struct iso_onnx_importer *);
/* Reads the target of a Reshape of `count` numbers as plain numbers. */
iso_rc iso_onnx_view_target(const struct iso_onnx_importer *, int64_t count, const int64_t *own,
                            int *n, int64_t *dim);
/* import_scores.c: take a node that computes scores with two views, or one that reads scores. */
bool iso_onnx_begins_scores(const struct iso_onnx_importer *);
iso_onnx_handler iso_onnx_take_scores, iso_onnx_take_of_scores;
/* import_windows.c: makes the layers of an attention, whose means of a view the node computes. */
iso_rc iso_onnx_take_means_of(struct iso_onnx_importer *, const struct iso_onnx_scores *,
                              const struct iso_onnx_known *value);
/* Fails with a message that says what about the attention is not understood. */
iso_rc iso_onnx_refuse_attention(const struct iso_onnx_importer *, const char *what);

/* ---- import_text.c ---- */

/* Free *out, set only on success, with free(). */
iso_rc iso_onnx_model_text(const struct iso_onnx_importer *, char **out);
#endif
