/* pickle.c: the machine that reads a pickle: a stack of values, a memo of values to be used again,
 * and an instruction per byte. Instructions: CPython's Lib/pickletools.py. */
#include "pickle_machine.h"

#include <stdio.h>
#include <string.h>

enum { MOST_NAME = 64 };

/* ---- Stack and memo ------------------------------------------------------------------------ */

static iso_rc push(struct iso_pickle *p, int32_t value)
{
    ISO_TRY(iso_pickle_room(p, &p->stack, &p->stack_room, p->depth, sizeof *p->stack));
    p->stack[p->depth++] = value;
    return ISO_OK;
}

static iso_rc push_new(struct iso_pickle *p, enum iso_pickle_kind kind, int32_t *value)
{
    ISO_TRY(iso_pickle_new(p, kind, value));
    return push(p, *value);
}

static iso_rc pop(struct iso_pickle *p, int32_t *value)
{
    if (p->depth == 0 || iso_pickle_is(p, p->stack[p->depth - 1], ISO_PICKLE_MARK))
        return iso_pickle_damaged(p, "takes from an empty stack");
    *value = p->stack[--p->depth];
    return ISO_OK;
}

/* Sets *mark to the index of the last mark on the stack. */
static iso_rc find_mark(const struct iso_pickle *p, int32_t *mark)
{
    for (int32_t i = p->depth; i-- > 0;)
        if (iso_pickle_is(p, p->stack[i], ISO_PICKLE_MARK)) {
            *mark = i;
            return ISO_OK;
        }
    return iso_pickle_damaged(p, "has no mark on its stack");
}

static iso_rc remember(struct iso_pickle *p, uint64_t index)
{
    if (p->depth == 0 || index >= ISO_PICKLE_MOST)
        return iso_pickle_damaged(p, "stores an object that does not exist");
    ISO_TRY(iso_pickle_room(p, &p->memo, &p->memo_room, (int32_t)index, sizeof *p->memo));
    p->memo[index] = p->stack[p->depth - 1];
    p->nmemo += index >= (uint64_t)p->nmemo; /* MEMOIZE counts what has been put */
    return ISO_OK;
}

static iso_rc recall(struct iso_pickle *p, uint64_t index)
{
    if (index >= (uint64_t)p->memo_room || p->memo[index] == 0)
        return iso_pickle_damaged(p, "uses an object that it has not stored");
    return push(p, p->memo[index]);
}

/* ---- Operands ------------------------------------------------------------------------------ */

static iso_rc skip(struct iso_pickle *p, uint64_t n)
{
    if (n > p->n - p->at)
        return iso_pickle_damaged(p, "ends too early; the file is cut short, get it again");
    p->at += (size_t)n;
    return ISO_OK;
}

/* A little-endian number of n bytes, up to 8. */
static iso_rc read_argument(struct iso_pickle *p, int n, uint64_t *out)
{
    ISO_TRY(skip(p, (uint64_t)n));
    *out = 0;
    for (int i = 1; i <= n; i++)
        *out = *out << 8 | p->bytes[p->at - (size_t)i];
    return ISO_OK;
}

static iso_rc push_whole(struct iso_pickle *p, int64_t number)
{
    int32_t value;
    ISO_TRY(push_new(p, ISO_PICKLE_INT, &value));
    p->value[value].is.whole = number;
    return ISO_OK;
}

/* A signed number of n bytes, 0 to 8. */
static iso_rc push_signed(struct iso_pickle *p, uint64_t n)
{
    uint64_t bits = 0;
    if (n > 8)
        return iso_pickle_damaged(p, "has a whole number of more than 64 bits");
    ISO_TRY(read_argument(p, (int)n, &bits));
    if (n > 0 && n < 8 && bits >> (8 * n - 1))
        bits |= UINT64_MAX << (8 * n);
    return push_whole(p, (int64_t)bits);
}

static iso_rc push_unsigned(struct iso_pickle *p, int n)
{
    uint64_t bits;
    ISO_TRY(read_argument(p, n, &bits));
    return push_whole(p, (int64_t)bits);
}

