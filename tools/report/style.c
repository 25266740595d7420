#include "style.h"

#include <stddef.h>

/* The properties that differ between light and dark. */
static const struct colour {
    const char *selector, *property, *light, *dark;
} colours[] = {
    { ".ink", "fill", "#1b2026", "#e8ebef" },
    { ".muted", "fill", "#5a6470", "#a5aeb9" },
    { ".axis", "stroke", "#8b95a1", "#77828f" },
    { ".grid", "stroke", "#e4e7eb", "#2b3138" },
    { ".mark", "stroke", "#8b95a1", "#77828f" },
    { ".best", "stroke", "#00704f", "#3fd6a6" }, { ".best-text", "fill", "#00704f", "#3fd6a6" },
    { ".s0", "stroke", "#0072b2", "#56b4e9" }, { ".f0", "fill", "#0072b2", "#56b4e9" },
    { ".s1", "stroke", "#d55e00", "#ff8f45" }, { ".f1", "fill", "#d55e00", "#ff8f45" },
    { ".s2", "stroke", "#009e73", "#2fd0a0" }, { ".f2", "fill", "#009e73", "#2fd0a0" },
    { ".s3", "stroke", "#b0508c", "#e6a0cb" }, { ".f3", "fill", "#b0508c", "#e6a0cb" },
    { ".s4", "stroke", "#c98a00", "#f2c14e" }, { ".f4", "fill", "#c98a00", "#f2c14e" },
    { ".s5", "stroke", "#3aa0dd", "#a9d3ff" }, { ".f5", "fill", "#3aa0dd", "#a9d3ff" },
    { ".s6", "stroke", "#7a5c2e", "#c8a877" }, { ".f6", "fill", "#7a5c2e", "#c8a877" },
    { ".s7", "stroke", "#1b2026", "#e8ebef" }, { ".f7", "fill", "#1b2026", "#e8ebef" },
    { ".ridge", "fill", "#d9e8f5", "#1d3a52" }, { ".ridge", "stroke", "#0072b2", "#56b4e9" },
    { ".right", "fill", "#0072b2", "#56b4e9" },
    { ".wrong", "fill", "#c8102e", "#ff7b72" },
    { ".bar", "fill", "#b3bbc4", "#5c6672" },
    { ".heat", "fill", "#08519c", "#6db3f2" },
    { ".on-heat", "fill", "#ffffff", "#0f1317" },
    { ".box", "fill", "#f2f5f8", "#20262d" }, { ".box", "stroke", "#9aa5b1", "#67727f" },
    { ".edge", "stroke", "#5a6470", "#a5aeb9" }, { ".arrow", "fill", "#5a6470", "#a5aeb9" },
    { NULL, NULL, NULL, NULL },
}, page_colours[] = {
    { "body", "background", "#ffffff", "#14171b" },
    { "body", "color", "#1b2026", "#e8ebef" },
    { "a", "color", "#0067a3", "#6db9ee" },
    { ".note,figcaption,.small", "color", "#5a6470", "#a5aeb9" },
    { "th,td,section,header,nav,.tile,.tip", "border-color", "#dde2e7", "#2f363e" },
    { ".tile,.tip", "background", "#f7f9fb", "#1b2026" },
    { ".tile dt,.tile dd", "color", "#5a6470", "#a5aeb9" },
    { ".tile .value", "color", "#1b2026", "#e8ebef" },
    { "pre,.note,tr.all td,tr.all th", "background", "#f4f6f8", "#1c2127" },
    { ".good,.tile .good", "color", "#00704f", "#3fd6a6" },
    { ".bad,.tile .bad", "color", "#b00d28", "#ff8a82" },
    { NULL, NULL, NULL, NULL },
};

/* The properties that do not. */
static const char pictures[] =
    ".picture text{font:12px system-ui,-apple-system,'Segoe UI','DejaVu Sans',Arial,sans-serif}\n"
    ".picture .title{font-size:14px;font-weight:600}\n"
    ".picture .tiny{font-size:10px}.picture .strong{font-weight:600}\n"
    ".picture .middle{text-anchor:middle}.picture .end{text-anchor:end}\n"
    ".axis,.grid,.mark,.edge,.best{fill:none;stroke-width:1}.mark,.best{stroke-dasharray:3 3}\n"
    ".s0,.s1,.s2,.s3,.s4,.s5,.s6,.s7{fill:none;stroke-width:2;stroke-linejoin:round;"
    "stroke-linecap:round}\n"
    ".picture .thin{stroke-width:1.2}.picture .faint{stroke-width:1;stroke-opacity:.35}\n"
    ".picture .d1{stroke-dasharray:7 4}.picture .d2{stroke-dasharray:2 4}"
    ".picture .d3{stroke-dasharray:9 3 2 3}.picture .over{stroke-dasharray:6 6}\n"
    ".ridge{stroke-width:1;fill-opacity:.85}.box{stroke-width:1}.pixels{image-rendering:pixelated}."
    "empty{fill:none}\n";

