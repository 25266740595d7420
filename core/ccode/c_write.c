#include "c_write.h"

#include "c_call.h"
#include "core/data/frame.h"
#include "core/system/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHTS_MOST = 8 << 20 }; /* bytes in one file */

struct writing {
    struct iso_exec *exec;
    struct iso_graph *graph; /* for a batch of 1 */
    struct iso_c_about *about;
    struct iso_c_items items;
    struct iso_c_steps steps;
    struct iso_c_weights weights;
    struct iso_plan plan;
    struct iso_c_closure closure;
    char (*functions)[ISO_NAME]; /* by step */
    char gather[ISO_NAME], prefix[ISO_NAME + 1];
    struct iso_c_place place;
    struct iso_image_frame frame; /* frame around an image as it is given */
    int64_t bytes_at;             /* place of the framed image in the lent memory, in floats */
    bool copies;                  /* some step copies */
    char hash[65];                /* hash of the weights */
};

/* ---- Names --------------------------------------------------------------------------------- */

/* The functions have the file's name without its ending, as far as C allows. */
static iso_rc name_of(const char *path, char name[ISO_NAME])
{
    const char *base = iso_path_base(path);
    const size_t n = strlen(base);
    if (!iso_ends_in(path, ".c") || n < 3)
        return iso_fail(ISO_EUSAGE,
                        "--out %s: the file of --c is C: give it a name that ends in .c", path);
    snprintf(name, ISO_NAME, "%s%.*s", isdigit((unsigned char)*base) ? "_" : "", (int)n - 2, base);
    for (char *p = name; *p != '\0'; p++)
        *p = isalnum((unsigned char)*p) ? *p : '_';
    return ISO_OK;
}

/* ---- Memory -------------------------------------------------------------------------------- */

static int64_t floats(size_t bytes)
{
    return (int64_t)((bytes + ISO_ALIGN - 1) / ISO_ALIGN * (ISO_ALIGN / sizeof(float)));
}

/* Finds the largest workspace that a step wants of the reference. */
static iso_rc find_workspace(struct writing *w)
{
    struct iso_backend *reference;
    ISO_TRY(iso_backend_open("reference", ISO_MODE_EXACT, 1, &reference));
    for (int i = 0; i < w->steps.n; i++) {
        const struct iso_c_step *s = &w->steps.list[i];
        const struct iso_kernel *k = reference->kernels[s->op];
        struct iso_call call;
        if (s->copies || k->workspace == NULL)
            continue;
        iso_c_step_call(w->graph, s, &call);
        const size_t bytes = k->workspace(reference, &call, ISO_FORWARD);
        w->place.workspace_bytes = bytes > w->place.workspace_bytes ? bytes
                                                                    : w->place.workspace_bytes;
    }
    iso_backend_close(reference);
    return ISO_OK;
}

/* Returns the elements of the whole numbers that one step unpacks at most. */
static int64_t most_unpacked(const struct writing *w)
{
    int64_t most = 0;
    for (int i = 0; i < w->steps.n; i++) {
        const struct iso_c_step *s = &w->steps.list[i];
        int64_t sum = 0;
        for (int k = 0; k < s->nw; k++)
            if (s->w[k] >= 0) {
                const int index = iso_c_weights_find(&w->weights, s->w[k]);
                sum += w->weights.list[index].channels > 0 ? w->weights.list[index].count : 0;
            }
        most = sum > most ? sum : most;
    }
    return most;
}

static iso_rc lay_out(struct writing *w)
{
    const struct iso_plan_options o = { .real_size = sizeof(float), .readable = -1 };
    ISO_TRY(iso_plan_make(w->graph, &o, &w->plan));
    ISO_TRY(find_workspace(w));
    int64_t at = w->plan.values.nchunks > 0 ? floats(w->plan.values.chunk[0]) : 0;
    w->place.workspace = at;
    at += floats(w->place.workspace_bytes);
    w->place.unpacked = at;
    at += floats(sizeof(float) * (size_t)most_unpacked(w));
    w->bytes_at = at;
    at += floats((size_t)iso_image_frame_bytes(&w->frame));
    w->about->memory = at * (int64_t)sizeof(float);
    return ISO_OK;
}

/* ---- The file's parts ---------------------------------------------------------------------- */

static const char checks[] =
    "#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) "
    "|| \\\n"
    "    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) || defined(_M_FP_FAST)\n"
    "#error \"this file computes exactly: compile it without -ffast-math and what is part of it\"\n"
    "#endif\n"
    "#include <float.h>\n#include <math.h>\n#include <stdbool.h>\n#include <stddef.h>\n"
    "#include <stdint.h>\n#include <string.h>\n"
    "#if FLT_EVAL_METHOD != 0\n"
    "#error \"floats must be evaluated as floats: on x86, compile with -msse2 -mfpmath=sse\"\n"
    "#endif\n\n";