static iso_rc push_float(struct iso_pickle *p)
{
    const struct iso_npy number = {
        .kind = 'f', .big_endian = true, .size = 8, .data = (uint8_t *)p->bytes + p->at
    };
    int32_t value;
    ISO_TRY(skip(p, 8));
    ISO_TRY(push_new(p, ISO_PICKLE_FLOAT, &value));
    p->value[value].is.real = iso_npy_at(&number, 0);
    return ISO_OK;
}

/* Text or bytes, behind their length, a number of n bytes. */
static iso_rc push_text(struct iso_pickle *p, enum iso_pickle_kind kind, int n)
{
    uint64_t size;
    int32_t value;
    ISO_TRY(read_argument(p, n, &size));
    const size_t at = p->at;
    ISO_TRY(skip(p, size));
    ISO_TRY(push_new(p, kind, &value));
    p->value[value].is.text.at = at;
    p->value[value].is.text.size = (size_t)size;
    return ISO_OK;
}

/* ---- Collections --------------------------------------------------------------------------- */

/* A list, tuple or dictionary of the last n values, which it replaces. */
static iso_rc collect(struct iso_pickle *p, enum iso_pickle_kind kind, int32_t n)
{
    int32_t list;
    if (n > p->depth)
        return iso_pickle_damaged(p, "takes from an empty stack");
    ISO_TRY(iso_pickle_new(p, kind, &list));
    for (int32_t i = p->depth - n; i < p->depth; i++)
        ISO_TRY(iso_pickle_append(p, list, p->stack[i]));
    p->depth -= n;
    return push(p, list);
}

/* The same of all since the mark, which goes too. */
static iso_rc collect_marked(struct iso_pickle *p, enum iso_pickle_kind kind)
{
    int32_t mark;
    ISO_TRY(find_mark(p, &mark));
    ISO_TRY(collect(p, kind, p->depth - mark - 1));
    p->stack[mark] = p->stack[mark + 1];
    p->depth--;
    return ISO_OK;
}

/* Adds the values from `first` on to the list or dictionary below `below`. */
static iso_rc extend(struct iso_pickle *p, enum iso_pickle_kind kind, int32_t below, int32_t first)
{
    if (below < 1 || !iso_pickle_is(p, p->stack[below - 1], kind) ||
        (kind == ISO_PICKLE_DICT && (p->depth - first) % 2 != 0))
        return iso_pickle_damaged(p, "adds to something that is not a list or dictionary");
    for (int32_t i = first; i < p->depth; i++)
        ISO_TRY(iso_pickle_append(p, p->stack[below - 1], p->stack[i]));
    p->depth = below;
    return ISO_OK;
}

static iso_rc extend_marked(struct iso_pickle *p, enum iso_pickle_kind kind)
{
    int32_t mark;
    ISO_TRY(find_mark(p, &mark));
    return extend(p, kind, mark, mark + 1);
}

/* ---- Functions ----------------------------------------------------------------------------- */

static iso_rc push_function(struct iso_pickle *p, const char *module, const char *name)
{
    enum iso_pickle_function function;
    int32_t value;
    if (p->torch && !iso_pickle_torch_find(module, name, &function))
        return iso_fail(ISO_EDATA,
                        "%s: its pickle names the Python function %.60s.%.60s; isocl takes state "
                        "dicts, which need tensors, numbers and texts only, and builds and calls "
                        "nothing else: save model.state_dict()",
                        p->path, module, name);
    if (!p->torch && !iso_pickle_find(module, name, &function))
        return iso_fail(ISO_EDATA,
                        "%s: its pickle names the Python function %.60s.%.60s; a data "
                        "set needs arrays, numbers, texts, lists and dictionaries only, and "
                        "nothing else is built or called",
                        p->path, module, name);
    ISO_TRY(push_new(p, ISO_PICKLE_FUNCTION, &value));
    p->value[value].is.function = function;
    return ISO_OK;
}

/* A line of the pickle, shortened to fit. */
static iso_rc read_line(struct iso_pickle *p, char line[MOST_NAME])
{
    const uint8_t *end = memchr(p->bytes + p->at, '\n', p->n - p->at);
    if (end == NULL)
        return skip(p, UINT64_MAX);
    const size_t n = (size_t)(end - p->bytes) - p->at;
    snprintf(line, MOST_NAME, "%.*s", (int)(n < MOST_NAME ? n : MOST_NAME - 1),
             (const char *)p->bytes + p->at);
    p->at += n + 1;
    return ISO_OK;
}

