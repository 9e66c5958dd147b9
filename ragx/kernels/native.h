/* What the sums over the edges of each row share. Compiled for one REAL type, HEADS, SIZE of a head, and LANES of a vector
 * register. Rows are shared out among threads in `parts` ranges that `ends` bounds and that have about as many edges
 * each; every row is one thread's, so that threads change no bits. A node's vector is fetched AHEAD edges before its use.
 */
#include <stdint.h>

#define WIDTH (HEADS * SIZE)
#define CHUNKS (SIZE / LANES)
#define AHEAD 12 /* as measured */
#define EACH_ROW                                                               \
    _Pragma("omp parallel for schedule(dynamic) num_threads(threads)")         \
    for (int64_t part = 0; part < parts; part++)                               \
        for (int64_t row = ends[part]; row < ends[part + 1]; row++)
#define EACH_EDGE for (int64_t e = row_pointer[row]; e < row_pointer[row + 1]; e++)
#define EACH_HEAD for (int h = 0; h < HEADS; h++)
#define EACH_CHUNK for (int c = 0; c < CHUNKS; c++)
#define CHUNK(x) (*(lanes *)((x) + h * SIZE + c * LANES))
#define VECTOR_OF(x, node) ((x) + (int64_t)(node) * WIDTH)
#define LATER (e + AHEAD < edges ? e + AHEAD : e)

typedef REAL lanes __attribute__((vector_size(LANES * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));
typedef const int64_t *restrict index;
typedef const int32_t *restrict nodes; /* their numbers; those of edges may need 64 bits */
typedef REAL *restrict reals;

static inline void fetch(const REAL *x, int numbers) {
    for (int at = 0; at < numbers * (int)sizeof(REAL); at += 64) __builtin_prefetch((const char *)x + at);
}
