#include "drawing.h"

#include "core/model/layer_about.h"
#include "fold.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 480, HEAD = 40, LINE = 16, GAP = 18, TRACK = 11, TRACKS = 24, TOP = 26 };
static const char input[] = "input";

struct box { /* stands for the input, a layer or a folded block */
    struct iso_fold fold;
    double y, height;
};
struct picture {
    struct iso_svg *svg;
    const struct iso_graph *graph;
    struct box *boxes; /* the input's comes first */
    int nboxes;
    int until[TRACKS]; /* the last box that each line at the side leads to */
    int ntracks;       /* how many were in use at once */
};

/* ---- Lines of a block ---------------------------------------------------------------------- */

/* A line begins with what has weights of its own, joins branches or reads another layer than the
 * one before. Batch normalization and activations follow what they belong to. */
static bool begins_line(const struct iso_graph *g, int layer)
{
    const struct iso_layer *l = &g->model->layers[layer];
    return l->ninputs != 1 || l->input[0] != layer - 1 ||
           (iso_layer_parameters(g, layer, false) > 0 && l->op != ISO_OP_batch_normalization);
}

static int count_lines(const struct iso_graph *g, const struct iso_fold *f)
{
    int n = 1;
    for (int i = 1; i < f->layers; i++)
        n += begins_line(g, f->first + i);
    return n;
}

/* The name of a layer without that of its block; "input" for what the block reads. */
static const char *short_name(const struct iso_graph *g, const struct iso_fold *f, int layer)
{
    char block[ISO_NAME];
    if (layer < f->first)
        return input;
    const size_t n = strlen(iso_fold_name(g, f, 0, block));
    const char *name = g->model->layers[layer].name;
    return strlen(name) > n + 1 ? name + n + 1 : name;
}

static void put_inputs(const struct iso_graph *g, const struct iso_fold *f, int layer, char *text,
                       size_t n)
{
    const struct iso_layer *l = &g->model->layers[layer];
    size_t used = (size_t)snprintf(text, n, "%s", iso_ops[l->op].name);
    for (int i = 0; i < l->ninputs && used < n; i++)
        used += (size_t)snprintf(text + used, n - used, "%s%s", i ? " + " : " ",
                                 short_name(g, f, l->input[i]));
}

/* Draws the layers of a block, some on a line; returns how far down they reach. */
static double draw_lines(const struct picture *p, const struct iso_fold *f, double y)
{
    char line[400] = "", text[200], fit[400];
    size_t used = 0;
    for (int i = 0; i <= f->layers; i++) {
        const int layer = f->first + i;
        if (used > 0 && (i == f->layers || begins_line(p->graph, layer))) {
            iso_svg_text(p->svg, 24, y, ISO_LEFT, "muted", "%s",
                         iso_text_fit(line, 1.12 * (WIDTH - 36), fit, sizeof fit));
            y += LINE;
            used = 0;
        }
        if (i == f->layers)
            break;
        const struct iso_layer *l = &p->graph->model->layers[layer];
        if (l->ninputs > 1)
            put_inputs(p->graph, f, layer, text, sizeof text);
        else
            iso_layer_text(l, true, text, sizeof text);
        const bool aside = l->ninputs == 1 && i > 0 && l->input[0] != layer - 1;
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%s%s%s",
                                 used ? " \xc2\xb7 " : "", aside ? "of " : "",
                                 aside ? short_name(p->graph, f, l->input[0]) : "",
                                 aside ? ": " : "");
        used += (size_t)snprintf(line + used, sizeof line - used, "%s", text);
    }
    return y;
}

/* ---- Boxes --------------------------------------------------------------------------------- */

static bool is_block(const struct iso_fold *f) { return f->layers > 1; }

static void place_boxes(struct picture *p)
{
    double y = TOP;
    for (int i = 0; i < p->nboxes; i++) {
        struct box *b = &p->boxes[i];
        b->y = y;
        b->height = is_block(&b->fold) ? 28 + LINE * count_lines(p->graph, &b->fold) : HEAD;
        y += b->height + GAP;
    }
}