static const char helpers[] =
    "static inline struct iso_mem *at(const void *p) { return (struct iso_mem *)(uintptr_t)p; "
    "}\n\n";

static const char copier[] =
    "static void copy(int64_t n, const float *from, float *to)\n{\n"
    "    for (int64_t i = 0; i < n; i++)\n        to[i] = from[i];\n}\n\n";

static const char unpacker[] =
    "/* Whole numbers times the scale of their output channel. */\n"
    "static void unpack(int64_t n, int64_t channels, const int8_t *whole, const float *scales,\n"
    "                   float *to)\n{\n"
    "    for (int64_t i = 0; i < n; i++)\n"
    "        to[i] = (float)whole[i] * scales[i % channels];\n}\n\n";

static void write_heading(const struct writing *w, const char *file, FILE *out)
{
    const struct iso_c_about *a = w->about;
    char shape[64];
    struct iso_shape image = { 4, { 0, w->frame.height, w->frame.width, w->frame.channels } };
    fprintf(out,
            "/* %s: the network '%s', written by isocl %s (arithmetic %d).\n"
            " * SHA-256 of its weights: %s\n *\n",
            iso_path_base(file), w->graph->model->name, ISO_VERSION, ISO_ARITH_VERSION, w->hash);
    fprintf(out,
            " *     void %s_predict(const uint8_t *image, float *output, float *memory);\n *\n"
            " * image: %s bytes, row by row, a pixel's channels together; what the model file says "
            "of the\n * input is done here. output: %lld numbers. memory: %lld bytes, aligned like "
            "any float, whose\n * content is of no interest before and after. ",
            a->name, iso_shape_text(&image, 1, shape, sizeof shape), (long long)a->output,
            (long long)a->memory);
    fprintf(
        out,
        "Several threads may call it, each with its own memory.\n"
        " *\n * The output has the bits of isocl's exact mode%s. The code is that of isocl's "
        "reference. It\n * needs fmaf and sqrtf of C's library, and nothing else; a compiler may "
        "make calls of memcpy and\n * memset of its loops. With -DISOCL_MAIN it is a program, "
        "which reads images from standard input\n * and prints a line with the output for each.",
        w->weights.largest > 0 ? ", with kernels rounded to 8 bits" : "");
    if (*a->weights_file)
        fprintf(out, " The weights are in %s.", iso_path_base(a->weights_file));
    fprintf(out, " */\n");
}

/* The frame of zeros around an image, and its grey in every channel. */
static void write_frame(const struct writing *w, FILE *out)
{
    const struct iso_image_frame *f = &w->frame;
    const long long width = f->width + f->pad[2] + f->pad[3];
    const long long height = f->height + f->pad[0] + f->pad[1];
    fprintf(out, "    uint8_t *framed = (uint8_t *)(void *)(memory + %lld);\n",
            (long long)w->bytes_at);
    fprintf(out, "    for (int64_t y = 0; y < %lld; y++)\n", height);
    fprintf(out, "        for (int64_t x = 0; x < %lld; x++)\n", width);
    fprintf(out, "            for (int64_t c = 0; c < %lld; c++) {\n",
            (long long)(f->channels * f->repeat));
    fprintf(out, "                const int64_t iy = y - %lld, ix = x - %lld;\n",
            (long long)f->pad[0], (long long)f->pad[2]);
    fprintf(out,
            "                const bool inside = iy >= 0 && iy < %lld && ix >= 0 && ix < %lld;\n",
            (long long)f->height, (long long)f->width);
    fprintf(out,
            "                framed[(y * %lld + x) * %lld + c] =\n"
            "                    inside ? image[(iy * %lld + ix) * %lld + c / %lld] : 0;\n"
            "            }\n",
            width, (long long)(f->channels * f->repeat), (long long)f->width,
            (long long)f->channels, (long long)f->repeat);
}

