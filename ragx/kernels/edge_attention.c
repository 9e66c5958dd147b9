/* Attention over neighbours, forward in one pass over the edges and backward in two. Beside what native.h asks for it is
 * compiled for FACTORS an edge (0 for none, 1, or one a head), and PRIOR or none.
 */
/* The sum of a vector's numbers by halves; a plain loop is compiled into one addition after the other. */
#define VECTOR(size) typedef REAL vector_##size __attribute__((vector_size(size * sizeof(REAL))))
#define TOTAL_BY_HALVES(size, half)                                            \
    VECTOR(size);                                                              \
    static inline REAL total_of_##size(vector_##size x) {                      \
        vector_##half low, high;                                               \
        __builtin_memcpy(&low, &x, sizeof low);                                \
        __builtin_memcpy(&high, (char *)&x + sizeof low, sizeof high);         \
        return total_of_##half(low + high);                                    \
    }
VECTOR(1);
static inline REAL total_of_1(vector_1 x) { return x[0]; }
TOTAL_BY_HALVES(2, 1)
TOTAL_BY_HALVES(4, 2)
TOTAL_BY_HALVES(8, 4)
TOTAL_BY_HALVES(16, 8)
#define TOTAL_OF(size, x) TOTAL_OF_SIZE(size, x) /* so that LANES is a number first */
#define TOTAL_OF_SIZE(size, x) total_of_##size(x)

#if FACTORS
#define FACTOR factor[FACTORS > 1 ? e * HEADS + h : e]
#else
#define FACTOR 1
#endif

void forward(int threads, int64_t parts, index ends, int64_t edges, index row_pointer, nodes source, REAL scale, reals query,
             reals key, reals value, reals prior, reals factor, reals weight, reals out) {
    EACH_ROW {
        REAL largest[HEADS], total[HEADS];
        lanes mine[HEADS][CHUNKS], sum[HEADS][CHUNKS];
        EACH_HEAD {
            largest[h] = -INFINITY;
            total[h] = 0;
            EACH_CHUNK {
                mine[h][c] = CHUNK(query + row * WIDTH);
                sum[h][c] = (lanes){};
            }
        }
        EACH_EDGE {
            fetch(VECTOR_OF(key, source[LATER]), WIDTH);
            EACH_HEAD {
                lanes product = {};
                EACH_CHUNK product += mine[h][c] * CHUNK(VECTOR_OF(key, source[e]));
                weight[e * HEADS + h] = scale * TOTAL_OF(LANES, product);
#if PRIOR
                weight[e * HEADS + h] += prior[e];
#endif
            }
        }
        EACH_EDGE EACH_HEAD largest[h] = largest[h] > weight[e * HEADS + h] ? largest[h] : weight[e * HEADS + h];
        EACH_HEAD largest[h] = largest[h] == -INFINITY ? 0 : largest[h]; /* less itself it is no number */
        EACH_EDGE EACH_HEAD weight[e * HEADS + h] = power(weight[e * HEADS + h] - largest[h]);
        EACH_EDGE EACH_HEAD total[h] += weight[e * HEADS + h];
        EACH_HEAD total[h] = total[h] == 0 ? 0 : 1 / total[h];
        EACH_EDGE EACH_HEAD weight[e * HEADS + h] *= total[h];
        EACH_EDGE {
            fetch(VECTOR_OF(value, source[LATER]), WIDTH);
            EACH_HEAD EACH_CHUNK sum[h][c] += weight[e * HEADS + h] * FACTOR * CHUNK(VECTOR_OF(value, source[e]));
        }
        EACH_HEAD EACH_CHUNK CHUNK(out + row * WIDTH) = sum[h][c];
    }
}

/* The gradient of query. With flow_e = f_e gradient . value_e, that of q . k is scale w_e (flow_e - sum of w flow over the
 * row); it and w_e f_e are left side by side in `pair` for the other pass. */
void backward_by_target(int threads, int64_t parts, index ends, int64_t edges, index row_pointer, nodes source,
                        REAL scale, reals key, reals value, reals factor, reals weight, reals gradient, reals pair,
                        reals gradient_query) {
    EACH_ROW {
        REAL mean[HEADS];
        lanes mine[HEADS][CHUNKS], sum[HEADS][CHUNKS];
        EACH_HEAD {
            mean[h] = 0;
            EACH_CHUNK {
                mine[h][c] = CHUNK(gradient + row * WIDTH);
                sum[h][c] = (lanes){};
            }
        }
        EACH_EDGE {
            fetch(VECTOR_OF(value, source[LATER]), WIDTH);
            EACH_HEAD {
                lanes product = {};
                EACH_CHUNK product += mine[h][c] * CHUNK(VECTOR_OF(value, source[e]));
                REAL flow = FACTOR * TOTAL_OF(LANES, product);
                pair[(2 * e) * HEADS + h] = weight[e * HEADS + h] * FACTOR;
                pair[(2 * e + 1) * HEADS + h] = flow;
                mean[h] += weight[e * HEADS + h] * flow;
            }
        }
        EACH_EDGE {
            fetch(VECTOR_OF(key, source[LATER]), WIDTH);
            EACH_HEAD {
                REAL score = scale * weight[e * HEADS + h] * (pair[(2 * e + 1) * HEADS + h] - mean[h]);
                pair[(2 * e + 1) * HEADS + h] = score;
                EACH_CHUNK sum[h][c] += score * CHUNK(VECTOR_OF(key, source[e]));
            }
        }
        EACH_HEAD EACH_CHUNK CHUNK(gradient_query + row * WIDTH) = sum[h][c];
    }
}

/* The gradients of key and value: rows are sources, whose edges stand elsewhere in the order by target. */
void backward_by_source(int threads, int64_t parts, index ends, int64_t edges, index row_pointer, nodes target, REAL scale,
                        index place, reals query, reals gradient, reals pair, reals gradient_key, reals gradient_value) {
    EACH_ROW {
        lanes for_key[HEADS][CHUNKS], for_value[HEADS][CHUNKS];
        EACH_HEAD EACH_CHUNK for_key[h][c] = for_value[h][c] = (lanes){};
        EACH_EDGE {
            int64_t next = LATER;
            fetch(VECTOR_OF(query, target[next]), WIDTH);
            fetch(VECTOR_OF(gradient, target[next]), WIDTH);
            fetch(pair + 2 * place[next] * HEADS, 2 * HEADS);
            EACH_HEAD EACH_CHUNK {
                for_value[h][c] += pair[2 * place[e] * HEADS + h] * CHUNK(VECTOR_OF(gradient, target[e]));
                for_key[h][c] += pair[(2 * place[e] + 1) * HEADS + h] * CHUNK(VECTOR_OF(query, target[e]));
            }
        }
        EACH_HEAD EACH_CHUNK {
            CHUNK(gradient_key + row * WIDTH) = for_key[h][c];
            CHUNK(gradient_value + row * WIDTH) = for_value[h][c];
        }
    }
}
