#include "hardware.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct vendor {
    const char *name;
    unsigned long pci;
    const char *const *words;
};
static const char *const nvidia_words[] = { "nvidia", NULL };
static const char *const amd_words[] = { "amd", "advanced micro", "radeon", NULL };
static const char *const intel_words[] = { "intel", NULL };
static const struct vendor vendors[ISO_VENDORS] = {
    { "NVIDIA", 0x10de, nvidia_words },
    { "AMD", 0x1002, amd_words },
    { "Intel", 0x8086, intel_words },
};

const char *iso_vendor_name(enum iso_vendor vendor) { return vendors[vendor].name; }

/* ---- Cards --------------------------------------------------------------------------------- */

/* Returns the hexadecimal number in PCI_FOLDER/device/file; 0 if there is none. */
#define PCI_FOLDER "/sys/bus/pci/devices"
static unsigned long pci_number(const char *device, const char *file)
{
    char path[512], text[32] = "";
    snprintf(path, sizeof path, PCI_FOLDER "/%.200s/%s", device, file);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return 0;
    if (fgets(text, sizeof text, f) == NULL)
        text[0] = 0;
    fclose(f);
    return strtoul(text, NULL, 16);
}

void iso_find_cards(int count[ISO_VENDORS])
{
    enum { DISPLAY_CLASS = 0x03 };
    memset(count, 0, ISO_VENDORS * sizeof *count);
    DIR *folder = opendir(PCI_FOLDER);
    for (struct dirent *e = folder != NULL ? readdir(folder) : NULL; e != NULL;
         e = readdir(folder)) {
        if (e->d_name[0] == '.' || pci_number(e->d_name, "class") >> 16 != DISPLAY_CLASS)
            continue;
        for (int v = 0; v < ISO_VENDORS; v++)
            count[v] += pci_number(e->d_name, "vendor") == vendors[v].pci;
    }
    if (folder != NULL)
        closedir(folder);
    if (count[ISO_VENDOR_NVIDIA] == 0 && access("/dev/nvidia0", F_OK) == 0)
        count[ISO_VENDOR_NVIDIA] = 1; /* in a container the bus may be hidden */
}

static bool contains(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (; *text; text++) {
        size_t i = 0;
        while (i < n && tolower((unsigned char)text[i]) == word[i])
            i++;
        if (i == n)
            return true;
    }
    return false;
}

bool iso_vendor_made(enum iso_vendor vendor, const char *platform, const char *device)
{
    for (const char *const *word = vendors[vendor].words; *word != NULL; word++)
        if (contains(platform, *word) || contains(device, *word))
            return true;
    return false;
}

const char *iso_locked_render_node(void)
{
    static const char *const nodes[] = { "/dev/dri/renderD128", "/dev/dri/renderD129", NULL };
    for (const char *const *node = nodes; *node != NULL; node++)
        if (access(*node, F_OK) == 0 && access(*node, R_OK | W_OK) != 0)
            return *node;
    return NULL;
}

/* ---- Packages ------------------------------------------------------------------------------ */

enum { DEBIAN, FEDORA, ARCH, MACOS, SYSTEMS };
struct installer {
    const char *ids, *command;
};
static const struct installer installers[SYSTEMS] = {
    [DEBIAN] = { "debian ubuntu", "sudo apt-get install" },
    [FEDORA] = { "fedora rhel centos", "sudo dnf install" },
    [ARCH] = { "arch", "sudo pacman -S" },
    [MACOS] = { "macos", "brew install" },
};
static const char *const packages[][SYSTEMS] = {
    [ISO_PACKAGE_NVIDIA] = { "nvidia-opencl-icd", "xorg-x11-drv-nvidia-cuda", "opencl-nvidia",
                             NULL },
    [ISO_PACKAGE_AMD] = { "mesa-opencl-icd", "mesa-libOpenCL", "opencl-mesa", NULL },
    [ISO_PACKAGE_INTEL] = { "intel-opencl-icd", "intel-compute-runtime", "intel-compute-runtime",
                            NULL },
    [ISO_PACKAGE_POCL] = { "pocl-opencl-icd", "pocl", "pocl", "pocl" },
    [ISO_PACKAGE_LOADER] = { "ocl-icd-opencl-dev", "ocl-icd-devel opencl-headers",
                             "ocl-icd opencl-headers", "opencl-headers opencl-icd-loader" },
    [ISO_PACKAGE_CLBLAST] = { "libclblast-dev", "clblast-devel", "clblast", "clblast" },
};

/* Index into installers, or -1. /etc/os-release names the system (ID) and its like (ID_LIKE). */
static int this_system(void)
{
#ifdef __APPLE__
    return MACOS;
#else
    char line[256];
    int found = -1;
    FILE *f = fopen("/etc/os-release", "r");
    while (f != NULL && found < 0 && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "ID=", 3) != 0 && strncmp(line, "ID_LIKE=", 8) != 0)
            continue;
        for (char *rest = NULL, *id = strtok_r(strchr(line, '=') + 1, " \"'\n", &rest);
             id != NULL && found < 0; id = strtok_r(NULL, " \"'\n", &rest))
            for (int s = 0; s < SYSTEMS; s++)
                if (strstr(installers[s].ids, id) != NULL)
                    found = s;
    }
    if (f != NULL)
        fclose(f);
    return found;
#endif
}

const char *iso_install_command(enum iso_package package, char *buf, size_t n)
{
    const char *const *names = packages[package];
    int system = this_system();
    if (system >= 0 && names[system] != NULL)
        snprintf(buf, n, "%s %s", installers[system].command, names[system]);
    else
        snprintf(buf, n, "install %s (Debian, Ubuntu), %s (Fedora) or %s (Arch)", names[DEBIAN],
                 names[FEDORA], names[ARCH]);
    return buf;
}