static int64_t parameters_of(const struct iso_graph *g, const struct iso_fold *f)
{
    int64_t sum = 0;
    for (int i = 0; i < f->layers * f->times; i++)
        sum += iso_layer_parameters(g, f->first + i, false);
    return sum;
}

static void draw_head(const struct picture *p, const struct box *b, const char *name,
                      int64_t parameters, double at)
{
    char text[96], shape[64];
    const int last = b->fold.first + b->fold.layers * b->fold.times - 1;
    iso_svg_rect(p->svg, 0.5, b->y + 0.5, WIDTH - 1, b->height - 1, 1, "box", NULL);
    iso_svg_text(p->svg, 12, b->y + 17, ISO_LEFT, "ink strong", "%s",
                 iso_text_fit(name, WIDTH - 190, text, sizeof text));
    iso_svg_text(p->svg, WIDTH - 12, b->y + 17, ISO_RIGHT, "ink", "%s",
                 iso_layer_shape(p->graph, last, shape, sizeof shape));
    if (parameters > 0)
        iso_svg_text(p->svg, WIDTH - 12 - at, b->y + (at > 0 ? 17 : 33), ISO_RIGHT, "muted",
                     "%lld parameters", (long long)parameters);
}

static void draw_layer(const struct picture *p, const struct box *b)
{
    const struct iso_layer *l = &p->graph->model->layers[b->fold.first];
    char text[300], fit[300];
    draw_head(p, b, l->name, parameters_of(p->graph, &b->fold), 0);
    iso_layer_text(l, false, text, sizeof text);
    iso_text_fit(text, WIDTH - 160, fit, sizeof fit);
    iso_svg_text(p->svg, 12, b->y + 33, ISO_LEFT, "muted", "%s%s", fit,
                 l->frozen ? ", frozen" : "");
}

static void draw_block(const struct picture *p, const struct box *b)
{
    char first[ISO_NAME], last[ISO_NAME], name[2 * ISO_NAME + 64];
    iso_fold_name(p->graph, &b->fold, 0, first);
    iso_fold_name(p->graph, &b->fold, b->fold.times - 1, last);
    if (b->fold.times > 1)
        snprintf(name, sizeof name, "%d \xc3\x97 %s \xe2\x80\xa6 %s", b->fold.times, first, last);
    else
        snprintf(name, sizeof name, "%s%s", first,
                 p->graph->model->layers[b->fold.first].frozen ? ", frozen" : "");
    draw_head(p, b, name, parameters_of(p->graph, &b->fold), 76);
    draw_lines(p, &b->fold, b->y + 35);
}

static void draw_input(const struct picture *p)
{
    const bool augmented = p->graph->augmented != p->graph->input;
    draw_head(p, &p->boxes[0], input, 0, 0);
    iso_svg_text(p->svg, 12, p->boxes[0].y + 33, ISO_LEFT, "muted", "%s",
                 augmented ? "augmented in training" : "as the data are");
}

/* ---- Arrows -------------------------------------------------------------------------------- */

static void arrow_head(struct iso_svg *s, double x, double y, const char *turned)
{
    fprintf(s->out, "<path class=\"arrow\" d=\"M%.1f %.1f%s\"/>\n", x, y, turned);
}

static void draw_down(const struct picture *p, int to)
{
    const double y = p->boxes[to].y;
    iso_svg_line(p->svg, WIDTH / 2.0, y - GAP, WIDTH / 2.0, y - 4, "edge");
    arrow_head(p->svg, WIDTH / 2.0, y, "l-4 -6h8z");
}

/* Draws a line along the side, from a box to one further down. More lines at once than there are
 * tracks share the last one. */