static void write_input(const struct writing *w, FILE *out)
{
    const struct iso_graph *g = w->graph;
    const struct iso_tensor data = { .dtype = ISO_U8, .shape = g->values[g->input].shape };
    const struct iso_tensor y = { .dtype = ISO_REAL, .shape = g->values[g->input].shape };
    const struct iso_tensor order = { .dtype = ISO_I32, .shape = { 1, { 1 } } };
    const bool framed = iso_image_frame_bytes(&w->frame) != w->about->image;
    double scalars[ISO_SCALARS] = { 0 };
    iso_ops[ISO_OP_gather_images].def->scalars(&g->model->images, 0, scalars);
    if (framed)
        write_frame(w, out);
    fprintf(out,
            "    { /* the image's bytes as numbers */\n        static const int32_t order[1];\n");
    iso_c_params_write(&w->items, ISO_OP_gather_images, &g->model->images, out);
    fprintf(out,
            "        const struct iso_call call = {\n            .params = &params,\n"
            "            .x = { ");
    iso_c_tensor_write(&data, framed ? "framed" : "image", out);
    fprintf(out, ",\n                   ");
    iso_c_tensor_write(&order, "order", out);
    fprintf(out, " },\n            .y = { { .mem = at(");
    iso_c_value_write(&w->place, g->input, out);
    fprintf(out, "), .dtype = ISO_REAL, .shape = { %d, { %lld, %lld, %lld, %lld } } } },\n",
            y.shape.ndim, (long long)y.shape.dim[0], (long long)y.shape.dim[1],
            (long long)y.shape.dim[2], (long long)y.shape.dim[3]);
    iso_c_scalars_write(scalars, out);
    fprintf(out, "            .step_rows = 1,\n        };\n        (void)%s(NULL, &call);\n    }\n",
            w->gather);
}

static void write_predict(const struct writing *w, FILE *out)
{
    const char *name = w->about->name;
    fprintf(out, "void %s_predict(const uint8_t *image, float *output, float *memory);\n", name);
    fprintf(out, "void %s_predict(const uint8_t *image, float *output, float *memory)\n{\n", name);
    write_input(w, out);
    for (int i = 0; i < w->steps.n; i++)
        iso_c_step_write(&w->place, &w->steps.list[i], w->functions[i], out);
    fprintf(out, "}\n");
}

static void write_main(const struct writing *w, FILE *out)
{
    const struct iso_c_about *a = w->about;
    fprintf(out,
            "\n#ifdef ISOCL_MAIN\n#include <stdio.h>\n\nint main(void)\n{\n"
            "    static uint8_t image[%lld];\n    static float output[%lld], memory[%lld];\n"
            "    size_t n;\n"
            "    while ((n = fread(image, 1, sizeof image, stdin)) == sizeof image) {\n"
            "        %s_predict(image, output, memory);\n"
            "        for (int i = 0; i < %lld; i++)\n"
            "            printf(\"%%s%%.9g\", i > 0 ? \" \" : \"\", (double)output[i]);\n"
            "        printf(\"\\n\");\n    }\n"
            "    if (n > 0)\n        fprintf(stderr, \"the last image has %%zu bytes, not "
            "%%zu\\n\", n, "
            "sizeof image);\n"
            "    return n > 0 || fflush(stdout) != 0;\n}\n#endif\n",
            (long long)a->image, (long long)a->output, (long long)(a->memory / 4), a->name,
            (long long)a->output);
}

/* ---- The whole ----------------------------------------------------------------------------- */

/* Writes the definitions that all steps need, and notes their functions. */
static iso_rc write_definitions(struct writing *w, FILE *out)
{
    char params[ISO_NAME];
    ISO_TRY(iso_c_closure_new(&w->items, out, &w->closure));
    fprintf(out, "struct iso_backend;\nstruct iso_mem;\n\n");
    ISO_TRY(iso_c_closure_struct(&w->closure, "iso_gather_images"));
    ISO_TRY(iso_c_closure_forward(&w->closure, ISO_OP_gather_images, w->gather));
    for (int i = 0; i < w->steps.n; i++) {
        const struct iso_c_step *s = &w->steps.list[i];
        w->copies = w->copies || s->copies;
        if (s->copies)
            continue;
        iso_c_params_name(&w->items, s->op, params);
        if (*params)
            ISO_TRY(iso_c_closure_struct(&w->closure, params));
        ISO_TRY(iso_c_closure_forward(&w->closure, s->op, w->functions[i]));
    }
    fprintf(out, "%s%s%s", helpers, w->copies ? copier : "",
            w->weights.largest > 0 ? unpacker : "");
    return ISO_OK;
}

static iso_rc write_all(struct writing *w, const char *path, FILE *out)
{
    write_heading(w, path, out);
    fprintf(out, "%s", checks);
    ISO_TRY(write_definitions(w, out));
    if (*w->about->weights_file)
        iso_c_weights_declare(&w->weights, w->prefix, out);
    else
        iso_c_weights_write(&w->weights, w->graph, "static ", w->prefix, out);
    write_predict(w, out);
    write_main(w, out);
    return ISO_OK;
}

