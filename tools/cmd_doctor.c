/* isocl doctor: explains why a device is missing, what is installed, and what to do. */
#include "commands.h"
#include "core/data/dataset.h"
#include "core/image/image.h"
#include "core/formats/keras_file.h"
#include "core/system/environment.h"
#include "core/text/suggest.h"
#include "core/onnx/onnx.h"
#include "core/ranks/ranks.h"
#include "hardware.h"
#include "setup.h"
#include "backends/diagnose.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__clang__)
static const char compiler[] = __VERSION__; /* names clang itself */
#elif defined(__GNUC__)
static const char compiler[] = "gcc " __VERSION__;
#else
static const char compiler[] = "a C11 compiler";
#endif

enum { MOST_DEVICES = 64, MOST_ADVICE = 16 };
static const struct iso_option options[] = { { "data", "DIR", ISO_OPTION_TEXT,
                                               offsetof(struct iso_job_options, data),
                                               "also look for data sets here", 0 },
                                             { NULL, NULL, ISO_OPTION_FLAG, 0, NULL, 0 } };

struct doctor {
    struct iso_device devices[MOST_DEVICES];
    int ndevices;
    char advice[MOST_ADVICE][512];
    int nadvice;
};

static void advise(struct doctor *d, const char *fmt, ...) ISO_PRINTF(2, 3);
static void advise(struct doctor *d, const char *fmt, ...)
{
    va_list arguments;
    if (d->nadvice == MOST_ADVICE)
        return;
    va_start(arguments, fmt);
    vsnprintf(d->advice[d->nadvice++], sizeof d->advice[0], fmt, arguments);
    va_end(arguments);
}

/* Lets each backend say why it shows no device. */
static void check_backends(struct doctor *d)
{
    char advice[512];
    for (int i = 0; iso_diagnoses[i] != NULL; i++) {
        iso_diagnoses[i](stdout, advice, sizeof advice);
        if (*advice)
            advise(d, "%s", advice);
    }
#ifndef ISO_HAVE_OPENCL
    printf("OpenCL: this isocl was built without it\n");
    advise(d, "build with OpenCL: %s, then  make",
           iso_install_command(ISO_PACKAGE_LOADER, advice, sizeof advice));
#endif
}

#if defined(ISO_HAVE_OPENCL) && !defined(ISO_HAVE_CLBLAST)
static void check_clblast(struct doctor *d)
{
    char command[256];
    printf("CLBlast: not built in; fast mode uses our own kernels\n");
    advise(d, "for a faster fast mode: %s, then  make",
           iso_install_command(ISO_PACKAGE_CLBLAST, command, sizeof command));
}
#else
static void check_clblast(struct doctor *d)
{
    (void)d; /* OpenCL's part tells whether it is installed */
}
#endif

static void check_hdf5(struct doctor *d)
{
    const bool there = iso_keras_supported();
    printf("HDF5: %s\n", there ? "built in; import and export read and write Keras's weights"
                               : "not built in; import and export cannot be used");
    if (!there)
        advise(d, "for Keras's weights: install HDF5 (Debian: libhdf5-dev), then  make");
}

static void check_onnx(struct doctor *d)
{
    const bool there = iso_onnx_supported();
    printf("ONNX: %s\n", there ? "built in; export writes, and import reads, networks for other "
                                 "programs"
                               : "not built in");
    if (!there)
        advise(d,
               "for ONNX: install its schema and protobuf-c (Debian: libonnx-dev, "
               "protobuf-c-compiler, libprotobuf-c-dev), then  make");
}

static void check_mpi(struct doctor *d)
{
    const bool there = strcmp(iso_mpi_support(), "no MPI") != 0;
    printf("MPI: %s%s\n", there ? iso_mpi_support() : "not built in",
           there ? "; `isocl train` runs under its mpirun" : "");
    if (!there)
        advise(d, "for ranks (isocl help ranks): install MPI (Debian: libopenmpi-dev), then  make");
}

static void check_images(struct doctor *d)
{
    printf("Image files: %s\n", iso_image_support());
    if (strstr(iso_image_support(), "without") != NULL)
        advise(d,
               "for folders of images: install these libraries (Debian: libpng-dev libjpeg-dev "
               "libgif-dev libwebp-dev libtiff-dev libheif-dev), then  make");
}

static void check_build(struct doctor *d)
{
    printf("isocl %s, arithmetic %d, built by %s\n", ISO_VERSION, ISO_ARITH_VERSION, compiler);
    check_hdf5(d);
    check_onnx(d);
    check_mpi(d);
    check_images(d);
    check_clblast(d);
    check_backends(d);
}

static void check_devices(struct doctor *d)
{
    char why[1024];
    printf("\nDevices:\n");
    for (const struct iso_backend_ops *const *b = iso_backends; *b != NULL; b++) {
        if ((*b)->list(d->devices, MOST_DEVICES, &d->ndevices) == ISO_OK)
            continue;
        printf("  %s: %s\n", (*b)->name, iso_error_take(why, sizeof why));
    }
    for (int i = 0; i < d->ndevices; i++) {
        const struct iso_device *device = &d->devices[i];
        printf("  %-14s %s%s%s%s%s\n", device->id, device->name,
               device->usable ? "" : "; not usable", *device->note ? ": " : "", device->note,
               device->gpu ? "  [GPU]" : "");
        if (!device->usable)
            advise(
                d, "%s is there and cannot be used, as said above: update its driver%s", device->id,
                iso_environment(ISO_ENV_OPENCL_OPTIONS) != NULL ? ", or unset ISOCL_OPENCL_OPTIONS"
                                                                : "");
    }
}

