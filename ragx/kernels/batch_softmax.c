/* The softmax over the items of a batch: one pass over each row of logits, which become the gradients of the loss.
 *
 * A row is a user, a column an item, and `pairs` bounds the positives of every row. The loss of a positive is
 *     spread log( own e^positive + sum over negatives of weight e^logit ) - positive
 * and nothing where that sum is empty. No negatives of a row are its positives and the items that its user has in train;
 * returned is how many positives of rows with several are not among these. Every row is one thread's, so that threads
 * change no bits.
 */
#define EACH_COLUMN for (int64_t c = 0; c < columns; c++)
#define EACH_POSITIVE for (int64_t p = pairs[row]; p < pairs[row + 1]; p++)

int64_t batch_softmax(int threads, int64_t rows, int64_t columns, REAL spread, REAL share, reals logits, reals weight,
                   reals own, index pairs, index target, reals positive, double *restrict loss, index user,
                   index row_pointer, index items, const int32_t *restrict column_of) {
    int64_t exposed = 0;
    _Pragma("omp parallel for schedule(dynamic, 8) num_threads(threads) reduction(+ : exposed)")
    for (int64_t row = 0; row < rows; row++) {
        REAL *restrict x = logits + row * columns;
        REAL peak = -INFINITY, total = 0, factor = 0;
        EACH_POSITIVE positive[p] = x[target[p]];
        if (user)
            for (int64_t e = row_pointer[user[row]]; e < row_pointer[user[row] + 1]; e++)
                if (column_of[items[e]] >= 0) x[column_of[items[e]]] = -INFINITY;
        if (pairs[row + 1] > pairs[row] + 1) EACH_POSITIVE exposed += x[target[p]] != -INFINITY;
        EACH_POSITIVE x[target[p]] = -INFINITY;
        _Pragma("omp simd reduction(max : peak)") EACH_COLUMN peak = x[c] > peak ? x[c] : peak;
        EACH_POSITIVE peak = own[target[p]] > 0 && positive[p] > peak ? positive[p] : peak;
        peak = peak == -INFINITY ? 0 : peak; /* less itself it is no number */
        _Pragma("omp simd reduction(+ : total)") EACH_COLUMN {
            x[c] = weight[c] * power(x[c] - peak);
            total += x[c];
        }
        EACH_POSITIVE {
            REAL mine = own[target[p]] > 0 ? own[target[p]] * power(positive[p] - peak) : 0, sum = total + mine;
            REAL inverse = sum == 0 ? 0 : 1 / sum;
            loss[p] = sum == 0 ? 0 * positive[p] : spread * (peak + log((double)sum)) - positive[p];
            positive[p] = sum == 0 ? 0 : share * (spread * mine * inverse - 1);
            factor += inverse;
        }
        factor *= spread * share;
        _Pragma("omp simd") EACH_COLUMN x[c] *= factor;
        EACH_POSITIVE x[target[p]] += positive[p];
    }
    return exposed;
}