static iso_rc write_weights(struct writing *w, FILE *out)
{
    fprintf(out, "/* The weights of %s.c. */\n#include <stdint.h>\n\n", w->about->name);
    iso_c_weights_declare(&w->weights, w->prefix, out);
    iso_c_weights_write(&w->weights, w->graph, "", w->prefix, out);
    return ISO_OK;
}

/* Writes a file, which is there whole or not at all. */
static iso_rc write_file(struct writing *w, const char *path, bool weights)
{
    struct iso_file f;
    ISO_TRY(iso_file_begin(path, &f));
    const iso_rc rc = weights ? write_weights(w, f.stream) : write_all(w, path, f.stream);
    if (rc == ISO_OK)
        return iso_file_end(&f);
    iso_file_abort(&f);
    return rc;
}

static void set_input(struct writing *w)
{
    const struct iso_model *m = w->graph->model;
    const struct iso_shape *x = &w->graph->values[w->graph->input].shape;
    w->frame = (struct iso_image_frame){ 1, 1, x->dim[1], { 0 }, 1 };
    if (x->ndim == 4)
        w->frame = (struct iso_image_frame){ x->dim[1] - m->pad[0] - m->pad[1],
                                             x->dim[2] - m->pad[2] - m->pad[3],
                                             x->dim[3] / m->repeat_channels,
                                             { m->pad[0], m->pad[1], m->pad[2], m->pad[3] },
                                             m->repeat_channels };
    w->about->image = w->frame.height * w->frame.width * w->frame.channels;
    w->about->output = iso_shape_count(&w->graph->values[w->graph->output].shape);
}

/* The weights in a file of their own. */
static iso_rc write_second(struct writing *w, const char *path)
{
    struct iso_c_about *a = w->about;
    const size_t room = sizeof a->weights_file, stem = strlen(path) - 2;
    if (snprintf(a->weights_file, room, "%.*s_weights.c", (int)stem, path) >= (int)room)
        return iso_path_too_long(path);
    snprintf(w->prefix, sizeof w->prefix, "%s_", a->name);
    return write_file(w, a->weights_file, true);
}

static iso_rc write(struct writing *w, const char *path, const struct iso_c_options *o)
{
    struct iso_c_about *a = w->about;
    ISO_TRY(name_of(path, a->name));
    ISO_TRY(iso_model_measured(w->graph->model));
    ISO_TRY(iso_c_items_read(iso_reference_source, &w->items));
    ISO_TRY(iso_c_steps_make(w->graph, &w->steps));
    ISO_TRY(iso_c_weights_read(w->exec, o->int8, &w->weights));
    ISO_TRY(iso_exec_hash(w->exec, w->hash));
    set_input(w);
    ISO_TRY(lay_out(w));
    w->functions = iso_alloc((size_t)w->steps.n + 1, sizeof *w->functions);
    if (w->functions == NULL)
        return ISO_ENOMEM;
    a->weights = w->weights.bytes;
    if (w->weights.bytes > (o->weights_most > 0 ? o->weights_most : WEIGHTS_MOST))
        ISO_TRY(write_second(w, path));
    return write_file(w, path, false);
}

/* The graph of the executor's phase, for one image. */
static iso_rc build_graph(struct writing *w, const struct iso_graph *g)
{
    struct iso_faults *faults = iso_alloc(1, sizeof *faults);
    if (faults == NULL)
        return ISO_ENOMEM;
    const int phase = (int)(g->training - g->model->phases);
    const iso_rc rc = iso_graph_build(g->model, phase, 1, faults, &w->graph);
    free(faults);
    w->place = (struct iso_c_place){ .graph = w->graph,
                                     .plan = &w->plan,
                                     .weights = &w->weights,
                                     .items = &w->items,
                                     .prefix = w->prefix };
    return rc;
}

iso_rc iso_c_write(struct iso_exec *e, const char *path, const struct iso_c_options *options,
                   struct iso_c_about *about)
{
    const struct iso_c_options none = { 0 };
    struct writing *w = iso_alloc(1, sizeof *w);
    if (w == NULL)
        return ISO_ENOMEM;
    *about = (struct iso_c_about){ 0 };
    *w = (struct writing){ .exec = e, .about = about };
    iso_rc rc = build_graph(w, iso_exec_graph(e));
    if (rc == ISO_OK)
        rc = write(w, path, options != NULL ? options : &none);
    iso_c_closure_free(&w->closure);
    iso_c_weights_free(&w->weights);
    iso_c_steps_free(&w->steps);
    iso_c_items_free(&w->items);
    iso_plan_clear(&w->plan);
    iso_graph_free(w->graph);
    free(w->functions);
    free(w);
    return rc;
}
