#version 430
in vec3 v_world;
in vec3 v_before;
out vec2 motion;
#include "motion.glsl"

void main() {
    motion = moved(vec4(v_world, 1.0), vec4(v_before, 1.0));
}
