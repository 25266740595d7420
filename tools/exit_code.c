#include "exit_code.h"

int iso_exit_code(iso_rc rc)
{
    switch (rc) {
    case ISO_OK: return ISO_EXIT_DONE;
    case ISO_EUSAGE: return ISO_EXIT_USAGE;
    case ISO_EPARITY: return ISO_EXIT_DIFFERS;
    case ISO_EMODEL:
    case ISO_ESHAPE:
    case ISO_EIO:
    case ISO_EDATA: return ISO_EXIT_FILE;
    case ISO_EUNSUP:
    case ISO_EDEVICE: return ISO_EXIT_DEVICE;
    case ISO_ENOMEM: break;
    }
    return ISO_EXIT_FAILED;
}

void iso_exit_codes_print(FILE *out)
{
#define PRINT(name, number, doc) fprintf(out, "  %d  %s\n", number, doc);
    fprintf(out, "How a command ends:\n\n");
    ISO_EXIT_CODES(PRINT)
#undef PRINT
    fprintf(
        out,
        "\nCtrl-C, kill and a closed terminal end a command as that signal does, after what was\n"
        "begun is saved: a shell's loop ends, too. Of several models or measurements the\n"
        "highest code counts.\n");
}
