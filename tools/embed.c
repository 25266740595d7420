/* embed FILE...: prints a C file that holds the texts of the files as a table, by path.
 * embed --text NAME FILE: prints one that holds the text of a file as `const char NAME[]`.
 * Used when isocl is built, so that the OpenCL kernels, and the script of the reports' pages,
 * travel inside the program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text as numbers: a string literal may be too long for the compiler, and needs no escapes
 * here. Returns 0, or -1 after a message. */
static int print_text(const char *path, const char *storage, const char *name)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        return -1;
    }
    printf("%sconst char %s[] = {", storage, name);
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

static int print_one(const char *name, const char *path)
{
    printf("/* Made by tools/embed.c; do not edit. */\nextern const char %s[];\n", name);
    if (print_text(path, "", name) != 0)
        return EXIT_FAILURE;
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--text") == 0)
        return print_one(argv[2], argv[3]);
    printf("/* Made by tools/embed.c; do not edit. */\n#include \"backends/opencl/source.h\"\n");
    for (int i = 1; i < argc; i++) {
        char name[32];
        snprintf(name, sizeof name, "text_%d", i);
        if (print_text(argv[i], "static ", name) != 0)
            return EXIT_FAILURE;
    }
    printf("const struct opencl_source opencl_sources[] = {\n");
    for (int i = 1; i < argc; i++)
        printf("    {\"%s\", text_%d, sizeof text_%d - 1},\n", argv[i], i, i);
    printf("    {NULL, NULL, 0}\n};\n");
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
