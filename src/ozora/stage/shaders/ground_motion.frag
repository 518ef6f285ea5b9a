#version 430
in vec3 v_world;
out vec2 motion;
#include "motion.glsl"

void main() {
    motion = moved(vec4(v_world, 1.0), vec4(v_world, 1.0));
}
