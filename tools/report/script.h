/* script.h: page.js as text, embedded when isocl is built. */
#ifndef ISO_REPORT_SCRIPT_H
#define ISO_REPORT_SCRIPT_H
extern const char iso_page_script[];
#endif