static iso_rc name_function(struct iso_pickle *p)
{
    char module[MOST_NAME], name[MOST_NAME];
    ISO_TRY(read_line(p, module));
    ISO_TRY(read_line(p, name));
    return push_function(p, module, name);
}

static iso_rc stack_function(struct iso_pickle *p)
{
    char text[2][MOST_NAME]; /* the name is on top */
    for (int i = 1; i >= 0; i--) {
        int32_t value;
        ISO_TRY(pop(p, &value));
        if (!iso_pickle_is(p, value, ISO_PICKLE_TEXT))
            return iso_pickle_damaged(p, "names a function without a text");
        const size_t n = p->value[value].is.text.size;
        snprintf(text[i], MOST_NAME, "%.*s", (int)(n < MOST_NAME ? n : MOST_NAME - 1),
                 (const char *)p->bytes + p->value[value].is.text.at);
    }
    return push_function(p, text[0], text[1]);
}

static iso_rc call(struct iso_pickle *p)
{
    int32_t function, arguments, result;
    ISO_TRY(pop(p, &arguments));
    ISO_TRY(pop(p, &function));
    ISO_TRY((p->torch ? iso_pickle_torch_call : iso_pickle_call)(p, function, arguments, &result));
    return push(p, result);
}

static iso_rc storage(struct iso_pickle *p)
{
    int32_t tuple, result;
    if (!p->torch)
        return iso_pickle_damaged(p, "refers to something outside");
    ISO_TRY(pop(p, &tuple));
    ISO_TRY(iso_pickle_torch_storage(p, tuple, &result));
    return push(p, result);
}

static iso_rc build(struct iso_pickle *p)
{
    int32_t state;
    ISO_TRY(pop(p, &state));
    if (p->torch)
        return iso_pickle_torch_build(p, p->depth > 0 ? p->stack[p->depth - 1] : 0);
    return iso_pickle_build(p, p->depth > 0 ? p->stack[p->depth - 1] : 0, state);
}

/* ---- Instructions -------------------------------------------------------------------------- */

static iso_rc unknown(const struct iso_pickle *p, int code)
{
    return iso_fail(ISO_EDATA,
                    "%s: its pickle has the instruction 0x%02x, which builds something "
                    "else than data, or is of protocol 0 or 1; numpy.save and pickle.dump write "
                    "protocol 3 or later",
                    p->path, (unsigned)code);
}

static iso_rc use_memo(struct iso_pickle *p, int bytes,
                       iso_rc (*use)(struct iso_pickle *, uint64_t))
{
    uint64_t index;
    ISO_TRY(read_argument(p, bytes, &index));
    return use(p, index);
}

static iso_rc do_stack(struct iso_pickle *p, int code)
{
    int32_t value;
    switch (code) {
    case '(': return push_new(p, ISO_PICKLE_MARK, &value); /* MARK */
    case '0': return pop(p, &value);                       /* POP */
    case '1':
        ISO_TRY(find_mark(p, &value));
        p->depth = value;
        return ISO_OK; /* POP_MARK */
    case '2':          /* DUP */
        return p->depth > 0 ? push(p, p->stack[p->depth - 1])
                            : iso_pickle_damaged(p, "takes from an empty stack");
    case 'q': return use_memo(p, 1, remember);         /* BINPUT */
    case 'r': return use_memo(p, 4, remember);         /* LONG_BINPUT */
    case 0x94: return remember(p, (uint64_t)p->nmemo); /* MEMOIZE */
    case 'h': return use_memo(p, 1, recall);           /* BINGET */
    case 'j': return use_memo(p, 4, recall);           /* LONG_BINGET */
    case 'c': return name_function(p);                 /* GLOBAL */
    case 0x93: return stack_function(p);               /* STACK_GLOBAL */
    case 'R': return call(p);                          /* REDUCE */
    case 'b': return build(p);                         /* BUILD */
    case 'Q': return storage(p);                       /* BINPERSID */
    case 0x80: return skip(p, 1);                      /* PROTO */
    case 0x95: return skip(p, 8);                      /* FRAME */
    default: return unknown(p, code);
    }
}

