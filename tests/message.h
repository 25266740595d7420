/* message.h: what isocl says of a fault. */
#ifndef ISO_TEST_MESSAGE_H
#define ISO_TEST_MESSAGE_H
/* Fails the test unless the last message has these words. */
void check_message(const char *words);
#endif
