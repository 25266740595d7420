/* More sums at a time than any GPU has registers for. */
#define COUNT 300
#define EACH _Pragma("unroll") for (int i = 0; i < COUNT; i++)

kernel void spill(global const float *x, global float *y, int n)
{
    float sum[COUNT];
    EACH sum[i] = x[i];
    for (int k = 0; k < n; k++) {
        float a = x[k + get_global_id(0)];
        EACH sum[i] = fma(a, x[k * COUNT + i], sum[i]);
    }
    EACH y[get_global_id(0) * COUNT + i] = sum[i];
}
