#include "interrupt.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

volatile sig_atomic_t iso_interrupted;
static const int interrupts[] = { SIGINT, SIGTERM, SIGHUP };
enum { INTERRUPTS = sizeof interrupts / sizeof interrupts[0] };
static const char clear[] = "\r\033[K", *said; /* said NULL: standard error is no terminal */
static size_t said_size;

/* Two texts, so that a signal finds a whole one while the other is written. */
static char doing[2][512];
static volatile sig_atomic_t which, at_once;

/* The signal's own action, which ends the program, comes when the handler is left. */
static void end_now(int number)
{
    const char *text = doing[which];
    signal(number, SIG_DFL);
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        text = NULL; /* nobody is told */
    raise(number);
}

static void interrupt(int number)
{
    if (iso_interrupted != 0 || (at_once && number != SIGINT)) {
        end_now(number);
        return;
    }
    for (int i = 0; i < INTERRUPTS && *doing[which] == '\0'; i++)
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

void iso_interrupts_doing(const char *fmt, ...)
{
    const int other = !which;
    va_list arguments;
    va_start(arguments, fmt);
    vsnprintf(doing[other], sizeof doing[other], fmt, arguments);
    va_end(arguments);
    which = other;
}

void iso_interrupts_end_at_once(void) { at_once = 1; }

void iso_interrupts_pass_on(void)
{
    if (iso_interrupted == 0)
        return;
    signal((int)iso_interrupted, SIG_DFL);
    raise((int)iso_interrupted);
}
