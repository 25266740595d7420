/* progress.h: tells the user on standard error what isocl is doing, if that takes longer than a
 * second; silent with ISOCL_QUIET. */
#ifndef ISO_OPENCL_PROGRESS_H
#define ISO_OPENCL_PROGRESS_H
#include <pthread.h>
#include <stdbool.h>

struct opencl_progress {
    char text[256];
    double begun;
    bool started, over, said; /* started: there is a thread; said: the text is on the screen */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t end;
};
/* Announces `text` until opencl_progress_end, which the same thread must call. */
void opencl_progress_begin(struct opencl_progress *, const char *text);
void opencl_progress_end(struct opencl_progress *);
#endif
