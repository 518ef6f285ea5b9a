// What ground and sky share. STYLE is a constant of the program: software renderers run every branch.
uniform vec3 ground;
uniform vec3 accent;
uniform vec3 far_color;
uniform vec3 zenith;
uniform vec3 horizon;
uniform float stars;
uniform float seed;
uniform float clock;
#include "light.glsl"

float hash(vec2 p) {
    p = fract(p * vec2(123.34, 456.21));
    p += dot(p, p + 45.32);
    return fract(p.x * p.y);
}

float noise(vec2 p) {
    vec2 i = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    return mix(mix(hash(i), hash(i + vec2(1, 0)), f.x), mix(hash(i + vec2(0, 1)), hash(i + vec2(1, 1)), f.x), f.y);
}

vec3 distance_color() {
    return mix(horizon, far_color * (sun_color * 0.45 + ambient * 0.65), 0.62);
}
