/* interrupt.h: Ctrl-C, the end of the terminal and kill, for commands that have something to put in
 * order before they end. */
#ifndef ISO_INTERRUPT_H
#define ISO_INTERRUPT_H
#include <signal.h>

/* The number of the first signal that came, or 0; the second ends the program. */
extern volatile sig_atomic_t iso_interrupted;
/* From now on. text: what a terminal shows when the first comes, ended by a new line; borrowed for
 * good. A signal that was ignored before, as nohup and a shell's & have it, stays ignored. */
void iso_interrupts_catch(const char *text);
/* After a signal was caught and everything is in order, ends the program as the signal would have:
 * a shell then knows, and ends its loop. Returns where none came. */
void iso_interrupts_pass_on(void);
#endif