static bool has_gpu_of(const struct doctor *d, enum iso_vendor vendor)
{
    for (int i = 0; i < d->ndevices; i++)
        if (d->devices[i].usable && d->devices[i].gpu &&
            iso_vendor_made(vendor, d->devices[i].platform, d->devices[i].name))
            return true;
    return false;
}

static void advise_vendor(struct doctor *d, enum iso_vendor vendor)
{
    char command[256];
    const char *more =
        vendor == ISO_VENDOR_AMD
            ? " and set RUSTICL_ENABLE=radeonsi (or install AMD's own ROCm OpenCL)"
        : vendor == ISO_VENDOR_NVIDIA
            ? "; in a container, pass the driver through with its compute and utility "
              "capabilities, and put the line libnvidia-opencl.so.1 into "
              "/etc/OpenCL/vendors/nvidia.icd"
            : "";
    iso_install_command((enum iso_package)vendor, command, sizeof command);
    advise(d, "the %s card has no OpenCL driver that works: %s%s", iso_vendor_name(vendor), command,
           more);
}

static void check_cards(struct doctor *d)
{
    int cards[ISO_VENDORS], all = 0;
    iso_find_cards(cards);
    printf("\nGraphics cards:\n");
    for (int v = 0; v < ISO_VENDORS; v++) {
        bool works = has_gpu_of(d, (enum iso_vendor)v);
        all += cards[v];
        if (cards[v] > 0)
            printf("  %d of %s: %s\n", cards[v], iso_vendor_name((enum iso_vendor)v),
                   works ? "usable through OpenCL" : "not usable through OpenCL");
        if (cards[v] > 0 && !works)
            advise_vendor(d, (enum iso_vendor)v);
    }
    if (all == 0)
        printf("  none is visible\n");
    if (iso_locked_render_node() != NULL)
        advise(d, "you may not open %s: sudo usermod -aG render,video $USER, then log in again",
               iso_locked_render_node());
}

static void check_cpu_device(struct doctor *d)
{
    char command[256];
    for (int i = 0; i < d->ndevices; i++)
        if (strncmp(d->devices[i].id, "opencl", 6) == 0 &&
            (d->devices[i].usable || !d->devices[i].gpu))
            return;
    advise(d, "to try OpenCL on the CPU: %s, then --device opencl",
           iso_install_command(ISO_PACKAGE_POCL, command, sizeof command));
}

static void check_data(struct doctor *d, const char *folder)
{
    bool missing = false;
    printf("\nData sets:\n");
    for (const struct iso_dataset_doc *doc = iso_dataset_docs; doc->name != NULL; doc++) {
        struct iso_dataset *data = NULL;
        char why[1024];
        const struct iso_dataset_request request = {
            .name = doc->name, .split = "test", .folder = folder, .limit = 1
        };
        iso_rc rc = iso_dataset_load(&request, &data);
        if (rc == ISO_OK)
            printf("  %-16s %s\n", doc->name, data->source);
        else
            printf("  %-16s %s\n", doc->name, iso_error_take(why, sizeof why));
        missing = missing || rc != ISO_OK;
        iso_dataset_free(data);
    }
    if (missing)
        advise(d,
               "put the files of a missing data set into ~/.local/share/isocl, or name their "
               "folder with --data or ISOCL_DATA; builtin:digits needs none");
}

/* A variable that is mistyped would do nothing, and say nothing. */
static void check_environment(struct doctor *d)
{
    char name[80], hint[120];
    int at = 0;
    for (const char *entry; (entry = iso_environment_unknown(&at)) != NULL;) {
        struct iso_suggest near;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(entry, "="), entry);
        iso_suggest_begin(&near, name);
        for (const struct iso_variable_doc *v = iso_variables; v->name != NULL; v++)
            iso_suggest_try(&near, v->name);
        advise(d,
               "%s is set, but isocl reads no such variable%s; `isocl help environment` lists "
               "those it reads",
               name, iso_suggest_text(&near, hint, sizeof hint));
    }
}

static int run(const struct iso_command *command, int argc, char **argv)
{
    struct iso_job_options o = { 0 };
    int count, code;
    if (!iso_options_parse(command, argc, argv, &o, &count, &code))
        return code;
    struct doctor *d = iso_alloc(1, sizeof *d);
    if (d == NULL)
        return iso_report(command, ISO_ENOMEM, NULL);
    check_build(d);
    check_devices(d);
    check_cards(d);
    check_cpu_device(d);
    check_data(d, o.data);
    check_environment(d);
    printf("\nWhat to do:\n");
    for (int i = 0; i < d->nadvice; i++)
        printf("  %d. %s\n", i + 1, d->advice[i]);
    if (d->nadvice == 0)
        printf("  nothing; all that is here can be used\n");
    free(d);
    return ISO_EXIT_DONE;
}

const struct iso_command iso_command_doctor = {
    .name = "doctor",
    .arguments = "",
    .doc = "explains why a device is missing, what is installed, and what to do",
    .examples =
        "  isocl doctor\n"
        "  OCL_ICD_VENDORS=/etc/OpenCL/vendors/pocl.icd isocl doctor      with one driver only\n",
    .options = options,
    .run = run,
};
