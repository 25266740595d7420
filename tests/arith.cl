/* arith.cl: the device's side of test_arith_opencl.c; core/arithmetic/arith.h,
 * core/arithmetic/random.h and tests/arith_functions.h stand before it. */

kernel void arith(global const float *x, global const float *y, global float *out, int function)
{
    size_t i = get_global_id(0);
    out[i] = arith_call(function, x[i], y[i]);
}

kernel void philox(global uint *out)
{
    uint i = (uint)get_global_id(0);
    iso_u32x4 r = iso_philox(i, 2u, 3u, ISO_RANDOM_TEST, 0xFFFFFFFFu - i, 7u);
    for (uint j = 0; j < 4; j++)
        out[4 * i + j] = r.v[j];
}