static void draw_aside(struct picture *p, int from, int to)
{
    int track = 0;
    while (track < TRACKS - 1 && p->until[track] > from)
        track++;
    p->until[track] = to;
    p->ntracks = track + 1 > p->ntracks ? track + 1 : p->ntracks;
    const struct box *a = &p->boxes[from], *b = &p->boxes[to];
    const double x = WIDTH + TRACK * (track + 1), y1 = a->y + a->height - 15, y2 = b->y + 15;
    fprintf(p->svg->out, "<path class=\"edge\" d=\"M%d %.1fH%.1fV%.1fH%d\"/>\n", WIDTH, y1, x, y2,
            WIDTH + 4);
    arrow_head(p->svg, WIDTH, y2, "l6 -4v8z");
}

static int box_of(const struct picture *p, int layer)
{
    int box = 0;
    while (box + 1 < p->nboxes && p->boxes[box + 1].fold.first <= layer)
        box++;
    return layer < 0 ? 0 : box;
}

/* Draws what comes into a box from others, each once. */
static void draw_arrows(struct picture *p, int box)
{
    const struct iso_fold *f = &p->boxes[box].fold;
    int drawn = -1; /* the box that was last drawn from, besides the one above */
    bool down = false;
    for (int i = 0; i < f->layers; i++) {
        const struct iso_layer *l = &p->graph->model->layers[f->first + i];
        for (int k = 0; k < l->ninputs; k++) {
            const int from = box_of(p, l->input[k]);
            if (from == box - 1 && !down)
                draw_down(p, box);
            else if (from < box - 1 && from != drawn)
                draw_aside(p, from, box);
            down = down || from == box - 1;
            drawn = from < box - 1 ? from : drawn;
        }
    }
}

static void draw_boxes(struct picture *p)
{
    draw_input(p);
    for (int i = 1; i < p->nboxes; i++) {
        if (is_block(&p->boxes[i].fold))
            draw_block(p, &p->boxes[i]);
        else
            draw_layer(p, &p->boxes[i]);
        draw_arrows(p, i);
    }
}

/* ---- The picture --------------------------------------------------------------------------- */

static iso_rc fold_boxes(struct picture *p)
{
    const size_t n = (size_t)p->graph->model->nlayers + 1;
    struct iso_fold *folds = iso_alloc(n, sizeof *folds);
    p->boxes = iso_alloc(n, sizeof *p->boxes);
    if (folds != NULL && p->boxes != NULL) {
        p->nboxes = 1 + iso_fold_layers(p->graph, folds);
        p->boxes[0].fold = (struct iso_fold){ .first = -1, .layers = 1, .times = 1 };
        for (int i = 1; i < p->nboxes; i++)
            p->boxes[i].fold = folds[i - 1];
    }
    const bool done = folds != NULL && p->boxes != NULL;
    free(folds);
    return done ? ISO_OK : ISO_ENOMEM;
}

static iso_rc draw(struct picture *p)
{
    const struct iso_model *m = p->graph->model;
    char title[96];
    place_boxes(p);
    const struct box *last = &p->boxes[p->nboxes - 1];
    ISO_TRY(iso_svg_begin(p->svg, "model", WIDTH, last->y + last->height + 1));
    iso_svg_title(p->svg,
                  "the %d layers of %s, with the shape of what each makes and its parameters",
                  m->nlayers, m->name);
    iso_svg_text(p->svg, 0, 14, ISO_LEFT, "ink title", "%s",
                 iso_text_fit(m->name, 0.85 * WIDTH, title, sizeof title));
    draw_boxes(p);
    p->svg->width = WIDTH + (p->ntracks ? TRACK * (p->ntracks + 1) : 1);
    return iso_svg_end(p->svg);
}

iso_rc iso_draw_model(const struct iso_graph *g, struct iso_svg *s)
{
    struct picture p = { .svg = s, .graph = g };
    for (int i = 0; i < TRACKS; i++)
        p.until[i] = -1;
    iso_rc rc = fold_boxes(&p);
    if (rc == ISO_OK)
        rc = draw(&p);
    free(p.boxes);
    return rc;
}
