#version 430
// What is behind everything: infinitely far, or the back wall of a room.
in vec3 v_far;
out vec2 motion;
uniform vec3 eye;
uniform float wall; // z of the wall; 0 where there is none
#include "motion.glsl"

void main() {
    vec3 ray = v_far - eye;
    vec4 behind = wall == 0.0 ? vec4(ray, 0.0) : vec4(eye + ray * ((wall - eye.z) / min(ray.z, -1e-3)), 1.0);
    motion = moved(behind, behind);
}
