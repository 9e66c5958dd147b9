/* The weighted sum over neighbours: compiled for WEIGHTS an edge (0 for none, 1, or one a head). */
#if WEIGHTS
#define WEIGHT weight[WEIGHTS > 1 ? e * HEADS + h : e]
#else
#define WEIGHT 1
#endif

void weighted_sum(int threads, int64_t parts, index ends, int64_t edges, index row_pointer, nodes source, reals x,
                  reals weight, reals out) {
    EACH_ROW {
        lanes sum[HEADS][CHUNKS];
        EACH_HEAD EACH_CHUNK sum[h][c] = (lanes){};
        EACH_EDGE {
            fetch(VECTOR_OF(x, source[LATER]), WIDTH);
            EACH_HEAD EACH_CHUNK sum[h][c] += WEIGHT * CHUNK(VECTOR_OF(x, source[e]));
        }
        EACH_HEAD EACH_CHUNK CHUNK(out + row * WIDTH) = sum[h][c];
    }
}
