/* measure_note.c: says what is measured, and notes what could not be. */
#include "measured.h"

#include <stdio.h>
#include <unistd.h>

void iso_measure_tell(const char *what)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "isocl report: %s\n", what);
}

/* Faults of a model file have locations; the first one says the most. */
iso_rc iso_measure_note(struct iso_measured *m, iso_rc rc, iso_note note, const char *what_to_do)
{
    const struct iso_faults *f = &m->job.faults;
    char said[1024];
    if (rc == ISO_OK)
        return ISO_OK;
    iso_error_take(said, sizeof said);
    if (f->count > 0)
        snprintf(note, ISO_NOTE, "%s:%d:%d: %s%s%s", f->list[0].location.file,
                 f->list[0].location.line, f->list[0].location.column, f->list[0].text,
                 *what_to_do ? "; " : "", what_to_do);
    else
        snprintf(note, ISO_NOTE, "%s%s%s", *said ? said : iso_rc_text(rc), *what_to_do ? "; " : "",
                 what_to_do);
    m->job.faults.count = 0;
    return rc == ISO_ENOMEM ? rc : ISO_OK;
}
