/* text_list.h: a few texts, borrowed, such as the values of an option that is given several times.
 */
#ifndef ISO_TEXT_LIST_H
#define ISO_TEXT_LIST_H

enum { ISO_TEXTS = 64 };
struct iso_text_list {
    const char *text[ISO_TEXTS];
    int n;
};
#endif
