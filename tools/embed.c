/* embed FILE...: prints a C file that holds the texts of the files as a table, by path.
 * Used when isocl is built, so that the OpenCL kernels travel inside the program. */
#include <stdio.h>
#include <stdlib.h>

/* The text as numbers: a string literal may be too long for the compiler, and needs no escapes
 * here. Returns 0, or -1 after a message. */
static int print_text(const char *path, int index)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        return -1;
    }
    printf("static const char text_%d[] = {", index);
    long n = 0;
    for (int c; (c = getc(f)) != EOF; n++)
        printf("%s%d,", n % 24 ? "" : "\n", c < 128 ? c : '?');
    printf("0};\n");
    int bad = ferror(f);
    fclose(f);
    if (bad) {
        perror(path);
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    printf("/* Made by tools/embed.c; do not edit. */\n#include \"backends/opencl/source.h\"\n");
    for (int i = 1; i < argc; i++)
        if (print_text(argv[i], i))
            return EXIT_FAILURE;
    printf("const struct opencl_source opencl_sources[] = {\n");
    for (int i = 1; i < argc; i++)
        printf("    {\"%s\", text_%d, sizeof text_%d - 1},\n", argv[i], i, i);
    printf("    {NULL, NULL, 0}\n};\n");
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
