#include "interrupt.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

volatile sig_atomic_t iso_interrupted;
static const int interrupts[] = { SIGINT, SIGTERM, SIGHUP };
enum { INTERRUPTS = sizeof interrupts / sizeof interrupts[0] };
static const char clear[] = "\r\033[K", *said; /* said NULL: standard error is no terminal */
static size_t said_size;

static void interrupt(int number)
{
    for (int i = 0; i < INTERRUPTS; i++)
        signal(interrupts[i], SIG_DFL);
    iso_interrupted = number;
    if (said != NULL && write(STDERR_FILENO, clear, sizeof clear - 1) >= 0 &&
        write(STDERR_FILENO, said, said_size) < 0)
        said = NULL; /* nobody was told, and nothing can be done about it */
}

void iso_interrupts_catch(const char *text)
{
    const struct sigaction action = { .sa_handler = interrupt, .sa_flags = SA_RESTART };
    struct sigaction before;
    said = isatty(STDERR_FILENO) ? text : NULL;
    said_size = strlen(text);
    for (int i = 0; i < INTERRUPTS; i++)
        if (sigaction(interrupts[i], NULL, &before) != 0 || before.sa_handler != SIG_IGN)
            sigaction(interrupts[i], &action, NULL);
}

void iso_interrupts_pass_on(void)
{
    if (iso_interrupted != 0)
        raise(iso_interrupted); /* the handler has made its action the default one */
}
