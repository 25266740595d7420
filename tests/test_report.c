/* test_report.c: isocl report: pages that are well-formed, whole and need nothing else, whatever
 * the run lacks. */
#include "cli.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char page[CLI_OUTPUT];

/* ---- Pages --------------------------------------------------------------------------------- */

/* Returns the end of the tag that begins at `at`; fails if a quote or the tag is not closed. */
static const char *end_of_tag(const char *at)
{
    const char *begin = at;
    for (char quote = 0; *at && (quote || *at != '>'); at++)
        if (quote ? *at == quote : *at == '"' || *at == '\'')
            quote = quote ? 0 : *at;
        else if (*at == '<' && at > begin)
            fail_msg("a < in a tag: %.60s", begin);
    if (!*at)
        fail_msg("a tag without an end: %.60s", begin);
    return at;
}

/* Every tag is closed, in the order that nesting asks for; an ampersand begins an entity. */
static void is_well_formed(const char *text)
{
    enum { DEEPEST = 64 };
    char open[DEEPEST][32];
    int depth = 0, tags = 0;
    for (const char *at = text; *at; at++) {
        char name[32];
        if (strncmp(at, "/*<![CDATA[*/", 13) == 0)
            at = strstr(at, "/*]]>*/"); /* the script */
        assert_non_null(at);
        if (*at == '&' && strncmp(at, "&amp;", 5) != 0 && strncmp(at, "&lt;", 4) != 0 &&
            strncmp(at, "&gt;", 4) != 0 && strncmp(at, "&quot;", 6) != 0 &&
            strncmp(at, "&#39;", 5) != 0)
            fail_msg("an ampersand by itself: %.40s", at);
        if (*at != '<' || at[1] == '!')
            continue;
        const bool closes = at[1] == '/';
        const char *end = end_of_tag(at);
        assert_int_equal(sscanf(at + 1 + closes, "%31[a-zA-Z0-9]", name), 1);
        tags++;
        if (closes) {
            if (depth == 0 || strcmp(open[depth - 1], name) != 0)
                fail_msg("</%s> closes <%s>", name, depth ? open[depth - 1] : "nothing");
            depth--;
        } else if (end[-1] != '/') {
            assert_true(depth < DEEPEST);
            strcpy(open[depth++], name);
        }
        at = end;
    }
    assert_int_equal(depth, 0);
    assert_true(tags > 10);
}

static void read_page(const char *name)
{
    cli_read(name, page);
    is_well_formed(page);
    assert_null(strstr(page, "http://"));
    assert_null(strstr(page, "https://"));
    assert_null(strstr(page, ">nan<"));
    assert_null(strstr(page, "\"nan"));
    assert_null(strstr(page, " nan"));
    cli_says(page, "</html>");
    cli_says(page, "prefers-color-scheme:dark");
    cli_says(page, "name=\"viewport\"");
}

static void has_chapters(void)
{
    static const char *const ids[] = { "summary", "model",     "curves",  "weights",
                                       "scores",  "confusion", "samples", "predictions",
                                       "time",    "parity",    "files" };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char tag[64];
        snprintf(tag, sizeof tag, "<section id=\"%s\">", ids[i]);
        cli_says(page, tag);
    }
}

static int count(const char *text, const char *word)
{
    int n = 0;
    for (; (text = strstr(text, word)) != NULL; text++)
        n++;
    return n;
}

static void shows_a_run(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out a --quiet"), 0);
    char hash[65];
    cli_hash(hash);
    assert_int_equal(cli_run("report a"), 0);
    cli_says(cli_out, "page a/report.html\n");
    assert_string_equal(cli_err, "");
    read_page("a/report.html");
    has_chapters();
    assert_null(strstr(page, "class=\"note\">")); /* nothing is missing */
    cli_says(page, hash);
    cli_says(page, "validation loss</th>" + 11);
    cli_says(page, "6370, of which 6370 are trained");
    const char *right = strstr(page, "class=\"right strong\""), *wrong = NULL;
    for (const char *at = page; (at = strstr(at, "class=\"wrong strong\"")) != NULL; at++)
        wrong = at;
    assert_non_null(right);
    assert_non_null(wrong);
    assert_true(wrong < right); /* mistakes come first */
    cli_says(page, "<p class=\"good\">");
    cli_says(page, "0 bits differ");
    cli_says(page, "<summary>run.json</summary>");
    cli_says(page, "aria-label=\"loss and accuracy of each batch\"");
    cli_says(page, "aria-label=\"precision over recall\"");
    cli_says(page, "aria-label=\"precision and recall over the threshold\"");
    cli_says(page, "<dd class=\"value good\">\xe2\x9c\x93 kept</dd>");
    cli_says(page, ">best: epoch 2<");
    cli_says(page, "Scores of the last weights"); /* the last are the best */
    assert_int_equal(count(page, "href=\"data:image/png;base64,iVBORw0KGgo"), 25 + 15);
}

