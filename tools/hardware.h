/* hardware.h: what `isocl doctor` learns about the machine without OpenCL: graphics cards, drivers,
 * and the packages of this system that bring what is missing. Linux; elsewhere it finds nothing. */
#ifndef ISO_HARDWARE_H
#define ISO_HARDWARE_H
#include <stdbool.h>
#include <stddef.h>

enum iso_vendor { ISO_VENDOR_NVIDIA, ISO_VENDOR_AMD, ISO_VENDOR_INTEL, ISO_VENDORS };
/* "NVIDIA". */
const char *iso_vendor_name(enum iso_vendor);
/* How many graphics cards of each vendor the machine shows. */
void iso_find_cards(int count[ISO_VENDORS]);
/* True if an OpenCL platform or device of these names belongs to the vendor. */
bool iso_vendor_made(enum iso_vendor, const char *platform, const char *device);
/* A render node of the kernel that we may not open, or NULL when there is none such. */
const char *iso_locked_render_node(void);

enum iso_package {
    ISO_PACKAGE_NVIDIA,
    ISO_PACKAGE_AMD,
    ISO_PACKAGE_INTEL,
    ISO_PACKAGE_POCL,
    ISO_PACKAGE_LOADER,
    ISO_PACKAGE_CLBLAST
}; /* begins with enum iso_vendor */
/* The command that installs it on this system, or what it is called on each when this one is not
 * known: "sudo apt-get install pocl-opencl-icd". Returns buf. */
const char *iso_install_command(enum iso_package, char *buf, size_t n);
#endif
