#version 430
// What is exactly where: thing number and distance along the view ray. The ground (y = 0) hides what is below it.
uniform float thing;
uniform vec3 eye;
out vec2 truth;
#include "figure.glsl"

void main() {
#ifdef CUTOUT
    texel();
#endif
    if (v_world.y < -0.01) discard;
    truth = vec2(thing, length(v_world - eye));
}
