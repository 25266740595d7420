/* interrupt.h: Ctrl-C, the end of the terminal and kill, for commands that have something to put in
 * order before they end. */
#ifndef ISO_INTERRUPT_H
#define ISO_INTERRUPT_H
#include <signal.h>

/* Not 0 after the first of them; the second ends the program. */
extern volatile sig_atomic_t iso_interrupted;
/* From now on. text: what a terminal shows when the first comes, ended by a new line; borrowed for
 * good. What nohup has switched off stays so. */
void iso_interrupts_catch(const char *text);
#endif
