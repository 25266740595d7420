/* run_check.h: whether the files of a run's folder are those that its training wrote, by the hashes
 * that they have of themselves and of each other: weights and state of their bytes, of the model
 * file and of the data; run.json of the model file and of the data. */
#ifndef ISO_RUN_CHECK_H
#define ISO_RUN_CHECK_H
#include "core/formats/safetensors.h"
#include "core/system/file.h"
#include "core/model/model.h"

/* Keys of the metadata of weights and state: hashes that run.json has, too. */
extern const char iso_run_model_key[], iso_run_data_key[];

/* Returns true if the folder is that of a run: run.json or state is there. */
bool iso_run_is(const char *folder);
/* Fails with ISO_EDATA, saying what was changed and what to do, unless the model, read from the
 * file of a run's folder, is as the run was trained with it. */
iso_rc iso_run_check_model(const char *folder, const struct iso_model *);
/* Does the same with a hash that the caller knows, that of the state; "": not known. */
iso_rc iso_run_check_sum(const char *folder, const struct iso_model *, const char *sha256);
/* Does the same for weights or state, read from the folder's file at path: they must have a hash
 * of their own (that iso_st_open has checked), and come from this model and these data. model NULL:
 * not checked. */
iso_rc iso_run_check_tensors(const char *folder, const char *path, const struct iso_st_file *,
                             const struct iso_model *);
/* Checks model file, run.json, and whatever is there of state, weights.safetensors,
 * best.safetensors and restore.safetensors. Each part that fits is told to tell, if not NULL, with
 * its hash. Fails like the functions above at the first that does not. path gets that of the model
 * file, which the faults borrow. */
typedef void iso_run_part(void *self, const char *name, const char *sha256);
iso_rc iso_run_check(const char *folder, char path[ISO_PATH], struct iso_faults *,
                     iso_run_part *tell, void *self);
#endif