/* The page has the same scores as `isocl eval` on the same weights and data. */
static void scores_as_eval_does(void **state)
{
    double loss, accuracy;
    char want[96];
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out a --quiet"), 0);
    assert_int_equal(cli_run("eval a --limit 120 --device reference"), 0);
    assert_int_equal(sscanf(strstr(cli_out, "loss "), "loss %lf  accuracy %lf", &loss, &accuracy),
                     2);
    assert_int_equal(cli_run("report a"), 0);
    read_page("a/report.html");
    snprintf(want, sizeof want,
             "test</th>\n<td class=\"n\">120</td>\n<td class=\"n\">%.4f</td>\n"
             "<td class=\"n\">%.4f</td>",
             loss, accuracy);
    cli_says(page, want);
}

static void escapes_names(void **state)
{
    (void)state;
    cli_read("tiny.yaml", cli_out);
    static char text[CLI_OUTPUT + 64];
    snprintf(text, sizeof text, "# </pre><script>alert(1)</script> x<b>&\"y\n%s", cli_out);
    cli_write("odd.yaml", text);
    assert_int_equal(cli_run("train odd.yaml --device reference --limit 120 --epochs 1 --quiet "
                             "--out 'r<i>&\"'"),
                     0);
    assert_int_equal(cli_run("report 'r<i>&\"' --history"), 0);
    read_page("r<i>&\"/report.html");
    cli_says(page, "x&lt;b&gt;&amp;&quot;y");
    cli_says(page, "r&lt;i&gt;&amp;&quot;");
    assert_int_equal(count(page, "<script"), 1); /* the page's own */
    assert_null(strstr(page, "<b>"));
}

/* ---- What is missing ----------------------------------------------------------------------- */

static void remove_file(const char *name)
{
    char path[CLI_PATH];
    cli_path(path, name);
    assert_int_equal(unlink(path), 0);
}

static void replace_in(const char *name, const char *old, const char *new)
{
    static char text[CLI_OUTPUT], changed[CLI_OUTPUT];
    cli_read(name, text);
    char *at = strstr(text, old);
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    cli_write(name, changed);
}

/* A table of digits' size: labels, and pixels of any value. */
static void write_table(const char *name, int rows)
{
    static char text[CLI_OUTPUT];
    size_t n = 0;
    for (int r = 0; r < rows; r++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%d", r % 10);
        for (int i = 0; i < 28 * 28; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, ",%d", (r + i) % 256);
        n += (size_t)snprintf(text + n, sizeof text - n, "\n");
    }
    cli_write(name, text);
}

static void says_what_is_missing(void **state)
{
    (void)state;
    write_table("gone.csv", 20);
    replace_in("tiny.yaml", "dataset: 'builtin:digits', split: test", "dataset: 'csv:gone.csv'");
    assert_int_equal(cli_run(TRAIN "--out a --quiet"), 0);
    remove_file("gone.csv");
    assert_int_equal(cli_run("report a"), 0);
    read_page("a/report.html");
    has_chapters();
    cli_says(page, "No scores of the validation data: ");
    cli_says(page, "gone.csv");
    cli_says(page, "train</th>\n<td class=\"n\">120</td>");
    remove_file("a/weights.safetensors");
    assert_int_equal(cli_run("report a"), 0);
    read_page("a/report.html");
    cli_says(page, "No scores: ");
    cli_says(page, "weights.safetensors");
    cli_says(page, "<p class=\"good\">"); /* parity needs no weights */
    cli_write("a/device.json", "{\"id\": \"opencl:77.0\", \"name\": \"x\", \"mode\": \"exact\"}");
    remove_file("a/batches.csv");
    assert_int_equal(cli_run("report a"), 0);
    read_page("a/report.html");
    cli_says(page, "The run was trained on opencl:77.0");
    cli_says(page, "no batches.csv");
    remove_file("a/model.yaml");
    remove_file("a/state");
    remove_file("a/log.txt");
    remove_file("a/device.json");
    assert_int_equal(cli_run("report a"), 0);
    read_page("a/report.html");
    has_chapters();
    cli_says(page, "a/model.yaml");
    cli_says(page, "aria-label=\"loss\"");
}

/* Histories of every kind: without rows, without validation, with one epoch, not finite, stopped
 * within an epoch, of a number a class, in phases, and of thousands of epochs. */
