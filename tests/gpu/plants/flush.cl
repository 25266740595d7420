/* The self-test compiles it so that subnormals become zero. */
kernel void flush(global const float *x, global float *y)
{
    size_t i = get_global_id(0);
    y[i] = x[i] * y[i];
}
