#version 430
// What is exactly where: thing number and distance along the view ray.
uniform float thing;
uniform vec3 eye;
out vec2 truth;
#include "figure.glsl"

void main() {
    texel();
    truth = vec2(thing, length(v_world - eye));
}
