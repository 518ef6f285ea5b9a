#version 430
// The ground of a place, y = 0, lit and shadowed.
in vec3 v_world;
out vec4 color;
#include "place.glsl"

vec3 ground_at(vec2 p, float reach) {
    float detail = exp(-reach * 0.05);
    vec2 q = p + seed;
#if STYLE == 0
    float patches = noise(q * 0.7) * 0.6 + noise(q * 2.3) * 0.4;
    vec3 c = mix(ground, accent, smoothstep(0.25, 0.8, patches));
    vec2 cell = floor(q * 1.6);
    float flower = step(0.90, hash(cell)) * detail;
    float away = length(fract(q * 1.6) - 0.3 - 0.4 * vec2(hash(cell + 3.0), hash(cell + 7.0)));
    vec3 petal = hash(cell + 11.0) > 0.5 ? vec3(1.0, 0.96, 0.86) : vec3(0.98, 0.86, 0.45);
    return mix(c, petal, flower * smoothstep(0.14, 0.08, away));
#elif STYLE == 1
    float ripple = sin(q.y * 5.0 + 2.2 * noise(q * 0.6) + q.x * 0.7) * 0.5 + 0.5;
    return mix(ground, accent, mix(0.5, ripple, 0.7 * detail) * 0.8 + 0.2 * noise(q));
#elif STYLE == 2
    return mix(ground, accent, smoothstep(0.2, 0.8, noise(q * 0.5)));
#elif STYLE == 3
    float curb = smoothstep(-1.62, -1.58, p.y) ;
    vec3 walk = accent * (0.92 + 0.08 * step(0.06, fract(p.x * 0.8)));
    float dash = step(abs(p.y - 2.0), 0.07) * step(fract(p.x * 0.36 + seed), 0.55);
    vec3 road = mix(ground * (0.94 + 0.1 * noise(q * 3.0)), vec3(0.93, 0.91, 0.82), dash);
    return mix(walk, road, curb);
#elif STYLE == 4
    float board = floor(q.y * 2.2);
    float seam = smoothstep(0.0, 0.05, fract(q.y * 2.2)) * 0.12 + 0.88;
    return mix(ground, accent, hash(vec2(board, floor(q.x * 0.5 + board * 0.37)))) * seam;
#else
    float wave = noise(vec2(q.x * 1.2 + clock * 0.5, q.y * 2.6 - clock * 0.35)) * 0.6
           + noise(vec2(q.x * 2.6 - clock * 0.4, q.y * 5.0)) * 0.4;
    return mix(mix(ground, accent, smoothstep(0.30, 0.75, wave)), horizon, 0.25 * (1.0 - detail));
#endif
}

void main() {
    float reach = length(v_world - eye);
    vec3 c = shade(ground_at(v_world.xz, reach), vec3(0, 1, 0), v_world, STYLE == 5 ? 0.25 : 0.0);
    color = vec4(mix(c, tone(distance_color()), smoothstep(14.0, 48.0, reach)), 0.0);
}
