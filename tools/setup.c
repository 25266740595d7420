#include "setup.h"

#include "core/system/machine.h"
#include "core/system/shipped.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *iso_setup_path(const char *given, char found[ISO_PATH])
{
    if (!iso_shipped(given, found) || strcmp(given, found) == 0)
        return given; /* as given; if there is no such file, reading it reports the error */
    fprintf(stderr, "isocl: there is no %s here; taking %s\n", given, found);
    return found;
}

const char *iso_setup_views(const struct iso_job *job, const char *tta, char *buf, size_t n)
{
    *buf = '\0';
    if (tta != NULL)
        snprintf(buf, n, ", mean of %d views each (%s)", iso_exec_views(job->exec), tta);
    return buf;
}

iso_rc iso_setup_model(struct iso_job *job, const char *given,
                       const struct iso_job_options *options)
{
    char found[ISO_PATH];
    return iso_job_model(job, iso_setup_path(given, found), options);
}

void iso_setup_progress(int64_t done, int64_t total)
{
    static double begun, told;
    const double now = iso_clock();
    if (done == 0)
        begun = told = now;
    if (now - begun < 1 || now - told < 0.2 || !isatty(STDERR_FILENO))
        return;
    told = now;
    fprintf(stderr, "\r\033[Kreading images: %lld of %lld\r", (long long)done, (long long)total);
}

void iso_setup_unhashed(const char *path)
{
    fprintf(stderr,
            "isocl: %s has no SHA-256 of its own (another program or an older isocl wrote it), so "
            "nobody knows if it was changed\n",
            path);
}

iso_rc iso_setup_ranks(struct iso_job_options *o, struct iso_ranks **out)
{
    ISO_TRY(iso_mpi_open(out));
    if (*out != NULL && (*out)->rank > 0) {
        o->progress = NULL;
        o->chosen = NULL;
        o->unhashed = NULL;
    }
    return ISO_OK;
}

void iso_setup_tell_ranks(struct iso_ranks *ranks, iso_rc rc)
{
    char why[ISO_RANK_WHY];
    if (rc == ISO_OK || ranks == NULL)
        return;
    snprintf(why, sizeof why, "%.*s", ISO_RANK_WHY - 1,
             *iso_error() ? iso_error() : iso_rc_text(rc));
    iso_ranks_fail(ranks, why);
    (void)iso_fail_prefix(rc, "rank %d: ", ranks->rank);
}

int iso_report(const struct iso_command *command, iso_rc rc, const struct iso_faults *faults)
{
    if (rc == ISO_OK)
        return ISO_EXIT_DONE;
    if (faults != NULL && faults->count > 0) {
        iso_faults_print(faults, stderr);
        fprintf(stderr, "%d fault%s\n", faults->count, faults->count == 1 ? "" : "s");
        return iso_exit_code(rc);
    }
    fprintf(stderr, "isocl %s: %s\n", command->name, *iso_error() ? iso_error() : iso_rc_text(rc));
    return iso_exit_code(rc);
}
