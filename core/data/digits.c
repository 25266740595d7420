/* digits.c: handwriting-like digits, drawn rather than stored.
 *
 * A sample takes one of the ways to write its digit (digits_glyphs.h), moves every point of it a
 * little, bends and leans the whole, runs a pen of varying width through the points, and puts it on
 * slightly dirty paper. Every number comes from Philox with the counter (draw, sample, split,
 * ISO_RANDOM_DIGITS), and only exact operations follow, so each machine draws the same pixels.
 * Draws stand in statements of their own: C leaves the order of arguments and initialisers open.
 *
 * The spread of every quantity was chosen by measurement, so that the digits tell networks apart.
 * With 8000 training and 2000 test samples, in percent of the test split: a linear model
 * (models/mnist/linear.yaml with Adam of 0.001 or 0.003) is at 89.6 in the best of 60 epochs;
 * the small convolutional network of models/demo.yaml ends at 99.2, 99.2, 99.0 and 98.6 with the
 * seeds 1 to 4. Scaled to 0..1, pixels have mean 0.130 and deviation 0.294 (MNIST: 0.131, 0.308).
 * SGD at 0.5, the step of linear.yaml, diverges on them all the same. */
#include "digits.h"
#include "digits_glyphs.h"
#include "core/arithmetic/random.h"

#include <assert.h>

enum { SIDE = ISO_DIGITS_SIDE, SPAN_PIECES = 5 };

/* ---- Random numbers of one sample ------------------------------------------------------------ */

struct stream {
    uint32_t sample, split, draw;
    int used; /* words of `words` already taken */
    iso_u32x4 words;
};

static uint32_t draw_word(struct stream *s)
{
    if (s->used == 4) {
        s->words = iso_philox(s->draw++, s->sample, s->split, ISO_RANDOM_DIGITS, 0, 0);
        s->used = 0;
    }
    return s->words.v[s->used++];
}

/* Uniform in [low, high). */
static float draw_between(struct stream *s, float low, float high)
{
    return iso_fma(high - low, iso_unit(draw_word(s)), low);
}

/* 0 to n - 1; n is small, so the bias of a plain multiply is far below what could be seen. */
static int draw_below(struct stream *s, uint32_t n)
{
    return (int)((uint64_t)draw_word(s) * n >> 32);
}

/* Bell-shaped around 0 with this standard deviation; never beyond 3 of them. */
static float draw_bell(struct stream *s, float deviation)
{
    float sum = draw_between(s, -1.0f, 1.0f);
    sum += draw_between(s, -1.0f, 1.0f);
    sum += draw_between(s, -1.0f, 1.0f);
    return sum * deviation;
}

/* ---- How a sample is written ----------------------------------------------------------------- */

struct hand {
    float jitter;                 /* deviation of each point, in the unit square */
    float xx, xy, yx, yy, x0, y0; /* unit square, centred -> pixels */
    float bend_x, bend_y, wave;   /* smooth bending before that */
    float radius;                 /* radius of the pen, in pixels */
    float softness;               /* width of the ink's edge, in pixels */
    float ink;                    /* brightness of full ink */
    float noise;                  /* noise of the paper */
};

/* Leaning, turning, stretching and placing. The turn is written with t, the tangent of half the
 * angle, so that sine and cosine take a division each. */
static void draw_placing(struct stream *s, struct hand *h)
{
    float t = draw_bell(s, 0.065f);
    float lean = draw_bell(s, 0.18f);
    float width = draw_between(s, 16.0f, 23.0f);
    float height = draw_between(s, 18.0f, 22.5f);
    float below = iso_fma(t, t, 1.0f);
    float cosine = iso_div(iso_fma(-t, t, 1.0f), below);
    float sine = iso_div(2.0f * t, below);
    h->xx = cosine * width;
    h->xy = iso_fma(-lean, cosine, -sine) * height;
    h->yx = sine * width;
    h->yy = iso_fma(-lean, sine, cosine) * height;
    h->x0 = 14.0f + draw_bell(s, 1.3f);
    h->y0 = 14.0f + draw_bell(s, 1.3f);
}

