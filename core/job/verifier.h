/* verifier.h: a training whose steps are computed again on another device, from the same state, and
 * compared: weights, optimizer slots, moving statistics, loss and metrics; bits in exact mode, the
 * bounds of core/arithmetic/bounds.h in fast mode. */
#ifndef ISO_VERIFIER_H
#define ISO_VERIFIER_H
#include "core/train/fit.h"
#include "core/train/run.h"
#include "job.h"

enum iso_verify_kind {
    ISO_VERIFY_NONE,
    ISO_VERIFY_ONE,    /* one step in `every` */
    ISO_VERIFY_REPLAY, /* all steps, `every` of them at once */
    ISO_VERIFY_SHARE   /* single steps, in a share of the time */
};
struct iso_verify {
    enum iso_verify_kind kind;
    int64_t every;
    double share; /* part of the time, from 0 to 1 */
};
/* Reads "1/100", "replay/100" or "2%". Fails with ISO_EUSAGE and says what there is; option: the
 * name that the text was given by. */
iso_rc iso_verify_parse(const char *text, const char *option, struct iso_verify *out);
/* Writes what iso_verify_parse reads. Returns buf. */
enum { ISO_VERIFY_TEXT = 32 };
const char *iso_verify_text(const struct iso_verify *, char buf[ISO_VERIFY_TEXT]);

struct iso_verified { /* so far */
    int64_t steps, spans;
    double seconds;
    const char *device;  /* the one that computed them again */
    const char *strayed; /* step, layer, op and pass that were wrong; "": none */
};
struct iso_verifier;
/* Opens the other device: cpu, or for cpu the reference. The job, borrowed, is open, with the
 * executor of a phase. Fails with ISO_EUNSUP in fast mode if spans are wanted, whose roundings have
 * no bound. */
iso_rc iso_verifier_new(const struct iso_verify *, struct iso_job *, struct iso_verifier **out);
void iso_verifier_free(struct iso_verifier *); /* NULL is fine */
/* Must be called before the job's executor is replaced. NULL is fine. */
void iso_verifier_close_phase(struct iso_verifier *);
/* Has the device compute some parity cases of the ops of the job's model, whose answers are known.
 * Fails with ISO_EPARITY or ISO_EDEVICE, saying which is wrong. A good result is kept in the user's
 * cache for this device, driver, mode and version. */
iso_rc iso_verifier_known_answers(const struct iso_job *);

/* For iso_fit_options: the watch fails with ISO_EPARITY if the device strays; the message names
 * step, layer, op and pass. Then the run, which has been set, stands before the step: its state is
 * that of *iso_verifier_strayed, which is NULL otherwise. */
const struct iso_fit_watch *iso_verifier_watch(struct iso_verifier *);
struct iso_fit_listener iso_verifier_listener(struct iso_verifier *);
void iso_verifier_run(struct iso_verifier *, struct iso_run *);
const struct iso_fit_state *iso_verifier_strayed(const struct iso_verifier *);
struct iso_verified iso_verifier_done(const struct iso_verifier *);
#endif