static iso_rc do_collection(struct iso_pickle *p, int code)
{
    switch (code) {
    case ']': return collect(p, ISO_PICKLE_LIST, 0);  /* EMPTY_LIST */
    case ')': return collect(p, ISO_PICKLE_TUPLE, 0); /* EMPTY_TUPLE */
    case '}': return collect(p, ISO_PICKLE_DICT, 0);  /* EMPTY_DICT */
    case 0x85:
    case 0x86:
    case 0x87: /* TUPLE1 to 3 */ return collect(p, ISO_PICKLE_TUPLE, code - 0x84);
    case 'l': return collect_marked(p, ISO_PICKLE_LIST);                     /* LIST */
    case 't': return collect_marked(p, ISO_PICKLE_TUPLE);                    /* TUPLE */
    case 'a': return extend(p, ISO_PICKLE_LIST, p->depth - 1, p->depth - 1); /* APPEND */
    case 'e': return extend_marked(p, ISO_PICKLE_LIST);                      /* APPENDS */
    case 's': return extend(p, ISO_PICKLE_DICT, p->depth - 2, p->depth - 2); /* SETITEM */
    case 'u': return extend_marked(p, ISO_PICKLE_DICT);                      /* SETITEMS */
    default: return do_stack(p, code);
    }
}

static iso_rc do_value(struct iso_pickle *p, int code)
{
    uint64_t n;
    int32_t value;
    switch (code) {
    case 'N': return push_new(p, ISO_PICKLE_NONE, &value);                 /* NONE */
    case 0x88: return push_whole(p, 1);                                    /* NEWTRUE */
    case 0x89: return push_whole(p, 0);                                    /* NEWFALSE */
    case 'J': return push_signed(p, 4);                                    /* BININT */
    case 'K': return push_unsigned(p, 1);                                  /* BININT1 */
    case 'M': return push_unsigned(p, 2);                                  /* BININT2 */
    case 0x8a: ISO_TRY(read_argument(p, 1, &n)); return push_signed(p, n); /* LONG1 */
    case 'G': return push_float(p);                                        /* BINFLOAT */
    case 0x8c: return push_text(p, ISO_PICKLE_TEXT, 1);                    /* SHORT_BINUNICODE */
    case 'X': return push_text(p, ISO_PICKLE_TEXT, 4);                     /* BINUNICODE */
    case 0x8d: return push_text(p, ISO_PICKLE_TEXT, 8);                    /* BINUNICODE8 */
    case 'C': return push_text(p, ISO_PICKLE_BYTES, 1);                    /* SHORT_BINBYTES */
    case 'B': return push_text(p, ISO_PICKLE_BYTES, 4);                    /* BINBYTES */
    case 0x8e:
    case 0x96: return push_text(p, ISO_PICKLE_BYTES, 8); /* BINBYTES8, BYTEARRAY8 */
    default: return do_collection(p, code);
    }
}

static iso_rc run(struct iso_pickle *p)
{
    while (p->at < p->n) {
        const int code = p->bytes[p->at++];
        if (code == '.') /* STOP */
            return pop(p, &p->root);
        ISO_TRY(do_value(p, code));
    }
    return skip(p, 1);
}

size_t iso_pickle_size(const struct iso_pickle *p) { return p->at; }

/* numpy.save wraps an object into an array of objects, without dimensions. */
static void unwrap(struct iso_pickle *p)
{
    if (iso_pickle_is(p, p->root, ISO_PICKLE_ARRAY))
        p->root = iso_pickle_item(p, p->array[p->value[p->root].is.array].objects, 0);
}

static iso_rc read_pickle(const char *path, bool torch, const uint8_t *bytes, size_t n,
                          struct iso_pickle **out)
{
    struct iso_pickle *p = iso_alloc(1, sizeof *p);
    if (p == NULL)
        return ISO_ENOMEM;
    p->path = path;
    p->torch = torch;
    p->bytes = bytes;
    p->n = n;
    const iso_rc rc = run(p);
    if (rc != ISO_OK) {
        iso_pickle_free(p);
        return rc;
    }
    unwrap(p);
    *out = p;
    return ISO_OK;
}

iso_rc iso_pickle_read(const char *path, const uint8_t *bytes, size_t n, struct iso_pickle **out)
{
    return read_pickle(path, false, bytes, n, out);
}

iso_rc iso_pickle_read_torch(const char *path, const uint8_t *bytes, size_t n,
                             struct iso_pickle **out)
{
    return read_pickle(path, true, bytes, n, out);
}
