/* A name that nothing declares. */
kernel void broken(global float *y) { y[get_global_id(0)] = missing; }
