/* interrupt.h: handles Ctrl-C, the end of the terminal and kill, for commands that must clean up
 * before they end. */
#ifndef ISO_INTERRUPT_H
#define ISO_INTERRUPT_H
#include <signal.h>

/* The number of the first signal received, or 0; the second one ends the program. */
extern volatile sig_atomic_t iso_interrupted;
/* Starts catching signals. text: shown on a terminal at the first signal, ends with a newline, must
 * stay valid. A signal that was ignored before, as under nohup or a shell's &, stays ignored. */
void iso_interrupts_catch(const char *text);
/* Says what the program is doing, for those whom a signal leaves without a result: the text, a
 * line, is written to standard error when a signal ends the program at once. That is the second of
 * any signal and, with iso_interrupts_end_at_once, the first SIGTERM or SIGHUP. Called again
 * whenever the program begins something else. */
void iso_interrupts_doing(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Has SIGTERM and SIGHUP end the program at once, where nothing needs to be cleaned up. Called
 * after iso_interrupts_catch. */
void iso_interrupts_end_at_once(void);
/* Called after cleaning up: if a signal was caught, ends the program with that signal, so that a
 * shell ends its loop. Returns if there was none. */
void iso_interrupts_pass_on(void);
#endif
