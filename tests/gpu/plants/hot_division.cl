/* An integer division for each term of a sum. */
kernel void hot_division(global const float *x, global float *y, int n, int width)
{
    float sum = 0.0f;
    for (int k = 0; k < n; k++)
        sum = fma(x[k % width], x[k], sum);
    y[get_global_id(0)] = sum;
}
