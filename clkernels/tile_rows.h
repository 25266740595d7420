/* tile_rows.h (part of tile_cpu.h): the tiles of ROWS rows, a literal: with a parameter in its
 * place compilers would unroll the loops too late to keep the sums in registers. BOTH(x): x, in a
 * tile of two vectors; nothing, in a tile of one. */
#define EACH_ROW(i) UNROLLED(i, ROWS)
#define END_BLOCK                                       \
    EACH_ROW(i) {                                       \
        sums[2 * i] = sums[2 * i] + v[i];               \
        BOTH(sums[2 * i + 1] = sums[2 * i + 1] + w[i];) \
    }

/* Computes the sums in sums[row][2], which also hold the sums of finished blocks meanwhile. */
INLINE void TILE(ROWS)(const struct tile *t, vec *sums)
{
    const long as = t->as, ak = t->ak, bk = t->bk, as3 = 3 * as;
    global const float *line = t->a, *b = t->b;
    vec v[ROWS];
    BOTH(vec w[ROWS];)
    int left = t->block, segment = 0, skip = t->skip;
    EACH_ROW(i) {
        v[i] = sums[2 * i] = sums[2 * i + 1] = (vec)(start_of_sum());
        BOTH(w[i] = (vec)(start_of_sum());)
    }
    for (int todo = t->terms; todo > 0; skip = 0) {
        /* Rows are reached from one pointer in four, which keeps them in few registers. */
        global const float *a0 = line + segment * t->a_across + skip * ak;
        global const float *a4 = a0 + 4 * as, *a8 = a4 + 4 * as, *a12 = a8 + 4 * as;
        int rest = t->length - skip < todo ? t->length - skip : todo;
        todo -= rest;
        for (int n; rest > 0; rest -= n, left -= n) {
            if (left == 0) {
                END_BLOCK
                EACH_ROW(i) {
                    v[i] = (vec)(start_of_sum());
                    BOTH(w[i] = (vec)(start_of_sum());)
                }
                left = t->block;
            }
            n = rest < left ? rest : left;
            for (int k = 0; k < n; k++, a0 += ak, a4 += ak, a8 += ak, a12 += ak, b += bk) {
                const vec bv = LOAD(b);
                BOTH(const vec bw = LOAD(b + VECTOR);)
                EACH_ROW(i) {
                    global const float *base = i < 4 ? a0 : i < 8 ? a4 : i < 12 ? a8 : a12;
                    const vec x = (vec)(base[(i & 3) == 3 ? as3 : (i & 3) * as]);
                    v[i] = fma(x, bv, v[i]);
                    BOTH(w[i] = fma(x, bw, w[i]);)
                }
            }
        }
        if (++segment == t->across) {
            segment = 0;
            line += t->a_line;
        }
    }
    END_BLOCK
}
#undef END_BLOCK
#undef EACH_ROW
