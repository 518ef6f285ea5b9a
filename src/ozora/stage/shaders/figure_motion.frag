#version 430
// A member: the way since the previous frame. The ground (y = 0) hides what is below it.
in vec3 v_before;
out vec2 motion;
#include "figure.glsl"
#include "motion.glsl"

void main() {
#ifdef CUTOUT
    texel();
#endif
    if (v_world.y < -0.01) discard;
    motion = moved(vec4(v_world, 1.0), vec4(v_before, 1.0));
}