static const char page[] =
    "*{box-sizing:border-box}\n"
    "html{color-scheme:light dark;-webkit-text-size-adjust:100%}\n"
    "body{margin:0 auto;padding:1rem;max-width:76rem;"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI','DejaVu Sans',Arial,sans-serif}\n"
    "h1{font-size:1.6rem;margin:.5rem 0;overflow-wrap:anywhere}\n"
    "h2{font-size:1.2rem;margin:0 0 .75rem}\n"
    "h3{font-size:1rem;margin:1.25rem 0 .5rem}\n"
    "p{margin:.5rem 0;max-width:48rem}\n"
    "section{padding:1.25rem 0;border-top:1px solid}\n"
    "nav{font-size:.9rem;padding:.25rem 0 .75rem}nav a{margin-right:.9rem;white-space:nowrap}\n"
    "figure{margin:0;min-width:0}figcaption{font-size:.9rem;max-width:48rem}\n"
    ".picture{display:block;width:100%;height:auto}\n"
    ".grid-of-figures{display:grid;gap:1.25rem;"
    "grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}\n"
    /* An odd number of figures: the last three share a row, so that none is half empty. */
    "@media(min-width:60rem){.grid-of-figures{grid-template-columns:repeat(6,1fr)}"
    ".grid-of-figures>*{grid-column:span 3}"
    ".grid-of-figures>:first-child:nth-last-child(odd)~:nth-last-child(-n+3),"
    ".grid-of-figures>:first-child:nth-last-child(3){grid-column:span 2}"
    ".grid-of-figures>:only-child{grid-column:span 6}}\n"
    ".pair{display:grid;column-gap:2.5rem;"
    "grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}.pair>*{min-width:0}\n"
    ".tiles{display:grid;gap:.75rem;margin:1rem 0;"
    "grid-template-columns:repeat(auto-fit,minmax(min(100%,10.5rem),1fr))}\n"
    ".tile{border:1px solid;border-radius:.4rem;padding:.6rem .75rem;min-width:0}"
    ".tile dt,.tile dd{margin:0;font-size:.8rem;overflow-wrap:anywhere}"
    ".tile .value{font-size:1.3rem;font-weight:600;font-variant-numeric:tabular-nums}"
    ".tile .value.hash{font-size:1.02rem;line-height:1.95rem}\n"
    ".tools{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;align-items:center;font-size:.88rem;"
    "max-width:none}.tools[hidden]{display:none}.tools label{display:flex;gap:.4rem;"
    "align-items:center}\n"
    ".tip{position:fixed;pointer-events:none;border:1px solid;border-radius:.3rem;z-index:2;"
    "padding:.3rem .5rem;font-size:.8rem;font-variant-numeric:tabular-nums;max-width:20rem}"
    ".tip[hidden]{display:none}\n"
    ".key{cursor:pointer}.key.off{opacity:.4}.key.off text{text-decoration:line-through}\n"
    "table.wide{width:100%}table.sortable thead th{cursor:pointer}"
    "th[aria-sort=ascending]::after{content:' \\25b2'}"
    "th[aria-sort=descending]::after{content:' \\25bc'}\n"
    ".scroll{overflow-x:auto;max-width:100%}.tall{max-height:44rem;overflow-y:auto}\n"
    "table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.25rem .7rem .25rem 0;text-align:left;vertical-align:top;"
    "border-bottom:1px solid}\n"
    "th{font-weight:600}td.n,th.n{text-align:right}td+td.n,th+td.n,th+th.n,td.n+td,th.n+th{padding-"
    "left:.7rem}\n"
    "table.facts th{white-space:nowrap;padding-right:1.2rem}\n"
    "table.facts td{overflow-wrap:anywhere}\n"
    "td.differs{font-weight:600}\n"
    ".hash,code,pre{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;"
    "font-size:.86em}.hash{overflow-wrap:anywhere}\n"
    "pre{padding:.6rem .8rem;overflow-x:auto;margin:.5rem 0;line-height:1.35}\n"
    "pre.tight{font-size:.6em}\n"
    ".note{padding:.5rem .8rem;border-radius:.3rem;max-width:48rem;overflow-wrap:anywhere}\n"
    ".scroll td,.scroll th{white-space:nowrap}.scroll:focus{outline-offset:2px}\n"
    ".scroll .compare td,.scroll .compare thead th{white-space:normal;min-width:8rem;"
    "max-width:18rem;overflow-wrap:anywhere;padding-left:.7rem}\n"
    ".good,.bad{font-weight:600}.small{font-size:.88rem}\n"
    "@media(max-width:40rem){.scroll .compare th[scope=row]{white-space:normal;max-width:7.5rem;"
    "overflow-wrap:anywhere}.scroll .compare td{min-width:6rem}"
    "body{padding:.75rem}table.facts,table.facts tbody,table.facts tr,"
    "table.facts th,table.facts td{display:block}table.facts th{border:0;padding-bottom:0}}\n"
    "@media print{section{break-inside:avoid}}\n";

/* Behind the rules, whose borders would take the text's colour. */
static void put_colours(FILE *out, const struct colour *list, int dark)
{
    for (; list->selector != NULL; list++)
        fprintf(out, "%s{%s:%s}\n", list->selector, list->property,
                dark ? list->dark : list->light);
}

void iso_style_put_pictures(FILE *out)
{
    fputs(pictures, out);
    fputs(".paper{fill:#fff}\n", out);
    put_colours(out, colours, 0);
}

void iso_style_put_page(FILE *out)
{
    fputs(pictures, out);
    fputs(page, out);
    put_colours(out, page_colours, 0);
    put_colours(out, colours, 0);
    fputs("@media(prefers-color-scheme:dark){\n", out);
    put_colours(out, page_colours, 1);
    put_colours(out, colours, 1);
    fputs("}\n", out);
}