static void shows_any_history(void **state)
{
    static const char *const histories[] = {
        "",
        "epoch,seconds,images_per_second,learning_rate,loss\n",
        "epoch,loss\n1,0.5\n2,0.",
        "epoch,seconds,loss,accuracy,validation_loss,validation_accuracy\n1,2,3.5,.25,,\n2,,,,,\n",
        "epoch,loss,accuracy\n1,inf,nan\n2,1e300,-1e300\n3,1e-300,0\n",
        "epoch,loss,f1_class_0,f1_class_1,validation_loss,validation_f1_class_0,"
        "validation_f1_class_1\n1,1,0,1,2,0.25,0.5\n",
        "epoch,phase,loss,validation_loss\n1,a<b,1,1\n2,a<b,0.1,1\n3,c,1e-5,2\n4,c,1e-6,\n",
        "epoch,,,\n1,2,3\n,,,,,,,\n\n\n",
        "\n\n\n,\n",
        "epoch,<b>&\"'\xff\n1,2\n",
    };
    (void)state;
    assert_int_equal(cli_run(TRAIN "--steps 1 --out a --quiet"), 0);
    for (size_t i = 0; i < sizeof histories / sizeof histories[0]; i++) {
        cli_write("a/history.csv", histories[i]);
        assert_int_equal(cli_run("report a --history"), 0);
        read_page("a/report.html");
        assert_true((strstr(page, "aria-label=\"loss\"") != NULL) == (i >= 2 && i <= 6));
        assert_int_equal(count(page, "Validation loss</th>"), i >= 5 && i <= 6 ? 1 : 0);
        assert_true((strstr(page, ">a&lt;b</text>") != NULL && strstr(page, ">c</text>") != NULL) ==
                    (i == 6));                            /* the marks of its phases */
        assert_null(strstr(page, "Validation accuracy")); /* not the next line's number */
    }
    static char many[CLI_OUTPUT];
    size_t n = (size_t)snprintf(many, sizeof many, "epoch,loss\n");
    for (int i = 1; i <= 20000; i++)
        n += (size_t)snprintf(many + n, sizeof many - n, "%d,%g\n", i, 1.0 / i);
    cli_write("a/history.csv", many);
    assert_int_equal(cli_run("report a --history"), 0);
    read_page("a/report.html");
    assert_true(strlen(page) < 100000);
    cli_says(page, "best 5e-05 in epoch 20000");
}

static void compares_runs(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out a --quiet"), 0);
    replace_in("tiny.yaml", "dropout: 0.2", "dropout: 0.3");
    assert_int_equal(cli_run(TRAIN "--out 'b&' --quiet --seed 7 --epochs 1"), 0);
    assert_int_equal(cli_run("report a 'b&' a/"), 0);
    cli_says(cli_out, "page report.html\n");
    read_page("report.html");
    cli_says(page, "3 runs compared");
    cli_says(page, "aria-label=\"validation accuracy\"");
    cli_says(page, "aria-label=\"validation loss\"");
    assert_int_equal(count(page, "aria-label=\"loss and main metric of "), 3);
    cli_says(page, "<td class=\"good\">same bits as a</td>");
    cli_says(page, "b&amp; parts from a in step 1: loss is 2.");
    cli_says(page, "a/ has the numbers of a as far as both go: 2 epochs.");
    cli_says(page, "host processor, one thread</td>\n<td>isocl, ");
    assert_int_equal(count(page, " over\" d="), 4); /* the lines of a/ are dashed over those of a */
    cli_says(page, "Seed</th>\n<td>1</td>\n<td class=\"differs\">7</td>\n<td>1</td>");
    cli_says(page, "  - dropout: 0.3\n</pre>");
    cli_says(page, "b&amp;");
}

/* ---- Files and wrong use ------------------------------------------------------------------- */

