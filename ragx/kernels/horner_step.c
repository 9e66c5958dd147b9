/* One step of Horner's scheme, out = leading (share base + A x), whole, of some rows, or of an x that is 0 but for some
 * rows. HEADS is 1. Where a tensor holds some rows alone, `position` says which of its rows is a node's, -1 for none.
 */
#define BLOCK 64 /* edges that are looked through at a time */

/* Row k of out is node rows[k], or node k without `rows`; base has all nodes, or those that `position` gives a row. */
#define NODE(k) (rows ? rows[k] : (k))
#define BASE(node) (position ? position[node] : (node))

#define EACH_OUTPUT(k)                                                         \
    _Pragma("omp parallel for schedule(dynamic) num_threads(threads)")         \
    for (int64_t part = 0; part < parts; part++)                               \
        for (int64_t k = ends[part]; k < ends[part + 1]; k++)

static inline void leave(lanes *sum, REAL share, REAL leading, const REAL *base, REAL *out) {
    for (int c = 0; c < CHUNKS; c++) {
        if (base) sum[c] += share * *(lanes *)(base + c * LANES);
        *(lanes *)(out + c * LANES) = leading * sum[c];
    }
}

void of_rows(int threads, int64_t parts, index ends, int64_t edges, index row_pointer, nodes source, REAL share,
             REAL leading, index rows, nodes position, reals x, reals weight, reals base, reals out) {
    EACH_OUTPUT(k) {
        int64_t node = NODE(k), end = row_pointer[node + 1];
        int64_t next = k + 1 < ends[part + 1] ? row_pointer[NODE(k + 1)] : end; /* where the edges go on */
        lanes sum[CHUNKS] = {};
        for (int64_t e = row_pointer[node]; e < end; e++) {
            int64_t later = e + AHEAD < end ? e + AHEAD : next + (e + AHEAD - end);
            fetch(VECTOR_OF(x, source[later < edges ? later : e]), WIDTH);
            for (int c = 0; c < CHUNKS; c++) sum[c] += weight[e] * *(lanes *)(VECTOR_OF(x, source[e]) + c * LANES);
        }
        leave(sum, share, leading, base && BASE(node) >= 0 ? VECTOR_OF(base, BASE(node)) : 0, out + k * WIDTH);
    }
}

void of_columns(int threads, int64_t parts, index ends, int64_t edges, index row_pointer, nodes source, REAL share,
                REAL leading, nodes position, reals x, reals weight, reals base, reals out) {
    EACH_OUTPUT(node) {
        int64_t end = row_pointer[node + 1];
        int32_t row[BLOCK];
        REAL factor[BLOCK];
        lanes sum[CHUNKS] = {};
        for (int64_t first = row_pointer[node]; first < end; first += BLOCK) {
            int64_t last = first + BLOCK < end ? first + BLOCK : end, number = 0;
            for (int64_t e = first; e < last; e++) { /* without a branch, which could not be foreseen */
                row[number] = position[source[e]];
                factor[number] = weight[e];
                number += row[number] >= 0;
            }
            for (int64_t n = 0; n < number; n++)
                for (int c = 0; c < CHUNKS; c++) sum[c] += factor[n] * *(lanes *)(VECTOR_OF(x, row[n]) + c * LANES);
        }
        leave(sum, share, leading, base && position[node] >= 0 ? VECTOR_OF(base, position[node]) : 0, out + node * WIDTH);
    }
}