static void draw_hand(struct stream *s, struct hand *h)
{
    draw_placing(s, h);
    h->jitter = draw_between(s, 0.006f, 0.02f);
    h->bend_x = draw_bell(s, 0.22f);
    h->bend_y = draw_bell(s, 0.16f);
    h->wave = draw_bell(s, 0.5f);
    h->radius = draw_between(s, 1.05f, 1.75f);
    h->softness = draw_between(s, 1.0f, 1.7f);
    h->ink = draw_between(s, 0.85f, 1.0f);
    h->noise = draw_between(s, 0.0f, 0.22f);
    h->noise *= h->noise;
}

/* ---- Points and strokes ---------------------------------------------------------------------- */

struct vertex {
    float x, y, radius;
}; /* in pixels */

/* Moves a glyph's point by jitter, bends it, and places it in the image. */
static struct vertex place_point(struct stream *s, const struct hand *h, const struct point *p)
{
    float x = iso_fma((float)p->x, 0.01f, -0.5f) + draw_bell(s, h->jitter);
    float y = iso_fma((float)p->y, 0.01f, -0.5f) + draw_bell(s, h->jitter);
    float bent_x = iso_fma(iso_fma(h->wave, y, h->bend_x) * y, y, x);
    float bent_y = iso_fma(h->bend_y * x, x, y);
    struct vertex v;
    v.x = iso_fma(h->xx, bent_x, iso_fma(h->xy, bent_y, h->x0));
    v.y = iso_fma(h->yx, bent_x, iso_fma(h->yy, bent_y, h->y0));
    v.radius = h->radius * draw_between(s, 0.8f, 1.2f);
    return v;
}

/* The largest of `depth` and how deep each pixel's centre lies in the ink between two vertices: the
 * radius there minus the distance, negative outside. */
static void ink_piece(float depth[SIDE * SIDE], const struct vertex *a, const struct vertex *b)
{
    const float reach = 1.0f + (a->radius > b->radius ? a->radius : b->radius);
    const float left = (a->x < b->x ? a->x : b->x) - reach;
    const float right = (a->x < b->x ? b->x : a->x) + reach;
    const float top = (a->y < b->y ? a->y : b->y) - reach;
    const float bottom = (a->y < b->y ? b->y : a->y) + reach;
    const float dx = b->x - a->x, dy = b->y - a->y;
    const float square = iso_fma(dx, dx, dy * dy);
    const float inverse = square > 0.0001f ? iso_div(1.0f, square) : 0.0f;
    for (int row = 0; row < SIDE; row++) {
        float py = (float)row + 0.5f;
        if (py < top || py > bottom)
            continue;
        for (int column = 0; column < SIDE; column++) {
            float px = (float)column + 0.5f;
            if (px < left || px > right)
                continue;
            float t = iso_fma(px - a->x, dx, (py - a->y) * dy) * inverse;
            t = t > 0.0f ? t : 0.0f;
            t = t < 1.0f ? t : 1.0f;
            float ex = iso_fma(-t, dx, px - a->x), ey = iso_fma(-t, dy, py - a->y);
            float radius = iso_fma(t, b->radius - a->radius, a->radius);
            float here = radius - iso_sqrt(iso_fma(ex, ex, ey * ey));
            if (here > depth[row * SIDE + column])
                depth[row * SIDE + column] = here;
        }
    }
}

/* Value at t of the cubic that runs from a to b with the slopes m and n at its ends (Hermite). */
static float cubic(float a, float b, float m, float n, float t)
{
    float d = b - a;
    float c2 = iso_fma(3.0f, d, iso_fma(-2.0f, m, -n));
    float c3 = iso_fma(-2.0f, d, m + n);
    return iso_fma(iso_fma(iso_fma(c3, t, c2), t, m), t, a);
}

struct slope {
    float x, y;
};

/* Computes the slope at vertex i, an end of the span from vertex `span` to the next: along the
 * neighbours if the pen passes smoothly (Catmull-Rom), along the span itself at corners and ends of
 * strokes. */
static struct slope slope_at(const struct point *points, const struct vertex *v, int i, int span)
{
    const int8_t next = points[i + 1].kind;
    bool smooth = points[i].kind == CURVE && (next == CURVE || next == CORNER);
    const struct vertex *from = smooth ? &v[i - 1] : &v[span];
    const struct vertex *to = smooth ? &v[i + 1] : &v[span + 1];
    float factor = smooth ? 0.5f : 1.0f;
    struct slope slope = { (to->x - from->x) * factor, (to->y - from->y) * factor };
    return slope;
}

