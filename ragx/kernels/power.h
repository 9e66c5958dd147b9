/* e^x for x <= 0. In single precision by x = n ln 2 + r and Taylor's series of e^r, which is off by at most 6e-9 for
 * |r| <= ln 2 / 2; what would be subnormal is 0. */
#include <math.h>

static inline REAL power(REAL x) {
    if (sizeof(REAL) == 8) return exp(x);
    float bounded = x < -87.0f ? -87.0f : x;
    float n = __builtin_rintf(bounded * 1.44269504f);
    float r = bounded - n * 0.693359375f + n * 2.12194440e-4f; /* ln 2 as 355 / 512, exact, less what that is over */
    float y = 1.0f / 5040;
    y = y * r + 1.0f / 720;
    y = y * r + 1.0f / 120;
    y = y * r + 1.0f / 24;
    y = y * r + 1.0f / 6;
    y = y * r + 0.5f;
    y = y * r + 1.0f;
    y = y * r + 1.0f;
    union { int32_t bits; float value; } two_to_n = {.bits = ((int32_t)n + 127) * (1 << 23)};
    return x < -87.0f ? 0.0f : y * two_to_n.value;
}
