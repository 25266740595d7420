#include "drawing.h"

#include "core/model/layer_about.h"

#include <stdlib.h>

enum { WIDTH = 400, BOX = 40, GAP = 18, TRACK = 11, TRACKS = 24, TOP = 26 };

struct tracks {
    int until[TRACKS];
    int n;
}; /* the last layer that each one leads to; most lines in use at once */

static double top_of(int layer) /* -1: the input */
{
    return TOP + (double)(layer + 1) * (BOX + GAP);
}

static void arrow_head(struct iso_svg *s, double x, double y, const char *turned)
{
    fprintf(s->out, "<path class=\"arrow\" d=\"M%.1f %.1f%s\"/>\n", x, y, turned);
}

static void draw_down(struct iso_svg *s, int layer)
{
    const double y = top_of(layer);
    iso_svg_line(s, WIDTH / 2.0, y - GAP, WIDTH / 2.0, y - 4, "edge");
    arrow_head(s, WIDTH / 2.0, y, "l-4 -6h8z");
}

/* Draws a line along the side, from a layer to one further down. More lines at once than there are
 * tracks share the last one. */
static void draw_aside(struct iso_svg *s, struct tracks *tracks, int from, int to)
{
    int track = 0;
    while (track < TRACKS - 1 && tracks->until[track] > from)
        track++;
    tracks->until[track] = to;
    tracks->n = track + 1 > tracks->n ? track + 1 : tracks->n;
    const double x = WIDTH + TRACK * (track + 1), y1 = top_of(from) + 0.62 * BOX;
    const double y2 = top_of(to) + 0.38 * BOX;
    fprintf(s->out, "<path class=\"edge\" d=\"M%d %.1fH%.1fV%.1fH%d\"/>\n", WIDTH, y1, x, y2,
            WIDTH + 4);
    arrow_head(s, WIDTH, y2, "l6 -4v8z");
}

static void draw_box(struct iso_svg *s, int layer, const char *name, const char *op,
                     const char *shape, int64_t parameters, bool frozen)
{
    const double y = top_of(layer);
    char text[96];
    iso_svg_rect(s, 0.5, y + 0.5, WIDTH - 1, BOX - 1, 1, "box", NULL);
    iso_svg_text(s, 12, y + 17, ISO_LEFT, "ink strong", "%s",
                 iso_text_fit(name, WIDTH - 150, text, sizeof text));
    iso_svg_text(s, 12, y + 33, ISO_LEFT, "muted", "%s%s", op, frozen ? ", frozen" : "");
    iso_svg_text(s, WIDTH - 12, y + 17, ISO_RIGHT, "ink", "%s", shape);
    if (parameters > 0)
        iso_svg_text(s, WIDTH - 12, y + 33, ISO_RIGHT, "muted", "%lld parameters",
                     (long long)parameters);
}

static void draw_layers(struct iso_svg *s, const struct iso_graph *g)
{
    const struct iso_model *m = g->model;
    struct tracks tracks = { .n = 0 };
    char shape[64];
    for (int i = 0; i < TRACKS; i++)
        tracks.until[i] = -2;
    draw_box(s, -1, "input", g->augmented == g->input ? "" : "augmented in training",
             iso_layer_shape(g, -1, shape, sizeof shape), 0, false);
    for (int i = 0; i < m->nlayers; i++) {
        const struct iso_layer *l = &m->layers[i];
        draw_box(s, i, l->name, iso_ops[l->op].name, iso_layer_shape(g, i, shape, sizeof shape),
                 iso_layer_parameters(g, i, false), l->frozen);
        for (int k = 0; k < l->ninputs; k++)
            if (l->input[k] == i - 1)
                draw_down(s, i);
            else
                draw_aside(s, &tracks, l->input[k], i);
    }
    s->width = WIDTH + (tracks.n ? TRACK * (tracks.n + 1) : 1);
}

iso_rc iso_draw_model(const struct iso_graph *g, struct iso_svg *s)
{
    const struct iso_model *m = g->model;
    char title[96];
    ISO_TRY(iso_svg_begin(s, "model", WIDTH, top_of(m->nlayers) - GAP + 1));
    iso_svg_title(s, "the %d layers of %s, with the shape of what each makes and its parameters",
                  m->nlayers, m->name);
    iso_svg_text(s, 0, 14, ISO_LEFT, "ink title", "%s",
                 iso_text_fit(m->name, 0.85 * WIDTH, title, sizeof title));
    draw_layers(s, g);
    return iso_svg_end(s);
}
