/* A quotient that is not correctly rounded. */
kernel void approximate(global const float *x, global float *y)
{
    size_t i = get_global_id(0);
    y[i] = native_divide(x[i], y[i]);
}
