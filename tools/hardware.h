/* hardware.h: the machine as `isocl doctor` sees it without OpenCL: graphics cards, drivers, and
 * the packages that provide missing parts. Works on Linux; elsewhere it finds nothing. */
#ifndef ISO_HARDWARE_H
#define ISO_HARDWARE_H
#include <stdbool.h>
#include <stddef.h>

enum iso_vendor { ISO_VENDOR_NVIDIA, ISO_VENDOR_AMD, ISO_VENDOR_INTEL, ISO_VENDORS };
/* "NVIDIA". */
const char *iso_vendor_name(enum iso_vendor);
/* Counts the graphics cards of each vendor. */
void iso_find_cards(int count[ISO_VENDORS]);
/* Returns true if an OpenCL platform or device of these names belongs to the vendor. */
bool iso_vendor_made(enum iso_vendor, const char *platform, const char *device);
/* Returns a render node of the kernel that this user must not open, or NULL if there is none. */
const char *iso_locked_render_node(void);

enum iso_package {
    ISO_PACKAGE_NVIDIA,
    ISO_PACKAGE_AMD,
    ISO_PACKAGE_INTEL,
    ISO_PACKAGE_POCL,
    ISO_PACKAGE_LOADER,
    ISO_PACKAGE_CLBLAST
}; /* begins with enum iso_vendor */
/* Writes the command that installs it on this system, "sudo apt-get install pocl-opencl-icd", or,
 * on an unknown system, its name on each known one, into buf and returns buf. */
const char *iso_install_command(enum iso_package, char *buf, size_t n);
#endif