/* Inks the span from vertex i to i + 1, in straight pieces. */
static void ink_span(float depth[SIDE * SIDE], const struct point *points, const struct vertex *v,
                     int i)
{
    const struct vertex *a = &v[i], *b = &v[i + 1];
    struct slope m = slope_at(points, v, i, i), n = slope_at(points, v, i + 1, i);
    struct vertex last = *a;
    for (int piece = 1; piece <= SPAN_PIECES; piece++) {
        float t = iso_div((float)piece, (float)SPAN_PIECES);
        struct vertex next;
        next.x = cubic(a->x, b->x, m.x, n.x, t);
        next.y = cubic(a->y, b->y, m.y, n.y, t);
        next.radius = iso_fma(t, b->radius - a->radius, a->radius);
        ink_piece(depth, &last, &next);
        last = next;
    }
}

/* ---- Blemishes and paper --------------------------------------------------------------------- */

/* Makes a spot where the pen hardly touched the paper. */
static void fade(float depth[SIDE * SIDE], float x, float y, float radius)
{
    for (int i = 0; i < SIDE * SIDE; i++) {
        float ex = (float)(i % SIDE) + 0.5f - x, ey = (float)(i / SIDE) + 0.5f - y;
        float outside = iso_sqrt(iso_fma(ex, ex, ey * ey)) - radius;
        if (outside < depth[i])
            depth[i] = outside;
    }
}

static void draw_blemishes(struct stream *s, float depth[SIDE * SIDE], const struct vertex *v,
                           int n)
{
    int which = draw_below(s, (uint32_t)n);
    float gap = draw_between(s, -9.0f, 0.8f);
    if (gap > 0.0f)
        fade(depth, v[which].x, v[which].y, gap);
    if (draw_below(s, 4) == 0) {
        struct vertex speck;
        speck.x = draw_between(s, 0.0f, (float)SIDE);
        speck.y = draw_between(s, 0.0f, (float)SIDE);
        speck.radius = draw_between(s, 0.1f, 0.6f);
        ink_piece(depth, &speck, &speck);
    }
}

/* Turns depths into brightness with soft edges, adds the paper's noise: four pixels a word. */
static void develop(struct stream *s, const struct hand *h, const float depth[SIDE * SIDE],
                    uint8_t *image)
{
    float sharpness = iso_div(1.0f, h->softness);
    uint32_t word = 0;
    for (int i = 0; i < SIDE * SIDE; i++, word >>= 8) {
        if (i % 4 == 0)
            word = draw_word(s);
        float grain = iso_fma((float)(word & 255), 1.0f / 128.0f, -1.0f);
        float t = iso_fma(depth[i], sharpness, 0.5f);
        t = t > 0.0f ? t : 0.0f;
        t = t < 1.0f ? t : 1.0f;
        float smooth = t * t * iso_fma(-2.0f, t, 3.0f);
        float value = iso_fma(smooth, h->ink, grain * h->noise);
        value = value > 0.0f ? value : 0.0f;
        value = value < 1.0f ? value : 1.0f;
        image[i] = (uint8_t)iso_fma(value, 255.0f, 0.5f);
    }
}

int iso_digits_draw(enum iso_digits_split split, uint32_t i, uint8_t *image)
{
    struct stream s = { .sample = i, .split = (uint32_t)split, .used = 4 };
    int label = draw_below(&s, ISO_DIGITS_CLASSES);
    const struct point *points = glyphs[label][draw_below(&s, GLYPH_VARIANTS)];
    struct hand hand;
    struct vertex v[GLYPH_POINTS];
    float depth[SIDE * SIDE];
    int n = 0;
    draw_hand(&s, &hand);
    for (; points[n].kind != END; n++)
        v[n] = place_point(&s, &hand, &points[n]);
    assert(n < GLYPH_POINTS);
    for (int k = 0; k < SIDE * SIDE; k++)
        depth[k] = -(float)SIDE;
    for (int k = 0; k + 1 < n; k++)
        if (points[k + 1].kind != MOVE)
            ink_span(depth, points, v, k);
    draw_blemishes(&s, depth, v, n);
    develop(&s, &hand, depth, image);
    return label;
}
