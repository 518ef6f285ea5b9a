#version 430
// Rain or snow in front of the picture: falling marks in three depths, hashed by column.
in vec3 v_far;
out vec4 color;
uniform int weather;
uniform float clock;
uniform float seed;
uniform vec4 tile;

float hash(float n) {
    return fract(sin(n * 91.345 + seed) * 47453.5453);
}

void main() {
    vec2 at = (gl_FragCoord.xy - tile.xy) / tile.w;
    float veil = 0.0;
    for (int depth = 0; depth < 3; depth++) {
        float columns = weather == 1 ? 34.0 + 16.0 * depth : 15.0 + 8.0 * depth;
        float x = at.x * columns + (weather == 1 ? 0.0 : 0.5 * sin(clock * 1.3 + at.y * 6.0 + depth));
        float column = floor(x);
        float speed = weather == 1 ? 2.4 - 0.4 * depth : 0.36 - 0.06 * depth;
        float y = fract(at.y + clock * speed + hash(column + 17.0 * depth));
        if (weather == 1) veil += step(abs(fract(x) - 0.5), 0.09) * step(y, 0.11) * 0.30;
        else veil += smoothstep(0.16, 0.09, length(vec2(fract(x) - 0.5, (y - 0.5) * columns))) * 0.8;
    }
    color = vec4(vec3(0.92, 0.95, 1.0), min(veil, 0.9));
}