static void writes_pictures(void **state)
{
    (void)state;
    assert_int_equal(cli_run(TRAIN "--out a --quiet --epochs 1"), 0);
    assert_int_equal(cli_run("report a --history --png p --out p.html"),
                     system("command -v rsvg-convert >/dev/null 2>&1") == 0 ? 0 : 1);
    cli_read("p/curve-loss.svg", page);
    cli_says(page, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
    assert_null(strstr(page, "var("));
    is_well_formed(page);
    cli_read("p/model.svg", page);
    is_well_formed(page);
    if (strcmp(cli_err, "") == 0) {
        cli_read("p/curve-loss.png", page);
        assert_memory_equal(page, "\x89PNG\r\n\x1a\n", 8);
    } else {
        cli_says(cli_err, "rsvg-convert");
    }
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nonexistent", 1); /* nor the converter */
    const int code = cli_run("report a --history --png q --out q.html");
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(code, ISO_EXIT_FILE);
    cli_says(cli_err, "rsvg-convert is not installed");
    cli_read("q/learning-rate.svg", page);
    is_well_formed(page);
    cli_read("q.html", page);
    is_well_formed(page);
    cli_write("not", "a folder");
    assert_int_equal(cli_run("report a --history --png not"), ISO_EXIT_FILE);
    cli_says(cli_err, "not");
}

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    assert_int_equal(cli_run("report"), 2);
    assert_int_equal(cli_run("report nothing"), ISO_EXIT_FILE);
    cli_says(cli_err, "nothing is not a run's folder");
    assert_int_equal(cli_run("report ."), ISO_EXIT_FILE);
    assert_int_equal(cli_run(TRAIN "--out a --quiet --steps 2"), 0);
    assert_int_equal(cli_run("report a --out a"), ISO_EXIT_FILE);
    cli_says(cli_err, "a folder is there");
    assert_int_equal(cli_run("report a --history --out none/x.html"), ISO_EXIT_FILE);
    cli_says(cli_err, "none/x.html");
    assert_int_equal(cli_run("report a b"), ISO_EXIT_FILE);
    assert_int_equal(cli_run("runs a"), 0); /* no row of another line is taken in */
    cli_says(cli_out, "step 2");
}

static void draws_a_model(void **state)
{
    (void)state;
    assert_int_equal(cli_run("summary tiny.yaml --svg -"), 0);
    is_well_formed(cli_out);
    cli_says(cli_out, ">dense_2</text>");
    cli_says(cli_out, ">28x28x1</text>");
    cli_says(cli_out, ">6280 parameters</text>");
    assert_int_equal(cli_run("summary tiny.yaml --svg m.svg"), 0);
    cli_read("m.svg", page);
    assert_int_equal(cli_run("summary tiny.yaml --svg -"), 0);
    assert_string_equal(page, cli_out);
    assert_int_equal(cli_run("summary tiny.yaml --svg ."), ISO_EXIT_FILE);
}

/* Blocks that are alike share a box; one that is not has its own. The boxes tell parameters. */
static void folds_layer_blocks(void **state)
{
    (void)state;
    cli_write(
        "blocks.yaml",
        "model: blocks\n"
        "data: {train: {dataset: builtin:digits, split: train}}\n"
        "input: {shape: [28, 28, 1]}\n"
        "blocks:\n"
        "  residual:\n"
        "    parameters: {strides: 1}\n"
        "    layers:\n"
        "      - conv2d: {name: conv, filters: 4, kernel_size: 3, strides: $strides, padding: "
        "same}\n"
        "      - batch_normalization: {name: bn}\n"
        "      - conv2d: {name: skip, inputs: input, filters: 4, kernel_size: 1, strides: "
        "$strides}\n"
        "      - add: {name: add, inputs: [bn, skip]}\n"
        "      - activation: {name: out, function: relu}\n"
        "layers:\n"
        "  - conv2d: {name: stem, filters: 4, kernel_size: 5, activation: tanh}\n"
        "  - residual: {name: one, strides: 2}\n"
        "  - residual: {name: more, first: 2, repeat: 3}\n"
        "  - flatten\n"
        "  - dense: {units: 10, activation: softmax}\n"
        "loss: categorical_crossentropy\noptimizer: sgd\ntrain: {batch_size: 5, epochs: 1}\n");
    assert_int_equal(cli_run("summary blocks.yaml --svg -"), 0);
    is_well_formed(cli_out);
    cli_says(cli_out, ">conv2d 5x5, tanh</text>");
    cli_says(cli_out, ">one</text>");
    cli_says(cli_out, ">3 \xc3\x97 more2 \xe2\x80\xa6 more4</text>");
    assert_int_equal(
        count(cli_out, ">conv2d 4, 3x3, strides 2, same \xc2\xb7 batch_normalization<"), 1);
    assert_int_equal(count(cli_out, ">of input: conv2d 4, 1x1<"), 1);
    assert_int_equal(count(cli_out, ">add bn + skip \xc2\xb7 relu<"), 2);
    assert_int_equal(count(cli_out, "class=\"box\""), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shows_a_run),          TEST(scores_as_eval_does),   TEST(escapes_names),
        TEST(says_what_is_missing), TEST(shows_any_history),     TEST(compares_runs),
        TEST(writes_pictures),      TEST(refuses_what_is_wrong), TEST(draws_a_model),
        TEST(folds_layer_blocks),
    };
    return cli_main(tests, sizeof tests / sizeof tests[0]);
}
