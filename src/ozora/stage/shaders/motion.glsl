// How far a point has come in the picture since the previous frame: pixels, x to the right, y down.
uniform mat4 to_clip;
uniform mat4 to_clip_before;
uniform vec2 size;

vec2 seen_at(mat4 camera, vec4 world) {
    vec4 clip = camera * world;
    return vec2(0.5, -0.5) * clip.xy / clip.w * size;
}

vec2 moved(vec4 now, vec4 before) {
    return seen_at(to_clip, now) - seen_at(to_clip_before, before);
}
