/* tile_sizes.h (part of tile_cpu.h): tile_rows.h for every number of rows. */
#define ROWS 1
#include "tile_rows.h"
#undef ROWS
#define ROWS 2
#include "tile_rows.h"
#undef ROWS
#define ROWS 3
#include "tile_rows.h"
#undef ROWS
#define ROWS 4
#include "tile_rows.h"
#undef ROWS
#define ROWS 5
#include "tile_rows.h"
#undef ROWS
#define ROWS 6
#include "tile_rows.h"
#undef ROWS
#if TILE_ROWS > 6
#define ROWS 7
#include "tile_rows.h"
#undef ROWS
#define ROWS 8
#include "tile_rows.h"
#undef ROWS
#define ROWS 9
#include "tile_rows.h"
#undef ROWS
#define ROWS 10
#include "tile_rows.h"
#undef ROWS
#define ROWS 11
#include "tile_rows.h"
#undef ROWS
#define ROWS 12
#include "tile_rows.h"
#undef ROWS
#define ROWS 13
#include "tile_rows.h"
#undef ROWS
#define ROWS 14
#include "tile_rows.h"
#undef ROWS
#endif
