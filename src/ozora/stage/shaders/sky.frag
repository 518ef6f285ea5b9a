#version 430
// Sky and horizon of a place, or the back wall of a room: one ray a pixel.
in vec3 v_far;
out vec4 color;
#include "place.glsl"

vec3 sky_at(vec3 ray) {
    float up = clamp(ray.y, 0.0, 1.0);
    vec3 c = mix(horizon, zenith, pow(smoothstep(0.0, 0.42, up), 0.75));
    float glow = max(dot(ray, normalize(vec3(sun.x, 0.16, -abs(sun.z) - 0.6))), 0.0);
    c += sun_color * (0.10 * pow(glow, 12.0) + 0.30 * smoothstep(0.9970, 0.9990, glow) * step(0.5, 1.0 - stars));
    if (stars > 0.5) {
        vec2 cell = floor(vec2(ray.x, ray.y) * 60.0 / -ray.z);
        c += 0.7 * step(0.965, hash(cell + seed)) * smoothstep(0.03, 0.2, up);
    } else {
        float cloud = smoothstep(0.52, 0.86, noise(vec2(ray.x * 5.0 / -ray.z + seed + clock * 0.02, ray.y * 17.0)));
        c = mix(c, mix(horizon, vec3(1.0), 0.55), 0.55 * cloud * smoothstep(0.02, 0.12, up));
    }
    return c;
}

vec3 skyline(vec3 ray, vec3 behind) {
    float azimuth = ray.x / -ray.z;
    float rise = ray.y / -ray.z;
    vec3 near_far = distance_color();
#if STYLE == 3
    float lot = floor(azimuth * 7.0 + seed);
    float top = 0.06 + 0.16 * hash(vec2(lot, 3.0));
    if (rise < top) {
        vec2 pane = vec2(fract(azimuth * 28.0 + seed * 4.0), fract(rise * 42.0));
        float window = step(0.35, pane.x) * step(0.45, pane.y) * step(0.015, rise);
        vec3 wall = near_far * (0.78 + 0.4 * hash(vec2(lot, 9.0)));
        return mix(wall, stars > 0.5 ? vec3(0.95, 0.80, 0.45) : wall * 0.72, window * (stars > 0.5 ? step(0.45, hash(floor(vec2(azimuth * 28.0 + seed * 4.0, rise * 42.0)))) : 1.0));
    }
    return behind;
#elif STYLE == 5
    return behind;
#else
    float sharp = STYLE == 2 ? 1.0 : 0.0;
    float back = 0.035 + 0.05 * noise(vec2(azimuth * 3.1 + seed * 1.7, 1.0)) + sharp * 0.05 * abs(fract(azimuth * 1.9 + seed) - 0.5);
    float front = 0.008 + 0.035 * noise(vec2(azimuth * 4.7 - seed, 5.0));
    vec3 c = mix(behind, mix(horizon, near_far, 0.6), smoothstep(0.006, -0.006, rise - back));
    return mix(c, near_far, smoothstep(0.006, -0.006, rise - front));
#endif
}

vec3 wall_at(vec3 p) {
    vec3 paper = far_color * (0.96 + 0.04 * step(0.5, fract(p.x * 1.2)));
    if (p.y < 0.22) return vec3(0.93, 0.91, 0.87);
    float wx = -1.9 + 1.2 * sin(seed), frame = max(abs(p.x - wx) - 0.75, abs(p.y - 2.1) - 0.65);
    if (frame < 0.0) {
        float bar = min(abs(p.x - wx), abs(p.y - 2.1));
        return bar < 0.035 ? vec3(0.95) : mix(horizon, zenith, clamp((p.y - 1.4) * 0.7, 0.0, 1.0)) * 1.1;
    }
    if (frame < 0.09) return vec3(0.95);
    return paper;
}

void main() {
    vec3 ray = normalize(v_far - eye);
#if STYLE == 4
    vec3 p = eye + ray * ((-3.2 - eye.z) / min(ray.z, -1e-3));
    color = vec4(shade(wall_at(p), vec3(0, 0, 1), p, 0.0), 0.0);
#else
    vec3 c = skyline(ray, sky_at(vec3(ray.xy, min(ray.z, -1e-3))));
    color = vec4(tone(mix(c, fog_color, 1.0 - exp(-fog_density * 9.0))), 0.0);
#endif
}
